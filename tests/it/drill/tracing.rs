//! Moves against Amazon Detective and AWS X-Ray.

use super::{Drill, Intruder, STRANGER, nothing};
use serde_json::{Value, json};

fn detective(intruder: &mut Intruder, path: &str, input: Value) -> Value {
    intruder.rest("detective", "POST", path, input)
}

/// The account's own graph.
fn graph(intruder: &mut Intruder) -> Value {
    let listed = detective(intruder, "/graphs/list", json!({}));
    json!({"GraphArn": listed["GraphList"][0]["Arn"]})
}

const THEIR_GRAPH: &str =
    "arn:aws:detective:us-east-1:999999999999:graph:0123456789abcdef0123456789abcdef";

/// A graph of another account takes this one in, or asks to.
fn membership(intruder: &mut Intruder, administrator: &str, status: &str, kind: &str) {
    let membership = json!({
        "AdministratorId": administrator, "GraphArn": THEIR_GRAPH, "Status": status,
        "InvitationType": kind,
    });
    let all = json!({"detective_invitations": {"us-east-1": [membership]}});
    intruder.admin("account", all);
}

fn invited(intruder: &mut Intruder) {
    membership(intruder, STRANGER, "INVITED", "INVITATION");
}

fn a_member(intruder: &mut Intruder) {
    membership(intruder, "777777777777", "ENABLED", "INVITATION");
}

fn a_graph_with_a_member(intruder: &mut Intruder) {
    detective(intruder, "/graph", json!({}));
    let mut input = graph(intruder);
    input["Accounts"] = json!([{"AccountId": "777777777777", "EmailAddress": "a@example.com"}]);
    detective(intruder, "/graph/members", input);
}

fn xray(intruder: &mut Intruder, path: &str, input: Value) {
    intruder.rest("xray", "POST", path, input);
}

fn kms(intruder: &mut Intruder, operation: &str, input: Value) -> Value {
    intruder.json("kms", &format!("TrentService.{operation}"), input)
}

fn a_key(intruder: &mut Intruder) {
    let key = kms(intruder, "CreateKey", json!({}));
    let id = key["KeyMetadata"]["KeyId"].clone();
    let alias = json!({"AliasName": "alias/traces", "TargetKeyId": id});
    kms(intruder, "CreateAlias", alias);
}

fn policy(intruder: &mut Intruder, name: &str, principal: Value) {
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "Traces", "Effect": "Allow", "Principal": principal,
        "Action": "xray:*", "Resource": "*",
    }]});
    let input = json!({"PolicyName": name, "PolicyDocument": policy.to_string()});
    xray(intruder, "/PutResourcePolicy", input);
}

fn a_key_and_a_policy(intruder: &mut Intruder) {
    a_key(intruder);
    policy(intruder, "own", json!({"AWS": intruder.account.clone()}));
}

pub const DRILLS: &[Drill] = &[
    Drill {
        control: "detective",
        tables: "[detective]\nmembers = [\"777777777777\"]\npackages = [\"EKS_AUDIT\"]",
        before: a_graph_with_a_member,
        moves: &[
            ("the graph is deleted", |intruder| {
                let graph = graph(intruder);
                detective(intruder, "/graph/removal", graph);
            }),
            ("the graph is deleted and another begun", |intruder| {
                let old = graph(intruder);
                detective(intruder, "/graph/removal", old);
                detective(intruder, "/graph", json!({}));
            }),
            ("a member is taken out", |intruder| {
                let mut input = graph(intruder);
                input["AccountIds"] = json!(["777777777777"]);
                detective(intruder, "/graph/members/removal", input);
            }),
        ],
    },
    Drill {
        control: "detective",
        tables: "[detective]",
        before: invited,
        moves: &[("the intruder's graph takes the account in", |intruder| {
            let input = json!({"GraphArn": THEIR_GRAPH});
            intruder.rest("detective", "PUT", "/invitation", input);
        })],
    },
    Drill {
        control: "detective",
        tables: "[detective]\nadministrator = \"777777777777\"",
        before: a_member,
        moves: &[
            ("the member leaves its administrator", |intruder| {
                let input = json!({"GraphArn": THEIR_GRAPH});
                detective(intruder, "/membership/removal", input);
            }),
            ("its administrator takes nothing in any more", |intruder| {
                membership(intruder, "777777777777", "ACCEPTED_BUT_DISABLED", "INVITATION");
            }),
        ],
    },
    Drill {
        control: "xray",
        tables: "[xray]\nkms_key = \"alias/traces\"\nresource_policies = [\"own\"]",
        before: a_key_and_a_policy,
        moves: &[
            ("traces are encrypted with AWS's key again", |intruder| {
                xray(intruder, "/PutEncryptionConfig", json!({"Type": "NONE"}));
            }),
            ("traces are encrypted with a key of the intruder's", |intruder| {
                let key = format!("arn:aws:kms:us-east-1:{STRANGER}:key/theirs");
                xray(intruder, "/PutEncryptionConfig", json!({"Type": "KMS", "KeyId": key}));
            }),
            ("the key is disabled", |intruder| {
                let found = kms(intruder, "DescribeKey", json!({"KeyId": "alias/traces"}));
                let id = found["KeyMetadata"]["KeyId"].clone();
                kms(intruder, "DisableKey", json!({"KeyId": id}));
            }),
            ("the alias stands for another key", |intruder| {
                let key = kms(intruder, "CreateKey", json!({}));
                let id = key["KeyMetadata"]["KeyId"].clone();
                let input = json!({"AliasName": "alias/traces", "TargetKeyId": id});
                kms(intruder, "UpdateAlias", input);
            }),
            ("a declared policy lets the intruder's account in", |intruder| {
                policy(intruder, "own", json!({"AWS": STRANGER}));
            }),
        ],
    },
    Drill {
        control: "xray",
        tables: "[xray]",
        before: nothing,
        moves: &[
            ("a policy lets the intruder's account in", |intruder| {
                policy(intruder, "more", json!({"AWS": STRANGER}));
            }),
            ("traces go elsewhere", |intruder| {
                let input = json!({"Destination": "CloudWatchLogs"});
                xray(intruder, "/UpdateTraceSegmentDestination", input);
            }),
            ("traces are encrypted with a key that nobody but the intruder has", |intruder| {
                let key = format!("arn:aws:kms:us-east-1:{STRANGER}:key/theirs");
                xray(intruder, "/PutEncryptionConfig", json!({"Type": "KMS", "KeyId": key}));
            }),
        ],
    },
];
