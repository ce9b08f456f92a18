//! What a key is to be, and what only you can put right about it.

use super::live::{Key, Live, account_of};
use super::settings::{Entry, Use};
use super::statements::{ACCOUNT, Owner};
use super::{KeyState, State};
use crate::aws::keys::Rotation;
use crate::control::{At, Remarks};
use crate::floor::lower;
use crate::policy::{Dialect, Kind, Match, Policy, weaknesses};
use crate::settings::Words;
use std::collections::BTreeSet;

/// The key that a table asks for.
pub fn wanted(entry: &Entry, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
    let state = State::of(live);
    let owner = Owner { region: at.region(), context: at.context };
    let Some(key) = &live.key else {
        return State { key: Some(created(entry, owner)), ..state };
    };
    say.owned_by(key.owner.clone(), *entry.take_over == Some(true));
    judge_grants(entry, key, at.region(), say);
    let policy = match Policy::parse(&key.policy) {
        Ok(policy) => policy,
        Err(why) => {
            let what = format!("the policy of the key {} cannot be read: {why}", key.id);
            say.finding("policy", what, "write it anew (KMS console, the key, Key policy)");
            return state;
        }
    };
    judge_policy(entry, key, &policy, at, say);
    if !is_usable(live, key, at.region(), say) {
        return state;
    }
    let merged = merged(entry, key, &policy, owner, at);
    if merged.is_some() && !policy.deleted_principals().is_empty() {
        // Source: KMS API Reference, PutKeyPolicy: the principals must exist.
        say.finding(
            "policy",
            "the policy lacks a statement, and KMS refuses to store it as long as it names a deleted \
             user or role",
            "take the deleted principal out of it (KMS console, the key, Key policy)",
        );
        return state;
    }
    let wanted = KeyState {
        id: key.id.clone(),
        aliased: true,
        // Whoever manages it elsewhere says by what it is known.
        tagged: key.tagged || key.owner.is_none(),
        rotation: match key.fixed {
            Some(_) => key.rotation.clone(),
            None => rotation(entry, &key.rotation),
        },
        policy: merged.map_or_else(|| key.policy.clone(), |policy| policy.text()),
    };
    if let (Some(fixed), true) = (key.fixed, entry.rotation_days.is_some()) {
        say.note(format!("the key is not rotated: {}", fixed.why()));
    }
    State { key: Some(wanted), ..state }
}

fn rotation(entry: &Entry, live: &Rotation) -> Rotation {
    match entry.rotation_days.is_some() {
        true => {
            let period_days = live.period_days.filter(|_| live.enabled);
            Rotation { enabled: true, period_days: lower(&entry.rotation_days, period_days) }
        }
        false => live.clone(),
    }
}

fn created(entry: &Entry, owner: Owner<'_>) -> KeyState {
    let mut policy = Policy::empty();
    policy.put(&owner.account());
    owner.all_needed(entry.uses()).iter().for_each(|statement| policy.put(statement));
    if let Some(days) = &*entry.deletion_window_days {
        policy.put(&owner.no_early_deletion(*days.value()));
    }
    KeyState {
        id: String::new(),
        aliased: true,
        tagged: true,
        rotation: rotation(entry, &Rotation::default()),
        policy: policy.text(),
    }
}

/// The policy with what it lacks; nothing if it lacks nothing. What others put into it stays.
fn merged(
    entry: &Entry,
    key: &Key,
    policy: &Policy,
    owner: Owner<'_>,
    at: At<'_>,
) -> Option<Policy> {
    let dialect = Dialect::resource(&at.context.partition);
    let mut missing = owner.all_needed(entry.uses());
    // Whoever keeps the account's own policies out of a key of theirs may want that.
    if key.created_here || policy.with_sid(ACCOUNT).is_some() {
        missing.insert(0, owner.account());
    }
    missing.retain(|own| !policy.says(own, dialect));
    if let Some(days) = &*entry.deletion_window_days {
        let deny = owner.no_early_deletion(*days.value());
        let stays = policy.denies_all_of(&deny, dialect);
        let is_other = days.is_exact() && !policy.says(&deny, dialect);
        missing.extend((!stays || is_other).then_some(deny));
    }
    let mut merged = policy.clone();
    missing.iter().for_each(|statement| merged.put(statement));
    (!missing.is_empty()).then_some(merged)
}

