//! Reads what silences a detector: one list of each kind, and of what is in them each one.
//!
//! The lists have no resource level. Source: Service Authorization Reference, Amazon GuardDuty.

use super::criteria::Criteria;
use super::silencing::{Export, List, ListKind, Silencing, bucket_of};
use super::writes::DETECTOR_ARN;
use crate::aws::facts::Reader;
use crate::aws::{AwsError, Clients, Grant, Operation, pages};
use aws_sdk_guardduty::Client;
use aws_sdk_guardduty::types::FilterAction;
use futures_util::future::try_join_all;
use std::collections::BTreeMap;

/// What is below a detector, too: a star stands for slashes as well, and the ids of detectors are not
/// known. Source: IAM User Guide, "IAM JSON policy elements: Resource".
const BELOW_A_DETECTOR: &str = DETECTOR_ARN;

const fn read(name: &'static str, grants: &'static [Grant]) -> Operation {
    Operation::new("guardduty", name, grants)
}

pub const LIST_FILTERS: Operation = read("ListFilters", &[Grant::any("guardduty:ListFilters")]);
pub const GET_FILTER: Operation =
    read("GetFilter", &[Grant::on("guardduty:GetFilter", BELOW_A_DETECTOR)]);
pub const LIST_IP_SETS: Operation = read("ListIPSets", &[Grant::any("guardduty:ListIPSets")]);
pub const GET_IP_SET: Operation =
    read("GetIPSet", &[Grant::on("guardduty:GetIPSet", BELOW_A_DETECTOR)]);
pub const LIST_THREAT_SETS: Operation =
    read("ListThreatIntelSets", &[Grant::any("guardduty:ListThreatIntelSets")]);
pub const GET_THREAT_SET: Operation =
    read("GetThreatIntelSet", &[Grant::on("guardduty:GetThreatIntelSet", BELOW_A_DETECTOR)]);
pub const LIST_TRUSTED_ENTITIES: Operation =
    read("ListTrustedEntitySets", &[Grant::any("guardduty:ListTrustedEntitySets")]);
pub const GET_TRUSTED_ENTITIES: Operation =
    read("GetTrustedEntitySet", &[Grant::on("guardduty:GetTrustedEntitySet", BELOW_A_DETECTOR)]);
pub const LIST_THREAT_ENTITIES: Operation =
    read("ListThreatEntitySets", &[Grant::any("guardduty:ListThreatEntitySets")]);
pub const GET_THREAT_ENTITIES: Operation =
    read("GetThreatEntitySet", &[Grant::on("guardduty:GetThreatEntitySet", BELOW_A_DETECTOR)]);
pub const LIST_DESTINATIONS: Operation =
    read("ListPublishingDestinations", &[Grant::any("guardduty:ListPublishingDestinations")]);
pub const DESCRIBE_DESTINATION: Operation = read(
    "DescribePublishingDestination",
    &[Grant::on("guardduty:DescribePublishingDestination", BELOW_A_DETECTOR)],
);

/// All of them: what is read to see whether a detector is silenced.
pub const OPERATIONS: [Operation; 12] = [
    LIST_FILTERS,
    GET_FILTER,
    LIST_IP_SETS,
    GET_IP_SET,
    LIST_THREAT_SETS,
    GET_THREAT_SET,
    LIST_TRUSTED_ENTITIES,
    GET_TRUSTED_ENTITIES,
    LIST_THREAT_ENTITIES,
    GET_THREAT_ENTITIES,
    LIST_DESTINATIONS,
    DESCRIBE_DESTINATION,
];

/// How many are asked for at once.
const PAGE: i32 = 50;

/// A detector that is asked.
#[derive(Clone, Copy)]
struct Asked<'a> {
    client: &'a Client,
    clients: &'a Clients,
    detector: &'a str,
    region: &'a str,
}

/// Reads what silences a detector. A member's are its administrator's: those are not read.
pub async fn silencing(
    reader: &Reader,
    detector: &str,
    region: &str,
) -> Result<Silencing, AwsError> {
    let asked = Asked {
        client: &reader.clients.guardduty(region),
        clients: &reader.clients,
        detector,
        region,
    };
    let (filters, trusted, threats, trusted_entities, threat_entities, exports) = tokio::try_join!(
        asked.filters(),
        asked.ip_sets(),
        asked.threat_sets(),
        asked.trusted_entities(),
        asked.threat_entities(),
        asked.exports(),
    )?;
    let mut lists = [trusted, threats, trusted_entities, threat_entities].concat();
    lists.retain(|own| !List::is_idle(&own.status));
    lists.sort();
    let mut found = Silencing { filters, lists, exports };
    if !found.lists.is_empty() || !found.exports.is_empty() {
        let buckets = reader.buckets().await?;
        let is_own = |name: &str| buckets.iter().any(|own| own.name == name);
        for own in &mut found.lists {
            own.is_of_account = bucket_of(&own.location).is_some_and(is_own);
        }
        for own in &mut found.exports {
            own.is_of_account = is_own(Export::bucket(&own.destination));
        }
    }
    Ok(found)
}

