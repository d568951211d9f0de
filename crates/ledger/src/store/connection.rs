//! A connection to the database, and what happens in it whole or not at all.

use std::ops::Deref;

use crate::error::LedgerError;
use crate::place::Place;
use crate::store::{Params, Row, Statement, StoreError, postgres, sqlite};

const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";

/// A connection.
pub(crate) enum Connection {
    Sqlite(rusqlite::Connection),
    Postgres(Box<postgres::Session>),
}

/// What a ledger lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Name and version.
    pub name: String,
    /// Bytes that it takes.
    pub bytes: u64,
    /// Whether whoever writes it may also undo what protects it: a superuser.
    pub all_powerful: bool,
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TransactionBehavior {
    /// It reads, and sees the database as it was at its first read.
    Deferred,
    /// It writes, and nobody else does until it ends.
    Immediate,
}

/// Statements that take effect together, at [`Transaction::commit`]; dropped, they never were.
pub(crate) struct Transaction<'c> {
    connection: &'c Connection,
}

impl Connection {
    /// Makes a ledger, with what its table `meta` says.
    pub(crate) fn create(place: &Place, meta: &[(&str, Vec<u8>)]) -> Result<Self, LedgerError> {
        match place {
            Place::File(path) => sqlite::create(path, meta).map(Self::Sqlite),
            Place::Postgres { url, .. } => {
                postgres::create(place, url, meta).map(|session| Self::Postgres(Box::new(session)))
            }
        }
    }

    /// Opens a ledger; everything it rests on is asserted first.
    pub(crate) fn open(place: &Place) -> Result<Self, LedgerError> {
        match place {
            Place::File(path) => sqlite::open(path).map(Self::Sqlite),
            Place::Postgres { url, .. } => postgres::open(place, url).map(|session| Self::Postgres(Box::new(session))),
        }
    }

    /// Removes older images of what was destroyed; `false` if a reader stands in the way.
    pub(crate) fn scrub(&self, patiently: bool) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(connection) => sqlite::scrub(connection),
            Self::Postgres(session) => postgres::scrub(session, patiently),
        }
    }

    /// A statement, compiled at its first use.
    pub(crate) fn prepare_cached(&self, sql: &str) -> Result<Statement<'_>, StoreError> {
        match self {
            Self::Sqlite(connection) => Ok(Statement::Sqlite(connection.prepare_cached(sql)?)),
            Self::Postgres(session) => Ok(Statement::Postgres(session.prepare(sql)?)),
        }
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) fn execute(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        self.prepare_cached(sql)?.execute(params)
    }

    /// Runs a statement and reads the first of its rows.
    pub(crate) fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(Row<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.prepare_cached(sql)?.query_row(params, read)
    }

    /// Begins a transaction; a second one in the same connection fails.
    pub(crate) fn transaction_with_behavior(
        &self,
        behavior: TransactionBehavior,
    ) -> Result<Transaction<'_>, StoreError> {
        match (self, behavior) {
            (Self::Sqlite(connection), TransactionBehavior::Deferred) => connection.execute_batch("BEGIN DEFERRED")?,
            // A read transaction that turns into a write may fail without waiting.
            (Self::Sqlite(connection), TransactionBehavior::Immediate) => {
                connection.execute_batch("BEGIN IMMEDIATE")?;
            }
            (Self::Postgres(session), behavior) => session.begin(behavior)?,
        }
        Ok(Transaction { connection: self })
    }

    /// Begins a transaction that reads.
    pub(crate) fn unchecked_transaction(&self) -> Result<Transaction<'_>, StoreError> {
        self.transaction_with_behavior(TransactionBehavior::Deferred)
    }

    /// Sends what is kept back.
    pub(crate) fn settle(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.settle(),
        }
    }

    /// What this is.
    pub(crate) fn describe(&self) -> Result<Database, StoreError> {
        let (name, sql) = match self {
            Self::Sqlite(_) => (
                "SQLite",
                "SELECT sqlite_version(), page_count * page_size, 0 FROM pragma_page_count, pragma_page_size",
            ),
            Self::Postgres(_) => (
                "PostgreSQL",
                "SELECT current_setting('server_version'),
                        (SELECT sum(pg_total_relation_size(oid))::int8 FROM pg_class
                         WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'),
                        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)",
            ),
        };
        self.query_row(sql, [], |row| {
            let (version, bytes): (String, i64) = (row.get(0)?, row.get(1)?);
            Ok(Database { name: format!("{name} {version}"), bytes: bytes.cast_unsigned(), all_powerful: row.get(2)? })
        })
    }

    /// Whether each question is a round trip to another process.
    pub(crate) const fn is_far(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Whether what a transaction holds is still held: a server may have lost its client.
    pub(crate) fn alive(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.alive(),
        }
    }

    fn in_transaction(&self) -> bool {
        match self {
            Self::Sqlite(connection) => !connection.is_autocommit(),
            Self::Postgres(session) => session.in_transaction(),
        }
    }

    fn end(&self, how: &'static str) -> Result<(), StoreError> {
        match (self, how) {
            (Self::Sqlite(connection), how) => Ok(connection.execute_batch(how)?),
            (Self::Postgres(session), COMMIT) => session.commit(),
            (Self::Postgres(session), _) => session.rollback(),
        }
    }
}

impl Transaction<'_> {
    /// Makes everything durable.
    pub(crate) fn commit(self) -> Result<(), StoreError> {
        self.connection.end(COMMIT)
    }

    /// Ends it as if it had not been.
    pub(crate) fn rollback(self) -> Result<(), StoreError> {
        self.connection.end(ROLLBACK)
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.connection.in_transaction() {
            // Nothing was acknowledged; a connection that cannot even roll back fails at its next use.
            drop(self.connection.end(ROLLBACK));
        }
    }
}
