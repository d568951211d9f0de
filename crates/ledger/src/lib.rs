//! The append-only store of notices, facts about people, and choices, and its replay to a [`Snapshot`].
//!
//! A choice comes in through [`Ledger::append`] (as it happens) or [`Ledger::import_choices`] (a batch
//! that can be undone) and becomes a row that is never changed: position, kind and times in the open,
//! the rest sealed under a secret of the person it concerns. State is a fold over the rows up to a
//! position; [`Ledger::snapshot`] gives that fold for everybody, from compiled files and the rows since.
//!
//! It refuses
//! - to open with the wrong keys, another format, or an SQLite that can lose committed rows;
//! - a permission without its paperwork ([`Rejection`]); a denial is kept whatever it looks like, also
//!   about accounts that nobody has seen, and binds every account that held the handle it names;
//! - a changed text under the id of a [notice](Ledger::import_notices), and any change of a row.
//!
//! **Invariants**, and what holds them (`tests/ledger`):
//! - rows are numbered without gaps and only ever added: triggers; `opening::rows_are_only_ever_added`;
//! - what was acknowledged outlives a kill, and a batch is there whole or not at all: WAL with
//!   `synchronous=FULL`, one transaction for 50,000 events; `crash`;
//! - a snapshot brought forward is what a full replay gives: `snapshot::brought_forward_equals_a_full_replay`,
//!   and on the operator's own data [`Ledger::verify_snapshot`];
//! - names, texts and ids stand nowhere in the open, and an erased person's secret leaves the disk:
//!   `erasure`. Rows then read as destroyed, the person as ERASED at every position, and the person key
//!   stays for suppression.
//!
//! No clock and no environment: times and [`Keys`] are arguments. The one thing that is not a function
//! of its inputs are the random handles and secrets of new subjects (`entropy`).
//!
//! - every act has its place in a transparency log, written with its row; what was published is held against the
//!   ledger before anything is signed, so an older copy signs nothing: `log`.
//!
//! Start at `ledger` (opening), then `writer` (the one place that adds rows), `append` and `check`
//! (what comes in), `fold` (replay), `snapshot` (compiled files, their format in `snapshot::file`), `log` (entries,
//! [`Publisher`], [`Receipts`]).
//!
//! Sealing is ChaCha20-Poly1305 (RFC 8439), tags are HMAC-SHA-256 (RFC 2104), see `mandat_proof`.

mod append;
mod check;
mod codec;
mod committer;
mod copy;
pub mod durable;
mod entropy;
mod erase;
mod error;
mod expect;
mod fault;
mod fold;
mod handles;
mod hold;
mod imports;
mod keys;
mod ledger;
mod log;
mod notices;
mod pass;
mod people;
mod place;
mod read;
mod row;
mod same;
mod schema;
mod secrets;
mod snapshot;
mod store;
mod widen;
mod writer;

pub use append::{AppendReport, ChoicesImport};
pub use check::Rejection;
pub use committer::{CommitError, Committer};
pub use copy::CopyReport;
pub use erase::ErasureReport;
pub use error::LedgerError;
pub use imports::{ImportBatch, VoidReport};
pub use keys::{Fingerprints, Keys};
pub use ledger::{Head, Ledger, LedgerCounts};
pub use log::{FileWitness, LogError, LogFiles, Published, Publisher, Receipts};
pub use notices::NoticesReport;
pub use people::{PeopleReport, Sighting, SightingReport};
pub use place::{Place, PostgresUrl};
pub use read::{Entry, LedgerEvent};
pub use snapshot::{Snapshot, SnapshotCheck, SnapshotOptions};
pub use store::{Database, StoreError};
pub use widen::widen;
pub use writer::Account;
