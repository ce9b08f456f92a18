//! The accounts of AWS from which services deliver logs that have no service principal, or had none
//! once. To IAM they are accounts like any other.
//!
//! Only the documented form counts: the documented principal, and no action but those of a delivery.
//! The same account with another action is a stranger: the account from which Redshift delivers in
//! us-east-1 is also the made-up attacker of a widely used attack simulator.
//!
//! Sources: Elastic Load Balancing User Guide, "Access logs for your Application Load Balancer"; AWS
//! CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail" and "CloudTrail supported Regions";
//! Amazon Redshift Management Guide, "Database audit logging"; AWS Billing User Guide, "Setting up an
//! Amazon S3 bucket for Cost and Usage Reports".

use super::principals::account_of;

/// The accounts of Elastic Load Balancing, in regions from before August 2022, in all partitions.
const LOAD_BALANCING: [&str; 29] = [
    "009996457667", // eu-west-3
    "027434742980", // us-west-1
    "033677994240", // us-east-2
    "037604701340", // cn-northwest-1
    "048591011584", // us-gov-west-1
    "054676820928", // eu-central-1
    "076674570225", // me-south-1
    "098369216593", // af-south-1
    "114774131450", // ap-southeast-1
    "121062877647", // us-iso-west-1
    "127311923021", // us-east-1
    "156460612806", // eu-west-1
    "190560391635", // us-gov-east-1
    "383597477331", // ap-northeast-3
    "507241528517", // sa-east-1
    "582318560864", // ap-northeast-1
    "589379963580", // ap-southeast-3
    "600734575887", // ap-northeast-2
    "635631232127", // eu-south-1
    "638102146993", // cn-north-1
    "652711504416", // eu-west-2
    "718504428378", // ap-south-1
    "740734521339", // us-isob-east-1
    "754344448648", // ap-east-1
    "770363063475", // us-iso-east-1
    "783225319266", // ap-southeast-2
    "797873946194", // us-west-2
    "897822967062", // eu-north-1
    "985666609251", // ca-central-1
];

/// The accounts of CloudTrail.
const TRAIL: [&str; 31] = [
    "034638983726", // me-south-1
    "035351147821", // eu-central-1
    "069019280451", // ap-southeast-3
    "086441151436", // us-east-1
    "113285607260", // us-west-2
    "119688915426", // ap-east-1
    "187074758985", // ap-southeast-4
    "193415116832", // cn-north-1
    "216624486486", // ap-northeast-1
    "262312530599", // eu-west-3
    "282025262664", // eu-west-2
    "284668455005", // ap-southeast-2
    "388731089494", // us-west-1
    "453052556044", // eu-central-2
    "475085895292", // us-east-2
    "492519147666", // ap-northeast-2
    "525921808201", // af-south-1
    "582488909970", // ap-south-2
    "585772288577", // me-central-1
    "608710470296", // us-gov-east-1 and us-gov-west-1
    "669305197877", // eu-south-1
    "681348832753", // cn-northwest-1
    "683224464357", // il-central-1
    "757211635381", // eu-south-2
    "765225791966", // ap-northeast-3
    "814480443879", // sa-east-1
    "819402241893", // ca-central-1
    "829690693026", // eu-north-1
    "859597730677", // eu-west-1
    "903692715234", // ap-southeast-1
    "977081816279", // ap-south-1
];

/// The accounts of Redshift, whose user `logs` delivers.
const REDSHIFT: [&str; 24] = [
    "013126148197", // me-south-1
    "053454850223", // eu-central-1
    "075028567923", // sa-east-1
    "090321488786", // ap-northeast-3
    "111890595117", // cn-north-1
    "193672423079", // us-east-1
    "210876761215", // eu-west-1
    "262260360010", // us-west-1
    "307160386991", // eu-west-2
    "313564881002", // ap-east-1
    "361669875840", // ap-southeast-1
    "365689465814", // af-south-1
    "391106570357", // us-east-2
    "404641285394", // ap-northeast-1
    "660998842044", // cn-northwest-1
    "665727464434", // us-gov-east-1 and us-gov-west-1
    "729911121831", // eu-north-1
    "760740231472", // ap-northeast-2
    "762762565011", // ap-southeast-2
    "865932855811", // ap-south-1
    "902366379725", // us-west-2
    "907379612154", // ca-central-1
    "915173422425", // eu-west-3
    "945612479654", // eu-south-1
];

/// The account of AWS Billing.
const BILLING: &str = "386209384616";

/// What a delivery takes: looking whether the bucket is one to write to, and writing.
const DELIVERY: [&str; 5] = [
    "s3:getbucketacl",
    "s3:getbucketlocation",
    "s3:getbucketpolicy",
    "s3:putobject",
    "s3:putobjectacl",
];

/// Whether these actions, in lower case, are those of a delivery and no others.
pub(super) fn only_deliver<'a>(mut actions: impl Iterator<Item = &'a str>) -> bool {
    actions.all(|own| DELIVERY.contains(&own))
}

/// The account of AWS that a principal stands for, if services deliver from there.
pub(super) fn account(principal: &str) -> Option<&str> {
    let account = account_of(principal)?;
    let is_root = principal == account || principal.ends_with(":root");
    let is_known = match is_root {
        true => account == BILLING || LOAD_BALANCING.contains(&account) || TRAIL.contains(&account),
        false => REDSHIFT.contains(&account) && principal.ends_with(":user/logs"),
    };
    is_known.then_some(account)
}

/// Whether an account is one of Elastic Load Balancing.
pub(super) fn is_load_balancing(account: &str) -> bool {
    LOAD_BALANCING.contains(&account)
}
