//! The account's password policy for IAM users.
//!
//! The API replaces the whole policy: what is not sent goes back to AWS's default. So every change
//! sends all fields, with the live values of those that the baseline leaves alone.

use crate::aws::door::{Nothing, Typed};
use crate::aws::facts::Reader;
use crate::aws::services::IAM;
use crate::aws::{AwsError, Grant, Operation};
use crate::control::{About, At, Context, Control, Cost, Places, Reference, Remarks, Steps};
use crate::document::Problems;
use crate::floor::{AtLeast, AtMost, lower, raise};
use crate::managed::Managed;
use crate::place::Place;
use crate::settings;
use crate::settings::Takes;
use serde::{Deserialize, Serialize};

/// The control.
pub struct PasswordPolicy;

const GET: Typed<Nothing, Found> =
    Typed::new(&IAM, "GetAccountPasswordPolicy", &[Grant::any("iam:GetAccountPasswordPolicy")]);

/// Replaces the whole policy.
const UPDATE: Typed<Sent> = Typed::new(
    &IAM,
    "UpdateAccountPasswordPolicy",
    &[Grant::any("iam:UpdateAccountPasswordPolicy")],
);

/// Takes the policy away: AWS's default applies from then on.
const DELETE: Typed = Typed::new(
    &IAM,
    "DeleteAccountPasswordPolicy",
    &[Grant::any("iam:DeleteAccountPasswordPolicy")],
);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    password_policy: Sent,
}

/// The policy as it is answered and sent. A number of zero is neither: the API has no other way to
/// say "off".
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Sent {
    minimum_password_length: Option<i32>,
    password_reuse_prevention: Option<i32>,
    require_symbols: bool,
    require_numbers: bool,
    require_uppercase_characters: bool,
    require_lowercase_characters: bool,
    max_password_age: Option<i32>,
    hard_expiry: bool,
    allow_users_to_change_password: bool,
}

impl From<Sent> for Policy {
    fn from(found: Sent) -> Self {
        Self {
            minimum_length: found.minimum_password_length.unwrap_or(6),
            reuse_prevention: found.password_reuse_prevention.unwrap_or(0),
            require_symbols: found.require_symbols,
            require_numbers: found.require_numbers,
            require_uppercase: found.require_uppercase_characters,
            require_lowercase: found.require_lowercase_characters,
            max_age_days: found.max_password_age.filter(|days| *days > 0),
            hard_expiry: found.hard_expiry,
            users_may_change: found.allow_users_to_change_password,
        }
    }
}

impl From<&Policy> for Sent {
    fn from(wanted: &Policy) -> Self {
        Self {
            minimum_password_length: Some(wanted.minimum_length),
            password_reuse_prevention: Some(wanted.reuse_prevention).filter(|count| *count > 0),
            require_symbols: wanted.require_symbols,
            require_numbers: wanted.require_numbers,
            require_uppercase_characters: wanted.require_uppercase,
            require_lowercase_characters: wanted.require_lowercase,
            max_password_age: wanted.max_age_days,
            hard_expiry: wanted.hard_expiry,
            allow_users_to_change_password: wanted.users_may_change,
        }
    }
}

settings! {
    /// The table `[password_policy]`. Length and memory protect. Kinds of characters and an expiry
    /// are a matter of taste: NIST SP 800-63B advises against both.
    pub struct Settings {
        /// Characters a password must have.
        #[range(6..=128)]
        minimum_length: Managed<AtLeast<i32>> = 14,

        /// Old passwords that may not come back.
        #[range(1..=24)]
        reuse_prevention: Managed<AtLeast<i32>> = 24,

        /// Whether a symbol is required. Unmanaged, the policy keeps what it has, and a first one
        /// requires it: AWS asks for three of the four kinds where there is no policy.
        require_symbols: Managed<AtLeast<bool>> = unmanaged,

        /// Whether a digit is required; unmanaged, as `require_symbols`.
        require_numbers: Managed<AtLeast<bool>> = unmanaged,

        /// Whether an upper-case letter is required; unmanaged, as `require_symbols`.
        require_uppercase: Managed<AtLeast<bool>> = unmanaged,

        /// Whether a lower-case letter is required; unmanaged, as `require_symbols`.
        require_lowercase: Managed<AtLeast<bool>> = unmanaged,

        /// Days after which a password expires.
        #[range(1..=1095)]
        #[breaks("users whose password is already older must change it at their next sign-in")]
        #[example("90", "{ exactly = 90 }")]
        max_age_days: Managed<AtMost<i32>> = unmanaged,

        /// Whether only an administrator can renew an expired password.
        #[breaks("with an expiry, the last administrator can be locked out")]
        hard_expiry: Managed<bool> = unmanaged,

        /// Whether users may change their own password.
        users_may_change: Managed<bool> = true,
    }
}

/// The policy as IAM has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    minimum_length: i32,
    reuse_prevention: i32,
    require_symbols: bool,
    require_numbers: bool,
    require_uppercase: bool,
    require_lowercase: bool,
    max_age_days: Option<i32>,
    hard_expiry: bool,
    users_may_change: bool,
}

