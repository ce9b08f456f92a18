//! What the status of recorder and channel says of the last thing that each did.

use aws_sdk_config::types::{ConfigurationRecorderStatus, DeliveryChannelStatus, DeliveryStatus};
use std::collections::BTreeMap;

/// The code of a recorder's last failure, when what it did last has failed.
pub fn failure(status: &ConfigurationRecorderStatus) -> Option<String> {
    let last = status.last_status()?.as_str();
    let code = status.last_error_code().unwrap_or(last);
    last.eq_ignore_ascii_case("failure")
        .then(|| code.to_owned())
}

/// What a channel delivered last with no success, with AWS's codes.
pub fn undelivered(status: &DeliveryChannelStatus) -> BTreeMap<String, String> {
    let snapshot = status.config_snapshot_delivery_info();
    let history = status.config_history_delivery_info();
    let stream = status.config_stream_delivery_info();
    let last = [
        (
            "snapshot",
            snapshot.and_then(|info| Some((info.last_status()?, info.last_error_code()))),
        ),
        (
            "history",
            history.and_then(|info| Some((info.last_status()?, info.last_error_code()))),
        ),
        (
            "stream",
            stream.and_then(|info| Some((info.last_status()?, info.last_error_code()))),
        ),
    ];
    let failed = |(what, last): (&str, Option<(&DeliveryStatus, Option<&str>)>)| {
        let (status, code) = last?;
        let status = status.as_str();
        status
            .eq_ignore_ascii_case("failure")
            .then(|| (what.to_owned(), code.unwrap_or(status).to_owned()))
    };
    last.into_iter().filter_map(failed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_config::types::{ConfigExportDeliveryInfo, ConfigStreamDeliveryInfo};

    #[test]
    fn a_delivery_that_failed_last_is_seen_with_its_code() {
        let info = |status| ConfigExportDeliveryInfo::builder().last_status(status);
        let history = info(DeliveryStatus::Failure).last_error_code("AccessDenied");
        let stream = ConfigStreamDeliveryInfo::builder().last_status(DeliveryStatus::NotApplicable);
        let status = DeliveryChannelStatus::builder()
            .config_history_delivery_info(history.build())
            .config_snapshot_delivery_info(info("FAILURE".into()).build())
            .config_stream_delivery_info(stream.build());
        let failed = [("history", "AccessDenied"), ("snapshot", "FAILURE")];
        let failed = failed.map(|(what, code)| (what.to_owned(), code.to_owned()));
        assert_eq!(undelivered(&status.build()), failed.into());
    }
}
