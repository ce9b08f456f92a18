//! `snapshot`: saves what is read, to plan from later.

use super::{Account, Naming, note_ignored_region, say};
use crate::cli::{self, AwsArgs};
use crate::error::{Error, Exit};
use crate::files;
use crate::json;
use crate::observe::{Observation, Observed};
use crate::report::Message;
use crate::view::Streams;
use time::OffsetDateTime;

pub async fn run(
    args: cli::Snapshot,
    aws: &AwsArgs,
    now: OffsetDateTime,
    streams: &mut Streams,
) -> Result<Exit, Error> {
    let (account, _, seen) =
        Account::seen(&args.file, &args.scope, aws, now, Naming::Number, streams).await?;
    note_ignored_region(&account, streams)?;
    let bytes = json::to_bytes(&seen).expect("a snapshot is plain data");
    let replaced = files::replaced(&args.out)?;
    let is_snapshot = |bytes: &Vec<u8>| serde_json::from_slice::<Observation>(bytes).is_ok();
    if replaced.is_some_and(|bytes| !is_snapshot(&bytes)) {
        let path = args.out.display();
        return Err(Error::failed(format!(
            "{path} exists and is not a snapshot; it was not overwritten"
        )));
    }
    files::save_private(&args.out, &bytes)?;
    let unseen = |observed: &&Observed| {
        matches!(observed, Observed::Unknown(_)) && observed.not_offered().is_none()
    };
    let unknown = seen.places.values().filter(unseen).count();
    let (path, places) = (args.out.as_path(), seen.places.len());
    say(streams, &Message::SnapshotSaved { path, places, unknown })?;
    Ok(match unknown == 0 && !seen.facts.is_any_hidden() {
        true => Exit::Fine,
        false => Exit::Unseen,
    })
}
