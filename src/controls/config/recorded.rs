//! What a region records, for controls that rely on it.

use super::read::{found, running};
use super::recording::{Group, Record};
use crate::aws::AwsError;
use crate::aws::facts::Reader;
use serde::{Deserialize, Serialize};

/// The recorder of a region, as far as others rely on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// Whether it runs.
    pub is_running: bool,
    /// What it records.
    group: Group,
}

impl Recorded {
    /// The recorder of the customer's, asked once however many controls rely on it; nothing where the
    /// region has none.
    ///
    /// # Errors
    /// When it could not be seen.
    pub async fn read(reader: &Reader, region: &str) -> Result<Option<Self>, AwsError> {
        let (found, running) = tokio::try_join!(found(reader, region), running(reader, region))?;
        let Some(found) = found else {
            return Ok(None);
        };
        let is_running = running.iter().any(|name| Some(name) == found.name.as_ref());
        let recorder = found.read().map_err(|text| super::read::strange(region, &text))?;
        Ok(Some(Self { is_running, group: recorder.group }))
    }

    /// Whether any of these types of resources is recorded.
    pub fn records_any<'t>(&self, mut types: impl Iterator<Item = &'t str>) -> bool {
        let only = |name: &str| Group {
            record: Record::Include([name.to_owned()].into()),
            global_types: false,
        };
        types.any(|name| self.group.covers(&only(name)))
    }
}
