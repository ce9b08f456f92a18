//! What is asked of a region: its rules, and what belongs to those that are asked for.

use super::aggregator::{AggregatorFound, DESCRIBE_AGGREGATORS, DESCRIBE_SOURCES, SourcesAsked};
use super::choice::choose;
use super::conformance::{DESCRIBE_PACK_STATUS, DESCRIBE_PACKS, PackFound};
use super::live::{Region, RepairFound, Rules};
use super::repair::Document;
use super::rule::Found;
use super::settings::Settings;
use super::wanted;
use super::wire::{
    DESCRIBE_DOCUMENT, DESCRIBE_EVALUATIONS, DESCRIBE_EXCEPTIONS, DESCRIBE_EXECUTIONS,
    DESCRIBE_REPAIRS, DESCRIBE_RULES, DocumentName, Evaluation, ExceptionsOfRule, Execution,
    LIST_RULE_TAGS, OfRule, ResourceArn, RuleNames,
};
use crate::aws::door::Nothing;
use crate::aws::facts::Reader;
use crate::aws::tags::Tag;
use crate::aws::{AwsError, pages};
use crate::control::owner::owner;
use crate::control::{At, Context, Remarks};
use crate::controls::config::Recorded;
use crate::place::Place;
use futures_util::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};

/// How many names one request takes. Source: the model of AWS Config.
const NAMES: usize = 25;

/// How many exceptions are asked for at once: the most that AWS takes.
const EXCEPTIONS: u32 = 100;

/// A region, and who reads it for a table.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    pub settings: &'a Settings,
    pub place: &'a Place,
    pub region: &'a str,
    pub context: &'a Context,
    pub reader: &'a Reader,
}

