//! Blanking what is personal in the contacts and cases of erased customers. Ids, codes, times and counts stay: the figures are
//! made of them.

use jiff_sqlx::ToSqlx;
use kexiang_core::{CaseId, ContactId, CustomerId, ErasureId, Timestamp};
use kexiang_pg::Idempotency;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::SCHEMA;

/// Every column with words about, or of, a customer, in three lists: by ids of contacts, of cases, and of what evidence hangs on.
/// Who adds such a column adds it here; the scan over all tables in the stories notices what was forgotten.
const OF_CONTACTS: [&str; 6] = [
    "update intake.calls set life = life || '{\"caller_phone\": null}'
     where call_id in (select call_id from intake.contacts where contact_id = any($1))",
    "update intake.call_events set caller_phone = null
     where call_id in (select call_id from intake.contacts where contact_id = any($1))",
    "update intake.contacts
     set caller_name = '', caller_phone = null, caller_email = null, caller_address = null, need = '', heard_from = null
     where contact_id = any($1)",
    "update intake.outbound_messages set recipient = '', body = case when body is null then null else '' end
     where dialogue_id in (select dialogue_id from intake.dialogues where contact_id = any($1))
      ",
    "update intake.dialogue_turns
     set prompt = '', shown = jsonb_set(jsonb_set(shown, '{step,prompt}', '\"\"'), '{step,options}', '[]'),
         input = case when input is null then null else '' end,
         input_hash = case when input is null then null else '\\x'::bytea end
     where dialogue_id in (select dialogue_id from intake.dialogues where contact_id = any($1))
      ",
    "update intake.dialogues
     set memory = memory || '{\"phone\": null, \"name\": null, \"address\": null, \"need\": null, \"topic\": null}',
         shown = jsonb_set(jsonb_set(shown, '{step,prompt}', '\"\"'), '{step,options}', '[]')
     where contact_id = any($1)",
];
const OF_CASES: [&str; 6] = [
    "update intake.cases
     set title = '', description = null, address = null, inform_note = null, hold_note = null,
         resolution = case when resolution is null then null else '' end, reason = case when reason is null then null else '' end,
         stood = case when stood is null then null
                      else stood || jsonb_strip_nulls(jsonb_build_object('resolution', case when stood ->> 'resolution' is null then null else '' end)) end,
         version = version + 1
     where case_id = any($1)",
    "update intake.case_holds set note = null, resume_note = null
     where case_id = any($1)",
    "update intake.promise_changes set reason = ''
     where promise_id in (select promise_id from intake.promises where case_id = any($1))
      ",
    "update intake.promises
     set note = null, keep_note = null, withdrawal_reason = case when withdrawal_reason is null then null else '' end,
         version = version + 1
     where case_id = any($1)",
    "update intake.handovers set reason = '', decline_reason = case when decline_reason is null then null else '' end
     where case_id = any($1)",
    "update intake.duplicate_proposals set reason = ''
     where (case_id = any($1) or earlier_case_id = any($1)) and reason is not null",
];
/// `$2` is now. The cleaner removes the bytes that nothing refers to any more.
const EVIDENCE: &str = "with gone as (
         update intake.evidence e
         set state = 'DELETED', object_id = null, deleted_at = $2, deleted_by = 'services/intake', delete_reason = 'erasure',
             version = e.version + 1
         from intake.evidence before
         where before.evidence_id = e.evidence_id and e.parent_id = any($1) and e.state = 'STORED'
         returning e.evidence_id, before.object_id)
     update intake.evidence_objects o set unreferenced_at = $2
     from gone
     where o.object_id = gone.object_id and o.unreferenced_at is null
       and not exists (select from intake.evidence other
                       where other.object_id = o.object_id and other.evidence_id not in (select evidence_id from gone))";
const FILE_NAMES: &str = "update intake.evidence set file_name = 'erased', delete_reason = case when delete_reason is null then null else 'erasure' end
     where parent_id = any($1)";

/// Keys of kept answers whose texts are words about a customer; notes are, too, whatever they are of.
const PERSONAL_KEYS: [&str; 17] = [
    "display_name",
    "name",
    "phone",
    "caller_phone",
    "email",
    "address",
    "need",
    "heard_from",
    "title",
    "description",
    "resolution",
    "withdrawal_reason",
    "prompt",
    "input",
    "topic",
    "file_name",
    "body",
];

