//! What an undo puts back of the settings of a bucket. No object, and no version of one, is deleted by
//! it. What was not read each time is not put back: the run did not touch it, or the baseline no longer
//! asks for it, which is a finding.

use super::{BucketState, Ownership, parsed};
use crate::control::{At, Past, Remarks};
use crate::policy::{Dialect, Policy};
use crate::s3::{self, Versioning, Whole};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A state that is put back, one setting after the other.
pub(in super::super) struct Undo<'a> {
    past: Past<BucketState>,
    /// What the settings become.
    pub to: BucketState,
    at: At<'a>,
    say: &'a mut Remarks,
}

impl<'a> Undo<'a> {
    /// Nothing is put back yet.
    pub fn of(past: Past<BucketState>, at: At<'a>, say: &'a mut Remarks) -> Self {
        Self { to: past.live.clone(), past, at, say }
    }

    /// All settings; those of lifecycle rules that delete versions stay for as long as these are made.
    pub fn all(mut self) -> BucketState {
        if !self.policy() {
            return self.past.live;
        }
        self.logging();
        self.ownership();
        self.public_access_block();
        if self.versioning() {
            self.lifecycle();
        }
        self.encryption();
        self.object_lock();
        self.tags();
        self.to
    }

    /// What a setting becomes, if it is to be another; what was changed again since is a finding.
    fn part<T>(&mut self, field: &str, part: impl Fn(&BucketState) -> Option<T>) -> Option<T>
    where
        T: Serialize + DeserializeOwned + Clone + PartialEq,
    {
        self.report_unread(field, &part);
        let past = self.past.each(part)?;
        let wanted = self.say.put_back_part(field, &past);
        (past.live != wanted).then_some(wanted)
    }

    /// What the run changed and what was not looked at now stays, whatever it is.
    fn report_unread<T: PartialEq>(
        &mut self,
        field: &str,
        part: impl Fn(&BucketState) -> Option<T>,
    ) {
        let (before, after) = (part(&self.past.before), part(&self.past.after));
        if before.is_some() && before != after && part(&self.past.live).is_none() {
            self.say.finding(
                field,
                "that run changed it, and the baseline does not ask for it any more, so that it \
                 was not looked at",
                "ask for it again until the run is undone, or put it back by hand",
            );
        }
    }

    /// Whether a setting may be written that replaces all there is.
    fn may_replace<T>(&mut self, field: &str, whole: Option<&Whole<T>>, what: &str) -> bool {
        let refusal = whole.and_then(|own| own.refusal(what));
        let may = refusal.is_none();
        refusal.into_iter().for_each(|(what, remedy)| self.say.finding(field, what, remedy));
        may
    }

