use super::*;
use crate::control::tests::{context, proposed};
use crate::control::{Proposal, Standing};

fn live() -> Live {
    Live {
        mfa: Some(true),
        password: Some(true),
        access_keys: Some(false),
        signing_certificates: Some(false),
        virtual_mfa: Some(false),
        report: None,
    }
}

fn findings(settings: &str, live: &Live) -> Vec<String> {
    let proposal = proposed::<RootUser>(settings, live);
    assert!(proposal.writes.is_empty(), "nobody can write this");
    proposal.findings.into_iter().map(|finding| finding.what).collect()
}

#[test]
fn root_without_mfa_or_with_keys_is_found() {
    let bad = Live {
        mfa: Some(false),
        access_keys: Some(true),
        signing_certificates: Some(true),
        ..live()
    };
    let found = [
        "the root user has no MFA",
        "the root user has access keys",
        "the root user has X.509 signing certificates",
    ];
    // Another key changes nothing of what these ask for.
    for settings in ["", "unused_for = \"unmanaged\"", "mfa = \"hardware\""] {
        assert_eq!(findings(settings, &bad), found, "{settings}");
    }
    assert_eq!(findings("mfa = \"unmanaged\"", &bad), found[1..]);
    assert!(findings("", &live()).is_empty());
}

#[test]
fn a_virtual_device_is_not_hardware() {
    let virtual_one = Live { virtual_mfa: Some(true), ..live() };
    assert_eq!(findings("mfa = \"hardware\"", &virtual_one).len(), 1);
    assert!(findings("mfa = \"hardware\"", &live()).is_empty());
    assert!(findings("mfa = \"any\"", &virtual_one).is_empty());
}

#[test]
fn root_without_any_credentials_needs_no_mfa() {
    let removed = Live { mfa: Some(false), password: Some(false), ..live() };
    assert!(findings("mfa = \"hardware\"", &removed).is_empty());
}

#[test]
fn what_the_summary_does_not_say_is_unknown_and_the_rest_is_judged() {
    let judged = |change: fn(&mut Live)| {
        let mut live = live();
        change(&mut live);
        proposed::<RootUser>("", &live)
    };
    let unknown = |proposal: &Proposal| matches!(proposal.standing, Standing::Unknown(_));
    assert!(unknown(&judged(|live| live.access_keys = None)));
    assert!(unknown(&judged(|live| live.mfa = None)));
    // Every root begins with a password, so that this need not be said.
    let proposal = judged(|live| live.password = None);
    assert!(!unknown(&proposal) && proposal.findings.is_empty());
    let proposal = judged(|live| (live.password, live.mfa) = (None, Some(false)));
    assert_eq!(proposal.findings.len(), 1);
    let proposal = judged(|live| (live.access_keys, live.mfa) = (None, Some(false)));
    assert_eq!(proposal.findings[0].what, "the root user has no MFA");
    assert!(proposal.notes[0].contains("AccountAccessKeysPresent"));
}

#[test]
fn the_root_of_govcloud_is_found_only_if_it_has_credentials() {
    let judged = |access_keys| {
        let live =
            Live { mfa: Some(false), password: None, access_keys: Some(access_keys), ..live() };
        let context = Context { partition: GOVCLOUD.to_owned(), ..context() };
        let settings = toml::from_str("").expect("valid");
        let at = At { place: &Place::account(), context: &context };
        let proposal = crate::control::propose::<RootUser>(&settings, &live, at);
        let fields = proposal.findings.into_iter().map(|finding| finding.field);
        fields.collect::<Vec<_>>()
    };
    assert!(judged(false).is_empty());
    assert_eq!(judged(true), ["mfa", "access_keys"]);
}

#[test]
fn a_recent_use_is_found_and_an_old_one_is_not() {
    let used = |days| {
        let last_used = Some(OffsetDateTime::UNIX_EPOCH + time::Duration::days(days));
        Live { report: Some(Report { generated: None, last_used }), ..live() }
    };
    assert_eq!(findings("unused_for = \"90d\"", &used(19_990)).len(), 1);
    assert!(findings("unused_for = \"90d\"", &used(19_000)).is_empty());
}
