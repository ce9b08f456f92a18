//! The access logs and the object lock of the log bucket: both only where the table asks for them.

use super::{Seen, Settings};
use crate::aws::AwsError;
use crate::aws::facts::Reader;
use crate::control::{At, Context, Delivery, Remarks};
use crate::s3::{self, Asked, Bucket, LogTarget, Logging, ObjectLock, Whole};
use serde::{Deserialize, Serialize};

/// What is seen of the bucket that takes the access logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessLogs {
    /// Its name.
    bucket: String,
    /// Its region; nothing where the account has no such bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    /// Whether it can take them; nothing where it is in another region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fitness: Option<LogTarget>,
    /// Where its own access logs go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logs_to: Option<String>,
    /// Where those of the log bucket go now.
    #[serde(default)]
    now: Whole<Logging>,
}

impl Settings {
    /// Reads where the access logs of the log bucket go, and whether they can go where the table says.
    pub(super) async fn access_logs(
        &self,
        name: &str,
        context: &Context,
        reader: &Reader,
    ) -> Result<Option<AccessLogs>, AwsError> {
        let Some(log) = &*self.access_log else {
            return Ok(None);
        };
        let (account, home) = (&context.account, context.home_region.as_str());
        let bucket = log.target(account, home);
        let listed = reader.buckets().await?;
        let now = async {
            match listed.iter().any(|own| own.name == name) {
                true => Asked { reader, bucket: name, region: home }.logging().await,
                false => Ok(Whole::default()),
            }
        };
        let region = listed.iter().find(|own| own.name == bucket).map(|own| own.region.clone());
        let target = Asked { reader, bucket: &bucket, region: home };
        let source = [(name.to_owned(), log.prefix(name, account, home))];
        let arn = s3::arn(&context.partition, &bucket);
        let seen = async {
            match region.as_deref() == Some(home) && bucket != name {
                true => {
                    let (fitness, logs) = tokio::join!(
                        Box::pin(target.log_target(&arn, &source, context.now)),
                        target.logging(),
                    );
                    Ok((Some(fitness?), logs?.value.map(|own| own.target_bucket)))
                }
                false => Ok((None, None)),
            }
        };
        let (now, (fitness, logs_to)) = tokio::try_join!(now, seen)?;
        Ok(Some(AccessLogs { bucket: bucket.clone(), region, fitness, logs_to, now }))
    }
}

/// Where the access logs of the log bucket are to go.
pub(super) fn access_log(
    settings: &Settings,
    name: &str,
    seen: &Seen,
    at: At<'_>,
    say: &mut Remarks,
) -> Whole<Logging> {
    let Some((log, found)) = settings.access_log.as_ref().zip(seen.access_logs.as_ref()) else {
        return Whole::default();
    };
    let (account, home) = (&at.context.account, &at.context.home_region);
    let (bucket, prefix) = (log.target(account, home), log.prefix(name, account, home));
    let before = found.now.value.as_ref();
    if let Some((what, remedy)) = found.fault(name, home).or_else(|| lost(&found.now)) {
        say.finding("access_log", what, remedy);
        return found.now.clone();
    }
    if before.is_some_and(|own| own.target_bucket == bucket && own.target_prefix == prefix) {
        return found.now.clone();
    }
    let target_object_key_format = before.and_then(|own| own.target_object_key_format.clone());
    let logging = Logging {
        target_bucket: bucket,
        target_prefix: prefix,
        target_object_key_format,
        grants: 0,
    };
    Whole { value: Some(logging), ..Whole::default() }
}

/// What writing it anew would lose.
fn lost(now: &Whole<Logging>) -> Option<(String, String)> {
    let grants = now.value.as_ref().map_or(0, |own| own.grants);
    now.refusal("logging").or_else(|| {
        (grants > 0).then(|| {
            let what = format!("its logs are given to {grants} others by ACL, who would lose them");
            (what, "change where it logs to by hand".to_owned())
        })
    })
}

impl AccessLogs {
    /// Where those of the log bucket go now.
    pub(super) fn now(&self) -> Whole<Logging> {
        self.now.clone()
    }

