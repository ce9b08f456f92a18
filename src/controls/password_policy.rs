//! The account's password policy for IAM users.
//!
//! The API replaces the whole policy: what is not sent goes back to AWS's default. So every change
//! sends all fields, with the live values of those that the baseline leaves alone.

use crate::aws::door::{Nothing, Typed};
use crate::aws::facts::Reader;
use crate::aws::services::IAM;
use crate::aws::{AwsError, Operation, unless_absent};
use crate::control::{About, At, Context, Control, Cost, Places, Reference, Remarks, Steps};
use crate::document::Problems;
use crate::floor::{AtLeast, AtMost};
use crate::floors;
use crate::managed::Managed;
use crate::place::Place;
use crate::settings::Takes;
use crate::typed;
use serde::Deserialize;

/// The control.
pub struct PasswordPolicy;

const GET: Typed<Nothing, Found> = typed!(IAM, "iam", "GetAccountPasswordPolicy");
/// Replaces the whole policy.
const UPDATE: Typed<Sent> = typed!(IAM, "iam", "UpdateAccountPasswordPolicy");
/// Takes the policy away: AWS's default applies from then on.
const DELETE: Typed = typed!(IAM, "iam", "DeleteAccountPasswordPolicy");

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    password_policy: Sent,
}

// While there is no policy IAM asks for eight characters of three of the four kinds. A policy cannot
// say "three of four". Source: IAM User Guide, "Default password policy".
floors! {
    /// The table `[password_policy]`. Length and memory protect. Kinds of characters and an expiry
    /// are a matter of taste: NIST SP 800-63B advises against both.
    pub struct Settings => Policy => Sent {
        /// Characters a password must have.
        #[range(6..=128)]
        minimum_length: Managed<AtLeast<i32>> = 14 => 8, "MinimumPasswordLength" or 6;

        /// Old passwords that may not come back.
        #[range(1..=24)]
        reuse_prevention: Managed<AtLeast<i32>> = 24 => 0, "PasswordReusePrevention";

        /// Whether a symbol is required. Unmanaged, the policy keeps what it has, and a first one
        /// requires it: AWS asks for three of the four kinds where there is no policy.
        require_symbols: Managed<AtLeast<bool>> = unmanaged => true, "RequireSymbols";

        /// Whether a digit is required; unmanaged, as `require_symbols`.
        require_numbers: Managed<AtLeast<bool>> = unmanaged => true, "RequireNumbers";

        /// Whether an upper-case letter is required; unmanaged, as `require_symbols`.
        require_uppercase: Managed<AtLeast<bool>> = unmanaged => true, "RequireUppercaseCharacters";

        /// Whether a lower-case letter is required; unmanaged, as `require_symbols`.
        require_lowercase: Managed<AtLeast<bool>> = unmanaged => true, "RequireLowercaseCharacters";

        /// Days after which a password expires.
        #[range(1..=1095)]
        #[breaks("users whose password is already older must change it at their next sign-in")]
        #[example("90", "{ exactly = 90 }")]
        max_age_days: Managed<AtMost<i32>> = unmanaged => None, "MaxPasswordAge";

        /// Whether only an administrator can renew an expired password.
        #[breaks("with an expiry, the last administrator can be locked out")]
        hard_expiry: Managed<bool> = unmanaged => false, "HardExpiry";

        /// Whether users may change their own password.
        users_may_change: Managed<bool> = true => false, "AllowUsersToChangePassword";
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
        let expiry = [
            ("hard_expiry", "nobody", *settings.hard_expiry == Some(true)),
            ("max_age_days", "users", settings.max_age_days.is_some()),
        ];
        for (key, who, _) in expiry.iter().filter(|(.., is_set)| *is_set) {
            if *settings.users_may_change == Some(false) {
                let text = format!(
                    "with users_may_change = false {who} could not renew an expired password"
                );
                problems.setting(key, text);
            }
        }
    }

    async fn read(
        _: &Settings,
        _: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Option<Policy>, AwsError> {
        let answer = GET.ask(&reader.clients, reader.global_region(), &Nothing {}).await;
        let found = unless_absent(answer, "NoSuchEntity")?;
        Ok(found.map(|found| found.password_policy.into()))
    }

    fn state(live: &Option<Policy>) -> Option<Policy> {
        live.clone()
    }

    /// A first policy protects no less than none, and lets users renew passwords that expire.
    fn wanted(
        settings: &Settings,
        live: &Option<Policy>,
        _: At<'_>,
        say: &mut Remarks,
    ) -> Option<Policy> {
        let Some(live) = live else {
            let users_may_change = settings.max_age_days.is_some();
            return Some(Policy { users_may_change, ..Policy::NONE }.settled(settings));
        };
        let mut wanted = live.settled(settings);
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
        let first = to.as_ref().filter(|_| from.is_none());
        first.map_or_else(Vec::new, |first| first.looser_than(&Policy::NONE))
    }

    const RESTORES: &'static [Operation] = &[DELETE.operation];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Kind;
    use crate::control::tests::{configured, loosened, proposed};
    use serde_json::{Value, json};

    fn policy(minimum_length: i32) -> Policy {
        Policy { minimum_length, ..Policy::NONE }
    }

    /// A table that leaves alone what the defaults ask for, but for these keys.
    fn only(settings: &str) -> String {
        let protected = ["minimum_length", "reuse_prevention", "users_may_change"];
        let others = protected.iter().filter(|key| !settings.contains(**key));
        let others: String = others.map(|key| format!("{key} = \"unmanaged\"\n")).collect();
        format!("{others}{settings}")
    }

    fn sent(settings: &str, live: Option<Policy>) -> Value {
        proposed::<PasswordPolicy>(settings, &live).writes[0].call().input
    }

    #[test]
    fn what_the_baseline_leaves_alone_is_sent_as_it_is() {
        let live = Policy { require_numbers: false, max_age_days: Some(90), ..policy(20) };
        assert_eq!(
            sent(&only("reuse_prevention = 5"), Some(live)),
            json!({
                "MinimumPasswordLength": 20, "PasswordReusePrevention": 5,
                "RequireSymbols": true, "RequireNumbers": false,
                "RequireUppercaseCharacters": true, "RequireLowercaseCharacters": true,
                "MaxPasswordAge": 90, "HardExpiry": false, "AllowUsersToChangePassword": false,
            })
        );
    }

    #[test]
    fn a_first_policy_protects_no_less_than_the_default_of_iam() {
        let input = sent(&only("reuse_prevention = 24"), None);
        assert_eq!(input["MinimumPasswordLength"], 8);
        assert_eq!(input["RequireSymbols"], true);
    }

    #[test]
    fn a_first_policy_that_protects_less_than_none_loosens() {
        let loosened = |settings: &str| loosened(&proposed::<PasswordPolicy>(settings, &None));
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
            assert!(proposed::<PasswordPolicy>(settings, &None).findings.is_empty());
            sent(settings, None)["AllowUsersToChangePassword"] == true
        };
        assert!(may_change(&only("max_age_days = 30\nhard_expiry = true")));
        assert!(!may_change(&only("minimum_length = 14")));
        assert!(may_change("minimum_length = 14"));
    }

    #[test]
    fn an_expiry_waits_until_users_may_renew_their_passwords() {
        let settings = only("max_age_days = 30\nreuse_prevention = 5");
        let proposal = proposed::<PasswordPolicy>(&settings, &Some(policy(20)));
        assert_eq!(proposal.findings[0].field, "max_age_days");
        let input = sent(&settings, Some(policy(20)));
        assert_eq!(
            (&input["PasswordReusePrevention"], input.get("MaxPasswordAge")),
            (&json!(5), None)
        );
        let both = "max_age_days = 30\nusers_may_change = true";
        assert!(proposed::<PasswordPolicy>(both, &Some(policy(20))).findings.is_empty());
        assert_eq!(sent(both, Some(policy(20)))["MaxPasswordAge"], 30);
    }

    #[test]
    fn an_expiry_that_users_could_not_renew_is_refused() {
        let is_taken = |settings: &str| configured(Kind::of::<PasswordPolicy>(), settings).is_ok();
        assert!(!is_taken("max_age_days = 90\nusers_may_change = false"));
        assert!(is_taken("max_age_days = 90\nusers_may_change = true"));
        assert!(is_taken("max_age_days = 90"));
    }
}
