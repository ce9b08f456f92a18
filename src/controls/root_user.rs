//! The root user: MFA, access keys, and whether anybody uses it. Only a person can put it right.

use crate::aws::facts::{Facts, Reader};
use crate::aws::{AwsError, Grant, Operation};
use crate::control::{About, Context, Control, Cost, Proposal, Reference, Scope, Setting};
use crate::credential_report::last_used_by_root;
use crate::place::Place;
use aws_sdk_iam::types::AssignmentStatusType;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

/// The control.
pub struct RootUser;

const GET_SUMMARY: Operation = Operation::new(
    "iam",
    "GetAccountSummary",
    &[Grant::any("iam:GetAccountSummary")],
);

const LIST_VIRTUAL_DEVICES: Operation = Operation::new(
    "iam",
    "ListVirtualMFADevices",
    &[Grant::any("iam:ListVirtualMFADevices")],
);

const GENERATE_REPORT: Operation = Operation::new(
    "iam",
    "GenerateCredentialReport",
    &[Grant::any("iam:GenerateCredentialReport")],
);

const GET_REPORT: Operation = Operation::new(
    "iam",
    "GetCredentialReport",
    &[Grant::any("iam:GetCredentialReport")],
);

/// How long to wait for a credential report.
const PATIENCE: Duration = Duration::from_secs(60);

/// The table `[root_user]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    mfa: Option<Mfa>,
    access_keys: Option<AccessKeys>,
    #[serde(default, deserialize_with = "days")]
    unused_for: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mfa {
    Any,
    Hardware,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AccessKeys {
    None,
}

fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match humantime::parse_duration(&text) {
        Ok(duration) if duration.as_secs() >= 86_400 => Ok(Some(duration.as_secs() / 86_400)),
        _ => Err(de::Error::custom(format!(
            "'{text}' is no time of at least a day, such as \"90d\""
        ))),
    }
}

/// What is known of the root user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    mfa: bool,
    password: bool,
    access_keys: bool,
    signing_certificates: bool,
    /// Whether a virtual device is assigned to root; `None` when that was not asked.
    virtual_mfa: Option<bool>,
    /// The root user's line of the credential report; `None` when that was not asked.
    report: Option<Report>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    #[serde(with = "time::serde::rfc3339::option")]
    generated: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    last_used: Option<OffsetDateTime>,
}

impl Live {
    /// Whether root has nothing to sign in with, as in member accounts whose root credentials were
    /// removed centrally.
    fn has_no_credentials(&self) -> bool {
        !self.password && !self.access_keys && !self.signing_certificates
    }
}

impl Control for RootUser {
    type Settings = Settings;
    type Live = Live;

    const ABOUT: About = About {
        name: "root_user",
        title: "root user: MFA, no access keys, not in use",
        why: "The root user can do everything and no policy of the account limits it. It needs MFA, \
              must not have access keys, and is not for daily work. No API can put this right for \
              an account's own root user, so these are findings with what to do.",
        scope: Scope::Account,
        needs: &[],
        settings: &[
            Setting::new(
                "mfa",
                "\"any\", in an empty table",
                "\"any\" MFA device, or \"hardware\" devices only. A root user without any credentials needs none.",
            ),
            Setting::new(
                "access_keys",
                "\"none\", in an empty table",
                "\"none\": there must be no access keys.",
            ),
            Setting::new(
                "unused_for",
                "not managed",
                "How long root must not have been used, such as \"90d\". Comes from the credential report, which may be four hours old.",
            ),
        ],
        satisfies: &[
            Reference::cis3("1.4", "root has no access keys"),
            Reference::cis3("1.5", "root signs in with MFA"),
            Reference::cis3("1.6", "root MFA is hardware only"),
            Reference::cis3("1.7", "root not used day-to-day"),
            Reference::cis7("2.4", "root has no access keys"),
            Reference::cis7("2.5", "root signs in with MFA"),
            Reference::cis7("2.6", "root MFA is hardware only"),
            Reference::cis7("2.7", "root not used day-to-day"),
            Reference::fsbp("IAM.4", "root has no access keys"),
            Reference::fsbp("IAM.6", "root MFA is hardware only"),
            Reference::nist_csf("Protect", "identities are protected"),
            Reference::well_architected("SEC 1", "guard the root user"),
        ],
        cost: Cost::Free("free"),
        operations: &[
            GET_SUMMARY,
            LIST_VIRTUAL_DEVICES,
            GENERATE_REPORT,
            GET_REPORT,
        ],
    };
    const DEFAULTS: &'static str = "mfa = \"any\"\naccess_keys = \"none\"";

