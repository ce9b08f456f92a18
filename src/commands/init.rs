//! `init`: writes a commented baseline to start from.

use super::say;
use crate::aws::{Caller, Session};
use crate::cli::{self, AwsArgs, Template};
use crate::error::{Error, Exit};
use crate::report::Message;
use crate::view::{Streams, mfa_code};
use std::fs::OpenOptions;
use std::io::Write;

const MINIMAL: &str = include_str!("../../baselines/minimal.toml");
const STARTUP: &str = include_str!("../../baselines/startup.toml");
const CIS: &str = include_str!("../../baselines/cis.toml");

/// The lines of the shipped baselines that `init` fills in when it knows better.
const ID_LINE: &str = "# id = \"111122223333\"";
const REGION_LINE: &str = "home_region = \"us-east-1\"";

pub async fn run(args: cli::Init, aws: &AwsArgs, streams: &mut Streams) -> Result<Exit, Error> {
    let template = match args.template {
        Template::Minimal => MINIMAL,
        Template::Startup => STARTUP,
        Template::Cis => CIS,
    };
    let mut text = template.to_owned();
    if aws.profile.is_some() || aws.role_arn.is_some() {
        let session = Session::open(&aws.chosen(Some("us-east-1".to_owned()), mfa_code), 1).await?;
        let region = session.region().unwrap_or_else(|| "us-east-1".to_owned());
        let caller = Caller::ask(&session, &region).await?;
        text = fill(&text, Some(&caller.account), Some(&region));
    } else {
        text = fill(&text, None, aws.region.as_deref());
    }
    let name = args.out.display().to_string();
    let mut file = OpenOptions::new().write(true).create_new(true).open(&args.out).map_err(
        |cause| match cause.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Error::failed(format!("{name} already exists")).hint("name another file with --out")
            }
            _ => Error::failed(format!("cannot write {name}")).because(cause),
        },
    )?;
    file.write_all(text.as_bytes())
        .map_err(|cause| Error::failed(format!("cannot write {name}")).because(cause))?;
    say(streams, &Message::BaselineWritten(&args.out))?;
    Ok(Exit::Fine)
}

fn fill(text: &str, account: Option<&str>, region: Option<&str>) -> String {
    let mut text = text.to_owned();
    if let Some(account) = account {
        text = text.replace(ID_LINE, &format!("id = \"{account}\""));
    }
    if let Some(region) = region {
        text = text.replace(REGION_LINE, &format!("home_region = \"{region}\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_baselines_have_the_lines_to_fill_in() {
        for text in [MINIMAL, STARTUP, CIS] {
            let filled = fill(text, Some("444455556666"), Some("eu-west-1"));
            assert!(filled.contains("\nid = \"444455556666\"\n"), "{filled}");
            assert!(filled.contains("\nhome_region = \"eu-west-1\"\n"), "{filled}");
        }
    }
}
