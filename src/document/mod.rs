//! A TOML file with places: what is wrong in it is collected, and shown where it stands.

mod problems;
pub mod secrets;
pub mod size;
mod words;

pub use problems::{MOST, Problems};
pub use words::{did_you_mean, slip_of};

/// A value of a file with its place in it.
pub type Table<'i> = toml::Spanned<toml::de::DeValue<'i>>;
