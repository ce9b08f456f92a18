//! The entries of `[[buckets]]`, and what they ask of one bucket together.

use super::guards::{Guard, MaxAge, MinimumTls, Tls, Yes};
use super::values::{AccessLog, Encryption, ObjectLock, Ownership, Protection};
use crate::aws::Tags;
use crate::control::owner::TAKE_OVER;
use crate::document::Problems;
use crate::floor::{AtLeast, AtMost};
use crate::pattern::Pattern;
use crate::policy::guardrails::OnlyFrom;
use crate::s3::{check_shared_with, is_bucket_name, pattern_fault};
use crate::settings;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// The guardrails that an entry may ask for: one row each makes the key of the entry and the field
/// of what is wanted of a bucket.
macro_rules! guardrails {
    ($($(#[$($about:tt)*])* $name:ident: $type:ty,)*) => {
        settings! {
            /// One entry of `[[buckets]]`; what it leaves out is not managed by it.
            pub struct Entry {
                /// Names of buckets; `*` and `?` stand for any characters.
                #[example("[\"*\"]", "[\"acme-*\"]")]
                pub(super) matches as "match": Vec<Pattern>,

                /// Names that are left alone.
                #[example("[\"public-site-*\"]")]
                pub(super) except: Vec<Pattern> = [],

                $($(#[$($about)*])* pub(super) $name: Option<$type> = none,)*
            }
        }

        /// What the entries ask of one bucket: of several that say something about a guardrail, the
        /// last one counts.
        #[derive(Debug, Default)]
        pub(super) struct Wanted<'a> {
            $(pub(super) $name: Option<&'a $type>,)*
            /// Each guardrail that is asked for, with the number of the entry it came from.
            pub(super) said_by: Vec<(&'static str, usize)>,
        }

        impl Entry {
            /// Whether it asks for no guardrail at all.
            pub(super) fn says_nothing(&self) -> bool {
                true $(&& self.$name.is_none())*
            }
        }

        impl<'a> Wanted<'a> {
            /// What the entries ask of a bucket.
            pub(super) fn of(entries: &'a [Entry], bucket: &str) -> Self {
                let entries = entries.iter().enumerate();
                Self::by(entries.filter(|(_, entry)| entry.covers(bucket)))
            }

            /// What numbered entries ask of a bucket that all of them cover.
            pub(super) fn by(entries: impl Iterator<Item = (usize, &'a Entry)>) -> Self {
                let mut wanted = Self::default();
                for (number, entry) in entries {
                    $(if let Some(value) = &entry.$name {
                        let name = stringify!($name);
                        wanted.said_by.retain(|(other, _)| *other != name);
                        wanted.$name = Some(value).filter(|value| value.asks());
                        if wanted.$name.is_some() {
                            wanted.said_by.push((name, number));
                        }
                    })*
                }
                wanted
            }
        }
    };
}

/// Whether a value of the default encryption is about KMS: an algorithm, or a key by its ARN.
fn is_kms(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("aws:kms") || text.contains(":kms:"))
}

guardrails! {
    /// Whether requests without TLS are denied. This and the next ones are statements merged into
    /// the policy: what others wrote stays as it is, a Deny of theirs that is as broad is enough,
    /// and false takes ours out again.
    #[breaks("clients that use plain HTTP are refused")]
    ssl_only: Guard<Yes>,

    /// Requests with an older TLS than this are denied: `"1.2"`, or `"1.3"` in a table with
    /// `force = true`, which cuts off interface endpoints.
    #[breaks("clients that know only older versions of TLS are refused")]
    #[example("\"1.2\"", "{ version = \"1.3\", force = true }", "false")]
    minimum_tls: Guard<MinimumTls>,

    /// A request passes that comes from any one of these; all others are denied, except those of AWS
    /// services, of service-linked roles and of `break_glass`, and except on the policy itself. Not
    /// put in place while it may keep out whoever does so: see `accept_lockout` and `--seen-from`.
    #[breaks(
        "whoever comes from elsewhere is refused: other accounts, anonymous readers, the console, \
         replication and roles that AWS services assume"
    )]
    #[example("{ networks = [\"203.0.113.0/24\"] }", "{ vpcs = [\"vpc-1a2b3c4d\"] }", "false")]
    only_from: Guard<OnlyFrom>,

    /// ARNs of roles and users whom `only_from` spares; `*` and `?` may stand for parts of their
    /// names and paths; `{account}` is filled in.
    #[example("[\"arn:aws:iam::{account}:role/break-glass\"]")]
    break_glass: Vec<String>,

    /// Whether `only_from` is put in place even if it keeps out whoever does so.
    accept_lockout: bool,

    /// Presigned requests with an older signature are denied, for however long they were signed, and
    /// those of Signature Version 2, whose age S3 does not know. At most 7 days.
    #[breaks(
        "presigned URLs stop working when they are that old, and those of Signature Version 2 at \
         once"
    )]
    #[example("\"10m\"", "false")]
    presigned_max_age: Guard<MaxAge>,

    /// Whether objects, their versions and the bucket are deleted only by who signed in with MFA.
    /// Lifecycle rules go on.
    #[breaks("access keys, and roles that were assumed without MFA, can no longer delete")]
    delete_requires_mfa: Guard<Yes>,

    /// Whether uploads are denied that ask for another encryption, or another key, than the default,
    /// which their headers override; uploads that ask for nothing, and those of AWS services, pass.
    #[breaks("uploads that ask for another encryption than the default are refused")]
    encrypted_uploads: Guard<Yes>,

    /// Whether users and roles that were deleted are taken out of the statements of others: S3
    /// stores no policy that names one.
    #[shown_as("deleted_principals")]
    prune_deleted_principals: bool,

    /// Accounts, organizations and whatever else a statement names, as networks and VPC endpoints,
    /// that the policy, and those of access points that it leaves it to, may let in, or that the
    /// bucket may be replicated to; whoever else gets in is a finding, with the statement. So is an
    /// AWS service that may act there for another account, or for any: name that account, or the
    /// service.
    #[example("[\"111122223333\"]", "[\"o-exampleorgid\"]")]
    shared_with: BTreeSet<String>,

    /// Whether statements are findings that do not do what they seem to: an Allow for some
    /// addresses, VPCs or endpoints without a Deny for the others, a service that may act for any
    /// account or for another one, statements that undo each other, principals that were deleted,
    /// `${…}` in a policy of the version that does not know it.
    sound_policy: bool,

    /// Whether all four public access blocks of the bucket are on. Who loses access is listed.
    #[breaks("readers who get in only because a bucket is public lose access")]
    public_access_block: Protection,

    /// Whether a public policy or ACL, or an access point whose own block is off, is a finding.
    private: bool,

    /// `"enforced"`: the bucket's owner owns every object and ACLs count for nothing. Not done while
    /// the bucket's ACL grants something to others.
    #[breaks("access that ACLs of single objects give to others ends")]
    ownership: Ownership,

    /// How new objects are encrypted whose upload does not say: `"s3"`, which everything stricter
    /// satisfies, or with a KMS key.
    #[breaks(
        "who writes or reads new objects of a bucket with a KMS key must be allowed to use the key"
    )]
    #[costs]
    #[only_with(is_kms)]
    #[example("\"s3\"", "{ kms = \"alias/data\" }")]
    encryption: Encryption,

    /// Whether overwritten and deleted objects stay as old versions.
    #[costs]
    versioning: bool,

    /// Days that old versions are kept at least, by a lifecycle rule that then deletes them. Where
    /// they are kept for ever, only `{ exactly = … }` begins to delete them.
    #[range(1..=i64::MAX)]
    #[example("30", "{ exactly = 30 }")]
    noncurrent_days: AtLeast<i32>,

    /// Whether it is a finding that versions can be deleted without MFA. Only the root user can
    /// change that.
    mfa_delete: bool,

    /// Days after which the parts of uploads that were never finished are deleted, by a lifecycle
    /// rule.
    #[range(1..=i64::MAX)]
    #[example("7", "{ exactly = 7 }")]
    abort_incomplete_uploads_days: AtMost<i32>,

    /// Where requests are logged to: a bucket of the same region, whose policy is made to let the
    /// logs in.
    #[costs]
    #[example("{ bucket = \"acme-access-logs\" }")]
    access_log: AccessLog,

    /// New objects cannot be deleted or overwritten for so long. Cannot be switched off again.
    #[costs]
    #[example("{ mode = \"governance\", days = 30 }")]
    object_lock: ObjectLock,

    /// Tags that a bucket must have, beside those it has.
    #[example("{ team = \"platform\" }")]
    tags: Tags,

    #[says(TAKE_OVER)]
    take_over: bool,
}

