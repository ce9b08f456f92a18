//! What is live: the session of a region, and while it runs how it is set up and what silences it.

use super::settings::Settings;
use super::wire::{
    Criteria, GET_ADMINISTRATOR, GET_DISCOVERY, GET_EXPORT, GET_FILTER, GET_PUBLICATION, GET_SCOPE,
    GET_SESSION, GET_TEMPLATE, Id, LIST_ALLOW_LISTS, LIST_FILTERS, is_not_enabled,
};
use crate::aws::AwsError;
use crate::aws::door::Nothing;
use crate::aws::facts::Reader;
use crate::control::Context;
use crate::controls::exports::{Seen, Target};
use futures_util::future::{OptionFuture, try_join_all};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Macie in a region.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Live {
    /// Nothing where it is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// The account that administers it for this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub administrator: Option<String>,
    /// The rest, while it runs: a session that is paused answers nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
    /// What decides about the export that the table asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Seen>,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Whether it runs, and is not paused.
    pub running: bool,
    /// How often changed findings are published, in AWS's word.
    pub publishing_frequency: Option<String>,
}

/// How a session is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Details {
    pub discovery: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<Export>,
    pub publication: Publication,
    /// The filters that archive findings, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub filters: BTreeMap<String, Filter>,
    /// The ids of the allow lists, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub allow_lists: BTreeMap<String, String>,
    /// The buckets that automated discovery leaves out.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub excluded_buckets: BTreeSet<String>,
    /// The kinds of sensitive data that it does not look for.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub excluded_identifiers: BTreeSet<String>,
}

/// Where results are exported to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    pub target: Target,
    /// Whether the bucket is one of this account.
    pub is_of_account: bool,
}

/// What is published to Security Hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    pub policy_findings: bool,
    pub sensitive_data_findings: bool,
}

/// What Macie publishes until somebody says otherwise. Source: Macie API Reference,
/// SecurityHubConfiguration.
pub const AT_FIRST: Publication =
    Publication { policy_findings: true, sensitive_data_findings: false };

/// A filter that archives findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    pub id: String,
    /// What it archives, in words.
    pub archives: String,
    /// Whether that is no particular findings.
    pub is_broad: bool,
}

/// Reads Macie in a region: first whether it is on, for else every answer says that it is off.
pub async fn read(
    settings: &Settings,
    region: &str,
    context: &Context,
    reader: &Reader,
) -> Result<Live, AwsError> {
    let clients = &reader.clients;
    let asked = settings.export.as_ref().map(|export| export.look(region, context, reader));
    let (session, asked) =
        tokio::join!(GET_SESSION.ask(clients, region, &Nothing {}), OptionFuture::from(asked),);
    let asked = asked.transpose()?;
    let session = match session {
        Ok(found) => found,
        Err(error) if is_not_enabled(&error) => return Ok(Live { asked, ..Live::default() }),
        Err(error) => return Err(error),
    };
    let running = session.status.as_deref() == Some("ENABLED");
    let publishing_frequency = session.finding_publishing_frequency;
    let session = Some(Session { running, publishing_frequency });
    if !running {
        return Ok(Live { session, asked, ..Live::default() });
    }
    let administrator = async {
        let found = GET_ADMINISTRATOR.ask(clients, region, &Nothing {}).await?.administrator;
        let is_in_charge = |status: Option<&str>| matches!(status, Some("Enabled" | "Paused"));
        let own = found.filter(|own| is_in_charge(own.relationship_status.as_deref()));
        Ok::<_, AwsError>(own.and_then(|own| own.account_id))
    };
    let (administrator, details) =
        tokio::try_join!(administrator, details(settings, region, reader))?;
    Ok(Live { session, administrator, details: Some(details), asked })
}

async fn details(settings: &Settings, region: &str, reader: &Reader) -> Result<Details, AwsError> {
    let clients = &reader.clients;
    let publication = async {
        let found = GET_PUBLICATION.ask(clients, region, &Nothing {}).await?;
        let own = found.security_hub_configuration.map(|own| Publication {
            policy_findings: own.publish_policy_findings,
            sensitive_data_findings: own.publish_classification_findings,
        });
        Ok(own.unwrap_or(AT_FIRST))
    };
    let (discovery, export, publication, filters, allow_lists) = tokio::try_join!(
        discovery(settings, region, reader),
        export(region, reader),
        publication,
        filters(settings, region, reader),
        allow_lists(settings, region, reader),
    )?;
    Ok(Details { export, publication, filters, allow_lists, ..discovery })
}

