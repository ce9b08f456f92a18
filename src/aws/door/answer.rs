//! What comes back: an answer, or an error with its code and message, in any of the protocols.

use super::typed::drop_null;
use super::xml::Element;
use crate::aws::services::Protocol;
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_types::error::ErrorMetadata;
use aws_types::request_id::{RequestId, apply_request_id};
use roxmltree::{Document, Node};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

/// The body of a success, known to be in the form of its protocol.
#[derive(Debug)]
pub struct Answer {
    protocol: Protocol,
    body: String,
    /// AWS's id of the request.
    pub request_id: Option<String>,
}

/// Reads a response: the end of every attempt, before it is judged whether to try again.
///
/// # Errors
/// What AWS answered, or an error without code and message for a success that cannot be read.
pub fn read(
    protocol: Protocol,
    response: &HttpResponse,
) -> Result<Answer, OrchestratorError<ErrorMetadata>> {
    let body = response.body().bytes().unwrap_or_default();
    let body = String::from_utf8_lossy(body);
    if !response.status().is_success() {
        let (code, message) = failure(response, &body);
        let mut error = ErrorMetadata::builder();
        if let Some(code) = code {
            error = error.code(code);
        }
        if let Some(message) = message {
            error = error.message(message);
        }
        let error = apply_request_id(error, response.headers()).build();
        return Err(OrchestratorError::operation(error));
    }
    let is_readable = match protocol {
        Protocol::Query(_) | Protocol::Ec2(_) => Document::parse(&body).is_ok(),
        _ => body.is_empty() || serde_json::from_str::<IgnoredAny>(&body).is_ok(),
    };
    if !is_readable {
        // Neither code nor message, as the SDK's own crates report it: worth another attempt.
        return Err(OrchestratorError::operation(ErrorMetadata::builder().build()));
    }
    Ok(Answer {
        protocol,
        body: body.into_owned(),
        request_id: response.request_id().map(str::to_owned),
    })
}

impl Answer {
    /// The answer in its type.
    ///
    /// # Errors
    /// Which member is missing or of another kind.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, String> {
        if self.is_xml() {
            return self
                .in_xml(|root| T::deserialize(Element(root)).map_err(|cause| cause.to_string()))?;
        }
        let body = match self.body.as_str() {
            "" => "{}",
            body => body,
        };
        let parsed: Result<Value, _> = serde_json::from_str(body);
        let mut value = parsed.map_err(|cause| cause.to_string())?;
        drop_null(&mut value);
        T::deserialize(value).map_err(|cause| cause.to_string())
    }

    /// A string at the top of the answer, such as the mark of the next page; an empty one is none.
    pub fn member(&self, name: &str) -> Option<String> {
        let found = if self.is_xml() {
            self.in_xml(|root| {
                let mut children = root.children();
                let child = children.find(|child| child.tag_name().name() == name)?;
                child.text().map(str::to_owned)
            })
            .ok()?
        } else {
            let answer: Value = serde_json::from_str(&self.body).ok()?;
            answer.get(name)?.as_str().map(str::to_owned)
        };
        found.filter(|mark| !mark.is_empty())
    }

    /// The first item of a list at the top of an answer in JSON.
    pub fn first_of(&self, name: &str) -> Option<Value> {
        let answer: Value = serde_json::from_str(&self.body).ok()?;
        answer.get(name)?.as_array()?.first().cloned()
    }

    fn is_xml(&self) -> bool {
        matches!(self.protocol, Protocol::Query(_) | Protocol::Ec2(_))
    }

    fn in_xml<T>(&self, read: impl FnOnce(Node<'_, '_>) -> T) -> Result<T, String> {
        let document = Document::parse(&self.body).map_err(|cause| cause.to_string())?;
        let root = document.root_element();
        // awsQuery puts the result into an element of its own, named after the operation.
        let mut children = root.children();
        let result = children.find(|child| child.tag_name().name().ends_with("Result"));
        Ok(match (self.protocol, result) {
            (Protocol::Query(_), Some(result)) => read(result),
            _ => read(root),
        })
    }
}

/// The code and message of an error in any of AWS's protocols.
fn failure(response: &HttpResponse, body: &str) -> (Option<String>, Option<String>) {
    let (code, message) = match serde_json::from_str::<Value>(body) {
        Ok(json) => {
            let member = |names: &[&str]| {
                let found = names.iter().find_map(|name| json.get(name)?.as_str());
                found.map(str::to_owned)
            };
            let message = member(&["message", "Message", "errorMessage"]);
            (member(&["__type", "code", "Code"]), message)
        }
        Err(_) => {
            let element = |name: &str| {
                let document = Document::parse(body).ok()?;
                let mut nodes = document.descendants();
                let found = nodes.find(|node| node.tag_name().name() == name)?;
                found.text().map(str::to_owned)
            };
            (element("Code"), element("Message"))
        }
    };
    let header = response.headers().get("x-amzn-errortype");
    let code = header.map(str::to_owned).or(code);
    // A namespace stands before the name, a link behind it.
    let code = code.map(|code| {
        let name = code.rsplit('#').next().unwrap_or_default();
        name.split(':').next().unwrap_or_default().to_owned()
    });
    (code, message)
}