impl Entry {
    /// The bucket that the entry has logs of a region's buckets delivered to.
    pub(super) fn log_target(&self, account: &str, region: &str) -> Option<String> {
        Some(self.access_log.as_ref()?.target(account, region))
    }
}

/// Whether a value asks for something: `false` takes back what an earlier entry asks for.
trait Asks {
    fn asks(&self) -> bool {
        true
    }
}

impl Asks for bool {
    fn asks(&self) -> bool {
        *self
    }
}

impl Asks for Protection {
    fn asks(&self) -> bool {
        self.0
    }
}

impl<T> Asks for Guard<T> {}
impl Asks for Vec<String> {}
impl Asks for BTreeSet<String> {}
impl Asks for Ownership {}
impl Asks for Encryption {}
impl Asks for AtLeast<i32> {}
impl Asks for AtMost<i32> {}
impl Asks for AccessLog {}
impl Asks for ObjectLock {}
impl Asks for Tags {}

impl Entry {
    /// Whether it is for a bucket.
    pub(super) fn covers(&self, bucket: &str) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|own| own.matches(bucket));
        any(&self.matches) && !any(&self.except)
    }
}

impl Wanted<'_> {
    /// Whether nothing is asked of the bucket.
    pub(super) fn is_nothing(&self) -> bool {
        let adds_to_another = ["break_glass", "accept_lockout", "take_over"];
        let mut said = self.said_by.iter();
        said.all(|(name, _)| adds_to_another.contains(name))
    }

    /// Which entry asks for what, where more than one does; with a single one it is plain.
    pub(super) fn sources(&self, entries: &[Entry]) -> Option<String> {
        let mut numbers: Vec<usize> = self.said_by.iter().map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let of = |number: usize| {
            let said = self.said_by.iter().filter(|(_, own)| *own == number);
            let names: Vec<&str> = said.map(|(name, _)| *name).collect();
            let patterns = entries[number].matches.iter().map(|own| own.as_str());
            let patterns: Vec<&str> = patterns.collect();
            format!("{} by match {}", names.join(", "), patterns.join(" "))
        };
        (numbers.len() > 1).then(|| {
            let parts: Vec<String> = numbers.into_iter().map(of).collect();
            format!("asked for: {}", parts.join("; "))
        })
    }
}

