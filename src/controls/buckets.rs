//! Guardrails for buckets chosen by name: TLS-only policies, merged into what is there.

use crate::aws::facts::{GET_BUCKET_POLICY, Reader};
use crate::aws::{AwsError, Facts, Operation, Write};
use crate::baseline::Problems;
use crate::control::{
    About, Context, Control, Cost, Need, Past, Proposal, Reference, Scope, Setting, Stricter,
};
use crate::diff::Difference;
use crate::pattern::Pattern;
use crate::place::Place;
use crate::policy::{Policy, deny_insecure_transport};
use crate::s3;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The control.
pub struct Buckets;

/// One entry of `[[buckets]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    #[serde(rename = "match")]
    matches: Vec<Pattern>,
    #[serde(default)]
    except: Vec<Pattern>,
    ssl_only: Option<bool>,
}

impl Entry {
    fn covers(&self, bucket: &str) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(bucket));
        any(&self.matches) && !any(&self.except)
    }
}

/// What the entries ask of one bucket: later ones win, field by field.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    ssl_only: Option<bool>,
}

impl Wanted {
    fn of(entries: &[Entry], bucket: &str) -> Self {
        let covering = entries.iter().filter(|entry| entry.covers(bucket));
        covering.fold(Self::default(), |wanted, entry| Self {
            ssl_only: entry.ssl_only.or(wanted.ssl_only),
        })
    }

    fn asks_nothing(&self) -> bool {
        self.ssl_only != Some(true)
    }
}

/// What was read of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// The text of its policy.
    policy: Option<String>,
    /// Whether it was deleted after the buckets were listed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gone: bool,
}

impl Control for Buckets {
    type Settings = Vec<Entry>;
    type Live = Live;

    const ABOUT: About = About {
        name: "buckets",
        title: "TLS-only policies for the buckets matched",
        why: "A bucket answers plain HTTP unless its policy refuses. The Deny is merged into the \
              policy that is there: every other statement stays as it was and where it was.",
        scope: Scope::Things,
        needs: &[Need::Buckets],
        settings: &[
            Setting::new("match", "required", "Names of buckets; * and ? stand for any characters."),
            Setting::new("except", "none", "Names that are left alone."),
            Setting::new(
                "ssl_only",
                "not managed",
                "Whether requests without TLS are denied. Of several entries that match a bucket, the last one that says something counts.",
            )
            .stricter(Stricter::Higher)
            .breaks("clients that use plain HTTP are refused"),
        ],
        satisfies: &[
            Reference::cis3("2.1.1", "plain HTTP denied"),
            Reference::cis7("3.1.1", "plain HTTP denied"),
            Reference::fsbp("S3.5", "TLS-only requests"),
            Reference::nist_csf("Protect", "data in transit is protected"),
            Reference::well_architected("SEC 9", "encrypt in transit"),
        ],
        cost: Cost::Free("free"),
        operations: &[GET_BUCKET_POLICY, s3::PutBucketPolicy::OPERATION],
    };

    fn check(entries: &Vec<Entry>, problems: &mut Problems) {
        for (number, entry) in entries.iter().enumerate() {
            if entry.matches.is_empty() {
                problems.setting(&format!("{number}.match"), "no name could match");
            }
            if entry.ssl_only.is_none() {
                let text = "this entry asks for nothing: add ssl_only = true";
                problems.setting(&format!("{number}"), text);
            }
        }
    }

    fn places(entries: &Vec<Entry>, facts: &Facts, _: &Context) -> Result<Vec<Place>, AwsError> {
        let buckets = match &facts.buckets {
            Some(Ok(buckets)) => buckets.as_slice(),
            Some(Err(error)) => return Err(error.clone()),
            None => &[],
        };
        let wanted = buckets
            .iter()
            .filter(|b| !Wanted::of(entries, &b.name).asks_nothing());
        Ok(wanted
            .map(|bucket| Place::thing_in(&bucket.name, &bucket.region))
            .collect())
    }

    async fn read(
        _: &Vec<Entry>,
        place: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let (name, region) = name_and_region(place);
        match reader.bucket_policy(name, region).await {
            Ok(policy) => Ok(Live {
                policy,
                gone: false,
            }),
            Err(error) if error.is("NoSuchBucket") => Ok(Live {
                policy: None,
                gone: true,
            }),
            Err(error) => Err(error),
        }
    }

