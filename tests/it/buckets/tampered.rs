//! A policy that somebody weakens behind the tool: drift names the bucket, move by move.

use super::setup::{create, policy, s3};
use crate::account::{Account, block_on};
use serde_json::{Value, json};

const HOME: &str = "us-east-1";
const STRANGER: &str = "444455556666";

/// The bucket's own statements, and what drift must say of each move.
type Move = (&'static str, fn(&mut Value), &'static str);

fn statement<'a>(policy: &'a mut Value, sid: &str) -> &'a mut Value {
    let statements = policy["Statement"].as_array_mut().expect("a list");
    let mut named = statements.iter_mut().filter(|own| own["Sid"] == sid);
    named.next().expect("the statement")
}

fn remove(statement: &mut Value, key: &str) {
    statement.as_object_mut().expect("a table").remove(key);
}

fn add(policy: &mut Value, statement: Value) {
    policy["Statement"].as_array_mut().expect("a list").push(statement);
}

fn resource(policy: &mut Value) -> Value {
    statement(policy, "Site")["Resource"].clone()
}

const TLS: &str = "BaselineDenyInsecureTransport";

/// Each on the policy as apply left it.
const MOVES: &[Move] = &[
    (
        "a principal widened",
        |policy| statement(policy, "Readers")["Principal"] = json!("*"),
        "statement Readers allows anyone",
    ),
    (
        "a principal added",
        |policy| statement(policy, "Readers")["Principal"] = json!({"AWS": STRANGER}),
        "statement Readers allows 444455556666",
    ),
    (
        "the account of a made-up attacker that is also Redshift's",
        |policy| {
            statement(policy, "Readers")["Principal"] =
                json!({"AWS": "arn:aws:iam::193672423079:root"})
        },
        "statement Readers allows 193672423079",
    ),
    (
        "all but one principal",
        |policy| {
            let readers = statement(policy, "Readers");
            remove(readers, "Principal");
            readers["NotPrincipal"] = json!({"AWS": STRANGER});
        },
        "statement Readers allows anyone",
    ),
    (
        "a condition removed",
        |policy| remove(statement(policy, "Site"), "Condition"),
        "statement Site allows cloudfront.amazonaws.com on behalf of any account",
    ),
    (
        "a condition that an absent key passes",
        |policy| {
            let site = statement(policy, "Site");
            site["Condition"] = json!({"StringEqualsIfExists": site["Condition"]["StringEquals"]});
        },
        "statement Site allows cloudfront.amazonaws.com on behalf of any account",
    ),
    (
        "another account's distribution",
        |policy| {
            statement(policy, "Site")["Condition"]["StringEquals"]["AWS:SourceArn"] =
                json!("arn:aws:cloudfront::444455556666:distribution/E1");
        },
        "statement Site allows cloudfront.amazonaws.com on behalf of 444455556666",
    ),
    (
        "everything but an action",
        |policy| {
            let readers = statement(policy, "Readers");
            remove(readers, "Action");
            readers["NotAction"] = json!("s3:DeleteBucket");
            readers["Principal"] = json!("*");
        },
        "statement Readers allows anyone: everything but s3:DeleteBucket",
    ),
    (
        "our Deny for objects only",
        |policy| {
            let arn = statement(policy, TLS)["Resource"][1].clone();
            statement(policy, TLS)["Resource"] = arn;
        },
        "ssl_only",
    ),
    (
        "our Deny for an action only",
        |policy| statement(policy, TLS)["Action"] = json!("s3:PutObject"),
        "ssl_only",
    ),
    (
        "our Deny for all actions but one",
        |policy| {
            let tls = statement(policy, TLS);
            remove(tls, "Action");
            tls["NotAction"] = json!("s3:GetObject");
        },
        "ssl_only",
    ),
    (
        "our Deny turned into an Allow",
        |policy| statement(policy, TLS)["Effect"] = json!("Allow"),
        "ssl_only",
    ),
    (
        "our Deny with a condition that never holds",
        |policy| {
            statement(policy, TLS)["Condition"]["StringEquals"] =
                json!({"aws:PrincipalAccount": "000000000000"});
        },
        "ssl_only",
    ),
    (
        "our Deny for one principal",
        |policy| statement(policy, TLS)["Principal"] = json!({"AWS": STRANGER}),
        "ssl_only",
    ),
    (
        "our Deny for what is encrypted",
        |policy| {
            statement(policy, TLS)["Condition"] = json!({"Bool": {"aws:SecureTransport": "true"}})
        },
        "ssl_only",
    ),
    (
        "our Deny taken out",
        |policy| {
            let statements = policy["Statement"].as_array_mut().expect("a list");
            statements.retain(|own| own["Sid"] != TLS);
        },
        "ssl_only",
    ),
    (
        "an Allow under a Sid that looks like ours",
        |policy| {
            let resource = resource(policy);
            add(
                policy,
                json!({"Sid": format!("{TLS}2"), "Effect": "Allow", "Principal": {"AWS": STRANGER},
            "Action": "s3:*", "Resource": resource}),
            );
        },
        "444455556666",
    ),
    (
        "a service without a source",
        |policy| {
            let resource = resource(policy);
            add(
                policy,
                json!({"Sid": "Delivery", "Effect": "Allow", "Action": "s3:PutObject",
            "Principal": {"Service": "delivery.logs.amazonaws.com"}, "Resource": resource}),
            );
        },
        "statement Delivery allows delivery.logs.amazonaws.com on behalf of any account",
    ),
    (
        "logs of another account",
        |policy| {
            let resource = resource(policy);
            add(
                policy,
                json!({"Sid": "Trails", "Effect": "Allow", "Action": "s3:PutObject",
            "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Resource": resource,
            "Condition": {"StringEquals": {"aws:SourceAccount": STRANGER}}}),
            );
        },
        "statement Trails allows cloudtrail.amazonaws.com on behalf of 444455556666",
    ),
];

