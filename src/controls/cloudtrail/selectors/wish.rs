//! What the baseline wishes a trail to log, and the smallest addition that brings it about.

use super::{ARN, CATEGORY, Field, READ_ONLY, Selector, TYPE};
use crate::words;
use std::collections::BTreeSet;

/// A kind of thing whose data events a baseline can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Objects in buckets.
    S3,
    /// Invocations of functions.
    Lambda,
    /// Items in tables.
    DynamoDb,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::S3, Self::Lambda, Self::DynamoDb];

    pub(super) fn of(resource_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.resource_type() == resource_type)
    }

    /// Its key in the baseline.
    pub fn word(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Lambda => "lambda",
            Self::DynamoDb => "dynamodb",
        }
    }

    pub(super) fn resource_type(self) -> &'static str {
        match self {
            Self::S3 => "AWS::S3::Object",
            Self::Lambda => "AWS::Lambda::Function",
            Self::DynamoDb => "AWS::DynamoDB::Table",
        }
    }

    /// What the ARNs of all resources of the kind begin with.
    pub(super) fn start(self, partition: &str) -> String {
        match self {
            Self::S3 => format!("arn:{partition}:s3:::"),
            _ => format!("arn:{partition}:{}:", self.word()),
        }
    }

    /// Whether a basic selector's value means one resource and not all that begin like it.
    pub(super) fn is_exact(self, arn: &str) -> bool {
        match self {
            Self::S3 => false,
            Self::Lambda => arn.contains(":function:"),
            Self::DynamoDb => arn.contains(":table/"),
        }
    }
}

/// Data events that the baseline asks for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Of what kind of thing.
    pub kind: Kind,
    /// Of which: names of buckets, or ARNs; `None` for all.
    pub which: Option<BTreeSet<String>>,
    /// Whether reads, writes or both.
    pub access: Access,
}

words! {
    /// Which data events.
    #[derive(Default)]
    pub enum Access {
        /// Those that only read.
        Read = "read",
        /// Those that write.
        Write = "write",
        /// All.
        #[default]
        All = "all",
    }
}

impl Access {
    fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::All => "all",
        }
    }

    /// The values of `readOnly` that it takes.
    fn both(self) -> &'static [bool] {
        match self {
            Self::Read => &[true],
            Self::Write => &[false],
            Self::All => &[true, false],
        }
    }

    pub(super) fn field(self) -> Option<Field> {
        match self {
            Self::All => None,
            Self::Read => Some(Field::equals(READ_ONLY, "true")),
            Self::Write => Some(Field::equals(READ_ONLY, "false")),
        }
    }
}

/// Something whose events are to be logged.
#[derive(Clone, Debug)]
pub(super) enum Resource {
    /// Everything of its kind, whose ARNs begin like this; what begins like the second need not be.
    All(String, Option<String>),
    /// Everything whose ARN begins like this.
    Below(String),
    /// One thing.
    Exactly(String),
}

impl Wish {
    /// Whether it is for the objects of all buckets, and what is written there is logged.
    pub fn is_all_objects(&self) -> bool {
        self.kind == Kind::S3 && self.which.is_none() && self.access != Access::Read
    }

    /// `bucket` is the trail's own. Where writes are logged its objects are not wished: every
    /// delivery would be an event that is delivered again, and billed.
    fn resources(&self, partition: &str, bucket: &str) -> Vec<Resource> {
        let start = self.kind.start(partition);
        match (&self.which, self.kind) {
            (None, Kind::S3) if self.access != Access::Read => {
                let own = format!("{start}{bucket}/");
                vec![Resource::All(start, Some(own))]
            }
            (None, _) => vec![Resource::All(start, None)],
            (Some(buckets), Kind::S3) => {
                buckets.iter().map(|bucket| Resource::Below(format!("{start}{bucket}/"))).collect()
            }
            (Some(arns), _) => arns.iter().cloned().map(Resource::Exactly).collect(),
        }
    }

    /// What is wished and not logged yet.
    pub(super) fn missing(
        &self,
        selectors: &[Selector],
        partition: &str,
        bucket: &str,
    ) -> Vec<Resource> {
        let logged = |resource: &Resource, reads: bool| {
            selectors.iter().any(|selector| selector.logs(self.kind, resource, reads))
        };
        let mut resources = self.resources(partition, bucket);
        resources.retain(|resource| {
            let mut both = self.access.both().iter();
            !both.all(|reads| logged(resource, *reads))
        });
        resources
    }

    /// The selector that logs these resources.
    fn selector(&self, resources: &[Resource]) -> Selector {
        let mut arns = Field { field: ARN.to_owned(), ..Field::default() };
        for resource in resources {
            match resource {
                Resource::All(_, spared) => arns.not_starts_with.extend(spared.clone()),
                Resource::Below(start) => arns.starts_with.push(start.clone()),
                Resource::Exactly(arn) => arns.equals.push(arn.clone()),
            }
        }
        let listed = if self.which.is_some() { " listed" } else { "" };
        let name = format!("baseline: {}{listed} ({})", self.kind.word(), self.access.word());
        let fields =
            [Field::equals(CATEGORY, "Data"), Field::equals(TYPE, self.kind.resource_type())];
        let arns = Some(arns).filter(|arns| !arns.is_blank());
        Selector::new(&name, fields.into_iter().chain(self.access.field()).chain(arns))
    }

    /// Adds what is missing: to our own selector of that name, else in a new one.
    fn add_to(&self, selectors: &mut Vec<Selector>, partition: &str, bucket: &str) {
        let missing = self.missing(selectors, partition, bucket);
        if missing.is_empty() {
            return;
        }
        let mut new = self.selector(&missing);
        let own = selectors
            .iter_mut()
            .filter(|selector| selector.name == new.name)
            .find(|selector| differ_in_resources_only(selector, &new));
        if let (Some(own), Some(more)) = (own, new.only(ARN)) {
            for field in own.field_selectors.iter_mut().filter(|f| f.field == ARN) {
                field.equals.extend(more.equals.iter().cloned());
                field.starts_with.extend(more.starts_with.iter().cloned());
            }
            return;
        }
        let stem = new.name.clone().unwrap_or_default();
        let mut number = 2;
        while selectors.iter().any(|selector| selector.name == new.name) {
            new.name = Some(format!("{stem} {number}"));
            number += 1;
        }
        selectors.push(new);
    }
}

/// Whether two selectors list resources and say the same otherwise.
fn differ_in_resources_only(one: &Selector, other: &Selector) -> bool {
    let rest = |selector: &Selector| -> Vec<Field> {
        let fields = selector.field_selectors.iter();
        let mut rest: Vec<Field> = fields.filter(|f| f.field != ARN).cloned().collect();
        rest.sort_by(|a, b| a.field.cmp(&b.field));
        rest
    };
    let lists = |selector: &Selector| {
        let list = selector.only(ARN);
        list.map(|field| (field.equals.is_empty(), field.starts_with.is_empty()))
    };
    one.is_plain() && lists(one).is_some() && lists(one) == lists(other) && rest(one) == rest(other)
}

/// What the selectors have to become: everything that is there, management events, and the wishes.
/// Nothing is taken away. `bucket` is where the trail delivers.
pub fn wanted(live: &[Selector], wishes: &[Wish], partition: &str, bucket: &str) -> Vec<Selector> {
    let mut selectors = live.to_vec();
    if !selectors.iter().any(|s| s.is_of("Management")) {
        selectors.insert(0, Selector::management());
    }
    for wish in wishes {
        wish.add_to(&mut selectors, partition, bucket);
    }
    selectors
}
