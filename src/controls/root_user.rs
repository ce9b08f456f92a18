//! The root user: MFA, access keys, and whether anybody uses it. Only a person can put it right.

use crate::aws::door::{Nothing, Typed};
use crate::aws::facts::Reader;
use crate::aws::services::IAM;
use crate::aws::{AwsError, Grant, Operation};
use crate::control::{About, At, Context, Control, Cost, Places, Reference, Remarks};
use crate::credential_report::last_used_by_root;
use crate::managed::{Forbidden, Managed};
use crate::place::Place;
use crate::settings;
use crate::settings::Takes;
use crate::texts;
use crate::words;
use aws_smithy_types::base64;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::{Instant, sleep};

/// The control.
pub struct RootUser;

const GET_SUMMARY: Typed<Nothing, Summary> =
    Typed::new(&IAM, "GetAccountSummary", &[Grant::any("iam:GetAccountSummary")]);

const LIST_VIRTUAL_DEVICES: Typed<DevicesAsked, Devices> =
    Typed::new(&IAM, "ListVirtualMFADevices", &[Grant::any("iam:ListVirtualMFADevices")])
        .paged("Marker", "Marker");

const GENERATE_REPORT: Typed =
    Typed::new(&IAM, "GenerateCredentialReport", &[Grant::any("iam:GenerateCredentialReport")]);

const GET_REPORT: Typed<Nothing, ReportFound> =
    Typed::new(&IAM, "GetCredentialReport", &[Grant::any("iam:GetCredentialReport")]);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    #[serde(default)]
    summary_map: BTreeMap<String, i64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DevicesAsked {
    assignment_status: String,
}

