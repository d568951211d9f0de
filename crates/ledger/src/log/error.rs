//! What can go wrong between the ledger and what was published of it.

use std::io;
use std::path::PathBuf;

use mandat_proof::{CheckpointError, NoteError, ReadError};

use crate::error::LedgerError;

/// Why the log could not be published, or a receipt not be given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A file of the log is not there, or not what it was.
    #[error("the published log is not whole: {0}")]
    Files(#[from] ReadError),
    /// The system could not read or write a file.
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
    /// The checkpoint there is not by the key at hand.
    #[error("`{path}` is no checkpoint of this ledger's log by its key; put the right keys/log.key or log folder back")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: CheckpointError,
    },
    /// The ledger is older than what was published: a backup was restored.
    #[error(
        "the log was published with {published} entries and the ledger holds {held}: it is an older copy and lacks what \
         people said since; restore the newest backup of the ledger"
    )]
    Behind {
        /// Entries that were published.
        published: u64,
        /// Entries in the ledger.
        held: u64,
    },
    /// The ledger and what was published have parted: signing on would show two histories.
    #[error(
        "the ledger's log is not the one that was published with {size} entries; restore the newest backup of the \
         ledger that goes with the log folder, and take in again what came since"
    )]
    Forked {
        /// Entries that were published.
        size: u64,
    },
    /// A witness does not sign.
    #[error("witness `{name}` did not sign: {why}; nothing was published")]
    Witness {
        /// Its name.
        name: String,
        /// What it said.
        why: String,
    },
    /// Too few witnesses for the policy.
    #[error(
        "{found} witnesses signed and the policy asks for {wanted}; nothing was published, name more in mandat.toml"
    )]
    Quorum {
        /// Witnesses that signed.
        found: usize,
        /// Witnesses that are needed.
        wanted: usize,
    },
    /// A row without a place in the log.
    #[error("event {0} has no receipt: it does not exist, or holds facts and no act")]
    NotLogged(u64),
    /// Nobody can open it any more.
    #[error("event {0} has no receipt any more: the person was erased")]
    Erased(u64),
    /// Not in a signed checkpoint yet.
    #[error("entry {0} is not published yet; run `mandat log checkpoint`")]
    NotPublished(u64),
    /// A key that does not fit.
    #[error("the key cannot sign for this log; its name must be the log's origin")]
    Key(#[source] NoteError),
    /// The folder of a witness that cannot be used.
    #[error("`{path}` is not the folder of a witness: {why}; make one with `mandat log witness --new`")]
    NotAWitness {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
}

impl LogError {
    pub(crate) fn file(action: &'static str, path: &std::path::Path, source: io::Error) -> Self {
        Self::File { action, path: path.to_owned(), source }
    }
}
