//! The one write, which replaces the whole configuration.

use super::dashboard::Dashboard;
use crate::aws::{AwsError, Clients, Grant, Operation, Write, sent};
use crate::control::Context;
use serde::{Serialize, Serializer};
use serde_json::json;

/// Makes the configuration what the dashboard says.
#[derive(Debug)]
pub struct PutStorageLensConfiguration {
    account: String,
    wanted: Dashboard,
}

impl PutStorageLensConfiguration {
    /// The dashboard of the account.
    pub fn new(wanted: &Dashboard, context: &Context) -> Self {
        Self { account: context.account.clone(), wanted: wanted.clone() }
    }
}

impl Serialize for PutStorageLensConfiguration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let input = json!({
            "ConfigId": self.wanted.name,
            "AccountId": self.account,
            "StorageLensConfiguration": self.wanted.members(),
        });
        input.serialize(serializer)
    }
}

impl Write for PutStorageLensConfiguration {
    const OPERATION: Operation = Operation::new(
        "s3control",
        "PutStorageLensConfiguration",
        &[Grant::any("s3:PutStorageLensConfiguration")],
    );

    fn region(&self) -> &str {
        &self.wanted.region
    }

    async fn send(&self, clients: &Clients) -> Result<(), AwsError> {
        let request = clients
            .s3control(self.region())
            .put_storage_lens_configuration()
            .account_id(&self.account)
            .config_id(&self.wanted.name)
            .storage_lens_configuration(self.wanted.sdk());
        sent(self, request.send().await)
    }
}
