//! Baselines that are broken in every way there is, by rule and with fixed seeds: each is refused
//! with exit code 1 and a caret at what was broken, in no time and little memory.

use crate::account::Run;
use crate::emulator::root;
use crate::fuzz::{files, mutate::Random};
use baseline::baseline::Baseline;
use baseline::control::Scope;
use baseline::controls;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A baseline that is broken, and where.
#[derive(Clone, Debug)]
struct Broken {
    how: String,
    text: Vec<u8>,
    /// The lines, from 1, and the columns of the first of them, from 1, that a caret may be at.
    place: Option<(Range<usize>, Range<usize>)>,
    /// What else must be said.
    says: String,
}

impl Broken {
    /// Replaces a part of a text.
    fn new(how: &str, text: &str, span: &Range<usize>, by: &str) -> Self {
        let changed = format!("{}{by}{}", &text[..span.start], &text[span.end..]);
        let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let column = text[start..span.start].chars().count() + 1;
        let line = text[..span.start].matches('\n').count() + 1;
        let lines = line..line + by.matches('\n').count() + 1;
        Self {
            how: format!("{how}: {:?} became {by:?}", &text[span.clone()]),
            text: changed.into_bytes(),
            place: Some((lines, column..column + by.chars().count().max(1))),
            says: String::new(),
        }
    }

    /// Something about the whole file.
    fn whole(how: &str, text: impl Into<Vec<u8>>) -> Self {
        Self {
            how: how.to_owned(),
            text: text.into(),
            place: None,
            says: String::new(),
        }
    }

    fn says(mut self, text: impl Into<String>) -> Self {
        self.says = text.into();
        self
    }

    /// Asserts that the place is among those that are told.
    fn check(&self, said: &str) {
        let told = places(said);
        let text = String::from_utf8_lossy(&self.text[..self.text.len().min(4000)]);
        let context = || format!("{}\n{text}\nsaid:\n{said}", self.how);
        assert!(!told.is_empty(), "no place: {}", context());
        assert!(
            said.contains(&self.says),
            "not {:?}: {}",
            self.says,
            context()
        );
        if let Some((lines, columns)) = &self.place {
            let inside = |(line, column): &(usize, usize)| {
                lines.contains(line) && (*line != lines.start || columns.contains(column))
            };
            assert!(
                told.iter().any(inside),
                "not at {:?}: {}",
                self.place,
                context()
            );
        }
    }
}

/// The lines and columns of `--> baseline.toml:3:6`.
fn places(said: &str) -> Vec<(usize, usize)> {
    let places = said.lines().filter_map(|line| {
        let (_, place) = line.split_once("--> baseline.toml:")?;
        let (line, column) = place.split_once(':')?;
        Some((line.parse().ok()?, column.parse().ok()?))
    });
    places.collect()
}

/// Baselines that are valid: those that are shipped, those of the scenarios, and for each control
/// its empty table.
fn valid() -> Vec<String> {
    let mut paths = files("baselines");
    for folder in files("tests/scenarios") {
        paths.push(folder.join("baseline.toml"));
    }
    let read = |path| std::fs::read_to_string(path).expect("a baseline");
    paths.iter().map(read).collect()
}

/// The keys and values of a document, with where they stand; the keys that stand in a header too.
fn parts(
    text: &str,
) -> (
    BTreeSet<(String, usize, usize)>,
    Vec<(Range<usize>, String)>,
) {
    let table = DeTable::parse(text).expect("it is valid");
    let (mut keys, mut values) = (BTreeSet::new(), Vec::new());
    walk(text, table.get_ref(), "", &mut keys, &mut values);
    (keys, values)
}

fn walk(
    text: &str,
    table: &DeTable<'_>,
    path: &str,
    keys: &mut BTreeSet<(String, usize, usize)>,
    values: &mut Vec<(Range<usize>, String)>,
) {
    for (key, value) in table {
        let (name, span) = (key.get_ref().to_string(), key.span());
        let path = format!("{path}.{name}");
        // What people name themselves cannot be misspelt.
        if text[span.clone()] == name
            && path != ".account.tags"
            && !path.starts_with(".account.tags.")
        {
            keys.insert((name, span.start, span.end));
        }
        visit(text, value, &path, keys, values);
    }
}

