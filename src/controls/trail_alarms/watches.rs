//! What is watched: the fifteen patterns of the CIS benchmark, each with its own words for them.

use super::pattern::Expression;
use crate::settings::Words;
use crate::words;

words! {
    /// What is watched, as the CIS AWS Foundations Benchmark counts it (in 7.0: 5.1 to 5.15).
    pub enum Watch {
        /// Calls that were refused.
        UnauthorizedCalls = "unauthorized_calls",
        /// Sign-ins to the console by users without MFA.
        SignInWithoutMfa = "sign_in_without_mfa",
        /// Whatever the root user does.
        RootUse = "root_use",
        /// Changes of IAM policies.
        IamChanges = "iam_changes",
        /// Changes of trails.
        TrailChanges = "trail_changes",
        /// Sign-ins to the console that failed.
        SignInFailures = "sign_in_failures",
        /// KMS keys that are disabled or about to be deleted.
        KeyDeletion = "key_deletion",
        /// Changes of bucket policies and the like.
        BucketChanges = "bucket_changes",
        /// Changes of AWS Config.
        ConfigChanges = "config_changes",
        /// Changes of security groups.
        SecurityGroupChanges = "security_group_changes",
        /// Changes of network ACLs.
        NetworkAclChanges = "network_acl_changes",
        /// Changes of gateways.
        GatewayChanges = "gateway_changes",
        /// Changes of route tables.
        RouteChanges = "route_changes",
        /// Changes of VPCs.
        VpcChanges = "vpc_changes",
        /// Changes of the organization.
        OrganizationChanges = "organization_changes",
    }
}

/// What every name that this control gives begins with.
pub const PREFIX: &str = "baseline-";

