//! Address ranges in CIDR notation.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::net::IpAddr;

/// A range of addresses. Addresses that are written differently are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Reads `203.0.113.0/24`; an address without a prefix is itself alone, as IAM takes it.
    /// `None` for what is no range, and for one whose address has bits beyond its prefix: what AWS
    /// makes of that is not documented.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        // S3 sees who comes by IPv4 as IPv4.
        if matches!(address, IpAddr::V6(own) if own.to_ipv4_mapped().is_some()) {
            return None;
        }
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
            None => whole,
        };
        let network = Self { address, prefix };
        (prefix <= whole && network.first(network.bits()) == network.bits()).then_some(network)
    }

    /// Whether every address of another range is in this one.
    pub fn contains(&self, other: &Self) -> bool {
        self.address.is_ipv4() == other.address.is_ipv4()
            && self.prefix <= other.prefix
            && self.first(other.bits()) == self.bits()
    }

    /// Whether no address of it is reachable over the internet, so that S3 never sees it as the
    /// source of a request. Sources: RFC 1918, RFC 6598, RFC 4193, RFC 3927.
    pub fn is_private(&self) -> bool {
        let private = [
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "169.254.0.0/16",
            "127.0.0.0/8",
            "fc00::/7",
            "fe80::/10",
        ];
        let mut ranges = private.iter().filter_map(|text| Self::parse(text));
        ranges.any(|range| range.contains(self))
    }

    /// Whether it is so broad that S3 takes it for the public: more than a /8 of IPv4 or a /32 of
    /// IPv6. Source: S3 User Guide, "The meaning of public".
    pub fn is_broad(&self) -> bool {
        self.prefix < if self.address.is_ipv4() { 8 } else { 32 }
    }

    /// An IPv4 address in the upper 32 of 128 bits, so that prefixes count from the same end.
    fn bits(&self) -> u128 {
        match self.address {
            IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
            IpAddr::V6(address) => u128::from(address),
        }
    }

    /// An address with all bits beyond the prefix of this range cleared.
    fn first(&self, bits: u128) -> u128 {
        bits & u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0)
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no network, as `203.0.113.0/24` is"))
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::parse(text).expect("the test's network is valid")
    }

    #[test]
    fn ranges_are_the_same_however_they_are_written() {
        assert_eq!(network("203.0.113.7"), network("203.0.113.7/32"));
        assert_eq!(network("2001:DB8::/32"), network("2001:0db8:0::/32"));
        assert_ne!(network("203.0.113.0/24"), network("203.0.113.0/25"));
        for text in [
            "203.0.113.7/24",
            "203.0.113.0/33",
            "x",
            "1.2.3.4/+8",
            "1.2.3/8",
            "::ffff:203.0.113.0/120",
            "",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_range_contains_its_parts_and_nothing_of_the_other_kind() {
        let inside = |whole: &str, part: &str| network(whole).contains(&network(part));
        assert!(inside("203.0.113.0/24", "203.0.113.128/25"));
        assert!(inside("0.0.0.0/0", "203.0.113.7"));
        assert!(inside("2001:db8::/32", "2001:db8:1::/48"));
        assert!(!inside("203.0.113.128/25", "203.0.113.0/24"));
        assert!(!inside("203.0.113.0/24", "203.0.114.0/24"));
        assert!(!inside("0.0.0.0/0", "::/0"));
    }

    #[test]
    fn private_ranges_are_known() {
        assert!(network("10.1.0.0/16").is_private());
        assert!(network("fd00::/8").is_private());
        assert!(!network("203.0.113.0/24").is_private());
        assert!(!network("0.0.0.0/0").is_private());
    }
}
