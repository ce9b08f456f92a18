//! The controls, one file each, and the list of them.

mod access_analyzer;
mod administrator;
pub mod alerts;
mod archive;
mod bucket_state;
mod buckets;
mod budgets;
mod cloudtrail;
mod config;
mod config_rules;
#[cfg(test)]
mod defaults;
mod detective;
mod ebs_encryption;
mod exports;
mod guardduty;
mod inspector;
mod key_rotation;
pub mod keys;
pub mod log_bucket;
mod macie;
mod malware_protection;
mod password_policy;
mod public_access_block;
pub mod roles;
mod root_user;
mod security_hub;
mod storage_lens;
mod topics;
mod trail_alarms;
mod trail_queries;
mod xray;

use crate::control::Kind;
use crate::document::did_you_mean;

/// Every control, in the order in which plans read: what makes the account's own record comes
/// before what it records, and what a control needs comes before it.
pub const ALL: &[Kind] = &[
    Kind::of::<root_user::RootUser>(),
    Kind::of::<password_policy::PasswordPolicy>(),
    Kind::of::<public_access_block::PublicAccessBlock>(),
    Kind::of::<keys::Keys>(),
    Kind::of::<alerts::Alerts>(),
    Kind::of::<log_bucket::LogBucket>(),
    Kind::of::<cloudtrail::Cloudtrail>(),
    Kind::of::<config::Config>(),
    Kind::of::<config_rules::ConfigRules>(),
    Kind::of::<guardduty::GuardDuty>(),
    Kind::of::<malware_protection::MalwareProtection>(),
    Kind::of::<access_analyzer::AccessAnalyzer>(),
    Kind::of::<inspector::Inspector>(),
    Kind::of::<security_hub::SecurityHub>(),
    Kind::of::<detective::Detective>(),
    Kind::of::<trail_alarms::TrailAlarms>(),
    Kind::of::<macie::Macie>(),
    Kind::of::<trail_queries::TrailQueries>(),
    Kind::of::<ebs_encryption::EbsEncryption>(),
    Kind::of::<xray::XRay>(),
    Kind::of::<key_rotation::KeyRotation>(),
    Kind::of::<budgets::Budgets>(),
    Kind::of::<buckets::Buckets>(),
    Kind::of::<storage_lens::StorageLens>(),
];

/// The control of a table.
pub fn find(name: &str) -> Option<&'static Kind> {
    ALL.iter().find(|kind| kind.about.name == name)
}

/// The names of all controls.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|kind| kind.about.name).collect()
}

/// The hint for a name that is not a control's: the one that is close to it, or all of them.
pub fn named_like(name: &str) -> String {
    let known = names();
    match did_you_mean(name, &known) {
        Some(hint) if hint.starts_with("did") => hint,
        _ => format!("controls: {}", known.join(", ")),
    }
}
