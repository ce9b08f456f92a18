//! The entries of `[[buckets]]`, and what they ask of one bucket together.

use super::guards::{Guard, MaxAge, MinimumTls, Tls, Yes};
use super::values::{AccessLog, Encryption, ObjectLock, Ownership};
use crate::aws::Tags;
use crate::document::Problems;
use crate::floor::{AtLeast, AtMost};
use crate::pattern::Pattern;
use crate::policy::guardrails::OnlyFrom;
use crate::s3::{check_shared_with, is_bucket_name, pattern_fault};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// The guardrails that an entry may ask for: one line each makes the key of the entry and the field
/// of what is wanted of a bucket.
macro_rules! guardrails {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        /// One entry of `[[buckets]]`; what it leaves out is not managed by it.
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Entry {
            #[serde(rename = "match")]
            pub(super) matches: Vec<Pattern>,
            #[serde(default)]
            pub(super) except: Vec<Pattern>,
            $(pub(super) $name: Option<$type>,)*
        }

        /// What the entries ask of one bucket: of several that say something about a guardrail, the
        /// last one counts.
        #[derive(Debug, Default)]
        pub(super) struct Wanted<'a> {
            $($(#[$doc])* pub(super) $name: Option<&'a $type>,)*
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
                let mut wanted = Self::default();
                let covering = entries.iter().enumerate().filter(|(_, entry)| entry.covers(bucket));
                for (number, entry) in covering {
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

guardrails! {
    /// Requests without TLS are denied,
    ssl_only: Guard<Yes>,
    /// and those with an older TLS.
    minimum_tls: Guard<MinimumTls>,
    /// Requests from elsewhere are denied,
    only_from: Guard<OnlyFrom>,
    /// except those of these principals,
    break_glass: Vec<String>,
    /// and also if that keeps out whoever asks for it.
    accept_lockout: bool,
    /// Presigned URLs do not work for longer than this.
    presigned_max_age: Guard<MaxAge>,
    /// Deleting takes MFA.
    delete_requires_mfa: Guard<Yes>,
    /// Uploads that ask for another encryption than the default are denied.
    encrypted_uploads: Guard<Yes>,
    /// Users and roles that were deleted are taken out of the policy.
    prune_deleted_principals: bool,
    /// Nobody else but these accounts and organizations is let in by the policy.
    shared_with: BTreeSet<String>,
    /// No statement of the policy does something else than it seems to.
    sound_policy: bool,
    /// All four public access blocks of the bucket are on.
    public_access_block: bool,
    /// Nothing of the bucket's own makes it public, access points included.
    private: bool,
    /// ACLs count for nothing.
    ownership: Ownership,
    /// What encrypts objects whose upload does not say.
    encryption: Encryption,
    /// Old versions are kept,
    versioning: bool,
    /// for at least so many days.
    noncurrent_days: AtLeast<i32>,
    /// Deleting a version takes the root user's MFA.
    mfa_delete: bool,
    /// The parts of unfinished uploads are deleted after so many days.
    abort_incomplete_uploads_days: AtMost<i32>,
    /// Requests are logged to another bucket.
    access_log: AccessLog,
    /// New objects are locked.
    object_lock: ObjectLock,
    /// The bucket has these tags beside others.
    tags: Tags,
    /// What somebody else manages is changed all the same.
    take_over: bool,
}

impl Entry {
    /// The bucket that the entry has logs of a region's buckets delivered to.
    pub(super) fn log_target(&self, account: &str, region: &str) -> Option<String> {
        Some(self.access_log.as_ref()?.target(account, region))
    }
}

impl Entry {
    /// Of each guardrail that is a statement, whether it is on, if it is said.
    fn statements(&self) -> [Option<bool>; 6] {
        fn is_on<T>(guard: &Option<Guard<T>>) -> Option<bool> {
            guard.as_ref().map(|guard| guard.on().is_some())
        }
        [
            is_on(&self.ssl_only),
            is_on(&self.minimum_tls),
            is_on(&self.only_from),
            is_on(&self.presigned_max_age),
            is_on(&self.delete_requires_mfa),
            is_on(&self.encrypted_uploads),
        ]
    }

    /// Whether it says something about guardrails that are statements.
    pub(super) fn has_statements(&self) -> bool {
        self.statements().iter().any(Option::is_some)
    }

    /// Whether it takes one of them back.
    pub(super) fn takes_statements_back(&self) -> bool {
        self.statements().contains(&Some(false))
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
    let days = "S3 counts in whole days, from 1 up";
    if entry
        .noncurrent_days
        .as_ref()
        .is_some_and(|days| *days.value() < 1)
    {
        at("noncurrent_days", days);
    }
    let uploads = entry.abort_incomplete_uploads_days.as_ref();
    if uploads.is_some_and(|days| days.settle(None) < 1) {
        at("abort_incomplete_uploads_days", days);
    }
    if let Some(lock) = &entry.object_lock
        && !(1..=36_500).contains(&lock.days)
    {
        at("object_lock.days", "S3 locks for 1 to 36500 days");
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
        at(
            "presigned_max_age",
            "a signature is valid for 1 second to 7 days",
        );
    }
    check_shared_with(entry.shared_with.iter().flatten(), |text| {
        at("shared_with", text);
    });
    if let Some(Encryption::Kms(kms)) = &entry.encryption
        && kms.key("111122223333", "us-east-1").is_empty()
    {
        at(
            "encryption.kms",
            "name a key: by alias, as alias/data, by id or by ARN",
        );
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
            at(
                "tags",
                "a key has 1 to 128 characters and does not begin with aws:",
            );
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
            let named = ["role/", "user/"]
                .iter()
                .find_map(|kind| name.strip_prefix(kind));
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
