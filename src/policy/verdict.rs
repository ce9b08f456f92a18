//! What a whole policy says to a request: all its statements together, and which of them decides.
//!
//! Source: IAM User Guide, "Policy evaluation logic".

use super::document::{Policy, Statement};
use super::evaluate::{Match, evaluate};
use super::meaning::Dialect;
use super::request::Request;

/// What a policy says to a request. Statements are named as [`Policy::name_of`] names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A statement allows it, and none denies it.
    Allowed {
        /// The statement that allows it.
        by: String,
    },
    /// A statement denies it, whatever else allows it.
    Denied {
        /// The statement that denies it.
        by: String,
    },
    /// No statement allows it. That is the end for a service and for another account; a principal of
    /// the bucket's own account may still be allowed by IAM.
    NotAllowed,
    /// That depends on what is not known of the request, or of the statement.
    CannotTell {
        /// The first statement on which it depends: a Deny that may match, or an Allow that may not.
        by: String,
    },
}

impl Policy {
    /// What the policy says to a request, as far as the request is known.
    ///
    /// For the delivery of a service, make the request with [`Request::by_service`] and add with
    /// [`Request::with`] what is known of its headers; a header that is not given is unknown, so that
    /// a condition on it is answered with [`Verdict::CannotTell`].
    pub fn judge(&self, request: &Request, dialect: Dialect<'_>) -> Verdict {
        let matches: Vec<Match> = self
            .statements()
            .iter()
            .map(|own| evaluate(own, self.has_variables(), request, dialect))
            .collect();
        let first = |is_kind: fn(&Statement) -> bool, wanted: Match| {
            let mut pairs = self.statements().iter().zip(&matches);
            let at = pairs.position(|(own, found)| is_kind(own) && *found == wanted)?;
            Some(self.name_of(at))
        };
        if let Some(by) = first(Statement::denies, Match::Yes) {
            return Verdict::Denied { by };
        }
        let allows = first(Statement::allows, Match::Yes);
        let may_allow = first(Statement::allows, Match::CannotTell);
        match (allows, may_allow, first(Statement::denies, Match::CannotTell)) {
            (None, None, _) => Verdict::NotAllowed,
            (Some(_), _, Some(by)) => Verdict::CannotTell { by },
            (Some(by), _, None) => Verdict::Allowed { by },
            (None, Some(by), _) => Verdict::CannotTell { by },
        }
    }

    /// The statement that keeps a request out, or may do so, whether or not another one allows it.
    pub fn keeps_out(&self, request: &Request, dialect: Dialect<'_>) -> Option<(String, Match)> {
        let denies = self.statements().iter().enumerate();
        let found = denies.filter(|(_, own)| own.denies()).map(|(at, own)| {
            let found = evaluate(own, self.has_variables(), request, dialect);
            (self.name_of(at), found)
        });
        let found: Vec<(String, Match)> = found.filter(|(_, own)| *own != Match::No).collect();
        let certain = found.iter().position(|(_, own)| *own == Match::Yes);
        found.into_iter().nth(certain.unwrap_or_default())
    }
}
