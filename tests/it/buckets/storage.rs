//! Encryption, versions, lifecycle rules, object lock and tags: what others set stays.

use super::setup::{age, create, s3};
use crate::account::{Account, block_on};
use crate::kms;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BlockedEncryptionTypes, BucketLifecycleConfiguration,
    EncryptionType, ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter,
    NoncurrentVersionExpiration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging,
};
use serde_json::json;

fn guarded(guardrail: &str) -> Account {
    Account::with(&format!("[[buckets]]\nmatch = [\"*\"]\n{guardrail}"))
}

#[test]
fn a_bucket_gets_its_key_by_arn_and_keeps_what_else_the_rule_holds() {
    let account = guarded("encryption = { kms = \"alias/data\", bucket_key = true }");
    let bucket = format!("a-{}", account.id);
    block_on(async {
        create(&account, &bucket, "us-east-1").await;
        let s3 = s3(&account, "us-east-1").await;
        let blocked = BlockedEncryptionTypes::builder().encryption_type(EncryptionType::SseC);
        let default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::Aes256)
            .build();
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(default.expect("a default"))
            .blocked_encryption_types(blocked.build())
            .build();
        let rules = ServerSideEncryptionConfiguration::builder().rules(rule).build();
        let request = s3.put_bucket_encryption().bucket(&bucket);
        let request = request.server_side_encryption_configuration(rules.expect("a rule"));
        request.send().await.expect("encrypted");
        let key = kms::with_alias(&account, "alias/data");
        account.assert_converges();
        let answer = s3.get_bucket_encryption().bucket(&bucket).send().await;
        let found = answer.expect("read").server_side_encryption_configuration;
        let rule = &found.expect("a configuration").rules[0];
        let default = rule.apply_server_side_encryption_by_default.as_ref().expect("it");
        assert_eq!(default.sse_algorithm, ServerSideEncryption::AwsKms);
        assert_eq!(default.kms_master_key_id.as_deref(), Some(&*key.arn));
        assert_eq!(rule.bucket_key_enabled, Some(true));
        let blocked = rule.blocked_encryption_types.as_ref().expect("kept");
        assert_eq!(blocked.encryption_type(), [EncryptionType::SseC]);
    });
}

#[test]
fn a_key_that_is_not_there_or_cannot_be_used_is_a_finding() {
    let account = guarded("encryption = { kms = \"alias/data\" }");
    let bucket = format!("a-{}", account.id);
    block_on(create(&account, &bucket, "us-east-1"));
    let before = account.writes().len();
    let run = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = run.says("there is no key alias/data in us-east-1");
    block_on(async {
        let key = kms::with_alias(&account, "alias/data");
        key.disable(&account);
    });
    let run = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = run.says("the key alias/data is Disabled");
    assert!(!account.writes()[before..].contains(&"s3:PutBucketEncryption".to_owned()));
    account.faults(json!([{"operation": "DescribeKey", "action": "denied", "count": null}]));
    let _ = account.run(&["plan"]).exits(4).says("kms:DescribeKey");
}

#[test]
fn lifecycle_rules_of_others_stay_in_their_place_with_every_member() {
    let account =
        guarded("versioning = true\nnoncurrent_days = 30\nabort_incomplete_uploads_days = 7");
    let bucket = format!("a-{}", account.id);
    block_on(async {
        create(&account, &bucket, "us-east-1").await;
        let s3 = s3(&account, "us-east-1").await;
        let abort = AbortIncompleteMultipartUpload::builder().days_after_initiation(20);
        let versions =
            NoncurrentVersionExpiration::builder().noncurrent_days(90).newer_noncurrent_versions(3);
        let theirs = LifecycleRule::builder()
            .id("theirs")
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().object_size_greater_than(5).build())
            .abort_incomplete_multipart_upload(abort.build())
            .noncurrent_version_expiration(versions.build())
            .build()
            .expect("a rule");
        let rules = BucketLifecycleConfiguration::builder().rules(theirs.clone()).build();
        let request = s3.put_bucket_lifecycle_configuration().bucket(&bucket);
        let request = request.lifecycle_configuration(rules.expect("rules"));
        request.send().await.expect("put");
        account.assert_converges();
        let request = s3.get_bucket_lifecycle_configuration().bucket(&bucket);
        let rules = request.send().await.expect("read").rules.expect("rules");
        let names: Vec<_> = rules.iter().filter_map(|rule| rule.id()).collect();
        let wanted = ["theirs", "baseline-noncurrent-versions", "baseline-incomplete-uploads"];
        assert_eq!(names, wanted);
        assert_eq!(rules[0], theirs);
        let versioning = s3.get_bucket_versioning().bucket(&bucket).send().await;
        let status = versioning.expect("read").status.expect("a status");
        assert_eq!(status.as_str(), "Enabled");
    });
}

