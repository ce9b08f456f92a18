//! Operations with the types of their input and answer, and calls of them as values.

use super::answer::Answer;
use super::request::Wire;
use crate::aws::operation::{AnyWrite, Grant, Operation, Receipt};
use crate::aws::services::Service;
use crate::aws::{AwsError, Clients, Propagation};
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::any::Any;
use std::fmt::Debug;
use std::marker::PhantomData;

/// An operation that goes through the door. Its input is serialised as it is sent, by AWS's own
/// member names; members that are `None` are neither shown nor sent.
#[derive(Debug)]
pub struct Typed<I = Nothing, O = Nothing> {
    /// The operation without its types.
    pub operation: Operation,
    /// See [`AnyWrite::propagating`].
    propagating: &'static [Propagation],
    types: PhantomData<fn(I) -> O>,
}

/// An operation that is allowed by the action of its name, on whatever exists.
#[macro_export]
macro_rules! typed {
    ($service:ident, $prefix:literal, $name:literal) => {
        $crate::aws::door::Typed::new(
            &$service,
            $name,
            &[$crate::aws::Grant::any(concat!($prefix, ":", $name))],
        )
    };
}

/// An input without members, or an answer of which nothing matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

impl<I, O> Typed<I, O>
where
    I: Serialize + DeserializeOwned,
    O: DeserializeOwned,
{
    /// An operation of a JSON or Query service, where the name says everything.
    pub const fn new(
        service: &'static Service,
        name: &'static str,
        grants: &'static [Grant],
    ) -> Self {
        Self::rest(service, name, "POST /", grants)
    }

    /// An operation of a REST service: `METHOD /path/{Member}?key={Member}`.
    pub const fn rest(
        service: &'static Service,
        name: &'static str,
        http: &'static str,
        grants: &'static [Grant],
    ) -> Self {
        let wire = Wire {
            http,
            names: &[],
            token: None,
            once: false,
            next: None,
            already: &[],
            already_when: None,
            failing: None,
            #[cfg(test)]
            types: super::probe::types::<I, O>,
        };
        Self {
            operation: Operation { service: service.name, name, grants, wire: Some(wire) },
            propagating: &[],
            types: PhantomData,
        }
    }

    /// With names on the wire that differ from the members' own; see [`Wire::names`].
    pub const fn named(mut self, names: &'static [(&'static str, &'static str)]) -> Self {
        if let Some(wire) = &mut self.operation.wire {
            wire.names = names;
        }
        self
    }

    /// With the member that makes a repeated request the same one; the door fills it in.
    pub const fn token(mut self, member: &'static str) -> Self {
        if let Some(wire) = &mut self.operation.wire {
            wire.token = Some(member);
        }
        self
    }

    /// Sent once, whatever becomes of it; see [`Wire::once`].
    pub const fn once(mut self) -> Self {
        if let Some(wire) = &mut self.operation.wire {
            wire.once = true;
        }
        self
    }

    /// With the members by which the next page is asked for, and named in the answer.
    pub const fn paged(mut self, asked: &'static str, named: &'static str) -> Self {
        if let Some(wire) = &mut self.operation.wire {
            wire.next = Some((asked, named));
        }
        self
    }

    /// With the error codes of a write that mean that its wish is already true.
    pub const fn already(mut self, codes: &'static [&'static str]) -> Self {
        if let Some(wire) = &mut self.operation.wire {
            wire.already = codes;
        }
        self
    }

    /// With an error code that means the same where the message holds a text.
    pub const fn already_when(mut self, code: &'static str, text: &'static str) -> Self {
        if let Some(wire) = &mut self.operation.wire {
            wire.already_when = Some((code, text));
        }
        self
    }

    /// With the list of the answer that names what was refused although the request was a success.
    pub const fn failing(mut self, member: &'static str) -> Self {
        if let Some(wire) = &mut self.operation.wire {
            wire.failing = Some(member);
        }
        self
    }

    /// With the error codes that mean that something just written has not spread yet.
    pub const fn propagating(mut self, codes: &'static [Propagation]) -> Self {
        self.propagating = codes;
        self
    }

    /// Asks, and reads the answer.
    ///
    /// # Errors
    /// What AWS or the way to it answered, or an answer of another form.
    pub async fn ask(
        &'static self,
        clients: &Clients,
        region: &str,
        input: &I,
    ) -> Result<O, AwsError> {
        let answer = self.answer(clients, region, members(input)).await?;
        self.parsed(region, &answer)
    }

    /// Makes a write, and reads its answer as well as the receipt.
    ///
    /// # Errors
    /// As for [`Typed::ask`].
    pub async fn make(
        &'static self,
        clients: &Clients,
        region: &str,
        input: &I,
    ) -> Result<(O, Receipt), AwsError> {
        let answer = self.answer(clients, region, members(input)).await?;
        let made = self.parsed(region, &answer)?;
        Ok((made, Receipt { request_id: answer.request_id }))
    }

    /// Asks for every page.
    ///
    /// # Errors
    /// As for [`Typed::ask`], for any of the pages.
    pub async fn pages(
        &'static self,
        clients: &Clients,
        region: &str,
        input: &I,
    ) -> Result<Vec<O>, AwsError> {
        let pages = self.first_pages(clients, region, input, usize::MAX);
        Ok(pages.await?.0)
    }

    /// Asks for so many pages at most, and says whether there are more.
    ///
    /// # Errors
    /// As for [`Typed::ask`], for any of the pages.
    pub async fn first_pages(
        &'static self,
        clients: &Clients,
        region: &str,
        input: &I,
        most: usize,
    ) -> Result<(Vec<O>, bool), AwsError> {
        let mut input = members(input);
        let mut pages = Vec::new();
        let next = self.operation.wire.as_ref().and_then(|wire| wire.next);
        loop {
            let answer = self.answer(clients, region, input.clone()).await?;
            pages.push(self.parsed(region, &answer)?);
            match next.and_then(|(asked, named)| Some((asked, answer.member(named)?))) {
                Some(_) if pages.len() >= most => return Ok((pages, true)),
                Some((asked, mark)) => input.insert(asked.to_owned(), mark.into()),
                None => return Ok((pages, false)),
            };
        }
    }

    /// A write with this input, sent to a region.
    pub fn call(&'static self, region: &str, input: I) -> Call<I, O> {
        Call { input, masked: None, typed: self, region: region.to_owned() }
    }

    async fn answer(
        &'static self,
        clients: &Clients,
        region: &str,
        input: Map<String, Value>,
    ) -> Result<Answer, AwsError> {
        let operation = &self.operation;
        operation.answer(clients, region, clients.send(operation, region, input)).await
    }

    fn parsed(&'static self, region: &str, answer: &Answer) -> Result<O, AwsError> {
        answer.parse().map_err(|cause| AwsError::unreadable(&self.operation, region, &cause))
    }
}

