//! What puts recorder and channel back that a run changed.

use super::channel::Channel;
use super::proposal::mark_loosening;
use super::role::Role;
use super::state::{Live, Recorder, State};
use super::writes::{put_channel, put_recorder, put_retention, start, stop};
use crate::control::{Past, Proposal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A recorder that the run created is stopped and stays, as its channel does: their deletion is a
/// person's.
pub fn restore(past: &Past<Live>, region: &str) -> Proposal {
    if let Some(roles) = past.each(Live::role) {
        return role(&roles);
    }
    match past.each(Live::region) {
        Some(states) => match states.live.owned_by() {
            Some(owner) => put_back(&states, region).left_to(&owner),
            None => put_back(&states, region),
        },
        None => Proposal::by_hand(past),
    }
}

/// The role is shared by all recorders of the account, and costs nothing.
fn role(past: &Past<Role>) -> Proposal {
    let mut proposal = Proposal::fine();
    if past.before.service_linked_role.is_none() && past.live.service_linked_role.is_some() {
        proposal.note("the service-linked role of AWS Config stays; it costs nothing");
    }
    proposal
}

/// The part of a region's state that a run changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Recording {
    recorder: Option<Recorder>,
    channel: Option<Channel>,
    recording: Option<bool>,
    retention_days: Option<u32>,
}

impl Recording {
    fn of(state: &State) -> Self {
        Self {
            recorder: state.recorder.clone(),
            channel: state.channel.clone(),
            recording: state.recording,
            retention_days: state.retention_days,
        }
    }
}

fn put_back(states: &Past<State>, region: &str) -> Proposal {
    let past = states.map(Recording::of);
    let created = Created::by(&past);
    let (merged, wanted) = created.leave_out(&past).put_back();
    let now = &past.live;
    let mut proposal = Proposal { findings: merged.findings, ..Proposal::between(now, &wanted) };
    created.tell(&mut proposal, now, region);
    let Some(recorder) = wanted.recorder else {
        return proposal;
    };
    let retention = wanted.retention_days;
    mark_loosening(&mut proposal, now.recorder.as_ref(), &recorder);
    let name = recorder.name.clone();
    if proposal.touches(&["recorder"]) {
        let put = put_recorder(&recorder, BTreeMap::new(), region);
        proposal.call(put);
    }
    if let (Some(channel), true) = (wanted.channel, proposal.touches(&["channel"])) {
        proposal.call(put_channel(channel, region));
    }
    match (proposal.touches(&["recording"]), wanted.recording) {
        (true, Some(true)) => proposal.call(start(&name, region)),
        (true, Some(false)) => proposal.call(stop(&name, region)),
        _ => {}
    }
    if let (true, Some(days)) = (proposal.touches(&["retention_days"]), retention) {
        proposal.call(put_retention(days, region));
    }
    proposal
}

/// Which of the two the run created, and whether what is there now goes by the name of what the run
/// left: under another name it is another thing, and not the run's.
struct Created {
    recorder: bool,
    channel: bool,
    same_recorder: bool,
    same_channel: bool,
}

impl Created {
    fn by(past: &Past<Recording>) -> Self {
        let recorder = past.map(|own| own.recorder.as_ref().map(|own| own.name.clone()));
        let channel = past.map(|own| own.channel.as_ref().map(|own| own.name.clone()));
        let is_new = |name: &Past<Option<String>>| name.before.is_none() && name.after.is_some();
        Self {
            recorder: is_new(&recorder),
            channel: is_new(&channel),
            same_recorder: recorder.after == recorder.live,
            same_channel: channel.after == channel.live,
        }
    }

    /// The past without what stays as it is; of a new recorder only that it runs goes back.
    fn leave_out(&self, past: &Past<Recording>) -> Past<Recording> {
        let Past { mut before, mut after, live } = past.clone();
        if self.recorder || !self.same_recorder {
            after.recorder = before.recorder.clone();
        }
        if self.recorder {
            before.recording = after.recording.map(|_| false);
        }
        if !self.same_recorder {
            after.recording = before.recording;
        }
        if self.channel || !self.same_channel {
            after.channel = before.channel.clone();
        }
        Past { before, after, live }
    }