fn visit(
    text: &str,
    value: &Spanned<DeValue<'_>>,
    path: &str,
    keys: &mut BTreeSet<(String, usize, usize)>,
    values: &mut Vec<(Range<usize>, String)>,
) {
    let span = value.span();
    // A table that has a header is no value that could be replaced.
    if !text[span.clone()].starts_with('[') || value.get_ref().is_array() {
        values.push((span, path.to_owned()));
    }
    match value.get_ref() {
        DeValue::Table(table) => walk(text, table, path, keys, values),
        DeValue::Array(list) => {
            for item in list {
                visit(text, item, path, keys, values);
            }
        }
        _ => {}
    }
}

/// What no setting takes.
const NEVER: [&str; 9] = [
    "1979-05-27",
    "07:32:00",
    "nan",
    "-inf",
    "1e400",
    "-1",
    "99999999999999999999",
    "{ no_such_key = { no_such_key = 1 } }",
    "[[[[1979-05-27]]]]",
];

fn is_header(text: &str, span: &Range<usize>) -> bool {
    let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    text[start..].trim_start().starts_with('[')
}

/// Every value replaced by one that it cannot have.
fn wrong_values(text: &str) -> Vec<Broken> {
    let (_, values) = parts(text);
    let values = values.iter().filter(|(span, _)| !is_header(text, span));
    let each = values.flat_map(|(span, path)| {
        NEVER
            .iter()
            .map(move |wrong| Broken::new(&format!("wrong value of {path}"), text, span, wrong))
    });
    each.collect()
}

/// Every key misspelt.
fn misspelt_keys(text: &str, random: &mut Random) -> Vec<Broken> {
    let (keys, _) = parts(text);
    let each = keys.into_iter().map(|(key, start, end)| {
        let mut letters: Vec<char> = key.chars().collect();
        let at = random.below(letters.len());
        match random.below(3) {
            0 if letters.len() > 3 => drop(letters.remove(at)),
            1 => letters.insert(at, 'q'),
            _ => letters[at] = 'q',
        }
        let misspelt: String = letters.into_iter().collect();
        let mut broken = Broken::new("misspelt", text, &(start..end), &misspelt);
        let line = &text[..start][text[..start].rfind('\n').map_or(0, |at| at + 1)..];
        if let (true, Some((_, columns))) = (line.contains('{'), &mut broken.place) {
            // Of a table on one line, any part may be told.
            *columns = 1..usize::MAX;
        }
        broken
    });
    each.collect()
}

/// Every setting of every control, with values of every type: what is not refused is a value that
/// it may have, and none takes all.
fn settings() -> Vec<(String, String, Vec<Broken>)> {
    let values = ["-1", "true", "\"no such thing\"", "0.5", "[]", "[{}]", "{}"];
    let mut all = Vec::new();
    for kind in controls::ALL {
        let head = match kind.about.scope {
            Scope::Things => format!("baseline = 1\n[[{}]]\n", kind.about.name),
            _ => format!("baseline = 1\n[{}]\n", kind.about.name),
        };
        for setting in kind.about.settings {
            let text = format!("{head}{} = 0\n", setting.name);
            let at = text.len() - 2..text.len() - 1;
            let how = format!("{}.{}", kind.about.name, setting.name);
            let each = values.iter().chain(&NEVER);
            let each = each.map(|value| Broken::new(&how, &text, &at, value));
            all.push((kind.about.name.to_owned(), how.clone(), each.collect()));
        }
    }
    all
}

/// A key or a table that is there twice.
fn duplicates(text: &str) -> Vec<Broken> {
    let mut all = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let is_list = line.starts_with("[[");
        let whole =
            DeTable::parse(line).is_ok() && !line.starts_with('#') && !line.trim().is_empty();
        if whole && !is_list {
            let at = end..end;
            let mut broken = Broken::new("twice", text, &at, line.trim_end());
            broken.text = format!("{}{line}{}", &text[..end], &text[end..]).into_bytes();
            all.push(broken);
        }
        start = end;
    }
    all
}

/// Tables where there are lists of tables, and the other way round.
fn wrong_tables() -> Vec<Broken> {
    let each = controls::ALL.iter().flat_map(|kind| {
        let name = kind.about.name;
        let wrong = match kind.about.scope {
            Scope::Things => [
                format!("[{name}]"),
                format!("{name} = 7"),
                format!("{name} = {{}}"),
            ],
            _ => [
                format!("[[{name}]]"),
                format!("{name} = true"),
                format!("{name} = []"),
            ],
        };
        wrong.map(|line| {
            let text = "baseline = 1\n\n";
            let place = text.len() - 1..text.len() - 1;
            Broken::new("wrong table", text, &place, &line)
        })
    });
    each.collect()
}