    fn places(_: &Settings, _: &Facts, _: &Context) -> Result<Vec<Place>, AwsError> {
        Ok(vec![Place::account()])
    }

    async fn read(
        settings: &Settings,
        _: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let virtual_mfa = async {
            match settings.mfa {
                Some(Mfa::Hardware) => read_virtual_mfa(reader).await.map(Some),
                _ => Ok(None),
            }
        };
        let report = async {
            match settings.unused_for {
                Some(_) => read_report(reader).await.map(Some),
                None => Ok(None),
            }
        };
        let (clients, region) = (&reader.clients, reader.global_region());
        let request = clients.iam(region).get_account_summary().send();
        let (summary, virtual_mfa, report) = tokio::join!(
            GET_SUMMARY.answer(clients, region, request),
            virtual_mfa,
            report
        );
        let summary = summary?.summary_map.unwrap_or_default();
        let has = |key: &str| match summary.iter().find(|(name, _)| name.as_str() == key) {
            Some((_, count)) => Ok(*count > 0),
            None => {
                let text = format!("the answer does not say {key}");
                Err(AwsError::unexpected(&GET_SUMMARY, region, &text))
            }
        };
        Ok(Live {
            mfa: has("AccountMFAEnabled")?,
            password: has("AccountPasswordPresent")?,
            access_keys: has("AccountAccessKeysPresent")?,
            signing_certificates: has("AccountSigningCertificatesPresent")?,
            virtual_mfa: virtual_mfa?,
            report: report?,
        })
    }

    fn propose(settings: &Settings, _: &Place, live: Live, context: &Context) -> Proposal {
        let mut proposal = Proposal::fine();
        if let Some(wanted) = settings.mfa {
            judge_mfa(&mut proposal, wanted, &live, context);
        }
        if let Some(AccessKeys::None) = settings.access_keys
            && live.access_keys
        {
            proposal.finding(
                "access_keys",
                "the root user has access keys",
                "sign in as root, open Security credentials, and delete them; use roles instead",
            );
        }
        if let Some(days) = settings.unused_for {
            judge_use(&mut proposal, days, &live, context);
        }
        proposal
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let mut unused = Vec::new();
        if settings.mfa != Some(Mfa::Hardware) {
            unused.push(LIST_VIRTUAL_DEVICES.name);
        }
        if settings.unused_for.is_none() {
            unused.extend([GENERATE_REPORT.name, GET_REPORT.name]);
        }
        unused
    }
}

fn judge_mfa(proposal: &mut Proposal, wanted: Mfa, live: &Live, context: &Context) {
    let sign_in = "sign in as root, open Security credentials";
    if live.has_no_credentials() {
        proposal.note("the root user has no credentials at all, so it needs no MFA");
    } else if !live.mfa {
        let remedy = match wanted {
            Mfa::Any => format!("{sign_in}, and assign an MFA device"),
            Mfa::Hardware => format!("{sign_in}, and assign a security key or a hardware token"),
        };
        proposal.finding("mfa", "the root user has no MFA", remedy);
    } else if wanted == Mfa::Hardware {
        match live.virtual_mfa {
            Some(true) => proposal.finding(
                "mfa",
                "the root user has a virtual MFA device",
                format!("{sign_in}, assign a hardware device, and then remove the virtual one"),
            ),
            Some(false) => {}
            None => *proposal = Proposal::unknown(not_in_snapshot(&LIST_VIRTUAL_DEVICES, context)),
        }
    }
}

fn judge_use(proposal: &mut Proposal, days: u64, live: &Live, context: &Context) {
    let Some(report) = &live.report else {
        *proposal = Proposal::unknown(not_in_snapshot(&GET_REPORT, context));
        return;
    };
    if let Some(generated) = report.generated {
        let minutes = (context.now - generated).whole_minutes().max(0);
        proposal.note(format!(
            "the credential report is {} h {} min old",
            minutes / 60,
            minutes % 60
        ));
    }
    if let Some(used) = report.last_used {
        let ago = (context.now - used).whole_days().max(0).unsigned_abs();
        if ago < days {
            proposal.finding(
                "unused_for",
                format!("the root user was used on {}, {ago} days ago", used.date()),
                "find out who did and why (CloudTrail event history, user name root), and give \
                 them a role for it",
            );
        }
    }
}

