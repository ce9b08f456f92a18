//! The names of all elements of an answer. The SDK drops in silence what it does not know, and a
//! write of the whole would then lose it.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Notes the elements of the answer to the request that it is added to.
#[derive(Clone, Debug, Default)]
pub struct Elements(Arc<Mutex<BTreeSet<String>>>);

impl Elements {
    /// The names that were noted.
    pub fn take(self) -> BTreeSet<String> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *names)
    }
}

#[dyn_dispatch_hint]
impl Intercept for Elements {
    fn name(&self) -> &'static str {
        "Elements"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // A response that broke off is an error already, and is asked for again.
        if context.output_or_error().is_err() {
            return Ok(());
        }
        let body = context.response().body().bytes();
        let body = body.ok_or("the text of the response is not at hand")?;
        let names = names(&String::from_utf8_lossy(body));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = names;
        Ok(())
    }
}

/// The names of a document's elements, without their prefixes. Whatever else begins with `<` than
/// the XML declaration and comments counts as an element that nobody knows.
pub fn names(xml: &str) -> BTreeSet<String> {
    let ends = |c: char| c.is_whitespace() || c == '>' || c == '/';
    let starts = xml.split('<').skip(1);
    let starts = starts.filter(|rest| !rest.starts_with(['/', '?']) && !rest.starts_with("!--"));
    let names = starts.filter_map(|rest| rest.split(ends).next()?.rsplit(':').next());
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_named_whatever_it_looks_like() {
        let xml = "<?xml version=\"1.0\"?>\n<a:Outer xmlns:a=\"u\"><Empty/><Inner x=\"1\">1 &lt; 2\
                   </Inner><![CDATA[x]]></a:Outer>";
        let names: Vec<String> = names(xml).into_iter().collect();
        assert_eq!(names, ["![CDATA[x]]", "Empty", "Inner", "Outer"]);
    }

    #[test]
    fn the_elements_of_an_answer_are_named() {
        let xml =
            "<?xml version=\"1.0\"?>\n<A xmlns=\"x:y/z\"><!-- c --><n:B>1 &lt; 2</n:B><C/></A>";
        assert_eq!(Vec::from_iter(names(xml)), ["A", "B", "C"]);
    }
}
