//! Every operation that goes through the door, compared with AWS's own models; and the parts of the
//! door that no model describes.

use super::request::request;
use super::{Nothing, Typed};
use crate::aws::operation::Grant;
use crate::aws::services::{self, EC2, Protocol, SNS};
use crate::aws::{Operation, enabled, is_read, keys};
use crate::controls;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::process::Command;

/// Every operation that is declared: those of the controls, and those that the engine shares.
fn declared() -> Vec<&'static Operation> {
    let shared = [
        &crate::aws::alias::LIST_ACCOUNT_ALIASES.operation,
        &enabled::LIST_REGIONS.operation,
        &enabled::DESCRIBE_REGIONS.operation,
        &keys::DESCRIBE_KEY.operation,
    ];
    let tests = controls::alerts::trial::OPERATIONS;
    let of_controls = controls::ALL
        .iter()
        .flat_map(|kind| kind.about.operations.iter().chain(kind.restores.iter()));
    let mut all: Vec<_> = shared.into_iter().chain(tests).chain(of_controls).collect();
    all.sort_by_key(|operation| (operation.service, operation.name));
    all.dedup_by_key(|operation| (operation.service, operation.name));
    all
}

/// What the check in Python needs to know of an operation.
fn described(operation: &'static Operation) -> Option<Value> {
    let wire = operation.wire.as_ref()?;
    let service = services::of(operation.service).expect("every operation has a service");
    let types = (wire.types)();
    let sent = request(operation, service.protocol, wire, types.input.clone());
    let sent = sent.expect("a full input makes a request");
    let headers: Map<String, Value> =
        sent.headers().iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let body = sent.body().bytes().unwrap_or_default();
    Some(json!({
        "service": service.name,
        "id": service.id,
        "signs": service.signs,
        "operation": operation.name,
        "is_read": is_read(operation.name),
        "input": types.input,
        "method": sent.method(),
        "uri": sent.uri(),
        "headers": headers,
        "body": String::from_utf8_lossy(body),
        "token": wire.token,
        "next": wire.next,
        "already": wire.already.iter().copied().chain(wire.already_when.map(|(code, _)| code)).collect::<Vec<_>>(),
        "answer": types.answer,
    }))
}

fn places() -> Vec<Value> {
    let regions = [
        "us-east-1",
        "eu-west-1",
        "us-gov-west-1",
        "us-gov-east-1",
        "cn-north-1",
        "cn-northwest-1",
        "eusc-de-east-1",
        "us-iso-east-1",
        "us-isob-east-1",
        "eu-isoe-west-1",
        "us-isof-south-1",
    ];
    let mut places = Vec::new();
    for service in services::ALL {
        for region in regions {
            for (fips, dual_stack) in [(false, false), (true, false), (false, true), (true, true)] {
                let (host, signs) = service.place(region, fips, dual_stack);
                places.push(json!({
                    "id": service.id, "region": region, "fips": fips, "dual_stack": dual_stack,
                    "host": host, "signs": signs,
                }));
            }
        }
    }
    places
}

/// Runs `python -m emulator.models` on operations and places.
/// Tests run in the project's folder.
fn compared(operations: Vec<Value>, places: Vec<Value>) -> (bool, String) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let asked = json!({"operations": operations, "places": places});
    std::fs::write(file.path(), asked.to_string()).expect("written");
    let output = Command::new(std::path::absolute(".venv/bin/python").expect("a path"))
        .args(["-m", "emulator.models"])
        .arg(file.path())
        .current_dir("tests")
        .output()
        .expect("./test installs Python's packages into .venv");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said + &failed)
}

