//! What puts a bucket back to what it was before a run. No object, and no version of one, is deleted
//! by it.

use super::live::Live;
use crate::aws::Tags;
use crate::control::{Context, Past, Proposal, Standing};
use crate::controls::bucket_policy::restore_policy;
use crate::diff::Difference;
use crate::s3::{self, Target};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// What was not read each time is not put back: the run did not touch it, or the baseline no longer
/// asks for it, which is told.
pub(super) fn restore(target: Target, past: &Past<Live>, context: &Context) -> Proposal {
    let arn = s3::arn(&context.partition, &target.bucket);
    let policy = |live: &Live| live.policy.clone();
    let proposal = match past.each(policy) {
        Some(policies) => restore_policy(target.clone(), &arn, &policies),
        None => Proposal::fine(),
    };
    let mut restore = Restore { proposal, past, target, arn };
    restore.tell_unread("policy", policy);
    if !matches!(restore.proposal.standing, Standing::Own) {
        return restore.proposal;
    }
    restore.logging();
    restore.ownership();
    restore.public_access_block();
    // Versions are deleted by rules as long as they are made.
    if restore.versioning() {
        restore.lifecycle();
    }
    restore.encryption();
    restore.object_lock();
    restore.tags();
    restore.proposal
}

struct Restore<'a> {
    past: &'a Past<Live>,
    target: Target,
    arn: String,
    proposal: Proposal,
}

