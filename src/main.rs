//! `baseline`: makes an AWS account safe from a declarative baseline, and keeps it so.

use baseline::cli::Cli;
use baseline::error::{Error, Exit};
use baseline::view::{self, Streams};
use clap::Parser;
use std::process::ExitCode;
use time::OffsetDateTime;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return explain_usage(&usage),
    };
    let mut streams = Streams::of_process();
    let exit = match run(cli, &mut streams) {
        Ok(exit) => exit,
        Err(error) => {
            // Where the error cannot be written, the exit code still reports it.
            let _ = view::error(&mut streams, &error);
            error.exit
        }
    };
    ExitCode::from(exit as u8)
}

#[expect(clippy::disallowed_methods, reason = "this is where the clock enters")]
fn run(cli: Cli, streams: &mut Streams) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| Error::failed("cannot start").because(cause))?;
    runtime.block_on(baseline::commands::run(cli, OffsetDateTime::now_utc(), streams))
}

/// Prints help, version or a usage error. Usage is a failure like any other: exit code 1.
fn explain_usage(usage: &clap::Error) -> ExitCode {
    let _ = usage.print();
    ExitCode::from(if usage.use_stderr() { Exit::Failed as u8 } else { Exit::Fine as u8 })
}
