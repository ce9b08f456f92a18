//! S3 Storage Lens: the account's default dashboard is on, so that you can see what is stored.
//!
//! S3 makes `default-account-dashboard` for every account; it can be switched off but neither
//! deleted nor narrowed. Another dashboard over the whole account that shows as much does as well.

mod dashboard;
mod read;
mod writes;

use crate::aws::facts::Reader;
use crate::aws::{AwsError, Write};
use crate::control::{About, At, Context, Control, Cost, Past, Places, Reference, Remarks, Steps};
use crate::document::Problems;
use crate::managed::Switch;
use crate::place::Place;
use crate::s3;
use crate::settings;
use crate::settings::Takes;
use dashboard::{Dashboard, Export};
use read::{GET, GET_TAGS, LIST};
use serde::{Deserialize, Serialize};
use writes::PutStorageLensConfiguration;

/// The control.
pub struct StorageLens;

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

    /// Whether a dashboard shows, of the whole account, all that is asked for.
    fn are_met_by(&self, dashboard: &Dashboard) -> bool {
        let is_narrowed =
            ["Include", "Exclude"].iter().any(|by| dashboard.not_carried.contains(*by));
        self.wanted(dashboard) == *dashboard && !is_narrowed
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
    /// Those of the others that export to another account, where the default one is as wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    exporting: Vec<Dashboard>,
}

impl Control for StorageLens {
    type Settings = Settings;
    type Live = Live;
    /// The default dashboard without what no call changes.
    type State = Option<Dashboard>;

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

    async fn read(
        settings: &Settings,
        _: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        read::read(settings, reader).await
    }

    fn state(live: &Live) -> Option<Dashboard> {
        live.default.as_ref().map(Dashboard::changeable)
    }

    fn wanted(
        settings: &Settings,
        live: &Live,
        at: At<'_>,
        say: &mut Remarks,
    ) -> Option<Dashboard> {
        let wanted = wanted(settings, live, at, say);
        live.judge_exports(say);
        wanted
    }

    fn steps(_: &Option<Dashboard>, to: &Option<Dashboard>, at: At<'_>) -> Steps {
        match to {
            Some(to) => Steps::default().then(PutStorageLensConfiguration::new(to, at.context)),
            None => Steps::default(),
        }
    }

    /// Left to you: where the dashboard is as the baseline asks, not all of it is read, and a write
    /// would replace what was not.
    fn restored(
        _: &Settings,
        past: &Past<Live>,
        _: At<'_>,
        say: &mut Remarks,
    ) -> Option<Dashboard> {
        if let Some(dashboards) = past.each(Self::state) {
            say.by_hand(&dashboards);
        }
        Self::state(&past.live)
    }
}

impl Live {
    /// Reports the exports to buckets of others.
    fn judge_exports(&self, say: &mut Remarks) {
        let all = self.default.iter().chain(&self.others).chain(&self.exporting);
        for Dashboard { name, export, .. } in all {
            let Some(Export { bucket, account }) = export else {
                continue;
            };
            let bucket = bucket.rsplit(':').next().unwrap_or_default();
            say.finding(
                "export",
                format!(
                    "dashboard {name} exports what it shows to bucket {bucket} of account \
                     {account}, which is no bucket of this account"
                ),
                format!(
                    "take the export off {name} (S3 console, Storage Lens, Dashboards), or waive it"
                ),
            );
        }
    }
}

fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> Option<Dashboard> {
    let own = live.default.as_ref();
    if let Some(other) = live.others.iter().find(|other| settings.are_met_by(other)) {
        say.note(format!("dashboard {} shows it", other.name));
        return own.map(Dashboard::changeable);
    }
    let Some(own) = own else {
        let text = format!("{DEFAULT}, which every account has, is not listed there");
        say.unknown(AwsError::unexpected(&LIST, at.context.global_region(), &text));
        return None;
    };
    let wanted = settings.wanted(own);
    if wanted != *own && !own.not_carried.is_empty() {
        // The API replaces the whole configuration: what is not sent back would be gone.
        say.withhold();
        let more: Vec<&str> = own.not_carried.iter().map(String::as_str).collect();
        say.finding(
            "enabled",
            format!(
                "{DEFAULT} is not compliant, and has more than can be carried over here: {}",
                more.join(", ")
            ),
            "change it in the S3 console, under Storage Lens, Dashboards",
        );
    }
    Some(wanted.changeable())
}

#[cfg(test)]
mod tests;
