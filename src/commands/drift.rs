//! `drift`: says whether the account still matches, for cron.

use super::{Account, shown};
use crate::cli::{self, AwsArgs};
use crate::error::{Error, Exit};
use crate::plan;
use crate::view::{self, Streams};
use time::OffsetDateTime;

pub async fn run(
    args: cli::Drift,
    aws: &AwsArgs,
    now: OffsetDateTime,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    let (account, selection, seen) =
        Account::seen(&args.file, &args.scope, aws, now, streams).await?;
    let plan = plan::build(&account.baseline, &selection, &account.context, &seen);
    match args.json {
        true => shown(streams.out.write_all(&plan.to_bytes()))?,
        false => shown(view::drift::text(&mut *streams.out, &plan))?,
    }
    Ok(plan.exit())
}
