//! Entries of the archive: creating, changing, lending, destroying, quoting, and announcing what time brings.

use kexiang_core::{ArchiveEntryId, ArchiveLoanId, Call, Roles, SupplierQuoteId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use rust_decimal::Decimal;
use sqlx::PgConnection;

use super::{App, AppError, ArchiveRefusal, EntryFilter, IDEMPOTENCY, LoanFilter};
use crate::{
    domain::archive::{
        ArchiveError, Command, Content, Entry, EntryFacts, EntryState, Loan, Quote,
        alarm::Alarm,
        kind::{ArchiveKind, FieldValue, InvalidField},
        level::Level,
    },
    store::{archive_setup, archives},
};

/// Entries whose announcements go off in one transaction at most: short, so that nobody's feed is held back.
const ALARMS_AT_ONCE: i64 = 100;

/// Whose fields are checked.
#[derive(Debug, Clone, Copy)]
pub enum FieldsOf<'a> {
    /// Of a new entry of this kind.
    Kind(&'a str),
    /// Of this entry.
    Entry(ArchiveEntryId),
}

/// What a supplier asks for something.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What for.
    pub subject: String,
    /// More than nothing, in the decimals of the currency.
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: String,
    /// The supplier's own number; empty for none.
    pub reference: String,
}

impl App {
    /// What a kind refuses of fields, to be told beside all else that is wrong with a request. Nothing when there is no such kind or
    /// entry: the use case itself says so.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.check_archive_fields", skip_all)]
    pub async fn check_archive_fields(
        &self,
        roles: Roles,
        of: FieldsOf<'_>,
        fields: &[FieldValue],
    ) -> Result<Vec<InvalidField>, ArchiveRefusal> {
        let mut conn = self.pool.acquire().await?;
        let code = match of {
            FieldsOf::Kind(code) => Some(code.to_owned()),
            FieldsOf::Entry(id) => {
                let found = archives::find(&mut conn, id, false).await?;
                found.filter(|entry| entry.is_seen_at(Level::seen_by(roles))).map(|entry| entry.kind)
            }
        };
        let Some(code) = code else { return Ok(Vec::new()) };
        let stored = archive_setup::find_kind(&mut conn, &code, false).await?;
        Ok(stored.and_then(|stored| stored.kind.check(fields).err()).unwrap_or_default())
    }

