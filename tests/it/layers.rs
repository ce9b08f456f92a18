//! The order of the rooms in `src/`: each imports only from rooms below it, so that a reader can
//! stop at any floor and has read everything that it rests on.

use crate::emulator::root;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The rooms from the ground up; those on one line do not import each other.
const FLOORS: &[&[&str]] = &[
    // What a key of a file is, and what the standard library lacks.
    &["settings"],
    &["clock", "credential_report", "day", "diff", "json", "pattern", "place", "sensitive"],
    &["floor", "managed", "merge", "text"],
    &["error"],
    &["document"],
    // AWS, and the data that is handed around.
    &["aws"],
    &["model", "policy"],
    &["s3"],
    // Controls, and the file that asks for them.
    &["control"],
    &["controls"],
    &["baseline"],
    // What runs them on an account.
    &["files", "risk", "selection"],
    &["observe"],
    &["journal", "lock"],
    &["plan"],
    &["guard", "who"],
    &["apply", "permissions"],
    // What is said about it, and the commands.
    &["report"],
    &["view"],
    &["formats"],
    &["cli"],
    &["commands"],
];

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// The Rust files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// The rooms that a text names as `crate::room`, outside of comments and of what only tests see.
fn imports(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next();
    let code = code.unwrap_or_default();
    let code = code.split("#[cfg(test)]\npub(crate) mod tests {").next();
    let lines = code.unwrap_or_default().lines();
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    let mut found = BTreeSet::new();
    for line in lines {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            assert!(!rest.starts_with('{'), "one import a room: {line}");
            let is_of_a_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            let end = rest.find(|c| !is_of_a_name(c)).unwrap_or(rest.len());
            found.insert(rest[..end].to_owned());
        }
    }
    found
}

/// Whether only tests see a file: its module is declared so.
fn is_for_tests(path: &Path) -> bool {
    let name = path.file_stem().and_then(|name| name.to_str());
    let name = name.unwrap_or_default();
    let folder = path.parent().expect("a folder");
    let is_below = folder.components().any(|part| part.as_os_str() == "tests");
    let declared = |file: PathBuf| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.contains(&format!("#[cfg(test)]\nmod {name};"))
            || text.contains(&format!("#[cfg(test)]\npub mod {name};"))
    };
    let beside = folder.file_name().unwrap_or_default().to_string_lossy();
    is_below
        || declared(folder.join("mod.rs"))
        || declared(folder.join("lib.rs"))
        || declared(folder.with_file_name(format!("{beside}.rs")))
}

/// The room of a file: its name or that of its folder, directly in `src`.
fn room(path: &Path, source: &Path) -> String {
    let inner = path.strip_prefix(source).expect("in src");
    let first = inner.components().next().expect("a name");
    let first = first.as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn no_room_imports_from_one_above_it() {
    let source = root().join("src");
    let mut all = Vec::new();
    files(&source, &mut all);
    let mut wrong = BTreeSet::new();
    for path in all.iter().filter(|path| !is_for_tests(path)) {
        let own = room(path, &source);
        if ["main", "lib"].contains(&own.as_str()) {
            continue;
        }
        let Some(floor_of_own) = floor(&own) else {
            wrong.insert(format!("{own} is on no floor: give it one in FLOORS"));
            continue;
        };
        let text = std::fs::read_to_string(path).expect("a file");
        for other in imports(&text).into_iter().filter(|other| *other != own) {
            let is_below = floor(&other).is_none_or(|other| other < floor_of_own);
            if !is_below {
                let file = path.strip_prefix(root()).expect("of the project");
                wrong.insert(format!("{} imports crate::{other}", file.display()));
            }
        }
    }
    let wrong: Vec<String> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn commands_hand_over_what_is_to_be_said_and_print_nothing() {
    let mut all = Vec::new();
    files(&root().join("src/commands"), &mut all);
    for path in all {
        let text = std::fs::read_to_string(&path).expect("a file");
        for printing in ["write!(", "writeln!(", "print!(", "println!(", "io::stderr", "io::stdout"]
        {
            assert!(!text.contains(printing), "{} has {printing}", path.display());
        }
    }
}

#[test]
fn the_order_of_the_rooms_finds_imports_and_passes_over_comments() {
    let text = "//! [`crate::view`]\nuse crate::aws::Call;\nfn f() { crate::s3::arn() }\n\
                #[cfg(test)]\nmod tests {\nuse crate::commands;\n}\n";
    let found: Vec<String> = imports(text).into_iter().collect();
    assert_eq!(found, ["aws", "s3"]);
    assert!(floor("aws") < floor("control") && floor("view") < floor("commands"));
}
