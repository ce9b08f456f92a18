//! What puts the bucket back to what it was before a run. No log is deleted by it.

use super::retention::rules_before;
use super::{Live, LogBucket, Seen};
use crate::control::{At, Control, Past, Remarks};
use crate::controls::bucket_state::{BucketState, Undo};
use crate::s3::Bucket;

/// A bucket that the run created stays as it is, with the logs in it.
pub(super) fn restored(past: &Past<Seen>, at: At<'_>, say: &mut Remarks) -> Option<Bucket> {
    let name = at.place.thing.as_deref().unwrap_or_default();
    if let Some(buckets) = past.each(LogBucket::state) {
        return Some(put_back(name, buckets, at, say));
    }
    match (&past.before.bucket, &past.live.bucket) {
        (Live::Absent, Live::Own(bucket)) => {
            let region = &bucket.region;
            say.finding(
                "name",
                "the run created the bucket; it stays as it is, with the logs in it",
                format!(
                    "if nothing delivers to it and nobody needs the logs: empty it with all \
                     versions (S3 console, {name}, Empty), then aws s3api delete-bucket --bucket \
                     {name} --region {region}"
                ),
            );
        }
        (_, Live::Own(_)) => return say.put_back(&past.map(LogBucket::state)),
        (_, Live::Absent | Live::Taken) => {
            say.note(format!("the bucket {name} of that run is not there any more"));
        }
    }
    past.live.bucket.own()
}

fn put_back(name: &str, buckets: Past<Bucket>, at: At<'_>, say: &mut Remarks) -> Bucket {
    let mut undo = Undo::of(buckets.map(|own| BucketState::from(own)), at, say);
    if !undo.policy() {
        return buckets.live;
    }
    undo.ownership();
    undo.public_access_block();
    undo.versioning();
    undo.logging();
    undo.object_lock();
    let BucketState { policy, ownership, public_access_block, versioning, logging, .. } = undo.to;
    let lifecycle = rules_before(name, &buckets, say);
    let encryption = buckets.map(|own| own.encryption.clone());
    if say.put_back_part("encryption", &encryption) != encryption.live {
        say.note("the default encryption stays: S3 has no buckets without one any more");
    }
    Bucket {
        policy: policy.flatten(),
        ownership: ownership.and_then(|own| own.rule),
        public_access_block: public_access_block.unwrap_or_default(),
        versioning: versioning.and_then(|own| own.status),
        lifecycle,
        logging: logging.unwrap_or_default(),
        ..buckets.live
    }
}

#[cfg(test)]
mod tests {
    use super::super::retention::{RULE, own_rule, tags};
    use super::*;
    use crate::control::tests::context;
    use crate::control::{Proposal, Standing, restore};
    use crate::place::Place;
    use crate::s3::{self, Flags, Lifecycle, Rule, Whole};

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
            object_lock: Whole::default(),
            logging: Whole::default(),
            judged: None,
        }
    }

    fn restored(before: Bucket, after: Bucket, live: Bucket) -> Proposal {
        let own = |bucket| Seen {
            bucket: Live::Own(Box::new(bucket)),
            deliveries: Vec::new(),
            access_logs: None,
        };
        let past = Past { before: own(before), after: own(after), live: own(live) };
        let place = Place::thing_in(NAME, "us-east-1");
        let settings = crate::settings::value("{}");
        restore::<LogBucket>(&settings, &past, At { place: &place, context: &context() })
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
            ["PutPublicAccessBlock", "PutBucketVersioning", "DeleteBucketOwnershipControls"];
        assert_eq!(calls(&proposal), wanted);
        assert!(proposal.differences.iter().all(|d| d.loosens));
        let flags = &proposal.writes[0].call().input["PublicAccessBlockConfiguration"];
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
