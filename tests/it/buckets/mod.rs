//! buckets, through the binary.

mod access;
mod logs;
mod many;
mod setup;
mod statements;
mod storage;
