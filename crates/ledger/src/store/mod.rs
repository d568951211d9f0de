//! The seam between the ledger and its database.
//!
//! Everything above it speaks one SQL, in the subset that SQLite and PostgreSQL share, with `?1` for the first
//! parameter; the calls are spelled as in rusqlite. What differs (settings, triggers, locks) lies below it.

mod connection;
mod error;
mod postgres;
mod row;
mod sqlite;
mod statement;
mod value;

pub use connection::Database;
pub(crate) use connection::{Connection, Transaction, TransactionBehavior};
pub use error::StoreError;
pub(crate) use error::{OptionalExtension, is_disk, is_disk_full};
pub(crate) use row::{MappedRows, Row, Rows};
pub(crate) use statement::Statement;
pub(crate) use value::{FromValue, Params, ToValue, Value, params};
