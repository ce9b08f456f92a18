//! Policies of every shape that people write, and the same ones as S3 would return them.

/// A policy as somebody wrote it, and as S3 normalises it: principals in another order, account ids
/// as ARNs, lists of one as their element, truth values and whole numbers as text.
pub struct Generated {
    pub written: String,
    pub normalised: String,
}

/// A value in both forms.
type Both = (String, String);

/// A source of numbers that look random, the same for a seed each time: xorshift64*.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        // Neighbouring seeds must not begin alike, and zero would stay zero.
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).expect("it has 31 bits") % sides
    }

    fn one_of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.roll(list.len())]
    }
}

const SIDS: [&str; 8] = [
    "A",
    "A",
    "",
    "Read1",
    "Gr\u{fc}n",
    "\\u00fc",
    "BaselineDenyInsecureTransport",
    "BaselineDenyOldTls",
];
const IDS: [&str; 4] = ["\"x\"", "\"\"", "\"Policy1415115909152\"", "\"\u{2603} \\\"quoted\\\"\""];
const ACTIONS: [&str; 6] =
    ["s3:GetObject", "S3:getobject", "s3:*", "*", "s3:Put*", "s3:DeleteObject"];
const RESOURCES: [&str; 6] = [
    "arn:aws:s3:::acme",
    "arn:aws:s3:::acme/*",
    "arn:aws:s3:::acme/${aws:username}/*",
    "arn:aws:s3:::acme/\u{65e5}\u{672c}/*",
    "*",
    "arn:aws:s3:::acme/a b\\\\c",
];
const SERVICES: [&str; 2] = ["cloudtrail.amazonaws.com", "config.amazonaws.com"];
const STRANGE: [&str; 6] =
    ["1.20", "1e3", "-0.0", "null", "[1.20,{\"a\":[]}]", "12345678901234567890123"];

/// What stands between tokens.
const SPACES: [&str; 3] = ["", " ", "\n  "];

/// Statements to make policies of, for each kind of white space.
pub struct Pool([Vec<Both>; 3]);

impl Pool {
    pub fn new() -> Self {
        Self(
            SPACES.map(|space| {
                (0..2_000).map(|seed| statement(&mut Dice::new(seed), space)).collect()
            }),
        )
    }

    /// The policy of a seed.
    pub fn policy(&self, seed: u64) -> Generated {
        let mut dice = Dice::new(seed);
        let kind = dice.roll(SPACES.len());
        let (space, statements) = (SPACES[kind], &self.0[kind]);
        let count = dice.roll(5);
        let chosen: Vec<&Both> =
            (0..count).map(|_| &statements[dice.roll(statements.len())]).collect();
        let is_single = count == 1 && dice.roll(2) == 0;
        let list = |side: &dyn Fn(&Both) -> String| {
            let parts: Vec<String> = chosen.iter().map(|both| side(both)).collect();
            match is_single {
                true => parts.concat(),
                false => list(&parts, space),
            }
        };
        let both = (list(&|both| both.0.clone()), list(&|both| both.1.clone()));
        let mut entries = vec![("Statement".to_owned(), both)];
        let mut beside = |key: &str, values: &[&str]| {
            if let Some(value) = values.get(dice.roll(values.len() + 1)) {
                let at = dice.roll(entries.len() + 1);
                entries.insert(at, (key.to_owned(), same((*value).to_owned())));
            }
        };
        beside("Version", &["\"2008-10-17\"", "\"2012-10-17\"", "\"2012-10-17\""]);
        beside("Id", &IDS);
        if seed.is_multiple_of(8) {
            beside("Mood", &STRANGE);
        }
        let (written, normalised) = table(&entries, space);
        Generated { written, normalised }
    }
}

fn statement(dice: &mut Dice, space: &str) -> Both {
    let mut entries: Vec<(String, Both)> = Vec::new();
    let mut add = |key: &str, value: Both| entries.push((key.to_owned(), value));
    if dice.roll(4) > 0 {
        let sid = dice.one_of(&SIDS);
        add("Sid", same(format!("\"{sid}\"")));
    }
    let effect = dice.one_of(&["\"Allow\"", "\"Deny\""]);
    add("Effect", same(effect.to_owned()));
    let key = dice.one_of(&["Principal", "Principal", "Principal", "NotPrincipal"]);
    add(key, principal(dice, space));
    let key = dice.one_of(&["Action", "Action", "Action", "NotAction"]);
    add(key, texts(dice, &ACTIONS, space));
    let key = dice.one_of(&["Resource", "Resource", "Resource", "NotResource"]);
    add(key, texts(dice, &RESOURCES, space));
    if dice.roll(2) == 0 {
        add("Condition", condition(dice, space));
    }
    if dice.roll(12) == 0 {
        let strange = dice.one_of(&STRANGE);
        add("Mood", same(strange.to_owned()));
    }
    if dice.roll(2) == 0 {
        entries.reverse();
    }
    table(&entries, space)
}

