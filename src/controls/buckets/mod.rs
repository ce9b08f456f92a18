//! Guardrails for buckets chosen by name: TLS-only policies, merged into what is there.

mod live;
mod settings;
mod statements;
#[cfg(test)]
mod tests;

use crate::aws::facts::{GET_BUCKET_POLICY, Reader};
use crate::aws::{AwsError, Facts, Write};
use crate::baseline::Problems;
use crate::control::{
    About, Context, Control, Cost, Need, Proposal, Reference, Scope, Setting, Stricter,
};
use crate::place::Place;
use crate::s3;
use live::Live;
use settings::{Entry, Wanted};

/// The control.
pub struct Buckets;

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
            if entry.says_nothing() {
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
            .filter(|b| !Wanted::of(entries, &b.name).is_nothing());
        Ok(wanted
            .map(|bucket| Place::thing_in(&bucket.name, &bucket.region))
            .collect())
    }

    async fn read(
        entries: &Vec<Entry>,
        place: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let (name, region) = name_and_region(place);
        live::read(&Wanted::of(entries, name), name, region, reader).await
    }

    fn propose(entries: &Vec<Entry>, place: &Place, live: Live, context: &Context) -> Proposal {
        let (name, region) = name_and_region(place);
        let wanted = Wanted::of(entries, name);
        let mut proposal = Proposal::fine();
        if live.gone {
            proposal.note("the bucket was deleted while the account was looked at");
            return proposal;
        }
        let policy = match statements::policy(&wanted, &live) {
            Ok(policy) => policy,
            Err(text) => {
                return Proposal::unknown(AwsError::unexpected(&GET_BUCKET_POLICY, region, &text));
            }
        };
        let target = s3::Target {
            bucket: name.to_owned(),
            expected_bucket_owner: context.account.clone(),
            region: region.to_owned(),
        };
        let arn = s3::arn(&context.partition, name);
        statements::propose(&wanted, policy.as_ref(), &arn, &target, &mut proposal);
        if !proposal.differences.is_empty() {
            proposal.notes.extend(wanted.sources(entries));
        }
        proposal
    }
}

fn name_and_region(place: &Place) -> (&str, &str) {
    (
        place.thing.as_deref().unwrap_or_default(),
        place.region.as_deref().unwrap_or_default(),
    )
}
