#![no_main]
#![allow(dead_code, reason = "each target calls one of the bodies")]

#[path = "../bodies.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::error_classifier(bytes));
