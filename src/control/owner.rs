//! Who else manages a thing: a CloudFormation stack, a stack set, AWS Control Tower, or whoever its tag
//! `ManagedBy` names.
//!
//! What they manage they put back, so that a change made here is undone by their next run, or
//! breaks it. It is compared, named and left alone unless the baseline says `take_over = true`.

use super::{OUR_TAG, Proposal, Standing};
use std::collections::BTreeMap;

/// What the key `take_over` of a table means: that what others manage is changed all the same.
pub const TAKE_OVER: &[&str] = &[
    "Whether to change what a CloudFormation stack, a stack set, AWS Control Tower or whoever the tag \
     `ManagedBy` names manages; otherwise it is compared and left to them.",
];

/// AWS Control Tower, as plans name it.
pub const CONTROL_TOWER: &str = "AWS Control Tower";

/// What the names of all that Control Tower creates begin with. Source: AWS Control Tower User
/// Guide, "About AWS accounts in AWS Control Tower" and "Resources created in the shared accounts".
const CONTROL_TOWER_NAMES: &str = "aws-controltower-";

/// Whether a name is one that Control Tower gives.
pub fn is_named_by_control_tower(name: &str) -> bool {
    name.starts_with(CONTROL_TOWER_NAMES)
}

/// The account in the name of a bucket for Control Tower's logs; nothing for another name. In the log
/// archive account it is `aws-controltower-logs-ACCOUNT-REGION`; from landing zone 4.0 on there is one
/// for AWS Config, `aws-controltower-config-logs-ACCOUNT-SUFFIX`. Source: AWS Control Tower User
/// Guide, "Resources created in the shared accounts" and "Landing zone 4.0".
///
/// A name proves nothing: whoever owns the account may have named a bucket so.
pub fn archive_account(bucket: &str) -> Option<&str> {
    let kinds = ["logs-", "config-logs-"];
    let rest = bucket.strip_prefix(CONTROL_TOWER_NAMES)?;
    let rest = kinds.iter().find_map(|kind| rest.strip_prefix(kind))?;
    let (account, place) = rest.split_once('-')?;
    let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    (is_account && !place.is_empty()).then_some(account)
}

/// The tags that CloudFormation puts on what a stack creates; nobody else can set a tag that begins
/// with `aws:`. Source: CloudFormation User Guide, "Resource tags".
const STACK_NAME: &str = "aws:cloudformation:stack-name";
const STACK_ID: &str = "aws:cloudformation:stack-id";

/// Who else manages a thing of this name with these tags; nothing for the account's own.
///
/// A name proves nothing, for anybody can give it: use it to leave a thing alone, never to call
/// it compliant.
pub fn owner(name: &str, tags: &BTreeMap<String, String>) -> Option<String> {
    let stack = tags.get(STACK_NAME).map(String::as_str);
    // The id is an ARN: …:stack/NAME/UUID.
    let from_id = || tags.get(STACK_ID)?.split('/').nth(1);
    match stack.or_else(from_id) {
        Some(stack) if stack.starts_with("StackSet-AWSControlTower") => {
            Some(CONTROL_TOWER.to_owned())
        }
        Some(stack) if stack.starts_with("StackSet-") => {
            Some(format!("the stack set of the stack {stack}"))
        }
        Some(stack) => Some(format!("the CloudFormation stack {stack}")),
        None if is_named_by_control_tower(name) => Some(CONTROL_TOWER.to_owned()),
        None => by_tag(tags),
    }
}

/// Whom the tag `ManagedBy` names, in any of its spellings. No service of AWS sets it: Terraform, Pulumi
/// and others have it among their default tags, and would put back what is changed behind them. What
/// this program created bears its own tag, and is its own whatever else the tags say.
fn by_tag(tags: &BTreeMap<String, String>) -> Option<String> {
    let plain = |key: &str| key.replace(['-', '_', ' '], "").to_ascii_lowercase();
    let (key, value) = tags.iter().find(|(key, _)| plain(key) == "managedby")?;
    let is_ours = tags.contains_key(OUR_TAG) || value.eq_ignore_ascii_case(OUR_TAG);
    let whom = match value.trim() {
        "" => "somebody else",
        value => value,
    };
    (!is_ours).then(|| format!("{whom} (by its tag {key})"))
}

