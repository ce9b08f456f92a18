//! The Automation documents of Systems Manager that this version knows: what they do, and what a role
//! needs for it. Source of each: Systems Manager Automation Runbook Reference.

use crate::control::Context;
use crate::controls::roles::ServiceRole;
use serde_json::{Value, json};

/// An Automation document of AWS's.
#[derive(Debug)]
pub struct Document {
    /// Its name.
    pub name: &'static str,
    /// The parameter that takes the resource.
    pub resource: &'static str,
    /// What it does with a resource: goes on after "AWS …".
    pub does: &'static str,
    /// What is to be known of it.
    pub warning: Option<&'static str>,
    /// The rule that it fits best.
    fits: Option<&'static str>,
    role: &'static str,
    purpose: &'static str,
    /// Actions that take no resource.
    reads: &'static [&'static str],
    /// Actions on a resource, as an ARN with `{partition}` and `{account}`.
    writes: (&'static [&'static str], &'static str),
    /// Whether it works by an execution of its own.
    starts_itself: bool,
}

const GROUP: &str = "arn:{partition}:ec2:*:{account}:security-group/*";

const DOCUMENTS: &[Document] = &[
    Document {
        name: "AWS-DisableIncomingSSHOnPort22",
        resource: "SecurityGroupIds",
        does: "revokes every rule of the security group that lets the world in on port 22",
        warning: None,
        fits: Some("INCOMING_SSH_DISABLED"),
        role: "baseline-repair-ssh",
        purpose: "Lets AWS-DisableIncomingSSHOnPort22 close port 22 of security groups",
        reads: &["ec2:DescribeSecurityGroups"],
        writes: (&["ec2:RevokeSecurityGroupIngress"], GROUP),
        starts_itself: false,
    },
    Document {
        name: "AWS-DisablePublicAccessForSecurityGroup",
        resource: "GroupId",
        does: "revokes the rules of the security group that let the world in on ports 22 and 3389",
        warning: Some(
            "it fails in every VPC but the default one, unless a group opens both ports to both \
             0.0.0.0/0 and ::/0: AWS-DisableIncomingSSHOnPort22 works in all",
        ),
        fits: None,
        role: "baseline-repair-ssh-and-rdp",
        purpose: "Lets AWS-DisablePublicAccessForSecurityGroup close ports of security groups",
        reads: &["ec2:DescribeSecurityGroups"],
        writes: (&["ec2:RevokeSecurityGroupIngress"], GROUP),
        starts_itself: false,
    },
    Document {
        name: "AWSConfigRemediation-RemoveUnrestrictedSourceIngressRules",
        resource: "SecurityGroupId",
        does: "revokes every rule of the security group that lets the world in, on whichever port",
        warning: Some("it closes ports that are meant to be open too, 443 among them"),
        fits: None,
        role: "baseline-repair-open-ingress",
        purpose: "Lets AWSConfigRemediation-RemoveUnrestrictedSourceIngressRules close ports",
        reads: &["ec2:DescribeSecurityGroups"],
        writes: (&["ec2:RevokeSecurityGroupIngress"], GROUP),
        starts_itself: true,
    },
    Document {
        name: "AWSConfigRemediation-RemoveVPCDefaultSecurityGroupRules",
        resource: "GroupId",
        does: "revokes all rules of the default security group",
        warning: Some(
            "what still uses the default group can be reached by nothing, and reach nothing",
        ),
        fits: Some("VPC_DEFAULT_SECURITY_GROUP_CLOSED"),
        role: "baseline-repair-default-group",
        purpose: "Lets AWSConfigRemediation-RemoveVPCDefaultSecurityGroupRules empty default groups",
        reads: &["ec2:DescribeSecurityGroups"],
        writes: (&["ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"], GROUP),
        starts_itself: true,
    },
    Document {
        name: "AWSConfigRemediation-EnableKeyRotation",
        resource: "KeyId",
        does: "has the key rotated every year",
        warning: None,
        fits: Some("CMK_BACKING_KEY_ROTATION_ENABLED"),
        role: "baseline-repair-key-rotation",
        purpose: "Lets AWSConfigRemediation-EnableKeyRotation have keys rotated",
        reads: &[],
        writes: (
            &["kms:EnableKeyRotation", "kms:GetKeyRotationStatus"],
            "arn:{partition}:kms:*:{account}:key/*",
        ),
        starts_itself: true,
    },
];

