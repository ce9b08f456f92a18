//! What is live: the hub of a region, what it checks, and what keeps its findings from being seen.

use super::aggregation::Linking;
use super::rules::{self, Rule};
use super::settings::Settings;
use super::wire::{
    Aggregator, AssociationId, AssociationsAsked, ControlsAsked, DESCRIBE_HUB, DESCRIBE_PRODUCT,
    DESCRIBE_STANDARDS, DESCRIBE_V2, Definition, DefinitionsAsked, GET_ADMINISTRATOR,
    GET_AGGREGATOR, GET_ASSOCIATIONS, GET_CONTROLS, GET_STANDARDS, HubFound, LIST_AGGREGATORS,
    LIST_DEFINITIONS, LIST_PRODUCTS, LIST_TAGS, PAGE, Page, Product, Resource,
};
use crate::aws::door::Nothing;
use crate::aws::facts::Reader;
use crate::aws::{AwsError, keys};
use crate::control::Context;
use crate::control::owner::owner;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Security Hub CSPM in a region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// How it is set up; nothing while it is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub: Option<Hub>,
    /// Whether Security Hub, the newer service of nearly the same name, is on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub v2: bool,
    /// The account that administers it for this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub administrator: Option<String>,
    /// The stack that manages it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The standards that are on, as their ARNs end.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub standards: BTreeMap<String, Standing>,
    /// The declared standards that the region does not offer.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub not_offered: BTreeSet<String>,
    /// The controls of the declared standards that are off somewhere, or declared to be.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub controls: BTreeMap<String, Switched>,
    /// The parameters of controls that are not AWS's defaults.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub customized: BTreeMap<String, BTreeSet<String>>,
    /// Whether the findings of the declared products are taken in; a product that the region does
    /// not offer is missing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub products: BTreeMap<String, bool>,
    /// The automation rules that keep findings from being seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Where findings come together; only read in the home region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregator: Option<Aggregated>,
}

/// How the hub is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hub {
    pub auto_enable_controls: bool,
    /// In AWS's word.
    pub finding_generator: Option<String>,
}

/// How a standard stands, in AWS's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    pub status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Standing {
    /// Whether it is on its way out.
    pub fn is_going(&self) -> bool {
        self.status == "DELETING"
    }
}

/// In which of the declared standards a control is on, and in which off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switched {
    pub title: String,
    pub severity: String,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub on: BTreeSet<String>,
    /// By standard, with the reason that was given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub off: BTreeMap<String, Option<String>>,
}

/// Where findings come together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregated {
    pub arn: String,
    /// Missing for one whose home is another region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linking: Option<Linking>,
}

/// The one standard whose ARN is of no region. Source: Security Hub User Guide, "CIS AWS Foundations
/// Benchmark".
const CIS_OLD: &str = "cis-aws-foundations-benchmark/v/1.2.0";

/// The ARN of a standard.
pub fn standard_arn(partition: &str, region: &str, path: &str) -> String {
    match path {
        CIS_OLD => format!("arn:{partition}:securityhub:::ruleset/{path}"),
        _ => format!("arn:{partition}:securityhub:{region}::standards/{path}"),
    }
}

/// The end of a standard's ARN, by which it is the same in every region.
fn path_of(arn: &str) -> &str {
    let rest = arn.rsplit("::").next().unwrap_or(arn);
    rest.split_once('/').map_or(rest, |(_, path)| path)
}

/// The end of the ARN of a product, or of its subscription.
fn product_of(arn: &str) -> &str {
    arn.split_once('/').map_or(arn, |(_, name)| name)
}

/// Whether an error says that Security Hub is off. The same code is answered for other reasons too.
fn is_off(error: &AwsError) -> bool {
    let says = error.message.contains("not subscribed to AWS Security Hub");
    error.is("ResourceNotFoundException") || (error.is("InvalidAccessException") && says)
}

/// Where is read, and by whom.
#[derive(Clone, Copy)]
struct Asked<'a> {
    settings: &'a Settings,
    region: &'a str,
    partition: &'a str,
    reader: &'a Reader,
}