#[test]
fn every_operation_and_every_host_is_as_the_official_models_say() {
    let operations: Vec<Value> = declared().into_iter().filter_map(described).collect();
    assert!(!operations.is_empty());
    let (fine, said) = compared(operations, places());
    assert!(fine, "{said}");
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wrong {
    vpc_ids: Vec<String>,
    max_result: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only their names and kinds matter")]
struct WrongAnswer {
    vpcs: Option<Vec<String>>,
    next_token: u64,
}

const WRONG: Typed<Wrong, WrongAnswer> = Typed::new(&EC2, "DescribeVpcs", &[])
    .paged("NextToken", "NextToken")
    .already(&["NeverAnswered"]);

#[test]
fn the_comparison_finds_what_is_wrong() {
    let (fine, said) = compared(vec![described(&WRONG.operation).expect("a wire")], Vec::new());
    assert!(!fine);
    for fault in [
        "MaxResult",
        "the answer has no .vpcs",
        "nextToken of the answer is a string",
        "pages by",
        "NeverAnswered",
    ] {
        assert!(said.contains(fault), "{fault}: {said}");
    }
    let elsewhere = json!({
        "id": "SNS", "region": "us-gov-west-1", "fips": true, "dual_stack": false,
        "host": "sns-fips.us-gov-west-1.amazonaws.com", "signs": "us-gov-west-1",
    });
    let (fine, said) = compared(Vec::new(), vec![elsewhere]);
    assert!(!fine && said.contains("sns.us-gov-west-1"), "{said}");
}

const GRANTS: &[Grant] = &[];
const PUT: Typed<Map<String, Value>> =
    Typed::rest(&SNS, "Put", "PUT /of/{Name}?part={Part}&list", GRANTS)
        .named(&[("Filters", "Filter")])
        .token("Token");

fn sent(protocol: Protocol, input: Value) -> (String, String) {
    let Value::Object(input) = input else { panic!("an object") };
    let wire = PUT.operation.wire.as_ref().expect("a wire");
    let sent = request(&PUT.operation, protocol, wire, input).expect("a request");
    let body = String::from_utf8_lossy(sent.body().bytes().unwrap_or_default()).into_owned();
    (sent.uri().to_owned(), body)
}

#[test]
fn members_go_where_the_template_names_them_and_the_rest_into_the_body() {
    let input = json!({"Name": "a/b ü", "Part": ["x", "y&"], "Token": "t", "Rest": {"A": 1}});
    let (uri, body) = sent(Protocol::RestJson, input);
    assert_eq!(uri, "/of/a%2Fb%20%C3%BC?part=x&part=y%26&list=");
    assert_eq!(body, r#"{"Token":"t","Rest":{"A":1}}"#);
}

#[test]
fn lists_are_numbered_as_each_query_protocol_does() {
    let input =
        json!({"Name": "n", "Token": "t", "Tags": [{"Key": "k"}], "Filters": ["f"], "None": []});
    let (_, query) = sent(Protocol::Query("v"), input.clone());
    assert_eq!(query, "Action=Put&Version=v&Token=t&Tags.member.1.Key=k&Filter.1=f&None=");
    let (_, ec2) = sent(Protocol::Ec2("v"), input);
    assert_eq!(ec2, "Action=Put&Version=v&Token=t&Tags.1.Key=k&Filter.1=f");
}

#[test]
fn a_token_is_made_once_for_a_call_that_brings_none() {
    let tokens = [(), ()].map(|()| sent(Protocol::RestJson, json!({"Name": "n"})).1);
    assert_ne!(tokens[0], tokens[1]);
    let token: Value = serde_json::from_str(&tokens[0]).expect("JSON");
    assert_eq!(token["Token"].as_str().map(str::len), Some(36));
}

#[test]
fn a_path_is_never_sent_without_what_it_names() {
    let wire = PUT.operation.wire.as_ref().expect("a wire");
    for input in [json!({}), json!({"Name": ""})] {
        let Value::Object(input) = input else {
            continue;
        };
        let failed = request(&PUT.operation, Protocol::RestJson, wire, input);
        assert!(failed.is_err_and(|cause| cause.to_string().contains("Name")));
    }
}

#[test]
fn members_that_are_null_are_neither_shown_nor_sent() {
    let input = json!({"A": null, "B": [{"C": null, "D": 1}], "E": false});
    assert_eq!(Value::Object(super::typed::members(&input)), json!({"B": [{"D": 1}], "E": false}));
    assert!(super::typed::members(&Nothing {}).is_empty());
}
