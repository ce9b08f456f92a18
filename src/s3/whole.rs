//! Settings that S3 replaces as a whole: what was read of one, and what of it the SDK's types leave
//! out, so that nothing is written back with less in it than it had.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A setting that is replaced as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whole<T> {
    /// The setting; `None` when the bucket has none.
    pub value: Option<T>,
    /// The members that S3 answered and this version of the program does not know: to write the
    /// value would lose them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unknown: BTreeSet<String>,
}

impl<T> Whole<T> {
    /// Why it may not be written: what would be lost, and what to do.
    pub fn refusal(&self, what: &str) -> Option<(String, String)> {
        if self.unknown.is_empty() {
            return None;
        }
        let names: Vec<&str> = self.unknown.iter().map(String::as_str).collect();
        let names = names.join(", ");
        let lost = format!("its {what} has {names}, which this version of baseline would lose");
        Some((lost, format!("use a newer baseline, or change the {what} by hand")))
    }
}

impl<T> Default for Whole<T> {
    fn default() -> Self {
        let unknown = BTreeSet::new();
        Self { value: None, unknown }
    }
}

/// Looks through an answer for members that are not among the known ones.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    known: &'static [&'static str],
    found: Arc<Mutex<BTreeSet<String>>>,
}

impl Probe {
    pub fn new(known: &'static [&'static str]) -> Self {
        let found = Arc::default();
        Self { known, found }
    }

    pub fn found(&self) -> BTreeSet<String> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.clone()
    }
}

#[dyn_dispatch_hint]
impl Intercept for Probe {
    fn name(&self) -> &'static str {
        "Probe"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // An answer that broke off is an error already, and is asked for again.
        if context.output_or_error().is_err() {
            return Ok(());
        }
        let response = context.response();
        let body = response.body().bytes().ok_or("the answer is not at hand")?;
        let body = String::from_utf8_lossy(body);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.clear();
        let unknown = elements(&body).filter(|name| !self.known.contains(name));
        found.extend(unknown.map(str::to_owned));
        Ok(())
    }
}

/// The names of the elements of an XML document, without their namespaces.
fn elements(xml: &str) -> impl Iterator<Item = &str> {
    xml.split('<').skip(1).filter_map(|after| {
        let name = after.split([' ', '>', '/', '\t', '\r', '\n']).next()?;
        let local = name.rsplit(':').next()?;
        let is_element = local.starts_with(|first: char| first.is_alphabetic());
        is_element.then_some(local)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_elements_of_an_answer_are_named() {
        let xml =
            "<?xml version=\"1.0\"?>\n<A xmlns=\"x:y/z\"><!-- c --><n:B>1 &lt; 2</n:B><C/></A>";
        assert_eq!(elements(xml).collect::<Vec<_>>(), ["A", "B", "C"]);
    }

    #[test]
    fn what_would_be_lost_is_named() {
        let unknown = BTreeSet::from(["FutureRule".to_owned()]);
        let whole = Whole::<()> { value: None, unknown };
        let (lost, _) = whole.refusal("lifecycle").expect("a refusal");
        assert!(lost.contains("FutureRule"), "{lost}");
        assert_eq!(Whole::<()>::default().refusal("lifecycle"), None);
    }
}
