use super::*;
use crate::control::tests::context;
use crate::control::{Prerequisite, Proposal, Standing, propose as propose_for};
use channel::Channel;
use live::{Override, Recorder, Region};
use recording::{Group, Record};
use role::service_linked_role;

use std::collections::BTreeSet;

const CONTROL_TOWER: &str = "aws-controltower-BaselineConfigRecorder";

const CUSTOM: &str = "arn:aws:iam::111122223333:role/config";

fn of_region(settings: &Settings, place: Place, live: Region, context: &Context) -> Proposal {
    let live = Live::Region(Box::new(live));
    propose_for::<Config>(settings, &live, At { place: &place, context })
}

fn propose(settings: &str, live: Region) -> Proposal {
    let settings = toml::from_str(settings).expect("the test's settings are valid");
    let place = Place::region("us-east-1");
    of_region(&settings, place, live, &context())
}

fn operations(proposal: &Proposal) -> Vec<&str> {
    let names = proposal.writes.iter().map(|write| write.operation().name);
    names.collect()
}

/// A recorder as a person made it, with all types, that runs and delivers.
fn adopted() -> Region {
    let recorder = Recorder {
        name: "default2".to_owned(),
        role: CUSTOM.to_owned(),
        group: Group { record: Record::All, global_types: true },
        frequency: Some("CONTINUOUS".to_owned()),
        overrides: vec![Override {
            description: None,
            types: BTreeSet::from(["AWS::EC2::Volume".to_owned()]),
            frequency: "DAILY".to_owned(),
        }],
    };
    Region {
        recorder: Some(recorder),
        channel: Some(Channel::to("theirs")),
        recording: Some(true),
        ..Region::default()
    }
}

#[test]
fn recorder_channel_and_start_come_in_the_order_that_aws_demands() {
    let proposal = propose("bucket = \"logs\"", Region::default());
    let wanted = ["PutConfigurationRecorder", "PutDeliveryChannel", "StartConfigurationRecorder"];
    assert_eq!(operations(&proposal), wanted);
    assert_eq!(proposal.after, [Prerequisite::at::<Config>(role_place())]);
    let input = proposal.writes[0].call().input;
    assert_eq!(input["Tags"][0]["Key"], "baseline");
}

#[test]
fn a_recorder_that_does_it_all_is_left_alone() {
    for settings in ["", "frequency = \"daily\"", "global_types = \"none\""] {
        let proposal = propose(settings, adopted());
        assert_eq!(proposal.differences, [], "{settings}");
    }
}

#[test]
fn what_a_recorder_has_besides_is_carried_over() {
    let mut live = adopted();
    recorder(&mut live).group = Group::default();
    let proposal = propose("", live);
    assert_eq!(operations(&proposal), ["PutConfigurationRecorder"]);
    let recorder = &proposal.writes[0].call().input["ConfigurationRecorder"];
    assert_eq!(recorder["name"], "default2");
    assert_eq!(recorder["roleARN"], CUSTOM);
    let overrides = &recorder["recordingMode"]["recordingModeOverrides"];
    assert_eq!(overrides[0]["resourceTypes"][0], "AWS::EC2::Volume");
}

#[test]
fn a_stopped_recorder_is_started_and_nothing_else() {
    let stopped = Region { recording: Some(false), ..adopted() };
    assert_eq!(operations(&propose("", stopped)), ["StartConfigurationRecorder"]);
}

#[test]
fn recording_less_needs_an_exact_wish_and_loosens() {
    let list = "{ include = [\"AWS::S3::Bucket\"] }";
    assert_eq!(propose(&format!("record = {list}"), adopted()).differences, []);
    let exact = propose(&format!("record = {{ exactly = {list} }}"), adopted());
    let loosens = exact.differences.iter().filter(|d| d.loosens);
    assert_eq!(loosens.count(), 1, "{:?}", exact.differences);
}

#[test]
fn without_a_bucket_a_person_is_asked() {
    let proposal = propose("", Region::default());
    assert!(proposal.writes.is_empty());
    assert_eq!(proposal.findings[0].field, "bucket");
}