/// Looks for what contradicts itself or S3 would refuse.
pub(super) fn check(number: usize, entry: &Entry, problems: &mut Problems) {
    let mut at = |setting: &str, text: &str| {
        problems.setting(&format!("{number}.{setting}"), text);
    };
    if entry.matches.is_empty() {
        at("match", "no name could match");
    }
    for (key, patterns) in [("match", &entry.matches), ("except", &entry.except)] {
        for (place, pattern) in patterns.iter().enumerate() {
            if let Some(fault) = pattern_fault(pattern.as_str()) {
                at(&format!("{key}.{place}"), &fault);
            }
        }
    }
    if let Some(Guard::On(tls)) = &entry.minimum_tls
        && tls.version == Tls::V1_3
        && !tls.force
    {
        let text = "interface endpoints (PrivateLink) do not know TLS 1.3 and would be cut off: \
                    say { version = \"1.3\", force = true } if there are none";
        at("minimum_tls", text);
    }
    if let Some(fault) = entry.only_from.as_ref().and_then(Guard::fault) {
        at("only_from", &fault);
    }
    for principal in entry.break_glass.iter().flatten() {
        if !is_principal(principal) {
            let text = "name users or roles of an account, as arn:aws:iam::111122223333:role/Name; \
                        * and ? may stand for parts of the name";
            at("break_glass", text);
        }
    }
    if let Some(Guard::On(MaxAge(age))) = &entry.presigned_max_age
        && !(Duration::from_secs(1)..=LONGEST_SIGNATURE).contains(age)
    {
        at("presigned_max_age", "a signature is valid for 1 second to 7 days");
    }
    check_shared_with(entry.shared_with.iter().flatten(), |text| {
        at("shared_with", text);
    });
    if let Some(Encryption::Kms(kms)) = &entry.encryption
        && kms.key("111122223333", "us-east-1").is_empty()
    {
        at("encryption.kms", "name a key: by alias, as alias/data, by id or by ARN");
    }
    if let Some(log) = &entry.access_log {
        if !is_bucket_name(&log.target("111122223333", "x")) {
            at("access_log.bucket", "this is no name of a bucket");
        }
        if log.prefix.len() > 800 {
            at("access_log.prefix", "S3 takes keys of at most 1024 bytes");
        }
    }
    for (key, value) in entry.tags.iter().flatten() {
        if key.starts_with("$__toml_private") {
            // To serde a date is a table with one entry of this name.
            at("tags", "expected a table, found a date");
        } else if key.is_empty() || key.chars().count() > 128 || key.starts_with("aws:") {
            at("tags", "a key has 1 to 128 characters and does not begin with aws:");
        } else if value.chars().count() > 256 {
            at("tags", "a value has at most 256 characters");
        }
    }
    if entry.says_nothing() {
        let text = "this entry asks for nothing: add a guardrail, such as ssl_only = true";
        problems.setting(&format!("{number}"), text);
    }
}