impl Proposal {
    /// Leaves the place to whoever manages it, unless the baseline says `take_over = true`.
    pub fn owned_by(mut self, owner: Option<String>, take_over: bool) -> Self {
        match owner {
            None => self,
            // What could not be seen cannot be left to anybody.
            Some(_) if !matches!(self.standing, Standing::Own) => self,
            Some(whom) if take_over => {
                if !self.writes.is_empty() {
                    self.notes.push(format!(
                        "{whom} manages it and may put it back: take_over = true changes it all \
                         the same"
                    ));
                }
                self
            }
            Some(whom) => {
                let remedy = format!(
                    "have it changed by {whom}, waive it, or say take_over = true in the table to \
                     change it here"
                );
                self.left_with(&whom, remedy)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn stacks_stack_sets_and_control_tower_are_known_by_their_tags_and_names() {
        let by = |name: &str, tags: &[(&str, &str)]| owner(name, &tagged(tags));
        assert_eq!(by("default", &[]), None);
        assert_eq!(by("default", &[("baseline", "x"), ("owner", "aws")]), None);
        let stack = by("x", &[(STACK_NAME, "logging")]);
        assert_eq!(stack.as_deref(), Some("the CloudFormation stack logging"));
        let id = "arn:aws:cloudformation:us-east-1:111122223333:stack/logging/1-2";
        assert_eq!(by("x", &[(STACK_ID, id)]), stack);
        let set = by("x", &[(STACK_NAME, "StackSet-detectors-1")]);
        let named = "the stack set of the stack StackSet-detectors-1";
        assert_eq!(set.as_deref(), Some(named));
        let baseline = "StackSet-AWSControlTowerBP-BASELINE-CONFIG-1";
        let tower = Some(CONTROL_TOWER);
        assert_eq!(by("x", &[(STACK_NAME, baseline)]).as_deref(), tower);
        assert_eq!(by("aws-controltower-BaselineCloudTrail", &[]).as_deref(), tower);
    }

    #[test]
    fn what_others_tag_as_theirs_is_theirs_and_what_this_program_created_is_not() {
        let by = |tags: &[(&str, &str)]| owner("x", &tagged(tags));
        let terraform = by(&[("ManagedBy", "terraform"), ("team", "x")]);
        assert_eq!(terraform.as_deref(), Some("terraform (by its tag ManagedBy)"));
        for key in ["managed-by", "managed_by", "managedBy"] {
            assert!(by(&[(key, "Pulumi")]).is_some(), "{key}");
        }
        assert_eq!(by(&[("ManagedBy", "baseline")]), None);
        assert_eq!(by(&[("ManagedBy", "platform"), (OUR_TAG, "startup")]), None);
        let stack = by(&[("ManagedBy", "x"), (STACK_NAME, "logging")]);
        assert_eq!(stack.as_deref(), Some("the CloudFormation stack logging"));
    }

    #[test]
    fn what_a_stack_manages_is_written_only_with_an_explicit_word() {
        let differing = || Proposal {
            differences: crate::diff::compare(&Some(1), &Some(2)),
            ..Proposal::default()
        };
        let stack = || Some("the CloudFormation stack x".to_owned());
        let left = differing().owned_by(stack(), false);
        assert!(matches!(left.standing, Standing::Elsewhere(_)));
        assert!(left.findings[0].remedy.contains("take_over = true"));
        let taken = differing().owned_by(stack(), true);
        assert!(matches!(taken.standing, Standing::Own));
        let own = differing().owned_by(None, false);
        assert!(matches!(own.standing, Standing::Own) && own.findings.is_empty());
    }
}
