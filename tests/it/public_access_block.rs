//! public_access_block, through the binary.

use crate::account::{Account, block_on};
use crate::emulator::emulator;
use aws_sdk_s3control::types::PublicAccessBlockConfiguration;
use serde_json::json;

#[test]
fn all_four_are_switched_on_once() {
    Account::with("[public_access_block]").assert_converges();
}

#[test]
fn flags_that_the_baseline_leaves_alone_stay() {
    let account = Account::with(
        "[public_access_block]\nignore_public_acls = \"unmanaged\"\n\
         restrict_public_buckets = \"unmanaged\"",
    );
    block_on(async {
        let config = aws_sdk_s3control::config::Builder::from(&account.sdk().await);
        let config = config.endpoint_resolver(Endpoint(emulator().endpoint())).build();
        let client = aws_sdk_s3control::Client::from_conf(config);
        let before = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(false)
            .build();
        let put = client.put_public_access_block().account_id(&account.id);
        put.public_access_block_configuration(before).send().await.expect("put");
        account.assert_converges();
        let answer = client.get_public_access_block().account_id(&account.id).send().await;
        let after = answer.expect("read").public_access_block_configuration.expect("a block");
        assert_eq!(after.block_public_acls, Some(true));
        assert_eq!(after.ignore_public_acls, Some(false));
        assert_eq!(after.block_public_policy, Some(true));
        assert_eq!(after.restrict_public_buckets, Some(false));
    });
}

/// The emulator, without the account's id before its name.
#[derive(Debug)]
pub struct Endpoint(pub String);

impl aws_sdk_s3control::config::endpoint::ResolveEndpoint for Endpoint {
    fn resolve_endpoint<'a>(
        &'a self,
        _: &'a aws_sdk_s3control::config::endpoint::Params,
    ) -> aws_smithy_runtime_api::client::endpoint::EndpointFuture<'a> {
        let endpoint = aws_smithy_types::endpoint::Endpoint::builder().url(self.0.clone()).build();
        aws_smithy_runtime_api::client::endpoint::EndpointFuture::ready(Ok(endpoint))
    }
}

#[test]
fn what_the_organization_has_switched_on_is_as_wanted_without_a_write() {
    let account = Account::with("[public_access_block]");
    let set = json!({"account": account.id, "public_access_block_by_organization": true});
    emulator().admin("account", set);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0).says("No changes.");
    assert!(account.writes().is_empty());
}

#[test]
fn what_the_organization_has_switched_off_is_said_and_not_fought() {
    let account = Account::with("[public_access_block]");
    let policy =
        json!({"S3_POLICY": {"s3_attributes": {"public_access_block_configuration": "none"}}});
    let set = json!({
        "account": account.id,
        "public_access_block_by_organization": false,
        "effective_policies": policy,
    });
    emulator().admin("account", set);
    let _ = account.run(&["drift"]).exits(2).says("S3 policy leaves public access open");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    assert!(account.writes().is_empty());
}

#[test]
fn a_refusal_by_the_organization_at_the_last_moment_is_said_so() {
    let account = Account::with("[public_access_block]");
    let set = json!({"account": account.id, "public_access_block_by_organization": false});
    emulator().admin("account", set);
    let _ = account.run(&["apply", "--auto-approve"]).exits(3).says("organization's S3 policy");
}

#[test]
fn whose_the_block_is_has_to_be_seen_before_it_is_written() {
    let account = Account::with("[public_access_block]");
    account.faults(json!([{
        "operation": "DescribeEffectivePolicy", "action": "denied", "count": null,
    }]));
    let apply = account.run(&["apply", "--auto-approve"]).exits(4);
    let _ = apply.says("allow organizations:DescribeEffectivePolicy");
    assert!(account.writes().is_empty());
    account.faults(json!([]));
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    // A block that is whole needs no owner.
    account.faults(json!([{
        "operation": "DescribeEffectivePolicy", "action": "denied", "count": null,
    }]));
    let _ = account.run(&["drift"]).exits(0);
}
