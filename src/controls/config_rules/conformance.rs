//! Conformance packs that AWS manages.

use super::settings::{PackTable, texts};
use crate::aws::Grant;
use crate::aws::door::{Nothing, Typed};
use crate::aws::services::CONFIG;
use crate::control::Remarks;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const PACK_ARN: &str = "arn:{partition}:config:{region}:{account}:conformance-pack/*/*";

pub const DESCRIBE_PACKS: Typed<Nothing, Packs> = Typed::new(
    &CONFIG,
    "DescribeConformancePacks",
    &[Grant::any("config:DescribeConformancePacks")],
)
.paged("NextToken", "NextToken");

pub const DESCRIBE_PACK_STATUS: Typed<Nothing, Statuses> = Typed::new(
    &CONFIG,
    "DescribeConformancePackStatus",
    &[Grant::any("config:DescribeConformancePackStatus")],
)
.paged("NextToken", "NextToken");

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Packs {
    #[serde(default)]
    pub conformance_pack_details: Vec<WirePack>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WirePack {
    pub conformance_pack_name: String,
    #[serde(default)]
    conformance_pack_input_parameters: Vec<InputParameter>,
    created_by: Option<String>,
    source: Option<PackSource>,
    scope: Option<PackScope>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InputParameter {
    pub parameter_name: String,
    pub parameter_value: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PackSource {
    pub source_identifier: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PackScope {
    pub tag_key: Option<String>,
    pub tag_value: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statuses {
    #[serde(default)]
    pub conformance_pack_status_details: Vec<Status>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Status {
    pub conformance_pack_name: String,
    pub conformance_pack_state: String,
    pub conformance_pack_status_reason: Option<String>,
}

/// A pack, as far as calls change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// AWS's identifier; nothing for a pack of somebody's own template.
    pub identifier: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_value: Option<String>,
}

/// A pack that is live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackFound {
    pub pack: Pack,
    /// The service that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Its state, in AWS's word, where it is not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl PackFound {
    /// A pack with its status.
    pub fn read(wire: WirePack, status: Option<&Status>) -> (String, Self) {
        let parameters = wire.conformance_pack_input_parameters.into_iter();
        let scope = wire.scope.unwrap_or(PackScope { tag_key: None, tag_value: None });
        let pack = Pack {
            identifier: wire.source.map(|own| own.source_identifier),
            parameters: parameters.map(|own| (own.parameter_name, own.parameter_value)).collect(),
            tag_key: scope.tag_key,
            tag_value: scope.tag_value,
        };
        let state = status.map(|own| own.conformance_pack_state.clone());
        let found = Self {
            pack,
            service: wire.created_by,
            state: state.filter(|state| !state.ends_with("_COMPLETE")),
            reason: status.and_then(|own| own.conformance_pack_status_reason.clone()),
        };
        (wire.conformance_pack_name, found)
    }

    fn is_going(&self) -> bool {
        self.state.as_deref() == Some("DELETE_IN_PROGRESS")
    }

    /// Reports a pack that is not, or will not be, what it says.
    fn judge(&self, name: &str, say: &mut Remarks) {
        let Some(state) = &self.state else {
            return;
        };
        let why = self.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        match state.as_str() {
            "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" => {
                say.note(format!("AWS still makes the rules of the conformance pack {name}"));
            }
            "DELETE_IN_PROGRESS" => say.finding(
                "conformance_packs",
                format!("the conformance pack {name} is being deleted, with its rules"),
                "find out who deleted it; when it is gone, apply makes it again",
            ),
            _ => say.finding(
                "conformance_packs",
                format!("the conformance pack {name} is {state}{why}"),
                "put right what AWS says; if parameters are wrong, correct them and apply",
            ),
        }
    }
}

impl Pack {
    fn of(table: &PackTable) -> Self {
        Self {
            identifier: Some(table.identifier.clone()),
            parameters: texts(&table.parameters),
            tag_key: table.tag_key.clone(),
            tag_value: table.tag_value.clone(),
        }
    }
}

/// What the packs have to become.
pub fn wanted(
    declared: &BTreeMap<String, PackTable>,
    live: &BTreeMap<String, PackFound>,
    say: &mut Remarks,
) -> BTreeMap<String, Pack> {
    let mut wanted: BTreeMap<String, Pack> = own(live);
    for (name, table) in declared {
        let asked = Pack::of(table);
        let same = live.iter().find(|(_, found)| found.pack == asked && !found.is_going());
        match (live.get(name), same) {
            (_, Some((other, found))) => {
                if other != name {
                    say.note(format!("the conformance pack {other} is the same as {name}"));
                }
                found.judge(other, say);
            }
            (None, None) => {
                wanted.insert(name.clone(), asked);
            }
            (Some(found), None) if found.is_going() => found.judge(name, say),
            (Some(found), None) if found.service.is_some() => {
                let service = found.service.as_deref().unwrap_or_default();
                say.finding(
                    "conformance_packs",
                    format!("the conformance pack {name} is one of {service}, and another"),
                    "give yours another name",
                );
            }
            // AWS does not turn one kind of pack, or one source, into another.
            (Some(found), None) if found.pack.identifier != asked.identifier => {
                let is = match &found.pack.identifier {
                    Some(identifier) => format!("AWS's {identifier}"),
                    None => "one of a template".to_owned(),
                };
                say.finding(
                    "conformance_packs",
                    format!("the conformance pack {name} is {is}, and not {}", table.identifier),
                    format!(
                        "if nobody needs it: aws configservice delete-conformance-pack \
                         --conformance-pack-name {name}, and apply again; else give yours another name"
                    ),
                );
            }
            (Some(found), None) => {
                found.judge(name, say);
                wanted.insert(name.clone(), asked);
            }
        }
    }
    wanted
}

/// The packs that calls may change.
pub fn own(live: &BTreeMap<String, PackFound>) -> BTreeMap<String, Pack> {
    let own = live.iter().filter(|(_, found)| found.service.is_none() && !found.is_going());
    own.map(|(name, found)| (name.clone(), found.pack.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judged(live: serde_json::Value) -> (Vec<String>, Vec<String>) {
        let table = "own = { identifier = \"Basics\", parameters = { Age = 90 } }";
        let declared: BTreeMap<String, PackTable> = toml::from_str(table).expect("a table");
        let live: BTreeMap<String, PackFound> = serde_json::from_value(live).expect("packs");
        let mut say = Remarks::default();
        let wanted = wanted(&declared, &live, &mut say);
        let changed = wanted.iter().filter(|(name, pack)| own(&live).get(*name) != Some(pack));
        let found = say.findings.into_iter().map(|own| own.what);
        (changed.map(|(name, _)| name.clone()).collect(), found.collect())
    }

    #[test]
    fn a_pack_is_made_adopted_and_put_right() {
        let same = json!({"identifier": "Basics", "parameters": {"Age": "90"}});
        assert_eq!(judged(json!({})).0, ["own"]);
        assert_eq!(judged(json!({"theirs": {"pack": same}})).0, [""; 0]);
        let narrowed = json!({"identifier": "Basics", "parameters": {"Age": "90"}, "tag_key": "x"});
        assert_eq!(judged(json!({"own": {"pack": narrowed}})).0, ["own"]);
    }

    #[test]
    fn a_pack_that_is_another_is_being_deleted_or_failed_is_a_finding() {
        let same = json!({"identifier": "Basics", "parameters": {"Age": "90"}});
        for live in [
            json!({"own": {"pack": {"identifier": null}}}),
            json!({"own": {"pack": same, "state": "DELETE_IN_PROGRESS"}}),
            json!({"own": {"pack": same, "state": "UPDATE_FAILED", "reason": "no such rule"}}),
        ] {
            let (changed, found) = judged(live.clone());
            assert_eq!((changed.len(), found.len()), (0, 1), "{live}");
        }
    }
}
