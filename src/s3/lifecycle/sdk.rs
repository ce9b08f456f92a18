//! Lifecycle rules to and from the types of the SDK, every member of them.

use super::{Abort, All, Expiration, Filter, Noncurrent, Rule, Tag, Transition};
use aws_sdk_s3::types::{self, ExpirationStatus, TransitionStorageClass};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

impl From<types::LifecycleRule> for Rule {
    fn from(rule: types::LifecycleRule) -> Self {
        #[expect(deprecated, reason = "rules that have the older form are answered with it")]
        let prefix = rule.prefix;
        let transitions = rule.transitions.unwrap_or_default();
        let noncurrent = rule.noncurrent_version_transitions.unwrap_or_default();
        let rule = Self {
            id: rule.id,
            status: rule.status.as_str().to_owned(),
            prefix,
            filter: rule.filter.map(Filter::from),
            expiration: rule.expiration.map(|own| Expiration {
                days: own.days,
                date: own.date.and_then(text),
                expired_object_delete_marker: own.expired_object_delete_marker,
            }),
            transitions: transitions.into_iter().map(Transition::from).collect(),
            noncurrent_version_expiration: rule.noncurrent_version_expiration.map(|own| {
                Noncurrent {
                    noncurrent_days: own.noncurrent_days,
                    newer_noncurrent_versions: own.newer_noncurrent_versions,
                    storage_class: None,
                }
            }),
            noncurrent_version_transitions: noncurrent.into_iter().map(Noncurrent::from).collect(),
            abort_incomplete_multipart_upload: rule
                .abort_incomplete_multipart_upload
                .map(|own| Abort { days_after_initiation: own.days_after_initiation }),
        };
        rule.in_todays_form()
    }
}

impl From<types::LifecycleRuleFilter> for Filter {
    fn from(filter: types::LifecycleRuleFilter) -> Self {
        Self {
            prefix: filter.prefix,
            tag: filter.tag.map(Tag::from),
            object_size_greater_than: filter.object_size_greater_than,
            object_size_less_than: filter.object_size_less_than,
            and: filter.and.map(|and| All {
                prefix: and.prefix,
                tags: and.tags.unwrap_or_default().into_iter().map(Tag::from).collect(),
                object_size_greater_than: and.object_size_greater_than,
                object_size_less_than: and.object_size_less_than,
            }),
        }
    }
}

impl From<types::Tag> for Tag {
    fn from(tag: types::Tag) -> Self {
        let (key, value) = (tag.key, tag.value);
        Self { key, value }
    }
}

impl From<types::Transition> for Transition {
    fn from(own: types::Transition) -> Self {
        Self {
            days: own.days,
            date: own.date.and_then(text),
            storage_class: own.storage_class.map(|class| class.as_str().to_owned()),
        }
    }
}

impl From<types::NoncurrentVersionTransition> for Noncurrent {
    fn from(own: types::NoncurrentVersionTransition) -> Self {
        Self {
            noncurrent_days: own.noncurrent_days,
            newer_noncurrent_versions: own.newer_noncurrent_versions,
            storage_class: own.storage_class.map(|class| class.as_str().to_owned()),
        }
    }
}

fn text(date: DateTime) -> Option<String> {
    date.fmt(Format::DateTime).ok()
}

fn date(text: &Option<String>) -> Result<Option<DateTime>, String> {
    let read = |text: &String| DateTime::from_str(text, Format::DateTime);
    text.as_ref().map(read).transpose().map_err(|cause| cause.to_string())
}

fn class(name: &Option<String>) -> Option<TransitionStorageClass> {
    name.as_deref().map(TransitionStorageClass::from)
}

