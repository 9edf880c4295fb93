//! Taking files of customers in (CU-9): batches of rows, one transaction each.
//!
//! Killed between any two lines, a file has taken in whole batches and nothing of the next; the file again goes on from there,
//! because rows that were taken in are remembered in the transaction that wrote their customers. Batches of one source go one at
//! a time, also of two replicas; who else writes the same contact points meanwhile is found out by their index, and then the
//! batch is decided again.

use std::collections::HashMap;

use encoding_rs::Encoding;
use kexiang_core::{Call, CustomerId, Timestamp};
use kexiang_events::Draft;
use sqlx::{Connection, PgConnection};
use tokio::sync::mpsc;

use super::{App, AppError};
use crate::{
    domain::{
        contact_point::{ContactPoint, ContactPointKey},
        customer::Customer,
        import::{
            FileError, FileFormat, Finished, MAX_ROWS, RawRow, Reader,
            columns::Mapping,
            plan::{self, KeyedRow, Known, Outcome, Plan, Seen, Update},
            row::{self, CustomerRow},
        },
        vault::KeyRing,
    },
    store::{
        candidates,
        contact_points::{self, Gain},
        customers, imports, origins, ownerships,
    },
};

/// Rows of one transaction.
const BATCH: usize = 500;
/// How often a batch is decided again before the import gives up.
const ATTEMPTS: usize = 5;
/// The state of PostgreSQL for two who wait for each other.
const DEADLOCK: &str = "40P01";

