//! S3 Storage Lens: the account's default dashboard is on, so that somebody can see what is stored.
//!
//! S3 makes `default-account-dashboard` for every account; it can be switched off but neither
//! deleted nor narrowed. Another dashboard over the whole account that shows as much does as well.

mod dashboard;
mod writes;

use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Operation, Write};
use crate::control::{About, Context, Control, Cost, Past, Places, Proposal, Reference, Standing};
use crate::document::Problems;
use crate::managed::Switch;
use crate::place::Place;
use crate::s3;
use crate::settings;
use crate::settings::Takes;
use dashboard::{Advanced, Dashboard, Export, GET, Listed};
use serde::{Deserialize, Serialize};
use writes::PutStorageLensConfiguration;

/// The control.
pub struct StorageLens;

const LIST: Operation = Operation::new(
    "s3control",
    "ListStorageLensConfigurations",
    &[Grant::any("s3:ListStorageLensConfigurations")],
);

const GET_TAGS: Operation = Operation::new(
    "s3control",
    "GetStorageLensConfigurationTagging",
    &[Grant::on("s3:GetStorageLensConfigurationTagging", dashboard::ARN)],
);

/// The dashboard that every account has. Source: S3 User Guide, "Default dashboard".
const DEFAULT: &str = "default-account-dashboard";

settings! {
    /// The table `[storage_lens]`.
    pub struct Settings {
        /// Whether the default dashboard is on; false switches it off. Another dashboard over the
        /// whole account that shows as much satisfies true.
        #[costs]
        enabled: Switch = true,

        /// Whether it has the advanced metrics as well, for money: activity, cost optimization, data
        /// protection and status codes, of the account and of each bucket. False does not ask for
        /// them; what is on stays on.
        #[costs]
        advanced: Switch = unmanaged,
    }
}

impl Settings {
    fn wanted(&self, live: &Dashboard) -> Dashboard {
        let mut wanted = live.clone();
        wanted.enabled = self.enabled.unwrap_or(live.enabled);
        if *self.advanced == Some(true) {
            wanted.advanced.raise();
        }
        wanted
    }
}

/// The dashboards that were asked for: the default one, and, where that is not as wanted, the
/// others that are on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    default: Option<Dashboard>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    others: Vec<Dashboard>,
    /// Those of the others that export to somebody else, where the default one is as wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    exporting: Vec<Dashboard>,
}

impl Control for StorageLens {
    type Settings = Settings;
    type Live = Live;
    type State = ();

    const FIELDS: &'static [&'static str] = &["export"];
    const ABOUT: About = About {
        name: "storage_lens",
        title: "S3 Storage Lens shows what is stored in all buckets",
        why: "Data that nobody knows of is neither protected nor deleted. Storage Lens shows daily, \
              over all buckets and regions, how much there is and how much of it is unencrypted, \
              unversioned or left over.",
        places: Places::ACCOUNT,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::nist_csf("Identify", "what is stored is known"),
            Reference::well_architected("SEC 7", "data and how it is protected are known"),
        ],
        cost: Cost::Paid("free; with advanced metrics 0.20 USD per million objects and month"),
        operations: &[
            LIST,
            GET,
            GET_TAGS,
            s3::LIST_BUCKETS,
            PutStorageLensConfiguration::OPERATION,
        ],
    };

    fn check(settings: &Settings, problems: &mut Problems) {
        if *settings.advanced == Some(true) && *settings.enabled == Some(false) {
            problems.setting("advanced", "a dashboard that is off has no metrics");
        }
    }

    fn state(_: &Self::Live) {}

    async fn read(
        settings: &Settings,
        _: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let (default, others) = list(reader).await?;
        let mut live = Live::default();
        if let Some(listed) = &default {
            live.default = Some(dashboard::read(listed, reader).await?);
        }
        let others = others.iter().filter(|_| *settings.enabled == Some(true));
        if live.default.as_ref().is_some_and(|own| own.does(settings)) {
            for listed in others {
                let other = dashboard::read(listed, reader).await?;
                live.exporting.extend(other.export.is_some().then_some(other));
            }
            return Ok(live);
        }
        if let Some(own) = &mut live.default
            && has_tags(&own.region, reader).await?
        {
            own.not_carried.insert("Tags".to_owned());
        }
        for listed in others {
            live.others.push(dashboard::read(listed, reader).await?);
        }
        Ok(live)
    }

    fn propose(settings: &Settings, _: &Place, live: Live, context: &Context) -> Proposal {
        let exports = live.exports();
        let mut proposal = propose(settings, live, context);
        for (what, remedy) in exports {
            proposal.finding("export", what, remedy);
        }
        proposal
    }

    /// Left to a person: where the dashboard is as the baseline asks, what else it has is not read,
    /// and a write would replace that as well.
    fn restore(_: &Settings, _: &Place, past: Past<Live>, _: &Context) -> Proposal {
        let switches = |live: &Live| {
            let own = live.default.as_ref()?;
            Some(Switches { enabled: own.enabled, advanced: own.advanced.clone() })
        };
        match past.each(switches) {
            Some(switches) => Proposal::by_hand(&switches),
            None => Proposal::fine(),
        }
    }
}

