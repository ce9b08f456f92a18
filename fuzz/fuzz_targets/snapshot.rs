#![no_main]
#![allow(dead_code, reason = "each target calls one of the bodies")]

#[path = "../bodies.rs"]
mod bodies;
#[path = "../mutate.rs"]
mod mutate;

use baseline::baseline::Baseline;
use std::path::Path;
use std::sync::LazyLock;

/// The baselines of all scenarios: what one does not configure, another does.
static BASELINES: LazyLock<Vec<Baseline>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios");
    let entries = std::fs::read_dir(folder).expect("the scenarios");
    let paths = entries.map(|entry| entry.expect("an entry").path().join("baseline.toml"));
    let load = |path: std::path::PathBuf| Baseline::load(Some(&path)).expect("valid");
    paths.map(load).collect()
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::snapshot(&BASELINES, bytes));
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, longest: usize, seed: u32| {
    mutate::libfuzzer(data, size, longest, seed, libfuzzer_sys::fuzzer_mutate)
});
