//! What went wrong on the way to AWS: name, proxy, certificate, or no answer. Told apart by the
//! texts of the errors, for the SDK keeps their types to itself.

use super::{Kind, services};

/// How resolvers say that a name does not exist; any other failure of theirs says nothing.
const NO_SUCH_NAME: &[&str] = &["Name or service not known", "No such host is known"];

/// The kind of a failure on the way, and a sentence for it. `chain` holds the texts of all causes,
/// `innermost` that of the last.
pub fn told(service: &str, chain: &str, innermost: &str) -> (Kind, String) {
    let says = |text: &str| chain.contains(text);
    if says("tunnel error") {
        let text = match says("proxy authorization required") {
            true => "the proxy asks for a user name and a password (407)".to_owned(),
            false if says("tunnel error: unsuccessful") => {
                "the proxy refused to connect to it".to_owned()
            }
            false => format!("the proxy could not be used: {innermost}"),
        };
        return (Kind::Proxy, text);
    }
    if says("invalid peer certificate") {
        let text = if says("UnknownIssuer") {
            "its certificate is signed by an authority that is not trusted here".to_owned()
        } else if says("Expired") || says("certificate expired") {
            "its certificate has expired, by the clock here".to_owned()
        } else if says("NotValidYet") || says("not valid yet") {
            "its certificate is not valid yet, by the clock here".to_owned()
        } else if says("NotValidForName") || says("not valid for name") {
            "its certificate is for another name".to_owned()
        } else {
            format!("its certificate is not trusted here: {innermost}")
        };
        return (Kind::Certificate, text);
    }
    if says("dns error") || says("failed to lookup address") {
        let text = format!("its name could not be looked up: {innermost}");
        let gone = NO_SUCH_NAME.iter().any(|sign| says(sign));
        return match gone && services::of(service).is_some_and(|service| service.is_sparse) {
            true => (Kind::NotOffered, text),
            false => (Kind::Unresolved, text),
        };
    }
    (Kind::Unreachable, innermost.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(service: &str, chain: &str) -> Kind {
        told(service, chain, "cause").0
    }

    #[test]
    fn only_a_name_that_does_not_exist_may_mean_not_offered() {
        let gone = "dns error: failed to lookup address information: Name or service not known";
        assert_eq!(kind("guardduty", gone), Kind::NotOffered);
        assert_eq!(kind("iam", gone), Kind::Unresolved);
        let silent = "dns error: Temporary failure in name resolution";
        assert_eq!(kind("guardduty", silent), Kind::Unresolved);
    }

    #[test]
    fn what_fails_at_the_proxy_is_the_proxys() {
        let gone = "client error: tunnel error: failed to create underlying connection: dns error";
        assert_eq!(kind("guardduty", gone), Kind::Proxy);
    }
}
