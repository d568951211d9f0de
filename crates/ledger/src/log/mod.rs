//! The transparency log: what the ledger shows to those who do not trust its operator.
//!
//! Every row that says something about a person's rights (all but facts of the people file) has its place in the log,
//! written in the transaction of the row: `sequencer` turns rows into entries, leaf hashes and the new head, and the
//! head stands beside them as what is left to publish. Nothing else is a commit point.
//!
//! `publish` makes signed files of it (C2SP tlog-tiles) and is begun again after a kill, `receipt` opens an entry for
//! its owner, `witness` is a witness in a folder. `content` is what an entry commits to, byte for byte; `tables` where
//! entries and heads stand, `files` the published folder.

mod content;
mod error;
mod files;
#[cfg(test)]
mod kill;
mod publish;
mod receipt;
mod sequencer;
mod tables;
mod witness;

pub use error::LogError;
pub use files::LogFiles;
pub use publish::{Published, Publisher};
pub use receipt::Receipts;
pub(crate) use sequencer::Sequencer;
pub use witness::FileWitness;
