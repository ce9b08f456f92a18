//! Amazon Detective: a behaviour graph in every region, of what the account did, for looking into a
//! finding after the fact.
//!
//! Whoever administers the graph reads the account's logs in it, so graphs of other accounts that take
//! this one in are told. Source: Detective API Reference.

mod wire;

use crate::aws::door::Nothing;
use crate::aws::facts::Reader;
use crate::aws::{AccountId, AwsError};
use crate::control::{About, At, Context, Control, Cost, Past, Places, Reference, Remarks, Steps};
use crate::controls::administrator::Administrator;
use crate::managed::Managed;
use crate::place::Place;
use crate::settings;
use crate::settings::{Takes, Words};
use crate::words;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use wire::{
    CREATE, GraphFound, Invitation, LIST_GRAPHS, LIST_INVITATIONS, LIST_MEMBERS, LIST_PACKAGES,
    NewGraph, OfGraph, START, Start,
};

/// The control.
pub struct Detective;

settings! {
    /// The table `[detective]`.
    pub struct Settings {
        /// What the graph takes in besides CloudTrail, flow logs and GuardDuty findings. What else it
        /// takes in stays: AWS has no call that stops it.
        #[costs]
        #[example("[\"EKS_AUDIT\"]")]
        packages: Managed<BTreeSet<Package>> = unmanaged,

        /// The account whose graph takes in this one, or `"none"`. Unmanaged, an account of the
        /// organization may, and any other that does is a finding.
        #[example("\"111122223333\"", "\"none\"")]
        administrator: Managed<Administrator> = unmanaged,

        /// The accounts that the graph takes in: one that is missing, or not taken in, is a finding.
        #[example("[\"111122223333\"]")]
        members: Managed<BTreeSet<AccountId>> = unmanaged,
    }
}

words! {
    /// A package of data that can be added to a graph.
    pub enum Package {
        /// The audit logs of EKS.
        Eks = "EKS_AUDIT",
        /// The findings in Security Hub.
        Findings = "ASFF_SECURITYHUB_FINDING",
    }
}

/// What every graph is made of.
const CORE: &str = "DETECTIVE_CORE";
const STARTED: &str = "STARTED";

/// Detective in a region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// The account's own graph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    graph: Option<Graph>,
    /// The graphs of other accounts that take this one in, or ask it to let them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    memberships: Vec<Membership>,
}

/// The account's own graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Graph {
    arn: String,
    /// Whether each package is taken in, in AWS's word.
    packages: BTreeMap<String, String>,
    /// The members by account, in AWS's word, if any are declared.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    members: BTreeMap<String, String>,
}

/// A graph of another account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Membership {
    administrator: String,
    graph: String,
    /// In AWS's word.
    status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Whether it is that of the organization.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_of_organization: bool,
}

impl Membership {
    /// Whether the account belongs to the graph, taken in or not.
    fn is_accepted(&self) -> bool {
        !matches!(self.status.as_str(), "INVITED" | "VERIFICATION_FAILED")
    }

    fn is_taken_in(&self) -> bool {
        self.status == "ENABLED"
    }
}

/// What calls change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The ARN of the graph; empty for one that is to be created.
    graph: Option<String>,
    /// The packages that it takes in; nothing is known of those of a new one.
    packages: BTreeSet<String>,
}

impl Control for Detective {
    type Settings = Settings;
    type Live = Live;
    type State = State;