#[test]
fn object_lock_is_told_first_and_set_only_when_it_is_accepted() {
    let lock = |accept: &str| {
        format!("versioning = true\nobject_lock = {{ mode = \"governance\", days = 30{accept} }}")
    };
    let account = guarded(&lock(""));
    let bucket = format!("a-{}", account.id);
    block_on(create(&account, &bucket, "us-east-1"));
    let before = account.writes().len();
    let run = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = run.says("can never be switched off again");
    assert_eq!(account.writes()[before..], ["s3:PutBucketVersioning"]);
    let guardrail = lock(", accept_irreversible = true");
    account.baseline(&account.in_one_region(&format!("[[buckets]]\nmatch = [\"*\"]\n{guardrail}")));
    account.assert_converges();
    let guardrail = guardrail.replace("30", "10").replace(", accept_irreversible = true", "");
    account.baseline(&account.in_one_region(&format!("[[buckets]]\nmatch = [\"*\"]\n{guardrail}")));
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0).says("No changes.");
}

#[test]
fn tags_are_given_beside_those_of_others() {
    let account = guarded("tags = { owner = \"data\", \"cost-center\" = \"7\" }");
    let bucket = format!("a-{}", account.id);
    block_on(async {
        create(&account, &bucket, "us-east-1").await;
        let s3 = s3(&account, "us-east-1").await;
        let tag =
            |key: &str, value: &str| Tag::builder().key(key).value(value).build().expect("a tag");
        let tags = Tagging::builder().tag_set(tag("theirs", "1")).tag_set(tag("owner", "x"));
        let request = s3.put_bucket_tagging().bucket(&bucket);
        let request = request.tagging(tags.build().expect("tags"));
        request.send().await.expect("tagged");
        account.assert_converges();
        let found = s3.get_bucket_tagging().bucket(&bucket).send().await.expect("read");
        let mut found: Vec<_> = found.tag_set.iter().map(|tag| (tag.key(), tag.value())).collect();
        found.sort_unstable();
        assert_eq!(found, [("cost-center", "7"), ("owner", "data"), ("theirs", "1")]);
    });
}

#[test]
fn a_conflict_with_another_write_to_the_bucket_is_waited_out() {
    let account = guarded("versioning = true\nencryption = \"s3\"\nssl_only = true");
    let bucket = format!("a-{}", account.id);
    block_on(create(&account, &bucket, "us-east-1"));
    account.faults(json!([{"operation": "PutBucketVersioning", "action": "error", "status": 409,
        "code": "OperationAborted", "message": "A conflicting conditional operation is in progress."}]));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0).says("1 change made");
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_denied_read_hides_its_bucket_and_no_other() {
    let account = guarded("versioning = true\ntags = { a = \"b\" }");
    let id = &account.id;
    block_on(async {
        create(&account, &format!("a-{id}"), "us-east-1").await;
        create(&account, &format!("b-{id}"), "eu-west-1").await;
    });
    account.faults(json!([{"operation": "GetBucketTagging", "region": "eu-west-1",
        "action": "denied", "count": null}]));
    let run = account.run(&["apply", "--auto-approve"]).exits(4);
    let _ = run.says("s3:GetBucketTagging").says("1 change made");
}

#[test]
fn a_bucket_that_is_deleted_while_it_is_looked_at_is_said_to_be_gone() {
    let account = guarded("versioning = true");
    block_on(create(&account, &format!("a-{}", account.id), "us-east-1"));
    account.faults(json!([{"operation": "GetBucketVersioning", "action": "error", "status": 404,
        "code": "NoSuchBucket", "message": "The specified bucket does not exist", "count": null}]));
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0).says("was deleted");
}

#[test]
fn a_run_is_taken_back_and_what_others_have_stays() {
    let account = guarded(
        "public_access_block = true\nownership = \"enforced\"\nencryption = { kms = \"alias/data\" }\n\
         versioning = true\nnoncurrent_days = 30\ntags = { owner = \"data\" }",
    );
    let bucket = format!("a-{}", account.id);
    block_on(async {
        create(&account, &bucket, "us-east-1").await;
        let s3 = s3(&account, "us-east-1").await;
        age(&s3, &bucket).await;
        kms::with_alias(&account, "alias/data");
        let _ = account.run(&["apply", "--auto-approve"]).exits(0);
        let _ = account.run(&["drift"]).exits(0);
        let history = account.run(&["history", "--json"]).exits(0).json();
        let run = history["runs"][0]["began"]["run"].as_str().expect("a run").to_owned();
        let undo = ["undo", run.as_str(), "--auto-approve", "--allow-loosening", "buckets"];
        let _ = account.run(&undo).exits(0);
        let block = s3.get_public_access_block().bucket(&bucket).send().await;
        let block = block.expect("read").public_access_block_configuration;
        assert_eq!(block.and_then(|block| block.ignore_public_acls), Some(false));
        let rule = s3.get_bucket_ownership_controls().bucket(&bucket).send().await;
        let rule = rule.expect("read").ownership_controls.expect("controls").rules.remove(0);
        assert_eq!(rule.object_ownership.as_str(), "ObjectWriter");
        let rules = s3.get_bucket_encryption().bucket(&bucket).send().await;
        let rules = rules.expect("read").server_side_encryption_configuration;
        let rule = rules.expect("a configuration").rules.remove(0);
        let default = rule.apply_server_side_encryption_by_default.expect("it");
        assert_eq!(default.sse_algorithm, ServerSideEncryption::Aes256);
        let status = s3.get_bucket_versioning().bucket(&bucket).send().await;
        let status = status.expect("read").status.expect("a status");
        assert_eq!(status.as_str(), "Suspended");
        let rules = s3.get_bucket_lifecycle_configuration().bucket(&bucket);
        assert!(rules.send().await.is_err(), "the rules are gone");
    });
    account.assert_valid_requests();
}

