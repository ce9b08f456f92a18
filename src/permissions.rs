//! The least-privilege IAM policy for what a baseline uses.

use crate::aws::alias::LIST_ACCOUNT_ALIASES;
use crate::aws::facts::GET_CALLER_IDENTITY;
use crate::aws::store::{GET_OBJECT, LIST_OBJECTS, PUT_OBJECT};
use crate::aws::{Grant, Operation, is_read};
use crate::baseline::{Baseline, Regions};
use crate::control::Context;
use crate::controls::alerts::trial;
use crate::who::LOOKUP_EVENTS;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The longest list of resources in which those are looked for that others cover. No policy of IAM
/// holds more: 10,240 characters is the most that any takes. Source: IAM User Guide, "IAM and AWS STS
/// quotas".
const LONGEST_TIDIED: usize = 500;

/// What a policy is to allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Purpose {
    /// Reading
    Plan,
    /// Reading and writing
    Apply,
    /// Reading
    Drift,
    /// Reading, writing, and putting back what was written
    Undo,
    /// Testing alerts and confirming subscriptions
    Alerts,
}

/// An IAM policy document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Document {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: &'static str,
    action: Vec<&'static str>,
    resource: Vec<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    condition: Map<String, Value>,
}

impl Document {
    /// How many characters of the policy IAM counts: those that are no white space between tokens.
    pub fn size(&self) -> usize {
        let text = serde_json::to_string(self).expect("a policy is plain data");
        text.chars().count()
    }
}

/// The policy: without writes for `plan` and `drift`, with those of the controls for `apply`, and
/// with those that put things back for `undo`.
pub fn policy(baseline: &Baseline, context: &Context, purpose: Purpose) -> Document {
    let writes = matches!(purpose, Purpose::Apply | Purpose::Undo);
    let mut wanted: BTreeMap<(Vec<String>, Condition), BTreeSet<&'static str>> = BTreeMap::new();
    let mut add = |operation: &'static Operation, names: &Names| {
        for grant in operation.grants {
            let resources = names.fill(grant.resource);
            wanted.entry((resources, condition(grant))).or_default().insert(grant.action);
        }
    };
    let common = Names::new(baseline, context, Vec::new());
    for operation in common_operations(baseline, &context.partition) {
        add(operation, &common);
    }
    match purpose {
        // For `--who`.
        Purpose::Drift => add(&LOOKUP_EVENTS, &common),
        // For the heading and the question.
        Purpose::Plan | Purpose::Apply | Purpose::Undo => {
            add(&LIST_ACCOUNT_ALIASES.operation, &common);
        }
        Purpose::Alerts => {
            for control in baseline.controls.iter().filter(|own| own.about().name == "alerts") {
                for operation in trial::OPERATIONS {
                    let own = control.names_for(context, operation.name);
                    add(operation, &Names::new(baseline, context, own));
                }
            }
        }
    }
    let is_about_state = purpose != Purpose::Alerts;
    let shared = shared_objects(baseline, context, purpose).into_iter();
    for (operation, bucket, key) in shared.filter(|_| is_about_state) {
        let own = vec![("bucket", vec![bucket]), ("key", vec![key])];
        add(operation, &Names::new(baseline, context, own));
    }
    for control in baseline.controls.iter().filter(|_| is_about_state) {
        let mut allow = |operation: &'static Operation| {
            let own = control.names_for(context, operation.name);
            add(operation, &Names::new(baseline, context, own));
        };
        let unused = control.unused();
        let operations = control.about().operations.iter();
        for operation in
            operations.filter(|o| (writes || is_read(o.name)) && !unused.contains(&o.name))
        {
            allow(operation);
        }
        if purpose == Purpose::Undo {
            for operation in control.restores() {
                allow(operation);
            }
        }
    }
    drop_what_is_covered(&mut wanted);
    let statement = wanted.into_iter().map(|((resource, condition), action)| Statement {
        effect: "Allow",
        action: action.into_iter().collect(),
        resource,
        condition: condition.map(as_block).unwrap_or_default(),
    });
    Document { version: "2012-10-17", statement: statement.collect() }
}

/// Takes out actions that another statement allows on more resources under the same condition.
fn drop_what_is_covered(wanted: &mut BTreeMap<(Vec<String>, Condition), BTreeSet<&'static str>>) {
    let all = wanted.clone();
    for ((resources, condition), actions) in wanted.iter_mut() {
        let wider = all.iter().filter(|((others, other), _)| {
            let covered = |own: &String| others.iter().any(|other| covers(other, own));
            condition == other
                && resources != others
                && resources.len().max(others.len()) <= LONGEST_TIDIED
                && resources.iter().all(covered)
        });
        for (_, allowed) in wider {
            actions.retain(|action| !allowed.contains(action));
        }
    }
    wanted.retain(|_, actions| !actions.is_empty());
}