    const FIELDS: &'static [&'static str] = &["graph", "memberships"];
    const ABOUT: About = About {
        name: "detective",
        title: "Detective keeps a graph of what the account did",
        why: "A finding says that something happened. Who else did what from the same address in the \
              year before is a matter of weeks in logs, or of a look into the graph.",
        places: Places::REGIONS,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::nist_csf("Respond", "incidents can be looked into"),
            Reference::well_architected("SEC 10", "tools for investigation are in place"),
        ],
        cost: Cost::Paid(
            "30 days free in each region; then about 2 USD for each GB that is taken in. Optional: \
             worth it where somebody investigates",
        ),
        operations: &[
            LIST_GRAPHS.operation,
            LIST_INVITATIONS.operation,
            LIST_PACKAGES.operation,
            LIST_MEMBERS.operation,
            CREATE.operation,
            START.operation,
        ],
    };

    fn state(live: &Live) -> State {
        let graph = live.graph.as_ref();
        let packages = graph.iter().flat_map(|own| &own.packages);
        let started = packages.filter(|(_, state)| *state == STARTED);
        State {
            graph: graph.map(|own| own.arn.clone()),
            packages: started.map(|(name, _)| name.clone()).collect(),
        }
    }

    fn shown(state: &State) -> Value {
        json!({"graph": state.graph.is_some(), "packages": state.packages})
    }

    async fn read(
        settings: &Settings,
        place: &Place,
        _: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let (region, clients) = (place.region.as_deref().unwrap_or_default(), &reader.clients);
        let (graphs, memberships) = tokio::join!(
            LIST_GRAPHS.pages(clients, region, &Nothing {}),
            LIST_INVITATIONS.pages(clients, region, &Nothing {}),
        );
        let found = memberships?.into_iter().flat_map(|page| page.invitations);
        let memberships = found.map(Membership::from);
        let mut memberships: Vec<_> =
            memberships.filter(|own| own.administrator != reader.caller.account).collect();
        memberships.sort();
        let graph = graphs?.into_iter().flat_map(|page| page.graph_list).next();
        let graph = match graph {
            Some(GraphFound { arn }) => Some(read_graph(settings, arn, region, reader).await?),
            None => None,
        };
        Ok(Live { graph, memberships })
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
        let mut wanted = Self::state(live);
        settings.judge_memberships(live, at.region(), say);
        let Some(graph) = &live.graph else {
            // The organization's graph does: a second would take in, and cost, the same again.
            let mut memberships = live.memberships.iter();
            if let Some(own) = memberships.find(|own| settings.accepts(own) && own.is_accepted()) {
                say.elsewhere(format!("Detective administrator {}", own.administrator));
                return wanted;
            }
            wanted.graph = Some(String::new());
            return wanted;
        };
        wanted.packages.insert(CORE.to_owned());
        wanted.packages.extend(settings.packages.iter().flatten().map(|own| own.word().to_owned()));
        settings.judge_members(graph, say);
        wanted
    }

    fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
        let new: Vec<String> = to.packages.difference(&from.packages).cloned().collect();
        match (&from.graph, &to.graph) {
            (None, Some(_)) => {
                Steps::one(CREATE.call(at.region(), NewGraph { tags: at.context.tags() }))
            }
            (Some(arn), _) if !new.is_empty() => {
                let input = Start { graph_arn: arn.clone(), datasource_packages: new };
                Steps::one(START.call(at.region(), input))
            }
            _ => Steps::default(),
        }
    }

    /// What the run created or started stays: a graph that is deleted takes up to a year of history
    /// with it, and nothing stops a package.
    fn restored(_: &Settings, past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> State {
        let now = Self::state(&past.live);
        match (&past.before.graph, &now.graph) {
            (None, Some(arn)) => say.finding(
                "graph",
                "the run created the graph; it stays, for its history would go with it",
                format!(
                    "if nobody needs it: aws detective delete-graph --graph-arn {arn} --region {}",
                    at.region()
                ),
            ),
            (Some(_), Some(_)) if Self::state(&past.before) != Self::state(&past.after) => {
                say.note(
                    "the packages that the run started go on: AWS has no call that stops them",
                );
            }
            _ => {}
        }
        now
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        match settings.members.is_none() {
            true => vec![LIST_MEMBERS.operation.name],
            false => Vec::new(),
        }
    }
}

impl Settings {
    /// Whether the baseline lets the administrator of a graph look into this account.
    fn accepts(&self, membership: &Membership) -> bool {
        match &*self.administrator {
            Some(declared) => declared.is(&membership.administrator),
            None => membership.is_of_organization,
        }
    }

    /// Reports the graphs of other accounts: those that nobody declared, and one that takes nothing in.
    fn judge_memberships(&self, live: &Live, region: &str, say: &mut Remarks) {
        for own in &live.memberships {
            let Membership { administrator, graph, status, reason, .. } = own;
            let is_right = self.accepts(own);
            let leave = format!(
                "aws detective disassociate-membership --graph-arn {graph} --region {region}"
            );
            if !own.is_accepted() {
                say.note(format!(
                    "account {administrator} invites this one to its graph ({status})"
                ));
            } else if !is_right {
                say.finding(
                    "memberships",
                    format!("the graph of account {administrator} takes in what this account does"),
                    format!(
                        "if that is right, say administrator = \"{administrator}\"; else leave it: \
                         {leave}"
                    ),
                );
            } else if !own.is_taken_in() {
                let why = reason.as_deref().unwrap_or(status);
                say.finding(
                    "memberships",
                    format!("the graph of account {administrator} does not take this one in: {why}"),
                    format!("have {administrator} start monitoring it: aws detective start-monitoring-member"),
                );
            }
        }
        let accepted = live.memberships.iter().filter(|own| own.is_accepted());
        let mut found = accepted.map(|own| own.administrator.as_str());
        if let Some(declared) =
            self.administrator.as_ref().filter(|own| **own != Administrator::None)
            && !found.any(|own| declared.is(own))
        {
            declared.judge("Detective", "", None, say);
        }
    }

    fn judge_members(&self, graph: &Graph, say: &mut Remarks) {
        for account in self.members.iter().flatten().map(AccountId::as_str) {
            let (what, remedy) = match graph.members.get(account).map(String::as_str) {
                Some("ENABLED") => continue,
                Some(status) => (
                    format!("the graph does not take in account {account}: {status}"),
                    "see aws detective get-members for the reason".to_owned(),
                ),
                None => (
                    format!("account {account} is not a member of the graph"),
                    format!("invite it again, or take {account} out of members"),
                ),
            };
            say.finding(&format!("members.{account}"), what, remedy);
        }
    }
}

