//! Network activity events: calls that pass a VPC endpoint, those of strangers' credentials too.
//!
//! They are logged by service, one selector each. Source: CloudTrail API Reference,
//! `AdvancedFieldSelector`: `eventSource` is required and takes one value, by `Equals`.

use super::{CATEGORY, Field, SOURCE, Selector};
use std::collections::BTreeSet;

const NETWORK: &str = "NetworkActivity";

/// Whether all network activity of a service is logged.
fn logs(selector: &Selector, source: &str) -> bool {
    let is_whole = selector.field_selectors.iter().all(|field| {
        field.is_plain()
            && match field.field.as_str() {
                CATEGORY => true,
                SOURCE => field.equals.iter().any(|own| own == source),
                _ => false,
            }
    });
    selector.is_of(NETWORK) && selector.only(SOURCE).is_some() && is_whole
}

/// The services whose network activity is wished and not all logged.
pub fn network_unlogged<'a>(
    selectors: &[Selector],
    sources: impl IntoIterator<Item = &'a String>,
) -> Vec<&'a str> {
    let sources = sources.into_iter().map(String::as_str);
    sources.filter(|source| !selectors.iter().any(|own| logs(own, source))).collect()
}

/// The selectors with those that log the network activity of more services.
pub fn with_network<'a>(
    mut selectors: Vec<Selector>,
    sources: impl IntoIterator<Item = &'a String>,
) -> Vec<Selector> {
    let missing = network_unlogged(&selectors, sources);
    let new = missing.into_iter().map(|source| {
        let name = format!("baseline: network activity of {source}");
        Selector::new(&name, [Field::equals(CATEGORY, NETWORK), Field::equals(SOURCE, source)])
    });
    selectors.extend(new.collect::<Vec<_>>());
    selectors
}

/// What is logged of network activity, in words.
pub fn network_activity(selectors: &[Selector]) -> BTreeSet<String> {
    let selectors = selectors.iter().filter(|own| own.is_of(NETWORK));
    selectors.map(in_words).collect()
}

fn in_words(selector: &Selector) -> String {
    let source = selector.only(SOURCE).filter(|own| own.is_plain());
    let source = source.map_or_else(|| "some".to_owned(), |own| own.equals.join(" or "));
    let others = selector
        .field_selectors
        .iter()
        .filter(|own| ![CATEGORY, SOURCE].contains(&own.field.as_str()));
    let conditions = others.flat_map(|own| {
        own.operators()
            .map(|(word, values)| format!("{} {word} {}", own.field, values.join(" or ")))
    });
    let conditions: BTreeSet<String> = conditions.collect();
    [source].into_iter().chain(conditions).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wished(sources: &[&str]) -> Vec<String> {
        sources.iter().map(|own| (*own).to_owned()).collect()
    }

    #[test]
    fn each_service_gets_a_selector_once_and_what_is_logged_stays() {
        let (first, both) =
            (wished(&["s3.amazonaws.com"]), wished(&["kms.amazonaws.com", "s3.amazonaws.com"]));
        let one = with_network(vec![Selector::management()], &first);
        let all = with_network(one.clone(), &both);
        assert_eq!((one.len(), all.len()), (2, 3));
        assert_eq!(all[..2], one);
        assert_eq!(with_network(all.clone(), &both), all);
        let words: Vec<String> = network_activity(&all).into_iter().collect();
        assert_eq!(words, both);
    }

    #[test]
    fn a_selector_of_denied_calls_alone_is_not_enough() {
        let source = wished(&["s3.amazonaws.com"]);
        let mut selectors = with_network(Vec::new(), &source);
        selectors[0].field_selectors.push(Field::equals("errorCode", "VpceAccessDenied"));
        assert_eq!(network_unlogged(&selectors, &source), ["s3.amazonaws.com"]);
        let words: Vec<String> = network_activity(&selectors).into_iter().collect();
        assert_eq!(words, ["s3.amazonaws.com, errorCode is VpceAccessDenied"]);
    }
}
