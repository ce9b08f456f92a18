//! How the events of other regions reach the home region: the role with which they are forwarded, and
//! the event bus that takes them.

use super::live::Bus;
use super::names::{Names, ROLE, RULE};
use crate::control::{Context, Remarks};
use crate::controls::roles::ServiceRole;
use crate::policy::{Dialect, Match, Policy, Request};
use serde_json::json;

/// The role. It is needed wherever the bus is in another region. Source: EventBridge User Guide,
/// "Sending and receiving events between AWS Regions".
pub fn role(names: &Names) -> ServiceRole {
    ServiceRole {
        name: ROLE.to_owned(),
        service: "events.amazonaws.com",
        source: None,
        says_account: true,
        purpose: "EventBridge forwards alerts to the home region",
        allows: vec![json!({
            "Effect": "Allow",
            "Action": "events:PutEvents",
            "Resource": names.bus,
        })],
    }
}

/// Reports a key with which the bus cannot take events: then no rule of the region hears of any.
pub fn judge_key(bus: &Bus, region: &str, say: &mut Remarks) {
    if let Some(fault) = &bus.fault {
        say.finding(
            "bus",
            format!("the default event bus {fault}: no rule hears of any event"),
            format!(
                "enable the key, or go back to AWS's own: aws events update-event-bus --name default \
                 --kms-key-identifier \"\" --region {region}"
            ),
        );
    }
}

/// Reports what keeps the role from sending to the bus. Within one account the bus need not let it,
/// so only a Deny does.
pub fn judge_bus(policy: Option<&str>, names: &Names, context: &Context, say: &mut Remarks) {
    let Some(text) = policy else {
        return;
    };
    let Ok(policy) = Policy::parse(text) else {
        let remedy = "write it anew in the EventBridge console";
        return say.finding("bus", "the policy of the event bus cannot be read", remedy);
    };
    let Context { partition, account, .. } = context;
    let caller = format!("arn:{partition}:sts::{account}:assumed-role/{ROLE}/{RULE}");
    let request = Request::by(&caller, "events:PutEvents", &names.bus).at(context.now);
    let Some((statement, how)) = policy.keeps_out(&request, Dialect::resource(partition)) else {
        return;
    };
    let does = if how == Match::Yes { "denies" } else { "may deny" };
    say.finding(
        "bus",
        format!(
            "the statement {statement} in the policy of the default event bus {does} the role {ROLE} \
             to send: alerts of other regions do not arrive"
        ),
        format!("take it out: aws events remove-permission --statement-id {statement} --region {}", context.home_region),
    );
}