    fn propose(entries: &Vec<Entry>, place: &Place, live: Live, context: &Context) -> Proposal {
        let (name, region) = name_and_region(place);
        let mut proposal = Proposal::fine();
        if live.gone {
            proposal.note("the bucket was deleted while the account was looked at");
            return proposal;
        }
        let policy = match live.policy.as_deref().map(Policy::parse).transpose() {
            Ok(policy) => policy,
            Err(cause) => {
                let text = format!("its policy cannot be read: {cause}");
                return Proposal::unknown(AwsError::unexpected(&GET_BUCKET_POLICY, region, &text));
            }
        };
        let arn = s3::arn(&context.partition, name);
        let is_tls_only = policy
            .as_ref()
            .is_some_and(|own| own.denies_insecure_transport(&arn));
        if Wanted::of(entries, name).ssl_only != Some(true) || is_tls_only {
            return proposal;
        }
        proposal
            .differences
            .push(Difference::new("ssl_only", json!(false), json!(true)));
        let statements = vec![deny_insecure_transport(&arn)];
        let target = s3::Target {
            bucket: name.to_owned(),
            expected_bucket_owner: context.account.clone(),
            region: region.to_owned(),
        };
        let write = s3::PutBucketPolicy::with(target, policy.as_ref(), statements);
        match s3::refusal(write.policy()) {
            Some((what, remedy)) => proposal.finding("ssl_only", what, remedy),
            None => proposal.call(write),
        }
        proposal
    }

    fn restore(_: &Vec<Entry>, place: &Place, past: Past<Live>, context: &Context) -> Proposal {
        let (name, region) = name_and_region(place);
        let target = s3::Target {
            bucket: name.to_owned(),
            expected_bucket_owner: context.account.clone(),
            region: region.to_owned(),
        };
        let policies = past.map(|live| live.policy.clone());
        s3::restore_policy(target, &s3::arn(&context.partition, name), &policies)
    }

    const RESTORES: &'static [Operation] = &[s3::DeleteBucketPolicy::OPERATION];
}

fn name_and_region(place: &Place) -> (&str, &str) {
    (
        place.thing.as_deref().unwrap_or_default(),
        place.region.as_deref().unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::facts::Bucket;
    use crate::control::tests::context;
    use toml::de::ValueDeserializer;

    fn entries(text: &str) -> Vec<Entry> {
        let value = ValueDeserializer::parse(text).expect("the test's TOML is valid");
        Vec::<Entry>::deserialize(value).expect("the test's settings are valid")
    }

    fn chosen(text: &str, names: &[&str]) -> Vec<String> {
        let bucket = |name: &&str| Bucket {
            name: (*name).to_owned(),
            region: "r".to_owned(),
        };
        let facts = Facts {
            buckets: Some(Ok(names.iter().map(bucket).collect())),
            regions: None,
        };
        let places =
            Buckets::places(&entries(text), &facts, &context()).expect("buckets are known");
        places.into_iter().filter_map(|place| place.thing).collect()
    }

    fn propose(policy: Option<&str>) -> Proposal {
        let live = Live {
            policy: policy.map(str::to_owned),
            gone: false,
        };
        let place = Place::thing_in("acme", "eu-west-1");
        let entries = entries("[{ match = [\"*\"], ssl_only = true }]");
        Buckets::propose(&entries, &place, live, &context())
    }

    #[test]
    fn buckets_are_chosen_by_patterns_and_exceptions() {
        let text = "[{ match = [\"*\"], except = [\"public-*\"], ssl_only = true }]";
        assert_eq!(chosen(text, &["a", "public-x", "b.c"]), ["a", "b.c"]);
    }

    #[test]
    fn the_last_entry_that_says_something_counts() {
        let text =
            "[{ match = [\"*\"], ssl_only = true }, { match = [\"old-*\"], ssl_only = false }]";
        assert_eq!(chosen(text, &["a", "old-b"]), ["a"]);
    }

    #[test]
    fn the_deny_comes_after_the_statements_of_others() {
        let proposal = propose(Some(
            r#"{"Version":"2008-10-17","Statement":{"Sid":"Theirs"}}"#,
        ));
        let policy = &proposal.writes[0].call().input["Policy"];
        assert_eq!(policy["Version"], "2008-10-17");
        assert_eq!(policy["Statement"][0]["Sid"], "Theirs");
        assert_eq!(
            policy["Statement"][1]["Sid"],
            "BaselineDenyInsecureTransport"
        );
    }

    #[test]
    fn a_policy_that_s3_would_refuse_is_a_finding_and_nothing_is_sent() {
        let deleted = r#"{"Statement":[{"Principal":{"AWS":"AROAEXAMPLEROLEID0001"}}]}"#;
        let long = format!(r#"{{"Statement":[{{"Sid":"{}"}}]}}"#, "x".repeat(20_400));
        for policy in [deleted, long.as_str()] {
            let proposal = propose(Some(policy));
            assert!(proposal.writes.is_empty());
            assert_eq!(proposal.findings.len(), 1);
        }
    }

    #[test]
    fn a_policy_that_cannot_be_read_is_unknown() {
        let standing = propose(Some("nonsense")).standing;
        assert!(matches!(standing, crate::control::Standing::Unknown(_)));
    }
}
