//! Roles that services of AWS work with for a control: made with the least that is needed, and seen
//! whenever they become more or less than that.
//!
//! Whoever empties such a role, puts a boundary on it or takes the service out of its trust policy ends
//! what the service does, while the alarm, rule or trail that names the role looks the same as before.
//! Whoever adds to it has a way into the account.

use crate::aws::door::{Call, Typed};
use crate::aws::roles::{GET_POLICY, GET_ROLE, LIST_ATTACHED, LIST_INLINE, Role};
use crate::aws::services::IAM;
use crate::aws::tags::Tag;
use crate::aws::{Grant, Operation, Propagation};
use crate::control::{At, Context, OUR_TAG, Past, Remarks, Steps, owner};
use crate::policy::{self, Dialect, Fact, Match, Policy, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A role as a control makes it.
#[derive(Clone, Debug)]
pub struct ServiceRole {
    /// Its name: `baseline-` and what it is for.
    pub name: String,
    /// The principal of the service that assumes it.
    pub service: &'static str,
    /// The ARN, with wildcards, of what the service assumes it for; nothing where the service sends none
    /// (`aws:SourceArn`).
    pub source: Option<String>,
    /// Whether the service says for which account it assumes the role (`aws:SourceAccount`). Of one that
    /// does not, only who may pass the role decides for whom it works.
    pub says_account: bool,
    /// What it is for, as its description says.
    pub purpose: &'static str,
    /// The statements of its one policy.
    pub allows: Vec<Value>,
}

/// What calls change of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleState {
    /// Who may assume it.
    trust: Value,
    /// Its own policy.
    policy: Option<Value>,
}

/// The name of the policy that is part of a role that the program made.
const POLICY: &str = "baseline";

/// What a control with a role reads, for [`About`](crate::control::About).
pub const READS: [Operation; 4] =
    [GET_ROLE.operation, LIST_ATTACHED.operation, LIST_INLINE.operation, GET_POLICY.operation];

/// What a control with a role may write. Its [`names`](crate::control::Control::names) give the name
/// of the role as `service_role`.
pub const WRITES: [Operation; 3] = [CREATE, TRUST, PERMIT];

/// The one that makes it.
pub const CREATE: Operation = CREATE_ROLE.operation;
/// The one that says who may assume it.
pub const TRUST: Operation = UPDATE_TRUST.operation;
/// The one that says what it may do.
pub const PERMIT: Operation = PUT_POLICY.operation;

/// The role as the ARN of a grant.
const OWN_ROLE: &str = "arn:{partition}:iam::{account}:role/{service_role}";

/// Makes a role. That there is one is a success: the place is read again after the calls, and what is
/// not the program's own is a finding then.
const CREATE_ROLE: Typed<NewRole> = Typed::new(
    &IAM,
    "CreateRole",
    &[Grant::on("iam:CreateRole", OWN_ROLE), Grant::on("iam:TagRole", OWN_ROLE)],
)
.already(&["EntityAlreadyExists"]);

const NEW_ROLE: &[Propagation] =
    &[Propagation::new("NoSuchEntity", "the new role to be known everywhere")];

/// Replaces the trust policy of a role.
const UPDATE_TRUST: Typed<NewTrust> = Typed::new(
    &IAM,
    "UpdateAssumeRolePolicy",
    &[Grant::on("iam:UpdateAssumeRolePolicy", OWN_ROLE)],
)
.propagating(NEW_ROLE);

/// Adds or replaces a policy that is part of a role.
const PUT_POLICY: Typed<NewPolicy> =
    Typed::new(&IAM, "PutRolePolicy", &[Grant::on("iam:PutRolePolicy", OWN_ROLE)])
        .propagating(NEW_ROLE);

/// A role to be.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NewRole {
    role_name: String,
    assume_role_policy_document: String,
    description: String,
    tags: Vec<Tag>,
}

/// A trust policy to be.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NewTrust {
    role_name: String,
    policy_document: String,
}

/// A policy to be.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NewPolicy {
    role_name: String,
    policy_name: String,
    policy_document: String,
}

impl ServiceRole {
    /// Its ARN, whether or not it exists.
    pub fn arn(&self, context: &Context) -> String {
        let Context { partition, account, .. } = context;
        format!("arn:{partition}:iam::{account}:role/{}", self.name)
    }

    /// What it has to be. Only the account's own things may have the service assume it. Source: IAM
    /// User Guide, "The confused deputy problem".
    pub fn state(&self, context: &Context) -> RoleState {
        let mut trust = json!({
            "Effect": "Allow",
            "Principal": {"Service": self.service},
            "Action": "sts:AssumeRole",
        });
        if self.says_account {
            let account = json!({"aws:SourceAccount": context.account});
            trust["Condition"] = json!({"StringEquals": account});
        }
        if let Some(source) = &self.source {
            trust["Condition"]["ArnLike"] = json!({"aws:SourceArn": source});
        }
        let document =
            |statements: Value| json!({"Version": "2012-10-17", "Statement": statements});
        RoleState { trust: document(json!([trust])), policy: Some(document(json!(self.allows))) }
    }

