//! placeholder
/// The name of the bucket when the baseline gives none.
pub const DEFAULT_NAME: &str = "baseline-logs-{account}-{region}";