fn principal(dice: &mut Dice, space: &str) -> Both {
    let aws = |dice: &mut Dice| {
        let count = 1 + dice.roll(3);
        let one = |dice: &mut Dice| match dice.roll(5) {
            0 => ("\"111122223333\"".to_owned(), "\"arn:aws:iam::111122223333:root\"".to_owned()),
            1 => same("\"arn:aws:iam::111122223333:root\"".to_owned()),
            2 => same("\"arn:aws:iam::444455556666:role/path/R\u{f6}le\"".to_owned()),
            3 => same("\"AROAEXAMPLEROLEID0001\"".to_owned()),
            _ => same("\"arn:aws:iam::777788889999:user/x\"".to_owned()),
        };
        let (written, mut normalised): (Vec<_>, Vec<_>) = (0..count).map(|_| one(dice)).unzip();
        let turn = dice.roll(count);
        normalised.rotate_left(turn);
        let collapsed = match normalised.as_slice() {
            [only] => only.clone(),
            _ => list(&normalised, space),
        };
        (list(&written, space), collapsed)
    };
    match dice.roll(5) {
        0 => same("\"*\"".to_owned()),
        1 => ("{\"AWS\":[\"*\"]}".to_owned(), "\"*\"".to_owned()),
        2 => table(&[("Service".to_owned(), texts(dice, &SERVICES, space))], space),
        3 => {
            let service = texts(dice, &SERVICES, space);
            let kinds = [("Service".to_owned(), service), ("AWS".to_owned(), aws(dice))];
            table(&kinds, space)
        }
        _ => table(&[("AWS".to_owned(), aws(dice))], space),
    }
}

fn condition(dice: &mut Dice, space: &str) -> Both {
    let (operator, key, value) = match dice.roll(8) {
        0 => ("Bool", "aws:SecureTransport", ("false".to_owned(), "\"false\"".to_owned())),
        1 => ("NumericLessThan", "s3:TlsVersion", ("1.20".to_owned(), "\"1.20\"".to_owned())),
        2 => ("NumericGreaterThan", "s3:signatureAge", ("1e3".to_owned(), "\"1000\"".to_owned())),
        3 => (
            "StringEquals",
            "aws:SourceAccount",
            ("111122223333".to_owned(), "\"111122223333\"".to_owned()),
        ),
        4 => (
            "NotIpAddress",
            "aws:SourceIp",
            ("[\"203.0.113.7\"]".to_owned(), "\"203.0.113.7/32\"".to_owned()),
        ),
        5 => (
            "ForAnyValue:StringLike",
            "aws:PrincipalOrgPaths",
            texts(dice, &["o-a/*", "o-b/*"], space),
        ),
        6 => {
            ("StringNotEqualsIfExists", "aws:SourceVpce", texts(dice, &["vpce-1", "vpce-2"], space))
        }
        _ => ("StringEquals", "k", same("1.20".to_owned())),
    };
    let keys = table(&[(key.to_owned(), value)], space);
    table(&[(operator.to_owned(), keys)], space)
}

/// One to three texts of a pool, as a list or alone; in the other form in another order.
fn texts(dice: &mut Dice, pool: &[&str], space: &str) -> Both {
    let count = 1 + dice.roll(3);
    let written: Vec<String> = (0..count).map(|_| format!("\"{}\"", dice.one_of(pool))).collect();
    let mut normalised = written.clone();
    normalised.reverse();
    match written.as_slice() {
        [only] if dice.roll(2) == 0 => same(only.clone()),
        [only] => (list(&written, space), only.clone()),
        _ => (list(&written, space), list(&normalised, space)),
    }
}

fn list(items: &[String], space: &str) -> String {
    format!("[{}]", items.join(&format!(",{space}")))
}

fn table(entries: &[(String, Both)], space: &str) -> Both {
    let side = |choose: &dyn Fn(&Both) -> &String| {
        let entries = entries.iter();
        let entries = entries.map(|(key, both)| format!("\"{key}\":{space}{}", choose(both)));
        let entries: Vec<String> = entries.collect();
        format!("{{{space}{}{space}}}", entries.join(&format!(",{space}")))
    };
    (side(&|both| &both.0), side(&|both| &both.1))
}

fn same(text: String) -> Both {
    (text.clone(), text)
}
