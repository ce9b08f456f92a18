//! Whether a bucket keeps its promise to the logs in it: nobody else gets them, they come, they stay,
//! and whoever investigates can read them. One judgement for the log bucket and for the buckets that
//! adopted trails and channels deliver to.

use crate::aws::facts::Reader;
use crate::aws::{AwsError, Operation};
use crate::control::{Context, Remarks};
use crate::policy::{Policy, weaknesses};
use crate::s3::{self, AclGrant, Bucket, Flags, Judged, Rule, Shipment};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// For how many days logs of an adopted bucket stay at least: so long CloudTrail keeps its events
/// without any trail, and a trail whose files are deleted before that adds nothing. Source: CloudTrail
/// User Guide, "Working with CloudTrail event history".
const SHORTEST: i32 = 90;

/// For how many days after delivery logs can be read at once. After that many are moved to cold
/// storage for their price; before it, somebody hides what just happened.
const FRESH: i32 = 30;

/// The storage classes whose objects cannot be read before they are restored, which takes hours.
/// Source: S3 User Guide, "Understanding S3 Glacier storage classes".
const COLD: [&str; 2] = ["DEEP_ARCHIVE", "GLACIER"];

/// What of the promise is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// Nobody else gets the logs.
    Private,
    /// They come.
    Delivered,
    /// The policy lets somebody read them.
    Readable,
    /// They are encrypted with a key of the account that serves.
    Encrypted,
    /// They stay, and where they can be read at once.
    Kept,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub promise: Promise,
    pub what: String,
    pub remedy: String,
}

/// A bucket of logs, and what is delivered to it.
#[derive(Debug)]
pub(super) struct Archive<'a> {
    pub name: &'a str,
    pub bucket: &'a Bucket,
    pub judged: &'a Judged,
    pub shipments: Vec<Shipment<'a>>,
    pub context: &'a Context,
}