/// Reads a region; what the hub checks only while it is on.
pub async fn read(
    settings: &Settings,
    region: &str,
    context: &Context,
    reader: &Reader,
) -> Result<Live, AwsError> {
    let asked = Asked { settings, region, partition: &context.partition, reader };
    let (hub, v2) = tokio::join!(asked.hub(), asked.v2());
    let (hub, v2) = (hub?, v2?);
    let Some(found) = hub else {
        return Ok(Live { v2, ..Live::default() });
    };
    let is_home = region == context.home_region && settings.aggregation.is_some();
    let (standards, administrator, owner, enabled, aggregator, definitions) = tokio::try_join!(
        asked.standards(),
        asked.administrator(),
        asked.owner(&found.hub_arn),
        asked.products_on(),
        asked.aggregator(is_home),
        asked.definitions(),
    )?;
    let is_on = |path: &str| standards.get(path).is_some_and(|own| !own.is_going());
    let definitions: Vec<_> = definitions.into_iter().filter(|(path, _)| is_on(path)).collect();
    let is_missing = settings.standards().any(|path| !is_on(path));
    let (not_offered, controls, customized, products, rules) = tokio::try_join!(
        asked.not_offered(is_missing),
        asked.controls(&definitions),
        asked.customized(&definitions),
        asked.products(&enabled),
        rules::read(settings, administrator.is_none(), region, reader),
    )?;
    Ok(Live {
        hub: Some(Hub {
            auto_enable_controls: found.auto_enable_controls == Some(true),
            finding_generator: found.control_finding_generator,
        }),
        v2,
        administrator,
        owner,
        standards,
        not_offered,
        controls,
        customized,
        products,
        rules,
        aggregator,
    })
}

