//! Each control by itself: its table and those that it needs, on an account in use. What is tried at
//! every request of each of them costs as much as the controls have requests, and one more control
//! costs no more for the others that there are.

use super::cases::{FEW, all, long};
use super::holdings::Holdings;
use super::{APPLY, Asked, account_in_use, asked};
use crate::account::Account;
use crate::tables::{OTHER, everything, table};
use baseline::controls;
use baseline::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::LazyLock;

/// A control, and what a first apply of it asks and comes to.
pub struct Alone {
    pub control: &'static str,
    tables: String,
    /// The requests that every apply makes, but for those of the tables that it needs.
    pub own: Vec<Asked>,
    /// How many requests an apply makes.
    pub requests: usize,
    /// The operations of a plan, each once.
    pub planned: Vec<Asked>,
    /// Those that only its apply adds.
    pub later: Vec<Asked>,
    /// All writes, in no order.
    pub writes: Vec<Asked>,
    pub before: Holdings,
    pub after: Holdings,
}

impl fmt::Debug for Alone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.control)
    }
}

/// Every control. Who asks, and what the account is called, every run asks alike: that is tried with
/// the first control.
pub static ALONE: LazyLock<Vec<Alone>> = LazyLock::new(|| {
    let needs = needs();
    let mut found = all(FEW, &controls::names(), |name| Alone::of(name, &needs[*name]));
    let run = ["GetCallerIdentity", "ListAccountAliases"];
    let is_of_the_run = |asked: &Asked| run.contains(&asked.operation.as_str());
    for alone in found.iter_mut().skip(1) {
        alone.own.retain(|asked| !is_of_the_run(asked));
    }
    for alone in &mut found {
        alone.planned.retain(|asked| !is_of_the_run(asked));
    }
    found
});

/// The controls that each control needs, as a plan of all says.
fn needs() -> BTreeMap<String, BTreeSet<String>> {
    let account = account_in_use(everything);
    let run = account.run(&["plan", "--json"]).exits(0);
    let plan = Plan::from_bytes(run.stdout.as_bytes()).expect("a plan");
    let control_of = |address: String| address.split('@').next().unwrap_or_default().to_owned();
    let names = controls::names().into_iter();
    let mut needs: BTreeMap<String, BTreeSet<String>> =
        names.map(|name| (name.to_owned(), BTreeSet::new())).collect();
    for entry in &plan.entries {
        let others = entry.after.iter().map(|address| control_of(address.to_string()));
        let others = others.filter(|other| *other != entry.control);
        needs.entry(entry.control.clone()).or_default().extend(others);
    }
    needs
}

impl Alone {
    fn of(control: &'static str, needs: &BTreeSet<String>) -> Self {
        let others: String = needs.iter().map(|name| table(name)).collect();
        let tables = others.clone() + &table(control);
        let account = in_use(&tables);
        let before = Holdings::of(&account);
        let _ = account.run(&["plan"]).exits(0);
        let planned = operations(&asked(&account), &BTreeSet::new());
        let _ = account.run(&APPLY).exits(0);
        let known = planned.iter().map(Asked::name).collect();
        let later = operations(&asked(&account), &known);
        let after = Holdings::of(&account);
        let mut own = applied(&tables);
        let requests = own.len();
        let writes = own.iter().filter(|asked| asked.write).cloned().collect();
        for _ in 0..2 {
            let again = applied(&tables);
            own.retain(|asked| again.contains(asked));
        }
        if !needs.is_empty() {
            let theirs = applied(&others);
            own.retain(|asked| !theirs.contains(asked));
        }
        own.sort();
        let mut alone =
            Self { control, tables, own, requests, planned, later, writes, before, after };
        alone.writes.sort();
        alone
    }

    /// A new account in use, with the tables as its baseline.
    pub fn account(&self) -> Account {
        in_use(&self.tables)
    }

    /// The requests at which something is tried: every write, and every read in one region, for the
    /// other one is read by the same code; with `--long` all of them.
    pub fn own_once(&self) -> Vec<Asked> {
        let twin = |asked: &Asked| Asked { region: OTHER.to_owned(), ..asked.clone() };
        let is_tried = |asked: &&Asked| {
            long() || asked.write || asked.region == OTHER || !self.own.contains(&twin(asked))
        };
        self.own.iter().filter(is_tried).cloned().collect()
    }
}

fn in_use(tables: &str) -> Account {
    account_in_use(|account| account.in_regions(&[crate::account::HOME, OTHER], tables))
}

/// What an apply of these tables asks of a new account.
fn applied(tables: &str) -> Vec<Asked> {
    let account = in_use(tables);
    let _ = account.run(&APPLY).exits(0);
    asked(&account)
}

/// The operations among some requests, each once, but for those that are known.
fn operations(requests: &[Asked], known: &BTreeSet<(String, String)>) -> Vec<Asked> {
    let mut seen = known.clone();
    requests.iter().filter(|asked| seen.insert(asked.name())).cloned().collect()
}
