//! The tests that go through the binary: with snapshots for the account, or with an AWS emulator.

mod account;
mod budgets;
mod emulator;
mod engine;
mod scenarios;
