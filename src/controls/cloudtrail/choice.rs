//! Which trail is meant: one of the account's own, or one of others that covers the account.

use super::DEFAULT_TRAIL;
use super::live::{Covering, Live, Trail};
use super::selectors::logs_any_management;
use super::settings::Settings;
use crate::aws::{Tags, keys};
use crate::control::owner::{CONTROL_TOWER, owner as manager};
use crate::control::{Context, OUR_TAG};

/// What was read, with the table that it is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub settings: &'a Settings,
    pub live: &'a Live,
    pub context: &'a Context,
}

/// A trail of others that covers the account.
#[derive(Debug)]
pub struct Covered<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// As it is described.
    pub trail: &'a Trail,
    /// What else is seen of it.
    pub seen: &'a Covering,
    /// Whose it is, in words.
    pub whom: String,
}

impl<'a> Case<'a> {
    /// Whether an ARN is of this account.
    pub fn is_own(self, arn: &str) -> bool {
        keys::owner(arn) == Some(&self.context.account)
    }

    /// The trails of the account's own, and that of the organization where the table manages it.
    pub fn own(self) -> impl Iterator<Item = (&'a String, &'a Trail)> {
        let takes =
            move |trail: &Trail| self.settings.manages_organization() || !trail.organization;
        self.live.trails.iter().filter(move |(arn, trail)| self.is_own(arn) && takes(trail))
    }

    /// The account's own trails that may be meant, by the table or because they are audit trails.
    pub fn candidates(self) -> impl Iterator<Item = (&'a String, &'a Trail)> {
        let name = self.settings.name.as_ref();
        let named = self.own().filter(move |(_, own)| name.is_none_or(|name| *name == own.name));
        named.filter(move |(arn, own)| self.left_to(arn, own).is_none() && self.is_audit(arn, own))
    }

    /// Who else manages a trail of the account, unless the table says that it is changed all the
    /// same. What Control Tower manages never is.
    pub fn left_to(self, arn: &str, trail: &Trail) -> Option<String> {
        let none = Tags::new();
        // Its name is enough to leave it alone, whatever else its tags say.
        let by_tags = || manager(&trail.name, self.live.tags.get(arn).unwrap_or(&none));
        let whom = manager(&trail.name, &none).or_else(by_tags)?;
        (whom == CONTROL_TOWER || !self.settings.takes_over(&trail.name)).then_some(whom)
    }

    /// Whether this baseline created a trail: by its tag, or the name that it gives.
    pub fn is_ours(self, arn: &str, trail: &Trail) -> bool {
        let tag = self.live.tags.get(arn).and_then(|tags| tags.get(OUR_TAG));
        tag == Some(&self.context.baseline) || trail.name == DEFAULT_TRAIL
    }

    /// Whether a trail is the one that is meant, whatever it logs.
    pub fn is_meant(self, arn: &str, trail: &Trail) -> bool {
        self.settings.name.as_ref() == Some(&trail.name) || self.is_ours(arn, trail)
    }

    /// Whether a trail can be the account's audit trail: it logs management events, and delivers
    /// to a bucket of the account, or to the one that the table names.
    fn is_audit(self, arn: &str, trail: &Trail) -> bool {
        let Self { settings, live, context } = self;
        let logs = || live.logged.get(arn).is_none_or(|own| logs_any_management(own));
        let delivers_here = || {
            // Where there is no bucket to create one beside it, it is judged, and that found.
            !settings.is_enabled()
                || settings.bucket(context).as_ref() == Some(&trail.bucket)
                || live.buckets.contains_key(&trail.bucket)
                || settings.delivers_to(None, true, context).is_none()
        };
        self.is_meant(arn, trail) || (logs() && delivers_here())
    }

    /// The account's own trail that the baseline means: the one it names, or the one to adopt. It
    /// prefers what covers all regions, then what is recording, then what delivers to our bucket,
    /// then what this baseline created. Which one is to be stopped does not depend on what is
    /// recording: else the next one would be stopped as well.
    pub fn chosen(self) -> Option<(&'a String, &'a Trail)> {
        let Self { settings, live, context } = self;
        self.candidates().min_by_key(|(arn, trail)| {
            (
                // Ours stays the one that is meant, however it was weakened: else whoever starts
                // another could stop ours unseen.
                !self.is_ours(arn, trail),
                !trail.multi_region,
                settings.is_enabled() && live.recording.get(*arn) == Some(&false),
                context.log_bucket.as_ref() != Some(&trail.bucket),
                &trail.name,
                trail.home_region != context.home_region,
                *arn,
            )
        })
    }

    /// The bucket that the trail is to deliver to.
    pub fn destination(self) -> Option<String> {
        let chosen = self.chosen();
        let ours = chosen.is_none_or(|(arn, trail)| self.is_ours(arn, trail));
        let live = chosen.map(|(_, trail)| trail.bucket.as_str());
        self.settings.delivers_to(live, ours, self.context)
    }

    /// The ARN of a trail that is to be created.
    pub fn new_arn(self) -> String {
        let Context { partition, home_region, account, .. } = self.context;
        let name = self.settings.new_name();
        format!("arn:{partition}:cloudtrail:{home_region}:{account}:trail/{name}")
    }

    /// The trail of others that covers this account: one that is recording, before what would have
    /// to be extended; one that this account cannot see recording only where there is none of its
    /// own to judge. A trail that the table names and that Control Tower manages is left to it.
    pub fn covered(self) -> Option<Covered<'a>> {
        let chosen = self.chosen();
        self.by_organization(Some(true))
            .or_else(|| match chosen {
                Some((_, trail)) if trail.multi_region => None,
                _ => self.by_manager(),
            })
            .or_else(|| match chosen {
                Some(_) => None,
                None => self.by_organization(None),
            })
    }

    fn by_organization(self, logging: Option<bool>) -> Option<Covered<'a>> {
        let mut all = self.live.organization.iter();
        let (arn, seen) = all.find(|(_, seen)| seen.logging == logging)?;
        let trail = self.live.trails.get(arn)?;
        Some(Covered { arn, trail, seen, whom: format!("the organization's trail {arn}") })
    }

    fn by_manager(self) -> Option<Covered<'a>> {
        self.managed().find(|own| match &*self.settings.name {
            Some(name) => *name == own.trail.name,
            None => own.trail.multi_region && own.seen.logging == Some(true),
        })
    }

    /// The trails that a stack or Control Tower manages, and that are left to them.
    pub fn managed(self) -> impl Iterator<Item = Covered<'a>> {
        self.live.managed.iter().filter_map(move |(arn, seen)| {
            let trail = self.live.trails.get(arn)?;
            Some(Covered { arn, trail, seen, whom: self.left_to(arn, trail)? })
        })
    }
}
