//! Whether a bucket is fit to take the access logs of others. Source: S3 User Guide, "Enabling Amazon
//! S3 server access logging".

use super::ask::Asked;
use super::lifecycle::Lifecycle;
use super::ownership::ENFORCED;
use crate::aws::AwsError;
use crate::policy::{Dialect, Fact, Match, Policy, Request, Statement, evaluate};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

const SERVICE: &str = "logging.s3.amazonaws.com";

/// What was seen of a bucket that takes access logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogTarget {
    /// Its default encryption, unless that is SSE-S3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_encryption: Option<String>,
    /// Whether new objects are locked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_retention: bool,
    /// Whether who asks pays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requester_pays: bool,
    /// Whether its policy or its ACL lets the logs in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lets_in: bool,
    /// The statement of its policy that denies the logs of one of those buckets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied_by: Option<String>,
    /// The statement of its policy that may deny them: that depends on headers that S3 does not
    /// document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_be_denied_by: Option<String>,
    /// The lifecycle rule that deletes the logs soon after they came: the end of a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_lived: Option<String>,
    /// Why S3 would not store its policy with one statement more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}

impl LogTarget {
    /// What keeps S3 from delivering to it, as far as a statement in its policy does not help.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if let Some(encryption) = &self.other_encryption {
            faults.push(format!("its default encryption is {encryption}; logs need SSE-S3"));
        }
        if self.has_retention {
            faults.push("its object lock has a default retention".to_owned());
        }
        if self.requester_pays {
            faults.push("requesters pay for it".to_owned());
        }
        if let Some(statement) = &self.denied_by {
            faults.push(format!("statement {statement} of its policy denies them"));
        }
        if let Some(statement) = &self.may_be_denied_by {
            faults.push(format!(
                "statement {statement} of its policy may deny them: that depends on headers that S3 \
                 does not document; let it spare AWS services with \"Bool\": \
                 {{\"aws:PrincipalIsAWSService\": \"false\"}}"
            ));
        }
        if let (false, Some(why)) = (self.lets_in, &self.refusal) {
            faults.push(format!("the logs cannot be let in: {why}"));
        }
        faults
    }
}

/// A bucket whose logs are delivered, and what their keys begin with.
pub type Source = (String, String);

/// The Sid of [`delivery_statement`].
pub const ACCESS_LOGS: &str = "BaselineAccessLogDelivery";

/// The statement that lets in the logs of all buckets of the account.
pub fn delivery_statement(arn: &str, account: &str) -> Value {
    json!({
        "Sid": ACCESS_LOGS,
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": "s3:PutObject",
        "Resource": format!("{arn}/*"),
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    })
}

impl Asked<'_> {
    /// Whether it is fit to take the logs of some buckets.
    ///
    /// # Errors
    /// When some of what decides could not be seen.
    pub async fn log_target(
        &self,
        arn: &str,
        sources: &[Source],
        now: OffsetDateTime,
    ) -> Result<LogTarget, AwsError> {
        let (encryption, lock, lifecycle, requester_pays, ownership, policy) = tokio::join!(
            self.encryption(),
            self.object_lock(),
            self.lifecycle(),
            self.requester_pays(),
            self.ownership(),
            self.reader.bucket_policy(self.bucket, self.region),
        );
        let account = &self.reader.caller.account;
        // A policy that cannot be read lets nobody in, and nothing is put into it.
        let policy = policy?.map(|text| Policy::parse(&text));
        let by_policy = match &policy {
            Some(Ok(policy)) => sources.iter().all(|source| admits(policy, arn, account, source)),
            _ => false,
        };
        let denied: Vec<Denial> = match &policy {
            Some(Ok(policy)) => sources
                .iter()
                .filter_map(|source| denies(policy, arn, account, source, now))
                .collect(),
            _ => Vec::new(),
        };
        let denied_by = denied.iter().find(|own| own.is_certain);
        let may_be_denied_by = denied.first().filter(|_| denied_by.is_none());
        let by_acl = match ownership?.as_deref() {
            _ if by_policy => false,
            Some(ENFORCED) => false,
            _ => {
                let grants = self.acl_grants().await?;
                let has = |permission: &str| {
                    grants.iter().any(|grant| {
                        grant.is_log_delivery()
                            && [permission, "FULL_CONTROL"].contains(&grant.permission.as_str())
                    })
                };
                has("WRITE") && has("READ_ACP")
            }
        };
        let refusal = match policy {
            Some(Err(cause)) => Some(format!("its policy cannot be read: {cause}")),
            Some(Ok(mut policy)) => {
                policy.put(&delivery_statement(arn, account));
                super::refusal(&policy).map(|(what, _)| what)
            }
            None => None,
        };
        let algorithm = encryption?.value;
        let algorithm = algorithm.map(|own| own.apply_server_side_encryption_by_default.algorithm);
        Ok(LogTarget {
            other_encryption: algorithm.filter(|algorithm| algorithm != "AES256"),
            has_retention: lock?.value.is_some_and(|lock| lock.default.is_some()),
            requester_pays: requester_pays?,
            lets_in: by_policy || by_acl,
            denied_by: denied_by.map(|own| own.statement.clone()),
            may_be_denied_by: may_be_denied_by.map(|own| own.statement.clone()),
            short_lived: lifecycle?.value.and_then(|own| short_lived(&own, sources)),
            refusal,
        })
    }
}