impl Live {
    /// The exports of what is seen to buckets of others: what is wrong, and what to do.
    fn exports(&self) -> Vec<(String, String)> {
        let all = self.default.iter().chain(&self.others).chain(&self.exporting);
        let exports = all.filter_map(|own| {
            let Export { bucket, account } = own.export.as_ref()?;
            let name = &own.name;
            let bucket = bucket.rsplit(':').next().unwrap_or_default();
            let what = format!(
                "dashboard {name} exports what it shows to bucket {bucket} of account {account}, \
                 which is no bucket of this account"
            );
            let remedy = format!(
                "take the export off {name} (S3 console, Storage Lens, Dashboards), or waive it"
            );
            Some((what, remedy))
        });
        exports.collect()
    }
}

/// What would make the dashboard match.
fn propose(settings: &Settings, live: Live, context: &Context) -> Proposal {
    if let Some(other) = live.others.iter().find(|other| other.does(settings)) {
        let mut proposal = Proposal::fine();
        proposal.note(format!("dashboard {} shows it", other.name));
        return proposal;
    }
    let Some(own) = live.default else {
        let region = context.global_region();
        let text = format!("{DEFAULT}, which every account has, is not listed there");
        return Proposal {
            standing: Standing::Unknown(AwsError::unexpected(&LIST, region, &text)),
            ..Proposal::default()
        };
    };
    let wanted = settings.wanted(&own);
    let mut proposal = Proposal::between(&own, &wanted);
    if proposal.differences.is_empty() {
        return proposal;
    }
    if own.not_carried.is_empty() {
        proposal.call(PutStorageLensConfiguration::new(&wanted, context));
        return proposal;
    }
    // The API replaces the whole configuration: what is not sent back would be gone.
    let more: Vec<&str> = own.not_carried.iter().map(String::as_str).collect();
    proposal.finding(
        "enabled",
        format!(
            "{DEFAULT} is not compliant, and has more than can be carried over here: {}",
            more.join(", ")
        ),
        "change it in the S3 console, under Storage Lens, Dashboards",
    );
    proposal
}

/// What a run changes of a dashboard.
#[derive(Clone, Serialize, Deserialize)]
struct Switches {
    enabled: bool,
    advanced: Advanced,
}

/// The default dashboard, if it is listed, and the others that are on. The default one is kept in
/// the region of global services; AWS does not say whether that one lists what others keep.
async fn list(reader: &Reader) -> Result<(Option<Listed>, Vec<Listed>), AwsError> {
    let (clients, region) = (&reader.clients, reader.global_region());
    let (mut default, mut others) = (None, Vec::new());
    let mut next = None;
    loop {
        let request = clients
            .s3control(region)
            .list_storage_lens_configurations()
            .account_id(&reader.caller.account)
            .set_next_token(next)
            .send();
        let page = LIST.answer(clients, region, request).await?;
        for found in page.storage_lens_configuration_list() {
            let listed =
                Listed { name: found.id().to_owned(), region: found.home_region().to_owned() };
            match listed.name == DEFAULT {
                true => default = Some(listed),
                false if found.is_enabled() => others.push(listed),
                false => {}
            }
        }
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            others.sort();
            return Ok((default, others));
        }
    }
}

