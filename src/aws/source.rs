//! Where credentials come from, and what is said when they do not come: the profile, the file or the
//! command that failed, and what to type.
//!
//! The SDK follows a profile by itself and says little of the way. This follows it by the same rules
//! (AWS SDKs and Tools Reference Guide, "Assume role credential provider" and "Credential provider
//! chain"), so that every failure can be told in the words of the configuration files.

use super::error::{Kind, classify, innermost};
use super::way;
use crate::error::Error;
use aws_config::profile::{Profile, ProfileSet};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_types::error::display::DisplayErrorContext;
use std::fmt;

/// Where the credentials of a run come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The profile that holds what the others build upon; none outside of profiles.
    pub profile: Option<String>,
    /// What it holds.
    pub base: Base,
    /// The roles that are assumed one after the other, the last of which is used.
    pub roles: Vec<String>,
}

/// What everything else builds upon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Base {
    /// Variables of the environment, a container, an instance: whatever the chain finds.
    #[default]
    Chain,
    /// Keys in the profile.
    Keys,
    /// A token in a file, for a role.
    WebIdentity {
        /// The file.
        file: String,
        /// The role.
        role: String,
    },
    /// A token of IAM Identity Center.
    Sso,
    /// A session of the console, made by `aws login`.
    Login,
    /// A command that prints credentials.
    Process {
        /// The program, without its arguments: these may be secret.
        program: String,
    },
    /// `credential_source`.
    Named(String),
}

/// Why there are no credentials.
#[derive(Clone, Debug)]
pub struct Missing {
    /// What kind of failure it is.
    pub kind: Kind,
    /// What failed, in the words of the configuration.
    pub text: String,
    /// What the system or AWS says of it.
    pub cause: Option<String>,
    /// What to do.
    pub hint: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match &self.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl From<Missing> for Error {
    fn from(missing: Missing) -> Self {
        let error = Self::failed(missing.text).hint(missing.hint);
        match missing.cause {
            Some(cause) => error.because(cause),
            None => error,
        }
    }
}

impl Source {
    /// Follows a profile to what it builds upon.
    ///
    /// # Errors
    /// A profile that is named and does not exist, a circle, a profile that says nothing or two
    /// things about its credentials.
    pub fn of_profile(profiles: &ProfileSet, name: &str) -> Result<Self, Error> {
        let mut visited: Vec<&str> = Vec::new();
        let mut roles = Vec::new();
        let mut name = name;
        loop {
            let Some(profile) = profiles.get_profile(name) else {
                return Err(no_such(profiles, name, visited.last().copied()));
            };
            if visited.contains(&name) {
                let way = visited.join("' → '");
                let text = format!("the profiles '{way}' → '{name}' go round in a circle");
                let hint = "let one source_profile name a profile that has credentials of its own";
                return Err(Error::failed(text).hint(hint));
            }
            // Keys go before a role in every profile but the first.
            let is_source = !visited.is_empty() && profile.get("aws_access_key_id").is_some();
            visited.push(name);
            let role = profile.get("role_arn");
            let role = role.filter(|_| profile.get("web_identity_token_file").is_none());
            match role.filter(|_| !is_source) {
                None => {
                    roles.reverse();
                    return Ok(Self {
                        profile: Some(name.to_owned()),
                        base: base(profiles, profile)?,
                        roles,
                    });
                }
                Some(role) => roles.push(role.to_owned()),
            }
            match (profile.get("source_profile"), profile.get("credential_source")) {
                (Some(next), None) if next != name => name = next,
                (Some(_), None) | (None, Some(_)) => {
                    roles.reverse();
                    return Ok(Self {
                        profile: Some(name.to_owned()),
                        base: base(profiles, profile)?,
                        roles,
                    });
                }
                (source, _) => {
                    let says = match source {
                        Some(_) => "both source_profile and credential_source",
                        None => "neither source_profile nor credential_source",
                    };
                    let text = format!("profile '{name}' has role_arn and {says}");
                    let hint = "write one of them: source_profile names the profile whose \
                                credentials may assume the role";
                    return Err(Error::failed(text).hint(hint));
                }
            }
        }
    }

    /// The same, with one more role assumed at the end.
    pub fn then(mut self, role: &str) -> Self {
        self.roles.push(role.to_owned());
        self
    }

