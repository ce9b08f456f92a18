//! One active finding: who outside of the zone of trust may do what to which resource.

use super::live::Analyzer;
use crate::control::Remarks;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many actions are named before the rest is counted.
const NAMED: usize = 8;

/// How AWS says that a resource control policy applies and was not reckoned with.
const UNDECIDED: [&str; 2] = ["APPLICABLE", "FAILED_TO_EVALUATE_RCP"];

/// An active finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exposure {
    /// Its id, by which it is archived.
    pub id: String,
    /// The ARN of the resource.
    pub resource: Option<String>,
    /// The type of the resource, in CloudFormation's word.
    pub resource_type: String,
    /// Whether everybody may; not told of what could not be analyzed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_public: Option<bool>,
    /// Who may, by the kind of principal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub principal: BTreeMap<String, String>,
    /// What they may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// Under which conditions: keys with their values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: BTreeMap<String, String>,
    /// By what, in AWS's words: only told of buckets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Whether a resource control policy of the organization might forbid it after all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_be_forbidden: bool,
    /// Why it could not be analyzed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A finding as it is answered.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingFound {
    id: String,
    resource: Option<String>,
    resource_type: String,
    is_public: Option<bool>,
    #[serde(default)]
    principal: BTreeMap<String, String>,
    #[serde(default)]
    action: Vec<String>,
    #[serde(default)]
    condition: BTreeMap<String, String>,
    #[serde(default)]
    sources: Vec<Source>,
    resource_control_policy_restriction: Option<String>,
    error: Option<String>,
}

/// By what access is given.
#[derive(Debug, Deserialize)]
struct Source {
    r#type: String,
    detail: Option<SourceDetail>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SourceDetail {
    access_point_arn: Option<String>,
}

impl Source {
    fn words(self) -> String {
        let kind = self.r#type;
        match self.detail.and_then(|detail| detail.access_point_arn) {
            Some(access_point) => format!("{kind} {access_point}"),
            None => kind,
        }
    }
}

impl From<FindingFound> for Exposure {
    fn from(found: FindingFound) -> Self {
        let restriction = found.resource_control_policy_restriction;
        Self {
            id: found.id,
            resource: found.resource,
            resource_type: found.resource_type,
            is_public: found.is_public,
            principal: found.principal,
            actions: found.action,
            condition: found.condition,
            sources: found.sources.into_iter().map(Source::words).collect(),
            may_be_forbidden: restriction.is_some_and(|how| UNDECIDED.contains(&how.as_str())),
            error: found.error,
        }
    }
}

impl Exposure {
    /// Reports it as a finding.
    pub fn report(&self, say: &mut Remarks, analyzer: &Analyzer, region: &str) {
        let accept = format!(
            "aws accessanalyzer update-findings --region {region} --analyzer-arn {} --status \
             ARCHIVED --ids {}",
            analyzer.arn, self.id
        );
        let remedy = match &self.error {
            Some(_) => format!(
                "let the role AWSServiceRoleForAccessAnalyzer read it, or accept that it is not \
                 analyzed: {accept}"
            ),
            None => format!("take the access away, or accept it: {accept}"),
        };
        say.finding("findings", self.sentence(), remedy);
    }

    fn sentence(&self) -> String {
        let kind = &self.resource_type;
        let resource = match &self.resource {
            Some(arn) => format!("{arn} ({kind})"),
            None => format!("a resource of type {kind}"),
        };
        if let Some(error) = &self.error {
            return format!("{resource} could not be analyzed: {error}");
        }
        format!(
            "{resource}: {} may {}{}{}{}",
            self.who(),
            self.what(),
            self.when(),
            self.through(),
            self.unless()
        )
    }

    fn who(&self) -> String {
        if self.is_public == Some(true) {
            return "everybody (public)".to_owned();
        }
        let named = self.principal.iter();
        let named: Vec<String> = named.map(|(kind, who)| format!("{kind} {who}")).collect();
        match named.is_empty() {
            true => "somebody outside".to_owned(),
            false => named.join(", "),
        }
    }

    fn what(&self) -> String {
        let named: Vec<&str> = self.actions.iter().take(NAMED).map(String::as_str).collect();
        match self.actions.len().saturating_sub(NAMED) {
            _ if named.is_empty() => "use it".to_owned(),
            0 => named.join(", "),
            more => format!("{} and {more} more", named.join(", ")),
        }
    }

    fn when(&self) -> String {
        let conditions = self.condition.iter();
        let conditions: Vec<String> =
            conditions.map(|(key, value)| format!("{key} {value}")).collect();
        match conditions.is_empty() {
            true => String::new(),
            false => format!(", on condition of {}", conditions.join(" and ")),
        }
    }

    fn unless(&self) -> &'static str {
        match self.may_be_forbidden {
            true => ", unless a resource control policy of the organization forbids it",
            false => "",
        }
    }

    fn through(&self) -> String {
        match self.sources.is_empty() {
            true => String::new(),
            false => format!(", through {}", self.sources.join(" and ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposure() -> Exposure {
        Exposure {
            resource: Some("arn:aws:s3:::acme".to_owned()),
            resource_type: "AWS::S3::Bucket".to_owned(),
            actions: vec!["s3:GetObject".to_owned()],
            ..Exposure::default()
        }
    }

    #[test]
    fn it_says_who_may_do_what_when_and_through_what() {
        let account = ("AWS".to_owned(), "999999999999".to_owned());
        let when = ("aws:SourceVpc".to_owned(), "vpc-1".to_owned());
        let shared = Exposure {
            is_public: Some(false),
            principal: BTreeMap::from([account]),
            condition: BTreeMap::from([when]),
            sources: vec!["POLICY".to_owned(), "BUCKET_ACL".to_owned()],
            ..exposure()
        };
        assert_eq!(
            shared.sentence(),
            "arn:aws:s3:::acme (AWS::S3::Bucket): AWS 999999999999 may s3:GetObject, on condition \
             of aws:SourceVpc vpc-1, through POLICY and BUCKET_ACL"
        );
    }

    #[test]
    fn what_is_public_says_so_whatever_the_principal() {
        let everybody = ("AWS".to_owned(), "*".to_owned());
        let public = Exposure {
            is_public: Some(true),
            principal: BTreeMap::from([everybody]),
            actions: (0..10).map(|n| format!("s3:Action{n}")).collect(),
            ..exposure()
        };
        let said = public.sentence();
        assert!(said.contains("everybody (public) may s3:Action0"), "{said}");
        assert!(said.ends_with("s3:Action7 and 2 more"), "{said}");
    }

    #[test]
    fn what_could_not_be_analyzed_is_not_called_shared() {
        let hidden =
            Exposure { error: Some("ACCESS_DENIED".to_owned()), actions: Vec::new(), ..exposure() };
        assert_eq!(
            hidden.sentence(),
            "arn:aws:s3:::acme (AWS::S3::Bucket) could not be analyzed: ACCESS_DENIED"
        );
    }
}