    /// Creates an entry.
    ///
    /// # Errors
    /// [`ArchiveRefusal::KindNotFound`], [`ArchiveRefusal::NotFound`] of the parent, [`ArchiveRefusal::CustomerNotFound`],
    /// [`ArchiveRefusal::Rule`].
    #[tracing::instrument(name = "app.create_archive_entry", skip_all)]
    pub async fn create_archive_entry(
        &self,
        call: &Call,
        kind: &str,
        content: Content,
    ) -> Result<Entry, ArchiveRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(entry) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return seen(entry, call.roles);
        }
        let kind = find_kind(&mut tx, kind).await?;
        let entry = Entry::create(&kind, content, now);
        let entry = entry.map_err(|source| ArchiveRefusal::Rule { entry: None, source })?;
        refuse_unfit(&mut tx, &entry.content, &kind, call.roles, None).await?;
        archives::save(&mut tx, &entry).await?;
        let created = told("archive_entry.created", &entry.facts(), now)?;
        self.log.append(&mut tx, call, now, &[created]).await?;
        IDEMPOTENCY.save(&mut tx, call, &entry).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(entry)
    }

    /// Does what a command says with an entry. `etag` is the version that the caller saw, if given.
    ///
    /// # Errors
    /// [`ArchiveRefusal::NotFound`], [`ArchiveRefusal::EtagMismatch`], [`ArchiveRefusal::Rule`]; of a change also those of creating.
    #[tracing::instrument(name = "app.change_archive_entry", skip_all, fields(entry.id = %id, event = command.event_type()))]
    pub async fn change_archive_entry(
        &self,
        call: &Call,
        id: ArchiveEntryId,
        etag: Option<i64>,
        command: &Command,
    ) -> Result<Entry, ArchiveRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(entry) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return seen(entry, call.roles);
        }
        let mut entry = lock(&mut tx, id, call.roles).await?;
        if etag.is_some_and(|etag| etag != entry.version) {
            return Err(ArchiveRefusal::EtagMismatch(id.name()));
        }
        let kind = find_kind(&mut tx, &entry.kind).await?;
        let class = archive_setup::find_class(&mut tx, &kind.retention_class, false).await?;
        let class = class.ok_or_else(|| ArchiveRefusal::ClassNotFound(kind.retention_class.clone()))?;
        let mut events = announced(&entry.advance(now))?;
        let applied = entry.apply(command, (&kind, &class), &call.actor, now);
        let facts = applied.map_err(|source| ArchiveRefusal::Rule { entry: Some(id), source })?;
        if let Command::Change(_) = command {
            refuse_unfit(&mut tx, &entry.content, &kind, call.roles, Some(id)).await?;
        }
        archives::save(&mut tx, &entry).await?;
        events.push(told(command.event_type(), &facts, now)?);
        self.log.append(&mut tx, call, now, &events).await?;
        IDEMPOTENCY.save(&mut tx, call, &entry).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(entry)
    }

    /// Records a quote of a supplier.
    ///
    /// # Errors
    /// [`ArchiveRefusal::NotFound`], [`ArchiveRefusal::Rule`].
    #[tracing::instrument(name = "app.record_quote", skip_all, fields(entry.id = %supplier))]
    pub async fn record_quote(
        &self,
        call: &Call,
        supplier: ArchiveEntryId,
        Asked { subject, amount, currency, reference }: Asked,
    ) -> Result<Quote, ArchiveRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let claim = IDEMPOTENCY.claim(&mut tx, call, now).await?;
        let mut entry = lock(&mut tx, supplier, call.roles).await?;
        if let Claim::Replay(quote) = claim {
            return Ok(quote);
        }
        let kind = find_kind(&mut tx, &entry.kind).await?;
        let allowed = entry.may_quote(&kind, now);
        allowed.map_err(|source| ArchiveRefusal::Rule { entry: Some(supplier), source })?;
        let mut events = announced(&entry.advance(now))?;
        let (quote_id, actor) = (SupplierQuoteId::at(now), call.actor.clone());
        let quote = Quote { quote_id, supplier, subject, amount, currency, reference, actor, quoted_at: now };
        archives::save(&mut tx, &entry).await?;
        archives::insert_quote(&mut tx, &quote).await?;
        let facts = EntryFacts { quote_id: Some(quote_id), ..entry.facts() };
        events.push(told("archive_entry.quoted", &facts, now)?);
        self.log.append(&mut tx, call, now, &events).await?;
        IDEMPOTENCY.save(&mut tx, call, &quote).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(quote)
    }

    /// The entry with this id, and whether it may quote now.
    ///
    /// # Errors
    /// [`ArchiveRefusal::NotFound`].
    #[tracing::instrument(name = "app.get_archive_entry", skip_all)]
    pub async fn get_archive_entry(&self, roles: Roles, id: ArchiveEntryId) -> Result<Entry, ArchiveRefusal> {
        let mut conn = self.pool.acquire().await?;
        let found = archives::find(&mut conn, id, false).await?;
        seen(found.ok_or(ArchiveRefusal::NotFound(id))?, roles)
    }

    /// A page of entries that these roles see, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_archive_entries", skip_all)]
    pub async fn list_archive_entries(
        &self,
        roles: Roles,
        filter: &EntryFilter,
        after: Option<ArchiveEntryId>,
        limit: i64,
    ) -> Result<Vec<Entry>, ArchiveRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(archives::list(&mut conn, filter, Level::seen_by(roles), after, limit).await?)
    }

    /// A page of entries that these roles see and whose retention has ended, the longest due first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_due_archive_entries", skip_all)]
    pub async fn list_due_archive_entries(
        &self,
        roles: Roles,
        after: Option<(Timestamp, ArchiveEntryId)>,
        limit: i64,
    ) -> Result<Vec<Entry>, ArchiveRefusal> {
        let mut conn = self.pool.acquire().await?;
        let now = self.clock.now();
        Ok(archives::list_due(&mut conn, now, Level::seen_by(roles), after, limit).await?)
    }

    /// A page of loans of entries that these roles see, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_archive_loans", skip_all)]
    pub async fn list_archive_loans(
        &self,
        roles: Roles,
        filter: &LoanFilter,
        after: Option<ArchiveLoanId>,
        limit: i64,
    ) -> Result<Vec<Loan>, ArchiveRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(archives::list_loans(&mut conn, filter, Level::seen_by(roles), after, limit).await?)
    }

    /// A page of quotes of suppliers that these roles see, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_supplier_quotes", skip_all)]
    pub async fn list_supplier_quotes(
        &self,
        roles: Roles,
        supplier: Option<ArchiveEntryId>,
        after: Option<SupplierQuoteId>,
        limit: i64,
    ) -> Result<Vec<Quote>, ArchiveRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(archives::list_quotes(&mut conn, supplier, Level::seen_by(roles), after, limit).await?)
    }

    /// Makes announcements whose time has come, of as many entries as one transaction takes. Whether there may be more.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.announce_archive", skip_all)]
    pub async fn announce_archive(&self, call: &Call) -> Result<bool, AppError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let mut due = archives::lock_due(&mut tx, now, ALARMS_AT_ONCE).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let mut events = Vec::new();
        for entry in &mut due {
            events.extend(announced(&entry.advance(now))?);
            archives::save(&mut tx, entry).await?;
        }
        self.log.append(&mut tx, call, now, &events).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(i64::try_from(due.len()).is_ok_and(|made| made == ALARMS_AT_ONCE))
    }
}