impl Policy {
    /// What a first policy starts from, so that it protects no less than what IAM asks for while
    /// there is none: eight characters of three of the four kinds. A policy cannot say "three of
    /// four". Source: IAM User Guide, "Default password policy".
    fn at_first() -> Self {
        Self {
            minimum_length: 8,
            reuse_prevention: 0,
            require_symbols: true,
            require_numbers: true,
            require_uppercase: true,
            require_lowercase: true,
            max_age_days: None,
            hard_expiry: false,
            users_may_change: false,
        }
    }

    /// A first policy. Passwords that expire are renewed by their users, unless the baseline says
    /// otherwise.
    fn first(settings: &Settings) -> Self {
        let first = Self { users_may_change: settings.max_age_days.is_some(), ..Self::at_first() };
        first.wanted(settings)
    }

    /// The fields in which it protects less than no policy at all does.
    fn weaker_than_none(&self) -> Vec<String> {
        let none = Self::at_first();
        let fields = [
            ("minimum_length", self.minimum_length < none.minimum_length),
            ("require_symbols", !self.require_symbols && none.require_symbols),
            ("require_numbers", !self.require_numbers && none.require_numbers),
            ("require_uppercase", !self.require_uppercase && none.require_uppercase),
            ("require_lowercase", !self.require_lowercase && none.require_lowercase),
        ];
        let weaker = fields.into_iter().filter(|(_, is_weaker)| *is_weaker);
        weaker.map(|(field, _)| field.to_owned()).collect()
    }

    fn wanted(&self, settings: &Settings) -> Self {
        Self {
            minimum_length: raise(&settings.minimum_length, self.minimum_length),
            reuse_prevention: raise(&settings.reuse_prevention, self.reuse_prevention),
            require_symbols: raise(&settings.require_symbols, self.require_symbols),
            require_numbers: raise(&settings.require_numbers, self.require_numbers),
            require_uppercase: raise(&settings.require_uppercase, self.require_uppercase),
            require_lowercase: raise(&settings.require_lowercase, self.require_lowercase),
            max_age_days: lower(&settings.max_age_days, self.max_age_days),
            hard_expiry: settings.hard_expiry.unwrap_or(self.hard_expiry),
            users_may_change: settings.users_may_change.unwrap_or(self.users_may_change),
        }
    }
}

impl Control for PasswordPolicy {
    type Settings = Settings;
    /// An account need not have a policy.
    type Live = Option<Policy>;
    type State = Option<Policy>;

