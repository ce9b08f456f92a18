//! Requests as they are made, a line each: nothing of their headers, bodies or credentials.

use super::escape;
use crate::aws::{Attempt, Follower};
use std::io::{self, Write};

/// Writes a line to stderr for each attempt of a request.
#[derive(Clone, Copy, Debug)]
pub struct Debug;

impl Follower for Debug {
    fn ended(&self, attempt: &Attempt) {
        // Work goes on when stderr is closed.
        let _ = writeln!(io::stderr(), "{}", line(attempt));
    }
}

fn line(attempt: &Attempt) -> String {
    let Attempt { service, operation, .. } = attempt;
    let status = attempt.status.map(|status| status.to_string());
    let came = match (status, &attempt.failure) {
        (Some(status), Some(failure)) => format!("{status} {failure}"),
        (Some(status), None) => status,
        (None, failure) => failure.clone().unwrap_or_default(),
    };
    let id = attempt.request_id.as_deref().unwrap_or("-");
    let text = format!(
        "{:>9.3}s  {service}:{operation} {} #{}  {came}  {id}  {} ms",
        attempt.at.as_secs_f64(),
        attempt.region,
        attempt.number,
        attempt.took.as_millis()
    );
    escape(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn attempt() -> Attempt {
        Attempt {
            at: Duration::from_millis(1234),
            service: "iam".to_owned(),
            operation: "GetRole".to_owned(),
            region: "us-east-1".to_owned(),
            number: 2,
            status: Some(404),
            failure: None,
            request_id: Some("abc-1".to_owned()),
            took: Duration::from_millis(56),
        }
    }

    #[test]
    fn a_line_tells_when_what_where_and_what_came_of_it() {
        let text = "    1.234s  iam:GetRole us-east-1 #2  404  abc-1  56 ms";
        assert_eq!(line(&attempt()), text);
        let cut = Attempt {
            status: None,
            failure: Some("timed out".to_owned()),
            request_id: None,
            ..attempt()
        };
        let text = "    1.234s  iam:GetRole us-east-1 #2  timed out  -  56 ms";
        assert_eq!(line(&cut), text);
    }
}
