//! Rows in PostgreSQL's binary COPY format: <https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4>.

use anyhow::Context;
use sqlx::PgConnection;
use uuid::Uuid;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Neither flags nor an extension of the header.
const NO_FLAGS: [u8; 8] = [0; 8];
/// The type `bigint` in arrays.
const BIGINT: i32 = 20;

/// Rows of one table, ready to be copied in.
pub struct CopyRows(Vec<u8>);

impl CopyRows {
    pub fn new() -> Self {
        Self([SIGNATURE, &NO_FLAGS].concat())
    }

    /// Begins a row of so many columns.
    pub fn row(&mut self, columns: i16) -> &mut Self {
        self.0.extend(columns.to_be_bytes());
        self
    }

    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.length(value.len());
        self.0.extend(value);
        self
    }

    pub fn text(&mut self, value: &str) -> &mut Self {
        self.bytes(value.as_bytes())
    }

    pub fn uuid(&mut self, value: Uuid) -> &mut Self {
        self.bytes(value.as_bytes())
    }

    pub fn smallint(&mut self, value: i16) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub fn bigint(&mut self, value: i64) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub fn boolean(&mut self, value: bool) -> &mut Self {
        self.bytes(&[u8::from(value)])
    }

    /// A `bigint[]` of one dimension.
    pub fn bigints(&mut self, values: &[i64]) -> &mut Self {
        self.length(20 + 12 * values.len());
        let length = i32::try_from(values.len()).unwrap_or(i32::MAX);
        // Dimensions, no nulls, the type, then length and lower bound of the one dimension.
        for number in [1, 0, BIGINT, length, 1] {
            self.0.extend(number.to_be_bytes());
        }
        for value in values {
            self.bigint(*value);
        }
        self
    }

    fn length(&mut self, length: usize) {
        self.0.extend(i32::try_from(length).unwrap_or(i32::MAX).to_be_bytes());
    }

    /// Copies the rows into the table and the columns that `into` names.
    pub async fn send(mut self, connection: &mut PgConnection, into: &str) -> anyhow::Result<u64> {
        // The end of the rows.
        self.0.extend((-1_i16).to_be_bytes());
        let statement = format!("copy {into} from stdin (format binary)");
        let mut copy = connection.copy_in_raw(&statement).await?;
        copy.send(self.0).await?;
        copy.finish().await.with_context(|| format!("{into} does not take its rows"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_written_as_the_format_has_it() {
        let mut rows = CopyRows::new();

        rows.row(2).boolean(true).bigints(&[7]);

        let expected: &[&[u8]] = &[
            b"PGCOPY\n\xff\r\n\0",
            &[0; 8],
            &[0, 2],
            &[0, 0, 0, 1, 1],
            &[0, 0, 0, 32, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 1],
            &[0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7],
        ];
        assert_eq!(rows.0, expected.concat());
    }
}
