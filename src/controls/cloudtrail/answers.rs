//! What is asked of CloudTrail, and what its answers mean here.

use super::live::{Covering, Delivery, Details, Logs, Trail};
use super::read::Look;
use super::selectors::{Basic, Field, Selector};
use crate::aws::trails::DESCRIBE_TRAILS;
use crate::aws::{AwsError, Grant, Operation, Tags, keys, pages};
use aws_sdk_cloudtrail::operation::get_event_selectors::GetEventSelectorsOutput;
use aws_sdk_cloudtrail::operation::get_insight_selectors::GetInsightSelectorsOutput;
use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusOutput;
use aws_sdk_cloudtrail::types::{AdvancedEventSelector, AdvancedFieldSelector, EventSelector};
use std::collections::{BTreeMap, BTreeSet};

/// Also asked of the organization's trail, which belongs to another account.
pub const GET_TRAIL_STATUS: Operation = Operation::new(
    "cloudtrail",
    "GetTrailStatus",
    &[Grant::on("cloudtrail:GetTrailStatus", "arn:{partition}:cloudtrail:*:*:trail/*")],
);

/// Of the trail that is managed, of those that may be, and of those that cover the account.
pub const GET_EVENT_SELECTORS: Operation = Operation::new(
    "cloudtrail",
    "GetEventSelectors",
    &[Grant::on("cloudtrail:GetEventSelectors", "arn:{partition}:cloudtrail:*:*:trail/*")],
);

/// Of the account's own trails: which of them this baseline created, and which a stack did.
pub const LIST_TAGS: Operation = Operation::new(
    "cloudtrail",
    "ListTags",
    &[Grant::on("cloudtrail:ListTags", "arn:{partition}:cloudtrail:*:{account}:trail/*")],
);

/// The most trails whose tags one request asks for. Source: CloudTrail API Reference, `ListTags`.
pub const TAGS_AT_ONCE: usize = 20;

/// What CloudTrail answers a member that asks of the organization's trail what only the management
/// account may read. Sources: cloud-custodian#6394 and steampipe-plugin-aws#577, on
/// `GetEventSelectors`; `GetTrailStatus` is documented to take the ARN of the organization's trail.
const OWNERS_ONLY: &[&str] = &["TrailNotFoundException", "CloudTrailARNInvalidException"];

/// Of one trail that has some.
pub const GET_INSIGHT_SELECTORS: Operation = Operation::new(
    "cloudtrail",
    "GetInsightSelectors",
    &[Grant::on(
        "cloudtrail:GetInsightSelectors",
        "arn:{partition}:cloudtrail:*:{account}:trail/{trail}",
    )],
);

impl Trail {
    /// A trail as it is described, with its ARN; nothing where the answer lacks something.
    pub fn new(trail: &aws_sdk_cloudtrail::types::Trail) -> Option<(String, Self)> {
        let arn = trail.trail_arn()?.to_owned();
        let home_region = trail.home_region().or_else(|| arn.split(':').nth(3))?.to_owned();
        let filled = |text: Option<&str>| text.filter(|t| !t.is_empty()).map(str::to_owned);
        let group = filled(trail.cloud_watch_logs_log_group_arn());
        let described = Self {
            name: trail.name()?.to_owned(),
            home_region,
            bucket: trail.s3_bucket_name()?.to_owned(),
            prefix: filled(trail.s3_key_prefix()),
            log_file_validation: trail.log_file_validation_enabled().unwrap_or(false),
            multi_region: trail.is_multi_region_trail().unwrap_or(false),
            global_events: trail.include_global_service_events().unwrap_or(false),
            kms_key: filled(trail.kms_key_id()),
            has_insights: trail.has_insight_selectors().unwrap_or(false),
            organization: trail.is_organization_trail().unwrap_or(false),
            custom_selectors: trail.has_custom_event_selectors() != Some(false),
            sns_topic: filled(trail.sns_topic_arn()),
            cloudwatch_logs: group.map(|group| Logs {
                group,
                role: filled(trail.cloud_watch_logs_role_arn()).unwrap_or_default(),
            }),
        };
        Some((arn, described))
    }
}

