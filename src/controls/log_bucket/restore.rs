//! What puts the bucket back to what it was before a run. No log is deleted by it.

use super::Live;
use super::change::{RULE, kept_for, own_rule, target};
use crate::control::{Context, Past, Proposal, Standing};
use crate::diff::{Difference, compare};
use crate::s3::{self, Bucket, Target};
use serde_json::json;

/// A bucket that the run created stays as it is, with the logs in it.
pub fn restore(name: &str, past: &Past<Live>, context: &Context) -> Proposal {
    if let Some(buckets) = past.each(Live::bucket) {
        return Restore::new(name, &buckets, context).all();
    }
    let mut proposal = Proposal::fine();
    match (&past.before, &past.live) {
        (Live::Absent, Live::Own(bucket)) => {
            let region = &bucket.region;
            proposal.finding(
                "name",
                "the run created the bucket; it stays as it is, with the logs in it",
                format!(
                    "if nothing delivers to it and nobody needs the logs: empty it with all \
                     versions (S3 console, {name}, Empty), then aws s3api delete-bucket --bucket \
                     {name} --region {region}"
                ),
            );
        }
        (_, Live::Own(_)) => return Proposal::by_hand(past),
        (_, Live::Absent | Live::Taken) => {
            proposal.note(format!(
                "the bucket {name} of that run is not there any more"
            ));
        }
    }
    proposal
}

struct Restore<'a> {
    name: &'a str,
    buckets: &'a Past<Bucket>,
    target: Target,
    proposal: Proposal,
}

impl<'a> Restore<'a> {
    fn new(name: &'a str, buckets: &'a Past<Bucket>, context: &Context) -> Self {
        let arn = s3::arn(&context.partition, name);
        let target = target(name, &buckets.live.region, context);
        let policies = buckets.map(|bucket| bucket.policy.clone());
        Self {
            name,
            buckets,
            proposal: s3::restore_policy(target.clone(), &arn, &policies),
            target,
        }
    }

    fn all(mut self) -> Proposal {
        if !matches!(self.proposal.standing, Standing::Own) {
            return self.proposal;
        }
        self.rule();
        self.ownership();
        self.public_access_block();
        self.versioning();
        self.encryption();
        self.proposal
    }

    /// One field that goes back, or nothing; what was changed again since is told.
    fn part<T>(&mut self, field: &str, part: impl Fn(&Bucket) -> T) -> Option<(T, T)>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Clone + PartialEq,
    {
        let past = self.buckets.map(part);
        let (merged, wanted) = past.put_back();
        for finding in merged.findings {
            self.proposal.finding(field, finding.what, finding.remedy);
        }
        (past.live != wanted).then_some((past.live, wanted))
    }

    fn differs(&mut self, field: &str, now: serde_json::Value, wanted: serde_json::Value) {
        let loosens = !field.starts_with("retention_days") && !field.starts_with("rules");
        let difference = Difference::new(field, now, wanted);
        let difference = Difference {
            loosens,
            ..difference
        };
        self.proposal.differences.push(difference);
    }

    fn rule(&mut self) {
        let name = self.name;
        let Some((now, wanted)) = self.part("retention_days", |own| kept_for(name, own)) else {
            return;
        };
        if let Some((what, remedy)) = self
            .buckets
            .live
            .lifecycle
            .refusal("lifecycle configuration")
        {
            return self.proposal.finding("retention_days", what, remedy);
        }
        let rules = self.buckets.live.rules();
        let target = self.target.clone();
        match wanted {
            Some(days) => {
                self.differs("retention_days", json!(now), json!(days));
                let put = s3::PutBucketLifecycle::with(target, rules, vec![own_rule(days)]);
                self.proposal.call(put);
            }
            None => {
                // Without the rule logs are kept for ever, which is no looser retention.
                self.differs(&format!("rules.{RULE}"), json!(now), json!(null));
                let others = rules.without(RULE);
                match others.rules.is_empty() {
                    true => self.proposal.call(s3::DeleteBucketLifecycle { target }),
                    false => {
                        let put = s3::PutBucketLifecycle::back_to(target, others);
                        self.proposal.call(put);
                    }
                }
            }
        }
    }

    fn ownership(&mut self) {
        let Some((now, wanted)) = self.part("ownership", |own| own.ownership.clone()) else {
            return;
        };
        self.differs("ownership", json!(now), json!(wanted));
        let target = self.target.clone();
        match wanted {
            Some(word) => {
                let put = s3::PutBucketOwnershipControls::to(target, &word);
                self.proposal.call(put);
            }
            None => {
                let delete = s3::DeleteBucketOwnershipControls { target };
                self.proposal.call(delete);
            }
        }
    }

    fn public_access_block(&mut self) {
        let field = "public_access_block";
        if let Some((now, wanted)) = self.part(field, |own| own.public_access_block) {
            for flag in compare(&now, &wanted) {
                let flag_field = format!("{field}.{}", flag.field);
                self.differs(&flag_field, flag.before, flag.after);
            }
            let put = s3::PutPublicAccessBlock::with(self.target.clone(), wanted);
            self.proposal.call(put);
        }
    }

    /// What was never versioned can only be suspended.
    fn versioning(&mut self) {
        let is_on = |own: &Bucket| own.versioning.as_deref() == Some("Enabled");
        let Some((_, false)) = self.part("versioning", is_on) else {
            return;
        };
        self.differs("versioning", json!(true), json!(false));
        let suspend = s3::PutBucketVersioning::suspended(self.target.clone());
        self.proposal.call(suspend);
        if self.buckets.before.versioning.is_none() {
            self.proposal.note(
                "versioning was never set before that run; S3 can only suspend it, and keeps the \
                 versions that are there",
            );
        }
    }

    fn encryption(&mut self) {
        if self
            .part("encryption", |own| own.encryption.clone())
            .is_some()
        {
            let text = "the default encryption stays: S3 has no buckets without one any more";
            self.proposal.note(text);
        }
    }
}

impl Live {
    fn bucket(&self) -> Option<Bucket> {
        match self {
            Self::Own(bucket) => Some(bucket.as_ref().clone()),
            Self::Absent | Self::Taken => None,
        }
    }
}
