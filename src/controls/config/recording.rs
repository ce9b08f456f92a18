//! Which resource types a recorder records: what may be asked, what is, and which of two is more.
//!
//! The four global types of IAM exist once in the account and can be recorded in every region, each
//! time for money. The flag for them works with "all" only; a list names them or does not.

use crate::document::Problems;
use crate::keys;
use crate::settings::{Setting, Takes, schema};
use crate::words;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The types that the flag `includeGlobalResourceTypes` stands for.
/// Source: API reference, RecordingGroup.
const GLOBAL: [&str; 4] =
    ["AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::User"];

/// The setting `record`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// All types, and those to come.
    #[default]
    All,
    /// At least these.
    Include(BTreeSet<String>),
    /// At least all but these.
    Exclude(BTreeSet<String>),
    /// This and no more.
    Exactly(Record),
}

words! {
    /// The setting `global_types`: where the types of IAM are recorded.
    pub enum GlobalTypes {
        /// In the home region.
        Home = "home",
        /// Nowhere.
        None = "none",
    }
}

impl Takes for Wish {
    const KEYS: &'static [Setting] = keys! {
        /// The resource types that are recorded at least.
        #[example("[\"AWS::EC2::Instance\"]")]
        include: BTreeSet<String> = none,

        /// The resource types of which all others are recorded at least.
        #[example("[\"AWS::EC2::Instance\"]")]
        exclude: BTreeSet<String> = none,

        /// `"all"`, or one of these two in a table: this is recorded, and no more.
        #[example("\"all\"")]
        exactly: Record = none,
    };
    const EXAMPLES: &'static [&'static str] = &[
        "\"all\"",
        "{ include = [\"AWS::EC2::Instance\"] }",
        "{ exclude = [\"AWS::EC2::Instance\"] }",
    ];

    fn schema() -> Value {
        schema::either(json!({ "const": "all" }), schema::one_of(Self::KEYS))
    }
}

impl Takes for Record {
    fn schema() -> Value {
        let lists = ["include", "exclude"];
        let lists = Wish::KEYS.iter().filter(|key| lists.contains(&key.name));
        schema::either(json!({ "const": "all" }), schema::one_of(lists))
    }
}

/// What a recorder records, save the types of IAM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// All types, and those to come.
    #[default]
    All,
    /// These.
    Include(BTreeSet<String>),
    /// All types, and those to come, but these.
    Exclude(BTreeSet<String>),
}

/// What a recorder records; by default what AWS does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The types.
    pub record: Record,
    /// Whether the types of IAM come on top of all others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub global_types: bool,
}

/// A set of types, by what is in it or by what is not.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Types {
    Only(BTreeSet<String>),
    AllBut(BTreeSet<String>),
}

impl Types {
    fn contains(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Only(mine), Self::Only(theirs)) => theirs.is_subset(mine),
            (Self::Only(_), Self::AllBut(_)) => false,
            (Self::AllBut(missing), Self::Only(theirs)) => theirs.is_disjoint(missing),
            (Self::AllBut(missing), Self::AllBut(theirs)) => missing.is_subset(theirs),
        }
    }

    fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Only(a), Self::Only(b)) => Self::Only(a | b),
            (Self::AllBut(a), Self::AllBut(b)) => Self::AllBut(a & b),
            (Self::AllBut(missing), Self::Only(more))
            | (Self::Only(more), Self::AllBut(missing)) => Self::AllBut(missing - more),
        }
    }
}

fn global() -> BTreeSet<String> {
    GLOBAL.map(str::to_owned).into()
}

impl Wish {
    /// Looks for lists that AWS would refuse, or that contradict the setting `global_types`.
    pub fn check(&self, global_types: Option<GlobalTypes>, problems: &mut Problems) {
        let (path, list) = match self {
            Self::All | Self::Exactly(Record::All) => return,
            Self::Include(list) => ("record.include", list),
            Self::Exclude(list) => ("record.exclude", list),
            Self::Exactly(Record::Include(list)) => ("record.exactly.include", list),
            Self::Exactly(Record::Exclude(list)) => ("record.exactly.exclude", list),
        };
        if list.is_empty() {
            problems.setting(path, "the list names no resource type");
        }
        for name in list.iter().filter(|name| name.split("::").count() != 3) {
            let text = format!("'{name}' is no resource type, such as AWS::EC2::Instance");
            problems.setting(path, text);
        }
        if path.ends_with("include") && global_types == Some(GlobalTypes::None) {
            for name in list.iter().filter(|name| GLOBAL.contains(&name.as_str())) {
                let text = format!("{name} is listed, and global_types = \"none\" leaves it out");
                problems.setting(path, text);
            }
        }
    }

    /// What a recorder is to record, given whether the types of IAM are recorded there and what it
    /// records now. Unless the wish is exact, it records at least what it did before. `None` when
    /// nothing is to be recorded there.
    pub fn settle(&self, with_global: bool, live: Option<&Group>) -> Option<Group> {
        let record = match self {
            Self::All => Record::All,
            Self::Include(list) => Record::Include(list.clone()),
            Self::Exclude(list) => Record::Exclude(list.clone()),
            Self::Exactly(record) => record.clone(),
        };
        let asked = Group::asked(record, with_global)?;
        match (self, live) {
            (Self::Exactly(_), _) | (_, None) => Some(asked),
            (_, Some(live)) if live.covers(&asked) => Some(live.clone()),
            (_, Some(live)) => Some(asked.and(live)),
        }
    }
}

