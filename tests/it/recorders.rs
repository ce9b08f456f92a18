//! AWS Config of the emulated account.

use crate::account::Account;
use crate::wire::Wire;
use serde_json::{Value, json};

/// The answer of an operation in a region.
pub fn ask(account: &Account, region: &str, operation: &str, input: Value) -> Value {
    let target = format!("StarlingDoveService.{operation}");
    let answer = Wire::new(account).json("config", region, &target, input);
    assert!(answer.get("__type").is_none(), "{operation}: {answer}");
    answer
}

/// The recorders of a region.
pub fn recorders(account: &Account, region: &str) -> Vec<Value> {
    let answer = ask(account, region, "DescribeConfigurationRecorders", json!({}));
    let list = answer["ConfigurationRecorders"].as_array();
    list.expect("recorders").clone()
}

/// The channel of a region.
pub fn channel(account: &Account, region: &str) -> Value {
    let answer = ask(account, region, "DescribeDeliveryChannels", json!({}));
    answer["DeliveryChannels"][0].clone()
}

/// Creates or replaces a recorder.
pub fn put_recorder(account: &Account, region: &str, recorder: Value) {
    let input = json!({"ConfigurationRecorder": recorder});
    ask(account, region, "PutConfigurationRecorder", input);
}

/// Creates or replaces the channel.
pub fn put_channel(account: &Account, region: &str, channel: Value) {
    let input = json!({"DeliveryChannel": channel});
    ask(account, region, "PutDeliveryChannel", input);
}

/// Starts, stops or deletes a recorder.
pub fn name_recorder(account: &Account, region: &str, operation: &str, name: &str) {
    let input = json!({"ConfigurationRecorderName": name});
    ask(account, region, operation, input);
}