/// Whether some statement lets the logs of a bucket in, under no condition but that they are this
/// account's or this bucket's.
fn admits(policy: &Policy, arn: &str, account: &str, (source, prefix): &Source) -> bool {
    let partition = arn.split(':').nth(1).unwrap_or("aws");
    let source = super::arn(partition, source);
    let object = format!("{arn}/{prefix}");
    let mut statements = policy.statements().iter().map(Statement::shown);
    statements.any(|statement| {
        statement["Effect"] == "Allow"
            && (statement["Principal"] == "*"
                || texts(&statement["Principal"]["Service"]).any(|name| name == SERVICE))
            && texts(&statement["Action"]).any(|action| {
                ["*", "s3:*", "s3:put*", "s3:putobject", "s3:putobject*"]
                    .contains(&action.to_ascii_lowercase().as_str())
            })
            && texts(&statement["Resource"]).any(|resource| {
                resource
                    .strip_suffix('*')
                    .is_some_and(|head| !head.contains(['*', '?', '$']) && object.starts_with(head))
            })
            && is_ours(&statement["Condition"], account, &source)
    })
}

/// For how many days access logs stay at least, whatever deletes them. They are looked at days after
/// what they tell of; many keep them for no longer than a month.
const SHORTEST: i32 = 30;

/// The rule by which the logs of one of the buckets are deleted too soon to be of use.
fn short_lived(rules: &Lifecycle, sources: &[Source]) -> Option<String> {
    rules.enabled().find_map(|rule| {
        let meets = |(_, keys): &Source| {
            let prefix = rule.prefix();
            keys.starts_with(prefix) || prefix.starts_with(keys.as_str())
        };
        if rule.is_for_tags() || !sources.iter().any(meets) {
            return None;
        }
        let name = rule.name();
        match rule.expiration_days() {
            _ if rule.expires_on_date() => {
                Some(format!("its lifecycle rule '{name}' deletes them on a date"))
            }
            Some(days) if days < SHORTEST => Some(format!(
                "its lifecycle rule '{name}' deletes them after {days} days, before {SHORTEST}"
            )),
            _ => None,
        }
    })
}

/// A statement that denies the logs of a bucket, or may.
#[derive(Debug, PartialEq)]
struct Denial {
    statement: String,
    is_certain: bool,
}

