#![no_main]
#![allow(dead_code, reason = "each target calls one of the bodies")]

#[path = "../bodies.rs"]
mod bodies;
#[path = "../mutate.rs"]
mod mutate;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::plan(bytes));
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, longest: usize, seed: u32| {
    mutate::libfuzzer(data, size, longest, seed, libfuzzer_sys::fuzzer_mutate)
});