#[derive(Debug, Deserialize)]
struct Devices {
    #[serde(rename = "VirtualMFADevices", default)]
    devices: Vec<Device>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Device {
    user: Option<DeviceUser>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeviceUser {
    arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReportFound {
    /// In base64.
    #[serde(default)]
    content: String,
    generated_time: Option<String>,
}

/// How long to wait for a credential report.
const PATIENCE: Duration = Duration::from_secs(60);

settings! {
    /// The table `[root_user]`. `unused_for` is unmanaged because what puts the other keys right is
    /// a use of root: so is the first day of every account.
    pub struct Settings {
        /// `"any"` MFA device, or `"hardware"` devices only. A root user without any credentials
        /// needs none.
        mfa: Managed<Mfa> = "any",

        /// `"none"`: there must be no access keys.
        access_keys: Managed<Forbidden> = "none",

        /// `"none"`: there must be no X.509 signing certificates, which sign requests as keys do.
        signing_certificates: Managed<Forbidden> = "none",

        /// How long root must not have been used, such as `"90d"`. Comes from the credential report,
        /// which may be four hours old. Not asked for by default, because root has to sign in to put
        /// the others right.
        #[example("\"90d\"")]
        unused_for: Managed<Days> = unmanaged,
    }
}

words! {
    /// The devices that do.
    enum Mfa {
        Any = "any",
        Hardware = "hardware",
    }
}

/// A time of whole days, as in `90d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Days(u64);

texts!(Days);

impl TryFrom<String> for Days {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match humantime::parse_duration(&text) {
            Ok(duration) if duration.as_secs() >= 86_400 => Ok(Self(duration.as_secs() / 86_400)),
            _ => Err(format!("'{text}' is no time of at least a day, such as \"90d\"")),
        }
    }
}

/// What is known of the root user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// Whether an MFA device is assigned; of this and the next three, `None` is what AWS's answer
    /// does not say.
    mfa: Option<bool>,
    /// Whether there is a password. Answers of before 2024 do not say it.
    password: Option<bool>,
    access_keys: Option<bool>,
    signing_certificates: Option<bool>,
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

impl TryFrom<ReportFound> for Report {
    type Error = String;

    fn try_from(found: ReportFound) -> Result<Self, String> {
        let content: String = found.content.split_whitespace().collect();
        let text = base64::decode(&content).map_err(|_| "the report is not in base64")?;
        let generated = found.generated_time.as_deref().map(str::trim);
        let generated = generated.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        Ok(Self { generated, last_used: last_used_by_root(&String::from_utf8_lossy(&text))? })
    }
}

impl Live {
    /// Whether root has something to sign in with; member accounts whose root credentials were
    /// removed centrally have nothing. Where the answer is silent about the password, root has one:
    /// every account begins so, but for those of GovCloud, whose root signs in nowhere and can have
    /// access keys alone. Source: AWS GovCloud (US) User Guide, "Root user differences".
    fn has_credentials(&self, partition: &str) -> bool {
        let password = self.password.unwrap_or(partition != GOVCLOUD);
        password || self.access_keys == Some(true) || self.signing_certificates == Some(true)
    }
}

/// The partition of AWS GovCloud (US).
const GOVCLOUD: &str = "aws-us-gov";

impl Control for RootUser {
    type Settings = Settings;
    type Live = Live;
    type State = ();

    const ABOUT: About = About {
        name: "root_user",
        title: "root user: MFA, no access keys, not in use",
        why: "The root user can do everything and no policy of the account limits it. It needs MFA, \
              must not have access keys, and is not for daily work. No API can put this right for \
              an account's own root user, so these are findings with what to do.",
        places: Places::ACCOUNT,
        settings: Settings::KEYS,
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
            GET_SUMMARY.operation,
            LIST_VIRTUAL_DEVICES.operation,
            GENERATE_REPORT.operation,
            GET_REPORT.operation,
        ],
    };

    fn state(_: &Self::Live) {}

    async fn read(
        settings: &Settings,
        _: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let virtual_mfa = async {
            match *settings.mfa {
                Some(Mfa::Hardware) => read_virtual_mfa(reader).await.map(Some),
                _ => Ok(None),
            }
        };
        let report = async {
            match *settings.unused_for {
                Some(_) => read_report(reader).await.map(Some),
                None => Ok(None),
            }
        };
        let (clients, region) = (&reader.clients, reader.global_region());
        let (summary, virtual_mfa, report) =
            tokio::join!(GET_SUMMARY.ask(clients, region, &Nothing {}), virtual_mfa, report);
        let summary = summary?.summary_map;
        let has = |key: &str| summary.get(key).map(|count| *count > 0);
        Ok(Live {
            mfa: has(MFA),
            password: has("AccountPasswordPresent"),
            access_keys: has(ACCESS_KEYS),
            signing_certificates: has(CERTIFICATES),
            virtual_mfa: virtual_mfa?,
            report: report?,
        })
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) {
        let mut judged = Judged { say, unseen: None, context: at.context };
        if let Some(wanted) = *settings.mfa {
            judged.mfa(wanted, live);
        }
        if settings.access_keys.is_some() && judged.says(ACCESS_KEYS, live.access_keys) {
            judged.say.finding(
                "access_keys",
                "the root user has access keys",
                "sign in as root, open Security credentials, and delete them; use roles instead",
            );
        }
        if settings.signing_certificates.is_some()
            && judged.says(CERTIFICATES, live.signing_certificates)
        {
            judged.say.finding(
                "signing_certificates",
                "the root user has X.509 signing certificates",
                "sign in as root, open Security credentials, and delete them",
            );
        }
        if let Some(Days(days)) = *settings.unused_for {
            judged.last_use(days, live);
        }
        judged.done();
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let mut unused = Vec::new();
        if *settings.mfa != Some(Mfa::Hardware) {
            unused.push(LIST_VIRTUAL_DEVICES.operation.name);
        }
        if settings.unused_for.is_none() {
            unused.extend([GENERATE_REPORT.operation.name, GET_REPORT.operation.name]);
        }
        unused
    }
}

/// The members of the account summary. Source: IAM API reference, GetAccountSummary.
const MFA: &str = "AccountMFAEnabled";
const ACCESS_KEYS: &str = "AccountAccessKeysPresent";
const CERTIFICATES: &str = "AccountSigningCertificatesPresent";

/// What was found, and what could not be seen.
struct Judged<'a> {
    say: &'a mut Remarks,
    unseen: Option<AwsError>,
    context: &'a Context,
}

