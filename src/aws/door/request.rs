//! A call as an HTTP request, in the protocol of its service.

use crate::aws::AwsError;
use crate::aws::operation::Operation;
use crate::aws::services::Protocol;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// What the door must know of an operation besides its name.
#[derive(Debug)]
pub struct Wire {
    /// `METHOD /path/{Member}?key={Member}`; `{Member+}` keeps the slashes of a member. `POST /` where
    /// the protocol knows no other.
    pub http: &'static str,
    /// Names on the wire that differ from the members' own: `("VpcIds", "VpcId")`; in awsQuery, of a
    /// list that names its items, `("Parameters", "Parameters.Parameter")`.
    pub names: &'static [(&'static str, &'static str)],
    /// The member that makes a repeated request the same one: the door fills it in.
    pub token: Option<&'static str>,
    /// Whether it is sent once and not repeated: a repetition would make a second thing, and whoever
    /// calls it knows how to see whether the first one was made.
    pub once: bool,
    /// The members by which the next page is asked for and named: request, answer.
    pub next: Option<(&'static str, &'static str)>,
    /// Codes that mean that the wish is already true.
    pub already: &'static [&'static str],
    /// A code that means the same where the message holds this text.
    pub already_when: Option<(&'static str, &'static str)>,
    /// The list of an answer that names what a success did not do.
    pub failing: Option<&'static str>,
    /// What its types read and write, to be compared with AWS's models.
    #[cfg(test)]
    pub types: fn() -> super::probe::Types,
}

impl Wire {
    /// Whether an error of a write means that its wish is already true.
    pub fn is_already(&self, error: &AwsError) -> bool {
        let says = |(code, text): (&str, &str)| error.is(code) && error.message.contains(text);
        self.already.iter().any(|code| error.is(code)) || self.already_when.is_some_and(says)
    }

    fn name(&self, member: &str) -> Option<&'static str> {
        let renamed = self.names.iter().find(|(own, _)| *own == member);
        renamed.map(|(_, name)| *name)
    }
}

/// The request of a call with these members.
///
/// # Errors
/// A member that the path needs is missing or empty.
pub fn request(
    operation: &Operation,
    protocol: Protocol,
    wire: &Wire,
    mut input: Map<String, Value>,
) -> Result<HttpRequest, BoxError> {
    let (method, template) = wire.http.split_once(' ').ok_or("the operation has no path")?;
    if let Some(member) = wire.token {
        // One token for all attempts: a request is built once and sent again as it is.
        input.entry(member).or_insert_with(|| token().into());
    }
    let uri = uri(template, &mut input)?;
    let mut target = None;
    let (content_type, body) = match protocol {
        Protocol::Json(version, prefix) => {
            target = Some(format!("{prefix}.{}", operation.name));
            let content_type = format!("application/x-amz-json-{version}");
            (content_type, serde_json::to_vec(&input)?)
        }
        Protocol::RestJson if input.is_empty() && method != "POST" && method != "PUT" => {
            (String::new(), Vec::new())
        }
        // A POST or PUT without members still has a body: an empty object.
        Protocol::RestJson => ("application/json".to_owned(), serde_json::to_vec(&input)?),
        Protocol::Query(version) | Protocol::Ec2(version) => {
            let mut form = format!("Action={}&Version={version}", operation.name);
            flatten(&mut form, protocol, wire, "", &input);
            let content_type = "application/x-www-form-urlencoded".to_owned();
            (content_type, form.into_bytes())
        }
        Protocol::Sdk => return Err("the service has a crate of its own".into()),
    };
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method(method)?;
    request.set_uri(uri)?;
    let length = request.body().content_length().filter(|length| *length > 0);
    let headers = request.headers_mut();
    if !content_type.is_empty() {
        headers.insert("content-type", content_type);
    }
    if let Some(length) = length {
        headers.insert("content-length", length.to_string());
    }
    if let Some(target) = target {
        headers.insert("x-amz-target", target);
    }
    Ok(request)
}

/// Fills the template with the members that it names, and takes them out of the input.
fn uri(template: &str, input: &mut Map<String, Value>) -> Result<String, BoxError> {
    let (path, query) = template.split_once('?').unwrap_or((template, ""));
    let mut uri = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (label, after) = after.split_once('}').ok_or("a label does not end")?;
        let member = label.strip_suffix('+').unwrap_or(label);
        let value = input.shift_remove(member).map(|value| text(&value));
        let value = value.filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| format!("{member} is part of the path and is empty"))?;
        uri.push_str(before);
        let parts = if label == member { vec![&*value] } else { value.split('/').collect() };
        for (number, part) in parts.into_iter().enumerate() {
            if number > 0 {
                uri.push('/');
            }
            escape(&mut uri, part);
        }
        rest = after;
    }
    uri.push_str(rest);
    let mut sign = '?';
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, label) = pair.split_once('=').unwrap_or((pair, ""));
        let member = label.strip_prefix('{').and_then(|label| label.strip_suffix('}'));
        let values = match member.map(|member| input.shift_remove(member)) {
            None => vec![label.to_owned()],
            Some(None) => continue,
            Some(Some(Value::Array(values))) => values.iter().map(text).collect(),
            Some(Some(value)) => vec![text(&value)],
        };
        for value in values {
            uri.push(sign);
            uri.push_str(key);
            uri.push('=');
            escape(&mut uri, &value);
            sign = '&';
        }
    }
    Ok(uri)
}

/// The members by dotted names: `Tags.member.1.Key`, or `Tag.1.Key` in EC2.
fn flatten(
    form: &mut String,
    protocol: Protocol,
    wire: &Wire,
    prefix: &str,
    members: &Map<String, Value>,
) {
    for (member, value) in members {
        let renamed = wire.name(member);
        let name = renamed.unwrap_or(member);
        let name = match prefix {
            "" => name.to_owned(),
            prefix => format!("{prefix}.{name}"),
        };
        match value {
            Value::Object(members) => flatten(form, protocol, wire, &name, members),
            // EC2 has no way to say that a list is to become empty; awsQuery names it alone.
            Value::Array(items) if items.is_empty() => {
                if let Protocol::Query(_) = protocol {
                    pair(form, &name, "");
                }
            }
            Value::Array(items) => {
                let list = match (protocol, renamed) {
                    (Protocol::Query(_), None) => format!("{name}.member"),
                    _ => name,
                };
                for (number, item) in (1..).zip(items) {
                    let name = format!("{list}.{number}");
                    match item {
                        Value::Object(members) => flatten(form, protocol, wire, &name, members),
                        value => pair(form, &name, &text(value)),
                    }
                }
            }
            value => pair(form, &name, &text(value)),
        }
    }
}

fn pair(form: &mut String, name: &str, value: &str) {
    form.push('&');
    form.push_str(name);
    form.push('=');
    escape(form, value);
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// Percent-encodes everything but the unreserved characters of RFC 3986, as signatures need it.
fn escape(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(byte.into());
            }
            _ => write!(out, "%{byte:02X}").unwrap_or_default(),
        }
    }
}

/// A random UUID, version 4.
fn token() -> String {
    let random = fastrand::u128(..);
    let random = random & !(0xf << 76) | (0x4 << 76);
    let random = random & !(0x3 << 62) | (0x2 << 62);
    let hex = format!("{random:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