/// Whether a pattern for ARNs matches whatever another one does: stars stand for any text.
fn covers(pattern: &str, other: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == other,
        Some((head, tail)) => other.strip_prefix(head).is_some_and(|rest| {
            let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            ends.into_iter().any(|at| covers(tail, &rest[at..]))
        }),
    }
}

/// The operations that serve several controls.
fn common_operations(baseline: &Baseline, partition: &str) -> Vec<&'static Operation> {
    let lists = baseline.listings().map(|listing| (listing.operation)(partition));
    std::iter::once(&GET_CALLER_IDENTITY).chain(lists).collect()
}

/// What is read and written of the objects that `[lock]` and `[journal]` name: operation, bucket
/// and key.
fn shared_objects(
    baseline: &Baseline,
    context: &Context,
    purpose: Purpose,
) -> Vec<(&'static Operation, String, String)> {
    let writes = matches!(purpose, Purpose::Apply | Purpose::Undo);
    let account = &context.account;
    let mut objects = Vec::new();
    if let Some(lock) = &baseline.lock {
        let (bucket, ..) = lock.place(context);
        let key = lock.key(&format!("{account}.lock.json"));
        objects.push((&GET_OBJECT, bucket.clone(), key.clone()));
        if writes {
            objects.push((&PUT_OBJECT, bucket, key));
        }
    }
    if let Some(journal) = &baseline.journal {
        let (bucket, ..) = journal.place(context);
        let key = journal.key(&format!("{account}/*"));
        // What other machines wrote is read by drift; what this one writes is copied by apply.
        match purpose {
            Purpose::Drift => {
                objects.push((&LIST_OBJECTS, bucket.clone(), key.clone()));
                objects.push((&GET_OBJECT, bucket, key));
            }
            Purpose::Apply | Purpose::Undo => objects.push((&PUT_OBJECT, bucket, key)),
            Purpose::Plan | Purpose::Alerts => {}
        }
    }
    objects
}