/// Walks over all lists of a kind: first their ids, page by page, then each of them.
macro_rules! walk {
    ($asked:expr, $kind:ident: $list:ident ($LIST:ident) -> $ids:ident, $get:ident ($GET:ident) by $id:ident) => {{
        let Asked { client, clients, detector, region } = $asked;
        let ids = pages(|token| async move {
            let request = client.$list().detector_id(detector);
            let request = request.max_results(PAGE).set_next_token(token).send();
            match $LIST.answer(clients, region, request).await {
                Ok(page) => Ok((page.$ids().to_vec(), page.next_token)),
                Err(error) => nothing_if_unknown(error),
            }
        })
        .await?;
        try_join_all(ids.into_iter().map(|id| async move {
            let request = client.$get().detector_id(detector).$id(&id).send();
            let own = $GET.answer(clients, region, request).await?;
            let status = own.status().map(|status| status.as_str());
            Ok(List {
                kind: ListKind::$kind,
                name: own.name().unwrap_or_default().to_owned(),
                id,
                location: own.location().unwrap_or_default().to_owned(),
                status: status.unwrap_or_default().to_owned(),
                is_of_account: false,
            })
        }))
        .await
    }};
}

impl Asked<'_> {
    async fn filters(self) -> Result<BTreeMap<String, Criteria>, AwsError> {
        let Self { client, clients, detector, region } = self;
        let names = pages(|token| async move {
            let request = client.list_filters().detector_id(detector);
            let request = request.max_results(PAGE).set_next_token(token).send();
            let page = LIST_FILTERS.answer(clients, region, request).await?;
            Ok((page.filter_names().to_vec(), page.next_token))
        })
        .await?;
        let filters = names.into_iter().map(|name| async move {
            let request = client.get_filter().detector_id(detector).filter_name(&name);
            let filter = GET_FILTER.answer(clients, region, request.send()).await?;
            let archives = filter.action() == Some(&FilterAction::Archive);
            let criteria = filter.finding_criteria().map(Criteria::from);
            Ok::<_, AwsError>(archives.then(|| (name, criteria.unwrap_or_default())))
        });
        let filters = try_join_all(filters).await?;
        Ok(filters.into_iter().flatten().collect())
    }

    async fn ip_sets(self) -> Result<Vec<List>, AwsError> {
        walk!(self, TrustedIps: list_ip_sets (LIST_IP_SETS) -> ip_set_ids,
            get_ip_set (GET_IP_SET) by ip_set_id)
    }

    async fn threat_sets(self) -> Result<Vec<List>, AwsError> {
        walk!(self, ThreatIps: list_threat_intel_sets (LIST_THREAT_SETS) -> threat_intel_set_ids,
            get_threat_intel_set (GET_THREAT_SET) by threat_intel_set_id)
    }

    async fn trusted_entities(self) -> Result<Vec<List>, AwsError> {
        walk!(self, TrustedEntities:
            list_trusted_entity_sets (LIST_TRUSTED_ENTITIES) -> trusted_entity_set_ids,
            get_trusted_entity_set (GET_TRUSTED_ENTITIES) by trusted_entity_set_id)
    }

    async fn threat_entities(self) -> Result<Vec<List>, AwsError> {
        walk!(self, ThreatEntities:
            list_threat_entity_sets (LIST_THREAT_ENTITIES) -> threat_entity_set_ids,
            get_threat_entity_set (GET_THREAT_ENTITIES) by threat_entity_set_id)
    }

    async fn exports(self) -> Result<Vec<Export>, AwsError> {
        let Self { client, clients, detector, region } = self;
        let ids = pages(|token| async move {
            let request = client.list_publishing_destinations().detector_id(detector);
            let request = request.max_results(PAGE).set_next_token(token).send();
            let page = LIST_DESTINATIONS.answer(clients, region, request).await?;
            let ids = page.destinations().iter();
            let ids = ids.filter_map(|own| own.destination_id().map(str::to_owned));
            Ok((ids.collect(), page.next_token))
        })
        .await?;
        let mut exports = try_join_all(ids.into_iter().map(|id| async move {
            let request = client.describe_publishing_destination();
            let request = request.detector_id(detector).destination_id(&id).send();
            let own = DESCRIBE_DESTINATION.answer(clients, region, request).await?;
            let properties = own.destination_properties();
            let arn = properties.and_then(|own| own.destination_arn());
            let status = own.status().map(|status| status.as_str());
            Ok::<_, AwsError>(Export {
                id,
                destination: arn.unwrap_or_default().to_owned(),
                status: status.unwrap_or_default().to_owned(),
                is_of_account: false,
                key: properties.and_then(|own| own.kms_key_arn()).map(str::to_owned),
                expected_owner: properties
                    .and_then(|own| own.expected_bucket_owner())
                    .map(str::to_owned),
            })
        }))
        .await?;
        exports.sort();
        Ok(exports)
    }
}

/// Entity lists are newer than some regions' GuardDuty: where the operation is not known, there
/// are none.
fn nothing_if_unknown<T>(error: AwsError) -> Result<(Vec<T>, Option<String>), AwsError> {
    match error.is("UnknownOperationException") {
        true => Ok((Vec::new(), None)),
        false => Err(error),
    }
}
