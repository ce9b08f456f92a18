//! `permissions`: the least-privilege IAM policy for a command.

use super::{say, shown};
use crate::aws::Caller;
use crate::baseline::Baseline;
use crate::cli::{self, AwsArgs};
use crate::error::{Error, Exit};
use crate::json;
use crate::permissions::policy;
use crate::report::Message;
use crate::view::Streams;
use time::OffsetDateTime;

/// The largest managed policy, in characters without white space. Source: IAM User Guide, "IAM and AWS
/// STS quotas".
const LARGEST_MANAGED: usize = 6144;

pub fn run(
    args: cli::Permissions,
    aws: &AwsArgs,
    now: OffsetDateTime,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    let baseline = Baseline::load(args.file.baseline.as_deref())?;
    let any = || "*".to_owned();
    let account = baseline.account.id.as_ref().map_or_else(any, |id| id.as_str().to_owned());
    let home = baseline.account.home_region.as_ref().map(|name| name.as_str().to_owned());
    let home = home.or_else(|| aws.region.clone()).unwrap_or_else(any);
    let arn = format!("arn:{}:iam::{account}:root", args.partition);
    let context = baseline.context(&Caller { account, arn }, &home, now);
    let document = policy(&baseline, &context, args.purpose);
    let text = json::to_bytes(&document).expect("a policy is plain data");
    shown(streams.stdout.write_all(&text))?;
    let size = document.size();
    if size > LARGEST_MANAGED {
        say(streams, &Message::PolicyTooLong { size, most: LARGEST_MANAGED })?;
    }
    Ok(Exit::Fine)
}
