//! What a service that delivers logs to a bucket sends, and whether the bucket's policy takes it.
//!
//! Sources: CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail" and "Encrypting
//! CloudTrail log files with AWS KMS keys" (digests are encrypted with SSE-S3 whatever the trail's
//! key); Config Developer Guide, "Permissions for the Amazon S3 Bucket". Whether the services name
//! SSE-S3 in a header or leave it to the bucket is not documented.

use crate::policy::{Dialect, Fact, Match, Policy, Request, Statement, evaluate};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

/// The ACL that CloudTrail and Config send with every object.
pub const OWNER_HAS_ALL: &str = "bucket-owner-full-control";

const SSE: &str = "s3:x-amz-server-side-encryption";
const SSE_KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";

/// What a service delivers to a bucket.
#[derive(Clone, Debug)]
pub struct Shipment<'a> {
    /// The principal of the service.
    pub service: &'static str,
    /// The account whose logs they are.
    pub account: &'a str,
    /// The ARN of what the logs are of: a trail; nothing where the service does not document it.
    pub source: Option<&'a str>,
    /// The ARN of the bucket.
    pub bucket: &'a str,
    /// The ARNs of the objects, as a pattern that ends in a star.
    pub objects: String,
    /// The KMS key that the objects are encrypted with.
    pub key: Option<&'a str>,
    /// When it is judged: a policy may let in and keep out by date.
    pub now: OffsetDateTime,
}

/// A statement that stops deliveries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptOut {
    /// The statement, by its Sid or its place in the policy.
    pub statement: String,
    /// Whether it certainly does; else that depends on what cannot be known here.
    pub certain: bool,
}

impl KeptOut {
    /// What is wrong, and what to do: of a bucket and of who delivers to it.
    pub fn in_words(&self, bucket: &str, service: &str) -> (String, String) {
        let Self { statement, certain } = self;
        let verb = match certain {
            true => "denies",
            false => "may deny (it cannot be told from here)",
        };
        (
            format!(
                "statement {statement} of the policy of bucket {bucket} {verb} the deliveries of {service}"
            ),
            "let the statement spare AWS services with the condition \"Bool\": \
             {\"aws:PrincipalIsAWSService\": \"false\"}, or deliver to another bucket"
                .to_owned(),
        )
    }
}

