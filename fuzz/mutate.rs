//! Breaks things on purpose, the same way for the same seed: bytes anywhere, and JSON value by
//! value, so that it stays JSON.

use serde_json::{Number, Value};

/// Numbers that look random: SplitMix64. The same seed gives the same numbers.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a limit; 0 when that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// One of a list that is not empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// Texts that AWS, a file or a person may come up with.
pub const STRANGE: &[&str] = &[
    "",
    " ",
    "*",
    "0",
    "-1",
    "null",
    "[]",
    "{}",
    "{",
    "{\"Statement\":[]}",
    "{\"Statement\":{}}",
    "{\"Statement\":[{\"Sid\":7,\"Principal\":[],\"Action\":null}]}",
    "{\"Statement\":[],\"Statement\":[]}",
    "{\"Id\":\"\\ud800\",\"Statement\":[]}",
    "{\"Id\":1e999,\"Statement\":[]}",
    "arn:aws:s3:::",
    "arn:aws:iam::111122223333:root",
    "::::::::",
    "9999-12-31T23:59:59Z",
    "0000-01-01T00:00:00+23:59",
    "2026-11-21T12:00:00Z",
    "99999999999999999999999999999999",
    "0.1",
    "1e400",
    "a.b.c",
    "a@b@c",
    "{account}{region}",
    "\u{0}",
    "\u{1b}[2J\u{1b}]0;x\u{7}",
    "a\nb\r\tc",
    "\u{202e}txt.exe\u{2066}",
    "\u{9b}31m",
    "\u{feff}é漢字🦀",
];

/// Breaks bytes in one to four places; what else there is may be pasted in.
pub fn bytes(random: &mut Random, bytes: &mut Vec<u8>, others: &[Vec<u8>]) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(16)).min(bytes.len());
        match random.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.next() as u8,
            2 => drop(bytes.drain(at..end)),
            3 => bytes.truncate(at),
            4 => insert(bytes, at, random.pick(STRANGE).as_bytes()),
            5 => {
                let again = bytes[at..end].to_vec();
                insert(bytes, end, &again);
            }
            _ if !others.is_empty() => {
                let other = random.pick(others);
                let from = random.below(other.len());
                let to = (from + random.below(64)).min(other.len());
                insert(bytes, at, &other[from..to]);
            }
            _ => {}
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, what: &[u8]) {
    bytes.splice(at..at, what.iter().copied());
}

/// Changes one to four values somewhere in a JSON document.
pub fn json(random: &mut Random, document: &mut Value) {
    for _ in 0..=random.below(4) {
        let mut paths = Vec::new();
        collect("", document, &mut paths);
        let donor = document.pointer(random.pick(&paths).as_str()).cloned();
        let path = random.pick(&paths).clone();
        if let Some(value) = document.pointer_mut(&path) {
            change(random, value, donor.unwrap_or_default());
        }
    }
}

/// The pointers of a value and of everything in it.
fn collect(path: &str, value: &Value, paths: &mut Vec<String>) {
    paths.push(path.to_owned());
    match value {
        Value::Array(list) => {
            for (at, item) in list.iter().enumerate() {
                collect(&format!("{path}/{at}"), item, paths);
            }
        }
        Value::Object(table) => {
            for (key, item) in table {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect(&format!("{path}/{key}"), item, paths);
            }
        }
        _ => {}
    }
}

/// Changes a value, mostly to one of its own type: another type is refused at once and tests
/// nothing further.
fn change(random: &mut Random, value: &mut Value, donor: Value) {
    let strange = (*random.pick(STRANGE)).to_owned();
    match (value, random.below(8)) {
        (value, 0) => *value = donor,
        (Value::Bool(flag), _) => *flag = !*flag,
        (Value::Number(number), _) => *number = odd_number(random),
        (Value::String(text), 1) => text.push_str(&strange),
        (Value::String(text), 2) => text.insert_str(0, &strange),
        (Value::String(text), 3) => *text = text.chars().rev().collect(),
        (Value::String(text), 4) => *text = text.repeat(50),
        (Value::String(text), 5) => change_text(random, text),
        (Value::String(text), _) => *text = strange,
        (Value::Array(list), 1) => list.clear(),
        (Value::Array(list), 2) => list.extend(list.clone()),
        (Value::Array(list), 3) => list.reverse(),
        (Value::Array(list), _) => list.push(donor),
        (Value::Object(table), kind) => {
            let keys: Vec<String> = table.keys().cloned().collect();
            if let Some(key) = keys.get(random.below(keys.len())) {
                match (kind, table.shift_remove(key)) {
                    (1..4, Some(own)) => drop(table.insert(strange, own)),
                    (4.., Some(_)) => drop(table.insert(key.clone(), donor)),
                    _ => {}
                }
            }
        }
        (value @ Value::Null, 1..4) => *value = Value::String(strange),
        (value @ Value::Null, 4) => *value = Value::Number(odd_number(random)),
        (Value::Null, _) => {}
    }
}

/// Policies are JSON in a text: changed as such.
fn change_text(random: &mut Random, text: &mut String) {
    match serde_json::from_str::<Value>(text) {
        Ok(mut inner) if !inner.is_string() => {
            json(random, &mut inner);
            *text = inner.to_string();
        }
        _ => {
            let mut changed = std::mem::take(text).into_bytes();
            bytes(random, &mut changed, &[]);
            *text = String::from_utf8_lossy(&changed).into_owned();
        }
    }
}

fn odd_number(random: &mut Random) -> Number {
    let whole = [0, 1, -1, 7, 90, 255, 3650, 65_536, i64::MAX, i64::MIN];
    let small = [i64::from(i32::MAX), i64::from(i32::MIN), i64::from(u32::MAX)];
    let broken = [0.1, -0.5, 80.0, 1e300, 5e-324, 33.333_333_333_333_336];
    match random.below(4) {
        0 => Number::from(*random.pick(&whole)),
        1 => Number::from(*random.pick(&small)),
        2 => Number::from_f64(*random.pick(&broken)).unwrap_or_else(|| 0.into()),
        _ => Number::from(random.next() as i64 % 1000),
    }
}

/// A mutator for libFuzzer: JSON value by value, three times out of four, and anything else by
/// libFuzzer's own. Returns the new size.
pub fn libfuzzer(
    data: &mut [u8],
    size: usize,
    longest: usize,
    seed: u32,
    own: fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut random = Random(seed.into());
    match serde_json::from_slice::<Value>(&data[..size]) {
        Ok(mut document) if random.below(4) > 0 => {
            json(&mut random, &mut document);
            let text = document.to_string();
            if text.len() > longest {
                return size;
            }
            data[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        }
        _ => own(data, size, longest),
    }
}
