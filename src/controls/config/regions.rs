//! Where the types of IAM can be recorded, and are.

use crate::control::Context;

/// The regions that record the types of IAM: those in which AWS Config was before February 2022.
/// None will be added. Source: AWS Config Developer Guide, "Recording AWS Resources", and API
/// reference, RecordingGroup. Other partitions than `aws` have no such rule.
const RECORD_IAM: [&str; 22] = [
    "af-south-1",
    "ap-east-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-south-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "me-south-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Whether a region can record the types of IAM.
pub fn records_iam(region: &str, context: &Context) -> bool {
    context.partition != "aws" || RECORD_IAM.contains(&region)
}

/// Where the types of IAM are recorded: in the home region, else in another region of the baseline
/// that can. Where all enabled regions are looked at, the partition's global one is among them.
pub fn iam_region(context: &Context) -> Option<&str> {
    let can = |region: &&str| records_iam(region, context);
    let home = context.home_region.as_str();
    let global = context.global_region();
    match &context.listed_regions {
        _ if can(&home) => Some(home),
        None => Some(global).filter(can),
        Some(listed) => {
            let is_listed = |region: &&str| listed.iter().any(|own| own == region);
            let first = listed.iter().map(String::as_str).find(|region| can(region));
            Some(global).filter(can).filter(is_listed).or(first)
        }
    }
}