/// A document that empties a group, outgoing rules included.
pub const CLOSES_ALL: &str = "AWS-CloseSecurityGroup";

/// The names of AWS's documents begin so, and nobody else may give one. Source: Systems Manager User
/// Guide, "Creating SSM documents".
pub fn is_of_aws(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["aws", "amazon", "amzn"].iter().any(|start| name.starts_with(start))
}

/// The document of this name, if it is known.
pub fn known(name: &str) -> Option<&'static Document> {
    DOCUMENTS.iter().find(|own| own.name == name)
}

/// The document that fits a rule.
pub fn fitting(identifier: &str) -> Option<&'static Document> {
    DOCUMENTS.iter().find(|own| own.fits == Some(identifier))
}

/// The role of a name, if it is one of a document's.
pub fn role_named(name: &str, context: &Context) -> Option<ServiceRole> {
    DOCUMENTS.iter().find(|own| own.role == name).map(|own| own.role(context))
}

impl Document {
    /// The role that it works with: it may do what the document does, and no more.
    pub fn role(&self, context: &Context) -> ServiceRole {
        let fill = |arn: &str| {
            arn.replace("{partition}", &context.partition).replace("{account}", &context.account)
        };
        let allow = |actions: &[&str], resource: &str| json!({"Effect": "Allow", "Action": actions, "Resource": resource});
        let mut allows: Vec<Value> = Vec::new();
        if !self.reads.is_empty() {
            allows.push(allow(self.reads, "*"));
        }
        let (writes, on) = self.writes;
        allows.push(allow(writes, &fill(on)));
        if self.starts_itself {
            // AWS's own documents are of no account; nobody else may give one such a name.
            let definition =
                format!("arn:{{partition}}:ssm:*:*:automation-definition/{}:*", self.name);
            allows.push(allow(&["ssm:StartAutomationExecution"], &fill(&definition)));
            let execution = fill("arn:{partition}:ssm:*:{account}:automation-execution/*");
            allows.push(allow(&["ssm:GetAutomationExecution"], &execution));
        }
        ServiceRole {
            name: self.role.to_owned(),
            service: "ssm.amazonaws.com",
            source: Some(fill("arn:{partition}:ssm:*:{account}:automation-execution/*")),
            says_account: true,
            purpose: self.purpose,
            allows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::context;
    use std::collections::BTreeSet;

    #[test]
    fn each_document_has_a_role_of_its_own_that_may_do_nothing_to_everything() {
        let roles: BTreeSet<&str> = DOCUMENTS.iter().map(|own| own.role).collect();
        assert_eq!(roles.len(), DOCUMENTS.len());
        for document in DOCUMENTS {
            let role = role_named(document.role, &context()).expect("a role");
            assert!(role.name.len() <= 64 && role.purpose.len() <= 1000);
            for statement in &role.allows {
                let actions = statement["Action"].to_string();
                let reads = actions.contains("Describe");
                assert_eq!(statement["Resource"] == "*", reads, "{statement}");
                assert!(!actions.contains('*'), "{statement}");
            }
        }
    }

    #[test]
    fn the_document_that_fits_ssh_is_the_one_that_works_in_every_vpc() {
        let document = fitting("INCOMING_SSH_DISABLED").expect("one fits");
        assert_eq!(document.name, "AWS-DisableIncomingSSHOnPort22");
        assert!(document.warning.is_none());
        assert!(is_of_aws(document.name) && !is_of_aws("own-repair"));
    }
}
