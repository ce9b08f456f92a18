//! What an operation does, by the first word of its name. This is the only list of such words: a new
//! one belongs here.

/// What the names of reading operations begin with.
const READING: &[&str] = &["BatchGet", "Describe", "Get", "Head", "List", "Lookup", "Search"];

/// Reads whose names do not say so: the credential report is made on request and changes nothing, and
/// a pattern is tried on an event that nobody gets.
const OTHER_READS: &[&str] = &["GenerateCredentialReport", "TestEventPattern"];

/// The first words of operations that make or change something, each with those that take it away
/// again. Whether a change takes something away is seen in what differs.
const MAKING: &[(&str, &[&str])] = &[
    ("Accept", &["Reject"]),
    ("Activate", &["Deactivate"]),
    ("Add", &["Remove"]),
    ("Associate", &["Disassociate"]),
    ("Attach", &["Detach"]),
    ("BatchEnable", &["BatchDisable"]),
    ("BatchUpdate", &[]),
    ("Confirm", &[]),
    ("Create", &["Delete"]),
    ("Enable", &["Disable"]),
    ("Modify", &["Reset"]),
    ("Pass", &[]),
    ("Publish", &[]),
    ("Put", &["Delete"]),
    ("Register", &["Deregister"]),
    ("Set", &[]),
    ("Start", &["Stop"]),
    ("Subscribe", &["Unsubscribe"]),
    ("Tag", &["Untag"]),
    ("Update", &["Delete"]),
];

/// The first words of other operations that take something away or switch it off.
const REMOVING: &[&str] =
    &["Abort", "Cancel", "Close", "Leave", "Purge", "Release", "Revoke", "Schedule", "Terminate"];

/// Whether an operation only looks.
pub fn is_read(operation: &str) -> bool {
    READING.iter().any(|start| operation.starts_with(start)) || OTHER_READS.contains(&operation)
}

/// Whether an operation creates a thing.
pub fn creates(operation: &str) -> bool {
    first_word(operation) == "Create"
}

/// Whether an operation takes something away by what it is; `None` for a first word of which this
/// list does not say it.
pub fn takes_away(operation: &str) -> Option<bool> {
    let word = first_word(operation);
    let undoes = |(_, removing): &(&str, &[&str])| removing.contains(&word);
    match MAKING.iter().any(|(making, _)| *making == word) {
        true => Some(false),
        false if REMOVING.contains(&word) || MAKING.iter().any(undoes) => Some(true),
        false => None,
    }
}

/// The names of what takes away what an operation makes, as far as AWS has such operations; of what
/// stops something also that of what starts it.
pub fn opposites(operation: &str) -> impl Iterator<Item = String> {
    let word = first_word(operation);
    let rest = &operation[word.len()..];
    let removing = MAKING.iter().filter(move |(making, _)| *making == word);
    let removing = removing.flat_map(|(_, removing)| removing.iter().copied());
    let starting = (word == "Stop").then_some("Start");
    removing.chain(starting).map(move |other| format!("{other}{rest}"))
}

/// `Put` of `PutBucketPolicy`; of what is done to many at once the word behind `Batch` as well.
fn first_word(operation: &str) -> &str {
    let first = if operation.starts_with("Batch") { "Batch".len() } else { 0 };
    let capital = |(at, letter): &(usize, char)| *at > first && letter.is_uppercase();
    let end = operation.char_indices().find(capital);
    end.map_or(operation, |(at, _)| &operation[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_looking_is_let_through() {
        for read in ["GetTrail", "ListBuckets", "DescribeBudget", "GenerateCredentialReport"] {
            assert!(is_read(read), "{read}");
        }
        for write in ["PutBucketPolicy", "CreateTrail", "StartLogging", "UpdateBudget", "getX"] {
            assert!(!is_read(write), "{write}");
        }
    }

    #[test]
    fn no_word_both_makes_and_takes_away() {
        let removing = MAKING.iter().flat_map(|(_, removing)| removing.iter());
        let mut removing = removing.chain(REMOVING);
        assert!(removing.all(|word| MAKING.iter().all(|(making, _)| making != word)));
    }

    #[test]
    fn stopping_and_deleting_take_away_and_of_other_words_nothing_is_known() {
        for removing in ["DeleteTrail", "StopLogging", "UntagResource", "ScheduleKeyDeletion"] {
            assert_eq!(takes_away(removing), Some(true), "{removing}");
        }
        for making in ["PutBucketPolicy", "UpdateDetector", "StartLogging", "CreateTrail"] {
            assert_eq!(takes_away(making), Some(false), "{making}");
        }
        // A word is a word: not each name that begins like one.
        assert_eq!(takes_away("BatchDisableStandards"), Some(true));
        for unknown in ["Address", "Settle", "BatchDeleteX", "X", ""] {
            assert_eq!(takes_away(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn what_undoes_an_operation_is_named_like_it() {
        let of = |operation: &str| opposites(operation).collect::<Vec<_>>();
        assert_eq!(of("PutBucketPolicy"), ["DeleteBucketPolicy"]);
        assert_eq!(of("StartLogging"), ["StopLogging"]);
        assert_eq!(of("StopLogging"), ["StartLogging"]);
        assert_eq!(of("EnableEbsEncryptionByDefault"), ["DisableEbsEncryptionByDefault"]);
        assert!(of("DeleteTrail").is_empty());
    }
}
