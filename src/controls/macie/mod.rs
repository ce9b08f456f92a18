//! Amazon Macie: a session that runs in every region, looks for sensitive data and tells what it finds.
//!
//! It costs money for every bucket and is off unless the baseline has its table. What an administrator
//! account decides is compared and left to it.

mod live;
mod settings;
mod steps;
#[cfg(test)]
mod tests;
mod wanted;
mod wire;

use crate::aws::AwsError;
use crate::aws::facts::Reader;
use crate::aws::keys::{self, DESCRIBE_KEY};
use crate::control::{
    About, Announcement, At, Context, Control, Cost, Delivers, Delivery, Exporter, Past, Places,
    Reference, Remarks, Steps,
};
use crate::controls::exports::Target;
use crate::place::Place;
use crate::s3;
use crate::settings::Takes;
use futures_util::future::BoxFuture;
use live::{Live, Publication};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use settings::Settings;
use std::sync::Arc;
use wire::{
    ENABLE, GET_ADMINISTRATOR, GET_DISCOVERY, GET_EXPORT, GET_FILTER, GET_PUBLICATION, GET_SCOPE,
    GET_SESSION, GET_TEMPLATE, LIST_ALLOW_LISTS, LIST_FILTERS, SET_DISCOVERY, SET_EXPORT,
    SET_PUBLICATION, UPDATE,
};

/// The control.
pub struct Macie;

/// What calls change of a session; what a paused one has is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Whether it runs; nothing where there is no session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    publishing_frequency: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    automated_discovery: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    publication: Option<Publication>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    export: Option<Target>,
}

impl Control for Macie {
    type Settings = Settings;
    type Live = Live;
    type State = State;

