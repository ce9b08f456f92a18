//! What is known of a request before it is made.

use super::evaluate::Match;
use super::meaning::Principal;
use super::principals::account_of;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::str::FromStr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A request to a resource, as far as it is known.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) caller: Caller,
    pub(super) action: String,
    pub(super) resource: String,
    /// By the names of condition keys in lower case; what is not here is not known.
    pub(super) facts: BTreeMap<String, Fact>,
}

/// What is known of a condition key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The request does not have it.
    Absent,
    /// These are its values; most keys have one.
    Values(Vec<String>),
    /// It has one of these values; a `*` in one stands for any characters.
    OneOf(Vec<String>),
    /// Nothing.
    Unknown,
}

impl Fact {
    /// A key with one value.
    pub fn is(value: impl Into<String>) -> Self {
        Self::Values(vec![value.into()])
    }
}

/// Who makes a request, as STS tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    arn: String,
    account: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Root,
    User,
    /// A session of a role, by the role's name without its path.
    Role(String),
    /// A service of AWS, by its principal.
    Service(String),
    Other,
}

impl Caller {
    fn of(arn: &str) -> Self {
        let account = account_of(arn).unwrap_or_default().to_owned();
        let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
        let kind = match resource.split_once('/') {
            Some(("user", _)) => Kind::User,
            Some(("assumed-role", session)) => {
                let name = session.split('/').next().unwrap_or_default();
                Kind::Role(name.to_owned())
            }
            None if resource == "root" => Kind::Root,
            _ => Kind::Other,
        };
        Self { arn: arn.to_owned(), account, kind }
    }

    /// Whether this caller is the service of this principal.
    pub fn is_service(&self, principal: &str) -> bool {
        matches!(&self.kind, Kind::Service(name) if name == principal)
    }

    /// Whether this caller is a service.
    pub fn is_a_service(&self) -> bool {
        matches!(self.kind, Kind::Service(_))
    }

    /// Whether principals of `NotPrincipal`, one of which is this caller, spare it for certain: a
    /// service and the root user by their own name; everybody else only together with the account,
    /// for AWS may look at the account first, and at the session or user after that. Source: IAM User
    /// Guide, "AWS JSON policy elements: NotPrincipal".
    pub fn is_account_spared(&self, principals: &BTreeSet<Principal>) -> Match {
        let named = principals.iter().filter_map(|own| match own {
            Principal::One(kind, name) if kind == "AWS" => Some(name.as_str()),
            _ => None,
        });
        let (accounts, others): (Vec<&str>, Vec<&str>) =
            named.partition(|name| name.ends_with(":root"));
        let is_named = |list: &[&str]| list.iter().any(|name| self.is(name) == Match::Yes);
        match self.kind {
            Kind::Service(_) => Match::Yes,
            Kind::Root if is_named(&accounts) => Match::Yes,
            _ if is_named(&accounts) && is_named(&others) => Match::Yes,
            _ => Match::CannotTell,
        }
    }

    /// Whether a principal of a policy is this caller. An account is everybody in it.
    pub fn is(&self, principal: &str) -> Match {
        let Some(account) = account_of(principal) else {
            // An id, a name with a wildcard: nothing that the ARN tells. No service has either.
            return match self.kind {
                Kind::Service(_) => Match::No,
                _ => Match::CannotTell,
            };
        };
        let resource = principal.splitn(6, ':').nth(5).unwrap_or_default();
        match (&self.kind, resource) {
            (Kind::Service(_), _) => Match::No,
            _ if account != self.account => Match::No,
            (_, "root") => Match::Yes,
            (Kind::Role(name), _) if resource.starts_with("role/") => {
                // Two roles of an account do not share a name, whatever their paths.
                let same = resource.rsplit('/').next() == Some(name.as_str());
                if same { Match::Yes } else { Match::No }
            }
            (Kind::Role(_) | Kind::User | Kind::Root, _) => {
                if principal == self.arn {
                    Match::Yes
                } else {
                    Match::No
                }
            }
            (Kind::Other, _) => Match::CannotTell,
        }
    }

    /// `aws:PrincipalArn`: of a session it is the ARN of the role with its path, which STS does
    /// not tell.
    fn principal_arn(&self) -> Fact {
        match (&self.kind, self.arn.split(':').nth(1)) {
            (Kind::Root | Kind::User, _) => Fact::is(&self.arn),
            (Kind::Role(name), Some(partition)) => {
                let under =
                    |path: &str| format!("arn:{partition}:iam::{}:role/{path}{name}", self.account);
                Fact::OneOf(vec![under(""), under("*/")])
            }
            _ => Fact::Unknown,
        }
    }
}

impl Request {
    /// A request of a service of AWS by itself, such as the delivery of logs: from no address, and by
    /// nobody of an account or organization. It acts for a thing (`of`, its ARN) of an account.
    ///
    /// Of its headers (`s3:x-amz-acl`, `s3:x-amz-server-side-encryption` and its kin) nothing is known
    /// until they are given with [`Request::with`]. Source: IAM User Guide, "AWS global condition
    /// context keys".
    pub fn by_service(
        service: &str,
        action: &str,
        resource: &str,
        account: &str,
        of: &str,
    ) -> Self {
        let caller = Caller {
            arn: String::new(),
            account: String::new(),
            kind: Kind::Service(service.to_owned()),
        };
        let absent = [
            "aws:CalledVia",
            "aws:PrincipalAccount",
            "aws:PrincipalArn",
            "aws:PrincipalOrgID",
            "aws:PrincipalOrgPaths",
            "aws:SourceIp",
            "aws:SourceVpc",
            "aws:SourceVpce",
            "aws:VpcSourceIp",
            "aws:userid",
            "aws:username",
        ];
        let facts = [
            ("aws:PrincipalIsAWSService", Fact::is("true")),
            ("aws:PrincipalServiceName", Fact::is(service)),
            ("aws:SecureTransport", Fact::is("true")),
            ("aws:SourceAccount", Fact::is(account)),
            ("aws:SourceArn", Fact::is(of)),
            ("aws:ViaAWSService", Fact::is("false")),
            // Services of AWS speak TLS 1.2 or later.
            ("s3:TlsVersion", tls()),
        ];
        let facts = facts.into_iter().chain(absent.map(|key| (key, Fact::Absent)));
        Self {
            caller,
            action: action.to_owned(),
            resource: resource.to_owned(),
            facts: facts.map(|(key, fact)| (key.to_ascii_lowercase(), fact)).collect(),
        }
    }