/// The statement that denies the logs of a bucket, a certain one before one that may. S3 encrypts logs
/// with SSE-S3, whether or not a header says so; which other headers it sends is not documented.
fn denies(
    policy: &Policy,
    arn: &str,
    account: &str,
    (source, prefix): &Source,
    now: OffsetDateTime,
) -> Option<Denial> {
    let partition = arn.split(':').nth(1).unwrap_or("aws");
    let source = super::arn(partition, source);
    let object = format!("{arn}/{prefix}x");
    let request = Request::by_service(SERVICE, "s3:PutObject", &object, account, &source);
    let tls = ["1.2", "1.3"].map(str::to_owned).to_vec();
    let request = request
        .at(now)
        .with("s3:TlsVersion", Fact::OneOf(tls))
        .with("s3:authType", Fact::is("REST-HEADER"))
        .with("s3:signatureversion", Fact::is("AWS4-HMAC-SHA256"))
        .with("s3:x-amz-server-side-encryption-aws-kms-key-id", Fact::Absent)
        .with("s3:x-amz-server-side-encryption-customer-algorithm", Fact::Absent);
    let sse = |fact: Fact| request.clone().with("s3:x-amz-server-side-encryption", fact);
    let sent = [sse(Fact::Absent), sse(Fact::is("AES256"))];
    let dialect = Dialect::resource(partition);
    let denials = policy.statements().iter().enumerate().filter_map(|(at, own)| {
        let found =
            sent.each_ref().map(|request| evaluate(own, policy.has_variables(), request, dialect));
        let is_none = !own.denies() || found.iter().all(|own| *own == Match::No);
        (!is_none).then(|| Denial {
            statement: policy.name_of(at),
            is_certain: found.iter().all(|own| *own == Match::Yes),
        })
    });
    let mut denials: Vec<Denial> = denials.collect();
    let certain = denials.iter().position(|own| own.is_certain);
    let first = certain.or((!denials.is_empty()).then_some(0));
    first.map(|at| denials.swap_remove(at))
}

/// Whether a condition asks for nothing but this account and this bucket.
fn is_ours(condition: &Value, account: &str, source: &str) -> bool {
    let Some(operators) = condition.as_object() else {
        return condition.is_null();
    };
    let met = |operator: &str, key: &str, values: &Value| {
        let operator = operator.to_ascii_lowercase();
        let exact = ["stringequals", "arnequals", "arnlike", "stringlike"];
        let wanted = match key.to_ascii_lowercase().as_str() {
            "aws:sourceaccount" => account,
            "aws:sourcearn" => source,
            _ => return false,
        };
        exact.contains(&operator.as_str())
            && texts(values).any(|value| {
                let open = operator != "stringequals";
                value == wanted
                    || (open
                        && value.strip_suffix('*').is_some_and(|head| {
                            !head.contains(['*', '?']) && wanted.starts_with(head)
                        }))
            })
    };
    operators.iter().all(|(operator, tests)| {
        tests
            .as_object()
            .is_some_and(|tests| tests.iter().all(|(key, values)| met(operator, key, values)))
    })
}