impl Asked<'_> {
    async fn hub(self) -> Result<Option<HubFound>, AwsError> {
        match DESCRIBE_HUB.ask(&self.reader.clients, self.region, &Nothing {}).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if is_off(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the newer service is on; a region that does not know it does not have it.
    async fn v2(self) -> Result<bool, AwsError> {
        match DESCRIBE_V2.ask(&self.reader.clients, self.region, &Nothing {}).await {
            Ok(found) => Ok(found.arn.is_some()),
            Err(error) if error.is("ResourceNotFoundException") => Ok(false),
            Err(error) if error.is("UnknownOperationException") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Those of AWS: checks of other clouds are none of the account's.
    async fn standards(self) -> Result<BTreeMap<String, Standing>, AwsError> {
        let input = Page { max_results: PAGE };
        let pages = GET_STANDARDS.pages(&self.reader.clients, self.region, &input).await?;
        let found = pages.into_iter().flat_map(|page| page.standards_subscriptions);
        let standards = found.map(|own| {
            let reason = own.standards_status_reason.map(|reason| reason.status_reason_code);
            let standing = Standing { status: own.standards_status, reason };
            (path_of(&own.standards_arn).to_owned(), standing)
        });
        Ok(standards.collect())
    }

    /// An invitation that nobody accepted, or that is over, administers nothing.
    async fn administrator(self) -> Result<Option<String>, AwsError> {
        let found = GET_ADMINISTRATOR.ask(&self.reader.clients, self.region, &Nothing {}).await?;
        let administrator = found.administrator.filter(|own| {
            let status = own.member_status.as_deref().unwrap_or("Enabled");
            status.eq_ignore_ascii_case("Enabled")
        });
        let account = administrator.and_then(|own| own.account_id);
        Ok(account.filter(|own| *own != self.reader.caller.account))
    }

    async fn owner(self, hub: &str) -> Result<Option<String>, AwsError> {
        let input = Resource { resource_arn: hub.to_owned() };
        let found = LIST_TAGS.ask(&self.reader.clients, self.region, &input).await?;
        Ok(owner("", &found.tags))
    }

    async fn not_offered(self, is_missing: bool) -> Result<BTreeSet<String>, AwsError> {
        if !is_missing {
            return Ok(BTreeSet::new());
        }
        let input = Page { max_results: PAGE };
        let pages = DESCRIBE_STANDARDS.pages(&self.reader.clients, self.region, &input).await?;
        let found = pages.into_iter().flat_map(|page| page.standards);
        let arns: Vec<String> = found.filter_map(|own| own.standards_arn).collect();
        let is_offered = |path: &str| arns.iter().any(|arn| path_of(arn) == path);
        let missing = self.settings.standards().filter(|path| !is_offered(path));
        Ok(missing.map(str::to_owned).collect())
    }

    /// The controls of each declared standard.
    async fn definitions(self) -> Result<Vec<(String, Vec<Definition>)>, AwsError> {
        if !self.settings.looks_at_controls() {
            return Ok(Vec::new());
        }
        try_join_all(self.settings.standards().map(|path| self.definitions_of(path))).await
    }

    async fn definitions_of(self, path: &str) -> Result<(String, Vec<Definition>), AwsError> {
        let standards_arn = standard_arn(self.partition, self.region, path);
        let input = DefinitionsAsked { standards_arn, max_results: PAGE };
        let pages = LIST_DEFINITIONS.pages(&self.reader.clients, self.region, &input).await?;
        let all = pages.into_iter().flat_map(|page| page.security_control_definitions);
        let here = all.filter(|own| own.current_region_availability != "UNAVAILABLE");
        Ok((path.to_owned(), here.collect()))
    }

    /// The controls that are off in one of the standards, and those that are declared to be.
    async fn controls(
        self,
        definitions: &[(String, Vec<Definition>)],
    ) -> Result<BTreeMap<String, Switched>, AwsError> {
        if self.settings.disabled_controls.is_none() {
            return Ok(BTreeMap::new());
        }
        let pairs = definitions.iter().flat_map(|(path, own)| {
            let standards_arn = standard_arn(self.partition, self.region, path);
            own.iter().map(move |own| AssociationId {
                security_control_id: own.security_control_id.clone(),
                standards_arn: standards_arn.clone(),
            })
        });
        let pairs: Vec<AssociationId> = pairs.collect();
        let batches = pairs.chunks(PAGE as usize).map(|batch| self.associations(batch));
        let mut controls: BTreeMap<String, Switched> = BTreeMap::new();
        for own in try_join_all(batches).await?.into_iter().flatten() {
            let control = controls.entry(own.security_control_id).or_default();
            let path = path_of(&own.standards_arn).to_owned();
            match own.association_status.as_str() {
                "ENABLED" => drop(control.on.insert(path)),
                _ => drop(control.off.insert(path, own.updated_reason)),
            }
        }
        let all = definitions.iter().flat_map(|(_, own)| own);
        let by_id: BTreeMap<_, _> =
            all.map(|own| (own.security_control_id.as_str(), own)).collect();
        controls.retain(|id, own| !own.off.is_empty() || self.settings.reason(id).is_some());
        for (id, control) in &mut controls {
            if let Some(definition) = by_id.get(id.as_str()) {
                control.title = definition.title.clone();
                control.severity = definition.severity_rating.clone();
            }
        }
        Ok(controls)
    }

    /// What of a batch is answered; that a pair does not exist is no failure to see it.
    async fn associations(
        self,
        pairs: &[AssociationId],
    ) -> Result<Vec<super::wire::Association>, AwsError> {
        let input = AssociationsAsked { standards_control_association_ids: pairs.to_vec() };
        let found = GET_ASSOCIATIONS.ask(&self.reader.clients, self.region, &input).await?;
        let is_absent = |code: &str| matches!(code, "NOT_FOUND" | "RESOURCE_NOT_FOUND");
        match found.unprocessed_associations.iter().find(|own| !is_absent(&own.error_code)) {
            None => Ok(found.standards_control_association_details),
            Some(unseen) => {
                let text = format!("a control could not be read: {}", unseen.error_code);
                Err(AwsError::unexpected(&GET_ASSOCIATIONS.operation, self.region, &text))
            }
        }
    }

    async fn customized(
        self,
        definitions: &[(String, Vec<Definition>)],
    ) -> Result<BTreeMap<String, BTreeSet<String>>, AwsError> {
        if self.settings.custom_parameters.is_none() {
            return Ok(BTreeMap::new());
        }
        let can_be = |own: &&Definition| {
            own.customizable_properties.as_ref().is_some_and(|own| !own.is_empty())
        };
        let all = definitions.iter().flat_map(|(_, own)| own).filter(can_be);
        let ids: BTreeSet<String> = all.map(|own| own.security_control_id.clone()).collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let batches = ids.chunks(PAGE as usize).map(async |batch| {
            let input = ControlsAsked { security_control_ids: batch.to_vec() };
            GET_CONTROLS.ask(&self.reader.clients, self.region, &input).await
        });
        let found = try_join_all(batches).await?.into_iter().flat_map(|own| own.security_controls);
        let customized = found.map(|own| {
            let parameters = own.parameters.unwrap_or_default().into_iter();
            let custom = parameters.filter(|(_, own)| own.value_type != "DEFAULT");
            (own.security_control_id, custom.map(|(name, _)| name).collect())
        });
        Ok(customized.filter(|(_, own): &(_, BTreeSet<_>)| !own.is_empty()).collect())
    }

    /// The products whose findings are taken in.
    async fn products_on(self) -> Result<BTreeSet<String>, AwsError> {
        if self.settings.products.is_none() {
            return Ok(BTreeSet::new());
        }
        let input = Page { max_results: PAGE };
        let pages = LIST_PRODUCTS.pages(&self.reader.clients, self.region, &input).await?;
        let found = pages.into_iter().flat_map(|page| page.product_subscriptions);
        Ok(found.map(|arn| product_of(&arn).to_owned()).collect())
    }

    /// The declared products that are taken in or could be.
    async fn products(
        self,
        enabled: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, bool>, AwsError> {
        let declared = self.settings.products.iter().flatten();
        let products = declared.map(async |name| {
            if enabled.contains(name) {
                return Ok(Some((name.clone(), true)));
            }
            let is_offered = self.offers(name).await?;
            Ok::<_, AwsError>(is_offered.then(|| (name.clone(), false)))
        });
        Ok(try_join_all(products).await?.into_iter().flatten().collect())
    }

    async fn offers(self, product: &str) -> Result<bool, AwsError> {
        let input = Product { product_arn: product_arn(self.partition, self.region, product) };
        match DESCRIBE_PRODUCT.ask(&self.reader.clients, self.region, &input).await {
            Ok(found) => Ok(found.products.iter().any(|own| own.product_arn == input.product_arn)),
            // A product that no region knows.
            Err(error) if error.is("InvalidInputException") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Every region names the one aggregator; its home alone says more.
    async fn aggregator(self, is_asked: bool) -> Result<Option<Aggregated>, AwsError> {
        if !is_asked {
            return Ok(None);
        }
        let clients = &self.reader.clients;
        let pages = LIST_AGGREGATORS.pages(clients, self.region, &Nothing {}).await?;
        let found = pages.into_iter().flat_map(|page| page.finding_aggregators).next();
        let Some(arn) = found.map(|own| own.finding_aggregator_arn) else {
            return Ok(None);
        };
        if keys::region(&arn) != Some(self.region) {
            return Ok(Some(Aggregated { arn, linking: None }));
        }
        let input = Aggregator { finding_aggregator_arn: arn.clone() };
        let found = GET_AGGREGATOR.ask(clients, self.region, &input).await?;
        let mode = found.region_linking_mode.unwrap_or_default();
        let regions = found.regions.into_iter().collect();
        Ok(Some(Aggregated { arn, linking: Some(Linking { mode, regions }) }))
    }
}

/// The ARN of a product.
pub fn product_arn(partition: &str, region: &str, product: &str) -> String {
    format!("arn:{partition}:securityhub:{region}::product/{product}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standards_and_products_are_known_by_the_ends_of_their_arns() {
        for path in [CIS_OLD, "pci-dss/v/4.0.1"] {
            assert_eq!(path_of(&standard_arn("aws", "eu-west-1", path)), path);
        }
        let arn = product_arn("aws", "eu-west-1", "aws/guardduty");
        assert_eq!(product_of(&arn), "aws/guardduty");
        let subscribed =
            "arn:aws:securityhub:eu-west-1:111122223333:product-subscription/aws/macie";
        assert_eq!(product_of(subscribed), "aws/macie");
    }
}
