//! IAM's credential report: a table of the account's users and of when they used what.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The columns that say when a credential was used.
const USES: [&str; 3] =
    ["password_last_used", "access_key_1_last_used_date", "access_key_2_last_used_date"];

/// The time in a field; `None` for the words that say never.
/// Source: IAM User Guide, "Understanding the report format".
fn time_of(field: Option<&str>) -> Result<Option<OffsetDateTime>, String> {
    match field {
        Some("N/A" | "no_information" | "not_supported") => Ok(None),
        Some(text) => OffsetDateTime::parse(text, &Rfc3339)
            .map(Some)
            .map_err(|_| format!("the report says '{text}' where a time belongs")),
        None => Err("the report's line for the root user is too short".to_owned()),
    }
}

/// When root last used a password or a key; `None` when it never did.
///
/// # Errors
/// What in the text is not as AWS writes it.
pub fn last_used_by_root(report: &str) -> Result<Option<OffsetDateTime>, String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(report.as_bytes());
    let headers = reader.headers().map_err(|cause| cause.to_string())?.clone();
    let column = |name: &str| headers.iter().position(|header| header == name);
    let user = column("user").ok_or("the report has no column 'user'")?;
    let uses = USES.map(|name| column(name).ok_or(format!("the report has no column '{name}'")));
    let uses = uses.into_iter().collect::<Result<Vec<_>, _>>()?;
    for record in reader.records() {
        let record = record.map_err(|cause| cause.to_string())?;
        if record.get(user) == Some("<root_account>") {
            let times = uses.iter().map(|at| time_of(record.get(*at)));
            let times = times.collect::<Result<Vec<_>, _>>()?;
            return Ok(times.into_iter().flatten().max());
        }
    }
    Err("the report has no line for the root user".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_tells_the_latest_use_whatever_it_calls_never() {
        let header =
            "user,arn,password_last_used,access_key_1_last_used_date,access_key_2_last_used_date\n";
        let row = "<root_account>,x,no_information,2026-01-02T03:04:05+00:00,N/A\n";
        let used = last_used_by_root(&format!("{header}\"a,b\",y,N/A,N/A,N/A\n{row}"));
        let used = used.expect("a report").expect("a use");
        assert_eq!(used.date().to_string(), "2026-01-02");
        let never = "<root_account>,x,not_supported,N/A,N/A\n";
        assert_eq!(last_used_by_root(&format!("{header}{never}")), Ok(None));
        assert!(last_used_by_root(header).is_err());
    }

    #[test]
    fn a_report_that_cannot_be_read_never_says_never() {
        let header =
            "user,password_last_used,access_key_1_last_used_date,access_key_2_last_used_date\n";
        for row in ["yesterday,N/A,N/A", ",N/A,N/A", "N/A,N/A,2026-13-01", "N/A,N/A"] {
            let used = last_used_by_root(&format!("{header}<root_account>,{row}\n"));
            assert!(used.is_err(), "{row}: {used:?}");
        }
        let missing = "user,password_last_used,access_key_1_last_used_date\n";
        let used = last_used_by_root(&format!("{missing}<root_account>,N/A,N/A\n"));
        let text = "the report has no column 'access_key_2_last_used_date'";
        assert_eq!(used, Err(text.to_owned()));
    }
}
