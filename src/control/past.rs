//! What puts a state back, as a proposal.

use super::Proposal;
use crate::merge::{Moved, Past};
use crate::text::one_line;
use serde::Serialize;
use serde::de::DeserializeOwned;

impl<T: Serialize + DeserializeOwned + Clone> Past<T> {
    /// The state that is put back, and the differences that lead there. What somebody has changed
    /// again since is left as it is, and is a finding.
    pub fn put_back(&self) -> (Proposal, T) {
        let (wanted, moved) = self.merged();
        let mut proposal = Proposal::between(&self.live, &wanted);
        for Moved { field, before } in moved {
            let was = one_line(&before);
            let field = match field.as_str() {
                "" => "everything",
                field => field,
            };
            proposal.finding(
                field,
                "it was changed again after that run, and is left as it is",
                format!("put it back by hand if that is wanted: before the run it was {was}"),
            );
        }
        (proposal, wanted)
    }
}