impl Look<'_> {
    /// The trails that the home region shows, by ARN.
    pub async fn trails(self) -> Result<BTreeMap<String, Trail>, AwsError> {
        let found = self.reader.trails().await?;
        let trails = found.iter().map(|trail| {
            Trail::new(trail).ok_or_else(|| {
                let text = "the answer holds a trail without name, ARN, region or bucket";
                AwsError::unexpected(&DESCRIBE_TRAILS, &self.reader.home_region, text)
            })
        });
        trails.collect()
    }

    /// The tags of trails of a region, by ARN.
    pub async fn list_tags(
        self,
        region: &str,
        arns: &[&String],
    ) -> Result<Vec<(String, Tags)>, AwsError> {
        let clients = &self.reader.clients;
        let arns: Vec<String> = arns.iter().map(|arn| (*arn).clone()).collect();
        pages(async |next| {
            let request = clients.cloudtrail(region).list_tags();
            let request = request.set_resource_id_list(Some(arns.clone()));
            let request = request.set_next_token(next).send();
            let page = LIST_TAGS.answer(clients, region, request).await?;
            let tagged = page.resource_tag_list().iter().map(|resource| {
                let tags = resource
                    .tags_list()
                    .iter()
                    .map(|tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned()));
                (resource.resource_id().unwrap_or_default().to_owned(), tags.collect())
            });
            Ok((tagged.collect(), page.next_token().map(str::to_owned)))
        })
        .await
    }

    /// What can be seen of a trail that others manage: AWS shows a member less of the
    /// organization's.
    pub async fn covering(self, arn: &str, trail: &Trail) -> Result<Covering, AwsError> {
        let is_own = keys::owner(arn) == Some(&self.context.account);
        let is_hidden = |error: &AwsError| !is_own && OWNERS_ONLY.iter().any(|code| error.is(code));
        let logging = async {
            match self.status(arn, &trail.home_region).await {
                Ok(status) => Ok((status.is_logging(), delivery_errors(&status))),
                Err(error) if is_hidden(&error) => Ok((None, BTreeMap::new())),
                Err(error) => Err(error),
            }
        };
        let selectors = async {
            if !trail.custom_selectors {
                return Ok(Some(vec![Selector::management()]));
            }
            match self.selectors(arn, trail).await {
                Ok((selectors, _)) => Ok(Some(selectors)),
                Err(error) if is_hidden(&error) => Ok(None),
                Err(error) => Err(error),
            }
        };
        let ((logging, errors), selectors) = tokio::try_join!(logging, selectors)?;
        Ok(Covering { logging, errors, selectors })
    }

    /// What a trail logs, and whether its selectors are basic.
    pub async fn selectors(
        self,
        arn: &str,
        trail: &Trail,
    ) -> Result<(Vec<Selector>, bool), AwsError> {
        let (clients, region) = (&self.reader.clients, trail.home_region.as_str());
        let request = clients.cloudtrail(region).get_event_selectors().trail_name(arn).send();
        let answer = GET_EVENT_SELECTORS.answer(clients, region, request).await?;
        read_selectors(&answer, &self.context.partition)
            .map_err(|text| AwsError::unexpected(&GET_EVENT_SELECTORS, region, &text))
    }

    /// What a trail does.
    pub async fn status(self, arn: &str, region: &str) -> Result<GetTrailStatusOutput, AwsError> {
        let clients = &self.reader.clients;
        let request = clients.cloudtrail(region).get_trail_status().name(arn).send();
        GET_TRAIL_STATUS.answer(clients, region, request).await
    }

    /// A trail whole; its status may be known already.
    pub async fn details(
        self,
        arn: &str,
        trail: &Trail,
        known: Option<GetTrailStatusOutput>,
    ) -> Result<Details, AwsError> {
        let region = trail.home_region.as_str();
        let status = async {
            match known {
                Some(status) => Ok(status),
                None => self.status(arn, region).await,
            }
        };
        let insights = async {
            match trail.has_insights {
                true => self.insights(arn, region).await,
                false => Ok(BTreeMap::new()),
            }
        };
        let key = async {
            let is_own =
                |key: &&String| keys::owner(key).is_none_or(|owner| owner == self.context.account);
            match trail.kms_key.as_ref().filter(is_own) {
                Some(key) => self.reader.key(key, keys::region(key).unwrap_or(region)).await,
                None => Ok(None),
            }
        };
        let selectors = self.selectors(arn, trail);
        let (status, (selectors, basic), insights, key) =
            tokio::try_join!(status, selectors, insights, key)?;
        Ok(Details {
            trail: arn.to_owned(),
            logging: is_logging(&status, region)?,
            errors: delivery_errors(&status),
            selectors,
            basic,
            insights,
            key,
        })
    }

    async fn insights(
        self,
        arn: &str,
        region: &str,
    ) -> Result<BTreeMap<String, BTreeSet<String>>, AwsError> {
        let clients = &self.reader.clients;
        let request = clients.cloudtrail(region).get_insight_selectors().trail_name(arn).send();
        match GET_INSIGHT_SELECTORS.answer(clients, region, request).await {
            Ok(answer) => Ok(read_insights(&answer)),
            Err(error) if error.is("InsightNotEnabledException") => Ok(BTreeMap::new()),
            Err(error) => Err(error),
        }
    }
}

fn read_insights(answer: &GetInsightSelectorsOutput) -> BTreeMap<String, BTreeSet<String>> {
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
    found
}

fn delivery_errors(status: &GetTrailStatusOutput) -> BTreeMap<Delivery, String> {
    let errors = [
        (Delivery::LogFiles, status.latest_delivery_error()),
        (Delivery::Digests, status.latest_digest_delivery_error()),
        (Delivery::CloudwatchLogs, status.latest_cloud_watch_logs_delivery_error()),
        (Delivery::Notifications, status.latest_notification_error()),
    ];
    let errors = errors.into_iter().filter_map(|(delivery, error)| {
        let error = error.filter(|error| !error.is_empty())?;
        Some((delivery, error.to_owned()))
    });
    errors.collect()
}

/// Whether a trail records, by its status.
pub fn is_logging(status: &GetTrailStatusOutput, region: &str) -> Result<bool, AwsError> {
    status.is_logging().ok_or_else(|| {
        let text = "the answer does not say whether the trail is logging";
        AwsError::unexpected(&GET_TRAIL_STATUS, region, text)
    })
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
            access: selector.read_write_type().map_or("All", |access| access.as_str()).to_owned(),
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