impl Archive<'_> {
    /// What every bucket of logs has to keep; with whom it is shared counts where that is judged.
    pub fn broken(&self, shared_with: Option<&BTreeSet<String>>) -> Vec<Broken> {
        let mut broken = Vec::new();
        let policy = self.bucket.policy.as_deref().map(Policy::parse);
        let policy = policy.and_then(Result::ok);
        if let Some(shared_with) = shared_with {
            broken.extend(self.strangers(policy.as_ref(), shared_with));
        }
        if let Some(policy) = &policy {
            broken.extend(self.kept_out(policy));
            broken.extend(self.hidden(policy));
        }
        if let Some(shared_with) = shared_with {
            let replicas = self.judged.replicas.iter();
            let faults = replicas.filter_map(|own| own.fault(shared_with));
            broken.extend(faults.map(of(Promise::Private)));
        }
        if let Some(key) = &self.judged.kms {
            let fault = s3::key_fault(key, &self.context.account, self.judged.key.as_ref());
            broken.extend(fault.map(of(Promise::Encrypted)));
        }
        broken.extend(self.cold());
        broken
    }

    /// What has to be judged of an adopted bucket beside that, because nothing is set right in it.
    fn broken_in_adopted(&self, is_blocked: bool) -> Vec<Broken> {
        let mut broken = Vec::new();
        let block = self.bucket.public_access_block;
        let is_harmless = |own: &&AclGrant| {
            let is_ignored = own.is_public() && block.ignore_public_acls;
            own.is_log_delivery() || own.is_cloudfront_logs() || is_ignored
        };
        for grant in self.judged.grants.iter().filter(|own| !is_harmless(own)) {
            let what = format!("its ACL grants {grant}");
            let remedy =
                "make the ACL private (aws s3api put-bucket-acl --acl private), or waive it";
            broken.push(of(Promise::Private)((what, remedy.to_owned())));
        }
        if block != Flags::ON && !is_blocked {
            let what = "public access to it is blocked neither there nor in the account";
            let remedy = "block it: aws s3api put-public-access-block, or [public_access_block] in \
                          the baseline";
            broken.push(of(Promise::Private)((what.to_owned(), remedy.to_owned())));
        }
        broken.extend(self.short_lived());
        broken
    }

    fn strangers(&self, policy: Option<&Policy>, shared_with: &BTreeSet<String>) -> Vec<Broken> {
        let (account, partition) = (&self.context.account, &self.context.partition);
        let arn = s3::arn(partition, self.name);
        let found = policy.map(|policy| weaknesses(policy, &arn, account, partition));
        let others = found.into_iter().flatten().filter(s3::lets_others_in);
        let others = others.filter_map(|found| s3::beyond(found, shared_with));
        let faults = others.map(|found| (found.what, found.remedy));
        let points = self.judged.access_points.iter();
        let by_points = points.flat_map(|own| own.faults(shared_with, &arn, account, partition));
        faults.chain(by_points).map(of(Promise::Private)).collect()
    }

    fn kept_out(&self, policy: &Policy) -> Vec<Broken> {
        let mut told: Vec<(String, String)> = Vec::new();
        for shipment in &self.shipments {
            let statement = shipment.kept_out_by(policy);
            let own = statement.map(|own| own.in_words(self.name, shipment.service));
            told.extend(own.filter(|own| !told.contains(own)));
        }
        told.into_iter().map(of(Promise::Delivered)).collect()
    }

    fn hidden(&self, policy: &Policy) -> Option<Broken> {
        let mut shipments = self.shipments.iter();
        let statement = shipments.find_map(|own| own.hidden_by(policy))?;
        let what =
            format!("statement {statement} denies everybody in the account to read the logs");
        let remedy = "let the statement spare those who look at them, or remove it";
        Some(of(Promise::Readable)((what, remedy.to_owned())))
    }

    /// The rules that are switched on and that logs come under: any rule where it is not known what
    /// is delivered. None of them has tags.
    fn rules(&self) -> impl Iterator<Item = Rule> {
        let rules = self.bucket.rules();
        let enabled: Vec<Rule> = rules.enabled().cloned().collect();
        enabled.into_iter().filter(|rule| {
            let meets = |own: &Shipment<'_>| own.meets(rule.prefix());
            !rule.is_for_tags() && (self.shipments.is_empty() || self.shipments.iter().any(meets))
        })
    }

    fn cold(&self) -> Vec<Broken> {
        let cold = |rule: Rule| {
            let mut moves = rule.transitions.iter();
            let class = moves.find_map(|own| {
                let class = own.storage_class.as_deref()?;
                let is_early = own.days.is_none_or(|days| days < FRESH);
                (COLD.contains(&class) && is_early).then_some(class)
            })?;
            let what = format!(
                "the lifecycle rule '{}' moves logs to {class} within {FRESH} days: they cannot be \
                 read before hours of restoring",
                rule.name()
            );
            let remedy = format!("let that rule wait for {FRESH} days at least, or remove it");
            Some(of(Promise::Kept)((what, remedy)))
        };
        self.rules().filter_map(cold).collect()
    }

    fn short_lived(&self) -> Vec<Broken> {
        let short = |rule: Rule| {
            let early = rule.expiration_days().filter(|days| *days < SHORTEST);
            let what = match early {
                _ if rule.expires_on_date() => "deletes logs on a date".to_owned(),
                Some(days) => format!("deletes logs after {days} days, before {SHORTEST}"),
                None => return None,
            };
            let what = format!("the lifecycle rule '{}' {what}", rule.name());
            let remedy = "raise or remove that rule, or waive it".to_owned();
            Some(of(Promise::Kept)((what, remedy)))
        };
        self.rules().filter_map(short).collect()
    }
}

fn of(promise: Promise) -> impl Fn((String, String)) -> Broken {
    move |(what, remedy)| Broken { promise, what, remedy }
}

/// A bucket of this account beside the log bucket that something adopted delivers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Adopted {
    /// Its name.
    pub name: String,
    /// What it is set to, as far as that is judged.
    pub bucket: Bucket,
    /// Whether public access is blocked in the whole account; only read where it is not in the
    /// bucket.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_account_blocked: bool,
}

