//! Questions to a person on the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

/// Asks for the code of an MFA device; `None` where nobody can be asked.
pub fn mfa_code(serial: &str) -> Option<String> {
    line(&format!("MFA code of {serial}: ")).filter(|code| !code.is_empty())
}

/// Whether there is a person to ask.
pub fn can_ask() -> bool {
    io::stdin().is_terminal()
}

/// Asks whether to go on: only `yes` is a yes.
pub fn yes(question: &str) -> bool {
    line(question).as_deref() == Some("yes")
}

fn line(question: &str) -> Option<String> {
    if !can_ask() {
        return None;
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question}").and_then(|()| stderr.flush()).ok()?;
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if !answer.ends_with('\n') {
        // The question stands alone on its line whatever becomes of the answer.
        let _ = writeln!(stderr);
    }
    read.ok()?;
    Some(answer.trim().to_owned())
}
