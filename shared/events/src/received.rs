//! Reading an event of another service: every error says which event it was.

use std::fmt::Display;

use kexiang_core::{
    EventId, Timestamp,
    id::{Marker, TypedId},
};
use kexiang_proto::event_v1::Event;
use kexiang_rpc::{field, time};
use prost::{Message, Name};

use crate::consumer::HandlerError;

/// An event while it is read.
#[derive(Clone, Copy)]
pub struct Received<'a>(pub &'a Event);

impl Received<'_> {
    /// The facts, as the message that the event's type documents.
    ///
    /// # Errors
    /// [`HandlerError::Malformed`], as all of these.
    pub fn facts<M: Message + Name + Default>(self) -> Result<M, HandlerError> {
        let data = self.0.data.as_ref().ok_or_else(|| self.malformed("it has no data"))?;
        data.to_msg().map_err(|error| self.malformed(error))
    }

    /// The event's id.
    ///
    /// # Errors
    /// As above.
    pub fn id(self) -> Result<EventId, HandlerError> {
        self.read(self.0.id.parse())
    }

    /// W3C trace context of the call that did it.
    #[must_use]
    pub fn traceparent(self) -> Option<String> {
        Some(self.0.traceparent.clone()).filter(|text| !text.is_empty())
    }

    /// A resource name of the facts.
    ///
    /// # Errors
    /// As above.
    pub fn name<M: Marker>(self, name: &str) -> Result<TypedId<M>, HandlerError> {
        self.read(field::name(name))
    }

    /// A resource name of the facts that may be empty.
    ///
    /// # Errors
    /// As above.
    pub fn optional_name<M: Marker>(self, name: &str) -> Result<Option<TypedId<M>>, HandlerError> {
        self.read(field::optional(name, field::name))
    }

    /// A time that has to be there.
    ///
    /// # Errors
    /// As above.
    pub fn time(self, wire: Option<&prost_types::Timestamp>) -> Result<Timestamp, HandlerError> {
        let wire = wire.ok_or_else(|| self.malformed("a time is missing"))?;
        self.read(time::timestamp(wire))
    }

    /// What was read of the facts, or that they can't be.
    ///
    /// # Errors
    /// As above.
    pub fn read<T, E: Display>(self, read: Result<T, E>) -> Result<T, HandlerError> {
        read.map_err(|error| self.malformed(error))
    }

    /// The error that the event can't be read.
    pub fn malformed(self, why: impl Display) -> HandlerError {
        HandlerError::malformed(self.0, why)
    }
}
