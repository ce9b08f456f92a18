//! The tests that go through the binary: with snapshots for the account, or with an AWS emulator.

mod account;
mod buckets;
mod budgets;
mod cloudtrail;
mod commands;
mod config;
mod corpora;
mod emulator;
mod engine;
mod fuzz;
mod guardduty;
mod hostile;
mod journal;
mod laws;
mod limits;
mod lock;
mod log_bucket;
mod malformed;
mod public_access_block;
mod root_user;
mod scenarios;
mod trust;
mod waivers;
mod watch;
