//! What a policy lacks of a guardrail, and what of ours in it is to be put right or taken out.

use super::asked::Own;
use crate::diff::{self, Difference};
use crate::policy::guardrails::{ALGORITHM, KEY};
use crate::policy::{Dialect, Policy, Statement};
use crate::s3::Edit;
use serde_json::{Value, json};

/// A policy as it will be, with what leads there.
pub(super) struct Settling<'a> {
    pub policy: Policy,
    pub edits: Vec<Edit>,
    pub differences: Vec<Difference>,
    dialect: Dialect<'a>,
}

/// What is wrong, and what to do.
type Refusal = (String, String);

impl<'a> Settling<'a> {
    pub fn of(before: Option<&Policy>, dialect: Dialect<'a>) -> Self {
        Self {
            policy: before.cloned().unwrap_or_else(Policy::empty),
            edits: Vec::new(),
            differences: Vec::new(),
            dialect,
        }
    }

    /// Takes out the users and roles that were deleted.
    pub fn prune(&mut self) {
        let ids = |policy: &Policy| -> Vec<String> {
            let deleted = policy.deleted_principals().into_iter();
            deleted.map(|own| own.id).collect()
        };
        let before = ids(&self.policy);
        let mut pruned = self.policy.clone();
        pruned.prune_deleted_principals();
        let after = ids(&pruned);
        if before != after {
            self.differs("deleted_principals", json!(before), json!(after), false);
            self.edit(Edit::PruneDeletedPrincipals);
        }
    }

    /// Makes the policy do what a guardrail asks. Statements that would lock somebody out are left
    /// away, and the refusal is returned.
    pub fn settle(
        &mut self,
        own: &Own,
        refusal: impl Fn(&Statement) -> Option<Refusal>,
    ) -> Option<Refusal> {
        let mut refused = None;
        for sid in &own.sids {
            let wanted = own.statements.iter().find(|wanted| wanted["Sid"] == *sid);
            let Some(wanted) = wanted else {
                self.take_back(own, sid);
                continue;
            };
            let wanted = Statement::from(wanted);
            if self.is_met(own, sid, &wanted) {
                continue;
            }
            match refusal(&wanted) {
                Some(why) => refused = Some(why),
                None => self.put_right(own, sid, &wanted),
            }
        }
        refused
    }

    /// Whether nothing is missing: by our statement, or by others that deny as much.
    fn is_met(&self, own: &Own, sid: &str, wanted: &Statement) -> bool {
        match self.policy.with_sid(sid) {
            // A second one under a Sid of ours is nobody's but ours, and may say something else.
            Some(_) if self.second(sid).is_some() => false,
            Some(live) if self.policy.same(live, wanted, self.dialect) => true,
            Some(_) if own.exactly => false,
            _ => self.policy.denies_all_of(wanted.clone(), self.dialect),
        }
    }

    /// What else stands under a Sid of ours.
    fn second(&self, sid: &str) -> Option<&Statement> {
        let mut same = self.policy.statements().iter();
        same.by_ref().find(|own| own.sid() == Some(sid));
        same.find(|own| own.sid() == Some(sid))
    }

    fn take_back(&mut self, own: &Own, sid: &'static str) {
        let Some(live) = self.policy.with_sid(sid).map(Statement::shown) else {
            return;
        };
        match own.statements.is_empty() {
            true => {
                let before = match own.after.is_null() {
                    true => live,
                    false => own.before.clone(),
                };
                self.differs_once(own.setting, before, own.after.clone(), true);
            }
            // Another of its statements stays: this one has become needless, or is less.
            false => self.differs(&format!("{}.{sid}", own.setting), live, Value::Null, true),
        }
        self.edit(Edit::Remove(sid));
    }

    fn put_right(&mut self, own: &Own, sid: &str, wanted: &Statement) {
        match self.policy.with_sid(sid).map(Statement::shown) {
            None => {
                let (before, after) = (own.before.clone(), own.after.clone());
                self.differs_once(own.setting, before, after, false);
            }
            Some(live) => {
                let other = wanted.shown();
                let loosens = match rank(&other).zip(rank(&live)) {
                    Some((wanted, live)) if wanted < live => true,
                    Some(_) => !is_as_strict(wanted, &of_default(&live, &other), self.dialect),
                    None => !is_as_strict(wanted, &live, self.dialect),
                };
                if let Some(second) = self.second(sid).map(Statement::shown) {
                    self.differs(&format!("{}.{sid}", own.setting), second, Value::Null, false);
                }
                for key in diff::compare(&live, &wanted.shown()) {
                    let field = format!("{}.{}", own.setting, key.field);
                    self.differs(&field, key.before, key.after, loosens);
                }
            }
        }
        self.edit(Edit::Put(wanted.shown()));
    }

    /// Puts a statement in that is no guardrail.
    pub fn put(&mut self, field: &str, before: Value, after: Value, statement: Value) {
        self.differs(field, before, after, false);
        self.edit(Edit::Put(statement));
    }

    fn differs(&mut self, field: &str, before: Value, after: Value, loosens: bool) {
        let difference = Difference::new(field, before, after);
        self.differences.push(Difference { loosens, ..difference });
    }

    /// The same, for a guardrail of several statements.
    fn differs_once(&mut self, field: &str, before: Value, after: Value, loosens: bool) {
        if !self.differences.iter().any(|known| known.field == field) {
            self.differs(field, before, after, loosens);
        }
    }

    fn edit(&mut self, edit: Edit) {
        edit.apply(&mut self.policy);
        self.edits.push(edit);
    }
}

/// How strict a Deny of other encryption is: neither of two denies all that the other one does, for
/// each is for one default. The order of the algorithms, and a key of one's own over that of AWS.
fn rank(statement: &Value) -> Option<usize> {
    let condition = &statement["Condition"];
    match condition["StringNotEquals"][ALGORITHM].as_str() {
        Some(algorithm) => {
            let weaker_first = ["AES256", "aws:kms", "aws:kms:dsse"];
            weaker_first.iter().position(|own| *own == algorithm)
        }
        None if condition["StringNotEquals"][KEY].is_string() => Some(1),
        None if condition["Null"][KEY].is_string() => Some(0),
        None => None,
    }
}

/// A Deny of other encryption as it would be for the default of another one.
fn of_default(statement: &Value, other: &Value) -> Value {
    let mut statement = statement.clone();
    for operator in ["Null", "StringNotEquals"] {
        match other["Condition"].get(operator) {
            Some(values) => statement["Condition"][operator] = values.clone(),
            None => {
                if let Some(condition) = statement["Condition"].as_object_mut() {
                    condition.shift_remove(operator);
                }
            }
        }
    }
    statement
}

/// Whether a statement alone denies all that another one does.
fn is_as_strict(statement: &Statement, other: &Value, dialect: Dialect<'_>) -> bool {
    let mut alone = Policy::empty();
    alone.put(statement.clone());
    alone.denies_all_of(other, dialect)
}