/// A text, or each of a list of texts.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().map(Vec::as_slice);
    let list = list.unwrap_or(std::slice::from_ref(value));
    list.iter().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:s3:::logs";
    const ACCOUNT: &str = "111122223333";

    fn lets_in(change: impl Fn(&mut Value)) -> bool {
        let mut statement = delivery_statement(ARN, ACCOUNT);
        change(&mut statement);
        let text = json!({"Statement": [statement]}).to_string();
        let policy = Policy::parse(&text).expect("a policy");
        admits(&policy, ARN, ACCOUNT, &("data".to_owned(), "data/".to_owned()))
    }

    #[test]
    fn what_lets_the_logs_in_whatever_its_spelling() {
        assert!(lets_in(|_| {}));
        assert!(lets_in(|s| s["Action"] = json!(["S3:PutObject", "s3:GetObject"])));
        assert!(lets_in(|s| s["Resource"] = json!(["arn:aws:s3:::logs/data*"])));
        assert!(lets_in(|s| s["Condition"] = Value::Null));
        let documented = json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::data"},
            "StringEquals": {"aws:SourceAccount": ACCOUNT}});
        assert!(lets_in(|s| s["Condition"] = documented.clone()));
        let pattern = json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}});
        assert!(lets_in(|s| s["Condition"] = pattern.clone()));
    }

    #[test]
    fn a_deny_that_no_delivery_passes_is_found_and_one_that_spares_services_is_none() {
        let denied_by = |condition: Value| {
            let statement = json!({"Sid": "Office", "Effect": "Deny", "Principal": "*",
                "Action": "s3:*", "Resource": [ARN, format!("{ARN}/*")], "Condition": condition});
            let text = json!({"Statement": [delivery_statement(ARN, ACCOUNT), statement]});
            let policy = Policy::parse(&text.to_string()).expect("a policy");
            let source = ("data".to_owned(), "data/".to_owned());
            denies(&policy, ARN, ACCOUNT, &source, OffsetDateTime::UNIX_EPOCH)
                .map(|own| (own.statement, own.is_certain))
        };
        let office_denies = |is_certain| Some(("Office".to_owned(), is_certain));
        let office = json!({"aws:SourceIp": "203.0.113.0/24"});
        let office_only = json!({"NotIpAddress": office});
        assert_eq!(denied_by(office_only), office_denies(true));
        let sse = |operator: &str, value: &str| json!({operator: {"s3:x-amz-server-side-encryption": value}});
        assert_eq!(denied_by(sse("StringNotEquals", "aws:kms")), office_denies(true));
        assert_eq!(denied_by(sse("StringNotEquals", "AES256")), office_denies(false));
        assert_eq!(denied_by(sse("Null", "true")), office_denies(false));
        assert_eq!(denied_by(sse("StringEquals", "aws:kms")), None);
        let acl = json!({"StringNotEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}});
        assert_eq!(denied_by(acl), office_denies(false));
        let key = "s3:x-amz-server-side-encryption-aws-kms-key-id";
        assert_eq!(denied_by(json!({"StringNotEquals": {key: "arn:x"}})), office_denies(true));
        let old = json!({"NumericLessThan": {"s3:TlsVersion": "1.2"}});
        assert_eq!(denied_by(old), None);
        let spares = json!({"NotIpAddress": office,
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}});
        assert_eq!(denied_by(spares), None);
        let tls = json!({"Bool": {"aws:SecureTransport": "false"}});
        assert_eq!(denied_by(tls), None);
        let ours = json!({"StringNotEquals": {"aws:SourceAccount": ACCOUNT}});
        assert_eq!(denied_by(ours), None);
    }

    #[test]
    fn logs_that_are_deleted_before_anybody_looks_are_found_by_the_rules_they_come_under() {
        let found = |rule: Value| {
            let rules: Lifecycle = serde_json::from_value(json!({"Rules": [rule]})).expect("rules");
            short_lived(&rules, &[("data".to_owned(), "data/".to_owned())])
        };
        let rule = |prefix: &str, days: i32| {
            json!({"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": prefix},
                "Expiration": {"Days": days}})
        };
        let said = found(rule("", 1)).expect("it is short");
        assert_eq!(said, "its lifecycle rule 'tidy' deletes them after 1 days, before 30");
        assert!(found(rule("data/2026", 1)).is_some());
        assert!(found(rule("tmp/", 1)).is_none());
        assert!(found(rule("", 30)).is_none());
        let mut off = rule("", 1);
        off["Status"] = json!("Disabled");
        assert!(found(off).is_none());
    }

    #[test]
    fn what_lets_in_less_does_not() {
        assert!(!lets_in(|s| s["Effect"] = json!("Deny")));
        assert!(!lets_in(|s| s["Principal"] = json!({"Service": "s3.amazonaws.com"})));
        assert!(!lets_in(|s| s["Action"] = json!("s3:GetObject")));
        assert!(!lets_in(|s| s["Resource"] = json!("arn:aws:s3:::logs/other/*")));
        assert!(!lets_in(|s| s["Resource"] = json!("arn:aws:s3:::logs/data/")));
        for condition in [
            json!({"StringEquals": {"aws:SourceAccount": "444455556666"}}),
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::other"}}),
            json!({"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}),
            json!({"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}),
        ] {
            assert!(!lets_in(|s| s["Condition"] = condition.clone()), "{condition}");
        }
    }
}
