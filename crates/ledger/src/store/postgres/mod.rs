//! PostgreSQL: one connection, whose statements run as if they were called one after the other.
//!
//! The client (tokio-postgres) is asynchronous; a runtime on the calling thread drives it, and nothing of it
//! is seen above this folder. Rows that are added in a write transaction are kept back and sent together
//! before the next statement that could see them, or the commit.
//!
//! **One writer**: a write transaction begins with an advisory lock that PostgreSQL gives back at its end, so
//! that lock and writes share their fate: who lost the connection lost both. Then it reads the head, at READ
//! COMMITTED: a snapshot taken before the lock would not show what the writer before it committed. Whoever
//! writes past the lock meets the primary key and the trigger that numbers rows without gaps.
//! A transaction that reads is REPEATABLE READ: one state of the ledger for as long as it lasts.

mod connect;
mod pending;
mod rows;
mod schema;
mod value;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use hashbrown::HashMap;
use tokio::runtime::Runtime;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use crate::store::{StoreError, TransactionBehavior, Value};

pub(super) use connect::{create, open};
use pending::Pending;
use rows::Reading;
pub(crate) use rows::Rows;
pub(super) use schema::scrub;
pub(super) use value::value;

/// `MNDT`: the first half of the keys of our advisory locks; the second is the schema.
const LOCK_CLASS: i32 = 0x4d4e_4454;

/// A connection.
pub(crate) struct Session {
    client: Client,
    runtime: Runtime,
    statements: RefCell<HashMap<Arc<str>, tokio_postgres::Statement>>,
    reading: RefCell<Reading>,
    pending: RefCell<Pending>,
    state: Cell<State>,
    /// The second half of the lock's key: the number of the schema.
    lock: i32,
}

/// A statement that the server has compiled.
pub(crate) struct Query<'c> {
    session: &'c Session,
    sql: Arc<str>,
    statement: tokio_postgres::Statement,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Reading,
    Writing,
    /// A statement failed, and the transaction with it.
    Failed,
}

impl Session {
    fn new(client: Client, runtime: Runtime) -> Self {
        Self {
            client,
            runtime,
            statements: RefCell::default(),
            reading: RefCell::default(),
            pending: RefCell::default(),
            state: Cell::new(State::Idle),
            lock: 0,
        }
    }

    /// Runs a request to its end.
    fn wait<T>(&self, request: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, StoreError> {
        self.runtime.block_on(request).map_err(|error| {
            if self.state.get() != State::Idle {
                self.state.set(State::Failed);
            }
            value::error(&error)
        })
    }

    /// Compiles a statement, once.
    pub(crate) fn prepare(&self, sql: &str) -> Result<Query<'_>, StoreError> {
        if let Some((sql, statement)) = self.statements.borrow().get_key_value(sql) {
            return Ok(Query { session: self, sql: sql.clone(), statement: statement.clone() });
        }
        self.spill()?;
        let statement = self.wait(self.client.prepare(&numbered(sql)))?;
        let sql: Arc<str> = sql.into();
        self.statements.borrow_mut().insert(sql.clone(), statement.clone());
        Ok(Query { session: self, sql, statement })
    }

    /// Runs statements that give no rows.
    pub(crate) fn batch(&self, sql: &str) -> Result<(), StoreError> {
        self.settle()?;
        self.wait(self.client.batch_execute(sql))
    }

    pub(crate) fn begin(&self, behavior: TransactionBehavior) -> Result<(), StoreError> {
        if self.in_transaction() {
            return Err(StoreError::Nested);
        }
        let (sql, state) = match behavior {
            TransactionBehavior::Deferred => {
                ("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY".to_owned(), State::Reading)
            }
            TransactionBehavior::Immediate => {
                let lock = self.lock;
                let sql = format!(
                    "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; SELECT pg_advisory_xact_lock({LOCK_CLASS}, {lock})"
                );
                (sql, State::Writing)
            }
        };
        self.settle()?;
        let begun = self.wait(self.client.batch_execute(&sql));
        self.state.set(if begun.is_ok() { state } else { State::Failed });
        if begun.is_err() {
            drop(self.rollback());
        }
        begun
    }

    /// Makes a transaction durable.
    pub(crate) fn commit(&self) -> Result<(), StoreError> {
        self.settle()?;
        // The server would answer COMMIT with a ROLLBACK that is no error.
        if self.state.get() == State::Failed {
            return Err(StoreError::Failed);
        }
        let done = self.wait(self.client.batch_execute("COMMIT"));
        match done {
            Ok(()) => {
                self.state.set(State::Idle);
                Ok(())
            }
            Err(StoreError::Lost(_)) => Err(StoreError::Unknown),
            Err(error) => Err(error),
        }
    }

    /// Ends a transaction as if it had not been.
    pub(crate) fn rollback(&self) -> Result<(), StoreError> {
        self.pending.borrow_mut().clear();
        self.spill()?;
        self.state.set(State::Idle);
        self.wait(self.client.batch_execute("ROLLBACK"))
    }

    pub(crate) fn in_transaction(&self) -> bool {
        self.state.get() != State::Idle
    }

    /// Whether the server still answers: the lock of a write transaction is held as long as it does.
    pub(crate) fn alive(&self) -> Result<(), StoreError> {
        self.batch("SELECT 1")
    }

    /// Before a request: what is kept back is sent, what is read is taken in.
    pub(crate) fn settle(&self) -> Result<(), StoreError> {
        self.spill()?;
        let pending = std::mem::take(&mut *self.pending.borrow_mut());
        pending.send(self)
    }
}

impl Query<'_> {
    /// Runs it and says how many rows it changed.
    pub(crate) fn execute(&self, values: &[Value<'_>]) -> Result<usize, StoreError> {
        let session = self.session;
        session.settle()?;
        let rows = session.wait(session.client.execute_raw(&self.statement, values.iter().map(as_sql)))?;
        Ok(usize::try_from(rows).unwrap_or(usize::MAX))
    }

    /// Adds a row; in a transaction it is sent with others.
    pub(crate) fn insert(&self, values: &[Value<'_>]) -> Result<(), StoreError> {
        if self.session.state.get() != State::Writing {
            return self.execute(values).map(drop);
        }
        let full = self.session.pending.borrow_mut().add(&self.sql, &self.statement, values);
        if full { self.session.settle() } else { Ok(()) }
    }

    /// Runs it and hands over its rows.
    pub(crate) fn query(&self, values: &[Value<'_>]) -> Result<Rows<'_>, StoreError> {
        self.session.settle()?;
        self.session.read(&self.statement, values)
    }
}

fn as_sql<'v>(value: &'v Value<'_>) -> &'v (dyn ToSql + Sync) {
    value
}

/// `?1` of the shared SQL is `$1` here; there is no other `?` in it.
fn numbered(sql: &str) -> String {
    sql.replace('?', "$")
}

/// The name of a type, for a cast.
fn named(kind: &Type) -> &str {
    kind.name()
}