    /// A request of this program: signed in a header, over TLS 1.2 or later, by no service, without
    /// anything that its action does not need. Where it comes from is not known.
    pub fn by(caller_arn: &str, action: &str, resource: &str) -> Self {
        let caller = Caller::of(caller_arn);
        let kind = match caller.kind {
            Kind::Root => Fact::is("Account"),
            Kind::User => Fact::is("User"),
            Kind::Role(_) => Fact::is("AssumedRole"),
            Kind::Service(_) | Kind::Other => Fact::Unknown,
        };
        let name = match (&caller.kind, caller_arn.rsplit('/').next()) {
            (Kind::User, Some(name)) => Fact::is(name),
            (Kind::Other, _) => Fact::Unknown,
            _ => Fact::Absent,
        };
        let facts = [
            ("aws:PrincipalAccount", Fact::is(&caller.account)),
            ("aws:PrincipalArn", caller.principal_arn()),
            ("aws:PrincipalIsAWSService", Fact::is("false")),
            ("aws:PrincipalServiceName", Fact::Absent),
            ("aws:PrincipalType", kind),
            ("aws:SecureTransport", Fact::is("true")),
            ("aws:SourceAccount", Fact::Absent),
            ("aws:SourceArn", Fact::Absent),
            ("aws:SourceOrgID", Fact::Absent),
            ("aws:CalledVia", Fact::Absent),
            ("aws:ViaAWSService", Fact::is("false")),
            ("aws:username", name),
            ("s3:authType", Fact::is("REST-HEADER")),
            ("s3:signatureversion", Fact::is("AWS4-HMAC-SHA256")),
            ("s3:TlsVersion", tls()),
            ("s3:x-amz-server-side-encryption", Fact::Absent),
            ("s3:x-amz-server-side-encryption-aws-kms-key-id", Fact::Absent),
            ("s3:x-amz-server-side-encryption-customer-algorithm", Fact::Absent),
        ];
        let facts = facts.map(|(key, fact)| (key.to_ascii_lowercase(), fact));
        Self {
            caller,
            action: action.to_owned(),
            resource: resource.to_owned(),
            facts: facts.into(),
        }
    }

    /// The same request with something else known of a condition key.
    pub fn with(mut self, key: &str, fact: Fact) -> Self {
        self.facts.insert(key.to_ascii_lowercase(), fact);
        self
    }

    /// The same request made at a point in time, as `aws:CurrentTime` and `aws:EpochTime` say it. What
    /// a date lets in or keeps out is judged as of then: a Deny that begins later is none yet.
    pub fn at(self, now: OffsetDateTime) -> Self {
        let seconds = now.unix_timestamp();
        let written = OffsetDateTime::from_unix_timestamp(seconds).map(|own| own.format(&Rfc3339));
        match written {
            Ok(Ok(written)) => self
                .with("aws:CurrentTime", Fact::is(written))
                .with("aws:EpochTime", Fact::is(seconds.to_string())),
            _ => self,
        }
    }

    /// A request of somebody of an account: who it is, and from where, is not known. Only what holds
    /// for everybody there is told of it.
    pub fn by_anyone_of(account: &str, action: &str, resource: &str) -> Self {
        let mut request = Self::by(&format!("arn:aws:sts::{account}:anyone"), action, resource);
        request.facts.retain(|key, _| {
            let of_a_person = ["aws:principalarn", "aws:principaltype", "aws:username"];
            !of_a_person.contains(&key.as_str())
        });
        request
            .with("aws:ResourceAccount", Fact::is(account))
            .with("s3:ResourceAccount", Fact::is(account))
    }

    /// The same request from where it is seen, if that is known.
    pub fn seen_from(self, origin: Option<&Origin>) -> Self {
        match origin {
            None => self,
            Some(Origin::Address(address)) => self
                .with("aws:SourceIp", Fact::is(address.to_string()))
                .with("aws:SourceVpc", Fact::Absent)
                .with("aws:SourceVpce", Fact::Absent)
                .with("aws:VpcSourceIp", Fact::Absent),
            Some(Origin::Endpoint(id)) => self
                .with("aws:SourceIp", Fact::Absent)
                .with("aws:SourceVpc", Fact::OneOf(vec!["*".to_owned()]))
                .with("aws:SourceVpce", Fact::is(id)),
        }
    }
}

/// The versions of TLS that this program and AWS services speak.
fn tls() -> Fact {
    Fact::OneOf(["1.2", "1.3"].map(str::to_owned).to_vec())
}

/// Where AWS sees requests come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An address on the internet.
    Address(IpAddr),
    /// A VPC endpoint for S3, by its id.
    Endpoint(String),
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<IpAddr>() {
            Ok(address) => Ok(Self::Address(address.to_canonical())),
            Err(_) if text.starts_with("vpce-") => Ok(Self::Endpoint(text.to_owned())),
            Err(_) => Err("it is neither an address nor the id of a VPC endpoint".to_owned()),
        }
    }
}
