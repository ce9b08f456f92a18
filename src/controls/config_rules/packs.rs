//! The packs of rules that `packs` names. What a pack holds may grow with a version of the program;
//! the CHANGELOG says so.

use crate::words;

words! {
    /// A pack of rules.
    pub enum Pack: More {
        /// Buckets: public, unencrypted in transit or at rest, not logged. 7 rules.
        S3 = "s3",
        /// Root user, passwords, keys, and users with more than they need. 9 rules, in one region.
        Iam = "iam",
        /// Volumes, databases, file systems, topics, logs and keys. 8 rules.
        Encryption = "encryption",
        /// Ports that are open to the world, default security groups, flow logs, IMDSv2. 7 rules.
        Network = "network",
        /// What the CIS benchmark checks: most of the others, and whether CloudTrail and detection are
        /// on. 30 rules.
        Cis = "cis",
    }
}

/// A rule of a pack: its name, AWS's identifier and its parameters.
pub type PackRule = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const S3: &[PackRule] = &[
    (
        "s3-account-level-public-access-blocks-periodic",
        "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC",
        &[],
    ),
    ("s3-bucket-level-public-access-prohibited", "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED", &[]),
    ("s3-bucket-public-read-prohibited", "S3_BUCKET_PUBLIC_READ_PROHIBITED", &[]),
    ("s3-bucket-public-write-prohibited", "S3_BUCKET_PUBLIC_WRITE_PROHIBITED", &[]),
    ("s3-bucket-ssl-requests-only", "S3_BUCKET_SSL_REQUESTS_ONLY", &[]),
    ("s3-bucket-server-side-encryption-enabled", "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", &[]),
    ("s3-bucket-logging-enabled", "S3_BUCKET_LOGGING_ENABLED", &[]),
];

const IAM: &[PackRule] = &[
    (
        "iam-password-policy",
        "IAM_PASSWORD_POLICY",
        &[
            ("MinimumPasswordLength", "14"),
            ("PasswordReusePrevention", "24"),
            ("RequireLowercaseCharacters", "true"),
            ("RequireNumbers", "true"),
            ("RequireSymbols", "true"),
            ("RequireUppercaseCharacters", "true"),
        ],
    ),
    ("root-account-mfa-enabled", "ROOT_ACCOUNT_MFA_ENABLED", &[]),
    ("root-account-hardware-mfa-enabled", "ROOT_ACCOUNT_HARDWARE_MFA_ENABLED", &[]),
    ("iam-root-access-key-check", "IAM_ROOT_ACCESS_KEY_CHECK", &[]),
    ("mfa-enabled-for-iam-console-access", "MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS", &[]),
    ("access-keys-rotated", "ACCESS_KEYS_ROTATED", &[("maxAccessKeyAge", "90")]),
    (
        "iam-user-unused-credentials-check",
        "IAM_USER_UNUSED_CREDENTIALS_CHECK",
        &[("maxCredentialUsageAge", "45")],
    ),
    (
        "iam-policy-no-statements-with-admin-access",
        "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS",
        &[],
    ),
    ("iam-user-no-policies-check", "IAM_USER_NO_POLICIES_CHECK", &[]),
];

const ENCRYPTION: &[PackRule] = &[
    ("encrypted-volumes", "ENCRYPTED_VOLUMES", &[]),
    ("ec2-ebs-encryption-by-default", "EC2_EBS_ENCRYPTION_BY_DEFAULT", &[]),
    ("rds-storage-encrypted", "RDS_STORAGE_ENCRYPTED", &[]),
    ("efs-encrypted-check", "EFS_ENCRYPTED_CHECK", &[]),
    ("cmk-backing-key-rotation-enabled", "CMK_BACKING_KEY_ROTATION_ENABLED", &[]),
    ("kms-cmk-not-scheduled-for-deletion", "KMS_CMK_NOT_SCHEDULED_FOR_DELETION", &[]),
    ("sns-encrypted-kms", "SNS_ENCRYPTED_KMS", &[]),
    ("cloudwatch-log-group-encrypted", "CLOUDWATCH_LOG_GROUP_ENCRYPTED", &[]),
];

