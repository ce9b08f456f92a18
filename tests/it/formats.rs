//! Every format on the list of formats can be chosen, and has goldens; text fits the terminal.

use crate::emulator::root;
use baseline::formats;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Runs the binary in a folder, without a network; on a terminal of so many columns.
fn run(folder: &Path, arguments: &[&str], columns: Option<usize>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_baseline"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(columns.map(|columns| ("COLUMNS", columns.to_string())))
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

fn stdout(folder: &Path, arguments: &[&str], columns: Option<usize>) -> String {
    let output = run(folder, arguments, columns);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn golden() -> PathBuf {
    root().join("tests/golden/history")
}

/// A folder with the journals of three applies: one that failed in part, one that was cut off, and an
/// undo. A journal that others may write is refused, so these are copies of their own.
fn with_journals() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let journals = Path::new("plans/111122223333");
    std::fs::create_dir_all(folder.path().join(journals)).expect("a folder");
    for entry in std::fs::read_dir(golden().join(journals)).expect("the journals") {
        let path = entry.expect("an entry").path();
        let copy = folder.path().join(journals).join(path.file_name().expect("a name"));
        std::fs::copy(&path, &copy).expect("copied");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let owner_only = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(&copy, owner_only).expect("set");
        }
    }
    folder
}

#[test]
fn past_applies_read_as_their_golden_files_say_in_every_format() {
    let folder = with_journals();
    let mut wrong = Vec::new();
    let mut is_golden = |name: String, said: String| {
        let path = golden().join(name);
        if std::env::var("BLESS").is_ok_and(|said| said == "1") {
            std::fs::write(&path, &said).expect("written");
        }
        if std::fs::read_to_string(&path).ok() != Some(said) {
            wrong.push(path);
        }
    };
    for format in formats::ALL {
        let name = format.name;
        let chosen = |arguments: &[&str]| {
            stdout(folder.path(), &[&["history", "--format", name], arguments].concat(), None)
        };
        is_golden(format!("list.{name}"), chosen(&[]));
        is_golden(format!("run.{name}"), chosen(&["20261122"]));
    }
    let calls = stdout(folder.path(), &["history", "20261122", "--calls"], None);
    is_golden("calls.text".to_owned(), calls);
    assert!(wrong.is_empty(), "BLESS=1 accepts: {wrong:#?}");
}

#[test]
fn the_short_form_of_a_format_is_that_format() {
    let folder = with_journals();
    let live = root().join("tests/scenarios/password_policy");
    let same = |folder: &Path, arguments: &[&str]| {
        let long = stdout(folder, &[arguments, &["--format", "json"]].concat(), None);
        assert_eq!(long, stdout(folder, &[arguments, &["--json"]].concat(), None));
        let text = stdout(folder, &[arguments, &["--format", "text"]].concat(), None);
        assert_eq!(text, stdout(folder, arguments, None));
        long
    };
    same(folder.path(), &["history"]);
    let plan = same(&live, &["plan", "--from", "live.json"]);
    std::fs::write(folder.path().join("plan.json"), &plan).expect("written");
    assert_eq!(same(folder.path(), &["show", "plan.json"]), plan);
}

#[test]
fn the_help_lists_every_format_and_others_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for command in ["plan", "drift", "show", "history"] {
        let help = stdout(folder.path(), &[command, "--help"], None);
        for format in formats::ALL {
            let line = format!("- {}:", format.name);
            let line = help.lines().find(|own| own.trim_start().starts_with(&line));
            assert!(line.is_some_and(|own| own.ends_with(format.about)), "{command}: {help}");
        }
    }
    for refused in [
        &["history", "--format", "yaml"][..],
        &["history", "--json", "--format", "text"],
        &["history", "2026", "--json", "--calls"],
    ] {
        let output = run(folder.path(), refused, None);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
    }
}

#[test]
fn past_applies_fit_the_terminal_and_no_word_is_lost() {
    let folder = with_journals();
    let essence = |text: &str| text.split_whitespace().collect::<String>();
    for arguments in [&["history"][..], &["history", "2026"], &["history", "2026", "--calls"]] {
        let whole = stdout(folder.path(), arguments, None);
        for width in [60, 80, 120] {
            let text = stdout(folder.path(), arguments, Some(width));
            // A name or an ARN that is wider than the terminal stays whole.
            let has_long_word =
                |line: &&str| line.split(' ').any(|word| word.chars().count() + 24 > width);
            let lines = text.lines().filter(|line| !has_long_word(line));
            let wide: Vec<&str> = lines.filter(|line| line.chars().count() > width).collect();
            assert!(wide.is_empty(), "{arguments:?} at {width}: {wide:#?}");
            assert_eq!(essence(&text), essence(&whole), "{arguments:?} at {width}");
        }
    }
}
