//! Customers sealed by the functions of customer records, as rows for COPY: the service has nothing left to seal, to give tokens
//! or to compare when it starts.

use std::ops::RangeInclusive;

use anyhow::Context;
use kexiang_core::CustomerKind;
use kexiang_customer_records::domain::{
    contact_point::{ContactPoint, ContactPointKind},
    name_search,
    vault::{KeyRing, SubjectKey},
};
use sqlx::PgConnection;

use super::{
    copy::CopyRows,
    fill::{customer_id, phone},
    names,
};

/// What sealed names and values are; part of the seal.
const NAME: &str = "customers.sealed_name";
const VALUE: &str = "contact_points.sealed_value";

/// PostgreSQL counts from the year 2000.
const EPOCH: i64 = 946_684_800_000_000;
const A_YEAR: i64 = 31_536_000_000_000;

/// Some customers, sealed.
pub struct Sealed {
    customers: CopyRows,
    keys: CopyRows,
    points: CopyRows,
    tokens: CopyRows,
}

impl Sealed {
    /// Seals the customers of these numbers, made two years before `now` (microseconds since 1970).
    pub fn of(ring: &KeyRing, numbers: RangeInclusive<u32>, now: i64) -> anyhow::Result<Self> {
        let new = CopyRows::new;
        let mut sealed = Self { customers: new(), keys: new(), points: new(), tokens: new() };
        let now = now - EPOCH;
        for nr in numbers {
            sealed.add(ring, nr, now).with_context(|| format!("customer {nr} can't be sealed"))?;
        }
        Ok(sealed)
    }

    fn add(&mut self, ring: &KeyRing, nr: u32, now: i64) -> anyhow::Result<()> {
        let id = customer_id(nr);
        let key = SubjectKey::generate()?;
        let wrapped = ring.wrap(id, &key)?;
        let made = now - 2 * A_YEAR;
        self.keys.row(4).uuid(id).text(&wrapped.kek_id).bytes(&wrapped.wrapped).bigint(made);

        let name = names::name(nr);
        let kind = if nr.is_multiple_of(10) { CustomerKind::Household } else { CustomerKind::Person };
        let sealed_name = key.seal(NAME, name.as_bytes())?;
        let row = self.customers.row(6).uuid(id).text(kind.as_str()).bytes(&sealed_name);
        row.bigint(made).bigint(now - A_YEAR).bigint(1);
        self.tokens.row(2).uuid(id).bigints(&name_search::tokens(&name, ring.blind()));

        for (position, point) in (0..).zip(contact_points(nr)?) {
            let compared = point.key();
            let digest = ring.blind().digest(compared.kind.as_str(), &compared.text);
            let row = self.points.row(6).uuid(id).text(point.kind().as_str()).bytes(&digest);
            row.bytes(&key.seal(VALUE, point.value().as_bytes())?);
            row.smallint(position).boolean(point.identifies(kind));
        }
        Ok(())
    }

    /// Copies them in.
    pub async fn send(self, connection: &mut PgConnection) -> anyhow::Result<()> {
        let customers =
            "customer_records.customers (customer_id, kind, sealed_name, created_at, updated_at, version)";
        self.customers.send(connection, customers).await?;
        let keys = "customer_records.subject_keys (customer_id, kek_id, wrapped, created_at)";
        self.keys.send(connection, keys).await?;
        let points = "customer_records.contact_points (customer_id, kind, match_key, sealed_value, position, identifying)";
        self.points.send(connection, points).await?;
        self.tokens.send(connection, "customer_records.name_tokens (customer_id, tokens)").await?;
        Ok(())
    }
}

/// Every customer has a phone; every second an address that four share, every fifth an e-mail.
fn contact_points(nr: u32) -> anyhow::Result<Vec<ContactPoint>> {
    let mut points = vec![ContactPoint::parse(ContactPointKind::Phone, &phone(nr), "CN")?];
    if nr % 2 == 1 {
        points.push(ContactPoint::address(&format!("锦绣花园{}", nr / 4))?);
    }
    if nr.is_multiple_of(5) {
        points.push(ContactPoint::email(&format!("{nr}@example.cn"))?);
    }
    Ok(points)
}