    const ABOUT: About = About {
        name: "macie",
        title: "Macie finds sensitive data in buckets, and buckets that are open",
        why: "Nobody knows what lies in all the buckets. Macie looks into samples of them for keys, cards \
              and personal data, and tells when a bucket becomes public or loses its encryption.",
        places: Places::REGIONS,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::cis7("3.1.3", "sensitive data in S3 is found"),
            Reference::fsbp("Macie.1", "Macie runs"),
            Reference::fsbp("Macie.2", "automated discovery is on"),
            Reference::nist_csf("Identify", "sensitive data is known"),
            Reference::well_architected("SEC 7", "data is classified"),
        ],
        cost: Cost::Paid(
            "30 days free in each region; then 0.10 USD a month for each bucket, and with automated \
             discovery 1 USD per GB of samples and 0.01 per 100,000 objects",
        ),
        operations: &[
            GET_SESSION.operation,
            GET_ADMINISTRATOR.operation,
            GET_DISCOVERY.operation,
            GET_EXPORT.operation,
            GET_PUBLICATION.operation,
            LIST_FILTERS.operation,
            GET_FILTER.operation,
            LIST_ALLOW_LISTS.operation,
            GET_SCOPE.operation,
            GET_TEMPLATE.operation,
            s3::LIST_BUCKETS,
            DESCRIBE_KEY.operation,
            ENABLE.operation,
            UPDATE.operation,
            SET_DISCOVERY.operation,
            SET_EXPORT.operation,
            SET_PUBLICATION.operation,
        ],
    };

    fn state(live: &Live) -> State {
        let (session, details) = (live.session.as_ref(), live.details.as_ref());
        State {
            enabled: session.map(|own| own.running),
            publishing_frequency: session.and_then(|own| own.publishing_frequency.clone()),
            automated_discovery: details.map(|own| own.discovery),
            publication: details.map(|own| own.publication),
            export: details.and_then(|own| own.export.as_ref()).map(|own| own.target.clone()),
        }
    }

    /// What is published, under the names of the keys.
    fn shown(state: &State) -> Value {
        let publication = state.publication;
        json!({
            "enabled": state.enabled,
            "publishing_frequency": state.publishing_frequency,
            "automated_discovery": state.automated_discovery,
            "publish_policy_findings": publication.map(|own| own.policy_findings),
            "publish_sensitive_data_findings": publication.map(|own| own.sensitive_data_findings),
            "export": state.export,
        })
    }

    async fn read(
        settings: &Settings,
        place: &Place,
        context: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        let region = place.region.as_deref().unwrap_or_default();
        live::read(settings, region, context, reader).await
    }

    fn announces(settings: &Arc<Settings>, _: &Context) -> Vec<Announcement> {
        match settings.export.is_some() {
            true => vec![Announcement::Delivers(settings.clone())],
            false => Vec::new(),
        }
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
        wanted::wanted(settings, live, at, say)
    }

    fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
        steps::steps(from, to, at)
    }

    /// The export of another place than before.
    fn looser(from: &State, to: &State) -> Vec<String> {
        match from.export.is_some() && to.export.is_none() {
            true => vec!["export".to_owned()],
            false => Vec::new(),
        }
    }

    /// A session that the run began is paused and stays: to disable it deletes its findings.
    fn restored(_: &Settings, past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> State {
        let now = Self::state(&past.live);
        if let Some(account) = &past.live.administrator {
            say.left_to(format!("Macie administrator {account}"));
        }
        if now.enabled.is_none() {
            say.note("Macie is off here since");
            return now;
        }
        if past.before.session.is_none() {
            say.finding(
                "enabled",
                "the run enabled Macie; it is not disabled",
                format!(
                    "if nobody needs it and what it found: aws macie2 disable-macie --region {}",
                    at.region()
                ),
            );
            let left_running = past.after.session.as_ref().is_some_and(|own| own.running);
            let enabled = now.enabled.map(|on| on && !left_running);
            return State { enabled, ..now };
        }
        let back = say.put_back(&past.map(Self::state));
        State {
            // What a paused session had is not known.
            automated_discovery: back.automated_discovery.or(now.automated_discovery),
            publication: back.publication.or(now.publication),
            ..back
        }
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        settings.unused()
    }

    fn names(settings: &Settings, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        let named = settings.export.as_ref().and_then(|export| keys::owner(&export.kms_key));
        let accounts = [Some(context.account.as_str()), named];
        let accounts = accounts.into_iter().flatten().map(str::to_owned);
        vec![("key_account", accounts.collect())]
    }
}

impl Delivers for Settings {
    fn deliveries<'a>(
        &'a self,
        context: &'a Context,
        _: &'a Reader,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, AwsError>> {
        let delivery =
            self.export.as_ref().and_then(|export| export.delivery(Exporter::Macie, context));
        Box::pin(async move { Ok(delivery.into_iter().collect()) })
    }

    /// Source: Macie User Guide, "Storing and retaining sensitive data discovery results".
    fn stopped_by_object_lock(&self, bucket: &str, context: &Context) -> Option<&'static str> {
        let export = self.export.as_ref()?;
        let own = export.bucket(&context.home_region, context);
        (own.as_deref() == Some(bucket)).then_some("Macie")
    }
}

impl Settings {
    /// The operations that these settings never use.
    fn unused(&self) -> Vec<&'static str> {
        let mut unused = Vec::new();
        let never = [
            (self.filters.is_none(), &[LIST_FILTERS.operation.name, GET_FILTER.operation.name][..]),
            (self.allow_lists.is_none(), &[LIST_ALLOW_LISTS.operation.name]),
            (self.excluded_buckets.is_none(), &[GET_SCOPE.operation.name]),
            (self.excluded_identifiers.is_none(), &[GET_TEMPLATE.operation.name]),
            (self.export.is_none(), &[DESCRIBE_KEY.operation.name, SET_EXPORT.operation.name]),
            (*self.enabled != Some(true), &[ENABLE.operation.name]),
        ];
        for (is_never, names) in never {
            unused.extend(names.iter().filter(|_| is_never));
        }
        unused
    }
}
