//! What a policy gives away, and what in it does not do what it seems to.

use super::contradictions::contradictions;
use super::document::{Policy, Statement};
use super::given::{Given, actions};
use super::meaning::{Dialect, Meaning, Principal, Scope};
use super::origins;

/// Something in a policy that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weakness {
    /// What kind of thing.
    pub kind: Kind,
    /// The statement, by its Sid or number.
    pub statement: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// The kinds of weakness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anyone may.
    Public,
    /// Others than the account may: ids of accounts and organizations, or what else names them.
    Shared(Vec<String>),
    /// A service of AWS may on behalf of others than the account: they are named as in `Shared`.
    ForOthers(Vec<String>),
    /// Services of AWS may on behalf of whomever: any customer can have them do it.
    ForAnyone(Vec<String>),
    /// Somebody may whose account the policy does not tell: ARNs of origin access identities.
    Untold(Vec<String>),
    /// An Allow for some addresses, VPCs or endpoints, without a Deny for the others.
    RestrictsNobody,
    /// Statements that undo each other: a service that one lets in is kept out by another, or two
    /// Denies leave nobody.
    Contradiction,
    /// A user or role that was deleted: its id.
    DeletedPrincipal(String),
    /// A `${…}` that the version of the policy takes for plain text.
    LiteralVariable,
    /// An Allow that is not understood here.
    NotUnderstood,
}

/// The bucket of a policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket<'a> {
    pub arn: &'a str,
    /// The account that owns it.
    pub account: &'a str,
}

/// What a policy of a bucket gives away, and what in it does not do what it seems to.
pub fn weaknesses(
    policy: &Policy,
    bucket_arn: &str,
    account: &str,
    partition: &str,
) -> Vec<Weakness> {
    let dialect = Dialect::resource(partition);
    let bucket = Bucket { arn: bucket_arn, account };
    let mut found = Vec::new();
    for (index, statement) in policy.statements().iter().enumerate() {
        let name = policy.name_of(index);
        // A Deny of ours is known to do what it says; an Allow may only be called like ours.
        if statement.is_own() && statement.denies() {
            continue;
        }
        let meaning = Meaning::of(statement.json(), policy.has_variables(), dialect);
        let mut add = |kind: Kind, what: String, remedy: String| {
            let statement = name.clone();
            found.push(Weakness { kind, statement, what, remedy });
        };
        if statement.allows() {
            match &meaning {
                Some(meaning) => {
                    let given = Given { name: &name, meaning, actions: actions(statement), bucket };
                    given.people(&mut add);
                    given.identities(&mut add);
                    given.services(&mut add);
                    if let Some((what, remedy)) =
                        origins::restricts_nobody(policy, &name, meaning, bucket, dialect)
                    {
                        add(Kind::RestrictsNobody, what, remedy);
                    }
                }
                None => add(
                    Kind::NotUnderstood,
                    format!("statement {name} allows something in a way that is not understood"),
                    "see for whom and for what it is, and write it plainly".to_owned(),
                ),
            }
        }
        if has_literal_variable(policy, statement) {
            add(
                Kind::LiteralVariable,
                format!(
                    "statement {name} has a ${{…}}, which a policy of version {} takes for plain text",
                    policy.version()
                ),
                "write the text that is meant, or set the policy's Version to 2012-10-17"
                    .to_owned(),
            );
        }
    }
    found.extend(contradictions(policy, bucket, dialect));
    for deleted in policy.deleted_principals() {
        found.push(Weakness {
            what: format!(
                "statement {} names {}, a deleted user or role; S3 refuses to store that again",
                deleted.statement, deleted.id
            ),
            remedy: "set prune_deleted_principals = true, or take it out of the policy by hand"
                .to_owned(),
            kind: Kind::DeletedPrincipal(deleted.id),
            statement: deleted.statement,
        });
    }
    found
}

impl Policy {
    /// Whether some statement allows something to anyone, under whatever conditions: only such a
    /// policy can be one that S3 takes for public.
    pub fn allows_anyone(&self, partition: &str) -> bool {
        let dialect = Dialect::resource(partition);
        let allowing = self.statements().iter().filter(|own| own.allows());
        let mut meanings =
            allowing.map(|own| Meaning::of(own.json(), self.has_variables(), dialect));
        meanings.any(|meaning| match meaning.and_then(|own| own.principals) {
            Some(Scope::Only(principals)) => principals.contains(&Principal::Anyone),
            Some(Scope::AllBut(_)) | None => true,
        })
    }
}

impl Policy {
    /// Whether some statement leaves it to the access points of a bucket to say who gets in: only then
    /// does the policy of an access point let in anybody whom that of the bucket does not. Source: S3
    /// User Guide, "Configuring IAM policies for using access points".
    pub fn leaves_it_to_access_points(&self, partition: &str) -> bool {
        let dialect = Dialect::resource(partition);
        let mut allowing = self.statements().iter().filter(|own| own.allows());
        allowing.any(|own| {
            let Some(meaning) = Meaning::of(own.json(), self.has_variables(), dialect) else {
                return true;
            };
            let mut keys = meaning.conditions.keys().map(|(_, key)| key.name());
            keys.any(|key| key.starts_with("s3:dataaccesspoint"))
        })
    }
}

/// Whether a statement of a policy that does not have variables has one.
fn has_literal_variable(policy: &Policy, statement: &Statement) -> bool {
    let has_one = |text: &str| text.find("${").is_some_and(|at| text[at..].contains('}'));
    !policy.has_variables() && statement.json().any_text(&has_one)
}