/// Keeps that a customer is erased.
#[tracing::instrument(name = "db.erased_customer.insert", skip_all)]
pub async fn insert(
    connection: &mut PgConnection,
    customer: CustomerId,
    erasure: ErasureId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into intake.erased_customers (customer_id, erasure_id, erased_at) values ($1, $2, $3)
         on conflict do nothing",
    )
    .bind(customer.uuid())
    .bind(erasure.uuid())
    .bind(now.to_sqlx())
    .execute(connection)
    .await?;
    Ok(())
}

/// Which of these customers are erased.
#[tracing::instrument(name = "db.erased_customer.find", skip_all)]
pub async fn find(connection: &mut PgConnection, customers: &[CustomerId]) -> sqlx::Result<Vec<CustomerId>> {
    let erased: Vec<Uuid> =
        sqlx::query_scalar("select customer_id from intake.erased_customers where customer_id = any($1)")
            .bind(customers.iter().map(|id| id.uuid()).collect::<Vec<_>>())
            .fetch_all(connection)
            .await?;
    Ok(erased.into_iter().map(CustomerId::from_uuid).collect())
}

/// Blanks these contacts, the cases that they opened and the customer's cases; gives those cases.
#[tracing::instrument(name = "db.customer_data.blank", skip_all)]
pub async fn blank(
    connection: &mut PgConnection,
    customer: CustomerId,
    contacts: &[ContactId],
    now: Timestamp,
) -> sqlx::Result<Vec<CaseId>> {
    let contacts: Vec<Uuid> = contacts.iter().map(|id| id.uuid()).collect();
    // Locked in one order, before anything is written.
    let cases: Vec<Uuid> = sqlx::query_scalar(
        "select case_id from intake.cases
         where case_id in (
             select case_id from intake.cases where customer_id = $1
             union
             select c.case_id from intake.contacts t
             join intake.cases c on c.case_id = t.case_id and c.contact_id = t.contact_id
             where t.contact_id = any($2))
         order by case_id for no key update",
    )
    .bind(customer.uuid())
    .bind(&contacts)
    .fetch_all(&mut *connection)
    .await?;
    for (list, ids) in [(&OF_CONTACTS[..], &contacts), (&OF_CASES[..], &cases)] {
        for sql in list {
            sqlx::query(*sql).bind(ids).execute(&mut *connection).await?;
        }
    }
    let parents: Vec<Uuid> = contacts.iter().chain(&cases).copied().collect();
    sqlx::query(EVIDENCE).bind(&parents).bind(now.to_sqlx()).execute(&mut *connection).await?;
    sqlx::query(FILE_NAMES).bind(&parents).execute(&mut *connection).await?;
    blank_answers(connection, &contacts, &cases).await?;
    Ok(cases.into_iter().map(CaseId::from_uuid).collect())
}

/// Answers kept for requests that come again stay, without words.
async fn blank_answers(connection: &mut PgConnection, contacts: &[Uuid], cases: &[Uuid]) -> sqlx::Result<()> {
    let dialogues: Vec<Uuid> =
        sqlx::query_scalar("select dialogue_id from intake.dialogues where contact_id = any($1)")
            .bind(contacts)
            .fetch_all(&mut *connection)
            .await?;
    let about: Vec<Uuid> = contacts.iter().chain(cases).chain(&dialogues).copied().collect();
    Idempotency::new(SCHEMA.name).rewrite_about(connection, &about, without_words).await
}

/// Empties the texts of personal keys, and of reasons that are words; a phone becomes null, because an empty text is none.
fn without_words(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(_) if key.ends_with("phone") => *value = Value::Null,
                    Value::String(text) if PERSONAL_KEYS.contains(&key.as_str()) || key.ends_with("note") => {
                        text.clear();
                    }
                    Value::String(text) if key.ends_with("reason") && !is_code(text) => text.clear(),
                    other => without_words(other),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(without_words),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_code(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_go_and_codes_stay() {
        let mut answer = json!({
            "id": "0193", "number": "C-1", "state": "RECEIVED", "title": "Li Na waits", "reason": "she moved",
            "hold": {"reason": "CUSTOMER", "note": "Li Na is away"},
            "caller": {"display_name": "Li Na", "phone": "+8613800138000", "phone_declined": false},
            "inform_note": "Li Na knows", "notes": [{"keep_note": "Li Na"}]
        });

        without_words(&mut answer);

        assert!(!answer.to_string().contains("Li Na"));
        assert_eq!(answer["caller"]["phone"], Value::Null);
        assert_eq!((&answer["reason"], &answer["hold"]["reason"]), (&json!(""), &json!("CUSTOMER")));
        assert_eq!((&answer["number"], &answer["state"]), (&json!("C-1"), &json!("RECEIVED")));
    }
}
