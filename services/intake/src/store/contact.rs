//! Contacts.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{Actor, CallId, CaseId, ContactId, CustomerId, PhoneNumber, SiteId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::word;
use crate::domain::{Caller, Contact, Timing};
use kexiang_pg::Statement;

const COLUMNS: &str = "contact_id, site_id, register_number, contact_at, channel, purpose, caller_name, \
     caller_phone, phone_declined, caller_email, caller_address, caller_kind, need, heard_from, \
     first_visit, appointment, registered_by, ring_seconds, wait_seconds, talk_seconds, \
     wrap_up_seconds, called_number, case_id, customer_id, call_id";

/// Adds the insertion of contacts.
pub fn insert(statement: &mut Statement, contacts: &[Contact]) {
    statement
        .insert("intake.contacts", contacts)
        .column("contact_id", "uuid", |contact| contact.id.uuid())
        .column("site_id", "text", |contact| contact.site.as_str())
        .column("register_number", "bigint", |contact| contact.register_number)
        .column("contact_at", "timestamptz", |contact| contact.contact_at.to_sqlx())
        .column("channel", "text", |contact| contact.channel.as_str())
        .column("purpose", "text", |contact| contact.purpose.as_str())
        .column("caller_name", "text", |contact| contact.caller.display_name.as_str())
        .column("caller_phone", "text", |contact| contact.caller.phone.as_ref().map(PhoneNumber::as_str))
        .column("phone_declined", "boolean", |contact| contact.caller.phone_declined)
        .column("caller_email", "text", |contact| contact.caller.email.as_deref())
        .column("caller_address", "text", |contact| contact.caller.address.as_deref())
        .column("caller_kind", "text", |contact| contact.caller.kind.as_str())
        .column("need", "text", |contact| contact.need.as_str())
        .column("heard_from", "text", |contact| contact.heard_from.as_deref())
        .column("first_visit", "boolean", |contact| contact.first_visit)
        .column("appointment", "boolean", |contact| contact.appointment)
        .column("registered_by", "text", |contact| contact.registered_by.to_string())
        .column("ring_seconds", "double precision", |contact| contact.timing.ring)
        .column("wait_seconds", "double precision", |contact| contact.timing.wait)
        .column("talk_seconds", "double precision", |contact| contact.timing.talk)
        .column("wrap_up_seconds", "double precision", |contact| contact.timing.wrap_up)
        .column("called_number", "text", |contact| contact.called_number.as_deref())
        .column("case_id", "uuid", |contact| contact.case.map(CaseId::uuid))
        .column("customer_id", "uuid", |contact| contact.customer.map(CustomerId::uuid))
        .add();
}

/// The contacts with these ids, in no order; unknown ones are left out.
#[tracing::instrument(name = "db.contact.find", skip_all, fields(contacts = ids.len()))]
pub async fn find(connection: &mut PgConnection, ids: &[ContactId]) -> sqlx::Result<Vec<Contact>> {
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    let sql = format!("select {COLUMNS} from intake.contacts where contact_id = any($1)");
    sqlx::query_as::<_, ContactRow>(sqlx::AssertSqlSafe(sql))
        .bind(ids)
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(Contact::try_from)
        .collect()
}

/// The last contacts of customers by this phone, newest first.
#[tracing::instrument(name = "db.contact.list_by_phone", skip_all)]
pub async fn list_by_phone(
    connection: &mut PgConnection,
    phone: &PhoneNumber,
    limit: i64,
) -> sqlx::Result<Vec<Contact>> {
    let sql = format!(
        "select {COLUMNS} from intake.contacts where caller_phone = $1 and purpose = 'CUSTOMER'
         order by contact_at desc limit $2"
    );
    sqlx::query_as::<_, ContactRow>(sqlx::AssertSqlSafe(sql))
        .bind(phone.as_str())
        .bind(limit)
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(Contact::try_from)
        .collect()
}