impl Shipment<'_> {
    /// The statement of a policy that denies something of what is sent: a certain one before one
    /// that cannot be judged here.
    pub fn kept_out_by(&self, policy: &Policy) -> Option<KeptOut> {
        let dialect = self.dialect();
        let judged = |own: &Statement| {
            let sent = self.sent(own);
            let sent = sent.iter().map(|either| {
                let mut each = either
                    .iter()
                    .map(|request| evaluate(own, policy.has_variables(), request, dialect));
                let first = each.next().unwrap_or(Match::CannotTell);
                match each.all(|other| other == first) {
                    true => first,
                    false => Match::CannotTell,
                }
            });
            let sent: Vec<Match> = sent.collect();
            match sent.contains(&Match::Yes) {
                true => Some(true),
                false => sent.contains(&Match::CannotTell).then_some(false),
            }
        };
        let statements = policy.statements().iter().enumerate();
        let denying = statements.filter(|(_, own)| own.denies());
        let found = denying.filter_map(|(at, own)| {
            Some(KeptOut { statement: policy.name_of(at), certain: judged(own)? })
        });
        found.max_by_key(|own| own.certain)
    }

    /// The statement of a policy that denies everybody in the account to read something of what is
    /// delivered, or to list it: logs that come and that nobody can look at. One that spares anybody,
    /// or that depends on who asks and from where, is a hardening that somebody chose.
    pub fn hidden_by(&self, policy: &Policy) -> Option<String> {
        let hides = |own: &Statement| {
            let object = |object: &String| ("s3:GetObject", object.clone());
            let samples = self.samples(own);
            let mut asked = samples.iter().map(object).collect::<Vec<_>>();
            asked.push(("s3:ListBucket", self.bucket.to_owned()));
            asked.iter().any(|(action, resource)| {
                let request = Request::by_anyone_of(self.account, action, resource).at(self.now);
                let found = evaluate(own, policy.has_variables(), &request, self.dialect());
                found == Match::Yes
            })
        };
        let mut statements = policy.statements().iter().enumerate();
        let (at, _) = statements.find(|(_, own)| own.denies() && hides(own))?;
        Some(policy.name_of(at))
    }

    /// Whether something whose keys begin with a prefix is among what is delivered.
    pub fn meets(&self, prefix: &str) -> bool {
        let (_, keys) = self.objects.split_once(":::").unwrap_or_default();
        let (_, keys) = keys.split_once('/').unwrap_or_default();
        let keys = keys.trim_end_matches('*');
        keys.starts_with(prefix) || prefix.starts_with(keys)
    }

    /// Whether a statement of others already lets in all that one of ours would: one that names the
    /// service itself. `own` is ours, an Allow for the service.
    pub fn is_let_in_by(&self, policy: &Policy, own: &Value) -> bool {
        let action = own["Action"].as_str().unwrap_or_default();
        let resource = own["Resource"].as_str().unwrap_or_default();
        // A star matches a star, and nothing narrower does: so the pattern itself stands for all.
        let samples = [
            resource.to_owned(),
            resource.replace('*', "CloudTrail/x/file.json.gz"),
            resource.replace('*', "Config/x/file.json.gz"),
        ];
        let mut allows = policy.statements().iter().filter(|other| {
            let principal = &other.shown()["Principal"]["Service"];
            let names = principal.as_array().map_or(std::slice::from_ref(principal), Vec::as_slice);
            other.allows() && names.iter().any(|name| name == self.service)
        });
        allows.any(|other| {
            let mut samples = samples.iter();
            samples.all(|resource| {
                let request = self.request(action, resource);
                evaluate(other, policy.has_variables(), &request, self.dialect()) == Match::Yes
            })
        })
    }

    /// Whether it is what GuardDuty or Macie has found: objects that are encrypted with a key of the
    /// account's.
    fn is_of_findings(&self) -> bool {
        ["guardduty.amazonaws.com", "macie.amazonaws.com"].contains(&self.service)
    }

    fn dialect(&self) -> Dialect<'_> {
        Dialect::resource(self.bucket.split(':').nth(1).unwrap_or("aws"))
    }

    /// All that is sent, each with what it may be: among it objects that the statement names, for
    /// one that keeps out a single region, or the digests alone, blinds as well.
    fn sent(&self, statement: &Statement) -> Vec<Vec<Request>> {
        let checks: &[&str] = match self.service {
            _ if self.is_of_findings() => &["s3:GetBucketLocation"],
            "config.amazonaws.com" => &["s3:GetBucketAcl", "s3:ListBucket"],
            _ => &["s3:GetBucketAcl"],
        };
        let checks = checks.iter().map(|action| vec![self.request(action, self.bucket)]);
        let mut sent: Vec<Vec<Request>> = checks.collect();
        for object in self.samples(statement) {
            let plain = self.request("s3:PutObject", &object);
            if self.is_of_findings() {
                // They name the key that their table has, in a header.
                let object = plain.with(SSE, Fact::is("aws:kms")).with(SSE_KEY, Fact::Unknown);
                sent.push(vec![object.with("s3:x-amz-acl", Fact::Unknown)]);
                continue;
            }
            sent.push(vec![plain.clone(), plain.clone().with(SSE, Fact::is("AES256"))]);
            sent.extend(self.key.map(|key| {
                let object = plain.with(SSE, Fact::is("aws:kms"));
                vec![object.with(SSE_KEY, Fact::is(key))]
            }));
        }
        sent
    }

    /// ARNs of objects that are delivered: one of each kind, and those that the resources of a
    /// statement have in common with them. Sources: CloudTrail User Guide, "CloudTrail log file
    /// examples" and "CloudTrail digest file structure"; Config Developer Guide, "Delivery channel".
    fn samples(&self, statement: &Statement) -> Vec<String> {
        let kinds: &[&str] = match self.service {
            _ if self.is_of_findings() => &["*"],
            "config.amazonaws.com" => &["*"],
            _ => &["CloudTrail/*", "CloudTrail-Digest/*", "CloudTrail-Insight/*"],
        };
        let resources = &statement.shown()["Resource"];
        let resources = resources.as_array().map_or(std::slice::from_ref(resources), Vec::as_slice);
        let mut samples = vec![self.objects.replace('*', &kinds[0].replace('*', "x/file.gz"))];
        for kind in kinds {
            let objects = self.objects.replace('*', kind);
            let named = resources.iter().filter_map(Value::as_str);
            samples.extend(named.filter_map(|resource| in_common(&objects, resource)));
        }
        samples
    }

    fn request(&self, action: &str, resource: &str) -> Request {
        let source = self.source.unwrap_or_default();
        let request =
            Request::by_service(self.service, action, resource, self.account, source).at(self.now);
        let request = match self.source {
            Some(_) => request,
            None => request.with("aws:SourceArn", Fact::Unknown),
        };
        let acl = match action {
            "s3:PutObject" => Fact::is(OWNER_HAS_ALL),
            _ => Fact::Absent,
        };
        let absent = [
            SSE,
            SSE_KEY,
            "s3:x-amz-server-side-encryption-customer-algorithm",
            "s3:x-amz-grant-full-control",
            "s3:x-amz-grant-read",
            "s3:x-amz-grant-read-acp",
            "s3:x-amz-grant-write",
            "s3:x-amz-grant-write-acp",
            "s3:object-lock-mode",
            "s3:object-lock-retain-until-date",
            "s3:object-lock-legal-hold",
            "aws:MultiFactorAuthPresent",
            "aws:MultiFactorAuthAge",
            "aws:CalledVia",
        ];
        let request =
            absent.into_iter().fold(request, |request, key| request.with(key, Fact::Absent));
        let tls = ["1.2", "1.3"].map(str::to_owned).to_vec();
        request
            .with("s3:x-amz-acl", acl)
            .with("s3:TlsVersion", Fact::OneOf(tls))
            .with("s3:authType", Fact::is("REST-HEADER"))
            .with("s3:signatureversion", Fact::is("AWS4-HMAC-SHA256"))
            .with("s3:signatureAge", Fact::is("1000"))
            .with("aws:ResourceAccount", Fact::is(self.account))
            .with("s3:ResourceAccount", Fact::is(self.account))
    }
}

