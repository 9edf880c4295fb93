//! Accepting: what a caller hands to the writer, and what they get back.

use futures::{FutureExt, future::BoxFuture};
use kexiang_core::{Call, CaseId};

use super::{App, AppError};
use crate::domain::{Case, Contact, NewCase, NewContact};

/// A contact to be registered, and what it is about.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// Who accepts it.
    pub call: Call,
    /// The contact.
    pub contact: NewContact,
    /// What it is about.
    pub matter: Matter,
}

/// What a contact is about.
#[derive(Debug, Clone)]
pub enum Matter {
    /// It opens no case.
    Nothing,
    /// It joins an open case (IN-6).
    Joins(CaseId),
    /// It opens a case.
    Opens(Box<NewCase>),
}

/// An accepted contact.
#[derive(Debug, Clone)]
pub enum Accepted {
    /// A contact that opened no case.
    Contact(Contact),
    /// A case with the contact that opened it.
    Case(Case),
    /// A case that was brought over before; nothing was changed.
    AlreadyPresent(Case),
}

impl App {
    /// Registers a contact and, if it opens one, accepts its case: contact, register number, case, events and the answer to
    /// the request commit together, and only then this returns (IN-3, IN-14). The contact of a call has its number already
    /// and is completed.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the site, the call or the case to join, [`AppError::NotJoinable`],
    /// [`AppError::RequestIdReused`], [`AppError::Call`].
    #[tracing::instrument(name = "app.accept", skip_all)]
    pub async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, AppError> {
        match acceptance.contact.call {
            Some(call) => self.complete(acceptance, call).await,
            None => self.writer.write(acceptance).await,
        }
    }

    /// Hands an acceptance to the writer and gives its result later, so that many can be under way in order.
    ///
    /// # Errors
    /// [`AppError::Stopping`].
    pub async fn begin_accept(
        &self,
        acceptance: Acceptance,
    ) -> Result<BoxFuture<'static, Result<Accepted, AppError>>, AppError> {
        if acceptance.contact.call.is_some() {
            let app = self.clone();
            return Ok(async move { app.accept(acceptance).await }.boxed());
        }
        Ok(self.writer.enqueue(acceptance).await?.boxed())
    }
}
