//! Tables over logs in S3: their columns, and the partitions that Athena works out by itself.
//!
//! Sources: Athena User Guide, "Create the table for CloudTrail logs in Athena using partition
//! projection", "Create a table for Amazon VPC flow logs and query it" and "Partition projection".

use super::wire::{Column, Serde, Storage, TableFound, TableInput};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A table, as far as it decides what queries see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// `EXTERNAL_TABLE`.
    pub kind: String,
    /// Where the logs are; the partitions say it by a template.
    pub location: String,
    /// More places that are read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_locations: Vec<String>,
    /// `name type`, in order.
    pub columns: Vec<String>,
    pub partitioned_by: Vec<String>,
    pub serde: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub serde_parameters: BTreeMap<String, String>,
    pub input_format: String,
    pub output_format: String,
    /// The projection of partitions among them.
    pub parameters: BTreeMap<String, String>,
    /// The account whose table it is a link to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_to: Option<String>,
}

/// What the table is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logs {
    /// Those of CloudTrail.
    Trail,
    /// Those of VPCs, in the default format and as text.
    Flow,
}

/// Where logs are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub bucket: String,
    /// What stands before `AWSLogs/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

/// What comes by itself and says nothing: statistics, and who wrote when.
const IDLE: [&str; 6] = [
    "transient_lastDdlTime",
    "last_modified_by",
    "last_modified_time",
    "comment",
    "numRows",
    "totalSize",
];

const ENUM: &str = "projection.region.values";
const RANGE: &str = "projection.day.range";
const TEMPLATE: &str = "storage.location.template";

/// The columns of CloudTrail's records.
const TRAIL_COLUMNS: &[(&str, &str)] = &[
    ("eventversion", "string"),
    (
        "useridentity",
        "struct<type:string,principalid:string,arn:string,accountid:string,invokedby:string,\
         accesskeyid:string,username:string,onbehalfof:struct<userid:string,identitystorearn:string>,\
         sessioncontext:struct<attributes:struct<mfaauthenticated:string,creationdate:string>,\
         sessionissuer:struct<type:string,principalid:string,arn:string,accountid:string,\
         username:string>,ec2roledelivery:string,webidfederationdata:struct<federatedprovider:string,\
         attributes:map<string,string>>>>",
    ),
    ("eventtime", "string"),
    ("eventsource", "string"),
    ("eventname", "string"),
    ("awsregion", "string"),
    ("sourceipaddress", "string"),
    ("useragent", "string"),
    ("errorcode", "string"),
    ("errormessage", "string"),
    ("requestparameters", "string"),
    ("responseelements", "string"),
    ("additionaleventdata", "string"),
    ("requestid", "string"),
    ("eventid", "string"),
    ("readonly", "string"),
    ("resources", "array<struct<arn:string,accountid:string,type:string>>"),
    ("eventtype", "string"),
    ("recipientaccountid", "string"),
    ("sharedeventid", "string"),
    ("vpcendpointid", "string"),
    ("eventcategory", "string"),
    ("tlsdetails", "struct<tlsversion:string,ciphersuite:string,clientprovidedhostheader:string>"),
];

/// The columns of flow logs, in the order of the default format.
const FLOW_COLUMNS: &[(&str, &str)] = &[
    ("version", "int"),
    ("account_id", "string"),
    ("interface_id", "string"),
    ("srcaddr", "string"),
    ("dstaddr", "string"),
    ("srcport", "int"),
    ("dstport", "int"),
    ("protocol", "bigint"),
    ("packets", "bigint"),
    ("bytes", "bigint"),
    ("start", "bigint"),
    ("end", "bigint"),
    ("action", "string"),
    ("log_status", "string"),
];

