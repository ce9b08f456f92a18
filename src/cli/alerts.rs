//! The words of `alerts`.

use super::File;
use clap::{Args, Subcommand};

/// `alerts`
#[derive(Debug, Args)]
pub struct Alerts {
    /// What to do.
    #[command(subcommand)]
    pub command: AlertsCommand,
}

/// The commands about alerts.
#[derive(Debug, Subcommand)]
pub enum AlertsCommand {
    /// Send a test event from every region, and a message to the topic
    ///
    /// Asks, and then sends one event to the event bus of every region and one message to the topic
    /// itself. Reports what AWS took and what the rule of each region does with it. Whether a mail
    /// arrived AWS does not say: look for the id that is printed.
    ///
    /// Exit codes: 0 everything was sent and every rule sends it on, 1 nothing could be sent, 2 a rule
    /// does not send it on, 3 part of it could not be sent, 4 a rule could not be read, 6 wrong account
    /// or not confirmed.
    ///
    /// Example: baseline alerts test --auto-approve
    Test(AlertsTest),
    /// Confirm a subscription with the token of its message, so that no link in a mail can end it
    ///
    /// The token is the value of `Token` in the link of the message that asks to confirm. Confirmed this
    /// way, only who may call sns:Unsubscribe can end the subscription; after a click on that link,
    /// whoever gets one of the mails can.
    ///
    /// Exit codes: 0 confirmed, 1 not, 6 wrong account.
    ///
    /// Example: baseline alerts confirm TOKEN
    Confirm(AlertsConfirm),
}

/// `alerts test`
#[derive(Debug, Args)]
pub struct AlertsTest {
    /// The baseline.
    #[command(flatten)]
    pub file: File,
    /// Skip the confirmation prompt
    #[arg(long)]
    pub auto_approve: bool,
}

/// `alerts confirm`
#[derive(Debug, Args)]
pub struct AlertsConfirm {
    /// The token
    #[arg(value_name = "TOKEN")]
    pub token: String,
    /// The baseline.
    #[command(flatten)]
    pub file: File,
}
