//! Plan, apply and drift of AWS account guardrails.
//!
//! A [`Baseline`](baseline::Baseline) is loaded from TOML; [`observe`] looks at the account;
//! [`plan::build`] asks each [`control`] what would make it match; [`apply`] does that. A
//! [`report`] words what a plan holds, for each of the [`formats`]. Only these and [`view`] print, and
//! only [`aws`] talks to AWS.

pub mod apply;
pub mod aws;
pub mod baseline;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod control;
pub mod controls;
pub mod credential_report;
pub mod day;
pub mod diff;
pub mod document;
pub mod error;
pub mod files;
pub mod floor;
pub mod formats;
pub mod guard;
pub mod journal;
pub mod json;
pub mod lock;
pub mod managed;
pub mod merge;
pub mod model;
pub mod observe;
pub mod pattern;
pub mod permissions;
pub mod place;
pub mod plan;
pub mod policy;
pub mod report;
pub mod risk;
pub mod s3;
pub mod selection;
pub mod sensitive;
pub mod settings;
pub mod text;
pub mod view;
pub mod who;
