//! How dashboards are listed and read.

use super::dashboard::Dashboard;
use super::{DEFAULT, Live, Settings};
use crate::aws::elements::Elements;
use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Operation, pages};

const ARN: &str = "arn:{partition}:s3:*:{account}:storage-lens/*";

pub const LIST: Operation = Operation::new(
    "s3control",
    "ListStorageLensConfigurations",
    &[Grant::any("s3:ListStorageLensConfigurations")],
);

pub const GET: Operation = Operation::new(
    "s3control",
    "GetStorageLensConfiguration",
    &[Grant::on("s3:GetStorageLensConfiguration", ARN)],
);

pub const GET_TAGS: Operation = Operation::new(
    "s3control",
    "GetStorageLensConfigurationTagging",
    &[Grant::on("s3:GetStorageLensConfigurationTagging", ARN)],
);

/// Reads the default dashboard, and as much of the others and of tags as decides.
pub async fn read(settings: &Settings, reader: &Reader) -> Result<Live, AwsError> {
    let (default, others) = list(reader).await?;
    let mut live = Live::default();
    if let Some(listed) = &default {
        live.default = Some(listed.read(reader).await?);
    }
    let is_met = live.default.as_ref().is_some_and(|own| settings.are_met_by(own));
    if *settings.enabled == Some(true) {
        for listed in &others {
            live.others.push(listed.read(reader).await?);
        }
    }
    if is_met {
        live.exporting = std::mem::take(&mut live.others);
        live.exporting.retain(|own| own.export.is_some());
    } else if let Some(own) = &mut live.default
        && has_tags(&own.region, reader).await?
    {
        own.not_carried.insert("Tags".to_owned());
    }
    Ok(live)
}

/// A dashboard in the list of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Listed {
    name: String,
    /// The region that keeps it.
    region: String,
    is_on: bool,
}

/// The default dashboard, if it is listed, and the others that are on. The default one is kept in
/// the region of global services; AWS does not say whether that one lists what others keep.
async fn list(reader: &Reader) -> Result<(Option<Listed>, Vec<Listed>), AwsError> {
    let (clients, region) = (&reader.clients, reader.global_region());
    let mut listed = pages(|next| async move {
        let request = clients
            .s3control(region)
            .list_storage_lens_configurations()
            .account_id(&reader.caller.account)
            .set_next_token(next);
        let page = LIST.answer(clients, region, request.send()).await?;
        let found = page.storage_lens_configuration_list().iter().map(|found| Listed {
            name: found.id().to_owned(),
            region: found.home_region().to_owned(),
            is_on: found.is_enabled(),
        });
        Ok((found.collect(), page.next_token))
    })
    .await?;
    listed.sort();
    let at = listed.iter().position(|own| own.name == DEFAULT);
    let default = at.map(|at| listed.remove(at));
    listed.retain(|own| own.is_on);
    Ok((default, listed))
}

/// Whether the default dashboard has tags. AWS does not say whether a new configuration without
/// tags leaves them.
async fn has_tags(region: &str, reader: &Reader) -> Result<bool, AwsError> {
    let clients = &reader.clients;
    let request = clients
        .s3control(region)
        .get_storage_lens_configuration_tagging()
        .account_id(&reader.caller.account)
        .config_id(DEFAULT);
    let answer = GET_TAGS.answer(clients, region, request.send()).await?;
    Ok(!answer.tags().is_empty())
}

impl Listed {
    /// Reads it where it is kept.
    async fn read(&self, reader: &Reader) -> Result<Dashboard, AwsError> {
        let (clients, region) = (&reader.clients, self.region.as_str());
        let elements = Elements::default();
        let request = clients
            .s3control(region)
            .get_storage_lens_configuration()
            .account_id(&reader.caller.account)
            .config_id(&self.name)
            .customize()
            .interceptor(elements.clone());
        let answer = GET.answer(clients, region, request.send()).await?;
        let found = answer.storage_lens_configuration().ok_or_else(|| {
            AwsError::unexpected(&GET, region, "the answer holds no configuration")
        })?;
        let mut dashboard = Dashboard::new(&self.name, region, found, elements.take());
        keep_foreign_export(&mut dashboard, reader).await?;
        Ok(dashboard)
    }
}

/// Forgets an export to a bucket of this account, for which the account that the dashboard names
/// is not enough: the bucket has to be in the list.
async fn keep_foreign_export(dashboard: &mut Dashboard, reader: &Reader) -> Result<(), AwsError> {
    let Some(export) = dashboard.export.take() else {
        return Ok(());
    };
    let buckets = reader.buckets().await?;
    let name = export.bucket.rsplit(':').next().unwrap_or_default();
    let is_own =
        export.account == reader.caller.account && buckets.iter().any(|own| own.name == name);
    dashboard.export = (!is_own && dashboard.enabled).then_some(export);
    Ok(())
}
