//! Baselines that are broken in every way there is, by rule and with fixed seeds: each is refused
//! with exit code 1 and a caret at what was broken, in no time and little memory.

mod broken;
mod mistakes;
mod ways;

use crate::account::Run;
use crate::fuzz::mutate::Random;
use baseline::baseline::Baseline;
use broken::Broken;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use ways::{everything, settings, strange_files, valid};

#[test]
fn every_way_to_break_a_baseline_is_told_where_it_was_broken() {
    let all = everything();
    assert!(all.len() > 1000, "only {} are broken", all.len());
    for broken in &all {
        let path = Path::new("baseline.toml");
        match Baseline::from_bytes(path, &broken.text) {
            Ok(_) => panic!("accepted: {}\n{}", broken.how, String::from_utf8_lossy(&broken.text)),
            Err(error) => broken.check(&error.report.unwrap_or_default()),
        }
    }
}

#[test]
fn no_setting_takes_values_of_every_type() {
    for (control, setting, values) in settings() {
        let mut refused = 0;
        for broken in &values {
            let path = Path::new("baseline.toml");
            if let Err(error) = Baseline::from_bytes(path, &broken.text) {
                let report = error.report.unwrap_or_default();
                let missing = report.contains("missing setting");
                if missing && report.matches("error:").count() == 1 {
                    continue;
                }
                refused += 1;
                if !missing && control != "budgets" {
                    broken.check(&report);
                }
            }
        }
        assert!(
            refused + 4 >= values.len(),
            "{setting} takes {} of {}",
            values.len() - refused,
            values.len()
        );
    }
}

/// What a refusal may cost: seconds of processor time, and KiB of memory that is written to.
const SECONDS: u32 = 1;
const MEMORY: u32 = 200 * 1024;

/// Runs `validate` on a file, within the limits; the system ends what exceeds them.
#[cfg(unix)]
fn validate(folder: &Path, text: &[u8]) -> Run {
    std::fs::write(folder.join("baseline.toml"), text).expect("written");
    let script = format!("ulimit -t {SECONDS} && ulimit -d {MEMORY} && exec \"$0\" validate");
    let output = Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_baseline")])
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output();
    Run::from(output.expect("the binary runs"))
}

/// A sample of all that is broken by rule, the same each time, and every strange file.
#[cfg(unix)]
fn sample() -> Vec<Broken> {
    let mut random = Random(2);
    let all = everything();
    let mut chosen: Vec<Broken> = (0..300).map(|_| random.pick(&all).clone()).collect();
    chosen.extend(strange_files());
    chosen
}

#[cfg(unix)]
#[test]
fn three_hundred_malformed_baselines_are_refused_in_a_second_and_200_mb() {
    let sample = sample();
    let next = AtomicUsize::new(0);
    let work = || {
        let folder = tempfile::tempdir().expect("a folder");
        while let Some(broken) = sample.get(next.fetch_add(1, Ordering::Relaxed)) {
            let run = validate(folder.path(), &broken.text);
            let talk: String = run.stderr.chars().take(4000).collect();
            assert_eq!(run.code, 1, "{}\n{talk}", broken.how);
            assert!(!run.stderr.contains("panicked"), "{}\n{talk}", broken.how);
            assert!(run.stderr.len() < 64 * 1024, "{} is told at length", broken.how);
            broken.check(&run.stderr);
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
}

#[cfg(unix)]
#[test]
fn a_file_of_ten_megabytes_is_refused_without_being_parsed() {
    let folder = tempfile::tempdir().expect("a folder");
    for text in ["# x\n".repeat(2_500_000), "\0".repeat(10_000_000)] {
        let run = validate(folder.path(), text.as_bytes()).exits(1);
        let _ = run.says("cannot read baseline.toml").says("larger than 256 KiB");
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_no_mistakes() {
    for text in valid() {
        for text in [text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
            let read = Baseline::from_bytes(Path::new("baseline.toml"), text.as_bytes());
            assert!(read.is_ok(), "{read:?}");
        }
    }
}