impl Watch {
    /// All of them, in the order of the benchmark.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.iter().map(|(watch, _)| *watch)
    }

    /// The name of its filter, its metric and its alarm.
    pub fn name(self) -> String {
        format!("{PREFIX}{}", self.word())
    }

    /// The watch that a filter or alarm of this name is for.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|watch| watch.name() == name)
    }

    /// What an alarm means, for whoever gets it.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::UnauthorizedCalls => "an API call was refused",
            Self::SignInWithoutMfa => "a user signed in to the console without MFA",
            Self::RootUse => "the root user was used",
            Self::IamChanges => "an IAM policy was changed",
            Self::TrailChanges => "a trail was changed",
            Self::SignInFailures => "a sign-in to the console failed",
            Self::KeyDeletion => "a KMS key was disabled or is to be deleted",
            Self::BucketChanges => {
                "the policy, ACL, CORS, lifecycle or replication of a bucket was changed"
            }
            Self::ConfigChanges => "AWS Config was changed",
            Self::SecurityGroupChanges => "a security group was changed",
            Self::NetworkAclChanges => "a network ACL was changed",
            Self::GatewayChanges => "a gateway was changed",
            Self::RouteChanges => "a route table was changed",
            Self::VpcChanges => "a VPC was changed",
            Self::OrganizationChanges => "the organization was changed",
        }
    }

    /// The pattern of the filter that is made for it: in the order, and with the quotes, that auditors'
    /// tools look for.
    pub fn pattern(self) -> String {
        match self {
            Self::UnauthorizedCalls => {
                "{ ($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") }"
                    .to_owned()
            }
            // By AWS's own variant, users of IAM Identity Center, whose MFA CloudTrail does not see,
            // raise no alarm. Source: Security Hub User Guide, "CloudWatch controls", [CloudWatch.3].
            Self::SignInWithoutMfa => {
                "{ ($.eventName = ConsoleLogin) && ($.additionalEventData.MFAUsed != \"Yes\") && \
                 ($.userIdentity.type = \"IAMUser\") && ($.responseElements.ConsoleLogin = \"Success\") }"
                    .to_owned()
            }
            Self::RootUse => {
                "{ $.userIdentity.type = \"Root\" && $.userIdentity.invokedBy NOT EXISTS && \
                 $.eventType != \"AwsServiceEvent\" }"
                    .to_owned()
            }
            Self::SignInFailures => {
                "{ ($.eventName = ConsoleLogin) && ($.errorMessage = \"Failed authentication\") }"
                    .to_owned()
            }
            _ => named_events(self.source(), self.events()),
        }
    }

    /// What a filter has to match that somebody else made: the benchmark's own text, where that is
    /// less than [`Watch::pattern`].
    fn least(self) -> String {
        match self {
            // CIS spares what log delivery and HeadBucket are refused.
            Self::UnauthorizedCalls => {
                "{ (($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\")) && \
                 ($.sourceIPAddress != \"delivery.logs.amazonaws.com\") && ($.eventName != \"HeadBucket\") }"
                    .to_owned()
            }
            Self::OrganizationChanges => {
                let events: Vec<&str> = self.events().iter().copied().filter(|own| !NOT_OF_CIS.contains(own)).collect();
                named_events(self.source(), &events)
            }
            other => other.pattern(),
        }
    }

    /// Whether a filter pattern counts all of it, and is no background noise; one that bears our name
    /// must count all that ours does.
    pub fn is_met_by(self, pattern: &str, is_ours: bool) -> bool {
        let wanted = if is_ours { self.pattern() } else { self.least() };
        let wanted = Expression::parse(&wanted);
        let found = Expression::parse(pattern);
        found
            .zip(wanted)
            .is_some_and(|(found, wanted)| found.covers(&wanted) && !found.is_routine())
    }

    /// The service of its events, where auditors' tools want it named.
    pub fn source(self) -> Option<&'static str> {
        match self {
            Self::KeyDeletion => Some("kms.amazonaws.com"),
            Self::BucketChanges => Some("s3.amazonaws.com"),
            Self::ConfigChanges => Some("config.amazonaws.com"),
            Self::RouteChanges => Some("ec2.amazonaws.com"),
            Self::OrganizationChanges => Some("organizations.amazonaws.com"),
            _ => None,
        }
    }

    /// The names of its events. Source: CIS AWS Foundations Benchmark 7.0, section 5; of the
    /// organization also those that Prowler's check looks for.
    pub fn events(self) -> &'static [&'static str] {
        match self {
            Self::IamChanges => &[
                "DeleteGroupPolicy",
                "DeleteRolePolicy",
                "DeleteUserPolicy",
                "PutGroupPolicy",
                "PutRolePolicy",
                "PutUserPolicy",
                "CreatePolicy",
                "DeletePolicy",
                "CreatePolicyVersion",
                "DeletePolicyVersion",
                "AttachRolePolicy",
                "DetachRolePolicy",
                "AttachUserPolicy",
                "DetachUserPolicy",
                "AttachGroupPolicy",
                "DetachGroupPolicy",
            ],
            Self::TrailChanges => {
                &["CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"]
            }
            Self::KeyDeletion => &["DisableKey", "ScheduleKeyDeletion"],
            Self::BucketChanges => &[
                "PutBucketAcl",
                "PutBucketPolicy",
                "PutBucketCors",
                "PutBucketLifecycle",
                "PutBucketReplication",
                "DeleteBucketPolicy",
                "DeleteBucketCors",
                "DeleteBucketLifecycle",
                "DeleteBucketReplication",
            ],
            Self::ConfigChanges => &[
                "StopConfigurationRecorder",
                "DeleteDeliveryChannel",
                "PutDeliveryChannel",
                "PutConfigurationRecorder",
            ],
            Self::SecurityGroupChanges => &[
                "AuthorizeSecurityGroupIngress",
                "AuthorizeSecurityGroupEgress",
                "RevokeSecurityGroupIngress",
                "RevokeSecurityGroupEgress",
                "CreateSecurityGroup",
                "DeleteSecurityGroup",
            ],
            Self::NetworkAclChanges => &[
                "CreateNetworkAcl",
                "CreateNetworkAclEntry",
                "DeleteNetworkAcl",
                "DeleteNetworkAclEntry",
                "ReplaceNetworkAclEntry",
                "ReplaceNetworkAclAssociation",
            ],
            Self::GatewayChanges => &[
                "CreateCustomerGateway",
                "DeleteCustomerGateway",
                "AttachInternetGateway",
                "CreateInternetGateway",
                "DeleteInternetGateway",
                "DetachInternetGateway",
            ],
            Self::RouteChanges => &[
                "CreateRoute",
                "CreateRouteTable",
                "ReplaceRoute",
                "ReplaceRouteTableAssociation",
                "DeleteRouteTable",
                "DeleteRoute",
                "DisassociateRouteTable",
            ],
            Self::VpcChanges => &[
                "CreateVpc",
                "DeleteVpc",
                "ModifyVpcAttribute",
                "AcceptVpcPeeringConnection",
                "CreateVpcPeeringConnection",
                "DeleteVpcPeeringConnection",
                "RejectVpcPeeringConnection",
                "AttachClassicLinkVpc",
                "DetachClassicLinkVpc",
                "DisableVpcClassicLink",
                "EnableVpcClassicLink",
            ],
            Self::OrganizationChanges => &[
                "AcceptHandshake",
                "AttachPolicy",
                "CancelHandshake",
                "CreateAccount",
                "CreateOrganization",
                "CreateOrganizationalUnit",
                "CreatePolicy",
                "DeclineHandshake",
                "DeleteOrganization",
                "DeleteOrganizationalUnit",
                "DeletePolicy",
                "DetachPolicy",
                "DisablePolicyType",
                "EnableAllFeatures",
                "EnablePolicyType",
                "InviteAccountToOrganization",
                "LeaveOrganization",
                "MoveAccount",
                "RemoveAccountFromOrganization",
                "UpdateOrganizationalUnit",
                "UpdatePolicy",
            ],
            Self::UnauthorizedCalls
            | Self::SignInWithoutMfa
            | Self::RootUse
            | Self::SignInFailures => &[],
        }
    }
}

