//! The tests that go through the binary: with snapshots for the account, or with an AWS emulator.

mod access_analyzer;
mod account;
mod buckets;
mod budgets;
mod closed;
mod cloudtrail;
mod commands;
mod config;
mod corpora;
#[cfg(unix)]
mod credentials;
mod cron;
mod disk;
mod drill;
mod emulator;
mod engine;
mod errors;
mod faults;
mod fuzz;
mod guardduty;
mod hostile;
mod journal;
mod judges;
mod kms;
mod laws;
mod layers;
mod limits;
mod listener;
mod lived_in;
mod lock;
mod log_bucket;
mod malformed;
mod progress;
mod public_access_block;
#[cfg(unix)]
mod renewal;
mod root_user;
mod scenarios;
mod storage_lens;
mod trust;
mod undo;
mod validate;
mod waivers;
mod watch;
mod wire;
mod written;
