//! A statement that is compiled once for a connection, by its text.

use crate::store::{MappedRows, Params, Row, Rows, StoreError, Value, postgres};

/// A compiled statement; it goes back to the connection's cache when dropped.
pub(crate) enum Statement<'c> {
    Sqlite(rusqlite::CachedStatement<'c>),
    Postgres(postgres::Query<'c>),
}

impl Statement<'_> {
    /// Runs it and says how many rows it changed.
    pub(crate) fn execute(&mut self, params: impl Params) -> Result<usize, StoreError> {
        match self {
            Self::Sqlite(statement) => Ok(statement.execute(bound(&params.values()))?),
            Self::Postgres(query) => query.execute(&params.values()),
        }
    }

    /// Adds a row. A database that is a round trip away may be given it with others, before the next statement.
    pub(crate) fn insert(&mut self, params: impl Params) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => self.execute(params).map(drop),
            Self::Postgres(query) => query.insert(&params.values()),
        }
    }

    /// Runs it and hands over its rows.
    pub(crate) fn query(&mut self, params: impl Params) -> Result<Rows<'_>, StoreError> {
        match self {
            Self::Sqlite(statement) => Ok(Rows::Sqlite(statement.query(bound(&params.values()))?)),
            Self::Postgres(query) => Ok(Rows::Postgres(query.query(&params.values())?)),
        }
    }

    /// Runs it and hands over its rows through a closure.
    pub(crate) fn query_map<T, F>(&mut self, params: impl Params, map: F) -> Result<MappedRows<'_, F>, StoreError>
    where
        F: FnMut(Row<'_>) -> Result<T, StoreError>,
    {
        Ok(MappedRows { rows: self.query(params)?, map })
    }

    /// The first of its rows; [`StoreError::NoRows`] if there is none.
    pub(crate) fn query_row<T>(
        &mut self,
        params: impl Params,
        read: impl FnOnce(Row<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.query(params)?.next()?.ok_or(StoreError::NoRows).and_then(read)
    }

    /// Whether it gives any row.
    pub(crate) fn exists(&mut self, params: impl Params) -> Result<bool, StoreError> {
        Ok(self.query(params)?.next()?.is_some())
    }
}

fn bound<'v>(values: &'v [Value<'v>]) -> rusqlite::ParamsFromIter<std::slice::Iter<'v, Value<'v>>> {
    rusqlite::params_from_iter(values.iter())
}