    /// What is said when credentials do not come.
    pub fn missing(&self, cause: &CredentialsError) -> Missing {
        let chain = DisplayErrorContext(cause).to_string();
        let innermost = innermost(cause);
        let (kind, told) = way::told("credentials", &chain, &innermost);
        if matches!(kind, Kind::Unresolved | Kind::Proxy | Kind::Certificate) {
            return Missing {
                kind,
                text: "no credentials: where they come from cannot be reached".to_owned(),
                cause: Some(told),
                hint: "check network and proxy (HTTPS_PROXY), then run it again".to_owned(),
            };
        }
        match refusal(cause) {
            Some((code, message)) => self.refused(&code, &message),
            None => self.unloaded(&chain, innermost),
        }
    }

    /// STS refused to let the role be assumed.
    fn refused(&self, code: &str, message: &str) -> Missing {
        let role = match (&self.base, message.rsplit_once("on resource: ")) {
            (_, Some((_, role))) => role.trim().to_owned(),
            (Base::WebIdentity { role, .. }, None) => role.clone(),
            _ => self.roles.join(", then "),
        };
        let with = match (&self.base, &self.profile) {
            (Base::WebIdentity { file, .. }, _) => format!(" with the token in {file}"),
            (_, Some(profile)) => format!(" with the credentials of profile '{profile}'"),
            (_, None) => String::new(),
        };
        let kind = match classify(code, message) {
            Kind::Answered => Kind::Credentials,
            kind => kind,
        };
        let hint = match kind {
            Kind::Denied => {
                let who = word_after(message, "User: ").unwrap_or("the caller");
                format!(
                    "the policies of {who} must allow sts:AssumeRole on that role, and the role's \
                     trust policy must let it in (with its conditions: MFA, external id, source)"
                )
            }
            Kind::Expired => "renew what the role is assumed with, then run it again".to_owned(),
            _ => "check what the role is assumed with: aws sts get-caller-identity".to_owned(),
        };
        Missing {
            kind,
            text: format!("cannot assume the role {role}{with}"),
            cause: Some(format!("sts:AssumeRole: {code}: {message}")),
            hint,
        }
    }

    /// The base gave none.
    fn unloaded(&self, chain: &str, innermost: String) -> Missing {
        let name = self.profile.as_deref().unwrap_or("default");
        let lower = chain.to_lowercase();
        let is_expired = lower.contains("expired");
        let login = |command: &str, what: &str| {
            let state = match is_expired {
                true => "is over",
                false => "is missing or cannot be used",
            };
            let text = format!("profile '{name}' is not logged in: {what} {state}");
            (Kind::Expired, text, format!("{command} --profile {name}"))
        };
        let (kind, text, hint) = match &self.base {
            Base::Sso if lower.contains("forbidden") => (
                Kind::Denied,
                format!("IAM Identity Center gives profile '{name}' no credentials"),
                "check sso_account_id and sso_role_name: aws configure sso".to_owned(),
            ),
            Base::Sso => login("aws sso login", "its session of IAM Identity Center"),
            Base::Login => login("aws login", "its session of the console"),
            Base::WebIdentity { file, .. } => (
                Kind::Credentials,
                format!("the web identity token in {file} cannot be used"),
                format!("see that the file exists and can be read: ls -l {file}"),
            ),
            Base::Process { program } => (
                match is_expired {
                    true => Kind::Expired,
                    false => Kind::Credentials,
                },
                format!("the credential_process of profile '{name}' failed ({program})"),
                "run the command yourself: it must print JSON with Version 1, AccessKeyId and \
                 SecretAccessKey, and exit with 0"
                    .to_owned(),
            ),
            Base::Named(source) => (
                Kind::Credentials,
                format!("profile '{name}' has credential_source = {source}, which gives none"),
                "Environment, EcsContainer and Ec2InstanceMetadata are there only where a shell, a \
                 container or an instance has credentials"
                    .to_owned(),
            ),
            Base::Keys => (
                Kind::Credentials,
                format!("the keys of profile '{name}' cannot be used"),
                format!("aws configure --profile {name}"),
            ),
            Base::Chain => (
                match is_expired {
                    true => Kind::Expired,
                    false => Kind::Credentials,
                },
                "there are no credentials: none in the environment, in a profile, or of this machine"
                    .to_owned(),
                "choose a --profile, log in (`aws login`, `aws sso login`), or set \
                 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                    .to_owned(),
            ),
        };
        // What the chain tried is no cause, but a list of what is not there.
        let cause = match self.base {
            Base::Chain if chain.contains("no credentials found in chain") => None,
            _ => Some(cause(chain, innermost)),
        };
        Missing { kind, text, cause, hint }
    }
}

/// The innermost cause, with the file that it is about where the SDK names it further out.
fn cause(chain: &str, innermost: String) -> String {
    let innermost = innermost.trim();
    let process = "Error retrieving credentials";
    if let Some((_, said)) = innermost.split_once(process) {
        let said = said.trim_start_matches([':', ',', ' ']);
        return said.replace("external process exited with code ", "").trim().to_owned();
    }
    // Of a session the SDK does not say which file it is.
    if innermost == "failed to load the cached SSO token" {
        return format!("{innermost} from ~/.aws/sso/cache/");
    }
    for what in ["failed to read `", "failed to write `"] {
        if let Some((_, rest)) = chain.split_once(what)
            && let Some((path, _)) = rest.split_once('`')
            && !innermost.contains(path)
        {
            return format!("{}{path}: {innermost}", what.replace('`', ""));
        }
    }
    innermost.to_owned()
}

/// The code and message by which STS refused a role.
fn refusal(cause: &CredentialsError) -> Option<(String, String)> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(cause);
    while let Some(error) = cause {
        let role = error.downcast_ref::<AssumeRoleError>().map(|e| e.meta());
        let web = error.downcast_ref::<AssumeRoleWithWebIdentityError>();
        if let Some(meta) = role.or(web.map(|e| e.meta())) {
            let code = meta.code().unwrap_or("no code").to_owned();
            return Some((code, meta.message().unwrap_or("no message").to_owned()));
        }
        cause = error.source();
    }
    None
}

