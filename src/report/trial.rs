//! What is said of a test of alerts.

use crate::controls::alerts::trial::{Rule, Trial, Way};
use crate::text::{count, escape};

/// What became of the event of a region.
pub fn way(way: &Way) -> String {
    let Way { region, home, sent, rule } = way;
    let on = match region == home {
        true => "the topic".to_owned(),
        false => home.clone(),
    };
    let then = match rule {
        Ok(Rule::Matches) => format!("the rule there sends it on to {on}"),
        Ok(Rule::LeavesOut) => {
            "the rule there leaves it out: baseline apply puts it right".to_owned()
        }
        Ok(Rule::Disabled) => "the rule there is disabled: baseline apply puts it right".to_owned(),
        Ok(Rule::Absent) => "there is no rule there: baseline apply makes it".to_owned(),
        Err(error) => {
            format!("what the rule there does is unknown: {}", escape(&error.to_string()))
        }
    };
    match sent {
        Ok(id) => format!("{region}: EventBridge took event {id}; {then}"),
        Err(error) => format!("{region}: not sent: {}; {then}", escape(&error.to_string())),
    }
}

/// What became of the message to the topic itself.
pub fn published(trial: &Trial) -> String {
    let name = trial.topic.rsplit(':').next().unwrap_or_default();
    match &trial.published {
        Ok(id) => format!("{name}: SNS took message {id}"),
        Err(error) => format!("{name}: not sent: {}", escape(&error.to_string())),
    }
}

/// What to look for, and where to look if it does not come.
pub fn summary(trial: &Trial) -> String {
    let coming = trial.ways.iter().filter(|way| way.sent.is_ok() && !is_stopped(way)).count();
    let messages = coming + usize::from(trial.published.is_ok());
    format!(
        "Look for {} with {} where you hear of alerts. AWS does not report whether a mail arrived: what \
         is missing after a few minutes was lost on the way; baseline drift --target alerts names what \
         is in the way.",
        count(messages, "message"),
        trial.id
    )
}

/// Whether it is known that the rule does not send the event on.
fn is_stopped(way: &Way) -> bool {
    way.rule.as_ref().is_ok_and(|rule| *rule != Rule::Matches)
}
