//! Whom statements name: accounts, and users and roles that no longer exist.

use super::document::{Policy, Statement};
use super::json::{Json, entries, items, offset};
use super::legacy;
use super::meaning::is_account_id;
use serde_json::json;
use std::collections::BTreeSet;

/// A user or role that was deleted, and the statement that still names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// The statement, by its Sid or number.
    pub statement: String,
    /// The unique id that S3 shows in place of the ARN.
    pub id: String,
}

impl Policy {
    /// The deleted users and roles among the principals. S3 shows them by their unique ids, and
    /// refuses to store a policy that has one.
    pub fn deleted_principals(&self) -> Vec<Deleted> {
        let mut found = Vec::new();
        for (index, statement) in self.statements().iter().enumerate() {
            for key in ["Principal", "NotPrincipal"] {
                let ids = aws_principals(statement, key);
                found.extend(
                    ids.filter(|id| is_unique_id(id))
                        .map(|id| Deleted { statement: self.name_of(index), id: id.to_owned() }),
                );
            }
        }
        found
    }

    /// Takes the deleted users and roles out of the statements of whomever, and nothing else. A
    /// statement that names nobody besides goes, for it was about nobody.
    ///
    /// They stay where nothing else is excluded by `NotPrincipal`: without them the statement would
    /// be about everybody.
    pub fn prune_deleted_principals(&mut self) {
        for index in (0..self.statements().len()).rev() {
            match pruned(&self.statements()[index]) {
                Pruned::Unchanged => {}
                Pruned::Nobody => self.cut(index),
                Pruned::To(text) => {
                    // What was cut out of a table leaves a table.
                    let _ = self.rewrite(index, text);
                }
            }
        }
    }

    /// The principal, if there is one, that is let in to deliver logs and does so only to buckets with
    /// SSE-S3 and without a default retention: of S3 access logs or of Elastic Load Balancing.
    /// Sources: S3 User Guide, "Enabling Amazon S3 server access logging"; Elastic Load Balancing
    /// User Guide, "Access logs for your Application Load Balancer".
    pub fn delivers_plain_logs(&self) -> Option<String> {
        let services =
            ["logging.s3.amazonaws.com", "logdelivery.elasticloadbalancing.amazonaws.com"];
        let allowing = self.statements().iter().filter(|own| own.allows());
        let mut named = allowing.flat_map(|own| {
            let list = own.get("Principal").and_then(|own| own.get("Service"));
            list.into_iter().flat_map(Json::texts)
        });
        let service = named.find(|name| services.contains(name));
        service.map(str::to_owned).or_else(|| {
            let mut accounts = self.delivering_accounts().into_iter();
            accounts.find(|id| legacy::is_load_balancing(id))
        })
    }

    /// Whether some statement lets in the service that delivers S3 access logs.
    pub fn lets_in_access_logs(&self) -> bool {
        let mut allowing = self.statements().iter().filter(|own| own.allows());
        allowing.any(|own| {
            let list = own.get("Principal").and_then(|own| own.get("Service"));
            let mut names = list.into_iter().flat_map(Json::texts);
            names.any(|name| name == "logging.s3.amazonaws.com")
        })
    }

    /// The accounts of AWS that may deliver logs: those from which services deliver that are no
    /// principals there.
    pub fn delivering_accounts(&self) -> Vec<String> {
        let allowing = self.statements().iter().filter(|own| own.allows());
        let delivering = allowing.filter(|own| {
            let Some(actions) = own.get("Action") else {
                return false;
            };
            let actions: Vec<String> = actions.texts().map(str::to_ascii_lowercase).collect();
            legacy::only_deliver(actions.iter().map(String::as_str))
        });
        let named = delivering.flat_map(|own| aws_principals(own, "Principal"));
        let known = named.filter_map(legacy::account);
        let known: BTreeSet<String> = known.map(str::to_owned).collect();
        known.into_iter().collect()
    }
}

/// The principals of the kind `AWS`.
pub(super) fn aws_principals<'a>(
    statement: &'a Statement,
    key: &str,
) -> impl Iterator<Item = &'a str> {
    let list = statement.get(key).and_then(|own| own.get("AWS"));
    list.into_iter().flat_map(Json::texts)
}

/// The account of a principal: of its ARN, or the id itself.
pub(super) fn account_of(principal: &str) -> Option<&str> {
    if is_account_id(principal) {
        return Some(principal);
    }
    let mut parts = principal.split(':');
    let is_arn = parts.next() == Some("arn");
    let account = parts.nth(3)?;
    (is_arn && is_account_id(account)).then_some(account)
}

/// Ids of users and roles. Source: IAM User Guide, "IAM identifiers", unique ID prefixes.
fn is_unique_id(text: &str) -> bool {
    let mut prefixes = ["AIDA", "AROA"].iter();
    let rest = prefixes.find_map(|start| text.strip_prefix(start));
    let is_code = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    rest.is_some_and(|rest| rest.len() >= 12 && rest.bytes().all(is_code))
}

enum Pruned {
    Unchanged,
    /// It names nobody any more.
    Nobody,
    To(String),
}