type Condition = Option<(&'static str, &'static str, &'static str)>;

fn condition(grant: &Grant) -> Condition {
    grant.condition
}

fn as_block((operator, key, value): (&str, &str, &str)) -> Map<String, Value> {
    Map::from_iter([(operator.to_owned(), json!({ key: value }))])
}

/// The values for the placeholders of ARNs.
struct Names(BTreeMap<&'static str, Vec<String>>);

impl Names {
    fn new(baseline: &Baseline, context: &Context, own: Vec<(&'static str, Vec<String>)>) -> Self {
        let regions = match &baseline.account.regions {
            Regions::Enabled => vec!["*".to_owned()],
            Regions::Listed(names) => names.clone(),
        };
        let mut names = BTreeMap::from([
            ("partition", vec![context.partition.clone()]),
            ("account", vec![context.account.clone()]),
            ("region", regions),
            ("home_region", vec![context.home_region.clone()]),
        ]);
        names.extend(own);
        Self(names)
    }

    /// The ARNs that the template stands for, without those that another one matches anyway.
    fn fill(&self, template: &str) -> Vec<String> {
        let all = self.every(template);
        if all.len() > LONGEST_TIDIED {
            return all;
        }
        let is_covered = |own: &String| all.iter().any(|other| other != own && covers(other, own));
        all.iter().filter(|own| !is_covered(own)).cloned().collect()
    }

    /// Every ARN that the template stands for.
    fn every(&self, template: &str) -> Vec<String> {
        let Some((head, rest)) = template.split_once('{') else {
            return vec![template.to_owned()];
        };
        let (name, tail) = rest.split_once('}').unwrap_or((rest, ""));
        let any = vec!["*".to_owned()];
        let values = self.0.get(name).filter(|values| !values.is_empty()).unwrap_or(&any);
        let tails = self.every(tail);
        let mut filled: Vec<String> = values
            .iter()
            .flat_map(|value| tails.iter().map(move |tail| format!("{head}{value}{tail}")))
            .collect();
        filled.sort();
        filled.dedup();
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The actions of the controls that no ARN narrows. Source: Service Authorization Reference.
    const WITHOUT_RESOURCES: &[&str] = &[
        "access-analyzer:ListAnalyzers",
        "cloudtrail:DescribeTrails",
        "config:DescribeDeliveryChannelStatus",
        "config:DescribeDeliveryChannels",
        "config:PutDeliveryChannel",
        "guardduty:CreateDetector",
        "guardduty:GetAdministratorAccount",
        "guardduty:ListDetectors",
        "guardduty:ListFilters",
        "guardduty:ListIPSets",
        "guardduty:ListPublishingDestinations",
        "guardduty:ListThreatEntitySets",
        "guardduty:ListThreatIntelSets",
        "guardduty:ListTrustedEntitySets",
        "iam:DeleteAccountPasswordPolicy",
        "iam:GenerateCredentialReport",
        "iam:GetAccountPasswordPolicy",
        "iam:GetAccountSummary",
        "iam:GetCredentialReport",
        "iam:UpdateAccountPasswordPolicy",
        "s3:GetAccessPoint",
        "s3:GetAccountPublicAccessBlock",
        "s3:ListAccessPoints",
        "s3:ListAllMyBuckets",
        "s3:ListMultiRegionAccessPoints",
        "s3:ListStorageLensConfigurations",
        "s3:PutAccountPublicAccessBlock",
        "s3:PutStorageLensConfiguration",
    ];

    #[test]
    fn what_has_no_resources_is_allowed_on_a_star() {
        for kind in crate::controls::ALL {
            let operations = kind.about.operations.iter().chain(kind.restores);
            for grant in operations.flat_map(|operation| operation.grants) {
                if WITHOUT_RESOURCES.contains(&grant.action) {
                    assert_eq!(grant.resource, "*", "{}", grant.action);
                }
            }
        }
    }

    #[test]
    fn guardrails_are_allowed_on_the_buckets_that_entries_match() {
        let text = "baseline = 1\n\
            [[buckets]]\nmatch = [\"*\"]\nversioning = true\n\
            [[buckets]]\nmatch = [\"payroll-*\", \"hr-?\"]\nssl_only = true\n\
            access_log = { bucket = \"logs-{account}-{region}\" }";
        let baseline = Baseline::parse(std::path::Path::new("x.toml"), text);
        let baseline = baseline.expect("the test's baseline is valid");
        let context = crate::control::tests::context();
        let document = policy(&baseline, &context, Purpose::Apply);
        let allowed_on = |action: &str| -> Vec<String> {
            let statements = document.statement.iter();
            let allowing = statements.filter(|own| own.action.contains(&action));
            allowing.flat_map(|own| own.resource.clone()).collect()
        };
        let narrow =
            ["arn:aws:s3:::hr-?", "arn:aws:s3:::logs-111122223333-*", "arn:aws:s3:::payroll-*"];
        assert_eq!(allowed_on("s3:PutBucketPolicy"), narrow);
        assert_eq!(allowed_on("s3:PutBucketLogging"), narrow);
        assert_eq!(allowed_on("s3:PutBucketVersioning"), ["arn:aws:s3:::*"]);
    }

    #[test]
    fn thousands_of_patterns_are_not_compared_with_each_other() {
        let names: Vec<String> = (0..22_000).map(|n| format!("*-{n}-*")).collect();
        let names = Names(BTreeMap::from([("bucket", names)]));
        assert_eq!(names.fill("arn:aws:s3:::{bucket}").len(), 22_000);
    }

    #[test]
    fn what_is_allowed_on_more_is_not_allowed_again_on_less() {
        let bucket = |name: &str| (vec![format!("arn:aws:s3:::{name}")], None);
        let mut wanted = BTreeMap::from([
            (bucket("*"), BTreeSet::from(["s3:GetBucketPolicy"])),
            (bucket("logs"), BTreeSet::from(["s3:CreateBucket", "s3:GetBucketPolicy"])),
        ]);
        drop_what_is_covered(&mut wanted);
        assert_eq!(wanted[&bucket("logs")], BTreeSet::from(["s3:CreateBucket"]));
        assert_eq!(wanted[&bucket("*")], BTreeSet::from(["s3:GetBucketPolicy"]));
        assert!(covers("arn:*:trail/*", "arn:aws:trail/x") && !covers("a*c", "ab"));
    }

    #[test]
    fn placeholders_become_all_their_values_and_unknown_ones_a_star() {
        let names = Names(BTreeMap::from([
            ("partition", vec!["aws".to_owned()]),
            ("region", vec!["eu-west-1".to_owned(), "us-east-1".to_owned()]),
        ]));
        let filled = names.fill("arn:{partition}:config:{region}:1:recorder/{name}");
        let wanted =
            ["arn:aws:config:eu-west-1:1:recorder/*", "arn:aws:config:us-east-1:1:recorder/*"];
        assert_eq!(filled, wanted);
        assert_eq!(names.fill("*"), ["*"]);
        let patterns = ["logs", "pay*", "payroll-?", "payroll-*"].map(str::to_owned);
        let names = Names(BTreeMap::from([("bucket", patterns.to_vec())]));
        assert_eq!(names.fill("b/{bucket}"), ["b/logs", "b/pay*"]);
    }
}
