//! The values of guardrails that are statements of the policy. Each may be `false`: the statement
//! that an apply put in is taken out again.

use crate::keys;
use crate::policy::guardrails::OnlyFrom;
use crate::policy::network::Network;
use crate::settings;
use crate::settings::{Setting, Stricter, Takes, schema};
use crate::texts;
use crate::words;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// A guardrail that is asked for, or taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard<T> {
    /// `false`.
    Off,
    /// Anything else.
    On(T),
}

/// `true`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Yes;

/// The oldest TLS that is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinimumTls {
    /// Its version.
    pub version: Tls,
    /// Whether interface endpoints, which do not know TLS 1.3, may be cut off.
    pub force: bool,
}

words! {
    /// The versions that there is a choice of: S3 lets nothing older in. Source: S3 User Guide,
    /// "Infrastructure security".
    pub enum Tls {
        /// 1.2.
        V1_2 = "1.2",
        /// 1.3.
        V1_3 = "1.3",
    }
}

settings! {
    /// A version of TLS, as a table.
    struct TlsTable {
        /// Requests with an older version of TLS are denied.
        version: Tls,

        /// Whether interface endpoints, which do not know TLS 1.3, may be cut off.
        force: bool = false,
    }
}

impl Takes for MinimumTls {
    const KEYS: &'static [Setting] = TlsTable::KEYS;

    fn schema() -> Value {
        schema::either(Tls::schema(), TlsTable::schema())
    }
}

texts!(MaxAge, Network);

impl Takes for Yes {
    const STRICTER: Stricter = Stricter::Higher;
    const EXAMPLES: &'static [&'static str] = bool::EXAMPLES;

    fn schema() -> Value {
        json!({ "const": true })
    }
}

impl Takes for OnlyFrom {
    const KEYS: &'static [Setting] = keys! {
        /// Networks, as the internet sees them.
        #[example("[\"203.0.113.0/24\"]")]
        networks: Vec<Network> = [],

        /// The ids of VPC endpoints.
        #[example("[\"vpce-1a2b3c4d\"]")]
        vpc_endpoints: Vec<String> = [],

        /// The ids of VPCs with an endpoint for S3.
        #[example("[\"vpc-1a2b3c4d\"]")]
        vpcs: Vec<String> = [],

        /// The id of the organization whose principals may come from anywhere.
        #[example("\"o-exampleorgid\"")]
        organization: Option<String> = none,
    };

    fn schema() -> Value {
        schema::table(Self::KEYS)
    }
}

/// As strict as what it guards with.
impl<T: Takes> Takes for Guard<T> {
    const STRICTER: Stricter = T::STRICTER;
    const KEYS: &'static [Setting] = T::KEYS;
    const EXAMPLES: &'static [&'static str] = T::EXAMPLES;

    fn schema() -> Value {
        schema::either(T::schema(), json!({ "const": false }))
    }
}

impl Tls {
    /// As conditions write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1_2 => "1.2",
            Self::V1_3 => "1.3",
        }
    }
}

/// The longest that a presigned URL works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxAge(pub Duration);

impl<T> Guard<T> {
    /// What is asked for; nothing when it is taken back.
    pub fn on(&self) -> Option<&T> {
        match self {
            Self::Off => None,
            Self::On(value) => Some(value),
        }
    }
}

impl Guard<OnlyFrom> {
    /// Why S3 would not do what is meant by it.
    pub fn fault(&self) -> Option<String> {
        let Self::On(from) = self else {
            return None;
        };
        if let Some(own) = from.networks.iter().find(|own| own.is_private()) {
            return Some(format!(
                "{own} is private: S3 sees the addresses of the internet, and what comes through \
                 an endpoint by vpc_endpoints or vpcs"
            ));
        }
        if let Some(own) = from.networks.iter().find(|own| own.is_broad()) {
            return Some(format!("{own} is as good as everywhere"));
        }
        let ids = [("vpce-", &from.vpc_endpoints), ("vpc-", &from.vpcs)];
        for (prefix, list) in ids {
            if let Some(id) = list.iter().find(|id| !is_id(id, prefix)) {
                return Some(format!("`{id}` does not look like {prefix}1a2b3c4d"));
            }
        }
        match &from.organization {
            Some(id) if !is_id(id, "o-") => {
                Some(format!("`{id}` does not look like o-exampleorgid"))
            }
            None if from.networks.is_empty()
                && from.vpc_endpoints.is_empty()
                && from.vpcs.is_empty() =>
            {
                Some("it names nowhere: everybody would be kept out".to_owned())
            }
            _ => None,
        }
    }
}

