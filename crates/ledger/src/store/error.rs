//! What a database answers when it cannot.

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite said no.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL said no; without its details, which repeat the row.
    #[error("PostgreSQL says: {message} (SQLSTATE {code})")]
    Postgres {
        /// The SQLSTATE.
        code: String,
        /// The message.
        message: String,
    },
    /// The connection is gone, and what was not committed with it.
    #[error("the connection to PostgreSQL was lost ({0})")]
    Lost(String),
    /// The connection went while it committed.
    #[error("the connection to PostgreSQL was lost while it committed")]
    Unknown,
    /// A transaction was to be committed in which a statement had failed.
    #[error("a statement of the transaction had failed")]
    Failed,
    /// A transaction in a transaction.
    #[error("bug: a transaction was begun in another")]
    Nested,
    /// A statement that gives one row gave none.
    #[error("the database has no such row")]
    NoRows,
    /// A column holds something else than what is asked of it.
    #[error("column {column} holds something else than {wanted}")]
    Column {
        /// Its number, from 0.
        column: usize,
        /// What was asked for.
        wanted: &'static str,
    },
}

/// Tells no row from a failure.
pub(crate) trait OptionalExtension<T> {
    /// `None` if there was no row.
    fn optional(self) -> Result<Option<T>, StoreError>;
}

impl<T> OptionalExtension<T> for Result<T, StoreError> {
    fn optional(self) -> Result<Option<T>, StoreError> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(StoreError::NoRows) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether there was no room left.
pub(crate) fn is_disk_full(error: &StoreError) -> bool {
    match error {
        StoreError::Sqlite(e) => e.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
        StoreError::Postgres { code, .. } => code == "53100",
        _ => false,
    }
}

/// Whether the system could not read or write.
pub(crate) fn is_disk(error: &StoreError) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, ReadOnly, SystemIoFailure};
    match error {
        StoreError::Sqlite(e) => {
            matches!(e.sqlite_error_code(), Some(SystemIoFailure | CannotOpen | ReadOnly | PermissionDenied))
        }
        StoreError::Postgres { code, .. } => code == "58030",
        _ => false,
    }
}
