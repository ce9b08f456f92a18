//! The managed rules of AWS that this version knows: a hint, never a reason to refuse another one.
//!
//! Each line of the list has how rules are triggered (by changes, periodically, by both), the types
//! of resources that they look at, and their identifiers. Source: AWS Config Developer Guide, "List
//! of AWS Config Managed Rules", November 2026.

use crate::document::did_you_mean;

const LIST: &str = include_str!("known.txt");

/// What is known of a managed rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Whether changes trigger it.
    pub by_changes: bool,
    /// Whether it is evaluated periodically.
    pub periodic: bool,
    types: &'static str,
}

impl Known {
    /// The types of resources that it looks at; none for what is no resource.
    pub fn types(self) -> impl Iterator<Item = &'static str> {
        self.types.split_whitespace()
    }
}

/// What is known of the rule with this identifier.
pub fn known(identifier: &str) -> Option<Known> {
    rows().find_map(|(known, mut identifiers)| {
        identifiers.any(|own| own == identifier).then_some(known)
    })
}

fn rows() -> impl Iterator<Item = (Known, std::str::SplitWhitespace<'static>)> {
    LIST.lines().filter_map(|line| {
        let (head, identifiers) = line.split_once(": ")?;
        let (trigger, types) = head.split_once(' ').unwrap_or((head, ""));
        let known = Known { by_changes: trigger != "P", periodic: trigger != "C", types };
        Some((known, identifiers.split_whitespace()))
    })
}

/// The known identifier that is close to one that is not known, as a question.
pub fn near(identifier: &str) -> Option<String> {
    let all: Vec<&str> = rows().flat_map(|(_, identifiers)| identifiers).collect();
    did_you_mean(identifier, &all).filter(|hint| hint.starts_with("did"))
}

/// Identifiers that are not their rule's name in upper case. Source: the same list.
const NAMED_OTHERWISE: [(&str, &str); 6] = [
    ("restricted-ssh", "INCOMING_SSH_DISABLED"),
    ("restricted-common-ports", "RESTRICTED_INCOMING_TRAFFIC"),
    ("multi-region-cloudtrail-enabled", "MULTI_REGION_CLOUD_TRAIL_ENABLED"),
    ("cloudtrail-enabled", "CLOUD_TRAIL_ENABLED"),
    ("ec2-instances-in-vpc", "INSTANCES_IN_VPC"),
    ("rds-storage-encrypted", "RDS_STORAGE_ENCRYPTED"),
];

/// The identifier of a rule by its name, as far as that can be told.
pub fn by_name(name: &str) -> Option<String> {
    let odd = NAMED_OTHERWISE.iter().find(|(own, _)| *own == name);
    let upper = || name.to_ascii_uppercase().replace('-', "_");
    odd.map(|(_, identifier)| (*identifier).to_owned())
        .or_else(|| Some(upper()).filter(|identifier| known(identifier).is_some()))
}

/// Types that exist once in the account, in whichever region one asks.
const GLOBAL_TYPES: [&str; 9] = [
    "AWS::IAM::",
    "AWS::CloudFront::",
    "AWS::Route53::",
    "AWS::Route53RecoveryControl::",
    "AWS::Route53RecoveryReadiness::",
    "AWS::WAF::",
    "AWS::Shield::",
    "AWS::Organizations::",
    "AWS::S3::AccountPublicAccessBlock",
];

/// Rules without a type of resource that are about the account as a whole.
const GLOBAL: [&str; 13] = [
    "ACCOUNT_PART_OF_ORGANIZATIONS",
    "CLOUDTRAIL_SECURITY_TRAIL_ENABLED",
    "IAM_PASSWORD_POLICY",
    "IAM_ROOT_ACCESS_KEY_CHECK",
    "IAM_POLICY_IN_USE",
    "MULTI_REGION_CLOUD_TRAIL_ENABLED",
    "ROOT_ACCOUNT_HARDWARE_MFA_ENABLED",
    "ROOT_ACCOUNT_MFA_ENABLED",
    "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS",
    "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC",
    "SECURITY_ACCOUNT_INFORMATION_PROVIDED",
    "SHIELD_ADVANCED_ENABLED_AUTORENEW",
    "SHIELD_DRT_ACCESS",
];

/// Whether a rule is about what the account has once, so that one region is enough.
pub fn is_global(identifier: &str) -> bool {
    let is_of_global = |name: &str| GLOBAL_TYPES.iter().any(|start| name.starts_with(start));
    let of_types = || {
        known(identifier)
            .is_some_and(|own| own.types().next().is_some() && own.types().all(is_of_global))
    };
    GLOBAL.contains(&identifier) || of_types()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_known_with_its_trigger_and_types() {
        let ssh = known("INCOMING_SSH_DISABLED").expect("it is known");
        assert!(ssh.by_changes && ssh.periodic);
        assert_eq!(ssh.types().collect::<Vec<_>>(), ["AWS::EC2::SecurityGroup"]);
        let volumes = known("ENCRYPTED_VOLUMES").expect("it is known");
        assert!(volumes.by_changes && !volumes.periodic);
        let root = known("ROOT_ACCOUNT_MFA_ENABLED").expect("it is known");
        assert!(!root.by_changes && root.types().next().is_none());
        assert_eq!(known("A_RULE_OF_TOMORROW"), None);
    }

    #[test]
    fn a_misspelt_identifier_has_a_hint_and_a_name_its_identifier() {
        let hint = near("INCOMING_SSH_DISABLE");
        assert_eq!(hint.as_deref(), Some("did you mean 'INCOMING_SSH_DISABLED'?"));
        assert_eq!(by_name("restricted-ssh").as_deref(), Some("INCOMING_SSH_DISABLED"));
        assert_eq!(by_name("encrypted-volumes").as_deref(), Some("ENCRYPTED_VOLUMES"));
        assert_eq!(by_name("no-such-rule-at-all"), None);
    }

    #[test]
    fn what_the_account_has_once_is_global() {
        for global in ["IAM_PASSWORD_POLICY", "ACCESS_KEYS_ROTATED", "ROOT_ACCOUNT_MFA_ENABLED"] {
            assert!(is_global(global), "{global}");
        }
        for regional in ["INCOMING_SSH_DISABLED", "S3_BUCKET_SSL_REQUESTS_ONLY", "NO_SUCH_RULE"] {
            assert!(!is_global(regional), "{regional}");
        }
    }
}