    /// What keeps S3 from delivering them, or from ever coming to an end. Source: S3 User Guide,
    /// "Enabling Amazon S3 server access logging".
    fn fault(&self, name: &str, home: &str) -> Option<(String, String)> {
        let bucket = &self.bucket;
        let other = "name another bucket in access_log";
        if bucket == name || self.logs_to.as_deref() == Some(name) {
            let what = match bucket == name {
                true => "its access logs would go to itself".to_owned(),
                false => {
                    format!("the access logs of {bucket} go to it, and its own would go there")
                }
            };
            let what = format!("{what}: each log makes another, without end");
            return Some((what, other.to_owned()));
        }
        // It is made by the same apply.
        let region = self.region.as_ref()?;
        let Some(fitness) = &self.fitness else {
            let what =
                format!("{bucket} is in {region}: S3 delivers access logs within {home} only");
            return Some((what, other.to_owned()));
        };
        let mut faults = fitness.faults();
        if !fitness.lets_in && faults.is_empty() {
            faults.push("its policy does not let logging.s3.amazonaws.com write".to_owned());
        }
        (!faults.is_empty()).then(|| {
            let what = format!("{bucket} cannot take access logs: {}", faults.join("; "));
            (what, format!("put {bucket} right, or {other}"))
        })
    }
}

/// What the object lock of the log bucket is to be. It can never be switched off again, so the table
/// has to say that it knows.
pub(super) fn object_lock(
    settings: &Settings,
    name: &str,
    bucket: &Bucket,
    deliveries: &[Delivery],
    context: &Context,
    say: &mut Remarks,
) -> Whole<ObjectLock> {
    let now = &bucket.object_lock;
    let Some(asked) = &*settings.object_lock else {
        return now.clone();
    };
    let Some((after, needed)) = asked.raised(now.value.as_ref()) else {
        return now.clone();
    };
    let comes_from_config = deliveries.iter().any(|own| matches!(own, Delivery::Config { .. }));
    let stopped = context.stopped_by_object_lock(name).or(comes_from_config.then_some("Config"));
    let is_versioned = bucket.versioning.as_deref() == Some("Enabled");
    let obstacle = match stopped {
        Some(service) => Some((
            format!("{service} delivers to it, and does not where new objects are locked"),
            "have it deliver to another bucket: bucket in [config]".to_owned(),
        )),
        None if !is_versioned => Some((
            "object lock needs versioning".to_owned(),
            "ask for it: versioning = true".to_owned(),
        )),
        None => {
            let lacks = asked.accept_irreversible.lacks(needed);
            let lacks = lacks.map(|(what, remedy)| (what.to_owned(), remedy.to_owned()));
            lacks.or_else(|| now.refusal("object lock"))
        }
    };
    if let Some((what, remedy)) = obstacle {
        say.finding("object_lock", what, remedy);
        return now.clone();
    }
    say.breaks(format!("{name}: {}", needed.cannot()));
    Whole { value: Some(ObjectLock { default: Some(after) }), ..Whole::default() }
}

#[cfg(test)]
mod tests {
    use super::super::{Live, LogBucket};
    use super::*;
    use crate::control::tests::context;
    use crate::control::{Proposal, propose};
    use crate::place::Place;

    const NAME: &str = "logs";

    /// What the table asks of a bucket that matched before, or of none.
    fn proposed(table: &str, bucket: Option<Bucket>, logs: Option<AccessLogs>) -> Proposal {
        let settings: Settings = toml::from_str(table).expect("a table");
        let (place, context) = (Place::thing_in(NAME, "us-east-1"), context());
        let at = At { place: &place, context: &context };
        let bucket = bucket.map_or(Live::Absent, |own| Live::Own(Box::new(own)));
        let seen = Seen { bucket, deliveries: Vec::new(), access_logs: logs };
        propose::<LogBucket>(&settings, &seen, at)
    }

    /// The bucket as a first apply leaves it.
    fn made() -> Bucket {
        let settings: Settings = toml::from_str("").expect("a table");
        let (place, context, mut say) =
            (Place::thing_in(NAME, "us-east-1"), context(), Remarks::default());
        let at = At { place: &place, context: &context };
        let seen = Seen { bucket: Live::Absent, deliveries: Vec::new(), access_logs: None };
        super::super::wanted::wanted(&settings, &seen, at, &mut say).expect("a bucket")
    }