/// Characters that do not belong where they are.
fn stray_characters(text: &str, random: &mut Random) -> Vec<Broken> {
    let mut all = Vec::new();
    let strays: [&[u8]; 12] = [
        b"\0",
        b"\x07",
        b"\x1b[31m",
        b"\x7f",
        b"\r",
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xf5\x80\x80\x80",
        b"\xc0\x80",
        "\u{feff}\0".as_bytes(),
        b"\x08",
    ];
    for stray in strays {
        let mut at = random.below(text.len());
        while !text.is_char_boundary(at) || text.as_bytes()[at] == b'\n' {
            at -= 1;
        }
        let line = text[..at].matches('\n').count() + 1;
        let bytes = [&text.as_bytes()[..at], stray, &text.as_bytes()[at..]].concat();
        let mut broken = Broken::whole(&format!("{stray:?} in line {line}"), bytes);
        // What is not closed because of it is told where it is missed.
        broken.place = Some((line..line + 1, 1..usize::MAX));
        all.push(broken);
    }
    all
}

/// Files that are strange as a whole.
fn strange_files() -> Vec<Broken> {
    let after = |how: &str, text: String| {
        let lines = text.matches('\n').count() + 1;
        let mut broken = Broken::whole(how, format!("baseline = 1\n{text}"));
        broken.place = Some((2..lines + 2, 1..usize::MAX));
        broken
    };
    let deep = 60_000;
    let mut all = vec![
        Broken::whole("empty", "").says("begin the file with `baseline = 1`"),
        Broken::whole("NUL only", "\0"),
        Broken::whole("UTF-16", b"\xff\xfeb\0a\0".to_vec()).says("not UTF-8"),
        after("an array too deep", format!("x = {}", "[".repeat(deep))),
        after(
            "closed again",
            format!("x = {}{}", "[".repeat(deep), "]".repeat(deep)),
        ),
        after("a table too deep", format!("x = {}", "{a=".repeat(deep))),
        after("dotted too deep", format!("{}a = 1", "a.".repeat(deep))),
        after("a header too deep", format!("[{}a]", "a.".repeat(deep))),
        after("a list too deep", format!("[[{}a]]", "a.".repeat(deep))),
        after(
            "deep below a control",
            format!("[config]\nrecord = {}{}", "[".repeat(70), "]".repeat(70)),
        ),
        after(
            "a long line",
            format!("[config]\nbucket = \"{}", "x".repeat(250_000)),
        ),
        after(
            "a long key",
            format!("[config]\n{} = 1", "x".repeat(250_000)),
        ),
        after("a long table", format!("[{}]", "x".repeat(250_000))),
        after(
            "a long value",
            format!("[config]\nrecord = \"{}\"", "x".repeat(250_000)),
        ),
        after(
            "many tables",
            (0..14_000).map(|n| format!("[t{n}]\n")).collect(),
        ),
        after(
            "many keys",
            (0..14_000).map(|n| format!("k{n} = 1\n")).collect(),
        ),
        after(
            "many settings",
            format!(
                "[config]\n{}",
                (0..14_000)
                    .map(|n| format!("k{n} = 1\n"))
                    .collect::<String>()
            ),
        ),
        after("many errors", "=\n".repeat(85_000)),
        after("many quotes", "\"\n".repeat(85_000)),
        after("many brackets", "[\n".repeat(85_000)),
        after("many numbers", format!("x = [{}]", "0x,".repeat(85_000))),
        after("many budgets", "[[budgets]]\nname = \"a\"\n".repeat(10_000)),
        after(
            "many different budgets",
            (0..5_000)
                .map(|n| format!("[[budgets]]\nname = \"b{n}\"\nlimit = \"1 USD\"\n"))
                .collect::<String>()
                + "x = 1",
        ),
        after(
            "many buckets",
            "[[buckets]]\nmatch = [\"[\"]\n".repeat(8_000),
        ),
        after(
            "many patterns",
            format!(
                "[[buckets]]\nssl_only = 1\nmatch = [{}]",
                "\"*a*b*c*\",".repeat(2_000)
            ),
        ),
    ];
    all.push(after(
        "a line that ends in CR only",
        "[config]\rbucket = 1".to_owned(),
    ));
    all
}

