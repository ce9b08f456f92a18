//! buckets, through the binary.

mod access;
mod logs;
mod many;
mod policies;
mod setup;
mod statements;
mod storage;
mod tampered;

pub use setup::s3;
