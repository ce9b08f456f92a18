//! Moves against the root user and the password policy.

use super::{Drill, Intruder};
use serde_json::json;

/// The root user as it should be: with a hardware MFA device and without keys.
fn a_safe_root(intruder: &mut Intruder) {
    let safe = json!({"mfa": true, "mfa_type": "hardware", "password": true});
    intruder.admin("root", safe);
}

fn root(intruder: &mut Intruder, state: serde_json::Value) {
    intruder.admin("root", state);
}

pub const DRILLS: &[Drill] = &[
    Drill {
        control: "root_user",
        tables: "[root_user]\nmfa = \"hardware\"\nunused_for = \"30d\"",
        before: a_safe_root,
        moves: &[
            ("an access key is made", |intruder| {
                root(intruder, json!({"access_keys": 1}));
            }),
            ("the MFA device is deactivated", |intruder| {
                root(intruder, json!({"mfa": false}));
            }),
            ("a virtual MFA device takes its place", |intruder| {
                root(intruder, json!({"mfa_type": "virtual"}));
            }),
            ("a signing certificate is uploaded", |intruder| {
                root(intruder, json!({"signing_certificates": true}));
            }),
            ("the root user signs in", |intruder| {
                let now = time::OffsetDateTime::UNIX_EPOCH
                    + std::time::UNIX_EPOCH.elapsed().expect("a clock");
                let day = now.date().to_string();
                root(intruder, json!({"last_used": format!("{day}T00:00:00+00:00")}));
            }),
        ],
    },
    Drill {
        control: "password_policy",
        tables: "[password_policy]",
        before: super::nothing,
        moves: &[
            ("the policy is deleted", |intruder| {
                intruder.wire.iam("DeleteAccountPasswordPolicy", "");
            }),
            ("short passwords do", |intruder| {
                set(intruder, "&MinimumPasswordLength=8&PasswordReusePrevention=24");
            }),
            ("old passwords do", |intruder| {
                set(intruder, "&MinimumPasswordLength=14&PasswordReusePrevention=1");
            }),
            ("passwords are never remembered", |intruder| {
                set(intruder, "&MinimumPasswordLength=14");
            }),
            ("passwords need no symbols", |intruder| {
                let rest = "&MinimumPasswordLength=14&PasswordReusePrevention=24&RequireNumbers=true\
                            &RequireUppercaseCharacters=true&RequireLowercaseCharacters=true\
                            &AllowUsersToChangePassword=true";
                intruder.wire.iam("UpdateAccountPasswordPolicy", rest);
            }),
            ("users cannot change a password that others know", |intruder| {
                let classes = "&MinimumPasswordLength=14&PasswordReusePrevention=24&RequireNumbers=true\
                               &RequireUppercaseCharacters=true&RequireLowercaseCharacters=true\
                               &RequireSymbols=true&AllowUsersToChangePassword=false";
                intruder.wire.iam("UpdateAccountPasswordPolicy", classes);
            }),
        ],
    },
];

/// Sets the policy, with everything else at its strictest.
fn set(intruder: &mut Intruder, what: &str) {
    let rest = "&RequireNumbers=true&RequireUppercaseCharacters=true\
                &RequireLowercaseCharacters=true&RequireSymbols=true\
                &AllowUsersToChangePassword=true";
    intruder.wire.iam("UpdateAccountPasswordPolicy", &format!("{what}{rest}"));
}