    /// The statements that the run put in go, and those that they took the place of come back.
    /// Statements that others added since stay. Returns whether the policy could be read.
    pub fn policy(&mut self) -> bool {
        self.report_unread("policy", |own| own.policy.clone());
        let Some(texts) = self.past.each(|own| own.policy.clone()) else {
            return true;
        };
        let read = |text: &Option<String>| parsed(text.as_deref(), self.at);
        let policies = texts.map(read);
        match (policies.before, policies.after, policies.live) {
            (Ok(before), Ok(after), Ok(live)) => {
                self.statements(before, after, live);
                true
            }
            (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => {
                self.say.unknown(error);
                false
            }
        }
    }

    fn statements(
        &mut self,
        mut before: Option<Policy>,
        after: Option<Policy>,
        live: Option<Policy>,
    ) {
        // S3 stores no policy with a user or role that was deleted.
        if let Some(policy) = before.as_mut().filter(|own| !own.deleted_principals().is_empty()) {
            policy.prune_deleted_principals();
            self.say.note("users and roles that were deleted do not come back into its policy");
        }
        let past = Past { before, after, live };
        let undone = Policy::undo(&past, Dialect::resource(&self.at.context.partition));
        for sid in undone.moved {
            self.say.finding(
                "statements",
                format!(
                    "the statement {sid} was changed again after that run, and is left as it is"
                ),
                "put it back by hand if that is wanted: S3 console, the bucket, Permissions",
            );
        }
        if !undone.differs {
            return;
        }
        match undone.policy.as_ref().and_then(s3::refusal) {
            Some((what, remedy)) => self.say.finding("statements", what, remedy),
            None => self.to.policy = Some(undone.policy.map(|policy| policy.text())),
        }
    }

    pub fn logging(&mut self) {
        let part = |own: &BucketState| own.logging.clone().map(|own| own.value);
        let Some(wanted) = self.part("access_log", part) else {
            return;
        };
        let Some(whole) = self.past.live.logging.clone() else {
            return;
        };
        if !self.may_replace("access_log", Some(&whole), "logging") {
            return;
        }
        if whole.value.is_some_and(|own| own.grants > 0) {
            return self.say.finding(
                "access_log",
                "its logs are given to others by ACL since that run, who would lose them",
                "put back by hand where it logs to",
            );
        }
        self.to.logging = Some(Whole { value: wanted, ..Whole::default() });
    }

    pub fn ownership(&mut self) {
        let part = |own: &BucketState| own.ownership.clone().map(|own| own.rule);
        if let Some(rule) = self.part("ownership", part) {
            self.to.ownership = Some(Ownership { rule, grants: Vec::new() });
        }
    }

    pub fn public_access_block(&mut self) {
        if let Some(flags) = self.part("public_access_block", |own| own.public_access_block) {
            self.to.public_access_block = Some(flags);
        }
    }

    /// What was never versioned can only be suspended, and not even that where objects are locked.
    /// Returns whether it is as it was, or will be.
    pub fn versioning(&mut self) -> bool {
        let is_on = |own: &BucketState| own.versioning.as_ref().map(Versioning::is_enabled);
        let Some(goes_on) = self.part("versioning", is_on) else {
            return true;
        };
        let lock = self.past.live.object_lock.as_ref();
        if !goes_on && lock.is_some_and(|own| own.value.is_some()) {
            self.say.finding(
                "versioning",
                "it has object lock, with which S3 does not suspend versioning; it stays, and so \
                 do the lifecycle rules of that run",
                "change the lifecycle rules by hand: S3 console, the bucket, Management",
            );
            return false;
        }
        let before = self.past.before.versioning.as_ref();
        if !goes_on && before.is_some_and(|own| own.status.is_none()) {
            self.say.note(
                "versioning was never set before that run; S3 can only suspend it, and keeps the \
                 versions that are there",
            );
        }
        let status = if goes_on { "Enabled" } else { "Suspended" };
        if let Some(versioning) = &mut self.to.versioning {
            versioning.status = Some(status.to_owned());
        }
        true
    }

    /// Without our rules nothing is deleted that they would have deleted, which is no loss.
    fn lifecycle(&mut self) {
        let part =
            |own: &BucketState| own.lifecycle.clone().map(|own| own.value.unwrap_or_default());
        let Some(wanted) = self.part("lifecycle", part) else {
            return;
        };
        let whole = self.past.live.lifecycle.clone();
        if self.may_replace("lifecycle", whole.as_ref(), "lifecycle configuration") {
            self.to.lifecycle = Some(Whole { value: Some(wanted), ..Whole::default() });
        }
    }

    fn encryption(&mut self) {
        let part = |own: &BucketState| own.encryption.clone().map(|own| own.value);
        let Some(wanted) = self.part("encryption", part) else {
            return;
        };
        let whole = self.past.live.encryption.clone();
        if !self.may_replace("encryption", whole.as_ref(), "default encryption") {
            return;
        }
        let wanted = wanted.unwrap_or_default();
        // S3 takes any key, and uploads fail if that cannot be used any more.
        if let Some(key) = &wanted.apply_server_side_encryption_by_default.key {
            let bucket = self.at.place.thing.as_deref().unwrap_or_default();
            let text = format!("{bucket}: uploads fail if the key {key} is no longer enabled");
            self.say.breaks(text);
        }
        self.to.encryption = Some(Whole { value: Some(wanted), ..Whole::default() });
    }

    /// Object lock stays, and what is locked stays locked.
    pub fn object_lock(&mut self) {
        let part = |own: &BucketState| own.object_lock.clone().map(|own| own.value);
        if self.part("object_lock", part).is_some() {
            self.say.finding(
                "object_lock",
                "object lock cannot be switched off, and its default retention stays",
                "lower the default retention by hand: S3 console, the bucket, Properties",
            );
        }
    }

    fn tags(&mut self) {
        if let Some(tags) = self.part("tags", |own| own.tags.clone()) {
            self.to.tags = Some(tags);
        }
    }
}