/// The rule as it is sent.
///
/// # Errors
/// What the SDK does not take.
pub(super) fn built(rule: &Rule) -> Result<types::LifecycleRule, String> {
    let expiration = rule.expiration.as_ref().map(|own| {
        let built = types::LifecycleExpiration::builder()
            .set_days(own.days)
            .set_date(date(&own.date)?)
            .set_expired_object_delete_marker(own.expired_object_delete_marker);
        Ok::<_, String>(built.build())
    });
    let transition = |own: &Transition| {
        let built = types::Transition::builder()
            .set_days(own.days)
            .set_date(date(&own.date)?)
            .set_storage_class(class(&own.storage_class));
        Ok::<_, String>(built.build())
    };
    let transitions: Result<Vec<_>, _> = rule.transitions.iter().map(transition).collect();
    let noncurrent = |own: &Noncurrent| {
        types::NoncurrentVersionTransition::builder()
            .set_noncurrent_days(own.noncurrent_days)
            .set_newer_noncurrent_versions(own.newer_noncurrent_versions)
            .set_storage_class(class(&own.storage_class))
            .build()
    };
    let noncurrents: Vec<_> = rule.noncurrent_version_transitions.iter().map(noncurrent).collect();
    let versions = rule.noncurrent_version_expiration.as_ref().map(|own| {
        types::NoncurrentVersionExpiration::builder()
            .set_noncurrent_days(own.noncurrent_days)
            .set_newer_noncurrent_versions(own.newer_noncurrent_versions)
            .build()
    });
    let abort = rule.abort_incomplete_multipart_upload.as_ref().map(|own| {
        types::AbortIncompleteMultipartUpload::builder()
            .set_days_after_initiation(own.days_after_initiation)
            .build()
    });
    let filter = rule.filter.as_ref().map(filter).transpose()?;
    let builder = types::LifecycleRule::builder()
        .set_id(rule.id.clone())
        .status(ExpirationStatus::from(rule.status.as_str()))
        .set_filter(filter)
        .set_expiration(expiration.transpose()?)
        .set_transitions(Some(transitions?).filter(|list| !list.is_empty()))
        .set_noncurrent_version_expiration(versions)
        .set_noncurrent_version_transitions(Some(noncurrents).filter(|list| !list.is_empty()))
        .set_abort_incomplete_multipart_upload(abort);
    builder.build().map_err(|cause| cause.to_string())
}

fn filter(filter: &Filter) -> Result<types::LifecycleRuleFilter, String> {
    let and = filter.and.as_ref().map(|and| {
        let tags: Result<Vec<_>, String> = and.tags.iter().map(tag).collect();
        let built = types::LifecycleRuleAndOperator::builder()
            .set_prefix(and.prefix.clone())
            .set_tags(Some(tags?).filter(|list| !list.is_empty()))
            .set_object_size_greater_than(and.object_size_greater_than)
            .set_object_size_less_than(and.object_size_less_than);
        Ok::<_, String>(built.build())
    });
    let built = types::LifecycleRuleFilter::builder()
        .set_prefix(filter.prefix.clone())
        .set_tag(filter.tag.as_ref().map(tag).transpose()?)
        .set_object_size_greater_than(filter.object_size_greater_than)
        .set_object_size_less_than(filter.object_size_less_than)
        .set_and(and.transpose()?);
    Ok(built.build())
}

fn tag(tag: &Tag) -> Result<types::Tag, String> {
    let built = types::Tag::builder().key(&tag.key).value(&tag.value).build();
    built.map_err(|cause| cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_rule_with_every_member_comes_back_as_it_was() {
        let rule = json!({
            "ID": "x", "Status": "Disabled",
            "Filter": {"And": {"Prefix": "a/", "Tags": [{"Key": "k", "Value": "v"}],
                "ObjectSizeGreaterThan": 1, "ObjectSizeLessThan": 2}},
            "Expiration": {"Date": "2030-01-01T00:00:00Z"},
            "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}, {"Days": 90, "StorageClass": "OF_LATER"}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 9, "NewerNoncurrentVersions": 3},
            "NoncurrentVersionTransitions": [{"NoncurrentDays": 5, "NewerNoncurrentVersions": 2,
                "StorageClass": "STANDARD_IA"}],
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        });
        let bare = json!({"ID": "y", "Status": "Enabled",
            "Filter": {"Tag": {"Key": "k", "Value": ""}, "Prefix": "p", "ObjectSizeLessThan": 1}});
        for wanted in [rule, bare] {
            let rule: Rule = serde_json::from_value(wanted.clone()).expect("a rule");
            let back = Rule::from(built(&rule).expect("the SDK takes it"));
            assert_eq!(serde_json::to_value(back).expect("JSON"), wanted);
        }
    }

    #[test]
    fn a_rule_of_the_older_form_is_the_one_of_todays_form() {
        let older = json!({"Rules": [{"ID": "x", "Status": "Enabled", "Prefix": "b/"},
            {"ID": "y", "Status": "Enabled", "Prefix": ""}]});
        let today = json!({"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": "b/"}},
            {"ID": "y", "Status": "Enabled", "Filter": {"Prefix": ""}}]});
        let read = |text: &Value| -> super::super::Lifecycle {
            serde_json::from_value(text.clone()).expect("rules")
        };
        assert_eq!(read(&older), read(&today));
        assert_eq!(serde_json::to_value(read(&older)).expect("JSON"), today);
        #[expect(deprecated, reason = "rules that have the older form are answered with it")]
        let builder = types::LifecycleRule::builder().prefix("b/");
        let answered = builder.id("x").status(ExpirationStatus::Enabled).build();
        let answered = Rule::from(answered.expect("the SDK takes it"));
        assert_eq!(answered, read(&today).rules[0]);
    }
}
