//! Resource policies: statements put in without touching those of others.
//!
//! - [`Policy`] is a document as it was written, to the byte; statements of ours are put in, put
//!   right and taken out by their Sids.
//! - [`are_equivalent`] and [`Policy::says`] tell whether two policies, or statements, say the same
//!   in other words.
//! - [`Policy::denies_all_of`] tells whether a Deny is there already, under whatever name.
//! - [`evaluate()`] tells whether a statement matches a request, as far as the request is known.
//! - [`Policy::judge`] says what all statements together make of a request, such as the delivery of a
//!   service ([`Request::by_service`]): allowed, denied, not allowed, or that it cannot be told, with
//!   the statement that decides. [`Policy::keeps_out`] names the Deny alone.
//! - [`weaknesses()`] lists what a policy gives away, and what in it does not do what it seems to.
//! - [`changes()`] tells two policies apart by statement.
//! - [`guardrails`] holds the statements of ours.

mod changes;
mod condition;
mod contradictions;
mod document;
mod effect;
mod equivalence;
mod evaluate;
mod given;
pub mod guardrails;
mod json;
mod legacy;
mod meaning;
mod moment;
mod narrowing;
pub mod network;
mod origins;
mod pattern;
mod principals;
mod request;
mod scan;
mod services;
#[cfg(test)]
mod tests;
mod undo;
mod verdict;
mod weaknesses;

pub use changes::{Change, changes};
pub use document::{LARGEST, OWN, Policy, Statement};
pub use equivalence::are_equivalent;
pub use evaluate::{Match, evaluate};
pub use guardrails::deny_insecure_transport;
pub use json::Json;
pub use meaning::Dialect;
pub use network::Network;
pub use principals::Deleted;
pub use request::{Fact, Origin, Request};
pub use undo::Undone;
pub use verdict::Verdict;
pub use weaknesses::{Kind, Weakness, weaknesses};
