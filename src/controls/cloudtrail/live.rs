//! What is read: every trail that the home region shows, and one of them whole.

use super::selectors::{Basic, Field, Selector};
use super::settings::{KeyName, Settings};
use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Kind, Operation};
use crate::control::Context;
use aws_sdk_cloudtrail::operation::get_event_selectors::GetEventSelectorsOutput;
use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusOutput;
use aws_sdk_cloudtrail::types::{AdvancedEventSelector, AdvancedFieldSelector, EventSelector};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The trails that a region shows: its own, and the shadows of those that cover all regions.
pub const DESCRIBE_TRAILS: Operation = Operation::new(
    "cloudtrail",
    "DescribeTrails",
    &[Grant::any("cloudtrail:DescribeTrails")],
);

/// Also asked of the organization's trail, which belongs to another account.
pub const GET_TRAIL_STATUS: Operation = Operation::new(
    "cloudtrail",
    "GetTrailStatus",
    &[Grant::on(
        "cloudtrail:GetTrailStatus",
        "arn:{partition}:cloudtrail:*:*:trail/*",
    )],
);

/// Of one trail.
pub const GET_EVENT_SELECTORS: Operation = Operation::new(
    "cloudtrail",
    "GetEventSelectors",
    &[Grant::on(
        "cloudtrail:GetEventSelectors",
        "arn:{partition}:cloudtrail:*:{account}:trail/{trail}",
    )],
);

/// Of one trail that has some.
pub const GET_INSIGHT_SELECTORS: Operation = Operation::new(
    "cloudtrail",
    "GetInsightSelectors",
    &[Grant::on(
        "cloudtrail:GetInsightSelectors",
        "arn:{partition}:cloudtrail:*:{account}:trail/{trail}",
    )],
);

/// What an alias or an id stands for.
pub const DESCRIBE_KEY: Operation = Operation::new(
    "kms",
    "DescribeKey",
    &[Grant::on(
        "kms:DescribeKey",
        "arn:{partition}:kms:{key_region}:{key_account}:key/{key}",
    )],
);

/// Everything that a proposal needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// The trails, by ARN.
    pub trails: BTreeMap<String, Trail>,
    /// Whether the trails of an organization that cover this account are recording, by ARN;
    /// nothing when this account may not know.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub organization: BTreeMap<String, Option<bool>>,
    /// Whether the account's own trails of all regions are recording, by ARN, if there are several.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub recording: BTreeMap<String, bool>,
    /// More about the trail that is looked after.
    pub details: Option<Details>,
    /// What the baseline's key is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
}

/// A trail as it is described.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trail {
    /// Its name.
    pub name: String,
    /// Where it lives, and where alone it can be changed.
    pub home_region: String,
    /// Where it delivers.
    pub bucket: String,
    /// Under which prefix.
    pub prefix: Option<String>,
    /// Whether log files can be validated.
    pub log_file_validation: bool,
    /// Whether it records all regions.
    pub multi_region: bool,
    /// Whether it records services that are in no region.
    pub global_events: bool,
    /// The ARN of the key that its files are encrypted with.
    pub kms_key: Option<String>,
    /// Whether it has insights.
    pub has_insights: bool,
    /// Whether it is an organization's.
    pub organization: bool,
}

/// More about one trail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Details {
    /// The ARN of the trail.
    pub trail: String,
    /// Whether it is recording.
    pub logging: bool,
    /// What could not be delivered, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<Delivery, String>,
    /// Its event selectors; basic ones are translated.
    pub selectors: Vec<Selector>,
    /// Whether they are basic.
    pub basic: bool,
    /// Its insights, with the categories of events that they look at.
    pub insights: BTreeMap<String, BTreeSet<String>>,
}

/// What a trail delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Log files, to its bucket.
    LogFiles,
    /// Digests, by which log files are validated.
    Digests,
    /// Events, to a log group.
    CloudwatchLogs,
}

/// The key that a name stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The name.
    pub name: String,
    /// The ARN of the key; nothing when there is none.
    pub arn: Option<String>,
    /// Its state: `Enabled`, `Disabled`, `PendingDeletion` …
    pub state: Option<String>,
}

