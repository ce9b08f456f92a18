//! The lifecycle rules of a bucket: all of each, because S3 replaces them together.

mod sdk;

use super::ask::{Asked, ask_whole};
use super::whole::Whole;
use super::writes::{BUCKET, NEW_BUCKET, Target, unbuilt};
use crate::aws::{AwsError, Clients, Grant, Operation, Propagation, Write, sent};
use aws_sdk_s3::operation::get_bucket_lifecycle_configuration::GetBucketLifecycleConfigurationOutput;
use aws_sdk_s3::types::{BucketLifecycleConfiguration, TransitionDefaultMinimumObjectSize};
use serde::{Deserialize, Deserializer, Serialize};
use std::any::Any;

/// Reads them.
pub const GET_LIFECYCLE: Operation = Operation::new(
    "s3",
    "GetBucketLifecycleConfiguration",
    &[Grant::on("s3:GetLifecycleConfiguration", BUCKET)],
);

/// The most rules a bucket can have. Source: S3 User Guide, "Lifecycle configuration elements".
pub const MOST_RULES: usize = 1000;

/// The rules of a bucket in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Lifecycle {
    /// From what size objects move to other storage classes, where a rule does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition_default_minimum_object_size: Option<String>,
    /// The rules.
    #[serde(default, deserialize_with = "in_todays_form")]
    pub rules: Vec<Rule>,
}

/// What was written down by an earlier version may have rules of the older form.
fn in_todays_form<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Rule>, D::Error> {
    let rules = Vec::<Rule>::deserialize(deserializer)?;
    Ok(rules.into_iter().map(Rule::in_todays_form).collect())
}

/// One lifecycle rule, by AWS's own names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub struct Rule {
    /// Its name; AWS gives one to rules without.
    #[serde(rename = "ID", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `Enabled` or `Disabled`.
    pub status: String,
    /// What it is for, in the older form: never written, see `in_todays_form`.
    #[serde(skip_serializing)]
    pub prefix: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// When objects are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Expiration>,
    /// When objects move to other storage classes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
    /// When old versions are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noncurrent_version_expiration: Option<Noncurrent>,
    /// When old versions move to other storage classes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub noncurrent_version_transitions: Vec<Noncurrent>,
    /// When the parts of uploads that were never finished are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abort_incomplete_multipart_upload: Option<Abort>,
}

/// What a rule is for; without members, for every object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub struct Filter {
    /// Objects whose keys begin so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Objects with this tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// Objects with more bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_size_greater_than: Option<i64>,
    /// Objects with fewer bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_size_less_than: Option<i64>,
    /// Objects for which all of it is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub and: Option<All>,
}

/// Several conditions of a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub struct All {
    /// See [`Filter::prefix`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// All of these tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// See [`Filter::object_size_greater_than`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_size_greater_than: Option<i64>,
    /// See [`Filter::object_size_less_than`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_size_less_than: Option<i64>,
}

/// A tag of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// When objects are deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub struct Expiration {
    /// So many days after they were written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<i32>,
    /// On a date, and from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Whether delete markers without versions go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_object_delete_marker: Option<bool>,
}

/// When objects move to another storage class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub struct Transition {
    /// So many days after they were written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<i32>,
    /// On a date, and from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Where to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
}

/// What happens to versions that are no longer current.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub struct Noncurrent {
    /// So many days after they stopped being current.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noncurrent_days: Option<i32>,
    /// How many newer ones are left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newer_noncurrent_versions: Option<i32>,
    /// Where to; missing where they are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
}

/// When the parts of unfinished uploads are deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub struct Abort {
    /// So many days after the upload began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_after_initiation: Option<i32>,
}

impl Rule {
    /// A rule that is switched on, for every object, and does nothing yet.
    pub fn named(id: &str) -> Self {
        let everything = Filter { prefix: Some(String::new()), ..Filter::default() };
        Self {
            id: Some(id.to_owned()),
            status: "Enabled".to_owned(),
            filter: Some(everything),
            ..Self::default()
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    /// Whether it is switched on.
    pub fn is_enabled(&self) -> bool {
        self.status == "Enabled"
    }

    /// Whether it is for some objects only: by prefix, tag or size.
    pub fn is_narrowed(&self) -> bool {
        let named = |prefix: &Option<String>| prefix.as_ref().is_some_and(|p| !p.is_empty());
        self.filter.as_ref().is_some_and(|filter| {
            named(&filter.prefix)
                || filter.tag.is_some()
                || filter.and.is_some()
                || filter.object_size_greater_than.is_some()
                || filter.object_size_less_than.is_some()
        })
    }

    /// What it is for, in words, where that is not every object.
    pub fn about(&self) -> Option<String> {
        Some(match self.prefix() {
            _ if !self.is_narrowed() => return None,
            "" => "some objects".to_owned(),
            prefix => format!("{prefix}*"),
        })
    }

    /// What the keys of the objects begin with that it is for; nothing where it is for all.
    pub fn prefix(&self) -> &str {
        let filter = self.filter.as_ref();
        let and = filter.and_then(|own| own.and.as_ref());
        let prefix = filter.and_then(|own| own.prefix.as_ref());
        let prefix = prefix.or(and.and_then(|and| and.prefix.as_ref()));
        prefix.map_or("", String::as_str)
    }

    /// Whether it is only for objects that have tags.
    pub fn is_for_tags(&self) -> bool {
        let filter = self.filter.as_ref();
        let and = filter.and_then(|own| own.and.as_ref());
        filter.is_some_and(|own| own.tag.is_some()) || and.is_some_and(|own| !own.tags.is_empty())
    }

    /// The same rule with its prefix in the filter. S3 keeps and answers rules whose prefix stands
    /// beside it, and takes none of them together with a rule that has a filter: "Base level prefix
    /// cannot be used in Lifecycle V2". Source: S3 API Reference, LifecycleRule.
    fn in_todays_form(mut self) -> Self {
        if let Some(prefix) = self.prefix.take() {
            let filter = Filter { prefix: Some(prefix), ..Filter::default() };
            self.filter.get_or_insert(filter);
        }
        self
    }

    /// After how many days it deletes objects; `None` if it does not, or on a date.
    pub fn expiration_days(&self) -> Option<i32> {
        self.expiration.as_ref()?.days
    }

    /// Whether it deletes on a date, and everything that is there from then on.
    pub fn expires_on_date(&self) -> bool {
        self.expiration.as_ref().is_some_and(|own| own.date.is_some())
    }

    /// After how many days it deletes versions that are no longer current.
    pub fn noncurrent_days(&self) -> Option<i32> {
        self.noncurrent_version_expiration.as_ref()?.noncurrent_days
    }

    /// After how many days it deletes the parts of unfinished uploads.
    pub fn abort_days(&self) -> Option<i32> {
        self.abort_incomplete_multipart_upload.as_ref()?.days_after_initiation
    }
}

impl Lifecycle {
    /// The rules that are switched on.
    pub fn enabled(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| rule.is_enabled())
    }

    /// The rule of a name.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name() == id)
    }