impl Adopted {
    /// Reads the bucket of a name, all that is judged of it side by side and once in a run; `None`
    /// where the account has none of that name, and for the log bucket, which is judged by itself.
    ///
    /// # Errors
    /// When the list of buckets, or a setting, could not be seen.
    pub async fn read(
        reader: &Reader,
        name: &str,
        context: &Context,
    ) -> Result<Option<Self>, AwsError> {
        if context.log_bucket.as_deref() == Some(name) {
            return Ok(None);
        }
        let listed = reader.buckets().await?;
        let Some(own) = listed.iter().find(|own| own.name == name) else {
            return Ok(None);
        };
        let bucket = match Box::pin(s3::read_judged(reader, name, &own.region)).await {
            // It was deleted since: what it is for is told by the failing deliveries.
            Err(error) if error.is("NoSuchBucket") => return Ok(None),
            bucket => bucket?,
        };
        let is_account_blocked = match bucket.public_access_block == Flags::ON {
            true => false,
            false => Box::pin(s3::account_public_access_block(reader)).await? == Flags::ON,
        };
        Ok(Some(Self { name: name.to_owned(), bucket, is_account_blocked }))
    }

    /// Adds what is wrong with it as findings of a field. `skip_deliveries` is for where it is told
    /// already that they fail, and why.
    pub fn judge(
        &self,
        field: &str,
        shipment: Shipment<'_>,
        skip_deliveries: bool,
        context: &Context,
        say: &mut Remarks,
    ) {
        let Some(judged) = &self.bucket.judged else {
            return;
        };
        let archive = Archive {
            name: &self.name,
            bucket: &self.bucket,
            judged,
            shipments: vec![shipment],
            context,
        };
        let is_blocked = self.is_account_blocked || context.blocks_public_policies();
        let shared_with = context.shared_with(&self.name);
        let mut broken = archive.broken(Some(&shared_with));
        broken.extend(archive.broken_in_adopted(is_blocked));
        for own in broken {
            match own.promise {
                Promise::Delivered if skip_deliveries => {}
                // It names the bucket itself.
                Promise::Delivered => say.finding(field, own.what, own.remedy),
                _ => {
                    let what = format!("bucket {}, which it delivers to: {}", self.name, own.what);
                    say.finding(field, what, own.remedy);
                }
            }
        }
    }
}

/// The operations that ask what an adopted bucket is set to, and then a control's own.
macro_rules! with_archive {
    ($($own:expr),* $(,)?) => {
        &[
            $crate::aws::facts::GET_BUCKET_POLICY,
            $crate::s3::GET_PUBLIC_ACCESS_BLOCK,
            $crate::s3::GET_ACCOUNT_PUBLIC_ACCESS_BLOCK,
            $crate::s3::GET_OWNERSHIP,
            $crate::s3::GET_ACL,
            $crate::s3::GET_ENCRYPTION,
            $crate::s3::GET_LIFECYCLE,
            $crate::s3::GET_REPLICATION,
            $crate::s3::LIST_ACCESS_POINTS,
            $crate::s3::GET_ACCESS_POINT_POLICY,
            $($own,)*
        ]
    };
}

pub(super) use with_archive;