    /// The state that the baseline asks for. A role of this name that the program did not make is
    /// never changed: what it lacks is a finding.
    pub fn wanted(
        &self,
        live: Option<&Role>,
        at: At<'_>,
        field: &str,
        say: &mut Remarks,
    ) -> RoleState {
        let wanted = self.state(at.context);
        let Some(live) = live else {
            return wanted;
        };
        self.judge_extras(live, field, say);
        let now = state(live);
        if live.tags.contains_key(OUR_TAG) || now == wanted {
            return wanted;
        }
        let name = &self.name;
        let whose = match owner::owner(name, &live.tags) {
            Some(whom) => format!("is managed by {whom}"),
            None => format!("was not made by baseline (it has no tag {OUR_TAG})"),
        };
        say.finding(
            field,
            format!("the role {name} {whose} and is not what {} needs", self.service),
            format!(
                "delete or rename it, so that baseline can make its own, or, if it is yours, tag it: \
                 aws iam tag-role --role-name {name} --tags Key={OUR_TAG},Value={}",
                at.context.baseline
            ),
        );
        now
    }

    /// Reports what makes a role more, or less, than its one policy says.
    fn judge_extras(&self, live: &Role, field: &str, say: &mut Remarks) {
        let name = &self.name;
        let mut extra = |what: String, command: String| {
            say.finding(
                field,
                format!("the role {name} has {what}, which is none of the baseline's"),
                format!("remove it: aws iam {command} --role-name {name}"),
            );
        };
        for policy in live.inline.keys().filter(|policy| *policy != POLICY) {
            let command = format!("delete-role-policy --policy-name {policy}");
            extra(format!("the inline policy {policy}"), command);
        }
        for arn in &live.attached {
            let command = format!("detach-role-policy --policy-arn {arn}");
            extra(format!("the attached policy {arn}"), command);
        }
        if let Some(arn) = &live.boundary {
            let command = "delete-role-permissions-boundary".to_owned();
            extra(format!("the permissions boundary {arn}"), command);
        }
    }

    /// The calls from one state to another; of nothing, the role is made.
    pub fn steps(&self, from: Option<&RoleState>, to: &RoleState, at: At<'_>) -> Steps {
        let region = at.context.global_region();
        let mut steps = Steps::default();
        match from {
            None => steps.call(self.creation(to, at.context)),
            Some(from) if from.trust != to.trust => {
                let (role_name, policy_document) = (self.name.clone(), to.trust.to_string());
                steps.call(UPDATE_TRUST.call(region, NewTrust { role_name, policy_document }));
            }
            Some(_) => {}
        }
        let policy = from.and_then(|from| from.policy.as_ref());
        if let Some(wanted) = to.policy.as_ref().filter(|wanted| Some(*wanted) != policy) {
            let input = NewPolicy {
                role_name: self.name.clone(),
                policy_name: POLICY.to_owned(),
                policy_document: wanted.to_string(),
            };
            steps.call(PUT_POLICY.call(region, input));
        }
        steps
    }

    /// The state that an undo puts back. A role that the run made stays, for something else may work
    /// with it by now.
    pub fn restored(
        &self,
        past: &Past<Option<RoleState>>,
        field: &str,
        say: &mut Remarks,
    ) -> Option<RoleState> {
        if past.before.is_some() || past.live.is_none() {
            return say.put_back_part(field, past);
        }
        let name = &self.name;
        say.finding(
            field,
            format!("the run created the role {name}; it is not deleted"),
            format!(
                "if nothing needs it: aws iam delete-role-policy --role-name {name} --policy-name \
                 {POLICY}, and then aws iam delete-role --role-name {name}"
            ),
        );
        past.live.clone()
    }

    fn creation(&self, to: &RoleState, context: &Context) -> Call<NewRole> {
        let input = NewRole {
            role_name: self.name.clone(),
            assume_role_policy_document: to.trust.to_string(),
            description: self.purpose.to_owned(),
            tags: Tag::list(context.tags()),
        };
        CREATE_ROLE.call(context.global_region(), input)
    }
}

/// What calls change of a role that exists. A document that cannot be read is its text.
pub fn state(live: &Role) -> RoleState {
    let document = |text: &String| serde_json::from_str(text).unwrap_or_else(|_| json!(text));
    RoleState { trust: document(&live.trust), policy: live.inline.get(POLICY).map(document) }
}

