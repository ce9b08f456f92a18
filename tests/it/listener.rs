//! Small servers on 127.0.0.1 for what the emulator cannot be: a proxy, a wrong clock, bad TLS.

use crate::emulator::root;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Answers every request with the same bytes and hangs up; returns the address.
pub fn always(answer: impl Into<String>) -> String {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away is no trouble of the server's.
            let _ = serve(stream, &answer);
        }
    });
    address
}

fn serve(mut stream: TcpStream, answer: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim().to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.is_empty() {
            break;
        }
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    stream.write_all(answer.as_bytes())
}

/// An answer with its length, ready for [`always`].
pub fn http(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// An address where nobody listens.
pub fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// A TLS server with a certificate of an authority that nobody knows.
pub struct Tls {
    pub endpoint: String,
    pub authority: PathBuf,
    // Its standard input closes with this value, and that ends it.
    _child: Child,
}

impl Tls {
    /// Starts one that keeps its certificates in the folder.
    pub fn start(folder: &Path, options: &[&str]) -> Self {
        let root = root();
        let python = std::env::var_os("BASELINE_TEST_PYTHON")
            .map_or_else(|| root.join(".venv/bin/python"), PathBuf::from);
        let mut child = Command::new(python)
            .args(["-m", "emulator.tls"])
            .arg(folder)
            .args(options)
            .current_dir(root.join("tests"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let mut ready = String::new();
        BufReader::new(child.stdout.take().expect("it is piped"))
            .read_line(&mut ready)
            .expect("it says that it is ready");
        let ready: Value = serde_json::from_str(&ready).expect("it speaks JSON");
        Self {
            endpoint: ready["endpoint"].as_str().expect("an endpoint").to_owned(),
            authority: folder.join("authority.pem"),
            _child: child,
        }
    }
}