impl Group {
    fn asked(record: Record, with_global: bool) -> Option<Self> {
        let record = match record {
            Record::Include(list) if !with_global => Record::Include(&list - &global()),
            Record::Exclude(list) if !with_global => Record::Exclude(&list | &global()),
            record => record,
        };
        let global_types = with_global && record == Record::All;
        let is_empty = matches!(&record, Record::Include(list) if list.is_empty());
        (!is_empty).then_some(Self { record, global_types })
    }

    /// Whether all that the other records is recorded.
    pub fn covers(&self, other: &Self) -> bool {
        self.types().contains(&other.types())
    }

    /// Whether any of the types of IAM is recorded.
    pub fn has_global(&self) -> bool {
        match self.types() {
            Types::Only(list) => !list.is_disjoint(&global()),
            Types::AllBut(missing) => !global().is_subset(&missing),
        }
    }

    fn types(&self) -> Types {
        match &self.record {
            Record::All if self.global_types => Types::AllBut(BTreeSet::new()),
            Record::All => Types::AllBut(global()),
            Record::Include(list) => Types::Only(list.clone()),
            Record::Exclude(list) => Types::AllBut(list.clone()),
        }
    }

    /// What records all that either does. Where this one asks for all types, so does the result,
    /// even if that adds types of IAM to others that were recorded here before.
    fn and(&self, other: &Self) -> Self {
        let (record, global_types) = match self.types().and(&other.types()) {
            Types::Only(list) => (Record::Include(list), false),
            Types::AllBut(missing) if missing.is_empty() => (Record::All, true),
            Types::AllBut(missing)
                if self.record == Record::All && missing.is_subset(&global()) =>
            {
                (Record::All, missing != global())
            }
            Types::AllBut(missing) => (Record::Exclude(missing), false),
        };
        Self { record, global_types }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: &str = "AWS::S3::Bucket";
    const VPC: &str = "AWS::EC2::VPC";
    const ROLE: &str = "AWS::IAM::Role";

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn all(global_types: bool) -> Group {
        Group { record: Record::All, global_types }
    }

    fn only(names: &[&str]) -> Group {
        Group { record: Record::Include(set(names)), global_types: false }
    }

    fn all_but(names: &[&str]) -> Group {
        Group { record: Record::Exclude(set(names)), global_types: false }
    }

    #[test]
    fn types_of_iam_are_recorded_in_the_home_region_alone() {
        let settle = |wish: &Wish, home| wish.settle(home, None);
        assert_eq!(settle(&Wish::All, true), Some(all(true)));
        assert_eq!(settle(&Wish::All, false), Some(all(false)));
        let but_vpc = Wish::Exclude(set(&[VPC]));
        assert_eq!(settle(&but_vpc, true), Some(all_but(&[VPC])));
        let elsewhere = [&[VPC][..], &GLOBAL].concat();
        assert_eq!(settle(&but_vpc, false), Some(all_but(&elsewhere)));
        let some = Wish::Include(set(&[ROLE, VPC]));
        assert_eq!(settle(&some, false), Some(only(&[VPC])));
        assert_eq!(settle(&Wish::Include(set(&[ROLE])), false), None);
    }

    #[test]
    fn what_records_more_is_left_alone() {
        let but_two = Wish::Exclude(set(&[VPC, BUCKET]));
        let enough = [
            (Wish::All, all(true)),
            (Wish::Include(set(&[VPC])), all(false)),
            (Wish::Include(set(&[VPC])), only(&[VPC, BUCKET])),
            (Wish::Include(set(&[VPC])), all_but(&[BUCKET])),
            (but_two.clone(), all_but(&[VPC])),
            (but_two, all(false)),
        ];
        for (wish, live) in enough {
            assert_eq!(wish.settle(false, Some(&live)).as_ref(), Some(&live), "{wish:?}");
        }
    }

    #[test]
    fn what_is_recorded_already_stays_recorded() {
        let settle = |wish: Wish, live: Group| wish.settle(false, Some(&live));
        assert_eq!(settle(Wish::Include(set(&[VPC])), only(&[BUCKET])), Some(only(&[BUCKET, VPC])));
        assert_eq!(settle(Wish::All, only(&[BUCKET])), Some(all(false)));
        assert_eq!(settle(Wish::All, only(&[ROLE])), Some(all(true)));
        assert_eq!(settle(Wish::All, all_but(&[VPC])), Some(all(true)));
        let but_vpc = Wish::Exclude(set(&[VPC]));
        assert_eq!(settle(but_vpc, only(&[VPC])), Some(all_but(&GLOBAL)));
    }

    #[test]
    fn only_an_exact_wish_records_less() {
        let wish = Wish::Exactly(Record::Include(set(&[VPC])));
        let settled = wish.settle(true, Some(&all(true)));
        assert_eq!(settled, Some(only(&[VPC])));
        assert!(!only(&[VPC]).covers(&all(true)));
    }
}