/// Events of the organization that the benchmark does not name.
const NOT_OF_CIS: [&str; 3] = ["CancelHandshake", "CreateOrganization", "EnableAllFeatures"];

/// The pattern for events by their names, and by their service.
fn named_events(source: Option<&str>, events: &[&str]) -> String {
    let names: Vec<String> = events.iter().map(|name| format!("($.eventName = {name})")).collect();
    let names = names.join(" || ");
    match source {
        Some(source) => format!("{{ ($.eventSource = {source}) && ({names}) }}"),
        None => format!("{{ {names} }}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The most characters of a pattern. Source: CloudWatch Logs API Reference, `PutMetricFilter`.
    const LONGEST: usize = 1024;

    #[test]
    fn each_pattern_can_be_read_fits_and_meets_its_own_watch_alone() {
        for watch in Watch::all() {
            let pattern = watch.pattern();
            assert!(pattern.len() <= LONGEST, "{watch:?}: {}", pattern.len());
            assert!(watch.is_met_by(&pattern, true), "{watch:?}: {pattern}");
            assert!(watch.is_met_by(&watch.least(), false), "{watch:?}");
            assert_eq!(Watch::named(&watch.name()), Some(watch));
            let others = Watch::all().filter(|other| *other != watch);
            for other in others {
                assert!(!other.is_met_by(&pattern, false), "{watch:?} meets {other:?}");
            }
        }
    }

    #[test]
    fn a_pattern_that_loses_any_of_its_names_does_not_meet_its_watch() {
        for watch in Watch::all() {
            for name in watch.events() {
                let less = watch.pattern().replacen(&format!("= {name})"), "= Nothing)", 1);
                assert!(!watch.is_met_by(&less, true), "{watch:?} without {name}");
            }
        }
    }

    /// What Prowler's regular expressions look for, by meaning: a property, an operator and a value with
    /// at most one character before the value, and of two watches in this order.
    #[test]
    fn auditors_tools_find_what_they_look_for() {
        let has = |pattern: &str, field: &str, operator: &str, value: &str| {
            let head = format!("$.{field} {operator} ");
            let heads = pattern.match_indices(&head);
            let mut rests = heads.map(|(at, head)| &pattern[at + head.len()..]);
            rests.any(|rest| {
                let rest = rest.strip_prefix('"').unwrap_or(rest);
                rest.strip_prefix(value).is_some_and(|end| !end.starts_with(char::is_alphanumeric))
            })
        };
        for watch in Watch::all() {
            let pattern = watch.pattern();
            for name in watch.events() {
                assert!(has(&pattern, "eventName", "=", name), "{watch:?}: {name}");
            }
            if let Some(source) = watch.source() {
                assert!(has(&pattern, "eventSource", "=", source), "{watch:?}");
            }
        }
        let sign_in = Watch::SignInWithoutMfa.pattern();
        assert!(has(&sign_in, "additionalEventData.MFAUsed", "!=", "Yes"));
        assert!(has(
            &Watch::SignInFailures.pattern(),
            "errorMessage",
            "=",
            "Failed authentication"
        ));
        let in_order = |watch: Watch, parts: &[&str]| {
            let pattern = watch.pattern();
            let places: Vec<Option<usize>> = parts.iter().map(|part| pattern.find(part)).collect();
            assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{pattern}");
        };
        in_order(
            Watch::UnauthorizedCalls,
            &["$.errorCode = \"*UnauthorizedOperation\"", "$.errorCode = \"AccessDenied*\""],
        );
        in_order(
            Watch::RootUse,
            &[
                "$.userIdentity.type = \"Root\"",
                "$.userIdentity.invokedBy NOT EXISTS",
                "$.eventType != \"AwsServiceEvent\"",
            ],
        );
    }

    #[test]
    fn the_texts_that_others_use_for_it_are_enough() {
        for (watch, pattern) in [
            (
                Watch::UnauthorizedCalls,
                "{($.errorCode =\"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") && \
                 ($.sourceIPAddress!=\"delivery.logs.amazonaws.com\") && ($.eventName!=\"HeadBucket\")}",
            ),
            (
                Watch::SignInWithoutMfa,
                "{($.eventName=\"ConsoleLogin\") && ($.additionalEventData.MFAUsed !=\"Yes\")}",
            ),
            (
                Watch::RootUse,
                "{$.userIdentity.type=\"Root\" && $.userIdentity.invokedBy NOT EXISTS && $.eventType \
                 !=\"AwsServiceEvent\"}",
            ),
            (
                Watch::KeyDeletion,
                "{ $.eventName = DisableKey || $.eventName = ScheduleKeyDeletion }",
            ),
        ] {
            assert!(watch.is_met_by(pattern, false), "{pattern}");
        }
        let narrowed =
            "{ ($.errorCode = \"*UnauthorizedOperation\") && ($.userIdentity.arn != \"x\") }";
        assert!(!Watch::UnauthorizedCalls.is_met_by(narrowed, false));
        assert!(!Watch::TrailChanges.is_met_by("{ $.eventName = * }", false));
    }
}
