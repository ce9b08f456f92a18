//! The table `[trail_queries]`.

use super::group::Group;
use super::queries::{Query, shelf};
use super::tables::{Logs, Place, Table};
use crate::aws::regions;
use crate::control::Context;
use crate::document::Problems;
use crate::floor::{AtLeast, AtMost, raise};
use crate::managed::Managed;
use crate::settings;
use std::collections::BTreeMap;

settings! {
    /// The table `[trail_queries]`.
    pub struct Settings {
        /// The bucket that the trail delivers to; without it, that of `[log_bucket]`. `{account}` and
        /// `{region}` (the home region) are filled in.
        #[example("\"acme-logs-{account}\"")]
        pub bucket: Managed<String> = unmanaged,

        /// What stands before `AWSLogs/` there; without it, what `[cloudtrail]` has.
        #[example("\"audit\"")]
        pub prefix: Managed<String> = unmanaged,

        /// The id of the organization, if the trail is that of one: its paths have it.
        #[example("\"o-exampleorgid\"")]
        pub organization: Managed<String> = unmanaged,

        /// How many days back queries see.
        #[range(1..=36500)]
        pub days: Managed<i32> = 400,

        /// The database in the Glue catalog.
        pub database: String = "baseline_logs",

        /// The table over the trail's events.
        pub table: String = "cloudtrail",

        /// Where the flow logs of VPCs are, as `BUCKET` or `BUCKET/PREFIX`: then a second table,
        /// `vpc_flow_logs`, is kept over them. They must be text, in the default format.
        #[example("\"acme-flow-logs\"")]
        pub flow_logs: Managed<String> = unmanaged,

        /// The workgroup in which the queries are run.
        pub workgroup: String = "baseline",

        /// Where results are written; without it, below `athena-results/` in the log bucket.
        #[example("\"s3://acme-results-{account}/athena/\"")]
        pub results: Managed<String> = unmanaged,

        /// The KMS key of results, by ARN. Unmanaged, they are encrypted with S3's own key, or as they
        /// are.
        #[breaks("who reads results must be allowed to decrypt with the key")]
        #[example("\"arn:aws:kms:us-east-1:111122223333:key/0123abcd\"")]
        pub results_kms_key: Managed<String> = unmanaged,

        /// The most that one query may scan, in GB: 10 cost 0.05 USD. Less satisfies it.
        #[range(1..=100000)]
        #[costs]
        #[shown_as("limit_bytes")]
        pub scan_limit_gb: Managed<AtMost<i32>> = 10,

        /// Whether what queries scan is counted in CloudWatch.
        pub metrics: Managed<AtLeast<bool>> = true,

        /// Queries to keep beside those that come with the program, by name. Unmanaged, none are kept.
        #[example("{ from_address = \"SELECT * FROM cloudtrail WHERE sourceipaddress = '192.0.2.1'\" }")]
        pub queries: Managed<BTreeMap<String, String>> = {},
    }
}

/// The table over flow logs.
pub const FLOW_TABLE: &str = "vpc_flow_logs";

/// What Athena counts as a GB.
const GB: i64 = 1_000_000_000;

/// How many days back queries see where the table leaves that open.
const DAYS: i32 = 400;

impl Settings {
    fn days(&self) -> i32 {
        self.days.unwrap_or(DAYS)
    }

    /// Looks for what AWS would refuse or nobody could mean.
    pub fn check(&self, problems: &mut Problems) {
        problems.known_by("database", "the database", &self.database);
        problems.known_by("table", "the table", &self.table);
        problems.known_by("workgroup", "the workgroup", &self.workgroup);
        for (key, name) in [("database", &self.database), ("table", &self.table)] {
            let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            if name.is_empty() || !name.bytes().all(known) {
                let text = format!("'{name}' is not a name: lower-case letters, digits and _");
                problems.setting(key, text);
            }
        }
        if self.flow_logs.is_some() && self.table == FLOW_TABLE {
            problems.setting("table", format!("{FLOW_TABLE} is the table over flow logs"));
        }
        let known = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if self.workgroup == "primary" {
            problems.setting("workgroup", "primary is everybody's: name one of its own");
        } else if self.workgroup.is_empty() || !self.workgroup.bytes().all(known) {
            problems.setting("workgroup", "letters, digits, dots, dashes and _ alone");
        }
        if let Some(results) = &*self.results
            && !results.strip_prefix("s3://").is_some_and(|rest| rest.contains('/'))
        {
            problems.setting("results", "write s3://BUCKET/PREFIX/");
        }
        for (key, path) in [("bucket", &*self.bucket), ("flow_logs", &*self.flow_logs)] {
            let is_wrong = |path: &String| path.is_empty() || path.contains("://");
            if path.as_ref().is_some_and(is_wrong) {
                problems.setting(key, "name the bucket alone, without s3://");
            }
        }
        if let Some(id) = self.organization.as_ref().filter(|id| !id.starts_with("o-")) {
            problems.setting("organization", format!("'{id}' is not the id of an organization"));
        }
        if let Some(key) = self.results_kms_key.as_ref().filter(|key| !key.starts_with("arn:")) {
            problems.setting("results_kms_key", format!("'{key}' is not an ARN"));
        }
        for (name, text) in self.queries.iter().flatten() {
            if text.trim().is_empty() {
                problems.setting(&format!("queries.{name}"), "the query is empty");
            }
        }
    }

