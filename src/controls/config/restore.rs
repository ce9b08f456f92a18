//! What puts recorder and channel back that a run changed.

use super::channel::Channel;
use super::live::{Live, Recording, State};
use crate::control::{At, Past, Remarks};

/// A recorder that the run created is stopped and stays, as its channel does: their deletion is a
/// person's. So does the role, which is shared by all recorders of the account and costs nothing.
pub fn restored(past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> State {
    let regions = past.each(|live| match live {
        Live::Region(own) => Some(Recording::of(own)),
        Live::Role(_) => None,
    });
    match (&past.before, &past.live, regions) {
        (_, Live::Region(now), Some(regions)) => {
            if let Some(owner) = now.owned_by() {
                say.left_to(owner);
            }
            State::Region(Box::new(put_back(&regions, at.region(), say)))
        }
        (Live::Role(before), Live::Role(now), _) => {
            if before.service_linked_role.is_none() && now.service_linked_role.is_some() {
                say.note("the service-linked role of AWS Config stays; it costs nothing");
            }
            State::Role(now.clone())
        }
        (_, now, _) => {
            say.by_hand(past);
            State::of(now)
        }
    }
}

fn put_back(past: &Past<Recording>, region: &str, say: &mut Remarks) -> Recording {
    let created = Created::by(past);
    let wanted = say.put_back(&created.leave_out(past));
    created.tell(&past.live, region, say);
    wanted
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
    fn tell(&self, now: &Recording, region: &str, say: &mut Remarks) {
        if let (true, true, Some(own)) = (self.recorder, self.same_recorder, &now.recorder) {
            let name = &own.name;
            say.finding(
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
            say.finding(
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
        for (what, _, exists) in gone.into_iter().filter(|(_, is_same, _)| !is_same) {
            let instead = match exists {
                true => "another is in its place, and is left as it is",
                false => "there is none now",
            };
            say.note(format!("the {what} of that run is gone: {instead}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;
    use crate::control::tests::context;
    use crate::control::{Proposal, Standing, restore};
    use crate::place::Place;
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
        let at = At { place: &Place::region("eu-west-1"), context: &context() };
        restore::<Config>(&crate::settings::value("{}"), &past, at)
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
