//! Tables of a baseline for tests: of each control, and of all of them. A control that is new has
//! its table here without an entry of its own.

use crate::account::{Account, HOME};
use baseline::control::Kind;
use baseline::controls;
use baseline::settings::Otherwise;

const STARTUP: &str = include_str!("../../baselines/startup.toml");

/// The region beside the home region.
pub const OTHER: &str = "eu-west-1";

/// The baseline for a start, in two regions.
pub fn startup(account: &Account) -> String {
    let text = STARTUP.replace("# id = \"111122223333\"", &format!("id = \"{}\"", account.id));
    text.replace("regions = \"enabled\"", &format!("regions = [\"{HOME}\", \"{OTHER}\"]"))
}

/// A baseline with every control, in two regions: that for a start, and the table of what it leaves
/// out.
pub fn everything(account: &Account) -> String {
    let names = controls::names().into_iter();
    let more: Vec<String> = names.filter(|name| shipped(name).is_empty()).map(table).collect();
    startup(account) + &more.concat()
}

/// The table of a control: the one of the baseline for a start, or one with what is required and
/// nothing else.
pub fn table(name: &str) -> String {
    let shipped = shipped(name);
    if shipped.is_empty() { smallest(controls::find(name).expect("a control")) } else { shipped }
}

/// The lines of the baseline for a start that are a control's.
fn shipped(name: &str) -> String {
    let mut is_own = false;
    let lines = STARTUP.lines().filter(|line| {
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_start_matches('[');
            is_own = header.split([']', '.']).next() == Some(name);
        }
        is_own
    });
    lines.map(|line| format!("{line}\n")).collect()
}

fn smallest(kind: &Kind) -> String {
    let name = kind.about.name;
    let many = kind.about.places.scope.has_many_tables();
    let header = if many { format!("\n[[{name}]]\n") } else { format!("\n[{name}]\n") };
    let settings = kind.about.settings.iter();
    let required = settings.filter(|setting| setting.otherwise == Otherwise::Required);
    let line = |way: String, key: &str| format!("{key} = {way}\n");
    let lines =
        required.filter_map(|own| own.ways().first().cloned().map(|way| line(way, own.name)));
    header + &lines.collect::<String>()
}

#[test]
fn every_control_has_a_table_that_is_valid() {
    for name in controls::names() {
        let account = Account::with(&table(name));
        let _ = account.run(&["validate"]).exits(0);
    }
}