/// The entry, unless it is above the level of these roles.
fn seen(entry: Entry, roles: Roles) -> Result<Entry, ArchiveRefusal> {
    if entry.is_seen_at(Level::seen_by(roles)) {
        Ok(entry)
    } else {
        Err(ArchiveRefusal::NotFound(entry.entry_id))
    }
}

async fn lock(conn: &mut PgConnection, id: ArchiveEntryId, roles: Roles) -> Result<Entry, ArchiveRefusal> {
    let found = archives::find(conn, id, true).await?;
    seen(found.ok_or(ArchiveRefusal::NotFound(id))?, roles)
}

async fn find_kind(conn: &mut PgConnection, code: &str) -> Result<ArchiveKind, ArchiveRefusal> {
    let stored = archive_setup::find_kind(conn, code, false).await?;
    stored.map(|stored| stored.kind).ok_or_else(|| ArchiveRefusal::KindNotFound(code.to_owned()))
}

/// Refuses what points where it must not, or is put out of the caller's own sight.
async fn refuse_unfit(
    conn: &mut PgConnection,
    content: &Content,
    kind: &ArchiveKind,
    roles: Roles,
    entry: Option<ArchiveEntryId>,
) -> Result<(), ArchiveRefusal> {
    let rule = |source| Err(ArchiveRefusal::Rule { entry, source });
    let wrong = |what: String| {
        let path = "content.parent".to_owned();
        ArchiveError::Fields(vec![InvalidField { path, reason: "INVALID_VALUE", what }])
    };
    if content.level > Level::seen_by(roles) {
        return rule(ArchiveError::Level);
    }
    match (&kind.parent_kind, content.parent) {
        (None, None) => {}
        (None, Some(_)) => return rule(wrong(format!("entries of the kind {} have no parent", kind.code))),
        (Some(needed), None) => return rule(wrong(format!("must be an entry of the kind {needed}"))),
        (Some(needed), Some(id)) => {
            let parent = archives::find(conn, id, false).await?.ok_or(ArchiveRefusal::NotFound(id))?;
            let parent = seen(parent, roles)?;
            if parent.kind != *needed || parent.state != EntryState::Active {
                return rule(wrong(format!("must be an active entry of the kind {needed}")));
            }
        }
    }
    let customers = kind.customers(&content.fields);
    let missing = archives::missing_customers(conn, &customers).await?;
    missing.first().map_or(Ok(()), |customer| Err(ArchiveRefusal::CustomerNotFound(*customer)))
}

fn told(event_type: &'static str, facts: &EntryFacts, at: Timestamp) -> Result<Draft, serde_json::Error> {
    Draft::new(event_type, facts.entry_id.name(), at, facts)
}

fn announced(alarms: &[Alarm]) -> Result<Vec<Draft>, serde_json::Error> {
    alarms.iter().map(|alarm| told(alarm.event_type, &alarm.facts, alarm.at)).collect()
}
