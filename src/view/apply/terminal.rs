//! One live line on a terminal: how many changes have ended, for how long, and what is in progress.

use super::{Narrator, name, waiting};
use crate::apply::{ApplyObserver, Event};
use crate::place::Address;
use crate::report::{Message, Stop, word};
use crate::view::{ALARM, Streams, say};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many of the changes in progress are named.
const NAMED: usize = 3;

/// How often the line is redrawn: its clock shows seconds.
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
    pub fn with(self, streams: &mut Streams) -> LiveLine<'_> {
        let state = State { streams, under_way: BTreeMap::new() };
        LiveLine { bar: self.0, state: Mutex::new(state) }
    }
}

/// The line of an apply. It goes away with this value.
pub struct LiveLine<'a> {
    bar: ProgressBar,
    state: Mutex<State<'a>>,
}

struct State<'a> {
    streams: &'a mut Streams,
    /// The changes in progress, with what they wait for.
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
    /// Writes something that stays, above the line.
    fn above(&self, write: impl FnOnce() -> io::Result<()>) {
        self.bar.suspend(|| {
            // An apply goes on when its output is closed; its journal and exit code are enough.
            let _ = write();
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
                    let text = format!("{}: {}", name(address), word(outcome));
                    self.above(|| state.streams.messages().prose(0, ALARM, &text));
                }
                self.bar.inc(1);
            }
        }
        self.bar.set_message(state.message());
    }
}

impl Narrator for LiveLine<'_> {
    fn stopping(&self, stop: Stop<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.above(|| say(&mut *state.streams, &Message::Stopping(stop)));
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
        let mut streams = Streams::silent();
        let mut state = State { streams: &mut streams, under_way: BTreeMap::new() };
        for thing in ["a", "b", "c"] {
            state.under_way.insert(at(thing), None);
        }
        assert_eq!(state.message(), "buckets@a, buckets@b, buckets@c");
        state.under_way.insert(at("d"), Some("waiting".to_owned()));
        assert_eq!(state.message(), "buckets@d: waiting, buckets@a, buckets@b and 1 more");
    }
}