impl Trail {
    fn new(trail: &aws_sdk_cloudtrail::types::Trail) -> Option<(String, Self)> {
        let arn = trail.trail_arn()?.to_owned();
        let home_region = trail.home_region().or_else(|| arn.split(':').nth(3))?;
        let described = Self {
            name: trail.name()?.to_owned(),
            home_region: home_region.to_owned(),
            bucket: trail.s3_bucket_name()?.to_owned(),
            prefix: trail
                .s3_key_prefix()
                .filter(|prefix| !prefix.is_empty())
                .map(str::to_owned),
            log_file_validation: trail.log_file_validation_enabled().unwrap_or(false),
            multi_region: trail.is_multi_region_trail().unwrap_or(false),
            global_events: trail.include_global_service_events().unwrap_or(false),
            kms_key: trail
                .kms_key_id()
                .filter(|key| !key.is_empty())
                .map(str::to_owned),
            has_insights: trail.has_insight_selectors().unwrap_or(false),
            organization: trail.is_organization_trail().unwrap_or(false),
        };
        Some((arn, described))
    }
}

impl Live {
    /// What is read, once however many ask: the log bucket needs to know who delivers, too.
    pub async fn once(
        settings: &Settings,
        context: &Context,
        reader: &Reader,
    ) -> Result<Self, AwsError> {
        let read = Box::pin(Self::read(settings, context, reader));
        reader.once(&DESCRIBE_TRAILS, "all of it", read).await
    }

    /// Reads all of it. Nothing is asked twice.
    async fn read(
        settings: &Settings,
        context: &Context,
        reader: &Reader,
    ) -> Result<Self, AwsError> {
        let key = async {
            match settings.key() {
                Some(name) if !name.is_key_arn() => {
                    read_key(&name, context, reader).await.map(Some)
                }
                _ => Ok(None),
            }
        };
        let (trails, key) = tokio::try_join!(describe_trails(reader), key)?;
        let mut live = Self {
            trails,
            key,
            ..Self::default()
        };
        let covering = live.trails.iter().filter(|(arn, trail)| {
            trail.organization && trail.multi_region && owner(arn) != context.account
        });
        let status = covering.map(|(arn, trail)| async move {
            let logging = organization_logs(arn, trail, reader).await?;
            Ok::<_, AwsError>((arn.clone(), logging))
        });
        live.organization = try_join_all(status).await?.into_iter().collect();
        if live.covered(settings, context).is_some() {
            return Ok(live);
        }
        let mut statuses = live.statuses(settings, context, reader).await?;
        let recording = statuses.iter().map(|(arn, status)| {
            let region = live.trails.get(arn).map_or("", |trail| &trail.home_region);
            Ok((arn.clone(), is_logging(status, region)?))
        });
        live.recording = recording.collect::<Result<_, AwsError>>()?;
        if let Some((arn, trail)) = live.chosen(settings, context) {
            let status = statuses.remove(arn);
            live.details = Some(details(arn, trail, status, context, reader).await?);
        }
        Ok(live)
    }

    /// How the account's own trails of all regions are, if there are several: AWS bills every one
    /// that is recording, so a stopped one is not started beside it.
    async fn statuses(
        &self,
        settings: &Settings,
        context: &Context,
        reader: &Reader,
    ) -> Result<BTreeMap<String, GetTrailStatusOutput>, AwsError> {
        let own = self.trails.iter();
        let own = own.filter(|(arn, trail)| trail.multi_region && owner(arn) == context.account);
        let own: Vec<(&String, &Trail)> = own.collect();
        if own.len() < 2 || !settings.is_enabled() {
            return Ok(BTreeMap::new());
        }
        let statuses = own.into_iter().map(|(arn, trail)| async move {
            match (
                status(arn, &trail.home_region, reader).await,
                &*settings.name,
            ) {
                (Ok(status), _) => Ok(Some((arn.clone(), status))),
                // The choice does not depend on it.
                (Err(_), Some(name)) if *name != trail.name => Ok(None),
                (Err(error), _) => Err(error),
            }
        });
        Ok(try_join_all(statuses)
            .await?
            .into_iter()
            .flatten()
            .collect())
    }