impl Logs {
    /// The folder below that of the account.
    fn folder(self) -> &'static str {
        match self {
            Self::Trail => "CloudTrail",
            Self::Flow => "vpcflowlogs",
        }
    }

    fn columns(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Trail => TRAIL_COLUMNS,
            Self::Flow => FLOW_COLUMNS,
        }
    }

    /// The serializer with its parameters, and the format that files are read in.
    fn formats(self) -> (&'static str, &'static [(&'static str, &'static str)], &'static str) {
        match self {
            Self::Trail => (
                "org.apache.hive.hcatalog.data.JsonSerDe",
                &[],
                "com.amazon.emr.cloudtrail.CloudTrailInputFormat",
            ),
            Self::Flow => (
                "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                &[("field.delim", " "), ("serialization.format", " ")],
                "org.apache.hadoop.mapred.TextInputFormat",
            ),
        }
    }

    /// What the table is called in its description.
    pub fn words(self) -> &'static str {
        match self {
            Self::Trail => "events of CloudTrail",
            Self::Flow => "flow logs of VPCs",
        }
    }

    /// The table over the logs of an account, in these regions and for so many days back.
    pub fn table(
        self,
        place: &Place,
        account: &str,
        organization: Option<&str>,
        regions: &[&str],
        days: i32,
    ) -> Table {
        let prefix = place.prefix.as_deref().map(|own| format!("{own}/")).unwrap_or_default();
        let organization = organization.map(|own| format!("{own}/")).unwrap_or_default();
        let (bucket, folder) = (&place.bucket, self.folder());
        let location = format!("s3://{bucket}/{prefix}AWSLogs/{organization}{account}/{folder}/");
        let mut parameters: BTreeMap<String, String> = [
            ("EXTERNAL", "TRUE".to_owned()),
            ("projection.enabled", "true".to_owned()),
            ("projection.region.type", "enum".to_owned()),
            (ENUM, regions.join(",")),
            ("projection.day.type", "date".to_owned()),
            ("projection.day.format", "yyyy/MM/dd".to_owned()),
            (RANGE, format!("NOW-{days}DAYS,NOW")),
            ("projection.day.interval", "1".to_owned()),
            ("projection.day.interval.unit", "DAYS".to_owned()),
            (TEMPLATE, format!("{location}${{region}}/${{day}}")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if self == Self::Flow {
            parameters.insert("skip.header.line.count".to_owned(), "1".to_owned());
        }
        let (serde, serde_parameters, input_format) = self.formats();
        let text = |(name, kind): &(&str, &str)| format!("{name} {kind}");
        Table {
            kind: "EXTERNAL_TABLE".to_owned(),
            location,
            more_locations: Vec::new(),
            columns: self.columns().iter().map(text).collect(),
            partitioned_by: vec!["region string".to_owned(), "day string".to_owned()],
            serde: serde.to_owned(),
            serde_parameters: serde_parameters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            input_format: input_format.to_owned(),
            output_format: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat".to_owned(),
            parameters,
            link_to: None,
        }
    }
}

impl From<TableFound> for Table {
    fn from(found: TableFound) -> Self {
        let storage = found.storage_descriptor.unwrap_or_default();
        let serde = storage.serde_info.unwrap_or_default();
        let texts = |columns: Option<Vec<Column>>| {
            let columns = columns.unwrap_or_default().into_iter();
            columns
                .map(|own| format!("{} {}", own.name, own.r#type.unwrap_or_default()))
                .collect::<Vec<_>>()
        };
        let mut parameters = found.parameters.unwrap_or_default();
        parameters.retain(|name, _| !IDLE.contains(&name.as_str()));
        Self {
            kind: found.table_type.unwrap_or_default(),
            location: storage.location.unwrap_or_default(),
            more_locations: storage.additional_locations.unwrap_or_default(),
            columns: texts(storage.columns),
            partitioned_by: texts(found.partition_keys),
            serde: serde.serialization_library.unwrap_or_default(),
            serde_parameters: serde.parameters.unwrap_or_default(),
            input_format: storage.input_format.unwrap_or_default(),
            output_format: storage.output_format.unwrap_or_default(),
            parameters,
            link_to: found.target_table.and_then(|own| own.catalog_id),
        }
    }
}

impl Table {
    /// Whether the baseline of this name made it.
    pub fn is_of(&self, baseline: &str) -> bool {
        self.parameters.get(crate::control::OUR_TAG).is_some_and(|own| own == baseline)
    }

    /// The same, made by the baseline of this name.
    pub fn by(mut self, baseline: &str) -> Self {
        self.parameters.insert(crate::control::OUR_TAG.to_owned(), baseline.to_owned());
        self
    }

    /// Whether a table that somebody else made shows queries all that another would: the columns by
    /// name and kind, and at least its regions and days.
    pub fn covers(&self, other: &Self) -> bool {
        let same = |name: &str| self.parameters.get(name) == other.parameters.get(name);
        let rest = other.parameters.keys().filter(|name| {
            ![ENUM, RANGE, "EXTERNAL", crate::control::OUR_TAG].contains(&name.as_str())
        });
        let slash = |text: &str| text.trim_end_matches('/').to_owned();
        self.link_to.is_none()
            && self.kind == other.kind
            && self.more_locations.is_empty()
            && slash(&self.location) == slash(&other.location)
            && other.columns.iter().all(|column| self.columns.contains(column))
            && self.partitioned_by == other.partitioned_by
            && (&self.serde, &self.serde_parameters) == (&other.serde, &other.serde_parameters)
            && self.input_format == other.input_format
            && rest.into_iter().all(|name| same(name))
            && !self.parameters.contains_key("skip.header.line.count")
                | same("skip.header.line.count")
            && self.regions().is_superset(&other.regions())
            && self.reaches_back_to(other)
    }

    fn regions(&self) -> BTreeSet<&str> {
        let values = self.parameters.get(ENUM).map(String::as_str).unwrap_or_default();
        values.split(',').map(str::trim).filter(|own| !own.is_empty()).collect()
    }

    /// Whether its days begin as early: by the same words, a greater number of days, or a day that is
    /// written out, and they end now.
    fn reaches_back_to(&self, other: &Self) -> bool {
        let range = |table: &Self| table.parameters.get(RANGE).cloned().unwrap_or_default();
        let (own, wanted) = (range(self), range(other));
        let days = |text: &str| -> Option<u32> {
            let (start, end) = text.split_once(',')?;
            (end.trim() == "NOW").then_some(())?;
            start.trim().strip_prefix("NOW-")?.strip_suffix("DAYS")?.parse().ok()
        };
        let ends_now = own.split_once(',').is_some_and(|(_, end)| end.trim() == "NOW");
        let is_written = own.starts_with("20") && own.as_bytes().get(4) == Some(&b'/');
        own == wanted
            || days(&own) >= days(&wanted) && days(&own).is_some()
            || ends_now && is_written
    }

    /// As it is sent.
    pub fn input(&self, name: &str, logs: Logs) -> TableInput {
        let columns = |texts: &[String]| {
            let columns = texts.iter().map(|text| {
                let (name, kind) = text.split_once(' ').unwrap_or((text, ""));
                Column { name: name.to_owned(), r#type: Some(kind.to_owned()) }
            });
            columns.collect()
        };
        TableInput {
            name: name.to_owned(),
            description: format!("The {}, by region and day.", logs.words()),
            table_type: self.kind.clone(),
            parameters: self.parameters.clone(),
            partition_keys: columns(&self.partitioned_by),
            storage_descriptor: Storage {
                columns: columns(&self.columns),
                location: self.location.clone(),
                input_format: self.input_format.clone(),
                output_format: self.output_format.clone(),
                serde_info: Serde {
                    serialization_library: self.serde.clone(),
                    parameters: self.serde_parameters.clone(),
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(prefix: Option<&str>, days: i32) -> Table {
        let place = Place { bucket: "logs".to_owned(), prefix: prefix.map(str::to_owned) };
        Logs::Trail.table(&place, "111122223333", None, &["eu-west-1", "us-east-1"], days)
    }

    #[test]
    fn partitions_are_worked_out_of_the_path_that_cloudtrail_writes() {
        let table = table(Some("audit"), 400);
        let location = "s3://logs/audit/AWSLogs/111122223333/CloudTrail/";
        assert_eq!(table.location, location);
        assert_eq!(table.parameters[TEMPLATE], format!("{location}${{region}}/${{day}}"));
        assert_eq!(table.parameters[RANGE], "NOW-400DAYS,NOW");
        let place = Place { bucket: "logs".to_owned(), prefix: None };
        let flow = Logs::Flow.table(&place, "111122223333", Some("o-1"), &["us-east-1"], 30);
        assert_eq!(flow.location, "s3://logs/AWSLogs/o-1/111122223333/vpcflowlogs/");
        assert_eq!(flow.parameters["skip.header.line.count"], "1");
    }

    #[test]
    fn a_table_of_somebody_else_does_when_queries_see_as_much_by_it() {
        let wanted = table(None, 400).by("startup");
        let mut theirs = table(None, 800);
        theirs.columns.push("more string".to_owned());
        theirs.parameters.insert(ENUM.to_owned(), "eu-north-1,eu-west-1,us-east-1".to_owned());
        assert!(theirs.covers(&wanted));
        let but = |change: fn(&mut Table)| {
            let mut changed = theirs.clone();
            change(&mut changed);
            changed.covers(&wanted)
        };
        let set = |table: &mut Table, name: &str, value: &str| {
            table.parameters.insert(name.to_owned(), value.to_owned());
        };
        assert!(!but(|table| table.location = "s3://others/".to_owned()));
        assert!(!but(|table| drop(table.columns.remove(1))));
        assert!(!but(|table| table.link_to = Some("999999999999".to_owned())));
        assert!(!but(|table| table.more_locations.push("s3://more/".to_owned())));
        for (name, value) in [
            (ENUM, "us-east-1"),
            (RANGE, "NOW-3DAYS,NOW"),
            (RANGE, "2020/01/01,2020/02/01"),
            (TEMPLATE, "s3://others/${region}/${day}"),
            ("projection.enabled", "false"),
            ("skip.header.line.count", "100000"),
        ] {
            let mut changed = theirs.clone();
            set(&mut changed, name, value);
            assert!(!changed.covers(&wanted), "{name} = {value}");
        }
        let mut early = theirs.clone();
        set(&mut early, RANGE, "2020/01/01,NOW");
        assert!(early.covers(&wanted));
    }
}