fn pruned(statement: &Statement) -> Pruned {
    let text = statement.text();
    let Ok(entries) = entries(text) else {
        return Pruned::Unchanged;
    };
    let principals = |key: &str| entries.iter().find(|(own, _)| own == key);
    let (written, may_go) = match (principals("Principal"), principals("NotPrincipal")) {
        (Some((_, written)), None) => (*written, true),
        (None, Some((_, written))) => (*written, false),
        _ => return Pruned::Unchanged,
    };
    match without_deleted(written) {
        Some(kept) if kept.is_empty() && may_go => Pruned::Nobody,
        Some(kept) if !kept.is_empty() => {
            let start = offset(text, written);
            let end = start + written.len();
            Pruned::To(format!("{}{kept}{}", &text[..start], &text[end..]))
        }
        _ => Pruned::Unchanged,
    }
}

/// A table of principals without the deleted ones: empty when nobody is left, nothing when it has
/// none that were deleted. Kinds and principals that stay are written as they were.
fn without_deleted(principals: &str) -> Option<String> {
    let mut kept = Vec::new();
    let mut some_went = false;
    for (kind, written) in entries(principals).ok()? {
        let list = items(written).unwrap_or_else(|| vec![written]);
        let stays = |own: &&str| kind != "AWS" || !is_deleted(own);
        let stay: Vec<&str> = list.iter().copied().filter(stays).collect();
        let went = stay.len() < list.len();
        some_went |= went;
        let value = match went {
            false => written.to_owned(),
            true if stay.is_empty() => continue,
            true => format!("[{}]", stay.join(",")),
        };
        kept.push(format!("{}:{value}", json!(kind)));
    }
    match (some_went, kept.is_empty()) {
        (false, _) => None,
        (true, true) => Some(String::new()),
        (true, false) => Some(format!("{{{}}}", kept.join(","))),
    }
}

fn is_deleted(written: &str) -> bool {
    Json::parse(written).is_ok_and(|own| own.text().is_some_and(is_unique_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "AROAEXAMPLEROLEID0001";

    fn policy(statements: &str) -> Policy {
        let text = format!(r#"{{"Statement":[{statements}]}}"#);
        Policy::parse(&text).expect("the test's policy is valid")
    }

    fn after_pruning(statements: &str) -> String {
        let mut pruned = policy(statements);
        pruned.prune_deleted_principals();
        let text = pruned.text();
        text["{\"Statement\":[".len()..text.len() - "]}".len()].to_owned()
    }

    #[test]
    fn deleted_principals_are_found_with_their_statement() {
        let found = policy(&format!(
            r#"{{"Sid":"Old","Principal":{{"AWS":["{ROLE}","arn:aws:iam::111122223333:root"]}}}},
               {{"NotPrincipal":{{"AWS":"AIDAEXAMPLEUSERID0001"}}}},
               {{"Principal":{{"AWS":"AROASHORT","Service":"{ROLE}"}}}}"#
        ));
        let deleted = |statement: &str, id: &str| Deleted {
            statement: statement.to_owned(),
            id: id.to_owned(),
        };
        let wanted = [deleted("Old", ROLE), deleted("#2", "AIDAEXAMPLEUSERID0001")];
        assert_eq!(found.deleted_principals(), wanted);
    }

    #[test]
    fn only_deleted_principals_go() {
        let before = format!(
            r#"{{"n" : 1.20, "Principal": {{"AWS": ["arn:aws:iam::111122223333:root" , "{ROLE}"], "Service": ["x", "y"]}}, "Sid":"A"}}"#
        );
        let after = r#"{"n" : 1.20, "Principal": {"AWS":["arn:aws:iam::111122223333:root"],"Service":["x", "y"]}, "Sid":"A"}"#;
        assert_eq!(after_pruning(&before), after);
        assert_eq!(after_pruning(after), after);
    }

    #[test]
    fn a_statement_about_nobody_else_goes_and_one_about_everybody_else_stays() {
        let theirs = r#"{"Sid":"Theirs"}"#;
        let nobody = format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{ROLE}"}}}}"#);
        assert_eq!(after_pruning(&format!("{nobody}, {theirs}")), theirs);
        let everybody_else = nobody.replace("Principal", "NotPrincipal");
        assert_eq!(after_pruning(&everybody_else), everybody_else);
        let service = format!(r#"{{"Principal":{{"AWS":["{ROLE}"],"Service":"x"}}}}"#);
        assert_eq!(after_pruning(&service), r#"{"Principal":{"Service":"x"}}"#);
    }

    #[test]
    fn accounts_that_deliver_logs_are_known_by_what_they_are_allowed() {
        let allowed = r#"{"Effect":"Allow","Action":"s3:PutObject","Principal":{"AWS":["arn:aws:iam::127311923021:root","444455556666"]}}"#;
        assert_eq!(policy(allowed).delivering_accounts(), ["127311923021"]);
        let denied = allowed.replace("Allow", "Deny");
        assert!(policy(&denied).delivering_accounts().is_empty());
    }
}
