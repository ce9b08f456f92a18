//! Questions on the terminal.

use crate::report::Question;
use std::io::{self, BufRead, IsTerminal, Write};

/// Asks for the code of an MFA device; `None` where stdin is not a terminal.
pub fn mfa_code(serial: &str) -> Option<String> {
    line(&Question::MfaCode { device: serial }).filter(|code| !code.is_empty())
}

/// Whether a question can be answered: stdin is a terminal.
pub fn can_ask() -> bool {
    io::stdin().is_terminal()
}

/// Asks whether to go on: only `yes` is a yes.
pub fn yes(question: &Question<'_>) -> bool {
    line(question).as_deref() == Some("yes")
}

fn line(question: &Question<'_>) -> Option<String> {
    if !can_ask() {
        return None;
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{}", question.text()).and_then(|()| stderr.flush()).ok()?;
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if !answer.ends_with('\n') {
        // Whatever follows begins on a line of its own.
        let _ = writeln!(stderr);
    }
    read.ok()?;
    Some(answer.trim().to_owned())
}
