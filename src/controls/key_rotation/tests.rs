use super::*;
use crate::control::Proposal;
use crate::control::tests::proposed;

const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

fn key(period_days: Option<i32>) -> Key {
    Key {
        aliases: BTreeSet::from(["alias/data", "alias/old"].map(str::to_owned)),
        arn: format!("arn:aws:kms:us-east-1:111122223333:key/{ID}"),
        state: "Enabled".to_owned(),
        fixed: None,
        rotation: Rotation { enabled: period_days.is_some(), period_days },
        owner: None,
    }
}

fn live(key: Key) -> Live {
    Live { keys: BTreeMap::from([(ID.to_owned(), key)]), ..Live::default() }
}

fn calls(proposal: &Proposal) -> Vec<Value> {
    proposal.writes.iter().map(|write| write.call().input).collect()
}

#[test]
fn rotation_is_switched_on_and_a_rarer_one_becomes_as_frequent_as_asked_for() {
    let every = |days| json!({"KeyId": ID, "RotationPeriodInDays": days});
    let propose = |settings, days| calls(&proposed::<KeyRotation>(settings, &live(key(days))));
    assert_eq!(propose("", None), [every(365)]);
    assert_eq!(propose("", Some(2560)), [every(365)]);
    assert!(propose("", Some(180)).is_empty());
    assert_eq!(propose("period_days = { exactly = 365 }", Some(180)), [every(365)]);
    let unmanaged = "period_days = \"unmanaged\"";
    assert_eq!(propose(unmanaged, None), [json!({"KeyId": ID})]);
    assert!(propose(unmanaged, Some(2560)).is_empty());
    assert!(propose("enabled = false", None).is_empty());
    assert!(propose("except = [\"alias/data\"]", None).is_empty());
    let proposal = proposed::<KeyRotation>("", &live(key(None)));
    assert_eq!(proposal.differences[0].field, "keys.alias/data.enabled");
}

#[test]
fn a_key_that_cannot_be_rotated_is_named_with_the_reason() {
    let imported = Key { fixed: Some(Fixed::Imported), ..key(None) };
    let proposal = proposed::<KeyRotation>("", &live(imported));
    assert!(proposal.writes.is_empty() && proposal.findings.is_empty());
    assert!(proposal.notes[0].contains("alias/data (imported"), "{:?}", proposal.notes);
}

#[test]
fn a_key_that_decrypts_nothing_any_more_is_a_finding() {
    for state in ["Disabled", "PendingDeletion", "PendingImport", "Unavailable"] {
        let unusable = Key { state: state.to_owned(), ..key(None) };
        let proposal = proposed::<KeyRotation>("", &live(unusable.clone()));
        assert_eq!(proposal.findings[0].field, "keys.alias/data", "{state}");
        assert!(proposal.writes.is_empty());
        let settings = "unusable_keys = \"unmanaged\"";
        assert!(proposed::<KeyRotation>(settings, &live(unusable)).findings.is_empty());
    }
}

#[test]
fn the_key_of_a_stack_is_left_to_it() {
    let owner = Some("the CloudFormation stack data".to_owned());
    let live = live(Key { owner, ..key(None) });
    let left = proposed::<KeyRotation>("", &live);
    assert!(left.writes.is_empty() && left.differences.is_empty());
    assert_eq!(left.findings[0].field, "keys.alias/data");
    assert_eq!(calls(&proposed::<KeyRotation>("take_over = true", &live)).len(), 1);
}

#[test]
fn a_key_that_could_not_be_read_is_unknown_unless_it_is_left_alone() {
    let error = AwsError::unexpected(&DESCRIBE_KEY.operation, "us-east-1", "denied");
    let aliases = BTreeSet::from(["alias/partner".to_owned()]);
    let unseen = BTreeMap::from([(ID.to_owned(), Unseen { aliases, error })]);
    let live = Live { unseen, ..Live::default() };
    let is_unknown = |settings| {
        let proposal = proposed::<KeyRotation>(settings, &live);
        matches!(proposal.standing, crate::control::Standing::Unknown(_))
    };
    assert!(is_unknown(""));
    assert!(!is_unknown("except = [\"alias/partner\"]"));
}