impl Restore<'_> {
    /// A setting that goes back, as it is and as it is to be; what was changed again since is told.
    fn part<T>(&mut self, field: &str, part: impl Fn(&Live) -> Option<T>) -> Option<(T, T)>
    where
        T: Serialize + DeserializeOwned + Clone + PartialEq,
    {
        self.tell_unread(field, &part);
        let past = self.past.each(part)?;
        let (merged, wanted) = past.put_back();
        for finding in merged.findings {
            self.proposal.finding(field, finding.what, finding.remedy);
        }
        (past.live != wanted).then_some((past.live, wanted))
    }

    /// What the run changed and what was not looked at now stays, whatever it is.
    fn tell_unread<T: PartialEq>(&mut self, field: &str, part: impl Fn(&Live) -> Option<T>) {
        let (before, after) = (part(&self.past.before), part(&self.past.after));
        if before.is_some() && before != after && part(&self.past.live).is_none() {
            self.proposal.finding(
                field,
                "that run changed it, and the baseline does not ask for it any more, so that it \
                 was not looked at",
                "ask for it again until the run is undone, or put it back by hand",
            );
        }
    }

    /// Whatever a run put in place protects, so that to take it back loosens.
    fn differs(&mut self, field: &str, now: impl Serialize, wanted: impl Serialize) {
        let differences = crate::diff::compare(&json!(now), &json!(wanted));
        for own in differences {
            let field = match own.field.as_str() {
                "" => field.to_owned(),
                below => format!("{field}.{below}"),
            };
            let loosens = true;
            self.proposal.differences.push(Difference { field, loosens, ..own });
        }
    }

    fn logging(&mut self) {
        let part = |live: &Live| live.logging.clone().map(|own| own.value);
        let Some((now, wanted)) = self.part("access_log", part) else {
            return;
        };
        let whole = self.past.live.logging.as_ref();
        if let Some((what, remedy)) = whole.and_then(|own| own.refusal("logging")) {
            return self.proposal.finding("access_log", what, remedy);
        }
        if now.as_ref().is_some_and(|own| own.grants > 0) {
            return self.proposal.finding(
                "access_log",
                "its logs are given to others by ACL since that run, who would lose them",
                "put back by hand where it logs to",
            );
        }
        self.differs("access_log", &now, &wanted);
        let target = self.target.clone();
        self.proposal.call(match wanted {
            Some(logging) => s3::PutBucketLogging::to(target, logging),
            None => s3::PutBucketLogging::nowhere(target),
        });
    }

    fn ownership(&mut self) {
        let part = |live: &Live| live.ownership.clone().map(|own| own.rule);
        let Some((now, wanted)) = self.part("ownership", part) else {
            return;
        };
        self.differs("ownership", &now, &wanted);
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
        let Some((now, wanted)) = self.part(field, |live| live.public_access_block) else {
            return;
        };
        self.differs(field, now, wanted);
        let put = s3::PutPublicAccessBlock::with(self.target.clone(), wanted);
        self.proposal.call(put);
    }

    /// Without our rules nothing is deleted that they would have deleted, which is no loss.
    fn lifecycle(&mut self) {
        let part = |live: &Live| live.lifecycle.clone().map(|own| own.value.unwrap_or_default());
        let Some((now, wanted)) = self.part("lifecycle", part) else {
            return;
        };
        let whole = self.past.live.lifecycle.as_ref();
        if let Some((what, remedy)) = whole.and_then(|own| own.refusal("lifecycle configuration")) {
            return self.proposal.finding("lifecycle", what, remedy);
        }
        let names = |rules: &s3::Lifecycle| -> Vec<String> {
            rules.rules.iter().map(|rule| rule.name().to_owned()).collect()
        };
        let difference = Difference::new("lifecycle", json!(names(&now)), json!(names(&wanted)));
        self.proposal.differences.push(difference);
        let target = self.target.clone();
        match wanted.rules.is_empty() {
            true => self.proposal.call(s3::DeleteBucketLifecycle { target }),
            false => self.proposal.call(s3::PutBucketLifecycle::back_to(target, wanted)),
        }
    }

    /// What was never versioned can only be suspended, and not even that where objects are locked.
    /// Returns whether it is as it was, or will be.
    fn versioning(&mut self) -> bool {
        let part = |live: &Live| live.versioning.as_ref().map(|own| own.status.clone());
        let Some((now, wanted)) = self.part("versioning", part) else {
            return true;
        };
        if now.as_deref() != Some("Enabled") {
            return true;
        }
        let lock = self.past.live.object_lock.as_ref();
        if lock.is_some_and(|own| own.value.is_some()) {
            self.proposal.finding(
                "versioning",
                "it has object lock, with which S3 does not suspend versioning; it stays, and so \
                 do the lifecycle rules of that run",
                "change the lifecycle rules by hand: S3 console, the bucket, Management",
            );
            return false;
        }
        self.differs("versioning", &now, "Suspended");
        let suspend = s3::PutBucketVersioning::suspended(self.target.clone());
        self.proposal.call(suspend);
        if wanted.is_none() {
            self.proposal.note(
                "versioning was never set before that run; S3 can only suspend it, and keeps the \
                 versions that are there",
            );
        }
        true
    }

    fn encryption(&mut self) {
        let part = |live: &Live| live.encryption.clone().map(|own| own.value);
        let Some((now, wanted)) = self.part("encryption", part) else {
            return;
        };
        let whole = self.past.live.encryption.as_ref();
        if let Some((what, remedy)) = whole.and_then(|own| own.refusal("default encryption")) {
            return self.proposal.finding("encryption", what, remedy);
        }
        let wanted = wanted.unwrap_or_default();
        // S3 takes any key, and uploads fail if that cannot be used any more.
        if let Some(key) = &wanted.apply_server_side_encryption_by_default.key {
            let bucket = &self.target.bucket;
            let text = format!("{bucket}: uploads fail if the key {key} is no longer enabled");
            self.proposal.breaks(text);
        }
        self.differs("encryption", now, &wanted);
        let put = s3::PutBucketEncryption::with(self.target.clone(), wanted);
        self.proposal.call(put);
    }

    /// Object lock stays, and what is locked stays locked.
    fn object_lock(&mut self) {
        let part = |live: &Live| live.object_lock.clone().map(|own| own.value);
        if self.part("object_lock", part).is_some() {
            self.proposal.finding(
                "object_lock",
                "object lock cannot be switched off, and its default retention stays",
                "lower the default retention by hand: S3 console, the bucket, Properties",
            );
        }
    }

    fn tags(&mut self) {
        let Some((now, wanted)) = self.part("tags", |live| live.tags.clone()) else {
            return;
        };
        let difference = Difference::new("tags", json!(now), json!(wanted));
        self.proposal.differences.push(difference);
        let (account, region) = (&self.target.expected_bucket_owner, &self.target.region);
        let changed = wanted.iter().filter(|(key, value)| now.get(*key) != Some(value));
        let changed: Tags = changed.map(|(key, value)| (key.clone(), value.clone())).collect();
        let gone = now.keys().filter(|key| !wanted.contains_key(*key));
        let gone: Vec<String> = gone.cloned().collect();
        if !changed.is_empty() {
            let put = s3::TagResource::new(account, &self.arn, region, changed);
            self.proposal.call(put);
        }
        if !gone.is_empty() {
            let take = s3::UntagResource::new(account, &self.arn, region, gone);
            self.proposal.call(take);
        }
    }
}
