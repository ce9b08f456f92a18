//! What the status of recorder and channel says of the last thing that each did.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The statuses of the recorders of a region.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RecorderStatuses {
    #[serde(default)]
    pub configuration_recorders_status: Vec<RecorderStatus>,
}

/// What a recorder does.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecorderStatus {
    pub name: Option<String>,
    #[serde(default)]
    pub recording: bool,
    last_status: Option<String>,
    last_error_code: Option<String>,
}

/// The statuses of the channels of a region.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChannelStatuses {
    #[serde(default)]
    pub delivery_channels_status: Vec<ChannelStatus>,
}

/// What a channel delivered.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChannelStatus {
    config_snapshot_delivery_info: Option<Last>,
    config_history_delivery_info: Option<Last>,
    config_stream_delivery_info: Option<Last>,
}

/// How it went the last time.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Last {
    last_status: Option<String>,
    last_error_code: Option<String>,
}

/// The code of what was done last, if it failed.
fn failure(status: &Option<String>, code: &Option<String>) -> Option<String> {
    let status = status.as_ref()?;
    let code = code.as_ref().unwrap_or(status);
    status.eq_ignore_ascii_case("failure").then(|| code.clone())
}

impl Last {
    fn failure(&self) -> Option<String> {
        failure(&self.last_status, &self.last_error_code)
    }
}

impl RecorderStatus {
    /// The code of the recorder's last failure, when what it did last has failed.
    pub fn failure(&self) -> Option<String> {
        failure(&self.last_status, &self.last_error_code)
    }
}

impl ChannelStatus {
    /// What the channel delivered last with no success, with AWS's codes.
    pub fn undelivered(&self) -> BTreeMap<String, String> {
        let last = [
            ("snapshot", &self.config_snapshot_delivery_info),
            ("history", &self.config_history_delivery_info),
            ("stream", &self.config_stream_delivery_info),
        ];
        let failed = last
            .into_iter()
            .filter_map(|(what, last)| Some((what.to_owned(), last.as_ref()?.failure()?)));
        failed.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_delivery_that_failed_last_is_seen_with_its_code() {
        let status = json!({
            "configHistoryDeliveryInfo": {"lastStatus": "Failure", "lastErrorCode": "AccessDenied"},
            "configSnapshotDeliveryInfo": {"lastStatus": "FAILURE"},
            "configStreamDeliveryInfo": {"lastStatus": "Not_Applicable"},
        });
        let status: ChannelStatus = serde_json::from_value(status).expect("a status");
        let failed = [("history", "AccessDenied"), ("snapshot", "FAILURE")];
        let failed = failed.map(|(what, code)| (what.to_owned(), code.to_owned()));
        assert_eq!(status.undelivered(), failed.into());
    }
}
