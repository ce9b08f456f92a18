//! The tests that go through the binary: with snapshots for the account, or with an AWS emulator.

mod account;
mod buckets;
mod budgets;
mod cloudtrail;
mod commands;
mod config;
mod emulator;
mod engine;
mod guardduty;
mod journal;
mod laws;
mod lived_in;
mod lock;
mod log_bucket;
mod public_access_block;
mod root_user;
mod scenarios;
mod undo;