    /// The account's own trail that the baseline means.
    pub fn chosen(&self, settings: &Settings, context: &Context) -> Option<(&str, &Trail)> {
        super::state::chosen(settings, context, &self.trails, &self.recording)
    }

    /// The organization's trail that records this account. One that this account cannot see
    /// recording counts only where there is no trail of its own to judge.
    pub fn covered(
        &self,
        settings: &Settings,
        context: &Context,
    ) -> Option<(&str, &Trail, Option<bool>)> {
        let find = |wanted: Option<bool>| {
            let mut organization = self.organization.iter();
            let (arn, on) = organization.find(|(_, on)| **on == wanted)?;
            Some((arn.as_str(), self.trails.get(arn)?, *on))
        };
        let unseen = || match self.chosen(settings, context) {
            Some(_) => None,
            None => find(None),
        };
        find(Some(true)).or_else(unseen)
    }
}

/// The account in an ARN.
pub fn owner(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

async fn describe_trails(reader: &Reader) -> Result<BTreeMap<String, Trail>, AwsError> {
    let (clients, region) = (&reader.clients, reader.home_region.as_str());
    let request = clients
        .cloudtrail(region)
        .describe_trails()
        .include_shadow_trails(true)
        .send();
    let answer = DESCRIBE_TRAILS.answer(clients, region, request).await?;
    let trails = answer.trail_list().iter().map(|trail| {
        Trail::new(trail).ok_or_else(|| {
            let text = "the answer holds a trail without name, ARN, region or bucket";
            AwsError::unexpected(&DESCRIBE_TRAILS, region, text)
        })
    });
    trails.collect()
}

/// Whether the organization's trail is recording; nothing when only its owner may know.
async fn organization_logs(
    arn: &str,
    trail: &Trail,
    reader: &Reader,
) -> Result<Option<bool>, AwsError> {
    match status(arn, &trail.home_region, reader).await {
        Ok(status) => Ok(status.is_logging()),
        Err(error) if error.kind == Kind::Denied || error.is("TrailNotFoundException") => Ok(None),
        Err(error) => Err(error),
    }
}

async fn status(
    arn: &str,
    region: &str,
    reader: &Reader,
) -> Result<GetTrailStatusOutput, AwsError> {
    let clients = &reader.clients;
    let client = clients.cloudtrail(region);
    let request = client.get_trail_status().name(arn).send();
    GET_TRAIL_STATUS.answer(clients, region, request).await
}

fn is_logging(status: &GetTrailStatusOutput, region: &str) -> Result<bool, AwsError> {
    status.is_logging().ok_or_else(|| {
        let text = "the answer does not say whether the trail is logging";
        AwsError::unexpected(&GET_TRAIL_STATUS, region, text)
    })
}

async fn details(
    arn: &str,
    trail: &Trail,
    known: Option<GetTrailStatusOutput>,
    context: &Context,
    reader: &Reader,
) -> Result<Details, AwsError> {
    let (clients, region) = (&reader.clients, trail.home_region.as_str());
    let client = clients.cloudtrail(region);
    let status = async {
        match known {
            Some(status) => Ok(status),
            None => status(arn, region, reader).await,
        }
    };
    let request = client.get_event_selectors().trail_name(arn).send();
    let selectors = GET_EVENT_SELECTORS.answer(clients, region, request);
    let insights = async {
        match trail.has_insights {
            true => insights(arn, region, reader).await,
            false => Ok(BTreeMap::new()),
        }
    };
    let (status, selectors, insights) = tokio::try_join!(status, selectors, insights)?;
    let logging = is_logging(&status, region)?;
    let errors = [
        (Delivery::LogFiles, status.latest_delivery_error()),
        (Delivery::Digests, status.latest_digest_delivery_error()),
        (
            Delivery::CloudwatchLogs,
            status.latest_cloud_watch_logs_delivery_error(),
        ),
    ];
    let errors = errors.into_iter().filter_map(|(delivery, error)| {
        let error = error.filter(|error| !error.is_empty())?;
        Some((delivery, error.to_owned()))
    });
    let (selectors, basic) = read_selectors(&selectors, &context.partition)
        .map_err(|text| AwsError::unexpected(&GET_EVENT_SELECTORS, region, &text))?;
    Ok(Details {
        trail: arn.to_owned(),
        logging,
        errors: errors.collect(),
        selectors,
        basic,
        insights,
    })
}

async fn insights(
    arn: &str,
    region: &str,
    reader: &Reader,
) -> Result<BTreeMap<String, BTreeSet<String>>, AwsError> {
    let clients = &reader.clients;
    let client = clients.cloudtrail(region);
    let request = client.get_insight_selectors().trail_name(arn).send();
    let answer = match GET_INSIGHT_SELECTORS.answer(clients, region, request).await {
        Ok(answer) => answer,
        Err(error) if error.is("InsightNotEnabledException") => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for selector in answer.insight_selectors() {
        let Some(kind) = selector.insight_type() else {
            continue;
        };
        let categories = found.entry(kind.as_str().to_owned()).or_default();
        let named = selector.event_categories().iter();
        categories.extend(named.map(|category| category.as_str().to_owned()));
        // Without categories it looks at management events.
        if categories.is_empty() {
            categories.insert("Management".to_owned());
        }
    }
    Ok(found)
}

fn read_selectors(
    answer: &GetEventSelectorsOutput,
    partition: &str,
) -> Result<(Vec<Selector>, bool), String> {
    if !answer.advanced_event_selectors().is_empty() {
        let advanced = answer.advanced_event_selectors().iter();
        return Ok((advanced.map(Selector::from).collect(), false));
    }
    let mut selectors = Vec::new();
    for basic in answer.event_selectors() {
        selectors.extend(Basic::from(basic).translate(partition)?);
    }
    Ok((selectors, true))
}

impl From<&AdvancedEventSelector> for Selector {
    fn from(selector: &AdvancedEventSelector) -> Self {
        Self {
            name: selector.name().map(str::to_owned),
            field_selectors: selector.field_selectors().iter().map(Field::from).collect(),
        }
    }
}

impl From<&AdvancedFieldSelector> for Field {
    fn from(field: &AdvancedFieldSelector) -> Self {
        Self {
            field: field.field().to_owned(),
            equals: field.equals().to_vec(),
            starts_with: field.starts_with().to_vec(),
            ends_with: field.ends_with().to_vec(),
            not_equals: field.not_equals().to_vec(),
            not_starts_with: field.not_starts_with().to_vec(),
            not_ends_with: field.not_ends_with().to_vec(),
        }
    }
}

impl From<&EventSelector> for Basic {
    fn from(selector: &EventSelector) -> Self {
        let resources = selector.data_resources().iter();
        Self {
            access: selector
                .read_write_type()
                .map_or("All", |access| access.as_str())
                .to_owned(),
            management: selector.include_management_events().unwrap_or(true),
            excluded: selector.exclude_management_event_sources().to_vec(),
            resources: resources
                .map(|resource| {
                    let name = resource.r#type().unwrap_or_default().to_owned();
                    (name, resource.values().to_vec())
                })
                .collect(),
        }
    }
}

async fn read_key(name: &KeyName<'_>, context: &Context, reader: &Reader) -> Result<Key, AwsError> {
    let clients = &reader.clients;
    let region = name.region().unwrap_or(&context.home_region);
    let request = clients.kms(region).describe_key().key_id(name.text).send();
    let found = match DESCRIBE_KEY.answer(clients, region, request).await {
        Ok(answer) => answer.key_metadata,
        Err(error) if error.is("NotFoundException") => None,
        Err(error) => return Err(error),
    };
    let state = found.as_ref().and_then(|key| key.key_state());
    Ok(Key {
        name: name.text.to_owned(),
        state: state.map(|state| state.as_str().to_owned()),
        arn: found.and_then(|key| key.arn),
    })
}
