//! The workgroup: where results go, how they are encrypted, and how much a query may cost.

use super::wire::{
    Encryption, GroupFound, GroupUpdate, Managed, NewConfiguration, NewGroup, Results, Updates,
};
use crate::aws::keys;
use crate::aws::tags::Tag;
use crate::control::Context;
use serde::{Deserialize, Serialize};

/// A workgroup, as far as it decides what becomes of results and costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub enabled: bool,
    /// Whether what whoever asks says of results counts for nothing.
    pub enforced: bool,
    pub metrics: bool,
    pub location: Option<String>,
    /// In Athena's word.
    pub encryption: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
    /// The account that must own the bucket of results.
    pub bucket_owner: Option<String>,
    pub limit_bytes: Option<i64>,
    /// Whether AWS keeps the results instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub managed_results: bool,
}

impl From<GroupFound> for Group {
    fn from(found: GroupFound) -> Self {
        let configuration = found.configuration.unwrap_or_default();
        let results = configuration.result_configuration.unwrap_or_default();
        let (encryption, kms_key) = match results.encryption_configuration {
            Some(own) => (Some(own.encryption_option), own.kms_key),
            None => (None, None),
        };
        let managed = configuration.managed_query_results_configuration;
        Self {
            enabled: found.state.as_deref() == Some("ENABLED"),
            enforced: configuration.enforce_work_group_configuration == Some(true),
            metrics: configuration.publish_cloud_watch_metrics_enabled == Some(true),
            location: results.output_location,
            encryption,
            kms_key,
            bucket_owner: results.expected_bucket_owner,
            limit_bytes: configuration.bytes_scanned_cutoff_per_query,
            managed_results: managed.is_some_and(|own| own.enabled),
        }
    }
}

impl Group {
    /// What of a group that somebody else made does less than another: the ends of a sentence.
    pub fn faults(&self, wanted: &Self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut unless = |holds: bool, fault: &str| {
            if !holds {
                faults.push(fault.to_owned());
            }
        };
        unless(self.enabled, "is disabled");
        unless(self.enforced, "lets whoever asks say where results go");
        unless(self.metrics || !wanted.metrics, "does not count what is scanned");
        unless(self.encryption.is_some() || self.managed_results, "does not encrypt results");
        let is_own = self.bucket_owner == wanted.bucket_owner || self.managed_results;
        unless(is_own, "does not say that the bucket of results must be this account's");
        let is_cheap = match (self.limit_bytes, wanted.limit_bytes) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(most)) => own <= most,
        };
        unless(is_cheap, "lets a query scan more than scan_limit_gb");
        faults
    }

    /// The account of another whose key encrypts results.
    pub fn foreign_key(&self, context: &Context) -> Option<&str> {
        let key = self.kms_key.as_deref()?;
        keys::owner(key).filter(|own| *own != context.account).map(|_| key)
    }

    /// The fields in which another protects less.
    pub fn looser(&self, to: &Self) -> Vec<String> {
        let lost = [
            ("enabled", self.enabled && !to.enabled),
            ("enforced", self.enforced && !to.enforced),
            ("metrics", self.metrics && !to.metrics),
            ("encryption", self.encryption.is_some() && to.encryption.is_none()),
            ("bucket_owner", self.bucket_owner.is_some() && to.bucket_owner.is_none()),
            (
                "limit_bytes",
                self.limit_bytes.is_some_and(|own| to.limit_bytes.is_none_or(|to| to > own)),
            ),
        ];
        let lost = lost.into_iter().filter(|(_, is_lost)| *is_lost);
        lost.map(|(name, _)| format!("workgroup.{name}")).collect()
    }

    fn results(&self) -> Results {
        Results {
            output_location: self.location.clone().unwrap_or_default(),
            encryption_configuration: Encryption {
                encryption_option: self.encryption.clone().unwrap_or_default(),
                kms_key: self.kms_key.clone(),
            },
            expected_bucket_owner: self.bucket_owner.clone().unwrap_or_default(),
        }
    }

    /// As it is created.
    pub fn creation(&self, name: &str, context: &Context) -> NewGroup {
        NewGroup {
            name: name.to_owned(),
            description: "Queries over the logs of the account.".to_owned(),
            configuration: NewConfiguration {
                result_configuration: self.results(),
                enforce_work_group_configuration: self.enforced,
                publish_cloud_watch_metrics_enabled: self.metrics,
                bytes_scanned_cutoff_per_query: self.limit_bytes,
            },
            tags: Tag::list(context.tags()),
        }
    }

    /// What makes it another: what an update leaves out stays.
    pub fn update(&self, to: &Self, name: &str) -> GroupUpdate {
        let managed = self.managed_results != to.managed_results;
        GroupUpdate {
            work_group: name.to_owned(),
            configuration_updates: Updates {
                enforce_work_group_configuration: to.enforced,
                result_configuration_updates: to.results(),
                managed_query_results_configuration_updates: managed
                    .then_some(Managed { enabled: to.managed_results }),
                publish_cloud_watch_metrics_enabled: to.metrics,
                bytes_scanned_cutoff_per_query: to.limit_bytes,
                remove_bytes_scanned_cutoff_per_query: to.limit_bytes.is_none().then_some(true),
            },
            state: Some(if to.enabled { "ENABLED" } else { "DISABLED" }.to_owned()),
        }
    }
}
