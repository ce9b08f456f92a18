//! Which live rule does what is asked for.

use super::live::Region;
use super::rule::Found;
use super::wishes::Wish;

/// What is to be done about a rule that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A rule under another name does it already.
    Adopted(String),
    /// The rule of this name: to be made, or to be kept as it has to be.
    Own(String),
    /// The rule of the name is being deleted.
    Going,
    /// The name is that of something else.
    Taken,
}

impl Choice {
    /// The name of the rule that does it, or will.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Adopted(name) | Self::Own(name) => Some(name),
            Self::Going | Self::Taken => None,
        }
    }
}

/// What follows a name that something else has.
const OTHER: &str = "-baseline";

/// Whether a rule is another than the one that a wish names.
fn is_other(name: &str, found: &Found, wish: &Wish<'_>) -> bool {
    !found.is_own(name) || !found.rule.runs(wish.identifier)
}

/// Chooses, for a name and a wish.
pub fn choose(name: &str, wish: &Wish<'_>, live: &Region) -> Choice {
    let other = format!("{name}{OTHER}");
    let names = [name, other.as_str()];
    // A rule with the person's own name is that one or none.
    let names = if wish.is_named { &names[..1] } else { &names[..] };
    let own = names.iter().find(|name| {
        live.rules.get(**name).is_some_and(|found| !is_other(name, found, wish) && !found.is_going)
    });
    if let Some(own) = own {
        return Choice::Own((*own).to_owned());
    }
    let does = |(name, found): &(&String, &Found)| {
        let can_be_repaired = wish.repair.is_none() || found.is_own(name);
        let is_seen = !found.is_going && !found.is_hidden;
        is_seen
            && can_be_repaired
            && found.rule.runs(wish.identifier)
            && *found == &raised(found, wish)
    };
    if let Some((adopted, _)) = live.rules.iter().find(does) {
        return Choice::Adopted(adopted.clone());
    }
    match names.iter().find(|name| !live.rules.contains_key(**name)) {
        _ if live.rules.get(name).is_some_and(|found| found.is_going) => Choice::Going,
        Some(free) => Choice::Own((*free).to_owned()),
        None => Choice::Taken,
    }
}

fn raised(found: &Found, wish: &Wish<'_>) -> Found {
    Found { rule: found.rule.raised(wish), ..found.clone() }
}

#[cfg(test)]
mod tests {
    use super::super::settings::Settings;
    use super::*;
    use crate::control::tests::context;
    use serde_json::{Value, json};

    const SSH: &str = "INCOMING_SSH_DISABLED";

    fn chosen(settings: &str, name: &str, rules: Value) -> Choice {
        let settings: Settings = toml::from_str(settings).expect("settings");
        let rules = serde_json::from_value(rules).expect("rules");
        let live = Region { rules, ..Region::default() };
        let context = context();
        let wishes = settings.wishes("eu-west-1", &context);
        choose(name, &wishes[name], &live)
    }

    fn rule(identifier: &str) -> Value {
        json!({"rule": {"identifier": identifier}, "arn": "arn"})
    }

    fn network(rules: Value) -> Choice {
        chosen("packs = [\"network\"]", "restricted-ssh", rules)
    }

    fn own(name: &str) -> Choice {
        Choice::Own(name.to_owned())
    }

    #[test]
    fn the_rule_of_the_name_else_one_that_does_the_same_else_a_new_one() {
        assert_eq!(network(json!({})), own("restricted-ssh"));
        assert_eq!(network(json!({"restricted-ssh": rule(SSH)})), own("restricted-ssh"));
        let theirs = Choice::Adopted("theirs".to_owned());
        assert_eq!(network(json!({"theirs": rule(SSH)})), theirs);
        let mut narrowed = rule(SSH);
        narrowed["rule"]["scope"] = json!({"tag_key": "x"});
        assert_eq!(network(json!({"theirs": narrowed})), own("restricted-ssh"));
        let mut hidden = rule(SSH);
        hidden["is_hidden"] = json!(true);
        assert_eq!(network(json!({"securityhub-x": hidden})), own("restricted-ssh"));
    }

    #[test]
    fn a_name_that_something_else_has_is_never_written() {
        let mut lambda = rule("arn:aws:lambda:eu-west-1:111122223333:function:quiet");
        lambda["rule"]["owner"] = json!("CUSTOM_LAMBDA");
        let taken = json!({"restricted-ssh": lambda});
        assert_eq!(network(taken.clone()), own("restricted-ssh-baseline"));
        let declared = "[rules.restricted-ssh]\nidentifier = \"INCOMING_SSH_DISABLED\"";
        assert_eq!(chosen(declared, "restricted-ssh", taken), Choice::Taken);
        let mut linked = rule("NACL_NO_UNRESTRICTED_SSH_RDP");
        linked["service"] = json!("securityhub.amazonaws.com");
        assert_eq!(
            chosen(declared, "restricted-ssh", json!({"restricted-ssh": linked})),
            Choice::Taken
        );
    }

    #[test]
    fn a_rule_that_is_being_deleted_does_nothing() {
        let mut going = rule(SSH);
        going["is_going"] = json!(true);
        assert_eq!(network(json!({"restricted-ssh": going})), Choice::Going);
        let both = json!({"restricted-ssh": going, "theirs": rule(SSH)});
        assert_eq!(network(both), Choice::Adopted("theirs".to_owned()));
    }

    #[test]
    fn a_rule_of_a_service_does_for_what_is_not_repaired() {
        let mut linked = rule(SSH);
        linked["service"] = json!("config-conforms.amazonaws.com");
        let live = json!({"ssh-conformance-pack-1": linked});
        assert!(matches!(network(live.clone()), Choice::Adopted(_)));
        let repaired = "[rules.ssh]\nidentifier = \"INCOMING_SSH_DISABLED\"\nrepair = {}";
        assert_eq!(chosen(repaired, "ssh", live), own("ssh"));
    }
}