#[test]
fn what_this_version_does_not_know_is_not_written_away() {
    let account =
        guarded("abort_incomplete_uploads_days = 7\nencryption = { kms = \"alias/data\" }");
    let bucket = format!("a-{}", account.id);
    block_on(async {
        create(&account, &bucket, "us-east-1").await;
        kms::with_alias(&account, "alias/data");
    });
    account.faults(json!([{"service": "s3", "action": "extra_members", "count": null}]));
    let before = account.writes().len();
    let run = account.run(&["apply", "--auto-approve"]).exits(0);
    let _ = run.says("which this version of baseline would lose");
    let written = account.writes().split_off(before);
    assert!(!written.contains(&"s3:PutBucketEncryption".to_owned()), "{written:?}");
}

#[test]
fn a_rule_of_the_older_form_is_sent_in_todays_form_beside_ours() {
    let account =
        guarded("abort_incomplete_uploads_days = 7\nversioning = true\nnoncurrent_days = 30");
    let bucket = format!("legacy-{}", account.id);
    block_on(async {
        create(&account, &bucket, "us-east-1").await;
        let s3 = s3(&account, "us-east-1").await;
        #[expect(deprecated, reason = "the older form is what such buckets have")]
        let older = LifecycleRule::builder().id("tmp").prefix("tmp/");
        let older = older
            .status(ExpirationStatus::Enabled)
            .expiration(LifecycleExpiration::builder().days(3).build())
            .build();
        let rules = BucketLifecycleConfiguration::builder().rules(older.expect("a rule"));
        let put = s3.put_bucket_lifecycle_configuration().bucket(&bucket);
        let put = put.lifecycle_configuration(rules.build().expect("rules"));
        put.send().await.expect("put");
        account.assert_converges();
        let prefixes = || async {
            let read = s3.get_bucket_lifecycle_configuration().bucket(&bucket).send().await;
            let rules = read.expect("rules").rules.unwrap_or_default();
            let prefix = |rule: LifecycleRule| rule.filter.and_then(|filter| filter.prefix);
            rules.into_iter().filter_map(prefix).collect::<Vec<_>>()
        };
        assert_eq!(prefixes().await, ["tmp/", "", ""]);
        let history = account.run(&["history", "--json"]).exits(0).json();
        let run = history["runs"][0]["began"]["run"].as_str().expect("a name");
        let _ =
            account.run(&["undo", run, "--auto-approve", "--allow-loosening", "buckets"]).exits(0);
        assert_eq!(prefixes().await, ["tmp/"]);
    });
}

#[test]
fn an_entry_that_matches_nothing_is_told_and_changes_no_exit_code() {
    let account = Account::with("[[buckets]]\nmatch = [\"acme-*\", \"acmee\"]\nversioning = true");
    let text = "matches nothing: [[buckets]] match acme-* acmee";
    let _ = account.run(&["plan", "--detailed-exitcode"]).exits(0).says(text);
    block_on(create(&account, &format!("acme-{}", account.id), "us-east-1"));
    let run = account.run(&["plan"]).exits(0);
    assert!(!run.stdout.contains("matches nothing"), "{}", run.stdout);
}

#[test]
fn a_key_that_is_there_and_no_longer_serves_is_a_finding() {
    let account = guarded("encryption = \"s3\"");
    let bucket = format!("keyed-{}", account.id);
    block_on(async {
        create(&account, &bucket, "us-east-1").await;
        let key = kms::with_alias(&account, "alias/data");
        let default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::AwsKms)
            .kms_master_key_id(&key.arn);
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(default.build().expect("a default"));
        let rules = ServerSideEncryptionConfiguration::builder().rules(rule.build());
        let put = s3(&account, "us-east-1").await.put_bucket_encryption().bucket(&bucket);
        let put = put.server_side_encryption_configuration(rules.build().expect("a rule"));
        put.send().await.expect("put");
        let _ = account.run(&["drift"]).exits(0);
        key.disable(&account);
        let _ = account.run(&["drift"]).exits(2).says("which is Disabled");
    });
}