    const ABOUT: About = About {
        name: "password_policy",
        title: "password policy of IAM users",
        why: "Passwords of IAM users are guessed and re-used. A long minimum and a memory of old \
              passwords make both hard. Root and Identity Center users are not affected.",
        places: Places::ACCOUNT,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::cis3("1.8", "passwords at least 14 long"),
            Reference::cis3("1.9", "last 24 passwords barred"),
            Reference::cis7("2.8", "passwords at least 14 long"),
            Reference::cis7("2.9", "last 24 passwords barred"),
            Reference::fsbp("IAM.7", "strong passwords, with all four require_*"),
            Reference::nist_csf("Protect", "identities are protected"),
            Reference::well_architected("SEC 2", "strong sign-in"),
        ],
        cost: Cost::Free("free"),
        operations: &[GET.operation, UPDATE.operation],
    };

    fn check(settings: &Settings, problems: &mut Problems) {
        if *settings.hard_expiry == Some(true) && *settings.users_may_change == Some(false) {
            let text = "with users_may_change = false nobody could renew an expired password";
            problems.setting("hard_expiry", text);
        }
        if settings.max_age_days.is_some() && *settings.users_may_change == Some(false) {
            let text = "with users_may_change = false users could not renew an expired password";
            problems.setting("max_age_days", text);
        }
    }

    fn state(live: &Option<Policy>) -> Option<Policy> {
        live.clone()
    }

    async fn read(
        _: &Settings,
        _: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Option<Policy>, AwsError> {
        let answer = GET.ask(&reader.clients, reader.global_region(), &Nothing {});
        match answer.await {
            Ok(found) => Ok(Some(found.password_policy.into())),
            Err(error) if error.is("NoSuchEntity") => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn wanted(
        settings: &Settings,
        live: &Option<Policy>,
        _: At<'_>,
        say: &mut Remarks,
    ) -> Option<Policy> {
        let Some(live) = live else {
            return Some(Policy::first(settings));
        };
        let mut wanted = live.wanted(settings);
        if settings.max_age_days.is_some() && !wanted.users_may_change {
            wanted.max_age_days = live.max_age_days;
            say.finding(
                "max_age_days",
                "users may not change their own password, so they could not renew an expired one",
                "add users_may_change = true, or take out max_age_days",
            );
        }
        Some(wanted)
    }

    fn steps(_: &Option<Policy>, to: &Option<Policy>, at: At<'_>) -> Steps {
        match to {
            Some(policy) => Steps::default().then(UPDATE.call(at.region(), policy.into())),
            None => Steps::default().then(DELETE.call(at.region(), Nothing {})),
        }
    }

    fn looser(from: &Option<Policy>, to: &Option<Policy>) -> Vec<String> {
        match (from, to) {
            (None, Some(first)) => first.weaker_than_none(),
            _ => Vec::new(),
        }
    }

    const RESTORES: &'static [Operation] = &[DELETE.operation];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Kind;
    use crate::control::tests::{configured, proposed};
    use serde_json::json;

    fn policy(minimum_length: i32) -> Policy {
        Policy { minimum_length, ..Policy::at_first() }
    }

    /// A table that leaves alone what the defaults ask for, but for these keys.
    fn only(settings: &str) -> String {
        let protected = ["minimum_length", "reuse_prevention", "users_may_change"];
        let others = protected.iter().filter(|key| !settings.contains(**key));
        let others: String = others.map(|key| format!("{key} = \"unmanaged\"\n")).collect();
        format!("{others}{settings}")
    }

    #[test]
    fn what_the_baseline_leaves_alone_is_sent_as_it_is() {
        let live = Policy { require_numbers: false, max_age_days: Some(90), ..policy(20) };
        let proposal = proposed::<PasswordPolicy>(&only("reuse_prevention = 5"), &Some(live));
        assert_eq!(
            proposal.writes[0].call().input,
            json!({
                "MinimumPasswordLength": 20, "PasswordReusePrevention": 5,
                "RequireSymbols": true, "RequireNumbers": false,
                "RequireUppercaseCharacters": true, "RequireLowercaseCharacters": true,
                "MaxPasswordAge": 90, "HardExpiry": false, "AllowUsersToChangePassword": false,
            })
        );
    }

    #[test]
    fn a_stricter_policy_is_left_alone() {
        let live = Policy { max_age_days: Some(30), ..policy(32) };
        let settings = only("minimum_length = 14\nmax_age_days = 90\nrequire_symbols = false");
        let proposal = proposed::<PasswordPolicy>(&settings, &Some(live));
        assert!(proposal.differences.is_empty() && proposal.writes.is_empty());
    }

    #[test]
    fn a_first_policy_protects_no_less_than_the_default_of_iam() {
        let proposal = proposed::<PasswordPolicy>(&only("reuse_prevention = 24"), &None);
        let input = proposal.writes[0].call().input;
        assert_eq!(input["MinimumPasswordLength"], json!(8));
        assert_eq!(input["RequireSymbols"], json!(true));
    }

    #[test]
    fn a_first_policy_that_protects_less_than_none_loosens() {
        let loosened = |settings: &str| -> Vec<String> {
            let proposal = proposed::<PasswordPolicy>(settings, &None);
            let looser = proposal.differences.into_iter().filter(|d| d.loosens);
            looser.map(|d| d.field).collect()
        };
        assert_eq!(loosened("minimum_length = { exactly = 6 }"), ["minimum_length"]);
        for kind in ["symbols", "numbers", "uppercase", "lowercase"] {
            let field = format!("require_{kind}");
            assert_eq!(loosened(&format!("{field} = {{ exactly = false }}")), [field]);
        }
        assert!(loosened("minimum_length = 6\nrequire_symbols = false").is_empty());
        assert!(loosened("").is_empty());
    }

    #[test]
    fn users_of_a_first_policy_with_an_expiry_may_renew_their_passwords() {
        let may_change = |settings: &str| {
            let proposal = proposed::<PasswordPolicy>(settings, &None);
            assert!(proposal.findings.is_empty());
            proposal.writes[0].call().input["AllowUsersToChangePassword"].clone()
        };
        assert_eq!(may_change(&only("max_age_days = 30\nhard_expiry = true")), json!(true));
        assert_eq!(may_change(&only("minimum_length = 14")), json!(false));
        assert_eq!(may_change("minimum_length = 14"), json!(true));
    }

    #[test]
    fn an_expiry_waits_until_users_may_renew_their_passwords() {
        let settings = only("max_age_days = 30\nreuse_prevention = 5");
        let proposal = proposed::<PasswordPolicy>(&settings, &Some(policy(20)));
        assert_eq!(proposal.findings[0].field, "max_age_days");
        let input = proposal.writes[0].call().input;
        assert_eq!(input["PasswordReusePrevention"], json!(5));
        assert_eq!(input.get("MaxPasswordAge"), None);
        let both = "max_age_days = 30\nusers_may_change = true";
        let proposal = proposed::<PasswordPolicy>(both, &Some(policy(20)));
        assert!(proposal.findings.is_empty());
        assert_eq!(proposal.writes[0].call().input["MaxPasswordAge"], json!(30));
    }

    #[test]
    fn an_expiry_that_users_could_not_renew_is_refused() {
        let is_taken = |settings: &str| configured(Kind::of::<PasswordPolicy>(), settings).is_ok();
        assert!(!is_taken("max_age_days = 90\nusers_may_change = false"));
        assert!(is_taken("max_age_days = 90\nusers_may_change = true"));
        assert!(is_taken("max_age_days = 90"));
    }
}