/// A text that two patterns of `*` and `?` have in common, if there is one.
fn in_common(one: &str, other: &str) -> Option<String> {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let width = other.len() + 1;
    // Whether what is left of both has something in common, from the ends backwards.
    let mut meets = vec![false; (one.len() + 1) * width];
    let at = |i: usize, j: usize| i * width + j;
    for i in (0..=one.len()).rev() {
        for j in (0..=other.len()).rev() {
            meets[at(i, j)] = match (one.get(i), other.get(j)) {
                (None, None) => true,
                (Some('*'), _) if meets[at(i + 1, j)] => true,
                (_, Some('*')) if meets[at(i, j + 1)] => true,
                (Some('*'), Some(_)) => meets[at(i, j + 1)],
                (Some(_), Some('*')) => meets[at(i + 1, j)],
                (Some(a), Some(b)) => (a == b || *a == '?' || *b == '?') && meets[at(i + 1, j + 1)],
                _ => false,
            };
        }
    }
    if !meets[0] {
        return None;
    }
    let (mut i, mut j, mut text) = (0, 0, String::new());
    while i < one.len() || j < other.len() {
        let letter = |c: char| if c == '?' { 'x' } else { c };
        match (one.get(i), other.get(j)) {
            (Some('*'), _) if meets[at(i + 1, j)] => i += 1,
            (_, Some('*')) if meets[at(i, j + 1)] => j += 1,
            (Some('*'), Some(b)) => {
                text.push(letter(*b));
                j += 1;
            }
            (Some(a), Some('*')) => {
                text.push(letter(*a));
                i += 1;
            }
            (Some(a), Some(b)) => {
                text.push(if *a == '?' { letter(*b) } else { *a });
                (i, j) = (i + 1, j + 1);
            }
            _ => return None,
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patterns_have_a_text_in_common_or_not() {
        let common = |one: &str, other: &str| in_common(one, other);
        assert_eq!(common("a/*", "a/b/*").as_deref(), Some("a/b/"));
        assert_eq!(common("a/*", "*/c").as_deref(), Some("a/c"));
        assert_eq!(common("a/*", "a?b").as_deref(), Some("a/b"));
        assert_eq!(common("a/*", "b/*"), None);
        assert_eq!(common("a", "a").as_deref(), Some("a"));
        assert_eq!(common("*", "*").as_deref(), Some(""));
    }

    #[test]
    fn a_deny_of_one_region_or_of_the_digests_keeps_deliveries_out() {
        let of = |resource: &str| {
            let text = json!({"Statement": {"Effect": "Deny", "Principal": "*",
                "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::logs/{resource}")}});
            let policy = Policy::parse(&text.to_string()).expect("a policy");
            shipment(None).kept_out_by(&policy).is_some()
        };
        assert!(of("AWSLogs/111122223333/CloudTrail/eu-west-1/*"));
        assert!(of("AWSLogs/*/CloudTrail-Digest/*"));
        assert!(of("*.json.gz"));
        assert!(!of("AWSLogs/111122223333/Config/*"));
        assert!(!of("AWSLogs/999999999999/*"));
        assert!(!of("reports/*"));
    }

    const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/baseline";

    fn shipment(key: Option<&'static str>) -> Shipment<'static> {
        Shipment {
            service: "cloudtrail.amazonaws.com",
            account: "111122223333",
            source: Some(TRAIL),
            bucket: "arn:aws:s3:::logs",
            objects: "arn:aws:s3:::logs/AWSLogs/111122223333/*".to_owned(),
            key,
            now: OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000),
        }
    }

    #[test]
    fn a_deny_by_date_counts_from_its_date_on() {
        let from = |date: &str| json!({"DateGreaterThan": {"aws:CurrentTime": date}});
        assert_eq!(denied(None, from("2020-01-01T00:00:00Z")), Some(true));
        assert_eq!(denied(None, from("2030-01-01T00:00:00Z")), None);
        let until = |seconds: &str| json!({"NumericLessThan": {"aws:EpochTime": seconds}});
        assert_eq!(denied(None, until("1893456000")), Some(true));
        assert_eq!(denied(None, until("1577836800")), None);
        let nonsense = json!({"DateGreaterThan": {"aws:CurrentTime": "soon"}});
        assert_eq!(denied(None, nonsense), Some(false));
    }

    #[test]
    fn a_deny_that_nobody_in_the_account_passes_hides_the_logs() {
        let hidden = |change: Value| {
            let mut statement = json!({"Sid": "Quiet", "Effect": "Deny", "Principal": "*",
                "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"});
            for (key, value) in change.as_object().expect("a table") {
                statement[key] = value.clone();
            }
            let text = json!({"Statement": statement}).to_string();
            shipment(None).hidden_by(&Policy::parse(&text).expect("a policy"))
        };
        for change in [
            json!({}),
            json!({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}),
            json!({"Resource": "arn:aws:s3:::logs/AWSLogs/*/CloudTrail-Digest/*"}),
            json!({"Action": "s3:List*", "Resource": "arn:aws:s3:::logs"}),
            json!({"Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}}),
            json!({"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01"}}}),
        ] {
            assert_eq!(hidden(change.clone()).as_deref(), Some("Quiet"), "{change}");
        }
        let role = "arn:aws:iam::111122223333:role/Security";
        for change in [
            json!({"Action": "s3:PutObject"}),
            json!({"Principal": {"AWS": role}}),
            json!({"Resource": "arn:aws:s3:::logs/reports/*"}),
            json!({"Condition": {"ArnNotEquals": {"aws:PrincipalArn": role}}}),
            json!({"Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}}),
            json!({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}),
            json!({"Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}),
            json!({"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01"}}}),
        ] {
            assert_eq!(hidden(change.clone()), None, "{change}");
        }
    }

    fn denied(key: Option<&'static str>, condition: Value) -> Option<bool> {
        let text = json!({"Statement": {"Sid": "Theirs", "Effect": "Deny", "Principal": "*",
            "Action": "s3:PutObject", "Resource": "arn:aws:s3:::logs/*", "Condition": condition}});
        let policy = Policy::parse(&text.to_string()).expect("a policy");
        let found = shipment(key).kept_out_by(&policy)?;
        assert_eq!(found.statement, "Theirs");
        Some(found.certain)
    }

    #[test]
    fn a_deny_by_header_that_no_delivery_passes_is_found_and_what_is_unknown_is_said() {
        const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/k";
        let kms = json!({"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}});
        assert_eq!(denied(None, kms.clone()), Some(true));
        // Digests are encrypted with SSE-S3, whatever the key of the trail.
        assert_eq!(denied(Some(KEY), kms), Some(true));
        let unencrypted = json!({"Null": {"s3:x-amz-server-side-encryption": "true"}});
        assert_eq!(denied(None, unencrypted), Some(false));
        let acl = json!({"StringNotEquals": {"s3:x-amz-acl": "private"}});
        assert_eq!(denied(None, acl), Some(true));
        let key = json!({"StringNotEquals":
            {"s3:x-amz-server-side-encryption-aws-kms-key-id": KEY}});
        assert_eq!(denied(None, key), Some(true));
        let source = json!({"ArnNotLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:*:trail/other"}});
        assert_eq!(denied(None, source), Some(true));
        let office = json!({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}});
        assert_eq!(denied(None, office), Some(true));
        let organization = json!({"StringNotEquals": {"aws:SourceOrgID": "o-1"}});
        assert_eq!(denied(None, organization), Some(false));
    }

    #[test]
    fn a_deny_that_spares_deliveries_is_none() {
        for condition in [
            json!({"Bool": {"aws:SecureTransport": "false"}}),
            json!({"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
            json!({"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
                "Bool": {"aws:PrincipalIsAWSService": "false"}}),
            json!({"StringNotEquals": {"aws:SourceAccount": "111122223333"}}),
            json!({"StringNotEquals": {"s3:x-amz-acl": OWNER_HAS_ALL}}),
        ] {
            assert_eq!(denied(None, condition.clone()), None, "{condition}");
        }
    }

    #[test]
    fn what_others_let_in_is_recognised_only_if_it_is_all_of_it() {
        let ours = json!({"Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::logs/AWSLogs/111122223333/*"});
        let lets_in = |resource: &str, condition: Value| {
            let text = json!({"Statement": {"Effect": "Allow",
                "Principal": {"Service": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]},
                "Action": ["s3:Get*", "s3:Put*"], "Resource": format!("arn:aws:s3:::logs/{resource}"),
                "Condition": condition}});
            let policy = Policy::parse(&text.to_string()).expect("a policy");
            shipment(None).is_let_in_by(&policy, &ours)
        };
        let acl = json!({"StringEquals": {"s3:x-amz-acl": OWNER_HAS_ALL}});
        assert!(lets_in("*", acl.clone()));
        assert!(lets_in("AWSLogs/*", json!({"ArnLike": {"aws:SourceArn": TRAIL}})));
        assert!(!lets_in("AWSLogs/111122223333/CloudTrail/*", acl.clone()));
        assert!(!lets_in("other/*", acl));
        let other = json!({"ArnLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:*:trail/x"}});
        assert!(!lets_in("*", other));
        assert!(!lets_in("*", json!({"StringEquals": {"aws:SourceOrgID": "o-1"}})));
    }
}
