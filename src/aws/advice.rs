//! What to do about a failed call.

use super::{AwsError, Kind, NOT_OF_AWS, denied, regions, services};

/// What to do about a failed call.
pub fn advice(error: &AwsError) -> Option<String> {
    let (service, region) = (&error.service, &error.region);
    let text = match error.kind {
        Kind::Denied => denied::advice(error),
        Kind::Credentials if error.message.contains("not authorized to perform") => {
            denied::advice(error)
        }
        Kind::Credentials if error.code.is_none() => "choose a --profile, log in (`aws sso \
                                                      login`), or set AWS_ACCESS_KEY_ID and \
                                                      AWS_SECRET_ACCESS_KEY"
            .to_owned(),
        Kind::Credentials => "check the credentials with `aws sts get-caller-identity`, or choose \
                              others with --profile; a region that the account has not enabled \
                              answers like this too"
            .to_owned(),
        Kind::Expired => "renew the credentials (`aws sso login`, or a new session) and run it \
                          again; what is done stays done"
            .to_owned(),
        Kind::WrongAccount => "nothing was sent to that account; find out why what gives the \
                               credentials changed over"
            .to_owned(),
        Kind::Clock => "set the clock of this machine (`timedatectl set-ntp true`, or `sudo \
                        chronyc makestep`), then run it again"
            .to_owned(),
        Kind::Throttled => "AWS is asked too often, perhaps by others too: run it again later, or \
                            with --parallelism 4"
            .to_owned(),
        Kind::Unresolved if service == "account" => format!(
            "where AWS does not list the regions of an account, write them in [account], as in \
             regions = {}",
            regions::listed_beside(region)
        ),
        Kind::Unresolved => format!(
            "look the name up yourself: getent hosts {}; without internet access {service} needs a \
             VPC endpoint with private DNS in {region}; AWS_ENDPOINT_URL must be unset, or right",
            services::host(service, region)
        ),
        Kind::Proxy => "check HTTPS_PROXY, as in http://USER:PASSWORD@HOST:PORT, and name in \
                        NO_PROXY what needs no proxy"
            .to_owned(),
        Kind::Certificate if error.message.contains("by the clock here") => {
            "check the clock of this machine: date".to_owned()
        }
        Kind::Certificate => "if a proxy here opens TLS, name its authority: export \
                              AWS_CA_BUNDLE=authority.pem"
            .to_owned(),
        Kind::Unreachable if error.message == NOT_OF_AWS => {
            format!(
                "somebody on the way may answer in AWS's place, a proxy or the login page of a \
                 network: curl -v https://{}",
                services::host(service, region)
            )
        }
        Kind::Unreachable if error.code.is_some() => {
            format!("{service} in {region} fails by itself: run it again later")
        }
        Kind::Unreachable => format!(
            "check that {service} in {region} can be reached from here (firewall, VPN, endpoint \
             URL), and run it again; --debug shows every request"
        ),
        Kind::Late => "give it longer: --timeout 30m; or look at less: --target".to_owned(),
        Kind::NotReady => "the account is still being activated by AWS: try again later".to_owned(),
        Kind::NotOffered | Kind::Answered | Kind::Refused => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_regions_are_not_listed_it_is_said_what_to_write() {
        let error = AwsError {
            kind: Kind::Unresolved,
            ..AwsError::unexpected(
                &crate::aws::enabled::LIST_REGIONS.operation,
                "us-gov-west-1",
                "no such name",
            )
        };
        let said = advice(&error).expect("advice");
        assert!(said.ends_with("regions = [\"us-gov-east-1\", \"us-gov-west-1\"]"), "{said}");
    }
}