/// The names of those operations.
pub(super) fn reads() -> impl Iterator<Item = &'static str> {
    const READS: &[Operation] = with_archive![];
    READS.iter().map(|own| own.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::context;
    use serde_json::{Value, json};

    const STRANGER: &str = "999999999999";

    fn adopted() -> Value {
        json!({"name": "old-logs", "bucket": {
            "region": "us-east-1", "ownership": "BucketOwnerEnforced", "encryption": "AES256",
            "public_access_block": {"block_public_acls": true, "ignore_public_acls": true,
                "block_public_policy": true, "restrict_public_buckets": true},
            "versioning": null, "lifecycle": {}, "policy": null, "tags": {}, "judged": {},
        }})
    }

    /// A change of what was seen.
    type Weaken<'a> = &'a dyn Fn(&mut Value);

    /// What is said of it where a trail delivers to it.
    fn said(change: impl Fn(&mut Value)) -> Vec<String> {
        let mut adopted = adopted();
        change(&mut adopted);
        let adopted: Adopted = serde_json::from_value(adopted).expect("a bucket");
        let context = context();
        let shipment = Shipment {
            service: "cloudtrail.amazonaws.com",
            account: &context.account,
            source: Some("arn:aws:cloudtrail:us-east-1:111122223333:trail/audit"),
            bucket: "arn:aws:s3:::old-logs",
            objects: "arn:aws:s3:::old-logs/AWSLogs/111122223333/*".to_owned(),
            key: None,
            now: context.now,
        };
        let mut say = Remarks::default();
        adopted.judge("bucket", shipment, false, &context, &mut say);
        assert!(say.findings.iter().all(|own| own.field == "bucket"));
        say.findings.into_iter().map(|own| own.what).collect()
    }

    fn policy(statement: Value) -> impl Fn(&mut Value) {
        move |own| {
            let text = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
            own["bucket"]["policy"] = json!(text);
        }
    }

    fn rule(own: &mut Value, rule: Value) {
        let mut whole = json!({"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": ""}});
        for (key, value) in rule.as_object().expect("a table") {
            whole[key] = value.clone();
        }
        own["bucket"]["lifecycle"] = json!({"value": {"Rules": [whole]}, "unknown": []});
    }

    #[test]
    fn a_bucket_that_keeps_its_promise_is_no_finding() {
        assert!(said(|_| {}).is_empty());
        let fine: [Weaken<'_>; 6] = [
            &|own| rule(own, json!({"Expiration": {"Days": 90}})),
            &|own| rule(own, json!({"Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}})),
            &|own| rule(own, json!({"Status": "Disabled", "Expiration": {"Days": 1}})),
            &|own| rule(own, json!({"Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]})),
            &|own| rule(own, json!({"Transitions": [{"Days": 0, "StorageClass": "STANDARD_IA"}]})),
            &|own| {
                own["bucket"]["judged"]["grants"] =
                    json!([{"grantee": "LogDelivery", "permission": "WRITE"}]);
            },
        ];
        for change in fine {
            let said = said(change);
            assert!(said.is_empty(), "{said:?}");
        }
    }

    #[test]
    fn every_broken_promise_of_an_adopted_bucket_is_named_with_the_bucket() {
        let stranger = json!({"Sid": "Audit", "Effect": "Allow", "Principal": {"AWS": STRANGER},
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::old-logs/*"});
        let quiet = json!({"Sid": "Quiet", "Effect": "Deny", "Principal": "*",
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::old-logs/*"});
        let closed = json!({"Sid": "Closed", "Effect": "Deny", "Principal": "*",
            "Action": "s3:PutObject", "Resource": "arn:aws:s3:::old-logs/*"});
        let broken: [(Weaken<'_>, &str); 10] = [
            (&policy(stranger), "statement Audit allows 999999999999"),
            (&policy(quiet), "statement Quiet denies everybody in the account to read"),
            (&policy(closed), "statement Closed of the policy of bucket old-logs denies"),
            (
                &|own| {
                    own["bucket"]["judged"]["kms"] =
                        json!("arn:aws:kms:us-east-1:999999999999:key/0");
                },
                "belongs to account 999999999999",
            ),
            (
                &|own| {
                    own["bucket"]["judged"]["replicas"] =
                        json!([{"rule": "out", "bucket": "arn:aws:s3:::elsewhere"}]);
                },
                "the replication rule 'out' copies",
            ),
            (
                &|own| rule(own, json!({"Expiration": {"Days": 1}})),
                "the lifecycle rule 'tidy' deletes logs after 1 days, before 90",
            ),
            (
                &|own| {
                    rule(
                        own,
                        json!({"Transitions": [{"Days": 1, "StorageClass": "DEEP_ARCHIVE"}]}),
                    );
                },
                "moves logs to DEEP_ARCHIVE within 30 days",
            ),
            (
                &|own| {
                    own["bucket"]["judged"]["grants"] =
                        json!([{"grantee": "0123", "permission": "READ"}]);
                },
                "its ACL grants READ to 0123",
            ),
            (
                &|own| {
                    own["bucket"]["public_access_block"]["restrict_public_buckets"] = json!(false);
                },
                "public access to it is blocked neither there nor in the account",
            ),
            (
                &|own| {
                    own["bucket"]["judged"]["access_points"] = json!([{"name": "way", "policy":
                        json!({"Statement": {"Effect": "Allow", "Principal": {"AWS": STRANGER},
                        "Action": "s3:GetObject", "Resource": "*"}}).to_string()}]);
                },
                "its access point way: statement #1 allows 999999999999",
            ),
        ];
        for (change, wanted) in broken {
            let said = said(change);
            let [only] = said.as_slice() else {
                panic!("{wanted}: {said:?}");
            };
            assert!(only.contains(wanted) && only.contains("old-logs"), "{only}");
        }
        let mut open = adopted();
        open["bucket"]["public_access_block"]["block_public_acls"] = json!(false);
        open["is_account_blocked"] = json!(true);
        assert!(said(|own| *own = open.clone()).is_empty());
    }
}
