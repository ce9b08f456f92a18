//! What puts the bucket back to what it was before a run. No log is deleted by it.

use super::Live;
use super::change::{RULE, kept_for, own_rule, target};
use crate::control::{Context, Past, Proposal, Standing};
use crate::controls::bucket_policy::restore_policy;
use crate::diff::{Difference, compare};
use crate::s3::{self, Bucket, Target};
use serde_json::{Value, json};

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
            proposal.note(format!("the bucket {name} of that run is not there any more"));
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
        Self { name, buckets, proposal: restore_policy(target.clone(), &arn, &policies), target }
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

    fn differs(&mut self, field: &str, now: Value, wanted: Value, loosens: bool) {
        self.proposal
            .differences
            .push(Difference { loosens, ..Difference::new(field, now, wanted) });
    }

    fn rule(&mut self) {
        let name = self.name;
        let Some((now, wanted)) = self.part("retention_days", |own| kept_for(name, own)) else {
            return;
        };
        if let Some((what, remedy)) = self.buckets.live.lifecycle.refusal("lifecycle configuration")
        {
            return self.proposal.finding("retention_days", what, remedy);
        }
        let rules = self.buckets.live.rules();
        let target = self.target.clone();
        match wanted {
            Some(days) if now.is_none_or(|now| days < now) => self.proposal.finding(
                "retention_days",
                format!(
                    "before the run logs were deleted after {days} days; an undo deletes no logs, \
                     so they are kept as now"
                ),
                format!(
                    "if they may go: retention_days = {{ exactly = {days} }} in [log_bucket], and \
                     apply"
                ),
            ),
            Some(days) => {
                self.differs("retention_days", json!(now), json!(days), false);
                let put = s3::PutBucketLifecycle::with(target, rules, vec![own_rule(days)]);
                self.proposal.call(put);
            }
            None => {
                // Without the rule logs are kept for ever, which is no looser retention.
                self.differs(&format!("rules.{RULE}"), json!(now), json!(null), false);
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
        let is_enforced = wanted.as_deref() == Some(s3::ENFORCED);
        self.differs("ownership", json!(now), json!(wanted), !is_enforced);
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
                let goes_off = flag.after == json!(false);
                self.differs(&flag_field, flag.before, flag.after, goes_off);
            }
            let put = s3::PutPublicAccessBlock::with(self.target.clone(), wanted);
            self.proposal.call(put);
        }
    }

    /// What was never versioned can only be suspended.
    fn versioning(&mut self) {
        let is_on = |own: &Bucket| own.versioning.as_deref() == Some("Enabled");
        let Some((now, wanted)) = self.part("versioning", is_on) else {
            return;
        };
        self.differs("versioning", json!(now), json!(wanted), now);
        let target = self.target.clone();
        if wanted {
            self.proposal.call(s3::PutBucketVersioning::on(target));
            return;
        }
        let suspend = s3::PutBucketVersioning::suspended(target);
        self.proposal.call(suspend);
        if self.buckets.before.versioning.is_none() {
            self.proposal.note(
                "versioning was never set before that run; S3 can only suspend it, and keeps the \
                 versions that are there",
            );
        }
    }

    fn encryption(&mut self) {
        if self.part("encryption", |own| own.encryption.clone()).is_some() {
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

#[cfg(test)]
mod tests {
    use super::super::change::tags;
    use super::*;
    use crate::control::tests::context;
    use crate::s3::{Flags, Lifecycle, Rule, Whole};

    const NAME: &str = "logs";

    /// A bucket of our own with these rules.
    fn bucket(rules: &[(&str, i32)]) -> Bucket {
        let rule =
            |(id, days): &(&str, i32)| Rule { id: Some((*id).to_owned()), ..own_rule(*days) };
        let rules: Vec<Rule> = rules.iter().map(rule).collect();
        let lifecycle = Some(Lifecycle { rules, ..Lifecycle::default() });
        Bucket {
            region: "us-east-1".to_owned(),
            public_access_block: Flags::ON,
            ownership: Some(s3::ENFORCED.to_owned()),
            encryption: Some("AES256".to_owned()),
            versioning: Some("Enabled".to_owned()),
            lifecycle: Whole {
                value: lifecycle.filter(|own| !own.rules.is_empty()),
                ..Whole::default()
            },
            policy: None,
            tags: tags(NAME, &context()),
            judged: None,
        }
    }

    fn restored(before: Bucket, after: Bucket, live: Bucket) -> Proposal {
        let past = Past {
            before: Live::Own(Box::new(before)),
            after: Live::Own(Box::new(after)),
            live: Live::Own(Box::new(live)),
        };
        restore(NAME, &past, &context())
    }

    fn calls(proposal: &Proposal) -> Vec<&str> {
        let writes = proposal.writes.iter();
        writes.map(|write| write.operation().name).collect()
    }

    #[test]
    fn our_rule_goes_back_and_the_rules_of_others_stay() {
        let with_ours = || bucket(&[("theirs", 9), (RULE, 400)]);
        let before = || bucket(&[("theirs", 9), (RULE, 500)]);
        let longer = restored(before(), with_ours(), with_ours());
        let input = longer.writes[0].call().input;
        let kept = &input["LifecycleConfiguration"]["Rules"];
        assert!(kept.to_string().contains("\"theirs\""), "{kept}");
        assert_eq!(longer.differences[0].field, "retention_days");
        let gone = restored(bucket(&[("theirs", 9)]), with_ours(), with_ours());
        assert_eq!(calls(&gone), ["PutBucketLifecycleConfiguration"]);
        let kept = gone.writes[0].call().input["LifecycleConfiguration"]["Rules"].to_string();
        assert!(kept.contains("\"theirs\"") && !kept.contains(RULE), "{kept}");
        assert!(!gone.differences[0].loosens, "logs are kept longer");
        let only = restored(bucket(&[]), bucket(&[(RULE, 400)]), bucket(&[(RULE, 400)]));
        assert_eq!(calls(&only), ["DeleteBucketLifecycle"]);
    }

    #[test]
    fn no_logs_are_deleted_by_an_undo() {
        let now = || bucket(&[(RULE, 400)]);
        let shorter = restored(bucket(&[(RULE, 30)]), now(), now());
        assert!(shorter.writes.is_empty() && shorter.differences.is_empty());
        assert!(shorter.findings[0].remedy.contains("{ exactly = 30 }"));
        let again = restored(bucket(&[(RULE, 400)]), bucket(&[]), bucket(&[]));
        assert!(again.writes.is_empty() && again.findings.len() == 1);
    }

    #[test]
    fn what_protects_goes_off_only_as_far_as_the_run_switched_it_on() {
        let before = Bucket {
            public_access_block: Flags { block_public_acls: true, ..Flags::default() },
            ownership: None,
            versioning: None,
            ..bucket(&[])
        };
        let proposal = restored(before.clone(), bucket(&[]), bucket(&[]));
        let wanted =
            ["DeleteBucketOwnershipControls", "PutPublicAccessBlock", "PutBucketVersioning"];
        assert_eq!(calls(&proposal), wanted);
        assert!(proposal.differences.iter().all(|d| d.loosens));
        let flags = &proposal.writes[1].call().input["PublicAccessBlockConfiguration"];
        assert_eq!(flags["BlockPublicAcls"], true);
        assert_eq!(flags["RestrictPublicBuckets"], false);
        let undone = Bucket { versioning: Some("Suspended".to_owned()), ..before.clone() };
        let again = restored(before, bucket(&[]), undone);
        assert!(again.writes.is_empty() && again.findings.is_empty());
    }

    #[test]
    fn a_policy_that_cannot_be_read_keeps_everything_as_it_is() {
        let live = Bucket { policy: Some("nonsense".to_owned()), ..bucket(&[]) };
        let before = Bucket { versioning: None, ..bucket(&[]) };
        let proposal = restored(before, bucket(&[]), live);
        assert!(matches!(proposal.standing, Standing::Unknown(_)));
        assert!(proposal.writes.is_empty());
    }
}
