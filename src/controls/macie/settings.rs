//! The table `[macie]`.

use crate::controls::administrator::Administrator;
use crate::controls::exports::Destination;
use crate::floor::AtLeast;
use crate::managed::{Managed, Switch};
use crate::settings;
use crate::words;
use std::collections::BTreeSet;

settings! {
    /// The table `[macie]`.
    pub struct Settings {
        /// Whether Macie runs; false pauses it and manages nothing else.
        #[costs]
        pub enabled: Switch = true,

        /// Whether Macie looks for sensitive data by itself, in samples of all buckets. AWS switches it
        /// on in a new session; unless it is asked for, one that is made here gets it off.
        /// `{ exactly = false }` switches it off.
        #[costs]
        pub automated_discovery: Managed<AtLeast<bool>> = true,

        /// How often findings that changed are published. More often satisfies it.
        pub publishing_frequency: Managed<AtLeast<Frequency>> = "FIFTEEN_MINUTES",

        /// Whether findings about the protection of buckets are published to Security Hub.
        pub publish_policy_findings: Managed<AtLeast<bool>> = true,

        /// Whether findings of sensitive data are published to Security Hub.
        pub publish_sensitive_data_findings: Managed<AtLeast<bool>> = unmanaged,

        /// Where the results of discovery are exported to; Macie itself keeps them for 90 days. An
        /// export to another place is put right, and one to a bucket of another account is a finding
        /// unless it is named.
        #[example("{ kms_key = \"alias/findings\" }")]
        pub export: Managed<Destination> = unmanaged,

        /// The names of the filters that may archive findings. Any other is a finding, and so is one of
        /// these that archives broadly.
        #[example("[\"known-samples\"]")]
        pub filters: Managed<BTreeSet<String>> = [],

        /// The names of the allow lists: nothing is found of what they hold. Any other is a finding.
        #[example("[\"sample-cards\"]")]
        pub allow_lists: Managed<BTreeSet<String>> = [],

        /// The buckets that automated discovery may leave out. Any other that it leaves out is a finding.
        #[example("[\"acme-public-site\"]")]
        pub excluded_buckets: Managed<BTreeSet<String>> = [],

        /// The kinds of sensitive data, by AWS's ids, that automated discovery need not look for. Any
        /// other that it does not look for is a finding.
        #[example("[\"VEHICLE_IDENTIFICATION_NUMBER\"]")]
        pub excluded_identifiers: Managed<BTreeSet<String>> = [],

        /// The account that administers Macie, or `"none"`. Another, or none, is a finding.
        #[example("\"111122223333\"", "\"none\"")]
        pub administrator: Managed<Administrator> = unmanaged,
    }
}

words! {
    /// How often changed findings are published.
    pub enum Frequency {
        /// Four times a day.
        SixHours = "SIX_HOURS" => "SIX_HOURS",
        /// Every hour.
        OneHour = "ONE_HOUR" => "ONE_HOUR",
        /// What a new session has.
        FifteenMinutes = "FIFTEEN_MINUTES" => "FIFTEEN_MINUTES",
    }
}
