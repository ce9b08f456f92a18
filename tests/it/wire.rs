//! Requests to the emulated account without the SDK: for preparing a thousand accounts and asking
//! them what there is, in a fraction of the time.

use crate::account::{Account, HOME};
use crate::emulator::emulator;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A connection as an administrator of the account.
pub struct Wire {
    account: String,
    stream: BufReader<TcpStream>,
}

impl Wire {
    pub fn new(account: &Account) -> Self {
        Self::of(&account.id)
    }

    /// The same for an account by its number.
    pub fn of(account: &str) -> Self {
        let address = emulator().endpoint().replace("http://", "");
        let stream = TcpStream::connect(address).expect("the emulator runs");
        stream.set_nodelay(true).expect("a socket");
        Self { account: account.to_owned(), stream: BufReader::new(stream) }
    }

    /// The answer of an IAM operation, as XML.
    pub fn iam(&mut self, action: &str, parameters: &str) -> String {
        self.query("iam", "2010-05-08", action, parameters)
    }

    /// The answer of an SNS operation, as XML.
    pub fn sns(&mut self, action: &str, parameters: &str) -> String {
        self.query("sns", "2010-03-31", action, parameters)
    }

    /// The answer of an EC2 operation, as XML.
    pub fn ec2(&mut self, action: &str, parameters: &str) -> String {
        self.query("ec2", "2016-11-15", action, parameters)
    }

    fn query(&mut self, service: &str, version: &str, action: &str, parameters: &str) -> String {
        let body = format!("Action={action}&Version={version}{parameters}");
        let kind = "Content-Type: application/x-www-form-urlencoded";
        self.ask((service, HOME), "POST", "/", kind, &body)
    }

    /// A part of S3 Control: set, if a value is given, else as it is.
    pub fn s3control(&mut self, part: &str, set: Option<&str>) -> String {
        let method = if set.is_some() { "PUT" } else { "GET" };
        let path = format!("/v20180820/{part}");
        let header = format!("x-amz-account-id: {}", self.account);
        self.ask(("s3", HOME), method, &path, &header, set.unwrap_or_default())
    }

    /// Takes a part of S3 Control away.
    pub fn s3control_delete(&mut self, part: &str) -> String {
        let path = format!("/v20180820/{part}");
        let header = format!("x-amz-account-id: {}", self.account);
        self.ask(("s3", HOME), "DELETE", &path, &header, "")
    }

    /// The answer of S3 to a path with a query.
    pub fn s3(&mut self, method: &str, path: &str, body: &str) -> String {
        self.ask(("s3", HOME), method, path, "Accept: */*", body)
    }

    /// The answer of a service that speaks REST with JSON.
    pub fn rest(
        &mut self,
        service: &str,
        region: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> Value {
        let kind = "Content-Type: application/json";
        json(&self.ask((service, region), method, path, kind, body))
    }

    /// The answer of a service that speaks JSON with a target.
    pub fn json(&mut self, service: &str, region: &str, target: &str, input: Value) -> Value {
        let header = format!("Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: {target}");
        json(&self.ask((service, region), "POST", "/", &header, &input.to_string()))
    }

    fn ask(
        &mut self,
        (service, region): (&str, &str),
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> String {
        let (account, length) = (&self.account, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: emulator\r\n{headers}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/{service}\
             /aws4_request, SignedHeaders=host, Signature=0\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let sent = self.stream.get_mut().write_all(request.as_bytes());
        sent.expect("the emulator listens");
        self.answer()
    }

    fn answer(&mut self) -> String {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("a header");
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        String::from_utf8(body).expect("text")
    }
}

/// Many writes are answered by nothing.
fn json(text: &str) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    serde_json::from_str(text).unwrap_or_else(|cause| panic!("{cause}: {text}"))
}
