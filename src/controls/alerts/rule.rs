//! The rule in every region: that of the home region sends to the topic, those of the others forward
//! to the bus of the home region.

use super::live::{Rule, Target};
use super::names::{Names, RULE, TARGET, WATCHES};
use super::patterns::{self, LONGEST};
use super::settings::Settings;
use super::watches;
use super::wire::{
    DeadLetters, NewRule, NewTarget, NewTargets, OldTargets, PUT_RULE, PUT_TARGETS, REMOVE_TARGETS,
};
use crate::control::{At, Remarks, Steps};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What calls change of the rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleState {
    /// In AWS's word.
    state: String,
    sends: patterns::Sends,
    /// The pattern that says so.
    pattern: String,
    targets: BTreeMap<String, Target>,
}

/// A rule of the baseline.
#[derive(Debug)]
pub struct Own {
    /// What it is called.
    pub name: &'static str,
    /// What it is for.
    description: &'static str,
    /// The states in which it does it.
    states: &'static [&'static str],
}

/// The rule for what the table names.
pub const ALERTS: Own = Own {
    name: RULE,
    description: "Sends what needs attention to the topic of the account's alerts",
    states: &ENABLED,
};

/// The rule for what is watched besides. Only in this state does it hear of calls that change nothing.
/// Source: EventBridge User Guide, "Read-only management events from AWS services".
pub const WATCHED: Own = Own {
    name: WATCHES,
    description: "Sends what is watched in the trail to the topic of the account's alerts",
    states: &[ENABLED[1]],
};

/// Both of AWS's words for a rule that sends: the second one hears of reading calls, too. Source:
/// EventBridge API Reference, PutRule.
const ENABLED: [&str; 2] = ["ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"];

impl RuleState {
    /// The rule as it is.
    pub fn of(live: &Rule) -> Self {
        Self {
            state: live.state.clone(),
            pattern: live.pattern.clone(),
            sends: live.sends.clone(),
            targets: live.targets.clone(),
        }
    }

    /// Whether it sends.
    pub fn is_enabled(&self) -> bool {
        ENABLED.contains(&self.state.as_str())
    }

    /// The same, stopped.
    pub fn stopped(self) -> Self {
        Self { state: "DISABLED".to_owned(), ..self }
    }

    /// As plans show it: each key of the table by itself.
    pub fn shown(&self) -> Map<String, Value> {
        let mut shown = Map::from_iter([("enabled".to_owned(), json!(self.is_enabled()))]);
        shown.extend(self.sends.iter().map(|(key, value)| (key.clone(), value.clone())));
        shown.insert("targets".to_owned(), json!(self.targets));
        shown
    }

    /// The same, as one field.
    pub fn shown_in_one(&self) -> Value {
        let Self { state, sends, targets, .. } = self;
        json!({"state": state, "sends": sends, "targets": targets})
    }

    /// The keys that are less strict in another state: what is not sent any more, or only when it is
    /// more severe.
    pub fn looser(&self, to: &Self) -> Vec<String> {
        let rank = |value: Option<&Value>| {
            let words = ["critical", "high", "medium", "low"];
            value.and_then(Value::as_str).and_then(|word| words.iter().position(|own| *own == word))
        };
        let mut looser: Vec<String> = self
            .sends
            .iter()
            .filter(|(key, value)| match to.sends.get(*key) {
                None => true,
                after => rank(after) < rank(Some(*value)),
            })
            .map(|(key, _)| key.clone())
            .collect();
        if self.is_enabled() && !to.is_enabled() {
            looser.push("enabled".to_owned());
        }
        looser
    }
}

/// The rule that the baseline asks for.
pub fn wanted(
    settings: &Settings,
    live: Option<&Rule>,
    target: Target,
    names: &Names,
    say: &mut Remarks,
) -> RuleState {
    let sends = |own: &patterns::Sends| patterns::wanted(settings, own);
    ALERTS.wanted(live, target, sends, |sends| patterns::pattern(sends, names), say)
}

