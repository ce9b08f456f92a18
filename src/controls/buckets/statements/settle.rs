//! What a policy lacks of a guardrail, and what of ours in it is to be put right or taken out.

use super::asked::Own;
use crate::diff::{self, Difference};
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
            Some(live) if self.policy.same(live, wanted, self.dialect) => true,
            Some(_) if own.exactly => false,
            _ => self.policy.denies_all_of(wanted.clone(), self.dialect),
        }
    }

    fn take_back(&mut self, own: &Own, sid: &'static str) {
        if self.policy.with_sid(sid).is_none() {
            return;
        }
        let told = self
            .differences
            .iter()
            .any(|known| known.field == own.setting);
        if !told {
            let before = match own.after.is_null() {
                true => self
                    .policy
                    .with_sid(sid)
                    .map(Statement::shown)
                    .unwrap_or_default(),
                false => own.before.clone(),
            };
            self.differs(own.setting, before, own.after.clone(), true);
        }
        self.edit(Edit::Remove(sid));
    }

    fn put_right(&mut self, own: &Own, sid: &str, wanted: &Statement) {
        let live = self.policy.with_sid(sid).map(Statement::shown);
        match live {
            None => {
                let told = self
                    .differences
                    .iter()
                    .any(|known| known.field == own.setting);
                if !told {
                    self.differs(own.setting, own.before.clone(), own.after.clone(), false);
                }
            }
            Some(live) => {
                let loosens = !is_as_strict(wanted, &live, self.dialect);
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
        self.differences.push(Difference {
            loosens,
            ..difference
        });
    }

    fn edit(&mut self, edit: Edit) {
        edit.apply(&mut self.policy);
        self.edits.push(edit);
    }
}

/// Whether a statement alone denies all that another one does.
fn is_as_strict(statement: &Statement, other: &Value, dialect: Dialect<'_>) -> bool {
    let mut alone = Policy::empty();
    alone.put(statement.clone());
    alone.denies_all_of(other, dialect)
}
