//! What is watched, by events: `[alerts]` sends them, by a rule in every region.

use super::live::{Live, State};
use super::settings::Settings;
use super::watches::Watch;
use crate::aws::regions;
use crate::control::{At, Remarks, Sought};
use crate::settings::Words;
use serde_json::{Value, json};

/// What `[alerts]` is asked to send.
pub fn sought(settings: &Settings) -> Vec<Sought> {
    settings.watches().flat_map(of).collect()
}

/// What a watch is about, as patterns of EventBridge: together they match what the filter does.
fn of(watch: Watch) -> Vec<Sought> {
    let part = |detail: Value, sent_by| Sought { key: watch.word(), detail, sent_by };
    let calls = |names: &[&str]| match watch.source() {
        Some(source) => json!({"eventSource": [source], "eventName": names}),
        None => json!({"eventName": names}),
    };
    match watch {
        Watch::UnauthorizedCalls => {
            let codes = json!([{"suffix": "UnauthorizedOperation"}, {"prefix": "AccessDenied"}]);
            vec![part(json!({"errorCode": codes}), None)]
        }
        Watch::SignInWithoutMfa => {
            let detail = json!({
                "eventName": ["ConsoleLogin"],
                "additionalEventData": {"MFAUsed": [{"anything-but": ["Yes"]}]},
                "userIdentity": {"type": ["IAMUser"]},
                "responseElements": {"ConsoleLogin": ["Success"]},
            });
            vec![part(detail, Some("sign_in_without_mfa"))]
        }
        // What changes something is sent anyway, and what services do is another kind of event.
        Watch::RootUse => {
            let who = json!({"type": ["Root"], "invokedBy": [{"exists": false}]});
            let changes = json!([false, {"exists": false}]);
            vec![
                part(json!({"userIdentity": who, "readOnly": [true]}), None),
                part(json!({"userIdentity": who, "readOnly": changes}), Some("root")),
            ]
        }
        Watch::SignInFailures => {
            let detail = json!({
                "eventName": ["ConsoleLogin"],
                "errorMessage": ["Failed authentication"],
            });
            vec![part(detail, None)]
        }
        Watch::TrailChanges => {
            let (started, others): (Vec<_>, Vec<_>) =
                watch.events().iter().copied().partition(|name| *name == "StartLogging");
            vec![part(calls(&started), None), part(calls(&others), Some("tampering"))]
        }
        Watch::ConfigChanges | Watch::KeyDeletion => {
            vec![part(calls(watch.events()), Some("tampering"))]
        }
        other => vec![part(calls(other.events()), None)],
    }
}

/// Nothing is changed here; what keeps events from being sent is reported.
pub fn wanted(live: &Live, at: At<'_>, say: &mut Remarks) -> State {
    let context = at.context;
    if live.target.is_none() {
        say.finding(
            "trail",
            "there is no trail of all regions, and without one there are no events of calls",
            "add [cloudtrail] to the baseline",
        );
    }
    match context.alerts() {
        Some(_) => say.note("what is watched is sent by a rule of [alerts]"),
        None => say.finding(
            "by",
            "by = \"events\" has [alerts] send what is watched, and nothing has alerts sent",
            "add [alerts] to the baseline, or take by out of [trail_alarms]",
        ),
    }
    // Calls of IAM, of AWS Organizations and the like are events of that region alone.
    let global = regions::partition(&context.partition).global;
    let listed = context.listed_regions.as_ref().filter(|_| context.partition == "aws");
    if listed.is_some_and(|own| own.iter().all(|region| region != global))
        && context.home_region != global
    {
        say.finding(
            "by",
            format!(
                "the calls of IAM and AWS Organizations are events of {global} alone, which is not \
                 among the regions of the baseline"
            ),
            format!("add {global} to regions in [account]"),
        );
    }
    live.state()
}
