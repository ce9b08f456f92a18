//! Test events: whether alerts can come through, from every region.
//!
//! EventBridge and SNS say what they took, and nothing of what arrived: metrics come minutes later, and
//! of mails there are none. So each event carries an id to look for. Nothing is changed by it.

use super::names::{RULE, TEST_SOURCE};
use super::wire::{
    CONFIRM, DESCRIBE_RULE, NewConfirmation, NewEvent, NewEvents, NewMessage, PUBLISH, PUT_EVENTS,
    PatternAsked, RuleAsked, RuleFound, TEST_PATTERN,
};
use crate::aws::facts::Reader;
use crate::aws::{AwsError, Clients, Operation, keys, unless_absent};
use crate::control::Context;
use futures_util::future::join_all;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What a test asks of an account, beside the regions.
pub const OPERATIONS: [&Operation; 5] = [
    &DESCRIBE_RULE.operation,
    &TEST_PATTERN.operation,
    &PUT_EVENTS.operation,
    &PUBLISH.operation,
    &CONFIRM.operation,
];

/// A test of all ways.
#[derive(Debug)]
pub struct Trial {
    /// What all messages of it hold.
    pub id: String,
    /// The ARN of the topic.
    pub topic: String,
    /// The way from each region.
    pub ways: Vec<Way>,
    /// The message that is sent to the topic itself: its id.
    pub published: Result<String, AwsError>,
}

/// The way from a region.
#[derive(Debug)]
pub struct Way {
    /// The region.
    pub region: String,
    /// The region with the topic.
    pub home: String,
    /// The id of the event, if EventBridge took it.
    pub sent: Result<String, AwsError>,
    /// What the rule there does with it.
    pub rule: Result<Rule, AwsError>,
}

/// What the rule of a region does with a test event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// It sends it on.
    Matches,
    /// Its pattern leaves it out.
    LeavesOut,
    /// It is disabled.
    Disabled,
    /// There is none.
    Absent,
}

/// A test that is about to be made.
#[derive(Clone, Copy)]
pub struct Test<'a> {
    /// What all messages hold.
    pub id: &'a str,
    /// The ARN of the topic.
    pub topic: &'a str,
    /// When it is made.
    pub now: OffsetDateTime,
    /// The account and the baseline.
    pub context: &'a Context,
    /// Reads the rules.
    pub reader: &'a Reader,
    /// Sends the events.
    pub clients: &'a Clients,
}

impl Test<'_> {
    /// Sends an event in each region, and a message to the topic itself.
    pub async fn made(self, regions: &[String]) -> Trial {
        let ways = join_all(regions.iter().map(|region| Box::pin(self.way(region))));
        let (ways, published) = tokio::join!(ways, Box::pin(self.publish()));
        Trial { id: self.id.to_owned(), topic: self.topic.to_owned(), ways, published }
    }

    /// A rule that does not exist takes nothing; the event is sent all the same, for others may
    /// listen to it.
    async fn way(self, region: &str) -> Way {
        let (rule, sent) = tokio::join!(self.rule(region), self.event(region));
        Way { region: region.to_owned(), home: self.context.home_region.clone(), sent, rule }
    }

    async fn rule(self, region: &str) -> Result<Rule, AwsError> {
        let clients = &self.reader.clients;
        let asked = RuleAsked { name: RULE.to_owned() };
        let found = DESCRIBE_RULE.ask(clients, region, &asked).await;
        let Some(RuleFound { event_pattern, state, .. }) =
            unless_absent(found, "ResourceNotFoundException")?
        else {
            return Ok(Rule::Absent);
        };
        if state.is_none_or(|state| !state.starts_with("ENABLED")) {
            return Ok(Rule::Disabled);
        }
        let Some(event_pattern) = event_pattern else {
            return Ok(Rule::LeavesOut);
        };
        let event = json!({
            "id": self.id,
            "account": self.context.account,
            "source": TEST_SOURCE,
            "time": self.now.format(&Rfc3339).unwrap_or_default(),
            "region": region,
            "resources": [],
            "detail-type": DETAIL_TYPE,
            "detail": self.detail(region),
        });
        let asked = PatternAsked { event_pattern, event: event.to_string() };
        match TEST_PATTERN.ask(clients, region, &asked).await?.result {
            true => Ok(Rule::Matches),
            false => Ok(Rule::LeavesOut),
        }
    }

    async fn event(self, region: &str) -> Result<String, AwsError> {
        let event = NewEvent {
            source: TEST_SOURCE.to_owned(),
            detail_type: DETAIL_TYPE.to_owned(),
            detail: self.detail(region).to_string(),
        };
        let input = NewEvents { entries: vec![event] };
        let answer = PUT_EVENTS.ask(self.clients, region, &input).await?;
        let operation = &PUT_EVENTS.operation;
        let entry =
            answer.entries.into_iter().next().ok_or_else(|| {
                AwsError::unexpected(operation, region, "the answer names no event")
            })?;
        match entry.event_id {
            Some(id) => Ok(id),
            None => {
                let refused =
                    json!({"ErrorCode": entry.error_code, "ErrorMessage": entry.error_message});
                Err(AwsError::of_entry(operation, region, &refused))
            }
        }
    }

    async fn publish(self) -> Result<String, AwsError> {
        let region = keys::region(self.topic).unwrap_or_default();
        let input = NewMessage {
            topic_arn: self.topic.to_owned(),
            subject: format!("Test of alerts: {}", self.id),
            message: format!(
                "This is a test of the alerts of account {}, sent to the topic itself: {}. Nothing \
                 happened, and nothing is to be done.",
                self.context.account, self.id
            ),
        };
        Ok(PUBLISH.ask(self.clients, region, &input).await?.message_id)
    }

    fn detail(self, region: &str) -> serde_json::Value {
        json!({
            "test": self.id,
            "region": region,
            "message": "This is a test of alerts. Nothing happened, and nothing is to be done.",
        })
    }
}

const DETAIL_TYPE: &str = "Test of Alerts";

/// Confirms a subscription so that only who may call `sns:Unsubscribe` can end it, and gives its ARN.
///
/// # Errors
/// When SNS does not take the token.
pub async fn confirm(topic: &str, token: &str, clients: &Clients) -> Result<String, AwsError> {
    let input = NewConfirmation {
        topic_arn: topic.to_owned(),
        token: token.to_owned(),
        authenticate_on_unsubscribe: "true".to_owned(),
    };
    let region = keys::region(topic).unwrap_or_default();
    Ok(CONFIRM.ask(clients, region, &input).await?.subscription_arn)
}