/// A page of a site's register by number: the public one, or what one actor registered.
#[tracing::instrument(name = "db.contact.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    site: &SiteId,
    registered_by: Option<&Actor>,
    after: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<Contact>> {
    let sql = format!(
        "select {COLUMNS} from intake.contacts
         where site_id = $1 and ($2::text is null or registered_by = $2) and register_number > $3
         order by register_number limit $4"
    );
    sqlx::query_as::<_, ContactRow>(sqlx::AssertSqlSafe(sql))
        .bind(site.as_str())
        .bind(registered_by.map(ToString::to_string))
        .bind(after.unwrap_or(0))
        .bind(limit)
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(Contact::try_from)
        .collect()
}

/// Fills in customers: pairs of contact and customer. Gives the contacts that changed.
#[tracing::instrument(name = "db.contact.identify", skip_all)]
pub async fn identify(
    connection: &mut PgConnection,
    pairs: &[(ContactId, CustomerId)],
) -> sqlx::Result<Vec<Contact>> {
    let returned: Vec<_> = COLUMNS.split(", ").map(|column| format!("contact.{}", column.trim())).collect();
    let sql = format!(
        "update intake.contacts as contact set customer_id = known.customer_id
         from unnest($1::uuid[], $2::uuid[]) as known (contact_id, customer_id)
         where contact.contact_id = known.contact_id and contact.customer_id is distinct from known.customer_id
         returning {}",
        returned.join(", ")
    );
    sqlx::query_as::<_, ContactRow>(sqlx::AssertSqlSafe(sql))
        .bind(pairs.iter().map(|(contact, _)| contact.uuid()).collect::<Vec<_>>())
        .bind(pairs.iter().map(|(_, customer)| customer.uuid()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(Contact::try_from)
        .collect()
}

#[derive(FromRow)]
struct ContactRow {
    contact_id: Uuid,
    site_id: String,
    register_number: i64,
    contact_at: SqlTimestamp,
    channel: String,
    purpose: String,
    caller_name: String,
    caller_phone: Option<String>,
    phone_declined: bool,
    caller_email: Option<String>,
    caller_address: Option<String>,
    caller_kind: String,
    need: String,
    heard_from: Option<String>,
    first_visit: bool,
    appointment: bool,
    registered_by: String,
    ring_seconds: Option<f64>,
    wait_seconds: Option<f64>,
    talk_seconds: Option<f64>,
    wrap_up_seconds: Option<f64>,
    called_number: Option<String>,
    case_id: Option<Uuid>,
    customer_id: Option<Uuid>,
    call_id: Option<Uuid>,
}

impl TryFrom<ContactRow> for Contact {
    type Error = sqlx::Error;
    fn try_from(row: ContactRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: ContactId::from_uuid(row.contact_id),
            site: word("site_id", &row.site_id)?,
            register_number: row.register_number,
            contact_at: row.contact_at.to_jiff(),
            channel: word("channel", &row.channel)?,
            purpose: word("purpose", &row.purpose)?,
            caller: Caller {
                display_name: row.caller_name,
                phone: row.caller_phone.map(PhoneNumber::from_stored),
                phone_declined: row.phone_declined,
                email: row.caller_email,
                address: row.caller_address,
                kind: word("caller_kind", &row.caller_kind)?,
            },
            need: row.need,
            heard_from: row.heard_from,
            first_visit: row.first_visit,
            appointment: row.appointment,
            registered_by: word("registered_by", &row.registered_by)?,
            timing: Timing {
                ring: row.ring_seconds,
                wait: row.wait_seconds,
                talk: row.talk_seconds,
                wrap_up: row.wrap_up_seconds,
            },
            called_number: row.called_number,
            case: row.case_id.map(CaseId::from_uuid),
            customer: row.customer_id.map(CustomerId::from_uuid),
            call: row.call_id.map(CallId::from_uuid),
        })
    }
}
