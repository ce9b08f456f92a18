//! Whether an alarm is raised by what a filter counts, and is heard.

use super::live::{Alarm, Counter};
use super::watches::Watch;
use std::collections::{BTreeMap, BTreeSet};

/// How often an alarm looks, in seconds. One that looks less often is late.
const PERIOD: i32 = 300;

const AT_LEAST: &str = "GreaterThanOrEqualToThreshold";
const MORE_THAN: &str = "GreaterThanThreshold";
const NOT_BREACHING: &str = "notBreaching";

/// What an alarm has to do.
pub struct Duty<'a> {
    /// What it is about.
    pub watch: Watch,
    /// The metric of a filter that counts every such event.
    pub metric: &'a Counter,
    /// How many events raise it at most; nothing where that is left open.
    pub events: Option<i32>,
    /// The topic that it goes to.
    pub topic: &'a str,
}

impl Duty<'_> {
    /// The sum at which it has to be raised.
    fn limit(&self) -> f64 {
        f64::from(self.events.unwrap_or(1)) * self.metric.weight().unwrap_or(1.0)
    }

    /// Why an alarm does not do it, as the end of a sentence; nothing if it does.
    pub fn fault(&self, alarm: &Alarm) -> Option<String> {
        self.blind(alarm).or_else(|| self.deaf(alarm))
    }

    /// Why it is not raised, or only once and never again.
    fn blind(&self, alarm: &Alarm) -> Option<String> {
        let Counter { namespace, name, unit, .. } = self.metric;
        let watches =
            alarm.namespace.as_ref() == Some(namespace) && alarm.metric.as_ref() == Some(name);
        if !watches || alarm.is_special {
            return Some(format!("does not watch the metric {namespace}/{name} alone"));
        }
        if !alarm.dimensions.is_empty() {
            return Some("watches a part of the metric only, by dimensions".to_owned());
        }
        // Data without a unit have the unit None.
        let counted = unit.as_deref().unwrap_or("None");
        if alarm.unit.as_ref().is_some_and(|own| own != counted) {
            return Some("watches another unit".to_owned());
        }
        if !matches!(alarm.missing_data.as_deref(), None | Some("missing" | NOT_BREACHING)) {
            let missing = alarm.missing_data.as_deref().unwrap_or_default();
            return Some(format!("never ends, for missing data are {missing}"));
        }
        self.slow(alarm).or_else(|| self.too_high(alarm))
    }

    fn slow(&self, alarm: &Alarm) -> Option<String> {
        let period = alarm.period.unwrap_or(i32::MAX);
        let needed = alarm.datapoints.or(alarm.evaluation_periods).unwrap_or(i32::MAX);
        if period > PERIOD {
            return Some(format!("looks every {period} seconds only"));
        }
        (needed != 1).then(|| format!("waits for {needed} periods with events"))
    }

    fn too_high(&self, alarm: &Alarm) -> Option<String> {
        let limit = match alarm.statistic.as_deref() {
            Some("Sum") => self.limit(),
            Some("Maximum") => self.metric.weight().unwrap_or(1.0),
            other => {
                return Some(format!(
                    "takes the {} and not the sum",
                    other.unwrap_or("percentile")
                ));
            }
        };
        let threshold = alarm.threshold.unwrap_or(f64::INFINITY);
        let is_raised = match alarm.comparison.as_str() {
            AT_LEAST | MORE_THAN if self.events.is_none() => threshold.is_finite(),
            AT_LEAST => threshold > 0.0 && threshold <= limit,
            MORE_THAN => threshold >= 0.0 && threshold < limit,
            _ => false,
        };
        (!is_raised)
            .then(|| format!("is raised at {} {threshold} only", comparison(&alarm.comparison)))
    }

    /// Why nobody hears it.
    fn deaf(&self, alarm: &Alarm) -> Option<String> {
        if !alarm.actions_enabled {
            return Some("has its actions disabled".to_owned());
        }
        let topic = self.topic;
        (!alarm.actions.contains(topic)).then(|| format!("does not go to {topic}"))
    }

    /// The alarm that does it; of one that exists, all else stays.
    pub fn alarm(&self, live: Option<&Alarm>) -> Alarm {
        let kept = |actions: fn(&Alarm) -> &BTreeSet<String>| {
            live.map(|own| actions(own).clone()).unwrap_or_default()
        };
        let mut actions = kept(|own| &own.actions);
        actions.insert(self.topic.to_owned());
        Alarm {
            description: Some(format!("{}. Made by baseline.", capitalized(self.watch.meaning()))),
            actions_enabled: true,
            actions,
            ok_actions: kept(|own| &own.ok_actions),
            no_data_actions: kept(|own| &own.no_data_actions),
            namespace: Some(self.metric.namespace.clone()),
            metric: Some(self.metric.name.clone()),
            statistic: Some("Sum".to_owned()),
            dimensions: BTreeMap::new(),
            period: Some(PERIOD),
            unit: None,
            evaluation_periods: Some(1),
            datapoints: None,
            threshold: match (self.events, live.and_then(|own| own.threshold)) {
                (None, Some(live)) => Some(live),
                _ => Some(self.limit()),
            },
            comparison: AT_LEAST.to_owned(),
            missing_data: Some(NOT_BREACHING.to_owned()),
            is_special: false,
        }
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|own| own.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// A comparison as people write it.
fn comparison(word: &str) -> &str {
    match word {
        AT_LEAST => ">=",
        MORE_THAN => ">",
        "LessThanThreshold" => "<",
        "LessThanOrEqualToThreshold" => "<=",
        other => other,
    }
}

impl Alarm {
    /// As plans show it.
    pub fn shown(&self) -> String {
        let text = |own: &Option<String>| own.clone().unwrap_or_else(|| "?".to_owned());
        let number = |own: Option<i32>| own.map_or_else(|| "?".to_owned(), |own| own.to_string());
        let threshold = self.threshold.map_or_else(|| "?".to_owned(), |own| own.to_string());
        let mut shown = format!(
            "{} of {}/{} {} {threshold} in {} s",
            text(&self.statistic),
            text(&self.namespace),
            text(&self.metric),
            comparison(&self.comparison),
            number(self.period)
        );
        let mut add = |more: String| shown.push_str(&format!(", {more}"));
        if self.is_special {
            add("with a formula, a query or a warm-up".to_owned());
        }
        if !self.dimensions.is_empty() {
            let names: Vec<&str> = self.dimensions.keys().map(String::as_str).collect();
            add(format!("by {}", names.join(" and ")));
        }
        if let Some(unit) = &self.unit {
            add(format!("in {unit}"));
        }
        let needed = self.datapoints.or(self.evaluation_periods);
        if needed != Some(1) {
            add(format!("{} of {} periods", number(needed), number(self.evaluation_periods)));
        }
        if self.missing_data.as_deref() != Some(NOT_BREACHING) {
            add(format!("missing data are {}", text(&self.missing_data)));
        }
        let actions: Vec<&str> = self.actions.iter().map(String::as_str).collect();
        match (self.actions_enabled, actions.is_empty()) {
            (true, false) => add(format!("to {}", actions.join(" and "))),
            (true, true) => add("to nobody".to_owned()),
            (false, _) => add("actions disabled".to_owned()),
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:alerts";

    fn metric() -> Counter {
        let (namespace, name) = ("CIS".to_owned(), "root".to_owned());
        Counter { namespace, name, value: "1".to_owned(), ..Counter::default() }
    }

    /// Whether an alarm that was changed like this still does its duty.
    fn does(change: impl Fn(&mut Alarm)) -> bool {
        let metric = metric();
        let duty = Duty { watch: Watch::RootUse, metric: &metric, events: Some(1), topic: TOPIC };
        let mut alarm = duty.alarm(None);
        change(&mut alarm);
        duty.fault(&alarm).is_none()
    }

    #[test]
    fn an_alarm_of_others_that_is_raised_and_heard_is_enough() {
        assert!(does(|_| ()));
        assert!(does(|own| (own.comparison, own.threshold) = (MORE_THAN.to_owned(), Some(0.0))));
        assert!(does(|own| own.statistic = Some("Maximum".to_owned())));
        assert!(does(|own| own.period = Some(60)));
        assert!(does(|own| (own.evaluation_periods, own.datapoints) = (Some(3), Some(1))));
        assert!(does(|own| own.missing_data = Some("missing".to_owned())));
        assert!(does(|own| own.unit = Some("None".to_owned())));
        assert!(does(|own| own.actions.extend(["arn:aws:sns:us-east-1:1:x".to_owned()])));
    }

    #[test]
    fn an_alarm_that_is_never_raised_or_not_heard_is_not() {
        let moves: &[fn(&mut Alarm)] = &[
            |own| own.threshold = Some(1e9),
            |own| own.threshold = Some(0.0),
            |own| own.threshold = None,
            |own| own.comparison = MORE_THAN.to_owned(),
            |own| own.comparison = "LessThanThreshold".to_owned(),
            |own| own.statistic = Some("Minimum".to_owned()),
            |own| own.statistic = None,
            |own| own.period = Some(86_400),
            |own| own.evaluation_periods = Some(5),
            |own| own.missing_data = Some("breaching".to_owned()),
            |own| own.missing_data = Some("ignore".to_owned()),
            |own| own.namespace = Some("Other".to_owned()),
            |own| own.metric = None,
            |own| own.unit = Some("Bytes".to_owned()),
            |own| own.dimensions.extend([("a".to_owned(), "b".to_owned())]),
            |own| own.is_special = true,
            |own| own.actions_enabled = false,
            |own| own.actions.clear(),
            |own| own.actions = [TOPIC.replace("alerts", "nobody")].into(),
        ];
        for (number, change) in moves.iter().enumerate() {
            assert!(!does(change), "move {number}");
        }
    }

    #[test]
    fn more_events_and_what_each_counts_are_reckoned_with() {
        let metric = Counter { value: "2".to_owned(), ..metric() };
        let duty = Duty { watch: Watch::RootUse, metric: &metric, events: Some(5), topic: TOPIC };
        let mut alarm = duty.alarm(None);
        assert_eq!(alarm.threshold, Some(10.0));
        alarm.threshold = Some(1.0);
        assert_eq!(duty.fault(&alarm), None);
        alarm.threshold = Some(11.0);
        assert!(duty.fault(&alarm).is_some());
        assert_eq!(
            duty.alarm(Some(&alarm)).shown(),
            format!("Sum of CIS/root >= 10 in 300 s, to {TOPIC}")
        );
    }
}