impl Look<'_> {
    /// Reads the region.
    pub async fn read(self) -> Result<Region, AwsError> {
        let (recorder, rules, documents, conformance_packs, aggregators) = tokio::try_join!(
            Recorded::read(self.reader, self.region),
            self.rules(),
            self.documents(),
            self.packs(),
            self.aggregators(),
        )?;
        let seen = Region {
            recorder,
            rules,
            documents,
            conformance_packs,
            aggregators,
            ..Region::default()
        };
        let wishes = self.settings.wishes(self.region, self.context);
        let chosen = wishes.iter().filter_map(|(name, wish)| {
            let name = choose(name, wish, &seen).name()?.to_owned();
            seen.rules.contains_key(&name).then_some((name, wish))
        });
        let chosen: BTreeMap<String, _> = chosen.collect();
        let repaired = chosen.iter().filter(|(_, wish)| wish.repair.is_some());
        let repaired: Vec<&String> = repaired.map(|(name, _)| name).collect();
        let (repairs, failures, exceptions, failed_repairs) = tokio::try_join!(
            self.repairs(&seen),
            self.failures(chosen.keys()),
            self.exceptions(&repaired),
            self.failed_repairs(&repaired),
        )?;
        let seen = Region { repairs, failures, exceptions, failed_repairs, ..seen };
        self.with_managers(seen).await
    }

    async fn rules(self) -> Result<BTreeMap<String, Found>, AwsError> {
        let pages = DESCRIBE_RULES.pages(&self.reader.clients, self.region, &Nothing {}).await?;
        Ok(pages.into_iter().flat_map(|page| page.config_rules).map(Found::read).collect())
    }

    /// The documents that repairs are to run.
    async fn documents(self) -> Result<BTreeMap<String, Option<Document>>, AwsError> {
        let repairs = self.settings.repairs();
        let names: BTreeSet<&str> =
            repairs.filter_map(|(identifier, own)| own.document(identifier)).collect();
        let each = names.into_iter().map(async |name| {
            let input = DocumentName { name: name.to_owned() };
            let answer = DESCRIBE_DOCUMENT.ask(&self.reader.clients, self.region, &input).await;
            match answer {
                Ok(found) => Ok((name.to_owned(), Some(found.document.into()))),
                Err(error) if error.is("InvalidDocument") => Ok((name.to_owned(), None)),
                Err(error) => Err(error),
            }
        });
        Ok(try_join_all(each).await?.into_iter().collect())
    }

    async fn packs(self) -> Result<BTreeMap<String, PackFound>, AwsError> {
        if self.settings.conformance_packs.is_none() {
            return Ok(BTreeMap::new());
        }
        let (clients, region) = (&self.reader.clients, self.region);
        let (packs, statuses) = tokio::try_join!(
            DESCRIBE_PACKS.pages(clients, region, &Nothing {}),
            DESCRIBE_PACK_STATUS.pages(clients, region, &Nothing {}),
        )?;
        let statuses: Vec<_> =
            statuses.into_iter().flat_map(|page| page.conformance_pack_status_details).collect();
        let packs = packs.into_iter().flat_map(|page| page.conformance_pack_details);
        let found = packs.map(|wire| {
            let mut statuses = statuses.iter();
            let status =
                statuses.find(|own| own.conformance_pack_name == wire.conformance_pack_name);
            PackFound::read(wire, status)
        });
        Ok(found.collect())
    }

    /// The aggregators of the home region, if one is asked for.
    async fn aggregators(self) -> Result<Option<BTreeMap<String, AggregatorFound>>, AwsError> {
        if *self.settings.aggregator != Some(true) || self.region != self.context.home_region {
            return Ok(None);
        }
        let clients = &self.reader.clients;
        let pages = DESCRIBE_AGGREGATORS.pages(clients, self.region, &Nothing {}).await?;
        let found = pages.into_iter().flat_map(|page| page.configuration_aggregators);
        let mut found: BTreeMap<String, AggregatorFound> =
            found.map(AggregatorFound::read).collect();
        let account = &self.context.account;
        if let Some((name, own)) = found.iter_mut().find(|(_, own)| own.covers(account)) {
            own.failing = self.failing(name).await?;
        }
        Ok(Some(found))
    }

    /// The regions of this account from which an aggregator gets nothing.
    async fn failing(self, name: &str) -> Result<BTreeMap<String, String>, AwsError> {
        let input = SourcesAsked {
            configuration_aggregator_name: name.to_owned(),
            update_status: vec!["FAILED".to_owned()],
        };
        let pages = DESCRIBE_SOURCES.pages(&self.reader.clients, self.region, &input).await?;
        let sources = pages.into_iter().flat_map(|page| page.aggregated_source_status_list);
        let own = sources.filter(|own| own.source_id.as_ref() == Some(&self.context.account));
        Ok(own
            .filter_map(|own| {
                let code = own.last_error_code.unwrap_or_else(|| "AWS does not say why".to_owned());
                Some((own.aws_region?, code))
            })
            .collect())
    }

    /// The repairs of all rules of the account's own.
    async fn repairs(self, seen: &Region) -> Result<BTreeMap<String, RepairFound>, AwsError> {
        let own = seen.rules.iter().filter(|(name, found)| found.is_own(name));
        let names: Vec<String> = own.map(|(name, _)| name.clone()).collect();
        let each = names.chunks(NAMES).map(async |names| {
            let input = RuleNames { config_rule_names: names.to_vec() };
            DESCRIBE_REPAIRS.ask(&self.reader.clients, self.region, &input).await
        });
        let found = try_join_all(each).await?.into_iter();
        let found = found.flat_map(|page| page.remediation_configurations).map(|wire| {
            let (rule, service) = (wire.config_rule_name.clone(), wire.created_by_service.clone());
            (rule, RepairFound { repair: wire.into(), service })
        });
        Ok(found.collect())
    }

    /// What went wrong when the rules that are asked for were evaluated last.
    async fn failures(
        self,
        names: impl Iterator<Item = &String>,
    ) -> Result<BTreeMap<String, String>, AwsError> {
        let names: Vec<String> = names.cloned().collect();
        let each = names.chunks(NAMES).map(async |names| {
            let input = RuleNames { config_rule_names: names.to_vec() };
            DESCRIBE_EVALUATIONS.pages(&self.reader.clients, self.region, &input).await
        });
        let found = try_join_all(each).await?.into_iter().flatten();
        let found = found.flat_map(|page| page.config_rules_evaluation_status);
        Ok(found.filter_map(|own| Some((own.config_rule_name.clone()?, own.failure()?))).collect())
    }

    async fn exceptions(
        self,
        rules: &[&String],
    ) -> Result<BTreeMap<String, BTreeMap<String, String>>, AwsError> {
        let each = rules.iter().map(async |rule| {
            let page = async |next_token| {
                let config_rule_name = (*rule).clone();
                let input = ExceptionsOfRule { config_rule_name, limit: EXCEPTIONS, next_token };
                let asked = DESCRIBE_EXCEPTIONS.ask(&self.reader.clients, self.region, &input);
                let found = asked.await?;
                Ok((found.remediation_exceptions, found.next_token))
            };
            let found = pages(page).await?.into_iter();
            let found = found.map(|own| (own.resource_id, own.message.unwrap_or_default()));
            Ok::<_, AwsError>(((*rule).clone(), found.collect()))
        });
        Ok(filled(try_join_all(each).await?))
    }

    /// The resources whose last repair failed, of the first page of them.
    async fn failed_repairs(
        self,
        rules: &[&String],
    ) -> Result<BTreeMap<String, BTreeMap<String, String>>, AwsError> {
        let each = rules.iter().map(async |rule| {
            let input = OfRule { config_rule_name: (*rule).clone() };
            let asked =
                DESCRIBE_EXECUTIONS.first_pages(&self.reader.clients, self.region, &input, 1);
            let pages = match asked.await {
                Ok((pages, _)) => pages,
                Err(error) if error.is("NoSuchRemediationConfigurationException") => Vec::new(),
                Err(error) => return Err(error),
            };
            let found = pages.into_iter().flat_map(|page| page.remediation_execution_statuses);
            Ok(((*rule).clone(), found.filter_map(Execution::failure).collect()))
        });
        Ok(filled(try_join_all(each).await?))
    }

    /// Who else manages the rules that would be changed.
    async fn with_managers(self, mut seen: Region) -> Result<Region, AwsError> {
        let at = At { place: self.place, context: self.context };
        let (now, to) =
            (Rules::of(&seen), wanted::wanted(self.settings, &seen, at, &mut Remarks::default()));
        let changed = seen.rules.iter().filter(|(name, _)| {
            now.rules.get(*name) != to.rules.get(*name)
                || now.repairs.get(*name) != to.repairs.get(*name)
        });
        let arns: Vec<(String, String)> =
            changed.map(|(name, found)| (name.clone(), found.arn.clone())).collect();
        let each = arns.into_iter().map(async |(name, arn)| {
            let input = ResourceArn { resource_arn: arn };
            let pages = LIST_RULE_TAGS.pages(&self.reader.clients, self.region, &input).await?;
            let tags = Tag::table(pages.into_iter().flat_map(|page| page.tags));
            Ok::<_, AwsError>((owner(&name, &tags), name))
        });
        for (manager, name) in try_join_all(each).await? {
            if let Some(found) = seen.rules.get_mut(&name) {
                found.manager = manager;
            }
        }
        Ok(seen)
    }
}