#[test]
fn the_recorder_of_control_tower_is_left_to_it() {
    let mut live = adopted();
    live.recording = Some(false);
    live.is_bucket_foreign = true;
    recorder(&mut live).name = CONTROL_TOWER.to_owned();
    live.channel = Some(Channel {
        name: "aws-controltower-BaselineConfigDeliveryChannel".to_owned(),
        ..Channel::to("aws-controltower-logs-999999999999-us-east-1")
    });
    let proposal = propose("", live);
    assert!(proposal.writes.is_empty());
    let Standing::Elsewhere(whom) = proposal.standing else {
        panic!("{proposal:?}");
    };
    assert_eq!(whom, "AWS Control Tower");
    let [finding] = &proposal.findings[..] else {
        panic!("{:?}", proposal.findings);
    };
    assert_eq!(finding.field, "recording");
}

#[test]
fn a_failure_to_deliver_is_found_while_the_recorder_runs() {
    let code = ("history".to_owned(), "AccessDenied".to_owned());
    let mut failing = Region { undelivered: [code].into(), ..adopted() };
    let proposal = propose("", failing.clone());
    assert!(proposal.writes.is_empty() && proposal.differences.is_empty());
    let [finding] = &proposal.findings[..] else {
        panic!("{proposal:?}");
    };
    assert_eq!(finding.field, "channel");
    assert_eq!(finding.what, "delivery of the history fails: AccessDenied");
    failing.recording = Some(false);
    assert!(propose("", failing).findings.is_empty());
}

#[test]
fn continuous_is_not_met_by_a_recorder_that_looks_daily_at_what_is_asked_for() {
    let found = |settings: &str| {
        let proposal = propose(settings, adopted());
        assert!(proposal.writes.is_empty(), "{settings}");
        let findings = proposal.findings.into_iter();
        findings.map(|finding| finding.field).collect::<Vec<_>>()
    };
    let continuous = "frequency = \"continuous\"";
    assert_eq!(found(continuous), ["recorder.overrides"]);
    assert!(found("").is_empty());
    assert!(found("frequency = \"daily\"").is_empty());
    let buckets = "record = { include = [\"AWS::S3::Bucket\"] }";
    assert!(found(&format!("{continuous}\n{buckets}")).is_empty());
}

#[test]
fn a_failure_to_record_is_told() {
    let failing = Region { failure: Some("AccessDenied".to_owned()), ..adopted() };
    let proposal = propose("", failing);
    assert!(proposal.writes.is_empty());
    assert_eq!(proposal.findings[0].what, "recording fails: AccessDenied");
}

/// What this baseline created a while ago, delivering to its log bucket.
fn created() -> Region {
    let context = context();
    Region {
        recorder: Some(Recorder {
            name: "default".to_owned(),
            role: service_linked_role(&context),
            group: Group { record: Record::All, global_types: true },
            frequency: Some("CONTINUOUS".to_owned()),
            overrides: Vec::new(),
        }),
        channel: Some(Channel::to("logs")),
        recording: Some(true),
        retention_days: Some(2557),
        is_ours: true,
        ..Region::default()
    }
}

fn with_log_bucket(settings: &str, region: &str, live: Region) -> Proposal {
    let settings = toml::from_str(settings).expect("the test's settings are valid");
    let context = Context { log_bucket: Some("logs".to_owned()), ..context() };
    of_region(&settings, Place::region(region), live, &context)
}

fn with_log_bucket_at_home(live: Region) -> Proposal {
    with_log_bucket("", "us-east-1", live)
}

fn recorder(live: &mut Region) -> &mut Recorder {
    live.recorder.as_mut().expect("a recorder")
}

fn channel(live: &mut Region) -> &mut Channel {
    live.channel.as_mut().expect("a channel")
}

/// Something that makes a recorder protect less.
type Weaken = fn(&mut Region);

#[test]
fn what_the_baseline_created_delivers_records_and_keeps_as_the_file_says() {
    assert!(with_log_bucket_at_home(created()).differences.is_empty());
    let moves: [(&str, Weaken); 6] = [
        ("channel.bucket", |own| {
            channel(own).bucket = "theirs".to_owned();
            own.is_bucket_foreign = true;
        }),
        ("channel.prefix", |own| channel(own).prefix = Some("hidden".to_owned())),
        ("recorder.role", |own| recorder(own).role = CUSTOM.to_owned()),
        ("recorder.frequency", |own| recorder(own).frequency = Some("DAILY".to_owned())),
        ("recorder.record", |own| {
            let record = Record::Exclude(["AWS::S3::Bucket".to_owned()].into());
            recorder(own).group = Group { record, global_types: false };
        }),
        ("retention_days", |own| own.retention_days = Some(30)),
    ];
    for (field, weaken) in moves {
        let mut live = created();
        weaken(&mut live);
        let proposal = with_log_bucket_at_home(live);
        assert!(proposal.touches(&[field]), "{field}: {proposal:?}");
        assert!(!proposal.writes.is_empty() && proposal.findings.is_empty(), "{field}");
        assert!(proposal.differences.iter().all(|own| !own.loosens), "{field}");
    }
}

