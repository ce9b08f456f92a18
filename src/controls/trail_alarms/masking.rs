//! What data protection policies hide of events. Source: CloudWatch Logs User Guide, "Help protect
//! sensitive log data with masking": what is masked, metric filters do not see either.

use serde_json::Value;
use std::collections::BTreeSet;

/// What these policies mask, in words; nothing if they only look for it. What cannot be read is taken
/// to mask.
pub fn masked(documents: impl Iterator<Item = String>) -> Option<String> {
    let all: BTreeSet<String> = documents.flat_map(|document| kinds(&document)).collect();
    let all: Vec<String> = all.into_iter().collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn kinds(document: &str) -> Vec<String> {
    let Ok(document) = serde_json::from_str::<Value>(document) else {
        return vec!["what a policy that cannot be read says".to_owned()];
    };
    let statements = document["Statement"].as_array().into_iter().flatten();
    let masking = statements.filter(|own| !own["Operation"]["Deidentify"].is_null());
    let kinds = masking.flat_map(|own| own["DataIdentifier"].as_array().into_iter().flatten());
    kinds.map(|own| short(own.as_str().unwrap_or("something"))).collect()
}

/// A kind of data by its name, without the ARN that AWS's own have.
fn short(identifier: &str) -> String {
    identifier.rsplit('/').next().unwrap_or(identifier).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_masked_is_told_from_what_is_only_looked_for() {
        let policy = |operation: &str| {
            format!(
                r#"{{"Statement":[{{"DataIdentifier":["arn:aws:dataprotection::aws:data-identifier/EmailAddress","Names"],"Operation":{{"{operation}":{{}}}}}}]}}"#
            )
        };
        let of = |documents: &[String]| masked(documents.iter().cloned());
        assert_eq!(of(&[policy("Deidentify")]).as_deref(), Some("EmailAddress, Names"));
        assert_eq!(of(&[policy("Audit")]), None);
        assert_eq!(of(&[]), None);
        assert!(of(&["{".to_owned()]).is_some());
    }
}