/// The longest that a signature is valid. Source: S3 API Reference, "Authenticating Requests: Using
/// Query Parameters".
const LONGEST_SIGNATURE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Whether a text is the ARN of users or roles of one account.
fn is_principal(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let is_account = |text: &str| {
        text == "{account}" || (text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()))
    };
    match parts.as_slice() {
        ["arn", _, "iam", "", account, name] => {
            let named = ["role/", "user/"].iter().find_map(|kind| name.strip_prefix(kind));
            is_account(account) && named.is_some_and(|name| name.contains(|c| c != '*' && c != '?'))
        }
        _ => false,
    }
}

/// The account of the key that an entry names by ARN.
pub(super) fn account_of_key(entry: &Entry) -> Option<String> {
    match &entry.encryption {
        Some(Encryption::Kms(kms)) => {
            let account = kms.kms.strip_prefix("arn:")?.split(':').nth(3)?;
            Some(account.to_owned()).filter(|account| !account.contains('{'))
        }
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde::Deserialize;
    use toml::de::ValueDeserializer;

    /// Entries of a test.
    pub fn entries(text: &str) -> Vec<Entry> {
        let value = ValueDeserializer::parse(text).expect("the test's TOML is valid");
        Vec::<Entry>::deserialize(value).expect("the test's settings are valid")
    }

    #[test]
    fn the_last_entry_that_says_something_counts() {
        let text =
            "[{ match = [\"*\"], ssl_only = true }, { match = [\"old-*\"], ssl_only = false }]";
        let entries = entries(text);
        assert_eq!(Wanted::of(&entries, "a").ssl_only, Some(&Guard::On(Yes)));
        assert_eq!(Wanted::of(&entries, "old-b").ssl_only, Some(&Guard::Off));
    }
}
