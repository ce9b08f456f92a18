//! `plan`: shows what would change; saves it when asked.

use super::{Account, selection, shown};
use crate::baseline::Baseline;
use crate::cli::{self, AwsArgs};
use crate::error::{Error, Exit};
use crate::files;
use crate::observe::{FORMAT, Observation};
use crate::plan::{self, Plan};
use crate::view::{self, Streams};
use std::io::Write;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

pub async fn run(
    args: cli::Plan,
    aws: &AwsArgs,
    now: OffsetDateTime,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    let mut plan = match &args.from {
        Some(snapshot) => from_snapshot(&args, snapshot)?,
        None => {
            let (account, selection, seen) =
                Account::seen(&args.file, &args.scope, aws, now, streams).await?;
            plan::build(&account.baseline, &selection, &account.context, &seen)
        }
    };
    plan.valid_for(args.valid_for);
    match args.json {
        true => shown(streams.out.write_all(&plan.to_bytes()))?,
        false => shown(view::plan::text(&mut *streams.out, &plan))?,
    }
    if let Some(out) = args.out {
        let path = out.unwrap_or_else(|| default_out(&plan));
        files::save_private(&path, &plan.to_bytes())?;
        let text = format!(
            "saved; to make these changes: baseline apply {}",
            path.display()
        );
        shown(writeln!(streams.talk, "{text}"))?;
    }
    Ok(match plan.exit() {
        Exit::Differs if !args.detailed_exitcode => Exit::Fine,
        exit => exit,
    })
}

fn from_snapshot(args: &cli::Plan, path: &Path) -> Result<Plan, Error> {
    let baseline = Baseline::load(args.file.baseline.as_deref())?;
    let selection = selection(&args.scope)?;
    let not = |cause: String| {
        Error::failed(format!("{} is no snapshot", path.display()))
            .because(cause)
            .hint("make one with `baseline snapshot --out FILE`")
    };
    let bytes = std::fs::read(path)
        .map_err(|cause| Error::failed(format!("cannot read {}", path.display())).because(cause))?;
    let seen: Observation =
        serde_json::from_slice(&bytes).map_err(|cause| not(cause.to_string()))?;
    if seen.format != FORMAT {
        return Err(not(format!(
            "it has format {}, this version reads {FORMAT}",
            seen.format
        )));
    }
    if let Some(id) = &baseline.account.id
        && id.as_str() != seen.caller.account
    {
        let (id, other) = (id.as_str(), &seen.caller.account);
        let text = format!("wrong account: the baseline is for {id}, the snapshot of {other}");
        return Err(Error::refused(text));
    }
    let context = baseline.context(&seen.caller, &seen.home_region, seen.taken);
    Ok(plan::build(&baseline, &selection, &context, &seen))
}

/// `plans/<account>-<baseline>.json`
fn default_out(plan: &Plan) -> PathBuf {
    let stem = Path::new(&plan.baseline.path)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    PathBuf::from("plans").join(format!("{}-{stem}.json", plan.account))
}