fn is_id(text: &str, prefix: &str) -> bool {
    let rest = text.strip_prefix(prefix);
    rest.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Guard<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GuardVisitor(PhantomData))
    }
}

struct GuardVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for GuardVisitor<T> {
    type Value = Guard<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what is asked for, or false")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        match value {
            false => Ok(Guard::Off),
            true => T::deserialize(true.into_deserializer()).map(Guard::On),
        }
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Guard::On)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Guard::On)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Guard::On)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Guard::On)
    }
}

impl<'de> Deserialize<'de> for Yes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match bool::deserialize(deserializer)? {
            true => Ok(Self),
            false => Err(de::Error::custom("it is false")),
        }
    }
}

impl<'de> Deserialize<'de> for MinimumTls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TlsVisitor;
        impl<'de> Visitor<'de> for TlsVisitor {
            type Value = MinimumTls;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"1.2\", { version = \"1.3\", force = true }, or false")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                let version = Tls::deserialize(text.into_deserializer())
                    .map_err(|_: E| E::invalid_value(de::Unexpected::Str(text), &self))?;
                let force = false;
                Ok(MinimumTls { version, force })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let table = TlsTable::deserialize(MapAccessDeserializer::new(map))?;
                let TlsTable { version, force } = table;
                Ok(MinimumTls { version, force })
            }
        }
        deserializer.deserialize_any(TlsVisitor)
    }
}

impl<'de> Deserialize<'de> for MaxAge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let age = humantime::parse_duration(&text)
            .map_err(|cause| de::Error::custom(format!("`{text}` is no duration: {cause}")))?;
        Ok(Self(age))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Table {
        tls: Option<Guard<MinimumTls>>,
        age: Option<Guard<MaxAge>>,
        ssl: Option<Guard<Yes>>,
        from: Option<Guard<OnlyFrom>>,
    }

    fn table(text: &str) -> Table {
        toml::from_str(text).unwrap_or_else(|cause| panic!("{text}: {cause}"))
    }

    #[test]
    fn each_may_be_asked_for_or_be_false() {
        let tls = |version, force| Some(Guard::On(MinimumTls { version, force }));
        assert_eq!(table("tls = \"1.2\"").tls, tls(Tls::V1_2, false));
        assert_eq!(table("tls = { version = \"1.3\", force = true }").tls, tls(Tls::V1_3, true));
        assert_eq!(table("age = \"10m\"").age, Some(Guard::On(MaxAge(Duration::from_secs(600)))));
        assert_eq!(table("ssl = true").ssl, Some(Guard::On(Yes)));
        let all_off = table("tls = false\nage = false\nssl = false\nfrom = false");
        assert_eq!(all_off.tls, Some(Guard::Off));
        assert_eq!(all_off.age, Some(Guard::Off));
        assert_eq!(all_off.ssl, Some(Guard::Off));
        assert_eq!(all_off.from, Some(Guard::Off));
    }

    #[test]
    fn what_is_no_value_is_refused_with_what_is() {
        for (text, said) in [
            ("tls = 1.2", "expected \"1.2\", { version"),
            ("tls = \"1.1\"", "expected \"1.2\", { version"),
            ("tls = true", "expected \"1.2\", { version"),
            ("tls = { version = \"1.3\", forced = true }", "unknown field `forced`"),
            ("age = \"soon\"", "`soon` is no duration"),
            ("ssl = \"yes\"", "expected a boolean"),
            ("from = { networks = [\"office\"] }", "`office` is no network"),
            ("from = { network = [] }", "unknown field `network`"),
        ] {
            let cause = toml::from_str::<Table>(text).expect_err(text).to_string();
            assert!(cause.contains(said), "{text}: {cause}");
        }
    }

    #[test]
    fn places_that_s3_never_sees_or_that_are_everywhere_are_faults() {
        let fault =
            |text: &str| table(&format!("from = {{ {text} }}")).from.and_then(|own| own.fault());
        for (text, said) in [
            ("", "names nowhere"),
            ("networks = [\"10.0.0.0/8\"]", "is private"),
            ("networks = [\"0.0.0.0/0\"]", "as good as everywhere"),
            ("vpcs = [\"vpce-1a2b3c4d\"]", "does not look like vpc-"),
            ("vpc_endpoints = [\"VPCE-1\"]", "does not look like vpce-"),
            ("organization = \"exampleorgid\"", "does not look like o-"),
        ] {
            let found = fault(text).unwrap_or_else(|| panic!("{text}"));
            assert!(found.contains(said), "{text}: {found}");
        }
        assert_eq!(fault("networks = [\"203.0.113.0/24\"], vpcs = [\"vpc-1a2b3c4d\"]"), None);
    }
}
