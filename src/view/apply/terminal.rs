//! One live line on a terminal: how many changes have ended, for how long, and what is under way.

use super::{Narrator, name, waiting, word};
use crate::apply::{ApplyObserver, Event};
use crate::place::Address;
use crate::view::ALARM;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many of the changes under way are named.
const NAMED: usize = 3;

/// How often the line is drawn anew: its clock shows seconds.
const TICK: Duration = Duration::from_millis(500);

/// A terminal that can redraw a line.
pub struct Terminal(ProgressBar);

impl Terminal {
    /// A line for so many changes; `None` where stderr is not a terminal, or a dumb one.
    pub fn new(is_terminal: bool, changes: usize) -> Option<Self> {
        let target = ProgressDrawTarget::stderr();
        if !is_terminal || target.is_hidden() {
            return None;
        }
        let bar = ProgressBar::with_draw_target(Some(changes as u64), target);
        let template = "{pos} of {len} changes  {elapsed}  {wide_msg}";
        // The template is right; were it not, the bar's own would do.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        Some(Self(bar))
    }

    /// What is to stay is written to this, above the line.
    pub fn with<'a>(self, stderr: &'a mut (dyn Write + Send)) -> LiveLine<'a> {
        let state = State { stderr, under_way: BTreeMap::new() };
        LiveLine { bar: self.0, state: Mutex::new(state) }
    }
}

/// The line of an apply. It goes away with this value.
pub struct LiveLine<'a> {
    bar: ProgressBar,
    state: Mutex<State<'a>>,
}

struct State<'a> {
    stderr: &'a mut (dyn Write + Send),
    /// The changes under way, with what they wait for.
    under_way: BTreeMap<Address, Option<String>>,
}

impl State<'_> {
    /// What the line names: what is waited for goes first, since it explains why nothing moves.
    fn message(&self) -> String {
        let waiting = self.under_way.iter().filter_map(|(address, what)| {
            what.as_ref().map(|what| format!("{}: {what}", name(address)))
        });
        let working = self.under_way.iter().filter(|(_, what)| what.is_none());
        let mut all: Vec<String> = waiting.collect();
        all.extend(working.map(|(address, _)| name(address)));
        let more = all.len().saturating_sub(NAMED);
        all.truncate(NAMED);
        let named = all.join(", ");
        match more {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    }
}

impl LiveLine<'_> {
    fn stays(&self, state: &mut State<'_>, text: &str) {
        // An apply goes on when nobody listens any more; its summary and exit code still tell.
        self.bar.suspend(|| {
            let _ = writeln!(state.stderr, "{text}");
        });
    }
}

impl ApplyObserver for LiveLine<'_> {
    fn on(&self, event: Event<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Began(entry, _) => {
                state.under_way.insert(entry.address(), None);
            }
            Event::Calling(address, ..) => {
                state.under_way.insert(address.clone(), None);
            }
            Event::Answered(..) => {}
            Event::Waiting(address, awaited, attempt) => {
                let what = waiting(awaited, attempt);
                state.under_way.insert(address.clone(), Some(what));
            }
            Event::Ended(address, outcome, _) => {
                state.under_way.remove(address);
                if !outcome.is_success() {
                    let text = format!("{ALARM}{}: {}{ALARM:#}", name(address), word(outcome));
                    self.stays(&mut state, &text);
                }
                self.bar.inc(1);
            }
        }
        self.bar.set_message(state.message());
    }
}

impl Narrator for LiveLine<'_> {
    fn say(&self, text: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.stays(&mut state, text);
    }
}

impl Drop for LiveLine<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;

    #[test]
    fn what_is_waited_for_goes_first_and_few_are_named() {
        let at = |thing: &str| Address::new("buckets", &Place::thing(thing));
        let mut stderr = Vec::new();
        let mut state = State { stderr: &mut stderr, under_way: BTreeMap::new() };
        for thing in ["a", "b", "c"] {
            state.under_way.insert(at(thing), None);
        }
        assert_eq!(state.message(), "buckets@a, buckets@b, buckets@c");
        state.under_way.insert(at("d"), Some("waiting".to_owned()));
        assert_eq!(state.message(), "buckets@d: waiting, buckets@a, buckets@b and 1 more");
    }
}