/// Whether the default dashboard has tags. AWS does not say whether a new configuration without
/// tags leaves them.
async fn has_tags(region: &str, reader: &Reader) -> Result<bool, AwsError> {
    let clients = &reader.clients;
    let request = clients
        .s3control(region)
        .get_storage_lens_configuration_tagging()
        .account_id(&reader.caller.account)
        .config_id(DEFAULT)
        .send();
    let answer = GET_TAGS.answer(clients, region, request).await?;
    Ok(!answer.tags().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::{context, proposed};
    use crate::risk::{Risk, assess};
    use serde_json::json;

    fn dashboard(name: &str, enabled: bool) -> Dashboard {
        Dashboard {
            name: name.to_owned(),
            region: "us-east-1".to_owned(),
            enabled,
            ..Dashboard::default()
        }
    }

    fn live(enabled: bool) -> Live {
        Live { default: Some(dashboard(DEFAULT, enabled)), ..Live::default() }
    }

    #[test]
    fn a_dashboard_that_is_off_is_switched_on_with_its_metrics_as_they_are() {
        let mut live = live(false);
        let own = live.default.as_mut().expect("it has one");
        own.advanced.buckets.activity = Some(false);
        let proposal = proposed::<StorageLens>("", &live);
        let fields: Vec<_> = proposal.differences.iter().map(|d| &d.field).collect();
        assert_eq!(fields, ["enabled"]);
        assert_eq!(
            proposal.writes[0].call().input["StorageLensConfiguration"],
            json!({
                "Id": DEFAULT,
                "AccountLevel": {"BucketLevel": {"ActivityMetrics": {"IsEnabled": false}}},
                "IsEnabled": true,
            })
        );
    }

    #[test]
    fn richer_metrics_are_left_alone_and_poorer_ones_cost() {
        let mut rich = live(true);
        rich.default.as_mut().expect("one").advanced.raise();
        assert!(proposed::<StorageLens>("", &rich).differences.is_empty());
        let asked = "advanced = true";
        assert!(proposed::<StorageLens>(asked, &rich).writes.is_empty());
        let mut proposal = proposed::<StorageLens>(asked, &live(true));
        assert_eq!(proposal.differences.len(), 8);
        let remarks = assess(&StorageLens::ABOUT, &mut proposal.differences);
        assert!(remarks.iter().any(|remark| remark.risk == Risk::Costs));
    }

    #[test]
    fn what_cannot_be_carried_over_is_left_to_a_person() {
        let mut live = live(false);
        let own = live.default.as_mut().expect("one");
        own.not_carried = ["DataExport".to_owned()].into();
        let proposal = proposed::<StorageLens>("", &live);
        assert!(proposal.writes.is_empty());
        assert!(proposal.findings[0].what.ends_with("here: DataExport"));
    }

    #[test]
    fn another_dashboard_does_only_when_it_shows_as_much_of_everything() {
        let does = |settings: &str, change: fn(&mut Dashboard)| {
            let mut live = live(false);
            let mut other = dashboard("acme", true);
            change(&mut other);
            live.others.push(other);
            proposed::<StorageLens>(settings, &live).writes.is_empty()
        };
        assert!(does("", |_| {}));
        let narrow = |other: &mut Dashboard| other.not_carried = ["Exclude".to_owned()].into();
        assert!(!does("", narrow));
        assert!(!does("advanced = true", |_| {}));
        assert!(does("advanced = true", |other| other.advanced.raise()));
    }

    #[test]
    fn an_account_whose_default_dashboard_is_not_listed_is_not_judged() {
        let proposal = proposed::<StorageLens>("", &Live::default());
        assert!(matches!(proposal.standing, Standing::Unknown(_)));
    }

    #[test]
    fn what_a_run_switched_on_is_left_to_a_person() {
        let past = Past { before: live(false), after: live(true), live: live(true) };
        let settings = toml::from_str("").expect("valid");
        let restore = StorageLens::restore(&settings, &Place::account(), past, &context());
        assert!(restore.writes.is_empty() && restore.differences.is_empty());
        assert_eq!(restore.findings[0].what, "it is true, and was false");
    }

    #[test]
    fn metrics_that_go_to_somebody_else_are_found_whichever_dashboard_exports_them() {
        let export = Some(Export {
            bucket: "arn:aws:s3:::elsewhere".to_owned(),
            account: "999999999999".to_owned(),
        });
        let mut live = live(true);
        live.default.as_mut().expect("one").export.clone_from(&export);
        let mut quiet = dashboard("quiet", true);
        quiet.export = export;
        live.exporting.push(quiet);
        let found = proposed::<StorageLens>("", &live).findings;
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].what.starts_with("dashboard default-account-dashboard exports"));
        assert!(found[1].what.contains("quiet") && found[1].what.contains("999999999999"));
    }

    #[test]
    fn switching_off_loosens() {
        let mut proposal = proposed::<StorageLens>("enabled = false", &live(true));
        assess(&StorageLens::ABOUT, &mut proposal.differences);
        assert!(proposal.differences[0].loosens);
    }
}
