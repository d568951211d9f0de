//! What a database answers when it cannot.

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite said no.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
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
    matches!(error, StoreError::Sqlite(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull))
}

/// Whether the system could not read or write.
pub(crate) fn is_disk(error: &StoreError) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, ReadOnly, SystemIoFailure};
    match error {
        StoreError::Sqlite(e) => {
            matches!(e.sqlite_error_code(), Some(SystemIoFailure | CannotOpen | ReadOnly | PermissionDenied))
        }
        StoreError::NoRows | StoreError::Column { .. } => false,
    }
}
