//! Errors as they are shown: what failed, why, and what to type next.

use std::fmt::{self, Display};

/// Why a command ended without doing what it was asked.
#[derive(Debug)]
pub struct Error {
    /// Decides the exit code.
    pub exit: Exit,
    /// One sentence in lower case: what failed.
    pub message: String,
    /// The causes, outermost first.
    pub causes: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// What is shown before the sentence: problems with their places in a file.
    pub report: Option<String>,
}

/// The exit codes of all commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to do, or everything done.
    Fine = 0,
    /// Usage, file, credentials or network.
    Failed = 1,
    /// Changes pending, drift, or a finding.
    Differs = 2,
    /// Apply did part of it.
    Partial = 3,
    /// Not everything could be seen.
    Unseen = 4,
    /// Refused by a guard before the first write.
    Refused = 6,
}

impl Error {
    /// A failure of usage, file, credentials or network.
    pub fn failed(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failed,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            report: None,
        }
    }

    /// A refusal by a guard: nothing was written.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { exit: Exit::Refused, ..Self::failed(message) }
    }

    /// Adds a cause.
    pub fn because(mut self, cause: impl Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// Shows something before the sentence.
    pub fn report(mut self, report: String) -> Self {
        self.report = Some(report);
        self
    }

    /// The sentence and its causes, without hint and report, escaped.
    pub fn in_one_line(&self) -> String {
        let texts = std::iter::once(&self.message).chain(&self.causes);
        let line = texts.map(String::as_str).collect::<Vec<_>>().join(": ");
        crate::text::escape(&line)
    }

    /// Says what to do; nothing, when the hint is empty.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        self
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(report) = &self.report {
            writeln!(f, "{report}\n")?;
        }
        write!(f, "error: {}", self.message)?;
        for cause in &self.causes {
            write!(f, "\n  caused by: {cause}")?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_sentence_cause_and_hint() {
        let error = Error::failed("cannot read baseline.toml")
            .because("no such file")
            .hint("write one with `baseline init`");
        let text = "error: cannot read baseline.toml\n  caused by: no such file\n\n\
                    hint: write one with `baseline init`";
        assert_eq!(error.to_string(), text);
    }
}
