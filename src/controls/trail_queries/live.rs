//! What is live: the database with its tables, and the workgroup with its queries.

use super::group::Group;
use super::settings::Settings;
use super::tables::{Place, Table};
use super::wire::{
    GET_DATABASE, GET_GROUP, GET_QUERIES, GET_TABLE, GroupAsked, LIST_QUERIES, LIST_TAGS,
    MOST_QUERIES, Named, QueriesAsked, Resource, TableAsked,
};
use crate::aws::facts::Reader;
use crate::aws::tags::Tag;
use crate::aws::{AwsError, unless_absent};
use crate::control::owner::owner;
use crate::control::{Context, Delivery, OUR_TAG};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What there is to ask logs with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// Where the trail's logs are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<Place>,
    /// Whether the table names that, or a trail of the baseline delivers there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_delivered: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Database>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, Table>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workgroup: Option<Kept>,
    /// The queries of the workgroup that have the names of those to keep: by name and id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub queries: BTreeMap<String, BTreeMap<String, String>>,
}

/// The database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// The database, of another account perhaps, that it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_to: Option<String>,
}

/// The workgroup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    pub group: Group,
    /// Whether a baseline made it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_ours: bool,
    /// Who else manages it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// Reads all of it, in the home region.
pub async fn read(
    settings: &Settings,
    context: &Context,
    reader: &Reader,
) -> Result<Live, AwsError> {
    let region = context.home_region.as_str();
    let ((trail, is_delivered), database, tables, found) = tokio::try_join!(
        trail(settings, context, reader),
        database(settings, region, reader),
        tables(settings, region, reader),
        group(settings, region, reader),
    )?;
    let mut live = Live { trail, is_delivered, database, tables, ..Live::default() };
    if let Some(group) = found {
        let (tags, queries) =
            tokio::try_join!(tags(settings, context, reader), queries(settings, region, reader),)?;
        live.workgroup = Some(Kept {
            group,
            is_ours: tags.contains_key(OUR_TAG),
            owner: owner(&settings.workgroup, &tags),
        });
        live.queries = queries;
    }
    Ok(live)
}

/// Where the trail's logs are: what the table says, else where a trail of the baseline delivers.
async fn trail(
    settings: &Settings,
    context: &Context,
    reader: &Reader,
) -> Result<(Option<Place>, bool), AwsError> {
    let prefix = (*settings.prefix).clone();
    if let Some(bucket) = &*settings.bucket {
        return Ok((Some(Place { bucket: context.fill(bucket), prefix }), true));
    }
    let Some(bucket) = context.log_bucket.clone() else {
        return Ok((None, false));
    };
    let deliveries = context.deliveries(reader).await?;
    let delivered = deliveries.into_iter().find_map(|own| match own {
        Delivery::CloudTrail { prefix, .. } => Some(prefix),
        _ => None,
    });
    let is_delivered = delivered.is_some();
    let prefix = prefix.or(delivered.flatten());
    Ok((Some(Place { bucket, prefix }), is_delivered))
}

/// The code by which Glue says that there is no such thing.
const ABSENT: &str = "EntityNotFoundException";

async fn database(
    settings: &Settings,
    region: &str,
    reader: &Reader,
) -> Result<Option<Database>, AwsError> {
    let input = Named { name: settings.database.clone() };
    let found = GET_DATABASE.ask(&reader.clients, region, &input).await;
    let found = unless_absent(found, ABSENT)?;
    Ok(found.map(|own| Database {
        link_to: own.database.target_database.map(|own| {
            let name = own.database_name.unwrap_or_default();
            format!("{name} of account {}", own.catalog_id.unwrap_or_default())
        }),
    }))
}

async fn tables(
    settings: &Settings,
    region: &str,
    reader: &Reader,
) -> Result<BTreeMap<String, Table>, AwsError> {
    let names = settings.names().into_iter().map(async |(name, _)| {
        let input = TableAsked { database_name: settings.database.clone(), name: name.clone() };
        let found = GET_TABLE.ask(&reader.clients, region, &input).await;
        let found = unless_absent(found, ABSENT)?;
        Ok::<_, AwsError>(found.map(|own| (name, Table::from(own.table))))
    });
    Ok(try_join_all(names).await?.into_iter().flatten().collect())
}

/// A workgroup that does not exist has the code of everything that is wrong with a request.
async fn group(
    settings: &Settings,
    region: &str,
    reader: &Reader,
) -> Result<Option<Group>, AwsError> {
    let input = GroupAsked { work_group: settings.workgroup.clone() };
    match GET_GROUP.ask(&reader.clients, region, &input).await {
        Ok(found) => Ok(Some(Group::from(found.work_group))),
        Err(error)
            if error.is("InvalidRequestException") && error.message.contains("not found") =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn tags(
    settings: &Settings,
    context: &Context,
    reader: &Reader,
) -> Result<BTreeMap<String, String>, AwsError> {
    let Context { partition, account, home_region, .. } = context;
    let name = &settings.workgroup;
    let arn = format!("arn:{partition}:athena:{home_region}:{account}:workgroup/{name}");
    let pages = LIST_TAGS.pages(&reader.clients, home_region, &Resource { arn }).await?;
    Ok(Tag::table(pages.into_iter().flat_map(|page| page.tags)))
}

/// The queries of the database with the names of those to keep.
async fn queries(
    settings: &Settings,
    region: &str,
    reader: &Reader,
) -> Result<BTreeMap<String, BTreeMap<String, String>>, AwsError> {
    if settings.queries.is_none() {
        return Ok(BTreeMap::new());
    }
    let input = GroupAsked { work_group: settings.workgroup.clone() };
    let pages = LIST_QUERIES.pages(&reader.clients, region, &input).await?;
    let ids: Vec<String> = pages.into_iter().flat_map(|page| page.named_query_ids).collect();
    let batches = ids.chunks(MOST_QUERIES).map(async |batch| {
        let input = QueriesAsked { named_query_ids: batch.to_vec() };
        GET_QUERIES.ask(&reader.clients, region, &input).await
    });
    let names: BTreeSet<String> = settings.shelf().into_iter().map(|own| own.name).collect();
    let mut queries: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let found = try_join_all(batches).await?.into_iter().flat_map(|page| page.named_queries);
    for own in found.filter(|own| own.database == settings.database && names.contains(&own.name)) {
        let id = own.named_query_id.unwrap_or_default();
        queries.entry(own.name).or_default().insert(id, own.query_string);
    }
    Ok(queries)
}
