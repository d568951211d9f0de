//! Rows that are sent together: a round trip for each would cost more than the row.

use std::sync::Arc;

use futures_util::future::try_join_all;
use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;

use super::{Session, named};
use crate::store::{StoreError, Value};

/// Rows sent at once.
const ROWS: usize = 4_096;

/// Bytes sent at once.
const BYTES: usize = 4 << 20;

/// Rows kept back, by statement, in the order in which the statements came.
#[derive(Default)]
pub(super) struct Pending {
    batches: Vec<Batch>,
    rows: usize,
    bytes: usize,
}

struct Batch {
    sql: Arc<str>,
    statement: Statement,
    columns: Vec<Column>,
}

enum Column {
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Blobs(Vec<Option<Vec<u8>>>),
}

impl Pending {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Keeps a row back; `true` if it is time to send.
    pub(super) fn add(&mut self, sql: &Arc<str>, statement: &Statement, values: &[Value<'_>]) -> bool {
        let at = self.batches.iter().position(|batch| Arc::ptr_eq(&batch.sql, sql));
        let at = at.unwrap_or_else(|| {
            let columns = statement.params().iter().map(Column::of).collect();
            self.batches.push(Batch { sql: sql.clone(), statement: statement.clone(), columns });
            self.batches.len() - 1
        });
        for (column, value) in self.batches[at].columns.iter_mut().zip(values) {
            self.bytes += column.push(*value);
        }
        self.rows += 1;
        self.rows >= ROWS || self.bytes >= BYTES
    }

    /// Sends everything.
    pub(super) fn send(self, session: &Session) -> Result<(), StoreError> {
        for batch in &self.batches {
            match batch.together() {
                Some(sql) => {
                    let statement = session.prepare(&sql)?.statement;
                    let columns = batch.columns.iter().map(Column::all);
                    session.wait(session.client.execute_raw(&statement, columns))?;
                }
                // A row may meet an earlier one of the same batch: one after the other, without waiting between.
                None => {
                    let rows = (0..batch.columns.first().map_or(0, Column::len)).map(|row| {
                        let values: Vec<Value<'_>> = batch.columns.iter().map(|column| column.value(row)).collect();
                        async move {
                            let values = values.iter().map(super::as_sql);
                            session.client.execute_raw(&batch.statement, values).await
                        }
                    });
                    session.wait(try_join_all(rows))?;
                }
            }
        }
        Ok(())
    }
}

impl Batch {
    /// The statement that adds many rows: each parameter becomes a column.
    fn together(&self) -> Option<String> {
        let (head, tail) = self.sql.split_once(" VALUES (")?;
        if !tail.ends_with(')') || tail.contains("ON CONFLICT") {
            return None;
        }
        let columns: Vec<String> = self
            .statement
            .params()
            .iter()
            .zip(1..)
            .map(|(kind, number)| format!("?{number}::{}[]", named(kind)))
            .collect();
        Some(format!("{head} SELECT * FROM unnest({})", columns.join(", ")))
    }
}

impl Column {
    fn of(kind: &tokio_postgres::types::Type) -> Self {
        match kind.name() {
            "text" => Self::Texts(Vec::new()),
            "bytea" => Self::Blobs(Vec::new()),
            _ => Self::Numbers(Vec::new()),
        }
    }

    /// Adds a value; its size.
    fn push(&mut self, value: Value<'_>) -> usize {
        match (self, value) {
            (Self::Numbers(all), Value::Integer(number)) => all.push(Some(number)),
            (Self::Texts(all), Value::Text(text)) => {
                all.push(Some(text.to_owned()));
                return text.len();
            }
            (Self::Blobs(all), Value::Blob(bytes)) => {
                all.push(Some(bytes.to_vec()));
                return bytes.len();
            }
            (Self::Numbers(all), _) => all.push(None),
            (Self::Texts(all), _) => all.push(None),
            (Self::Blobs(all), _) => all.push(None),
        }
        8
    }

    fn len(&self) -> usize {
        match self {
            Self::Numbers(all) => all.len(),
            Self::Texts(all) => all.len(),
            Self::Blobs(all) => all.len(),
        }
    }

    fn value(&self, row: usize) -> Value<'_> {
        match self {
            Self::Numbers(all) => all[row].map_or(Value::Null, Value::Integer),
            Self::Texts(all) => all[row].as_deref().map_or(Value::Null, Value::Text),
            Self::Blobs(all) => all[row].as_deref().map_or(Value::Null, Value::Blob),
        }
    }

    fn all(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Numbers(all) => all,
            Self::Texts(all) => all,
            Self::Blobs(all) => all,
        }
    }
}