/// Why a trust policy keeps a service from assuming a role, which it does for a thing (`source`, its
/// ARN). What the policy makes depend on something that is not known here is taken to let it in: a
/// failure would show in the status of what the service does.
pub fn trust_fault(
    document: &str,
    service: &str,
    source: &str,
    role: &str,
    context: &Context,
) -> Option<String> {
    let fault = || Some(format!("does not let {service} assume it"));
    let Ok(policy) = Policy::parse(document) else {
        return fault();
    };
    let request = Request::by_service(service, "sts:AssumeRole", role, &context.account, source)
        .with("aws:SourceArn", Fact::Unknown)
        .at(context.now);
    let matches = |statement| {
        let dialect = Dialect::trust(&context.partition);
        policy::evaluate(statement, policy.has_variables(), &request, dialect)
    };
    let mut statements = policy.statements().iter();
    let denied = statements.any(|own| own.denies() && matches(own) == Match::Yes);
    let mut statements = policy.statements().iter();
    let allowed = statements.any(|own| own.allows() && matches(own) != Match::No);
    match allowed && !denied {
        true => None,
        false => fault(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::context;
    use crate::place::Place;

    fn role() -> ServiceRole {
        ServiceRole {
            name: "baseline-trail".to_owned(),
            service: "cloudtrail.amazonaws.com",
            source: Some("arn:aws:cloudtrail:us-east-1:111122223333:trail/main".to_owned()),
            says_account: true,
            purpose: "CloudTrail writes to CloudWatch Logs",
            allows: vec![
                json!({"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}),
            ],
        }
    }

    fn live() -> Role {
        let RoleState { trust, policy } = role().state(&context());
        let policy = policy.expect("a policy").to_string();
        Role {
            arn: role().arn(&context()),
            trust: trust.to_string(),
            inline: [(POLICY.to_owned(), policy)].into(),
            attached: Default::default(),
            boundary: None,
            tags: [(OUR_TAG.to_owned(), "test".to_owned())].into(),
        }
    }

    /// The operations that are called, and what is found.
    fn judged(live: Option<&Role>) -> (Vec<&'static str>, Vec<String>) {
        let (context, place, mut say) = (context(), Place::account(), Remarks::default());
        let at = At { place: &place, context: &context };
        let wanted = role().wanted(live, at, "role", &mut say);
        let from = live.map(state);
        let steps = role().steps(from.as_ref(), &wanted, at);
        let calls = steps.operations();
        (calls, say.findings.into_iter().map(|own| own.what).collect())
    }

    #[test]
    fn a_role_is_made_with_its_policy_and_then_left_alone() {
        assert_eq!(judged(None).0, ["CreateRole", "PutRolePolicy"]);
        assert_eq!(judged(Some(&live())), (vec![], vec![]));
    }

    #[test]
    fn our_role_is_put_right() {
        let mut emptied = live();
        emptied.inline.clear();
        assert_eq!(judged(Some(&emptied)).0, ["PutRolePolicy"]);
        let mut opened = live();
        opened.trust = opened.trust.replace("cloudtrail.amazonaws.com", "ec2.amazonaws.com");
        assert_eq!(judged(Some(&opened)).0, ["UpdateAssumeRolePolicy"]);
    }

    #[test]
    fn what_a_role_has_besides_is_a_finding() {
        let mut more = live();
        more.inline.insert("door".to_owned(), "{}".to_owned());
        more.attached.insert("arn:aws:iam::aws:policy/AWSDenyAll".to_owned());
        more.boundary = Some("arn:aws:iam::aws:policy/AWSDenyAll".to_owned());
        let (calls, findings) = judged(Some(&more));
        assert_eq!((calls.len(), findings.len()), (0, 3), "{findings:?}");
    }

    #[test]
    fn a_role_that_is_not_ours_is_never_changed() {
        let mut theirs = live();
        theirs.tags.clear();
        assert_eq!(judged(Some(&theirs)), (vec![], vec![]));
        theirs.inline.clear();
        let (calls, findings) = judged(Some(&theirs));
        assert!(calls.is_empty() && findings.len() == 1, "{findings:?}");
    }

    fn fault(document: &str) -> Option<String> {
        let source = "arn:aws:config:us-east-1:111122223333:*";
        let role = "arn:aws:iam::111122223333:role/config";
        trust_fault(document, "config.amazonaws.com", source, role, &context())
    }

    #[test]
    fn a_trust_policy_lets_the_service_in_or_is_a_fault() {
        let trust = |effect: &str, principal: &str, condition: &str| {
            format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Principal":{principal},"Action":"sts:AssumeRole"{condition}}}]}}"#
            )
        };
        let config = r#"{"Service":["config.amazonaws.com","ssm.amazonaws.com"]}"#;
        assert_eq!(fault(&trust("Allow", config, "")), None);
        let own = r#","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}"#;
        assert_eq!(fault(&trust("Allow", config, own)), None);
        let arn = r#","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:config:*:111122223333:*"}}"#;
        assert_eq!(fault(&trust("Allow", config, arn)), None);
        let foreign = r#","Condition":{"StringEquals":{"aws:SourceAccount":"999999999999"}}"#;
        assert!(fault(&trust("Allow", config, foreign)).is_some());
        let other = r#"{"Service":"ec2.amazonaws.com"}"#;
        assert!(fault(&trust("Allow", other, "")).is_some());
        assert!(fault(&trust("Deny", config, "")).is_some());
        assert!(fault("no policy").is_some());
    }
}