/// Whether the key can be changed, and is the one that is meant; a finding says why it is not.
fn is_usable(live: &Live, key: &Key, region: &str, say: &mut Remarks) -> bool {
    let (alias, id) = (&live.alias, &key.id);
    let made_for = format!("the key {id} was made for {alias}");
    if key.aliased && !key.tagged {
        for (other, state) in &live.others {
            say.finding(
                "alias",
                format!(
                    "{alias} stands for the key {id}, and was made for the key {other} ({state}): \
                     what the baseline encrypts is encrypted with another key than before"
                ),
                format!(
                    "aws kms update-alias --alias-name {alias} --target-key-id {other} --region \
                     {region}; or, if the change was meant: aws kms untag-resource --key-id {other} \
                     --tag-keys {} --region {region}",
                    super::writes::KEY_TAG
                ),
            );
        }
        if !live.others.is_empty() {
            return false;
        }
    }
    let fault = match (key.state.as_str(), key.spec.as_str()) {
        ("Enabled", "SYMMETRIC_DEFAULT") => return true,
        ("Creating" | "Updating", _) => return false,
        ("Enabled", spec) => {
            let what =
                format!("{alias} stands for a key of the kind {spec}, and not a symmetric one");
            (what, "name another alias in [[keys]]".to_owned())
        }
        ("PendingDeletion" | "PendingReplicaDeletion", _) => (
            format!("{made_for} and is scheduled for deletion: what it encrypted will be lost"),
            format!(
                "aws kms cancel-key-deletion --key-id {id} --region {region} && aws kms enable-key \
                 --key-id {id} --region {region}"
            ),
        ),
        ("Disabled", _) => (
            format!("{made_for} and is disabled: nothing is encrypted with it or can be read"),
            format!("aws kms enable-key --key-id {id} --region {region}"),
        ),
        (state, _) => (
            format!("{made_for} and is {state}: nothing is encrypted with it or can be read"),
            "import its material again, or connect its key store (KMS console)".to_owned(),
        ),
    };
    let (what, remedy) = fault;
    say.finding("state", what, remedy);
    false
}

/// Reports whom its policy lets in besides the account, and whom it keeps out that needs it.
fn judge_policy(entry: &Entry, key: &Key, policy: &Policy, at: At<'_>, say: &mut Remarks) {
    let Some(shared) = &*entry.shared_with else { return };
    let owner = Owner { region: at.region(), context: at.context };
    let (account, partition) = (&at.context.account, &at.context.partition);
    for weak in weaknesses(policy, &key.arn, account, partition) {
        let is_told = match &weak.kind {
            Kind::Public | Kind::NotUnderstood => false,
            Kind::Shared(others) | Kind::ForOthers(others) => {
                others.iter().all(|own| shared.contains(own))
            }
            _ => true,
        };
        if !is_told {
            let what = format!("{} (the policy of the key)", weak.what);
            say.finding(&format!("policy.{}", weak.statement), what, weak.remedy);
        }
    }
    let mut said = BTreeSet::new();
    for own in entry.uses() {
        let denied = policy
            .keeps_out(&owner.request(own, &key.arn), Dialect::resource(&at.context.partition));
        let Some((statement, Match::Yes)) = denied else { continue };
        if said.insert(statement.clone()) {
            say.finding(
                &format!("policy.{statement}"),
                format!("statement {statement} of the policy denies the use for {}", word(own)),
                "take the statement out, or let it spare what needs the key (KMS console, the key, \
                 Key policy)",
            );
        }
    }
}

fn word(own: Use) -> &'static str {
    let mut all = Use::ALL.iter();
    all.find(|(other, _)| *other == own).map_or("", |(_, word)| word)
}

/// Reports the grants to other accounts: no policy shows them.
fn judge_grants(entry: &Entry, key: &Key, region: &str, say: &mut Remarks) {
    let Some(shared) = &*entry.shared_with else { return };
    for (id, grant) in &key.foreign_grants {
        let account = account_of(&grant.grantee).unwrap_or_default();
        if shared.contains(account) {
            continue;
        }
        let operations: Vec<&str> = grant.operations.iter().map(String::as_str).collect();
        say.finding(
            "grants",
            format!(
                "a grant lets {} of account {account} use the key: {}",
                grant.grantee,
                operations.join(", ")
            ),
            format!(
                "aws kms revoke-grant --key-id {} --grant-id {id} --region {region}; or add the \
                 account to shared_with if that is meant",
                key.id
            ),
        );
    }
}