/// The rule for what is watched besides, if anything is.
pub fn watching(
    live: Option<&Rule>,
    target: Target,
    names: &Names,
    say: &mut Remarks,
) -> Option<RuleState> {
    let watched = &names.watched;
    let sends = |own: &patterns::Sends| watches::wanted(own, watched);
    let pattern = |sends: &patterns::Sends| watches::pattern(sends, watched);
    (!watched.is_empty()).then(|| WATCHED.wanted(live, target, sends, pattern, say))
}

impl Own {
    fn wanted(
        &self,
        live: Option<&Rule>,
        target: Target,
        sends: impl Fn(&patterns::Sends) -> patterns::Sends,
        pattern: impl Fn(&patterns::Sends) -> String,
        say: &mut Remarks,
    ) -> RuleState {
        let none = Rule::default();
        let own = live.unwrap_or(&none);
        self.judge(live, say);
        let sends = sends(&own.sends);
        let pattern = match sends == own.sends {
            true => own.pattern.clone(),
            false => pattern(&sends),
        };
        let is_enabled = self.states.contains(&own.state.as_str());
        let state = if is_enabled { own.state.clone() } else { self.states[0].to_owned() };
        let mut targets = own.targets.clone();
        // What somebody else keeps what could not be sent in stays.
        let kept = || targets.get(TARGET).and_then(|own| own.dead_letters.clone());
        let dead_letters = target.dead_letters.clone().or_else(kept);
        targets.insert(TARGET.to_owned(), Target { dead_letters, ..target });
        let size = pattern.chars().count();
        if size > LONGEST {
            say.finding(
                "other_events",
                format!(
                    "the pattern of the rule {} would have {size} characters; EventBridge takes \
                     {LONGEST}",
                    self.name
                ),
                "take out of it by hand what was added to it",
            );
            say.withhold();
        }
        RuleState { state, sends, pattern, targets }
    }

    /// Reports who else listens.
    fn judge(&self, live: Option<&Rule>, say: &mut Remarks) {
        let Some(live) = live else {
            return;
        };
        let rule = self.name;
        for (id, target) in live.targets.iter().filter(|(id, _)| *id != TARGET) {
            say.finding(
                "targets",
                format!(
                    "the rule {rule} also sends to {}, which is none of the baseline's",
                    target.arn
                ),
                format!("if nobody needs it: aws events remove-targets --rule {rule} --ids {id}"),
            );
        }
        if let Some(service) = &live.managed_by {
            say.left_to(service.clone());
        }
    }
}

/// The calls from one rule to another.
pub fn steps(rule: &Own, from: Option<&RuleState>, to: &RuleState, at: At<'_>) -> Steps {
    let region = at.region();
    let mut steps = Steps::default();
    let is_same = |from: &RuleState| from.state == to.state && from.sends == to.sends;
    if !from.is_some_and(is_same) {
        let input = NewRule {
            name: rule.name.to_owned(),
            event_pattern: to.pattern.clone(),
            state: to.state.clone(),
            description: rule.description.to_owned(),
        };
        steps.call(PUT_RULE.call(region, input));
    }
    let had = from.and_then(|from| from.targets.get(TARGET));
    let Some(target) = to.targets.get(TARGET).filter(|to| Some(*to) != had) else {
        return steps;
    };
    // A target that is put again without a role keeps the one that it had. Source: EventBridge API
    // Reference, PutTargets.
    if had.is_some_and(|had| had.role.is_some()) && target.role.is_none() {
        let input = OldTargets { rule: rule.name.to_owned(), ids: vec![TARGET.to_owned()] };
        steps.call(REMOVE_TARGETS.call(region, input));
    }
    let new = NewTarget {
        id: TARGET.to_owned(),
        arn: target.arn.clone(),
        role_arn: target.role.clone(),
        dead_letter_config: target.dead_letters.clone().map(|arn| DeadLetters { arn: Some(arn) }),
    };
    let input = NewTargets { rule: rule.name.to_owned(), targets: vec![new] };
    steps.call(PUT_TARGETS.call(region, input));
    steps
}