    /// Says how to delete what the run created, in the order that AWS demands: it deletes a channel
    /// only while nothing is recorded.
    fn tell(&self, proposal: &mut Proposal, now: &Recording, region: &str) {
        if let (true, true, Some(own)) = (self.recorder, self.same_recorder, &now.recorder) {
            let name = &own.name;
            proposal.finding(
                "recorder",
                format!("the run created the recorder {name}; it is not deleted"),
                format!(
                    "if nobody needs it: aws configservice delete-configuration-recorder \
                     --configuration-recorder-name {name} --region {region}"
                ),
            );
        }
        if let (true, true, Some(own)) = (self.channel, self.same_channel, &now.channel) {
            let Channel { name, bucket, .. } = own;
            proposal.finding(
                "channel",
                format!("the run created the delivery channel {name}; it is not deleted"),
                format!(
                    "if nobody needs it, and while nothing is recorded: aws configservice \
                     delete-delivery-channel --delivery-channel-name {name} --region {region} \
                     (what it delivered to {bucket} stays)"
                ),
            );
        }
        let gone = [
            ("recorder", self.same_recorder, now.recorder.is_some()),
            ("channel", self.same_channel, now.channel.is_some()),
        ];
        for (what, is_same, is_there) in gone {
            if !is_same {
                let instead = match is_there {
                    true => "another is in its place, and is left as it is",
                    false => "there is none now",
                };
                proposal.note(format!("the {what} of that run is gone: {instead}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Standing;
    use serde_json::{Value, json};

    /// A recorder by its name, with all types and a channel, that runs.
    fn state(name: &str) -> Value {
        json!({
            "recorder": {
                "name": name, "role": "r", "record": "all", "global_types": true,
                "frequency": "CONTINUOUS",
            },
            "channel": {
                "name": "default", "bucket": "logs", "prefix": null, "kms_key": null,
                "sns_topic": null, "snapshot_frequency": null,
            },
            "recording": true,
        })
    }

    fn restored(before: Value, after: Value, live: Value) -> Proposal {
        let read = |state| {
            let state = serde_json::from_value(state).expect("a live state");
            Live::Region(Box::new(state))
        };
        let past = Past { before: read(before), after: read(after), live: read(live) };
        restore(&past, "eu-west-1")
    }

    fn calls(proposal: &Proposal) -> Vec<&str> {
        let writes = proposal.writes.iter();
        writes.map(|write| write.operation().name).collect()
    }

    fn nothing() -> Value {
        json!({"recorder": null, "channel": null, "recording": null})
    }

    #[test]
    fn a_created_recorder_is_stopped_whatever_else_became_of_it() {
        let mut changed = state("default");
        changed["recorder"]["record"] = json!({"include": ["AWS::S3::Bucket"]});
        let proposal = restored(nothing(), state("default"), changed.clone());
        assert_eq!(calls(&proposal), ["StopConfigurationRecorder"]);
        let fields: Vec<&str> = proposal.findings.iter().map(|f| f.field.as_str()).collect();
        assert_eq!(fields, ["recorder", "channel"]);
        changed["recording"] = json!(false);
        let stopped = restored(nothing(), state("default"), changed);
        assert!(stopped.writes.is_empty() && stopped.differences.is_empty());
    }

    #[test]
    fn a_recorder_that_took_the_place_of_the_runs_is_left_as_it_is() {
        let mut before = state("default");
        before["recording"] = json!(false);
        let proposal = restored(before, state("default"), state("theirs"));
        assert!(proposal.writes.is_empty() && proposal.findings.is_empty());
        assert_eq!(
            proposal.notes,
            ["the recorder of that run is gone: another is in its place, and is left as it is"]
        );
        let gone = restored(nothing(), state("default"), nothing());
        assert!(gone.writes.is_empty() && gone.findings.is_empty());
    }

    #[test]
    fn the_recorder_of_control_tower_is_left_to_it() {
        let name = "aws-controltower-BaselineConfigRecorder";
        let mut before = state(name);
        before["recording"] = json!(false);
        let proposal = restored(before, state(name), state(name));
        assert!(matches!(proposal.standing, Standing::Elsewhere(_)));
        assert!(proposal.writes.is_empty());
    }

    #[test]
    fn fewer_types_protect_less() {
        let mut before = state("default");
        before["recorder"]["record"] = json!({"include": ["AWS::S3::Bucket"]});
        before["recorder"]["global_types"] = json!(false);
        let proposal = restored(before, state("default"), state("default"));
        assert_eq!(calls(&proposal), ["PutConfigurationRecorder"]);
        assert!(proposal.differences.iter().any(|d| d.loosens));
    }
}
