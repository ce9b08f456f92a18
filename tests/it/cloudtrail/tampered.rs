//! What an intruder or an accident does to the trail is seen and put back.

use super::{delivery, s3};
use crate::account::{Account, HOME, block_on};
use crate::emulator::emulator;
use crate::{iam, kms};
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::types::{EventSelector, ReadWriteType};
use serde_json::json;

/// The account with a log bucket and a trail that this baseline created, and a client to tamper
/// with it.
fn converged(settings: &str) -> (Account, Client) {
    let account = Account::with(&format!("[log_bucket]\n[cloudtrail]\n{settings}"));
    account.assert_converges();
    let client = block_on(async { Client::new(&account.sdk().await) });
    (account, client)
}

/// Whether drift sees the trail, and an apply puts it back.
fn is_seen(account: &Account, said: &str) {
    let _ = account.run(&["drift"]).exits(2).says("cloudtrail").says(said);
}

fn is_put_back(account: &Account, said: &str) {
    is_seen(account, said);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = account.run(&["drift"]).exits(0);
}

#[test]
fn what_blinds_the_trail_is_seen_and_put_back() {
    let (account, client) = converged("");
    let stranger = Account::new();
    block_on(async {
        let stolen = format!("stolen-{}", stranger.id);
        let s3_of = s3(&stranger).await;
        let create = s3_of.create_bucket().bucket(&stolen);
        create.send().await.expect("created");
        let open = delivery(&stolen, &account.id);
        let put = s3_of.put_bucket_policy().bucket(&stolen).policy(open.to_string());
        put.send().await.expect("set");
        let update = || client.update_trail().name("baseline");
        update().s3_bucket_name(&stolen).send().await.expect("moved");
        is_put_back(&account, &stolen);

        let other = format!("other-{}", account.id);
        let s3 = s3(&account).await;
        s3.create_bucket().bucket(&other).send().await.expect("created");
        let open = delivery(&other, &account.id);
        let put = s3.put_bucket_policy().bucket(&other).policy(open.to_string());
        put.send().await.expect("set");
        update().s3_bucket_name(&other).send().await.expect("moved");
        is_put_back(&account, &other);

        let logs = format!("baseline-logs-{}-{HOME}", account.id);
        let before = s3.get_bucket_policy().bucket(&logs).send().await.expect("read");
        let before = before.policy().expect("a policy").to_owned();
        let open = delivery(&logs, &account.id).to_string();
        let put = s3.put_bucket_policy().bucket(&logs).policy(open);
        put.send().await.expect("set");
        update().s3_key_prefix("hidden").send().await.expect("moved");
        let put = s3.put_bucket_policy().bucket(&logs).policy(before);
        put.send().await.expect("set");
        is_put_back(&account, "prefix is hidden");

        let single = update().is_multi_region_trail(false);
        single.send().await.expect("changed");
        is_put_back(&account, "multi_region is false");
        let unsigned = update().enable_log_file_validation(false);
        unsigned.send().await.expect("changed");
        is_put_back(&account, "log_file_validation is false");
    });
}

#[test]
fn management_events_that_are_left_out_are_seen() {
    let (account, client) = converged("");
    block_on(async {
        let put = |selector: EventSelector| {
            let put = client.put_event_selectors().trail_name("baseline");
            put.event_selectors(selector).send()
        };
        let without =
            |source: &str| EventSelector::builder().exclude_management_event_sources(source);
        put(without("kms.amazonaws.com").build()).await.expect("put");
        is_seen(&account, "leaves out the management events of kms.amazonaws.com");
        let reads = EventSelector::builder().read_write_type(ReadWriteType::ReadOnly);
        put(reads.build()).await.expect("put");
        is_seen(&account, "logs management events only in part: read");
    });
    let allowed = "[log_bucket]\n[cloudtrail]\nmanagement_events_except = [\"kms.amazonaws.com\"]";
    account.baseline(&account.in_one_region(allowed));
    block_on(async {
        let except = EventSelector::builder().exclude_management_event_sources("kms.amazonaws.com");
        let put = client.put_event_selectors().trail_name("baseline");
        let put = put.event_selectors(except.build());
        put.send().await.expect("put");
    });
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0);
}

/// Creates a log group: no client of this project does.
fn create_log_group(account: &Account, name: &str) {
    use std::io::{Read, Write};
    let endpoint = emulator().endpoint();
    let host = endpoint.trim_start_matches("http://");
    let body = json!({"logGroupName": name}).to_string();
    let (id, length) = (&account.id, body.len());
    let scope = format!("{id}/20260101/{HOME}/logs/aws4_request");
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\
         Content-Type: application/x-amz-json-1.1\r\n\
         X-Amz-Target: Logs_20140328.CreateLogGroup\r\nX-Amz-Date: 20260101T000000Z\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n\
         \r\n{body}"
    );
    let mut stream = std::net::TcpStream::connect(host).expect("the emulator listens");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_key_that_is_disabled_and_a_log_group_that_is_taken_away_are_seen() {
    let account = Account::with("");
    create_log_group(&account, "trail");
    block_on(async {
        let sdk = account.sdk().await;
        let client = Client::new(&sdk);
        let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}});
        iam::create_role(&account, "trail-logs", &trust);
        let key = kms::create(&account);
        let table = format!(
            "[log_bucket]\n[cloudtrail]\nkms_key = \"{}\"\n\
             cloudwatch_logs = {{ group = \"trail\", role = \"trail-logs\" }}",
            key.arn
        );
        account.baseline(&account.in_one_region(&table));
        account.assert_converges();
        let away = client.update_trail().name("baseline");
        let away = away.cloud_watch_logs_log_group_arn("").cloud_watch_logs_role_arn("");
        away.send().await.expect("taken away");
        is_put_back(&account, "cloudwatch_logs");
        key.disable(&account);
        is_seen(&account, "it is Disabled");
        // Without the key in the file, the key of the trail is judged all the same.
        account.baseline(&account.in_one_region("[log_bucket]\n[cloudtrail]"));
        is_seen(&account, "which encrypts the log files of trail baseline, is Disabled");
    });
}