/// A write as a value: the plan shows what the door sends, for it is one value.
pub struct Call<I: 'static = Nothing, O: 'static = Nothing> {
    input: I,
    /// The input as it is shown, where something in it is sensitive.
    masked: Option<I>,
    typed: &'static Typed<I, O>,
    region: String,
}

impl<I, O> Call<I, O> {
    /// The same, shown with a mask over what is sensitive in the input.
    #[must_use]
    pub fn masked(mut self, input: I) -> Self {
        self.masked = Some(input);
        self
    }
}

impl<I: Serialize, O> Debug for Call<I, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Operation { service, name, .. } = self.typed.operation;
        write!(f, "{service}:{name} in {}", self.region)
    }
}

impl<I, O> AnyWrite for Call<I, O>
where
    I: Serialize + Send + Sync,
{
    fn call(&self) -> crate::aws::Call {
        crate::aws::Call {
            service: self.typed.operation.service.to_owned(),
            operation: self.typed.operation.name.to_owned(),
            region: self.region.clone(),
            input: Value::Object(members(self.masked.as_ref().unwrap_or(&self.input))),
            shown: None,
        }
    }

    fn operation(&self) -> &'static Operation {
        &self.typed.operation
    }

    fn propagating(&self) -> &'static [Propagation] {
        self.typed.propagating
    }

    fn send<'a>(&'a self, clients: &'a Clients) -> BoxFuture<'a, Result<Receipt, AwsError>> {
        Box::pin(async move {
            let operation = &self.typed.operation;
            let _turn = clients.turn(operation, &self.region).await;
            let sent = clients.send(operation, &self.region, members(&self.input));
            let wire = operation.wire.as_ref();
            match sent.await {
                Ok(answer) => {
                    let failed = wire.and_then(|wire| answer.first_of(wire.failing?));
                    match failed {
                        Some(entry) => Err(AwsError::of_entry(operation, &self.region, &entry)),
                        None => Ok(Receipt { request_id: answer.request_id }),
                    }
                }
                Err(error) => {
                    let error = AwsError::new(operation, &self.region, error);
                    match wire.is_some_and(|wire| wire.is_already(&error)) {
                        true => Ok(Receipt::default()),
                        false => Err(error),
                    }
                }
            }
        })
    }

    fn merge(&mut self, _later: &dyn AnyWrite) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The members of an input, without those that are `null`.
pub fn members(input: &impl Serialize) -> Map<String, Value> {
    let mut value = crate::diff::to_value(input);
    drop_null(&mut value);
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Takes out what is `null`: to AWS, and in its answers, that is the same as absent.
pub fn drop_null(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(drop_null);
        }
        Value::Array(items) => {
            items.retain(|item| !item.is_null());
            items.iter_mut().for_each(drop_null);
        }
        _ => (),
    }
}
