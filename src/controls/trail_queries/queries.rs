//! The shelf: questions that are asked of logs after something happened, ready to be run.

use super::tables::Logs;

/// A query that is kept under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub name: String,
    pub about: String,
    pub text: String,
}

/// Name, what it answers, and its text, in which `{table}` and `{days}` are filled in.
type Kept = (&'static str, &'static str, &'static str);

const OF_TRAIL: &[Kept] = &[
    (
        "root_use",
        "What the root user did.",
        "SELECT eventtime, eventname, eventsource, sourceipaddress, useragent, errorcode\n\
         FROM {table}\nWHERE {days}\n  AND useridentity.type = 'Root'\n  \
         AND useridentity.invokedby IS NULL\n  AND eventtype <> 'AwsServiceEvent'\n\
         ORDER BY eventtime DESC",
    ),
    (
        "denied_calls",
        "Who was refused what, and how often: a key that is tried out stands at the top.",
        "SELECT useridentity.arn, sourceipaddress, eventsource, eventname, errorcode, count(*) AS calls\n\
         FROM {table}\nWHERE {days}\n  AND (errorcode LIKE '%Unauthorized%' OR errorcode LIKE \
         '%AccessDenied%')\nGROUP BY 1, 2, 3, 4, 5\nORDER BY calls DESC\nLIMIT 200",
    ),
    (
        "sign_ins_without_mfa",
        "Sign-ins to the console without MFA; those of Identity Center and SAML have it elsewhere.",
        "SELECT eventtime, useridentity.type, useridentity.arn, sourceipaddress, useragent\n\
         FROM {table}\nWHERE {days}\n  AND eventname = 'ConsoleLogin'\n  \
         AND json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Success'\n  \
         AND json_extract_scalar(additionaleventdata, '$.MFAUsed') <> 'Yes'\n\
         ORDER BY eventtime DESC",
    ),
    (
        "policy_changes",
        "Who changed policies of IAM, and whose.",
        "SELECT eventtime, useridentity.arn, eventname, requestparameters, sourceipaddress, errorcode\n\
         FROM {table}\nWHERE {days}\n  AND eventsource = 'iam.amazonaws.com'\n  \
         AND (eventname LIKE '%Policy%' OR eventname IN ('CreateAccessKey', 'CreateLoginProfile', \
         'UpdateLoginProfile', 'AddUserToGroup'))\n  AND readonly = 'false'\nORDER BY eventtime DESC",
    ),
    (
        "logging_changes",
        "Who stopped, deleted or changed what records and detects.",
        "SELECT eventtime, useridentity.arn, eventsource, eventname, requestparameters, errorcode\n\
         FROM {table}\nWHERE {days}\n  AND eventsource IN ('cloudtrail.amazonaws.com', \
         'config.amazonaws.com', 'guardduty.amazonaws.com', 'securityhub.amazonaws.com', \
         'logs.amazonaws.com', 'kms.amazonaws.com')\n  AND readonly = 'false'\n  \
         AND regexp_like(eventname, '^(Stop|Delete|Disable|Update|Put|Disassociate|Schedule|Batch)')\n\
         ORDER BY eventtime DESC",
    ),
    (
        "bucket_access",
        "Who touched a bucket: put its name in; single objects only where the trail logs data events.",
        "SELECT eventtime, useridentity.arn, eventname, sourceipaddress, errorcode,\n  \
         json_extract_scalar(requestparameters, '$.key') AS object\n\
         FROM {table}\nWHERE {days}\n  AND eventsource = 's3.amazonaws.com'\n  \
         AND json_extract_scalar(requestparameters, '$.bucketName') = 'NAME-OF-THE-BUCKET'\n\
         ORDER BY eventtime DESC",
    ),
];

const OF_FLOWS: &[Kept] = &[(
    "rejected_traffic",
    "Which addresses were kept out, and from which ports.",
    "SELECT srcaddr, dstaddr, dstport, count(*) AS flows, sum(bytes) AS bytes\n\
     FROM {table}\nWHERE {days}\n  AND action = 'REJECT'\nGROUP BY 1, 2, 3\nORDER BY flows DESC\nLIMIT \
     200",
)];

/// The last month: older partitions are not read, and not paid for.
const DAYS: &str = "day >= date_format(current_date - interval '30' day, '%Y/%m/%d')";

/// The queries over a table.
pub fn shelf(logs: Logs, database: &str, table: &str) -> impl Iterator<Item = Query> {
    let kept = match logs {
        Logs::Trail => OF_TRAIL,
        Logs::Flow => OF_FLOWS,
    };
    let table = format!("\"{database}\".\"{table}\"");
    kept.iter().map(move |(name, about, text)| Query {
        name: (*name).to_owned(),
        about: (*about).to_owned(),
        text: text.replace("{table}", &table).replace("{days}", DAYS),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_is_of_its_table_and_of_the_last_month() {
        let trail = shelf(Logs::Trail, "logs", "cloudtrail");
        for query in trail.chain(shelf(Logs::Flow, "logs", "flows")) {
            assert!(query.text.contains("FROM \"logs\".\""), "{}", query.text);
            assert!(query.text.contains("'30' day") && !query.text.contains('{'), "{}", query.text);
        }
    }
}
