//! Whose cases they are, by phone.

use jiff_sqlx::Timestamp as SqlTimestamp;
use kexiang_core::{PhoneNumber, Timestamp};
use sqlx::{FromRow, PgConnection};

use super::word;
use crate::domain::CaseState;

/// What is told of a case.
#[derive(Debug, Clone)]
pub struct Standing {
    /// What people say.
    pub number: String,
    /// Where it stands.
    pub state: CaseState,
    /// Last change.
    pub updated_at: Timestamp,
    /// The site's time zone.
    pub time_zone: String,
}

/// Cases that were opened or joined by contacts with this phone, newest first; the one with that number alone, if given.
#[tracing::instrument(name = "db.case.find_by_phone", skip_all)]
pub async fn find_by_phone(
    connection: &mut PgConnection,
    phone: &PhoneNumber,
    number: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<Standing>> {
    let rows = sqlx::query_as::<_, StandingRow>(
        "select c.number, c.state, c.updated_at, s.time_zone
         from intake.cases as c join intake.sites as s using (site_id)
         where c.case_id in (select case_id from intake.contacts where caller_phone = $1 and case_id is not null)
           and ($2::text is null or c.number = $2)
         order by c.case_id desc limit $3",
    )
    .bind(phone.as_str())
    .bind(number)
    .bind(limit);
    rows.fetch_all(connection).await?.into_iter().map(StandingRow::read).collect()
}

#[derive(FromRow)]
struct StandingRow {
    number: String,
    state: String,
    updated_at: SqlTimestamp,
    time_zone: String,
}

impl StandingRow {
    fn read(self) -> sqlx::Result<Standing> {
        let state = word("state", &self.state)?;
        let updated_at = self.updated_at.to_jiff();
        Ok(Standing { number: self.number, state, updated_at, time_zone: self.time_zone })
    }
}
