//! Which rules the table asks for in a region.

use super::drift_role;
use super::known::is_global;
use super::packs::Pack;
use super::rule::Scope;
use super::settings::{Frequency, Regions, RepairTable, RuleTable, ScopeTable, Settings, texts};
use crate::control::Context;
use crate::controls::config::iam_region;
use crate::floor::AtLeast;
use std::collections::BTreeMap;

/// A rule that is asked for.
#[derive(Debug)]
pub struct Wish<'s> {
    /// AWS's identifier.
    pub identifier: &'s str,
    pub parameters: BTreeMap<String, String>,
    /// What it is to look at, where that is less than everything.
    pub scope: Option<Scope>,
    pub frequency: Option<&'s AtLeast<Frequency>>,
    pub repair: Option<&'s RepairTable>,
    /// Whether the name is the person's own: then no other will do.
    pub is_named: bool,
}

impl From<&ScopeTable> for Scope {
    fn from(table: &ScopeTable) -> Self {
        Self {
            resource_types: table.resource_types.clone(),
            resource_id: table.resource_id.clone(),
            tag_key: table.tag_key.clone(),
            tag_value: table.tag_value.clone(),
        }
    }
}

impl<'s> Wish<'s> {
    fn declared(table: &'s RuleTable, context: &Context) -> Self {
        let fill = |value: String| value.replace("{account}", &context.account);
        let parameters = texts(&table.parameters).into_iter();
        Self {
            identifier: &table.identifier,
            parameters: parameters.map(|(name, value)| (name, fill(value))).collect(),
            scope: table.scope.as_ref().map(Scope::from),
            frequency: table.frequency.as_ref(),
            repair: table.repair.as_ref(),
            is_named: true,
        }
    }

    fn plain(identifier: &'s str, parameters: BTreeMap<String, String>) -> Self {
        Self { identifier, parameters, scope: None, frequency: None, repair: None, is_named: false }
    }
}

/// Whether a rule is in a region: everywhere, or where what exists once is looked at.
fn is_in(identifier: &str, regions: Option<Regions>, region: &str, context: &Context) -> bool {
    let home = || iam_region(context) == Some(region);
    match regions {
        Some(Regions::Every) => true,
        Some(Regions::Home) => home(),
        None => !is_global(identifier) || home(),
    }
}

impl Settings {
    /// The rules that are asked for in a region, by name.
    pub fn wishes<'s>(&'s self, region: &str, context: &Context) -> BTreeMap<&'s str, Wish<'s>> {
        let is_here = |identifier: &str, regions| is_in(identifier, regions, region, context);
        let declared = self.rules.iter().flatten();
        let mut wishes: BTreeMap<&str, Wish<'_>> = BTreeMap::new();
        let packs = self.packs.iter().flatten();
        for (name, identifier, parameters) in packs.flat_map(|pack: &Pack| pack.rules()) {
            let is_declared = declared.clone().any(|(_, own)| own.identifier == identifier);
            if !is_declared && is_here(identifier, None) {
                let parameters = parameters.iter();
                let parameters = parameters.map(|(name, value)| ((*name).into(), (*value).into()));
                wishes.insert(name, Wish::plain(identifier, parameters.collect()));
            }
        }
        if self.looks_for_drift() {
            let role = drift_role::role(Some(self), context).arn(context);
            let parameters = [("cloudformationRoleArn".to_owned(), role)].into();
            wishes.insert(drift_role::RULE, Wish::plain(drift_role::IDENTIFIER, parameters));
        }
        for (name, table) in declared {
            if is_here(&table.identifier, *table.regions) {
                wishes.insert(name, Wish::declared(table, context));
            }
        }
        wishes
    }

    /// Whether the drift of stacks is looked for.
    pub fn looks_for_drift(&self) -> bool {
        *self.stack_drift == Some(true)
    }

    /// Whether any rule is asked for.
    pub fn has_rules(&self) -> bool {
        self.looks_for_drift()
            || self.packs.as_ref().is_some_and(|own| !own.is_empty())
            || self.rules.as_ref().is_some_and(|own| !own.is_empty())
    }

    /// The repairs that are asked for, with the identifiers of their rules.
    pub fn repairs(&self) -> impl Iterator<Item = (&str, &RepairTable)> {
        let rules = self.rules.iter().flat_map(|own| own.values());
        rules.filter_map(|own| Some((own.identifier.as_str(), own.repair.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::context;

    fn names(settings: &str, region: &str) -> Vec<String> {
        let settings: Settings = toml::from_str(settings).expect("settings");
        settings.wishes(region, &context()).keys().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn rules_about_the_account_are_in_one_region_and_all_others_in_each() {
        let packs = "packs = [\"iam\", \"network\"]";
        assert_eq!(names(packs, "us-east-1").len(), 16);
        assert_eq!(names(packs, "eu-west-1").len(), 7);
        let every = "[rules.x]\nidentifier = \"ROOT_ACCOUNT_MFA_ENABLED\"\nregions = \"every\"";
        assert_eq!(names(every, "eu-west-1"), ["x"]);
        let home = "[rules.x]\nidentifier = \"ENCRYPTED_VOLUMES\"\nregions = \"home\"";
        assert!(names(home, "eu-west-1").is_empty());
    }

    #[test]
    fn a_declared_rule_takes_the_place_of_a_packs() {
        let both = "packs = [\"network\"]\n[rules.ssh]\nidentifier = \"INCOMING_SSH_DISABLED\"";
        let names = names(both, "eu-west-1");
        assert!(names.contains(&"ssh".to_owned()) && !names.contains(&"restricted-ssh".to_owned()));
        assert_eq!(names.len(), 7);
    }
}