#[test]
fn every_way_to_weaken_a_policy_is_drift_that_names_the_bucket() {
    let account = Account::with(
        "[[buckets]]\nmatch = [\"*\"]\nssl_only = true\nshared_with = []\nsound_policy = true",
    );
    let bucket = format!("data-{}", account.id);
    let arn = format!("arn:aws:s3:::{bucket}/*");
    let distribution = format!("arn:aws:cloudfront::{}:distribution/E1", account.id);
    let theirs = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Readers", "Effect": "Allow", "Principal": {"AWS": account.id},
            "Action": "s3:GetObject", "Resource": arn},
        {"Sid": "Site", "Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "s3:GetObject", "Resource": arn,
            "Condition": {"StringEquals": {"AWS:SourceArn": distribution}}}]});
    let put = async |policy: &Value| {
        let request = s3(&account, HOME).await.put_bucket_policy().bucket(&bucket);
        let answer = request.policy(policy.to_string()).send().await;
        answer.unwrap_or_else(|error| panic!("{policy}: {error:?}"));
    };
    block_on(async {
        create(&account, &bucket, HOME).await;
        let s3 = s3(&account, HOME).await;
        // The moves are seen where nothing else stops them.
        let opened = s3.delete_public_access_block().bucket(&bucket);
        opened.send().await.expect("opened");
        put(&theirs).await;
    });
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let converged = block_on(policy(&account, &bucket, HOME)).expect("a policy");
    let _ = account.run(&["drift"]).exits(0);
    for (what, weaken, says) in MOVES {
        let mut weakened = converged.clone();
        weaken(&mut weakened);
        block_on(put(&weakened));
        let run = account.run(&["drift"]);
        assert_eq!(run.code, 2, "{what}: {}{}", run.stdout, run.stderr);
        let told = run.stdout.contains(&bucket) && run.stdout.contains(says);
        assert!(told, "{what}: {says:?} is not in\n{}", run.stdout);
    }
    // What is ours is put right by one apply; what is theirs stays for a person.
    block_on(put(&converged));
    let _ = account.run(&["drift"]).exits(0);
}
