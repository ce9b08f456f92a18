//! The configuration of scanning as AWS answers it and takes it.

use super::wire::{ConfigurationFound, NewConfiguration, NewEc2, NewEcr};
use serde::{Deserialize, Serialize};

/// What `UpdateConfiguration` changes, in AWS's words; of what a region does not offer nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecr_rescan: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecr_rescan_pulled: Option<String>,
    /// Whether that counts from the last pull or the last use; sent as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecr_pulled_means: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ec2_scan_mode: Option<String>,
}

impl From<ConfigurationFound> for Configuration {
    fn from(found: ConfigurationFound) -> Self {
        let ecr = found.ecr_configuration.and_then(|own| own.rescan_duration_state);
        let ec2 = found.ec2_configuration.and_then(|own| own.scan_mode_state);
        let ecr = ecr.unwrap_or_default();
        Self {
            ecr_rescan: ecr.rescan_duration,
            ecr_rescan_pulled: ecr.pull_date_rescan_duration,
            ecr_pulled_means: ecr.pull_date_rescan_mode,
            ec2_scan_mode: ec2.and_then(|own| own.scan_mode),
        }
    }
}

impl NewConfiguration {
    /// What differs: ECR's part, which has a member that is required, as a whole.
    pub fn between(from: &Configuration, to: &Configuration) -> Self {
        let of_ecr = |own: &Configuration| (own.ecr_rescan.clone(), own.ecr_rescan_pulled.clone());
        let rescan = to.ecr_rescan.clone().filter(|_| of_ecr(from) != of_ecr(to));
        let mode = to.ec2_scan_mode.clone().filter(|_| from.ec2_scan_mode != to.ec2_scan_mode);
        Self {
            ecr_configuration: rescan.map(|rescan_duration| NewEcr {
                rescan_duration,
                pull_date_rescan_duration: to.ecr_rescan_pulled.clone(),
                pull_date_rescan_mode: to.ecr_pulled_means.clone(),
            }),
            ec2_configuration: mode.map(|scan_mode| NewEc2 { scan_mode }),
        }
    }
}
