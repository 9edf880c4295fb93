//! The contacts of calls: they follow their call, and get their words once.

use jiff_sqlx::ToSqlx;
use kexiang_core::{CaseId, PhoneNumber};
use sqlx::PgConnection;

use crate::domain::{Contact, PhoneCall};

/// Writes into contacts what their calls add up to now: durations always; time, channel, phone and called number as long as
/// no agent has completed them.
#[tracing::instrument(name = "db.contact.follow_calls", skip_all, fields(calls = calls.len()))]
pub async fn follow(connection: &mut PgConnection, calls: &[PhoneCall]) -> sqlx::Result<()> {
    sqlx::query(
        "update intake.contacts as contact
         set call_id = c.call_id, ring_seconds = c.ring, wait_seconds = c.wait, talk_seconds = c.talk, wrap_up_seconds = c.wrap_up,
             contact_at = case when c.bare then c.contact_at else contact.contact_at end,
             channel = case when c.bare then c.channel else contact.channel end,
             caller_phone = case when c.bare then c.phone else contact.caller_phone end,
             called_number = case when c.bare then c.called_number else contact.called_number end
         from unnest($1::uuid[], $2::uuid[], $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::boolean[],
                     $8::timestamptz[], $9::text[], $10::text[], $11::text[])
            as c (contact_id, call_id, ring, wait, talk, wrap_up, bare, contact_at, channel, phone, called_number)
         where contact.contact_id = c.contact_id",
    )
    .bind(calls.iter().map(|call| call.contact.uuid()).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.id.uuid()).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.life.timing.ring).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.life.timing.wait).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.life.timing.talk).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.life.timing.wrap_up).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.completed_at.is_none()).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.life.offered_at.to_sqlx()).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.life.channel().as_str()).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.phone().map(PhoneNumber::as_str)).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.life.called_number.as_deref()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes the words of a contact that was without.
#[tracing::instrument(name = "db.contact.complete", skip_all)]
pub async fn complete(connection: &mut PgConnection, contact: &Contact) -> sqlx::Result<()> {
    let updated = sqlx::query(
        "update intake.contacts
         set purpose = $2, caller_name = $3, caller_phone = $4, phone_declined = $5, caller_email = $6, caller_address = $7,
             caller_kind = $8, need = $9, heard_from = $10, first_visit = $11, appointment = $12, registered_by = $13,
             case_id = $14
         where contact_id = $1",
    )
    .bind(contact.id.uuid())
    .bind(contact.purpose.as_str())
    .bind(&contact.caller.display_name)
    .bind(contact.caller.phone.as_ref().map(PhoneNumber::as_str))
    .bind(contact.caller.phone_declined)
    .bind(contact.caller.email.as_deref())
    .bind(contact.caller.address.as_deref())
    .bind(contact.caller.kind.as_str())
    .bind(&contact.need)
    .bind(contact.heard_from.as_deref())
    .bind(contact.first_visit)
    .bind(contact.appointment)
    .bind(contact.registered_by.to_string())
    .bind(contact.case.map(CaseId::uuid))
    .execute(connection)
    .await?
    .rows_affected();
    if updated == 1 { Ok(()) } else { Err(sqlx::Error::RowNotFound) }
}
