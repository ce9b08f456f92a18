//! One AWS emulator for all tests: started by the first that needs it, ended with the process.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

static EMULATOR: LazyLock<Emulator> = LazyLock::new(Emulator::start);

/// The folder of the project, where these tests run now: a build that is kept may have been made
/// in another clone.
pub fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).expect("cargo runs these tests")
}

/// The Python that has what the emulator needs.
pub fn python() -> PathBuf {
    std::env::var_os("BASELINE_TEST_PYTHON")
        .map_or_else(|| root().join(".venv/bin/python"), PathBuf::from)
}

/// The emulator of this test run.
pub fn emulator() -> &'static Emulator {
    &EMULATOR
}

pub struct Emulator {
    port: u16,
    // Its standard input closes with this process, and that ends it.
    _child: Child,
}

impl Emulator {
    fn start() -> Self {
        let (root, python) = (root(), python());
        let mut child = Command::new(&python)
            .args(["-m", "emulator", "--until-stdin-closes"])
            .current_dir(root.join("tests"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|cause| panic!("{}: {cause}; ./test sets it up", python.display()));
        let mut ready = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut ready).expect("the emulator says that it is ready");
        let ready: Value = serde_json::from_str(&ready).expect("the emulator speaks JSON");
        let port = ready["port"].as_u64().expect("a port") as u16;
        Self { port, _child: child }
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Asks the admin side.
    pub fn admin(&self, name: &str, input: Value) -> Value {
        let body = input.to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the emulator runs");
        write!(
            stream,
            "POST /_emulator/{name} HTTP/1.1\r\nHost: emulator\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("the emulator listens");
        let mut answer = String::new();
        // Without Content-Length the end of the connection is the end of the answer; with it the
        // emulator may keep the connection open, so read no further than it says.
        let mut reader = BufReader::new(stream);
        let mut length = None;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a header");
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse::<u64>().ok();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let length = length.expect("the emulator tells the length");
        reader.take(length).read_to_string(&mut answer).expect("a body");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert!(answer.get("error").is_none(), "{name} {body}: {answer}");
        answer
    }

    /// What was asked of an account.
    pub fn journal(&self, account: &str) -> Vec<Value> {
        let report = self.admin("journal", json!({"account": account}));
        report["entries"].as_array().expect("entries").clone()
    }
}