const NETWORK: &[PackRule] = &[
    ("restricted-ssh", "INCOMING_SSH_DISABLED", &[]),
    (
        "restricted-common-ports",
        "RESTRICTED_INCOMING_TRAFFIC",
        &[
            ("blockedPort1", "20"),
            ("blockedPort2", "21"),
            ("blockedPort3", "3389"),
            ("blockedPort4", "3306"),
            ("blockedPort5", "4333"),
        ],
    ),
    ("vpc-default-security-group-closed", "VPC_DEFAULT_SECURITY_GROUP_CLOSED", &[]),
    ("vpc-flow-logs-enabled", "VPC_FLOW_LOGS_ENABLED", &[]),
    ("nacl-no-unrestricted-ssh-rdp", "NACL_NO_UNRESTRICTED_SSH_RDP", &[]),
    ("ec2-imdsv2-check", "EC2_IMDSV2_CHECK", &[]),
    ("rds-instance-public-access-check", "RDS_INSTANCE_PUBLIC_ACCESS_CHECK", &[]),
];

/// What the CIS benchmark checks and no other pack does.
const CIS: &[PackRule] = &[
    ("multi-region-cloudtrail-enabled", "MULTI_REGION_CLOUD_TRAIL_ENABLED", &[]),
    ("cloud-trail-log-file-validation-enabled", "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED", &[]),
    ("cloud-trail-encryption-enabled", "CLOUD_TRAIL_ENCRYPTION_ENABLED", &[]),
    ("cloud-trail-cloud-watch-logs-enabled", "CLOUD_TRAIL_CLOUD_WATCH_LOGS_ENABLED", &[]),
    ("cloudtrail-security-trail-enabled", "CLOUDTRAIL_SECURITY_TRAIL_ENABLED", &[]),
    ("guardduty-enabled-centralized", "GUARDDUTY_ENABLED_CENTRALIZED", &[]),
    ("securityhub-enabled", "SECURITYHUB_ENABLED", &[]),
    ("ebs-snapshot-public-restorable-check", "EBS_SNAPSHOT_PUBLIC_RESTORABLE_CHECK", &[]),
];

/// Of the other packs, what the CIS benchmark does not check.
const NOT_OF_CIS: [&str; 9] = [
    "s3-bucket-server-side-encryption-enabled",
    "s3-bucket-logging-enabled",
    "s3-bucket-public-read-prohibited",
    "s3-bucket-public-write-prohibited",
    "efs-encrypted-check",
    "kms-cmk-not-scheduled-for-deletion",
    "sns-encrypted-kms",
    "cloudwatch-log-group-encrypted",
    "restricted-common-ports",
];

impl Pack {
    /// The rules of the pack.
    pub fn rules(self) -> Vec<PackRule> {
        match self {
            Self::S3 => S3.to_vec(),
            Self::Iam => IAM.to_vec(),
            Self::Encryption => ENCRYPTION.to_vec(),
            Self::Network => NETWORK.to_vec(),
            Self::Cis => {
                let all = [S3, IAM, ENCRYPTION, NETWORK, CIS].concat().into_iter();
                all.filter(|(name, _, _)| !NOT_OF_CIS.contains(name)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::known::known;
    use super::*;
    use crate::settings::Words;
    use std::collections::BTreeMap;

    #[test]
    fn every_rule_of_a_pack_is_one_of_awss_and_has_one_name() {
        let mut names = BTreeMap::new();
        for (name, identifier, parameters) in Pack::ALL.iter().flat_map(|(pack, _)| pack.rules()) {
            assert!(known(identifier).is_some(), "{identifier}");
            let before = names.insert(name, (identifier, parameters));
            assert!(before.is_none_or(|before| before == (identifier, parameters)), "{name}");
        }
        assert!(NOT_OF_CIS.iter().all(|name| names.contains_key(name)));
    }

    #[test]
    fn the_packs_have_as_many_rules_as_they_say() {
        let count = |pack: Pack| pack.rules().len();
        assert_eq!(
            Pack::ALL.iter().map(|(pack, _)| count(*pack)).collect::<Vec<_>>(),
            [7, 9, 8, 7, 30]
        );
    }
}
