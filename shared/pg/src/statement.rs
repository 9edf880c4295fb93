//! Several writes as one statement: one round trip, and outside of a transaction one transaction by itself.
//!
//! Every part is a CTE, so all of them see the database as it was before the statement and commit together or not at all.
//! The text depends on which parts there are, never on how many rows they write: it stays prepared.

use sqlx::{Arguments, Encode, PgConnection, Postgres, Type, error::BoxDynError, postgres::PgArguments};

use crate::sql_text;

/// A statement in the making.
pub struct Statement {
    parts: Vec<String>,
    bound: usize,
    arguments: Result<PgArguments, BoxDynError>,
}

impl Default for Statement {
    fn default() -> Self {
        Self { parts: Vec::new(), bound: 0, arguments: Ok(PgArguments::default()) }
    }
}

impl Statement {
    /// Binds a value and gives its place, such as `$3`.
    pub fn bind<'q, T: Encode<'q, Postgres> + Type<Postgres>>(&mut self, value: T) -> String {
        self.bound += 1;
        if let Ok(arguments) = &mut self.arguments
            && let Err(error) = arguments.add(value)
        {
            self.arguments = Err(error);
        }
        format!("${}", self.bound)
    }

    /// Adds a part under a name that later parts may select from.
    pub fn part(&mut self, name: &str, sql: &str) {
        self.parts.push(format!("{name} as ({sql})"));
    }

    /// Begins the insertion of rows, which travel as one array for each column.
    pub fn insert<'s, 'r, R>(&'s mut self, table: impl Into<String>, rows: &'r [R]) -> Insertion<'s, 'r, R> {
        Insertion { statement: self, table: table.into(), rows, columns: Vec::new(), arrays: Vec::new() }
    }

    /// Whether nothing would be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Sends it; `result` is what it selects in the end. An error leaves nothing written.
    ///
    /// # Errors
    /// Those of PostgreSQL.
    pub async fn execute(self, connection: &mut PgConnection, result: &str) -> sqlx::Result<()> {
        let sql = format!("with {} {result}", self.parts.join(", "));
        let arguments = self.arguments.map_err(sqlx::Error::Encode)?;
        sqlx::query_with(sql_text(sql), arguments).execute(connection).await.map(drop)
    }
}

/// Rows to be inserted.
#[must_use = "nothing is inserted before `add`"]
pub struct Insertion<'s, 'r, R> {
    statement: &'s mut Statement,
    table: String,
    rows: &'r [R],
    columns: Vec<&'static str>,
    arrays: Vec<String>,
}

impl<'r, R> Insertion<'_, 'r, R> {
    /// A column, its PostgreSQL type, and its value in a row.
    pub fn column<T>(mut self, name: &'static str, sql_type: &str, value: impl Fn(&'r R) -> T) -> Self
    where
        Vec<T>: Encode<'r, Postgres> + Type<Postgres>,
    {
        let place = self.statement.bind(self.rows.iter().map(value).collect::<Vec<_>>());
        self.columns.push(name);
        self.arrays.push(format!("{place}::{sql_type}[]"));
        self
    }

    /// Adds the insertion to the statement.
    pub fn add(self) {
        let from = format!("unnest({}) as new ({})", self.arrays.join(", "), self.columns.join(", "));
        self.add_selected(&from);
    }

    /// The same, where columns that are not given, such as a sequence number, must be drawn in the order of the rows.
    pub fn add_in_order(self) {
        let (columns, arrays) = (self.columns.join(", "), self.arrays.join(", "));
        let from = format!("unnest({arrays}) with ordinality as new ({columns}, place) order by place");
        self.add_selected(&from);
    }

    fn add_selected(self, from: &str) {
        let columns = self.columns.join(", ");
        let name = format!("write_{}", self.statement.parts.len());
        let sql = format!("insert into {} ({columns}) select {columns} from {from}", self.table);
        self.statement.part(&name, &sql);
    }
}
