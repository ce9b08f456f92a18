//! A line for each change that has ended, for logs and pipes.

use super::{Narrator, duration, name, waiting};
use crate::apply::{ApplyObserver, Event};
use crate::clock::Clock;
use crate::model::Outcome;
use crate::place::Address;
use crate::report::{Message, Stop, word};
use crate::view::{DIM, Page, Streams, count, say};
use anstyle::Style;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use time::OffsetDateTime;

/// Of the attempts of one wait these are reported: the second, and from then on about two a minute.
const EVERY: usize = 5;

/// Writes the lines.
pub struct Lines<'a> {
    changes: usize,
    clock: Clock,
    state: Mutex<State<'a>>,
}

struct State<'a> {
    streams: &'a mut Streams,
    ended: usize,
    /// When the changes in progress began, and how many of their calls were made.
    under_way: BTreeMap<Address, (OffsetDateTime, usize)>,
}

impl State<'_> {
    fn page(&mut self) -> Page<'_> {
        self.streams.messages()
    }
}

impl<'a> Lines<'a> {
    /// Writes to this, of so many changes.
    pub fn new(streams: &'a mut Streams, changes: usize, clock: Clock) -> Self {
        let state = Mutex::new(State { streams, ended: 0, under_way: BTreeMap::new() });
        Self { changes, clock, state }
    }

    /// `(3 of 27) guardduty@eu-west-1: done, 2 calls in 0.8 s`
    fn ended(&self, state: &mut State<'_>, address: &Address, outcome: &Outcome) -> io::Result<()> {
        state.ended += 1;
        let (number, of) = (state.ended, self.changes);
        let (name, word) = (name(address), word(outcome));
        let work = match state.under_way.remove(address) {
            Some((since, calls)) => {
                let took = duration(self.clock.now() - since);
                format!(", {} in {took}", count(calls, "call"))
            }
            None => String::new(),
        };
        let text = format!("({number} of {of}) {name}: {word}{work}");
        state.page().prose(0, Style::new(), &text)
    }
}

impl ApplyObserver for Lines<'_> {
    fn on(&self, event: Event<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // An apply goes on when its output is closed; its journal and exit code are enough.
        let _ = match event {
            Event::Began(entry, _) => {
                state.under_way.insert(entry.address(), (self.clock.now(), 0));
                Ok(())
            }
            Event::Answered(address, _, Ok(_)) => {
                if let Some((_, calls)) = state.under_way.get_mut(address) {
                    *calls += 1;
                }
                Ok(())
            }
            Event::Calling(..) | Event::Answered(..) => Ok(()),
            Event::Waiting(address, awaited, attempt) => {
                if attempt == 2 || attempt.is_multiple_of(EVERY) {
                    let (address, what) = (name(address), waiting(awaited, attempt));
                    state.page().prose(0, DIM, &format!("{address}: {what}"))
                } else {
                    Ok(())
                }
            }
            Event::Ended(address, outcome, _) => self.ended(&mut state, address, outcome),
        };
    }
}

impl Narrator for Lines<'_> {
    fn stopping(&self, stop: Stop<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // As with events: the run ends whether or not this is read.
        let _ = say(&mut *state.streams, &Message::Stopping(stop));
    }
}