/// Without those that have nothing.
fn filled<T>(all: Vec<(String, BTreeMap<String, T>)>) -> BTreeMap<String, BTreeMap<String, T>> {
    all.into_iter().filter(|(_, own)| !own.is_empty()).collect()
}

impl Evaluation {
    /// What went wrong, where the last evaluation failed.
    fn failure(&self) -> Option<String> {
        let later = |one: Option<f64>, other: Option<f64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (one, other) => one.or(other),
        };
        let failed = later(self.last_failed_evaluation_time, self.last_failed_invocation_time)?;
        let good =
            later(self.last_successful_evaluation_time, self.last_successful_invocation_time);
        if good.is_some_and(|good| good >= failed) {
            return None;
        }
        let code = self.last_error_code.as_deref().unwrap_or("AWS does not say why");
        Some(match &self.last_error_message {
            Some(message) => format!("{code}: {message}"),
            None => code.to_owned(),
        })
    }
}

impl Execution {
    /// The resource and what went wrong, where its repair failed.
    fn failure(self) -> Option<(String, String)> {
        let resource = self.resource_key.filter(|_| self.state.as_deref() == Some("FAILED"))?;
        let mut steps = self.step_details.into_iter();
        let why = steps.find_map(|step| step.error_message).unwrap_or_default();
        Some((resource.resource_id, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn failure(status: Value) -> Option<String> {
        serde_json::from_value::<Evaluation>(status).expect("a status").failure()
    }

    #[test]
    fn a_rule_fails_when_it_failed_last() {
        let code = "LastErrorCode";
        assert_eq!(failure(json!({})), None);
        assert_eq!(failure(json!({"LastSuccessfulEvaluationTime": 2.0})), None);
        let failed = json!({code: "AccessDenied", "LastFailedEvaluationTime": 3.0, "LastSuccessfulEvaluationTime": 2.0});
        assert_eq!(failure(failed).as_deref(), Some("AccessDenied"));
        let mended = json!({code: "AccessDenied", "LastFailedEvaluationTime": 3.0, "LastSuccessfulEvaluationTime": 4.0});
        assert_eq!(failure(mended), None);
        assert!(failure(json!({"LastFailedInvocationTime": 1.5})).is_some());
    }
}