/// What a profile that ends the way holds.
fn base(profiles: &ProfileSet, profile: &Profile) -> Result<Base, Error> {
    let name = profile.name();
    if let Some(source) = profile.get("credential_source") {
        return Ok(Base::Named(source.to_owned()));
    }
    if let (Some(file), Some(role)) =
        (profile.get("web_identity_token_file"), profile.get("role_arn"))
    {
        return Ok(Base::WebIdentity { file: file.to_owned(), role: role.to_owned() });
    }
    if let Some(session) = profile.get("sso_session")
        && profiles.sso_session(session).is_none()
    {
        let text = format!(
            "profile '{name}' has sso_session = {session}, and there is no [sso-session {session}]"
        );
        return Err(Error::failed(text).hint(format!("aws configure sso --profile {name}")));
    }
    if profile.get("sso_session").is_some() || profile.get("sso_start_url").is_some() {
        return Ok(Base::Sso);
    }
    if profile.get("login_session").is_some() {
        return Ok(Base::Login);
    }
    if let Some(command) = profile.get("credential_process") {
        let program = command.split_whitespace().next().unwrap_or(command);
        return Ok(Base::Process { program: program.to_owned() });
    }
    let keys = ["aws_access_key_id", "aws_secret_access_key"];
    match keys.map(|key| profile.get(key).is_some()) {
        [true, true] => Ok(Base::Keys),
        [false, false] => Err(Error::failed(format!("profile '{name}' has no credentials")).hint(
            format!("aws login --profile {name}, aws configure sso --profile {name}, or another --profile"),
        )),
        [has_id, _] => {
            let (there, lacking) = match has_id {
                true => (keys[0], keys[1]),
                false => (keys[1], keys[0]),
            };
            let text = format!("profile '{name}' has {there}, but no {lacking}");
            Err(Error::failed(text).hint(format!("aws configure --profile {name}")))
        }
    }
}

/// The error for a profile that does not exist.
pub fn no_such(profiles: &ProfileSet, name: &str, named_by: Option<&str>) -> Error {
    let mut known: Vec<&str> = profiles.profiles().collect();
    known.sort_unstable();
    let hint = match known.is_empty() {
        true => "there are no profiles: see `aws configure`".to_owned(),
        false => format!("known profiles: {}", known.join(", ")),
    };
    let text = match named_by {
        Some(by) => format!(
            "profile '{by}' has source_profile = {name}, and there is no AWS profile '{name}'"
        ),
        None => format!("there is no AWS profile '{name}'"),
    };
    Error::failed(text).hint(hint)
}

fn word_after<'m>(message: &'m str, text: &str) -> Option<&'m str> {
    message.split_once(text)?.1.split_whitespace().next()
}
