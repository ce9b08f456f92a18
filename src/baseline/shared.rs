//! The tables `[lock]` and `[journal]`: what those who work on one account share.

use crate::aws::{AccountId, RegionName};
use crate::control::Context;
use crate::document::{Problems, Table};
use crate::s3::is_bucket_name;
use crate::settings;

settings! {
    /// Where objects are shared: a bucket, and what their keys begin with.
    #[derive(Clone, PartialEq, Eq)]
    pub struct Shared {
        /// The bucket; `{account}` and `{region}` (the home region) are filled in.
        #[example("\"acme-locks\"")]
        pub bucket: String,

        /// What the keys begin with.
        pub prefix: String = "baseline/",

        /// The bucket's region; the home region, unless said otherwise.
        #[example("\"eu-west-1\"")]
        pub region: Option<RegionName> = none,

        /// The account that owns the bucket; the account itself, unless said otherwise.
        #[example("\"111122223333\"")]
        pub owner: Option<AccountId> = none,
    }
}

impl Shared {
    /// The bucket's name, region and owner.
    pub fn place(&self, context: &Context) -> (String, String, String) {
        let region = self.region.as_ref().map(RegionName::as_str);
        let owner = self.owner.as_ref().map(AccountId::as_str);
        (
            context.fill(&self.bucket),
            region.unwrap_or(&context.home_region).to_owned(),
            owner.unwrap_or(&context.account).to_owned(),
        )
    }

    /// A key.
    pub fn key(&self, name: &str) -> String {
        match self.prefix.is_empty() || self.prefix.ends_with('/') {
            true => format!("{}{name}", self.prefix),
            false => format!("{}/{name}", self.prefix),
        }
    }
}

/// Reads the table of this name; what is wrong in it goes to `problems`.
pub fn load(name: &str, table: Table<'_>, problems: &mut Problems) -> Option<Shared> {
    let shared: Shared = problems.decode(name, &table)?;
    let sample = shared.bucket.replace("{account}", "111122223333");
    if !is_bucket_name(&sample.replace("{region}", "x")) {
        let text = "a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens; \
                    {account} and {region} are filled in";
        problems.at(&table, "bucket", text.to_owned());
    }
    if shared.prefix.starts_with('/') {
        problems.at(&table, "prefix", "leave out the slash at its start".to_owned());
    }
    Some(shared)
}