impl From<Invitation> for Membership {
    fn from(found: Invitation) -> Self {
        Self {
            administrator: found.administrator_id.unwrap_or_default(),
            graph: found.graph_arn.unwrap_or_default(),
            status: found.status,
            reason: found.disabled_reason,
            is_of_organization: found.invitation_type.as_deref() == Some("ORGANIZATION"),
        }
    }
}

async fn read_graph(
    settings: &Settings,
    arn: String,
    region: &str,
    reader: &Reader,
) -> Result<Graph, AwsError> {
    let input = OfGraph { graph_arn: arn.clone() };
    let members = async {
        match settings.members.is_some() {
            true => LIST_MEMBERS.pages(&reader.clients, region, &input).await,
            false => Ok(Vec::new()),
        }
    };
    let packages = LIST_PACKAGES.pages(&reader.clients, region, &input);
    let (packages, members) = tokio::try_join!(packages, members)?;
    let packages = packages.into_iter().flat_map(|page| page.datasource_packages);
    let packages = packages.map(|(name, own)| {
        let state = own.datasource_package_ingest_state;
        (name, state.unwrap_or_default())
    });
    let members = members.into_iter().flat_map(|page| page.member_details);
    let members = members.filter_map(|own| Some((own.account_id?, own.status?)));
    Ok(Graph { arn, packages: packages.collect(), members: members.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::{calls, context};
    use crate::control::{Proposal, Standing, propose, restore};

    const ARN: &str = "arn:aws:detective:us-east-1:111122223333:graph:1";

    fn live(state: Value) -> Live {
        serde_json::from_value(state).expect("a live state")
    }

    fn proposed(settings: &str, state: Value) -> Proposal {
        let settings = toml::from_str(settings).expect("valid settings");
        let at = At { place: &Place::region("us-east-1"), context: &context() };
        propose::<Detective>(&settings, &live(state), at)
    }

    fn graph() -> Value {
        json!({"graph": {"arn": ARN, "packages": {CORE: STARTED, "EKS_AUDIT": "STOPPED"}}})
    }

    fn member(account: &str, status: &str, of_organization: bool) -> Value {
        json!({"memberships": [{
            "administrator": account, "graph": ARN, "status": status,
            "is_of_organization": of_organization,
        }]})
    }

    #[test]
    fn a_graph_is_created_where_there_is_none_and_packages_are_started() {
        assert_eq!(calls(&proposed("", json!({}))), ["CreateGraph"]);
        assert!(proposed("", graph()).differences.is_empty());
        let proposal = proposed("packages = [\"EKS_AUDIT\"]", graph());
        let wanted = json!({"GraphArn": ARN, "DatasourcePackages": ["EKS_AUDIT"]});
        assert_eq!(proposal.writes[0].call().input, wanted);
    }

    #[test]
    fn the_graph_of_the_organization_does_and_that_of_anybody_else_is_a_finding() {
        let proposal = proposed("", member("999999999999", "ENABLED", true));
        assert!(proposal.writes.is_empty() && proposal.findings.is_empty());
        assert!(matches!(proposal.standing, Standing::Elsewhere(_)));
        let proposal = proposed("", member("999999999999", "ENABLED", false));
        assert_eq!(calls(&proposal), ["CreateGraph"]);
        assert!(proposal.findings[0].what.contains("account 999999999999"));
        let declared = "administrator = \"999999999999\"";
        assert!(proposed(declared, member("999999999999", "ENABLED", false)).findings.is_empty());
        let left = proposed(declared, json!({}));
        assert_eq!(left.findings[0].field, "administrator");
        let invited = proposed("", member("999999999999", "INVITED", false));
        assert!(invited.findings.is_empty() && invited.notes.len() == 1);
    }

    #[test]
    fn an_account_that_is_not_taken_in_is_a_finding() {
        let proposal = proposed("", member("999999999999", "ACCEPTED_BUT_DISABLED", true));
        assert!(proposal.findings[0].what.contains("does not take this one in"));
        let mut state = graph();
        state["graph"]["members"] = json!({"777777777777": "ENABLED"});
        let members = "members = [\"777777777777\", \"888888888888\"]";
        let proposal = proposed(members, state);
        assert_eq!(proposal.findings[0].field, "members.888888888888");
        assert_eq!(proposal.findings.len(), 1);
    }

    #[test]
    fn an_undo_keeps_the_graph_and_its_history() {
        let past = Past { before: live(json!({})), after: live(graph()), live: live(graph()) };
        let at = At { place: &Place::region("us-east-1"), context: &context() };
        let undone = restore::<Detective>(&crate::settings::value("{}"), &past, at);
        assert!(undone.writes.is_empty());
        assert!(undone.findings[0].remedy.contains(ARN));
    }
}
