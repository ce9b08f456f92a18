//! The calls that make a budget another.

use super::live::{Budget, Subscribers};
use super::writes::{
    self, Alert, CreateBudget, CreateSubscriber, DeleteNotification, DeleteSubscriber,
    Notification, Tag, UpdateBudget,
};
use crate::control::{At, Context, Steps};

/// From one state to another.
pub fn steps(from: Option<&Budget>, to: Option<&Budget>, at: At<'_>) -> Steps {
    let (name, context) = (at.place.label().unwrap_or_default(), at.context);
    let mut steps = match (from, to) {
        (None, Some(new)) => create(name, new, context),
        (Some(from), Some(to)) => Change { from, to, name, context }.steps(),
        (_, None) => Steps::default(),
    };
    if to.is_some_and(|own| own.goes_to_alerts(context)) {
        steps.after_alerts(context);
    }
    steps
}

fn create(name: &str, new: &Budget, context: &Context) -> Steps {
    let Some(budget) = writes::Budget::new(name, new) else {
        return Steps::default();
    };
    let alerts = new.alerts.iter().filter_map(Alert::new).collect();
    Steps::default().then(CreateBudget::new(budget, alerts, Tag::all(context.tags()), context))
}

struct Change<'a> {
    from: &'a Budget,
    to: &'a Budget,
    name: &'a str,
    context: &'a Context,
}

impl Change<'_> {
    /// What goes, goes first: a budget with forecasts does not become daily.
    fn steps(&self) -> Steps {
        let mut steps = Steps::default();
        for (key, had) in &self.from.alerts {
            self.take_out(key, had.as_ref(), &mut steps);
        }
        self.update(&mut steps);
        for alert in &self.to.alerts {
            self.put_in(alert, &mut steps);
        }
        steps
    }

    fn update(&self, steps: &mut Steps) {
        let terms = |own: &Budget| (own.limit.clone(), own.period.clone(), own.kept.clone());
        if terms(self.from) != terms(self.to)
            && let Some(budget) = writes::Budget::new(self.name, self.to)
        {
            steps.call(UpdateBudget::new(budget, self.context));
        }
    }

    fn take_out(&self, key: &str, had: Option<&Subscribers>, steps: &mut Steps) {
        let (Some(alert), Some(had)) = (Notification::of(key), had) else {
            return;
        };
        let name = || self.name.to_owned();
        match self.to.alerts.get(key) {
            None => steps.call(DeleteNotification::new(name(), alert, self.context)),
            Some(None) => {}
            Some(Some(has)) => {
                for own in had.without(has).in_clear(&self.to.known).each() {
                    steps.call(DeleteSubscriber::new(name(), alert.clone(), own, self.context));
                }
            }
        }
    }

    fn put_in(&self, alert: (&String, &Option<Subscribers>), steps: &mut Steps) {
        let (key, has) = alert;
        match (self.from.alerts.get(key), has, Notification::of(key)) {
            (None, ..) => {
                if let Some(new) = Alert::new(alert) {
                    steps.call(new.create(self.name, self.context));
                }
            }
            (Some(Some(had)), Some(has), Some(alert)) => {
                for own in has.without(had).each() {
                    let name = self.name.to_owned();
                    steps.call(CreateSubscriber::new(name, alert.clone(), own, self.context));
                }
            }
            _ => {}
        }
    }
}