    fn calls(proposal: &Proposal) -> Vec<&'static str> {
        proposal.writes.iter().map(|write| write.operation().name).collect()
    }

    const LOG: &str = "access_log = { bucket = \"requests\" }";

    fn target() -> AccessLogs {
        AccessLogs {
            bucket: "requests".to_owned(),
            region: Some("us-east-1".to_owned()),
            fitness: Some(LogTarget { lets_in: true, ..LogTarget::default() }),
            logs_to: None,
            now: Whole::default(),
        }
    }

    #[test]
    fn access_logs_go_to_a_bucket_that_can_take_them() {
        let proposal = proposed(LOG, Some(made()), Some(target()));
        assert_eq!(calls(&proposal), ["PutBucketLogging"]);
        let input = proposal.writes[0].call().input;
        let enabled = &input["BucketLoggingStatus"]["LoggingEnabled"];
        assert_eq!(
            (&enabled["TargetBucket"], &enabled["TargetPrefix"]),
            (&"requests".into(), &"logs/".into())
        );
        let now = guarded(LOG);
        let bucket = Bucket { logging: now.clone(), ..made() };
        let there = AccessLogs { now, ..target() };
        assert!(proposed(LOG, Some(bucket), Some(there)).differences.is_empty());
        let new = proposed(LOG, None, Some(target()));
        assert_eq!(calls(&new).last(), Some(&"PutBucketLogging"));
    }

    /// Where the logs go once that was done.
    fn guarded(table: &str) -> Whole<Logging> {
        let settings: Settings = toml::from_str(table).expect("a table");
        let (place, context, mut say) =
            (Place::thing_in(NAME, "us-east-1"), context(), Remarks::default());
        let at = At { place: &place, context: &context };
        let (bucket, access_logs) = (Live::Absent, Some(target()));
        let seen = Seen { bucket, deliveries: Vec::new(), access_logs };
        access_log(&settings, NAME, &seen, at, &mut say)
    }

    /// What is proposed for the bucket of the access logs.
    fn for_access_logs(bucket: Live) -> Proposal {
        let settings: Settings =
            toml::from_str(&format!("name = \"logs\"\n{LOG}")).expect("a table");
        let (place, context) = (Place::thing_in("requests", "us-east-1"), context());
        let at = At { place: &place, context: &context };
        let (_, delivery) = settings.access_log_bucket(&context).expect("a bucket");
        let seen = Seen { bucket, deliveries: vec![delivery], access_logs: None };
        propose::<LogBucket>(&settings, &seen, at)
    }

    #[test]
    fn a_bucket_for_the_access_logs_is_made_and_one_of_others_is_left_alone() {
        let new = for_access_logs(Live::Absent);
        assert_eq!(calls(&new)[0], "CreateBucket");
        let policy = new.writes.iter().find(|own| own.operation().name == "PutBucketPolicy");
        let policy = policy.expect("a policy").call().input["Policy"].to_string();
        assert!(policy.contains("logging.s3.amazonaws.com"), "{policy}");
        assert!(policy.contains("requests/logs/*") && policy.contains("arn:aws:s3:::logs"));
        let theirs = Bucket { tags: Default::default(), versioning: None, ..made() };
        let left = for_access_logs(Live::Own(Box::new(theirs)));
        assert!(left.differences.is_empty() && left.findings.is_empty());
        // The log bucket waits for it.
        let waiting = proposed(
            LOG,
            Some(made()),
            Some(AccessLogs { region: None, fitness: None, ..target() }),
        );
        assert_eq!(calls(&waiting), ["PutBucketLogging"]);
        assert!(waiting.after.iter().any(|own| own.control() == "log_bucket"));
    }

    #[test]
    fn logs_that_would_not_arrive_or_never_end_are_a_finding() {
        let deaf = Some(LogTarget::default());
        for (table, logs, text) in [
            (
                "name = \"logs\"\naccess_log = { bucket = \"logs\" }",
                AccessLogs { bucket: NAME.to_owned(), ..target() },
                "itself",
            ),
            (LOG, AccessLogs { logs_to: Some(NAME.to_owned()), ..target() }, "without end"),
            (
                LOG,
                AccessLogs { region: Some("eu-west-1".to_owned()), fitness: None, ..target() },
                "eu-west-1",
            ),
            (LOG, AccessLogs { fitness: deaf, ..target() }, "logging.s3.amazonaws.com"),
        ] {
            let proposal = proposed(table, Some(made()), Some(logs));
            assert!(proposal.writes.is_empty(), "{text}");
            assert!(proposal.findings[0].what.contains(text), "{:?}", proposal.findings);
        }
    }

    #[test]
    fn object_lock_needs_a_word_and_is_never_shortened() {
        let table =
            |rest: &str| format!("object_lock = {{ mode = \"governance\", days = 30{rest} }}");
        let unsaid = proposed(&table(""), Some(made()), None);
        assert!(unsaid.writes.is_empty());
        assert!(unsaid.findings[0].remedy.contains("accept_irreversible = true"));
        let said = proposed(&table(", accept_irreversible = true"), Some(made()), None);
        assert_eq!(calls(&said), ["PutObjectLockConfiguration"]);
        let longer = s3::Retention { mode: "COMPLIANCE".to_owned(), days: Some(90), years: None };
        let value = Some(ObjectLock { default: Some(longer) });
        let bucket = Bucket { object_lock: Whole { value, ..Whole::default() }, ..made() };
        assert!(proposed(&table(""), Some(bucket), None).differences.is_empty());
    }
}
