//! The alias of the account: the name that people know it by. It is shown in headings and in the
//! question of an apply; nothing is decided by it.

use super::Grant;
use super::door::{Nothing, Typed};
use super::facts::Reader;
use super::services::IAM;
use serde::Deserialize;

/// Lists the account's only alias. Source: IAM API Reference, "ListAccountAliases": there can be one.
pub const LIST_ACCOUNT_ALIASES: Typed<Nothing, AliasesFound> =
    Typed::new(&IAM, "ListAccountAliases", &[Grant::any("iam:ListAccountAliases")])
        .paged("Marker", "Marker");

/// What IAM answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AliasesFound {
    #[serde(default)]
    account_aliases: Vec<String>,
}

impl Reader {
    /// The account's alias; `None` where it has none or does not show it, which is never an error.
    pub async fn alias(&self) -> Option<String> {
        let region = self.global_region();
        let asked = LIST_ACCOUNT_ALIASES.pages(&self.clients, region, &Nothing {});
        let pages = asked.await.ok()?.into_iter();
        let mut found = pages.flat_map(|page| page.account_aliases);
        found.find(|alias| !alias.is_empty())
    }
}