#[test]
fn an_adopted_channel_keeps_a_bucket_of_this_account_and_no_other() {
    let keeps = with_log_bucket_at_home(adopted());
    assert!(keeps.differences.is_empty() && keeps.findings.is_empty());
    assert!(keeps.notes.iter().any(|note| note.contains("keeps its bucket theirs")));
    let foreign = Region { is_bucket_foreign: true, ..adopted() };
    let proposal = with_log_bucket_at_home(foreign.clone());
    assert_eq!(proposal.findings[0].field, "channel.bucket");
    // Named, it is not read as foreign.
    let named = with_log_bucket("bucket = \"theirs\"", "us-east-1", adopted());
    assert!(named.differences.is_empty() && named.findings.is_empty());
    assert_eq!(propose("", foreign).findings[0].field, "channel.bucket");
}

#[test]
fn a_recorder_that_only_bears_a_name_of_control_tower_is_not_excused() {
    let mut live = Region { is_bucket_foreign: true, ..adopted() };
    recorder(&mut live).name = CONTROL_TOWER.to_owned();
    let proposal = propose("", live.clone());
    assert_eq!(proposal.findings[0].field, "channel.bucket");
    let archive = "aws-controltower-logs-999999999999-us-east-1";
    live.channel = Some(Channel {
        name: "aws-controltower-BaselineConfigDeliveryChannel".to_owned(),
        ..Channel::to(archive)
    });
    let proposal = propose("", live);
    assert!(proposal.findings.is_empty(), "{:?}", proposal.findings);
    assert!(proposal.notes.iter().any(|note| note.contains(archive)));
}

#[test]
fn a_role_that_config_cannot_assume_and_a_key_of_others_are_found() {
    let broken = Region {
        role_fault: Some("does not exist".to_owned()),
        key_fault: Some("is Disabled".to_owned()),
        channel: Some(Channel {
            kms_key: Some("arn:aws:kms:us-east-1:111122223333:key/1".to_owned()),
            sns_topic: Some("arn:aws:sns:us-east-1:999999999999:x".to_owned()),
            ..Channel::to("theirs")
        }),
        ..adopted()
    };
    let proposal = propose("", broken.clone());
    let fields: Vec<&str> = proposal.findings.iter().map(|own| own.field.as_str()).collect();
    assert_eq!(fields, ["recorder.role", "channel.kms_key", "channel.sns_topic"]);
    // The role is about to be replaced.
    let replaced = propose("role = \"service-linked\"", broken);
    assert!(replaced.findings.iter().all(|own| own.field != "recorder.role"));
}

#[test]
fn types_of_iam_are_recorded_where_they_can_be_or_it_is_a_finding() {
    let proposed = |region: &str, listed: Option<&[&str]>| {
        let context = Context {
            home_region: "me-central-1".to_owned(),
            listed_regions: listed.map(|own| own.iter().map(|&one| one.to_owned()).collect()),
            log_bucket: Some("logs".to_owned()),
            ..context()
        };
        let settings = toml::from_str("").expect("valid");
        of_region(&settings, Place::region(region), Region::default(), &context)
    };
    let has_global = |proposal: &Proposal| {
        let group = &proposal.writes[0].call().input["ConfigurationRecorder"]["recordingGroup"];
        group["includeGlobalResourceTypes"] == true
    };
    for listed in [None, Some(&["eu-west-1", "me-central-1", "us-east-1"][..])] {
        assert!(!has_global(&proposed("me-central-1", listed)));
        assert!(!has_global(&proposed("eu-west-1", listed)));
        assert!(has_global(&proposed("us-east-1", listed)));
    }
    let ireland = Some(&["eu-west-1", "me-central-1"][..]);
    assert!(has_global(&proposed("eu-west-1", ireland)));
    let alone = proposed("me-central-1", Some(&["il-central-1", "me-central-1"]));
    assert!(!has_global(&alone));
    assert_eq!(alone.findings[0].field, "global_types");
}