impl Judged<'_> {
    /// What is found stands, whatever else could not be seen; what is not found is unknown then.
    fn done(self) {
        match self.unseen {
            Some(error) if self.say.findings.is_empty() => self.say.unknown(error),
            Some(error) => self.say.note(format!("not all was seen: {}", error.message)),
            None => {}
        }
    }

    /// Whether a member of the account summary is set.
    fn says(&mut self, member: &str, value: Option<bool>) -> bool {
        if value.is_none() {
            let text = format!("the answer does not say {member}");
            let region = self.context.global_region();
            self.unseen = Some(AwsError::unexpected(&GET_SUMMARY.operation, region, &text));
        }
        value == Some(true)
    }

    fn mfa(&mut self, wanted: Mfa, live: &Live) {
        let sign_in = "sign in as root, open Security credentials";
        if !live.has_credentials(&self.context.partition) {
            let note = "the root user has no credentials at all, so it needs no MFA";
            return self.say.note(note);
        }
        match (self.says(MFA, live.mfa), wanted) {
            // GovCloud has no MFA for root, whose access keys are a finding of their own.
            (false, _) if live.mfa.is_none() => {}
            (false, _) if self.context.partition == GOVCLOUD => self.say.finding(
                "mfa",
                "the root user has credentials, and in GovCloud it cannot have MFA",
                "delete its access keys and certificates; use IAM users and roles instead",
            ),
            (false, _) => {
                let device = match wanted {
                    Mfa::Any => "an MFA device",
                    Mfa::Hardware => "a security key or a hardware token",
                };
                let remedy = format!("{sign_in}, and assign {device}");
                self.say.finding("mfa", "the root user has no MFA", remedy);
            }
            (true, Mfa::Any) => {}
            (true, Mfa::Hardware) => match live.virtual_mfa {
                Some(true) => self.say.finding(
                    "mfa",
                    "the root user has a virtual MFA device",
                    format!("{sign_in}, assign a hardware device, and then remove the virtual one"),
                ),
                Some(false) => {}
                None => {
                    self.unseen =
                        Some(not_in_snapshot(&LIST_VIRTUAL_DEVICES.operation, self.context))
                }
            },
        }
    }

    fn last_use(&mut self, days: u64, live: &Live) {
        let Some(report) = &live.report else {
            self.unseen = Some(not_in_snapshot(&GET_REPORT.operation, self.context));
            return;
        };
        let now = self.context.now;
        if let Some(generated) = report.generated {
            let minutes = (now - generated).whole_minutes().max(0);
            self.say.note(format!(
                "the credential report is {} h {} min old",
                minutes / 60,
                minutes % 60
            ));
        }
        if let Some(used) = report.last_used {
            let ago = (now - used).whole_days().max(0).unsigned_abs();
            if ago < days {
                self.say.finding(
                    "unused_for",
                    format!("the root user was used on {}, {ago} days ago", used.date()),
                    "find out who did and why (CloudTrail event history, user name root), and \
                     give them a role for it",
                );
            }
        }
    }
}

fn not_in_snapshot(operation: &Operation, context: &Context) -> AwsError {
    let text = "the snapshot does not hold this: take it again with this baseline";
    AwsError::unexpected(operation, context.global_region(), text)
}

async fn read_virtual_mfa(reader: &Reader) -> Result<bool, AwsError> {
    let (clients, region) = (&reader.clients, reader.global_region());
    let root = format!("arn:{}:iam::{}:root", reader.caller.partition(), reader.caller.account);
    let input = DevicesAsked { assignment_status: "Assigned".to_owned() };
    let pages = LIST_VIRTUAL_DEVICES.pages(clients, region, &input).await?;
    let mut devices = pages.iter().flat_map(|page| &page.devices);
    Ok(devices.any(|device| device.user.as_ref().is_some_and(|user| user.arn == root)))
}

/// The credential report as it is, or a new one when there is none: AWS makes one at most every
/// four hours.
async fn read_report(reader: &Reader) -> Result<Report, AwsError> {
    let (clients, region) = (&reader.clients, reader.global_region());
    let until = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(500);
    loop {
        let error = match GET_REPORT.ask(clients, region, &Nothing {}).await {
            Ok(found) => {
                let report = Report::try_from(found);
                return report
                    .map_err(|cause| AwsError::unexpected(&GET_REPORT.operation, region, &cause));
            }
            Err(error) => error,
        };
        let missing = ["ReportNotPresent", "ReportExpired"].iter().any(|code| error.is(code));
        if !(missing || error.is("ReportInProgress")) || Instant::now() > until {
            return Err(error);
        }
        if missing {
            GENERATE_REPORT.ask(clients, region, &Nothing {}).await?;
        } else {
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
    }
}

#[cfg(test)]
mod tests;
