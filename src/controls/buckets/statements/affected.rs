//! Who gets in today, as far as the policy tells, and would not, or not so, any more.

use super::super::guardrail::Judging;
use crate::policy::{Kind, Policy, weaknesses};

/// A note for each statement of others that lets somebody in whom the new Denies may refuse.
pub(super) fn notes(judging: &Judging<'_>, policy: &Policy, fields: &[String]) -> Vec<String> {
    let changes = |setting: &str| {
        let below = format!("{setting}.");
        fields
            .iter()
            .any(|own| own == setting || own.starts_with(&below))
    };
    let (account, partition) = (&judging.context.account, &judging.context.partition);
    let mut notes = Vec::new();
    for found in weaknesses(policy, &judging.arn(), account, partition) {
        let who = match &found.kind {
            Kind::Public => "anyone".to_owned(),
            Kind::Shared(others) => others.join(", "),
            _ => continue,
        };
        let statement = &found.statement;
        if changes("only_from") {
            notes.push(format!(
                "statement {statement} lets {who} in: from then on only from where only_from says"
            ));
        } else if changes("ssl_only") && found.kind == Kind::Public {
            notes.push(format!(
                "statement {statement} lets anyone in: from then on not by plain HTTP, as the \
                 endpoints of websites are"
            ));
        }
    }
    notes
}