    /// The same without the rule of a name.
    pub fn without(mut self, id: &str) -> Self {
        self.rules.retain(|rule| rule.name() != id);
        self
    }

    /// Puts a rule in: in the place of the one of its name, else after all others.
    pub fn put(&mut self, rule: Rule) {
        match self.rules.iter_mut().find(|own| own.id == rule.id) {
            Some(own) => *own = rule,
            None => self.rules.push(rule),
        }
    }
}

const KNOWN: &[&str] = &[
    "LifecycleConfiguration",
    "Rule",
    "ID",
    "Status",
    "Prefix",
    "Filter",
    "And",
    "Tag",
    "Key",
    "Value",
    "ObjectSizeGreaterThan",
    "ObjectSizeLessThan",
    "Expiration",
    "Days",
    "Date",
    "ExpiredObjectDeleteMarker",
    "Transition",
    "StorageClass",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransition",
    "NoncurrentDays",
    "NewerNoncurrentVersions",
    "AbortIncompleteMultipartUpload",
    "DaysAfterInitiation",
];

impl Asked<'_> {
    /// Its lifecycle rules.
    ///
    /// # Errors
    /// When they could not be seen.
    pub async fn lifecycle(&self) -> Result<Whole<Lifecycle>, AwsError> {
        ask_whole!(
            self,
            GET_LIFECYCLE,
            get_bucket_lifecycle_configuration,
            "NoSuchLifecycleConfiguration",
            KNOWN,
            |answer: GetBucketLifecycleConfigurationOutput| {
                let size = answer.transition_default_minimum_object_size;
                let rules = answer.rules.unwrap_or_default();
                Some(Lifecycle {
                    transition_default_minimum_object_size: size.map(|s| s.as_str().to_owned()),
                    rules: rules.into_iter().map(Rule::from).collect(),
                })
            }
        )
    }
}

/// Replaces the lifecycle rules of a bucket by the same with some put in, or by what they were.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutBucketLifecycle {
    #[serde(flatten)]
    target: Target,
    #[serde(
        rename = "TransitionDefaultMinimumObjectSize",
        skip_serializing_if = "Option::is_none"
    )]
    size: Option<String>,
    lifecycle_configuration: Configuration,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    rules: Vec<Rule>,
}

impl PutBucketLifecycle {
    /// Puts rules in the place of those that a bucket has; S3 takes no configuration without any.
    pub fn with(target: Target, rules: Lifecycle) -> Self {
        Self {
            target,
            size: rules.transition_default_minimum_object_size,
            lifecycle_configuration: Configuration { rules: rules.rules },
        }
    }
}

impl Write for PutBucketLifecycle {
    const OPERATION: Operation = Operation::new(
        "s3",
        "PutBucketLifecycleConfiguration",
        &[Grant::on("s3:PutLifecycleConfiguration", BUCKET)],
    );
    const PROPAGATING: &'static [Propagation] = &[NEW_BUCKET];

    fn region(&self) -> &str {
        &self.target.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let rules = self.lifecycle_configuration.rules.iter().map(sdk::built);
        let rules: Result<Vec<_>, String> = rules.collect();
        let configuration = BucketLifecycleConfiguration::builder()
            .set_rules(Some(rules.map_err(|cause| unbuilt(self, cause))?))
            .build();
        let size = self.size.as_deref().map(TransitionDefaultMinimumObjectSize::from);
        let request = clients
            .s3(&self.target.region)
            .put_bucket_lifecycle_configuration()
            .set_transition_default_minimum_object_size(size)
            .bucket(&self.target.bucket)
            .expected_bucket_owner(&self.target.expected_bucket_owner)
            .lifecycle_configuration(configuration.map_err(|cause| unbuilt(self, cause))?);
        sent(self, request.send().await)
    }

    fn merge(&mut self, later: &dyn Any) -> bool {
        later.downcast_ref::<Self>().is_some_and(|later| {
            later.target.bucket == self.target.bucket
                && later.lifecycle_configuration == self.lifecycle_configuration
        })
    }
}