/// Why an import ended early. What was answered before stands.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file can't be read, or not further.
    #[error(transparent)]
    File(#[from] FileError),
    /// As with any change of customers.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<sqlx::Error> for ImportError {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

/// How a file is to be taken in.
pub struct ImportSettings {
    /// What it is.
    pub format: FileFormat,
    /// In which character set.
    pub charset: &'static Encoding,
    /// What its columns are.
    pub mapping: Mapping,
    /// Of phones in local form.
    pub region: String,
    /// Where it comes from.
    pub source: String,
    /// Whether nothing is written.
    pub dry_run: bool,
}

/// A file that is being taken in.
pub struct ImportRun {
    app: App,
    call: Call,
    settings: ImportSettings,
    reader: Option<Reader>,
    /// Rows of a spreadsheet, from the thread that reads it.
    sheet: Option<mpsc::Receiver<Read>>,
    waiting: Vec<RawRow>,
    rows: u64,
    /// Why there are no more rows, after those that wait.
    broken: Option<FileError>,
    ignored: Vec<String>,
    seen: HashMap<plan::Digest, Seen>,
    /// What a dry run would have written.
    trial: Known,
}

enum Read {
    Row(RawRow),
    End(Result<Vec<String>, FileError>),
}

impl App {
    /// Begins to take in a file.
    ///
    /// # Errors
    /// [`AppError::Sealing`].
    pub async fn begin_import(&self, call: Call, settings: ImportSettings) -> Result<ImportRun, AppError> {
        self.require_sealed().await?;
        let reader = Reader::new(settings.format, settings.charset, settings.mapping.clone());
        Ok(ImportRun {
            app: self.clone(),
            call,
            settings,
            reader: Some(reader),
            sheet: None,
            waiting: Vec::new(),
            rows: 0,
            broken: None,
            ignored: Vec::new(),
            seen: HashMap::new(),
            trial: Known::default(),
        })
    }
}

impl ImportRun {
    /// Takes the next bytes; [`next`](Self::next) gives what became of their rows.
    pub fn push(&mut self, bytes: &[u8]) {
        let had = self.waiting.len();
        let Some(reader) = &mut self.reader else { return };
        let pushed = reader.push(bytes, &mut self.waiting);
        self.count(had, pushed.err());
    }

    /// Ends the file.
    pub fn finish(&mut self) {
        let had = self.waiting.len();
        match self.reader.take().map(|reader| reader.finish(&mut self.waiting)) {
            None => {}
            Some(Ok(Finished::Ignored(ignored))) => {
                self.ignored = ignored;
                self.count(had, None);
            }
            Some(Ok(Finished::Sheet(sheet))) => {
                let (sender, receiver) = mpsc::channel(BATCH);
                self.sheet = Some(receiver);
                tokio::task::spawn_blocking(move || {
                    let end = sheet.read(|row| sender.blocking_send(Read::Row(row)).is_ok());
                    // Who does not listen any more needs no end.
                    drop(sender.blocking_send(Read::End(end)));
                });
            }
            Some(Err(error)) => self.count(had, Some(error)),
        }
    }

    /// What became of the next rows; `None` when more bytes are needed, or none are left.
    ///
    /// # Errors
    /// [`ImportError::File`] after the last row that could be read; [`ImportError::App`].
    pub async fn next(&mut self) -> Result<Option<Vec<(u64, Outcome)>>, ImportError> {
        self.fill().await;
        let is_last = self.reader.is_none() || self.broken.is_some();
        if self.waiting.len() >= BATCH || (is_last && !self.waiting.is_empty()) {
            let batch = self.waiting.drain(..BATCH.min(self.waiting.len())).collect();
            return Ok(Some(self.take_in(batch).await?));
        }
        self.broken.take().map_or(Ok(None), |error| Err(error.into()))
    }

    /// The columns that mean nothing.
    #[must_use]
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    fn count(&mut self, had: usize, error: Option<FileError>) {
        self.rows += (self.waiting.len() - had) as u64;
        let over = usize::try_from(self.rows.saturating_sub(MAX_ROWS)).unwrap_or(usize::MAX);
        self.waiting.truncate(self.waiting.len().saturating_sub(over));
        let error = if over > 0 { Some(FileError::TooManyRows) } else { error };
        if error.is_some() {
            self.broken = error;
            self.reader = None;
            self.sheet = None;
        }
    }

    /// Takes rows of a spreadsheet up to a batch.
    async fn fill(&mut self) {
        while self.waiting.len() < BATCH {
            let Some(sheet) = &mut self.sheet else { return };
            let had = self.waiting.len();
            match sheet.recv().await {
                Some(Read::Row(row)) => {
                    self.waiting.push(row);
                    self.count(had, None);
                }
                Some(Read::End(Ok(ignored))) => {
                    self.ignored = ignored;
                    self.sheet = None;
                }
                Some(Read::End(Err(error))) => self.count(had, Some(error)),
                None => self.count(had, Some(FileError::Unreadable("spreadsheet (.xlsx)"))),
            }
        }
    }

    #[tracing::instrument(name = "app.import_batch", skip_all, fields(rows = batch.len()))]
    async fn take_in(&mut self, batch: Vec<RawRow>) -> Result<Vec<(u64, Outcome)>, ImportError> {
        let (mut rows, mut outcomes) = (Vec::new(), Vec::new());
        for raw in batch {
            let number = raw.number;
            match row::read(raw, &self.settings.region) {
                Ok(row) => rows.push(self.keyed(row)),
                Err(faults) => outcomes.push((number, Outcome::Refused(faults))),
            }
        }
        let now = self.app.clock.now();
        let mut tx = self.app.pool.begin().await?;
        let plan = if self.settings.dry_run {
            let known = find_known(&mut tx, &self.app.keys, &self.settings.source, &rows).await?;
            let plan = plan::plan(&rows, &known.unwrap_or_default(), &self.trial, &self.seen, now);
            tx.rollback().await?;
            self.trial.take(&plan);
            plan
        } else {
            let plan = self.write_in(&mut tx, &rows, now).await?;
            tx.commit().await?;
            self.app.log.wake();
            plan
        };
        self.seen.extend(plan.seen);
        outcomes.extend(plan.outcomes);
        outcomes.sort_by_key(|(number, _)| *number);
        Ok(outcomes)
    }

    fn keyed(&self, row: CustomerRow) -> KeyedRow {
        let (blind, source) = (self.app.keys.blind(), &self.settings.source);
        let key = format!("{source}\0{}", row.key().unwrap_or_default());
        let key = blind.digest("import_rows.row_key", &key);
        let fingerprint = blind.digest("import_rows.fingerprint", &row.content());
        KeyedRow { row, key, fingerprint }
    }

    async fn write_in(
        &self,
        conn: &mut PgConnection,
        rows: &[KeyedRow],
        now: Timestamp,
    ) -> Result<Plan, ImportError> {
        let (keys, source) = (&self.app.keys, &self.settings.source);
        imports::lock_source(conn, source).await?;
        for _ in 0..ATTEMPTS {
            let mut attempt = conn.begin().await?;
            let decided = decide(&mut attempt, keys, source, rows, &self.seen, now).await;
            match decided {
                Ok(Some(plan)) => {
                    self.tell(&mut attempt, &plan, now).await?;
                    attempt.commit().await?;
                    return Ok(plan);
                }
                Ok(None) => attempt.rollback().await?,
                Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(DEADLOCK) => {
                    attempt.rollback().await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(AppError::Conflict.into())
    }

    async fn tell(&self, conn: &mut PgConnection, plan: &Plan, now: Timestamp) -> Result<(), AppError> {
        let created = plan.created.iter().map(|customer| ("customer.created", customer));
        let updated = plan.updated.iter().map(|update| ("customer.updated", &update.after));
        let drafts: Vec<Draft> = created
            .chain(updated)
            .map(|(event, customer)| Draft::new(event, customer.customer_id.name(), now, &customer.facts()))
            .collect::<Result<_, _>>()?;
        if !drafts.is_empty() {
            self.app.log.append(conn, &self.call, now, &drafts).await?;
        }
        Ok(())
    }
}

/// Decides and writes; `None` when somebody came in between.
async fn decide(
    conn: &mut PgConnection,
    keys: &KeyRing,
    source: &str,
    rows: &[KeyedRow],
    seen: &HashMap<plan::Digest, Seen>,
    now: Timestamp,
) -> sqlx::Result<Option<Plan>> {
    let Some(known) = find_known(conn, keys, source, rows).await? else { return Ok(None) };
    let plan = plan::plan(rows, &known, &Known::default(), seen, now);
    let written = write(conn, keys, &plan, now).await?;
    if written && !plan.remembered.is_empty() {
        imports::remember(conn, source, &plan.remembered, now).await?;
    }
    Ok(written.then_some(plan))
}

/// Everything known of whom the rows may be about; they can't be merged until the transaction ends. `None` when somebody was
/// merged meanwhile.
async fn find_known(
    conn: &mut PgConnection,
    keys: &KeyRing,
    source: &str,
    rows: &[KeyedRow],
) -> sqlx::Result<Option<Known>> {
    let digests: Vec<_> = rows.iter().map(|keyed| keyed.key).collect();
    let remembered = imports::find_rows(conn, source, &digests).await?;
    let mut points: Vec<ContactPointKey> =
        rows.iter().flat_map(|keyed| keyed.row.contact_points.iter().map(ContactPoint::key)).collect();
    points.sort();
    points.dedup();
    let found = candidates::find(conn, keys, &points).await?;
    let mut holders = HashMap::new();
    for candidate in &found {
        let identifying = candidate.contact_points.iter().filter(|(_, identifying)| *identifying);
        holders.extend(identifying.map(|(key, _)| (key.clone(), candidate.customer_id)));
    }
    let mut ids: Vec<CustomerId> = rows.iter().filter_map(|keyed| keyed.row.customer).collect();
    ids.extend(remembered.values().map(|row| row.customer_id));
    ids.extend(holders.values());
    let survivors = origins::hold(conn, &ids).await?;
    if holders.values().any(|holder| survivors.contains_key(holder)) {
        return Ok(None);
    }
    let mut ids: Vec<CustomerId> =
        ids.into_iter().map(|id| survivors.get(&id).copied().unwrap_or(id)).collect();
    ids.sort_unstable_by_key(|id| id.uuid());
    ids.dedup();
    if !survivors.is_empty() && !origins::hold(conn, &ids).await?.is_empty() {
        return Ok(None);
    }
    let customers = customers::load(conn, keys, &ids).await?;
    let customers = customers.into_iter().map(|customer| (customer.customer_id, customer)).collect();
    Ok(Some(Known { customers, holders, rows: remembered, survivors }))
}

/// Customers before contact points, as everybody locks them; tells whether all was still as the plan assumes.
async fn write(conn: &mut PgConnection, keys: &KeyRing, plan: &Plan, now: Timestamp) -> sqlx::Result<bool> {
    let versions: Vec<_> =
        plan.updated.iter().map(|update| (update.before.customer_id, update.before.version)).collect();
    if !versions.is_empty() && !customers::touch(conn, &versions, now).await? {
        return Ok(false);
    }
    let renamed =
        plan.updated.iter().filter(|update| update.after.display_name != update.before.display_name);
    imports::rename(conn, keys, &renamed.map(|update| &update.after).collect::<Vec<_>>()).await?;
    let created: Vec<&Customer> = plan.created.iter().collect();
    customers::insert(conn, keys, &created).await?;
    let of_created = created.iter().map(|customer| gain(customer, 0));
    let of_updated =
        plan.updated.iter().map(|update| gain(&update.after, update.before.contact_points.len()));
    let gains: Vec<_> = of_created.chain(of_updated).filter(|gain| !gain.points.is_empty()).collect();
    if !gains.is_empty() && !contact_points::insert(conn, keys, &gains).await? {
        return Ok(false);
    }
    for Update { before, origins, .. } in &plan.updated {
        origins::set_of_points(conn, before.customer_id, before.contact_points.len(), origins).await?;
    }
    let pooled: Vec<_> = created.iter().map(|customer| (customer.customer_id, None)).collect();
    if !pooled.is_empty() {
        ownerships::insert_missing(conn, &pooled, now).await?;
    }
    Ok(true)
}

/// The contact points from `had` on.
fn gain(customer: &Customer, had: usize) -> Gain<'_> {
    let points = customer.contact_points.get(had..).unwrap_or_default();
    Gain { customer_id: customer.customer_id, kind: customer.kind, had, points }
}
