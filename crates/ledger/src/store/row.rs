//! Rows, one at a time as they are asked for.

use crate::store::{FromValue, StoreError, Value, postgres, sqlite};

/// The rows that a statement gives.
pub(crate) enum Rows<'s> {
    Sqlite(rusqlite::Rows<'s>),
    Postgres(postgres::Rows<'s>),
}

/// One row, until the next is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

/// Rows on their way through a closure.
pub(crate) struct MappedRows<'s, F> {
    pub(super) rows: Rows<'s>,
    pub(super) map: F,
}

impl Rows<'_> {
    /// The next row; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<Row<'_>>, StoreError> {
        match self {
            Self::Sqlite(rows) => Ok(rows.next()?.map(Row::Sqlite)),
            Self::Postgres(rows) => Ok(rows.next()?.map(Row::Postgres)),
        }
    }
}

impl<'a> Row<'a> {
    /// A column, read as the type wanted.
    pub(crate) fn get<T: FromValue>(self, column: usize) -> Result<T, StoreError> {
        T::of(self.get_ref(column)?).ok_or(StoreError::Column { column, wanted: T::WANTED })
    }

    /// A column, borrowed.
    pub(crate) fn get_ref(self, column: usize) -> Result<Value<'a>, StoreError> {
        match self {
            Self::Sqlite(row) => sqlite::value(row.get_ref(column)?, column),
            Self::Postgres(row) => postgres::value(row, column),
        }
    }
}

impl<T, F: FnMut(Row<'_>) -> Result<T, StoreError>> Iterator for MappedRows<'_, F> {
    type Item = Result<T, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.rows.next() {
            Ok(row) => row.map(&mut self.map),
            Err(error) => Some(Err(error)),
        }
    }
}
