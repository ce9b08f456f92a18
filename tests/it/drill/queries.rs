//! Moves against what the trail's logs are asked with.

use super::{Drill, Intruder, nothing};
use serde_json::{Value, json};

fn glue(intruder: &mut Intruder, operation: &str, input: Value) -> Value {
    intruder.json("glue", &format!("AWSGlue.{operation}"), input)
}

fn athena(intruder: &mut Intruder, operation: &str, input: Value) -> Value {
    intruder.json("athena", &format!("AmazonAthena.{operation}"), input)
}

/// The table is defined otherwise.
fn table(intruder: &mut Intruder, change: fn(&mut Value)) {
    let asked = json!({"DatabaseName": "baseline_logs", "Name": "cloudtrail"});
    let found = glue(intruder, "GetTable", asked)["Table"].clone();
    let members = ["Name", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor"];
    let members = members.map(|name| (name.to_owned(), found[name].clone()));
    let mut input = Value::Object(members.into_iter().collect());
    change(&mut input);
    let input = json!({"DatabaseName": "baseline_logs", "TableInput": input});
    glue(intruder, "UpdateTable", input);
}

fn group(intruder: &mut Intruder, updates: Value) {
    let input = json!({"WorkGroup": "baseline", "ConfigurationUpdates": updates});
    athena(intruder, "UpdateWorkGroup", input);
}

/// The id of a query, and the query.
fn query(intruder: &mut Intruder, name: &str) -> Value {
    let ids = athena(intruder, "ListNamedQueries", json!({"WorkGroup": "baseline"}));
    let asked = json!({"NamedQueryIds": ids["NamedQueryIds"]});
    let found = athena(intruder, "BatchGetNamedQuery", asked);
    let mut all = found["NamedQueries"].as_array().expect("queries").iter();
    all.find(|own| own["Name"] == name).expect("the query").clone()
}

pub const DRILLS: &[Drill] = &[Drill {
    control: "trail_queries",
    tables: "[log_bucket]\n[cloudtrail]\n[trail_queries]",
    before: nothing,
    moves: &[
        ("whoever asks says where results go", |intruder| {
            group(intruder, json!({"EnforceWorkGroupConfiguration": false}));
        }),
        ("results go to the intruder's bucket", |intruder| {
            let location = json!({"OutputLocation": "s3://theirs/"});
            group(intruder, json!({"ResultConfigurationUpdates": location}));
        }),
        ("the bucket of results may be anybody's", |intruder| {
            let anybody = json!({"RemoveExpectedBucketOwner": true});
            group(intruder, json!({"ResultConfigurationUpdates": anybody}));
        }),
        ("results are not encrypted", |intruder| {
            let plain = json!({"RemoveEncryptionConfiguration": true});
            group(intruder, json!({"ResultConfigurationUpdates": plain}));
        }),
        ("results are kept elsewhere", |intruder| {
            let managed = json!({"Enabled": true});
            group(intruder, json!({"ManagedQueryResultsConfigurationUpdates": managed}));
        }),
        ("a query may scan everything", |intruder| {
            group(intruder, json!({"RemoveBytesScannedCutoffPerQuery": true}));
        }),
        ("a query may scan a thousand times as much", |intruder| {
            group(intruder, json!({"BytesScannedCutoffPerQuery": 10_000_000_000_000_i64}));
        }),
        ("nobody counts what is scanned", |intruder| {
            group(intruder, json!({"PublishCloudWatchMetricsEnabled": false}));
        }),
        ("the workgroup is disabled", |intruder| {
            athena(
                intruder,
                "UpdateWorkGroup",
                json!({"WorkGroup": "baseline", "State": "DISABLED"}),
            );
        }),
        ("the workgroup is deleted", |intruder| {
            let input = json!({"WorkGroup": "baseline", "RecursiveDeleteOption": true});
            athena(intruder, "DeleteWorkGroup", input);
        }),
        ("a query asks something else", |intruder| {
            let own = query(intruder, "root_use");
            let text = own["QueryString"].as_str().expect("a text").replace("'Root'", "'root'");
            let input = json!({
                "NamedQueryId": own["NamedQueryId"], "Name": "root_use", "QueryString": text,
            });
            athena(intruder, "UpdateNamedQuery", input);
        }),
        ("another query has the same name", |intruder| {
            let input = json!({
                "Name": "denied_calls", "Database": "baseline_logs", "WorkGroup": "baseline",
                "QueryString": "SELECT 1 WHERE false", "ClientRequestToken": "t".repeat(32),
            });
            athena(intruder, "CreateNamedQuery", input);
        }),
        ("a query is deleted", |intruder| {
            let own = query(intruder, "bucket_access");
            athena(intruder, "DeleteNamedQuery", json!({"NamedQueryId": own["NamedQueryId"]}));
        }),
        ("the table is over another folder", |intruder| {
            table(intruder, |table| {
                table["StorageDescriptor"]["Location"] = json!("s3://empty/");
            });
        }),
        ("partitions are looked for elsewhere", |intruder| {
            table(intruder, |table| {
                table["Parameters"]["storage.location.template"] =
                    json!("s3://empty/${region}/${day}");
            });
        }),
        ("only yesterday is seen", |intruder| {
            table(intruder, |table| {
                table["Parameters"]["projection.day.range"] = json!("NOW-1DAYS,NOW");
            });
        }),
        ("a region is not seen, and the table nobody's", |intruder| {
            table(intruder, |table| {
                table["Parameters"]["projection.region.values"] = json!("us-east-1");
                table["Parameters"].as_object_mut().expect("parameters").remove("baseline");
            });
        }),
        ("the first lines of each file are passed over", |intruder| {
            table(intruder, |table| {
                table["Parameters"]["skip.header.line.count"] = json!("100000");
            });
        }),
        ("a column has another name", |intruder| {
            table(intruder, |table| {
                table["StorageDescriptor"]["Columns"][1]["Name"] = json!("identity");
            });
        }),
        ("broken records are passed over", |intruder| {
            table(intruder, |table| {
                table["StorageDescriptor"]["SerdeInfo"]["Parameters"] =
                    json!({"ignore.malformed.json": "true"});
            });
        }),
        ("the table is deleted", |intruder| {
            let input = json!({"DatabaseName": "baseline_logs", "Name": "cloudtrail"});
            glue(intruder, "DeleteTable", input);
        }),
        ("the database is deleted", |intruder| {
            glue(intruder, "DeleteDatabase", json!({"Name": "baseline_logs"}));
        }),
    ],
}];
