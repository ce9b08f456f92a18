//! The trails that the home region shows: more than one control judges by them.

use super::facts::Reader;
use super::{AwsError, Grant, Operation};
use aws_sdk_cloudtrail::types::Trail;

/// The trails that a region shows: its own, and the shadows of those that cover all regions.
pub const DESCRIBE_TRAILS: Operation =
    Operation::new("cloudtrail", "DescribeTrails", &[Grant::any("cloudtrail:DescribeTrails")]);

impl Reader {
    /// The trails that the home region shows, asked once however many controls ask.
    ///
    /// # Errors
    /// When they could not be seen.
    pub async fn trails(&self) -> Result<Vec<Trail>, AwsError> {
        let read = Box::pin(async {
            let (clients, region) = (&self.clients, self.home_region.as_str());
            let request = clients.cloudtrail(region).describe_trails();
            let request = request.include_shadow_trails(true).send();
            let answer = DESCRIBE_TRAILS.answer(clients, region, request).await?;
            Ok(answer.trail_list.unwrap_or_default())
        });
        self.once(&DESCRIBE_TRAILS, "as described", read).await
    }
}
