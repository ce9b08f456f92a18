//! The ways to break a baseline.

use super::broken::Broken;
use crate::fuzz::{files, mutate::Random};
use baseline::control::Scope;
use baseline::controls;
use std::collections::BTreeSet;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Baselines that are valid: those that are shipped, those of the scenarios, and for each control
/// its empty table.
pub fn valid() -> Vec<String> {
    let mut paths = files("baselines");
    for folder in files("tests/scenarios") {
        paths.push(folder.join("baseline.toml"));
    }
    let read = |path| std::fs::read_to_string(path).expect("a baseline");
    paths.iter().map(read).collect()
}

/// The keys of a document, and its values by their paths, with where they stand.
#[derive(Default)]
struct Parts {
    keys: BTreeSet<(String, usize, usize)>,
    values: Vec<(Range<usize>, String)>,
}

/// Tables whose keys people name themselves, which cannot be misspelt.
const NAMED_BY_PEOPLE: [&str; 5] = [
    ".account.tags",
    ".config_rules.conformance_packs",
    ".config_rules.rules",
    ".malware_protection.buckets",
    ".trail_queries.queries",
];

/// Whether a key may be any name: one of people's, or of a parameter of AWS's.
fn is_anybodys(path: &str) -> bool {
    let (table, _) = path.rsplit_once('.').unwrap_or_default();
    NAMED_BY_PEOPLE.contains(&table) || table.ends_with(".parameters")
}

impl Parts {
    fn of(text: &str) -> Self {
        let table = DeTable::parse(text).expect("it is valid");
        let mut parts = Self::default();
        parts.walk(text, table.get_ref(), "");
        parts
    }

    fn walk(&mut self, text: &str, table: &DeTable<'_>, path: &str) {
        for (key, value) in table {
            let (name, span) = (key.get_ref().to_string(), key.span());
            let path = format!("{path}.{name}");
            if text[span.clone()] == name && !is_anybodys(&path) {
                self.keys.insert((name, span.start, span.end));
            }
            self.visit(text, value, &path);
        }
    }

    fn visit(&mut self, text: &str, value: &Spanned<DeValue<'_>>, path: &str) {
        let span = value.span();
        // A table that has a header is no value that could be replaced.
        if !text[span.clone()].starts_with('[') || value.get_ref().is_array() {
            self.values.push((span, path.to_owned()));
        }
        match value.get_ref() {
            DeValue::Table(table) => self.walk(text, table, path),
            DeValue::Array(list) => list.iter().for_each(|item| self.visit(text, item, path)),
            _ => {}
        }
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
    let mut all = Vec::new();
    for (span, path) in Parts::of(text).values {
        for wrong in NEVER {
            let is_date = path == ".waivers.expires" && wrong == "1979-05-27";
            if !is_date && !is_header(text, &span) {
                let how = format!("wrong value of {path}");
                all.push(Broken::new(&how, text, &span, wrong).anywhere_in_a_table(text, &span));
            }
        }
    }
    all
}

/// Every key misspelt.
fn misspelt_keys(text: &str, random: &mut Random) -> Vec<Broken> {
    let mut keys = Parts::of(text).keys;
    // Tags may have any name.
    keys.retain(|(_, start, _)| {
        let line = text[..*start].rfind('\n').map_or(0, |at| at + 1);
        !text[line..*start].starts_with("tags = {")
    });
    let each = keys.into_iter().map(|(key, start, end)| {
        let mut letters: Vec<char> = key.chars().collect();
        let at = random.below(letters.len());
        match random.below(3) {
            0 if letters.len() > 3 => drop(letters.remove(at)),
            1 => letters.insert(at, 'q'),
            _ if letters[at] == 'q' => letters[at] = 'x',
            _ => letters[at] = 'q',
        }
        let misspelt: String = letters.into_iter().collect();
        let span = start..end;
        Broken::new("misspelt", text, &span, &misspelt).anywhere_in_a_table(text, &span)
    });
    each.collect()
}

/// Every setting of every control, with values of every type: what is not refused is a value that
/// it may have, and none takes all.
pub fn settings() -> Vec<(String, String, Vec<Broken>)> {
    let values = ["-1", "true", "\"no such thing\"", "0.5", "[]", "[{}]", "{}"];
    let mut all = Vec::new();
    for kind in controls::ALL {
        let head = match kind.about.places.scope {
            Scope::Things | Scope::Matches => format!("baseline = 1\n[[{}]]\n", kind.about.name),
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
        let wrong = match kind.about.places.scope {
            Scope::Things | Scope::Matches => {
                [format!("[{name}]"), format!("{name} = 7"), format!("{name} = {{}}")]
            }
            _ => [format!("[[{name}]]"), format!("{name} = true"), format!("{name} = []")],
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
pub fn strange_files() -> Vec<Broken> {
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
        after("closed again", format!("x = {}{}", "[".repeat(deep), "]".repeat(deep))),
        after("a table too deep", format!("x = {}", "{a=".repeat(deep))),
        after("dotted too deep", format!("{}a = 1", "a.".repeat(deep))),
        after("a header too deep", format!("[{}a]", "a.".repeat(deep))),
        after("a list too deep", format!("[[{}a]]", "a.".repeat(deep))),
        after(
            "deep below a control",
            format!("[config]\nrecord = {}{}", "[".repeat(70), "]".repeat(70)),
        ),
        after("a long line", format!("[config]\nbucket = \"{}", "x".repeat(250_000))),
        after("a long key", format!("[config]\n{} = 1", "x".repeat(250_000))),
        after("a long table", format!("[{}]", "x".repeat(250_000))),
        after("a long value", format!("[config]\nrecord = \"{}\"", "x".repeat(250_000))),
        after("many tables", (0..14_000).map(|n| format!("[t{n}]\n")).collect()),
        after("many keys", (0..14_000).map(|n| format!("k{n} = 1\n")).collect()),
        after(
            "many settings",
            format!("[config]\n{}", (0..14_000).map(|n| format!("k{n} = 1\n")).collect::<String>()),
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
        after("many buckets", "[[buckets]]\nmatch = [\"[\"]\n".repeat(8_000)),
        after(
            "many patterns",
            format!("[[buckets]]\nssl_only = 1\nmatch = [{}]", "\"*a*b*c*\",".repeat(2_000)),
        ),
    ];
    all.push(after("a line that ends in CR only", "[config]\rbucket = 1".to_owned()));
    all
}

pub fn everything() -> Vec<Broken> {
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