fn not_in_snapshot(operation: &Operation, context: &Context) -> AwsError {
    let text = "the snapshot does not hold this: take it again with this baseline";
    AwsError::unexpected(operation, context.global_region(), text)
}

async fn read_virtual_mfa(reader: &Reader) -> Result<bool, AwsError> {
    let (clients, region) = (&reader.clients, reader.global_region());
    let root = format!(
        "arn:{}:iam::{}:root",
        reader.caller.partition(),
        reader.caller.account
    );
    let mut next = None;
    loop {
        let request = clients
            .iam(region)
            .list_virtual_mfa_devices()
            .assignment_status(AssignmentStatusType::Assigned)
            .set_marker(next)
            .send();
        let page = LIST_VIRTUAL_DEVICES
            .answer(clients, region, request)
            .await?;
        let users = page
            .virtual_mfa_devices()
            .iter()
            .filter_map(|device| device.user());
        if users.into_iter().any(|user| user.arn() == root) {
            return Ok(true);
        }
        next = page.marker().map(str::to_owned);
        if next.is_none() {
            return Ok(false);
        }
    }
}

/// The credential report as it is, or a new one when there is none: AWS makes one at most every
/// four hours.
async fn read_report(reader: &Reader) -> Result<Report, AwsError> {
    let (clients, region) = (&reader.clients, reader.global_region());
    let until = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(500);
    loop {
        let request = clients.iam(region).get_credential_report().send();
        let error = match GET_REPORT.answer(clients, region, request).await {
            Ok(answer) => {
                let content = answer
                    .content
                    .map(|blob| blob.into_inner())
                    .unwrap_or_default();
                let generated = answer.generated_time.map(|time| time.secs());
                let generated =
                    generated.and_then(|secs| OffsetDateTime::from_unix_timestamp(secs).ok());
                let text = String::from_utf8_lossy(&content);
                return last_used_by_root(&text)
                    .map(|last_used| Report {
                        generated,
                        last_used,
                    })
                    .map_err(|cause| AwsError::unexpected(&GET_REPORT, region, &cause));
            }
            Err(error) => error,
        };
        let missing = ["ReportNotPresent", "ReportExpired"]
            .iter()
            .any(|code| error.is(code));
        if !(missing || error.is("ReportInProgress")) || Instant::now() > until {
            return Err(error);
        }
        if missing {
            let request = clients.iam(region).generate_credential_report().send();
            GENERATE_REPORT.answer(clients, region, request).await?;
        } else {
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::proposed;

    fn live() -> Live {
        Live {
            mfa: true,
            password: true,
            access_keys: false,
            signing_certificates: false,
            virtual_mfa: Some(false),
            report: None,
        }
    }

    fn findings(settings: &str, live: &Live) -> Vec<String> {
        let proposal = proposed::<RootUser>(settings, live);
        assert!(proposal.writes.is_empty(), "nobody can write this");
        proposal
            .findings
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn root_without_mfa_or_with_keys_is_found() {
        let bad = Live {
            mfa: false,
            access_keys: true,
            ..live()
        };
        let found = findings("mfa = \"any\"\naccess_keys = \"none\"", &bad);
        assert_eq!(
            found,
            ["the root user has no MFA", "the root user has access keys"]
        );
        assert!(findings("mfa = \"any\"\naccess_keys = \"none\"", &live()).is_empty());
    }

    #[test]
    fn a_virtual_device_is_not_hardware() {
        let virtual_one = Live {
            virtual_mfa: Some(true),
            ..live()
        };
        assert_eq!(findings("mfa = \"hardware\"", &virtual_one).len(), 1);
        assert!(findings("mfa = \"hardware\"", &live()).is_empty());
        assert!(findings("mfa = \"any\"", &virtual_one).is_empty());
    }

    #[test]
    fn root_without_any_credentials_needs_no_mfa() {
        let removed = Live {
            mfa: false,
            password: false,
            ..live()
        };
        assert!(findings("mfa = \"hardware\"", &removed).is_empty());
    }

    #[test]
    fn a_recent_use_is_found_and_an_old_one_is_not() {
        let used = |days| {
            let last_used = Some(OffsetDateTime::UNIX_EPOCH + time::Duration::days(days));
            Live {
                report: Some(Report {
                    generated: None,
                    last_used,
                }),
                ..live()
            }
        };
        assert_eq!(findings("unused_for = \"90d\"", &used(19_990)).len(), 1);
        assert!(findings("unused_for = \"90d\"", &used(19_000)).is_empty());
    }
}