fn everything() -> Vec<Broken> {
    let mut random = Random(1);
    let mut all = wrong_tables();
    for text in valid() {
        all.extend(wrong_values(&text));
        all.extend(misspelt_keys(&text, &mut random));
        all.extend(duplicates(&text));
        all.extend(stray_characters(&text, &mut random));
        let windows: Vec<Broken> = duplicates(&text.replace('\n', "\r\n"));
        all.extend(windows);
    }
    all
}

#[test]
fn every_way_to_break_a_baseline_is_told_where_it_was_broken() {
    let all = everything();
    assert!(all.len() > 1000, "only {} are broken", all.len());
    for broken in &all {
        let path = Path::new("baseline.toml");
        match Baseline::from_bytes(path, &broken.text) {
            Ok(_) => panic!(
                "accepted: {}\n{}",
                broken.how,
                String::from_utf8_lossy(&broken.text)
            ),
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
/// A build for debugging takes some ten times as long as the one that is shipped.
const SECONDS: u32 = if cfg!(debug_assertions) { 10 } else { 1 };
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
            assert!(
                run.stderr.len() < 64 * 1024,
                "{} is told at length",
                broken.how
            );
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
        let _ = run
            .says("cannot read baseline.toml")
            .says("larger than 256 KiB");
    }
}

/// Mistakes that people make, and a name for each.
const MISTAKES: [(&str, &str); 24] = [
    (
        "a list that is not closed",
        "[cloudtrail]\ndata_events = [{ s3 = \"all\" }\n[config]\n",
    ),
    (
        "a text that is not closed",
        "[root_user]\nmfa = \"any\naccess_keys = \"none\"\n",
    ),
    ("a text without quotes", "[root_user]\nmfa = any\n"),
    ("quotes of a word processor", "[root_user]\nmfa = “any”\n"),
    ("YAML", "password_policy:\n  minimum_length: 14\n"),
    (
        "nothing after the sign",
        "[password_policy]\nminimum_length =\n",
    ),
    (
        "a comma too few",
        "[account]\nregions = [\"us-east-1\" \"eu-west-1\"]\n",
    ),
    (
        "a setting twice",
        "[password_policy]\nminimum_length = 14\nminimum_length = 15\n",
    ),
    ("a table twice", "[config]\n[guardduty]\n[config]\n"),
    (
        "one table where there may be several",
        "[budgets]\nname = \"m\"\nlimit = \"1 USD\"\n",
    ),
    ("several tables where there is one", "[[config]]\n"),
    (
        "a text for a number",
        "[password_policy]\nminimum_length = \"14\"\n",
    ),
    (
        "a fraction for a number",
        "[password_policy]\nminimum_length = 14.5\n",
    ),
    (
        "a negative number",
        "[password_policy]\nminimum_length = -1\n",
    ),
    (
        "a number that is too large",
        "[password_policy]\nminimum_length = 99999999999999999999\n",
    ),
    ("no number", "[password_policy]\nmax_age_days = nan\n"),
    ("an unknown word", "[root_user]\nmfa = \"hardwear\"\n"),
    (
        "a floor with another word",
        "[password_policy]\nminimum_length = { at_least = 14 }\n",
    ),
    ("a date for a table", "[account]\ntags = 2026-01-01\n"),
    (
        "a setting that is missing",
        "[[budgets]]\nname = \"m\"\n[[budgets]]\nlimit = \"1 USD\"\nnane = \"x\"\n",
    ),
    (
        "a feature that is misspelt",
        "[guardduty.features]\nS3_DATA_EVENT = true\n",
    ),
    (
        "a region that is none",
        "[account]\nregions = [\"us-east-1\", \"Frankfurt\"]\n",
    ),
    (
        "a pattern that is none",
        "[[buckets]]\nmatch = [\"logs-[a-\"]\nssl_only = true\n",
    ),
    (
        "a setting above all tables",
        "minimum_length = 14\n[password_policy]\n",
    ),
];

#[test]
fn what_is_said_about_mistakes_can_be_read() {
    let mut said = String::new();
    for (mistake, text) in MISTAKES {
        let text = format!("baseline = 1\n{text}");
        let read = Baseline::from_bytes(Path::new("baseline.toml"), text.as_bytes());
        let error = read.expect_err(mistake);
        said += &format!("## {mistake}\n\n{error}\n\n\n");
    }
    let golden = root().join("tests/golden/mistakes.txt");
    if std::env::var("BLESS").is_ok_and(|said| said == "1") {
        std::fs::write(&golden, &said).expect("written");
    }
    assert_eq!(std::fs::read_to_string(&golden).expect("it is there"), said);
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