    /// Where flow logs are, if that is declared.
    fn flows(&self, context: &Context) -> Option<Place> {
        let path = context.fill(self.flow_logs.as_ref()?);
        let (bucket, prefix) = path.split_once('/').unwrap_or((&path, ""));
        let prefix = prefix.trim_matches('/');
        let prefix = Some(prefix).filter(|own| !own.is_empty()).map(str::to_owned);
        Some(Place { bucket: bucket.to_owned(), prefix })
    }

    /// The tables by name, with what they are over.
    pub fn tables(&self, trail: &Place, context: &Context) -> Vec<(String, Logs, Table)> {
        let regions = regions::partition(&context.partition).regions();
        let organization = self.organization.as_deref();
        let account = context.account.as_str();
        let table = |logs: Logs, place: &Place, organization: Option<&str>| {
            let table = logs.table(place, account, organization, regions, self.days());
            table.by(&context.baseline)
        };
        let trail = (self.table.clone(), Logs::Trail, table(Logs::Trail, trail, organization));
        let flows = self.flows(context);
        let flows =
            flows.map(|own| (FLOW_TABLE.to_owned(), Logs::Flow, table(Logs::Flow, &own, None)));
        std::iter::once(trail).chain(flows).collect()
    }

    /// The names of the tables, with what they are over.
    pub fn names(&self) -> Vec<(String, Logs)> {
        let flows = self.flow_logs.as_ref().map(|_| (FLOW_TABLE.to_owned(), Logs::Flow));
        std::iter::once((self.table.clone(), Logs::Trail)).chain(flows).collect()
    }

    /// The queries to keep.
    pub fn shelf(&self) -> Vec<Query> {
        let Some(own) = &*self.queries else {
            return Vec::new();
        };
        let names = self.names().into_iter();
        let kept =
            names.flat_map(|(table, logs)| shelf(logs, &self.database, &table).collect::<Vec<_>>());
        let own = own.iter().map(|(name, text)| Query {
            name: name.clone(),
            about: "Declared in the baseline.".to_owned(),
            text: text.clone(),
        });
        let mut all: BTreeMap<String, Query> = BTreeMap::new();
        for query in kept.chain(own) {
            all.insert(query.name.clone(), query);
        }
        all.into_values().collect()
    }

    /// What the workgroup has to become.
    pub fn group(&self, live: Option<&Group>, log_bucket: &str, context: &Context) -> Group {
        let limit = live.and_then(|own| own.limit_bytes);
        let declared = self.scan_limit_gb.as_ref();
        let limit_bytes = declared.map(|own| (own.is_exact(), i64::from(*own.value()) * GB));
        let limit_bytes = match limit_bytes {
            Some((false, most)) => Some(limit.map_or(most, |live| live.min(most))),
            Some((true, most)) => Some(most),
            None => limit,
        };
        let encryption = live.and_then(|own| own.encryption.clone());
        let key = live.and_then(|own| own.kms_key.clone());
        let (encryption, kms_key) = match &*self.results_kms_key {
            Some(asked) => (Some("SSE_KMS".to_owned()), Some(asked.clone())),
            None => (encryption.or_else(|| Some("SSE_S3".to_owned())), key),
        };
        let location = match &*self.results {
            Some(declared) => context.fill(declared),
            None => format!("s3://{log_bucket}/athena-results/"),
        };
        Group {
            enabled: true,
            enforced: true,
            metrics: raise(&self.metrics, live.is_some_and(|own| own.metrics)),
            location: Some(location),
            encryption,
            kms_key,
            bucket_owner: Some(context.account.clone()),
            limit_bytes,
            managed_results: false,
        }
    }
}