/// Whether sensitive data is looked for by itself, and what is left out of that.
async fn discovery(
    settings: &Settings,
    region: &str,
    reader: &Reader,
) -> Result<Details, AwsError> {
    let clients = &reader.clients;
    let found = GET_DISCOVERY.ask(clients, region, &Nothing {}).await?;
    let mut details =
        Details { discovery: found.status.as_deref() == Some("ENABLED"), ..Details::default() };
    if !details.discovery {
        return Ok(details);
    }
    let scope = found.classification_scope_id.filter(|_| settings.excluded_buckets.is_some());
    let scope = OptionFuture::from(
        scope.map(|id| async { GET_SCOPE.ask(clients, region, &Id { id }).await }),
    );
    let template = found.sensitivity_inspection_template_id;
    let template = template.filter(|_| settings.excluded_identifiers.is_some());
    let template = OptionFuture::from(
        template.map(|id| async { GET_TEMPLATE.ask(clients, region, &Id { id }).await }),
    );
    let (scope, template) = tokio::join!(scope, template);
    let s3 = scope.transpose()?.and_then(|scope| scope.s3);
    details.excluded_buckets = s3.into_iter().flat_map(|own| own.excludes.bucket_names).collect();
    let excludes = template.transpose()?.and_then(|template| template.excludes);
    details.excluded_identifiers =
        excludes.into_iter().flat_map(|own| own.managed_data_identifier_ids).collect();
    Ok(details)
}

async fn export(region: &str, reader: &Reader) -> Result<Option<Export>, AwsError> {
    let found = GET_EXPORT.ask(&reader.clients, region, &Nothing {}).await?;
    let Some(own) = found.configuration.and_then(|own| own.s3_destination) else {
        return Ok(None);
    };
    let buckets = reader.buckets().await?;
    let prefix = own.key_prefix.map(|prefix| prefix.trim_matches('/').to_owned());
    Ok(Some(Export {
        is_of_account: buckets.iter().any(|bucket| bucket.name == own.bucket_name),
        target: Target {
            bucket: own.bucket_name,
            prefix: prefix.filter(|prefix| !prefix.is_empty()),
            kms_key: own.kms_key_arn,
            expected_owner: own.expected_bucket_owner,
        },
    }))
}

async fn filters(
    settings: &Settings,
    region: &str,
    reader: &Reader,
) -> Result<BTreeMap<String, Filter>, AwsError> {
    if settings.filters.is_none() {
        return Ok(BTreeMap::new());
    }
    let clients = &reader.clients;
    let listed = LIST_FILTERS.pages(clients, region, &Nothing {}).await?;
    let listed = listed.into_iter().flat_map(|page| page.findings_filter_list_items);
    // One whose action is not known may archive as well.
    let archiving = listed.filter(|own| own.action.as_deref() != Some("NOOP"));
    let each = archiving.map(|own| async move {
        let input = Id { id: own.id.clone() };
        let found = GET_FILTER.ask(clients, region, &input).await?;
        let (archives, is_broad) = judged(found.finding_criteria);
        Ok::<_, AwsError>((own.name, Filter { id: own.id, archives, is_broad }))
    });
    Ok(try_join_all(each).await?.into_iter().collect())
}

async fn allow_lists(
    settings: &Settings,
    region: &str,
    reader: &Reader,
) -> Result<BTreeMap<String, String>, AwsError> {
    if settings.allow_lists.is_none() {
        return Ok(BTreeMap::new());
    }
    let pages = LIST_ALLOW_LISTS.pages(&reader.clients, region, &Nothing {}).await?;
    let lists = pages.into_iter().flat_map(|page| page.allow_lists);
    Ok(lists.map(|own| (own.name, own.id)).collect())
}

/// Fields of a finding that pick out particular ones: a filter by severities, categories, accounts and
/// times alone is broad. Source: Macie User Guide, "Fields for filtering Macie findings".
fn is_particular(field: &str) -> bool {
    let particular = [
        "type",
        "id",
        "classificationDetails.jobId",
        "classificationDetails.detailedResultsLocation",
        "resourcesAffected.s3Bucket.arn",
        "resourcesAffected.s3Bucket.name",
        "resourcesAffected.s3Bucket.tags.key",
        "resourcesAffected.s3Bucket.tags.value",
        "resourcesAffected.s3Object.key",
        "resourcesAffected.s3Object.path",
        "resourcesAffected.s3Object.tags.key",
        "resourcesAffected.s3Object.tags.value",
    ];
    particular.contains(&field) || field.starts_with("policyDetails.actor.")
}

/// What a filter archives, and whether that is broad.
pub fn judged(criteria: Option<Criteria>) -> (String, bool) {
    let criterion = criteria.map(|own| own.criterion).unwrap_or_default();
    let mut parts = Vec::new();
    let mut is_broad = true;
    for (field, own) in &criterion {
        let values: Vec<&str> =
            own.eq.iter().chain(&own.eq_exact_match).map(String::as_str).collect();
        is_broad &= values.is_empty() || !is_particular(field);
        let not = own.neq.join(", ");
        parts.push(match (values.is_empty(), not.is_empty()) {
            (false, _) => format!("{field} {}", values.join(", ")),
            (true, false) => format!("{field} not {not}"),
            (true, true) => format!("some {field}"),
        });
    }
    match parts.is_empty() {
        true => ("every finding".to_owned(), true),
        false => (format!("findings with {}", parts.join(" and ")), is_broad),
    }
}
