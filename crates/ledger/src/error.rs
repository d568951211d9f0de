//! What can go wrong with a ledger as a whole; single events that are not taken are [`crate::Rejection`]s.

use std::io;
use std::path::{Path, PathBuf};

use crate::place::Place;
use crate::store::{StoreError, is_disk, is_disk_full};

/// Why the ledger could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Nothing there.
    #[error("no ledger at `{0}`; check the place, or restore it from a backup")]
    NotFound(Place),
    /// Something is in the way.
    #[error("`{0}` exists already; open it, or choose another place")]
    Exists(Place),
    /// Another database, or no database.
    #[error("`{0}` is not a Mandat ledger; check the place, or restore it from a backup")]
    NotALedger(Place),
    /// Written by another version.
    #[error(
        "the ledger has format {found}, this version reads format {known}; use the version that wrote it, or make a \
         new home and take the files in again"
    )]
    Format {
        /// Version number in the file.
        found: i64,
        /// Version number of this program.
        known: i64,
    },
    /// The linked SQLite can lose committed rows in WAL mode.
    #[error("SQLite {found} is linked, the ledger needs 3.51.3 or later; build with the bundled SQLite")]
    SqliteTooOld {
        /// Version of the library.
        found: String,
    },
    /// The server is too old.
    #[error("PostgreSQL {found} answers, the ledger needs 14 or later; update the server")]
    ServerTooOld {
        /// Its major version.
        found: i64,
    },
    /// A setting that the ledger rests on is not as it must be.
    #[error(
        "the database refused `{setting}`, without which the ledger is not safe; set it, or use another disk or server"
    )]
    Setting {
        /// The setting.
        setting: &'static str,
    },
    /// A URL of a ledger that cannot be used; it is not repeated, it may hold a password.
    #[error("the ledger's URL cannot be used: {what}")]
    Url {
        /// Why, and what to do.
        what: &'static str,
    },
    /// The server does not answer, or lets nobody in.
    #[error("cannot open the ledger at `{place}`; check that the server runs and lets this user in")]
    Reach {
        /// Where, without the password.
        place: Place,
        /// What the server or the system said.
        #[source]
        source: StoreError,
    },
    /// A copy that is not what it was made from.
    #[error("the copy of the ledger is not the same as the original; drop it, and run `mandat doctor --deep`")]
    CopyDiffers,
    /// The connection went while it committed.
    #[error(
        "the connection to the ledger was lost while it committed: what was written is there whole or not at all; run the same command again, nothing is taken twice"
    )]
    Unknown,
    /// Keys of another home.
    #[error("the {which} is not the one this ledger was made with; put the right key file back")]
    WrongKey {
        /// Which of the two secrets.
        which: &'static str,
    },
    /// A row that does not open or decode: changed outside, or a damaged disk.
    #[error("ledger row {position} does not read back ({what}); run `mandat doctor --deep` and restore from a backup")]
    Corrupt {
        /// Position of the row, 0 for a side table.
        position: u64,
        /// What failed.
        what: &'static str,
    },
    /// Something that is no name of a log, or not that of this ledger's.
    #[error(
        "`{0}` cannot be the origin of this ledger's log; name it once, when the ledger is made, without blanks or +"
    )]
    Origin(String),
    /// A statement of a kind that concerns one person.
    #[error("what concerns one person is no statement; append it as an event")]
    NotPublic,
    /// A batch of imported choices that does not exist.
    #[error("there is no batch {0} of imported choices; `mandat choices batches` lists them")]
    NoSuchBatch(u64),
    /// A position that has not been reached.
    #[error("position {asked} lies after the ledger's head {head}; ask for an earlier one")]
    AfterHead {
        /// Position asked for.
        asked: u64,
        /// Position of the last event.
        head: u64,
    },
    /// The database said no.
    #[error("the ledger's database failed; see the cause, and check the disk")]
    Database(#[source] StoreError),
    /// No room left.
    #[error("the disk is full, the ledger could not be read or written; make room and run the command again")]
    DiskFull,
    /// The system could not read or write the file.
    #[error("the ledger's file could not be read or written; check the disk and the rights on the folder")]
    Disk(#[source] StoreError),
    /// A file of the snapshot could not be written or read.
    #[error("cannot {action} `{path}`; check the disk and the rights on the folder")]
    File {
        /// What was attempted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A snapshot file is damaged; it can be made again from the ledger.
    #[error("snapshot file `{path}` is damaged ({what}); remove it, it is made again from the ledger")]
    Snapshot {
        /// The file.
        path: PathBuf,
        /// What failed.
        what: &'static str,
    },
    /// No randomness.
    #[error("the system gives no random bytes; the ledger cannot make secrets without them")]
    NoEntropy,
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Unknown) {
            Self::Unknown
        } else if is_disk_full(&error) {
            Self::DiskFull
        } else if is_disk(&error) {
            Self::Disk(error)
        } else {
            Self::Database(error)
        }
    }
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}

/// A file that could not be read or written.
pub(crate) fn file_error(action: &'static str, path: &Path, source: io::Error) -> LedgerError {
    LedgerError::File { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn a_full_disk_and_a_failing_one_are_told_from_a_damaged_ledger() {
        let of = |code| LedgerError::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        assert!(matches!(of(ffi::SQLITE_FULL), LedgerError::DiskFull));
        assert!(matches!(of(ffi::SQLITE_IOERR), LedgerError::Disk(_)));
        assert!(matches!(of(ffi::SQLITE_CORRUPT), LedgerError::Database(_)));
    }
}
