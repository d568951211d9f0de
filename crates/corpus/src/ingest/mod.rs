//! Ingest: files in, one published batch of sorted runs out.
//!
//! Reading is streamed; rows are sorted by person within a memory budget, written as the runs of one
//! unit, settled against what the vault holds, and published by one manifest. Killed at any moment,
//! nothing of a batch can be seen, and the next ingest sweeps what is left.

mod assemble;
mod parse;
mod read;
pub mod row;
mod run;
pub mod sort;
pub mod unit;

use std::collections::BTreeMap;

use mandat_core::proof::{Keyer, PersonKey};
use mandat_core::time::Micros;

pub use run::ingest;

use crate::input::Rejection;
use crate::vault::Layout;

/// How an ingest runs; nothing here but `strict` and `max_line` changes what goes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestOptions {
    /// Bytes that sorting may hold; the process needs up to about 200 MB more.
    pub memory: usize,
    /// Threads that parse and sort.
    pub threads: usize,
    /// Unknown fields reject.
    pub strict: bool,
    /// Count and report only.
    pub dry_run: bool,
    /// Bytes of the longest line; a longer one is rejected.
    pub max_line: usize,
    /// How finely the vault is cut at least; chosen by the size of its text if missing.
    pub layout: Option<Layout>,
    /// The time that the batch is marked with.
    pub at: Micros,
}

impl Default for IngestOptions {
    fn default() -> Self {
        let at = Micros::default();
        Self { memory: 1 << 30, threads: 1, strict: false, dry_run: false, max_line: 16 << 20, layout: None, at }
    }
}

/// What one source gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileReport {
    /// Its name, without the folder that was named.
    pub name: String,
    /// Its length as it lies.
    pub bytes: u64,
    /// Accepted lines.
    pub accepted: u64,
    /// Rejected lines.
    pub rejected: u64,
    /// Unknown fields and how often they came.
    pub unknown_fields: BTreeMap<String, u64>,
    /// The same bytes are in the vault, read the same way: it was left out.
    pub unchanged: bool,
    /// It ends in the middle or is damaged: whatever came after the last line read is lost.
    pub rest_lost: bool,
}

/// What an ingest did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IngestReport {
    /// Name of the batch; missing if nothing was published.
    pub batch: Option<String>,
    /// Its sequence number.
    pub sequence: u64,
    /// Every source was in the vault already.
    pub unchanged: bool,
    /// Nothing was to be written.
    pub dry_run: bool,
    /// Source by source.
    pub files: Vec<FileReport>,
    /// Files in folders that are neither JSON lines nor Parquet by their names.
    pub files_passed_over: u64,
    /// Accepted lines.
    pub accepted: u64,
    /// Versions written: accepted lines less repetitions.
    pub rows: u64,
    /// Lines that repeat another of this batch.
    pub duplicates: u64,
    /// Rejected lines by reason.
    pub rejected: BTreeMap<String, u64>,
    /// The first rejections.
    pub first_rejections: Vec<Rejection>,
    /// Bytes read.
    pub bytes: u64,
}

impl IngestReport {
    /// Rejected lines.
    #[must_use]
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    fn sum(&mut self, reasons: BTreeMap<String, u64>, shown: Vec<Rejection>) {
        self.accepted = self.files.iter().map(|f| f.accepted).sum();
        self.bytes = self.files.iter().map(|f| f.bytes).sum();
        self.rejected = reasons;
        self.first_rejections = shown;
    }
}

/// Steps of an ingest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reading and parsing.
    Reading,
    /// Writing sorted runs.
    Writing,
    /// Settling and publishing.
    Publishing,
    /// Writing the vault again, because it outgrew its layout or was screened with other lists.
    Renewing,
}

/// Is told how far an ingest is.
pub trait Progress: Sync {
    /// A step begins.
    fn phase(&self, phase: Phase);
    /// Bytes of sources were read.
    fn bytes(&self, bytes: u64);
    /// Rows were parsed.
    fn rows(&self, rows: u64);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn phase(&self, _: Phase) {}
    fn bytes(&self, _: u64) {}
    fn rows(&self, _: u64) {}
}

/// An account seen in a batch; names are kept once, by the ledger.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose it is.
    pub person: PersonKey,
    /// The platform.
    pub platform: String,
    /// The stable account id.
    pub account: String,
    /// The name shown, if any was.
    pub handle: Option<String>,
    /// The earliest record of this batch that shows it.
    pub from: Micros,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({})", self.person)
    }
}

/// Who keeps the names of accounts: the ledger, through the binary.
pub trait Accounts {
    /// Takes note of accounts; the same ones may come again.
    ///
    /// # Errors
    /// A message, if they could not be kept; the batch is then not published.
    fn observe(&mut self, accounts: &[Account]) -> Result<(), String>;

    /// Who holds a handle, by its [`handle_tag`]; `None` if nobody or several do.
    fn holder(&mut self, tag: u128) -> Option<PersonKey>;
}

/// Keeps no names and knows nobody: for tests and dry runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAccounts;

impl Accounts for NoAccounts {
    fn observe(&mut self, _: &[Account]) -> Result<(), String> {
        Ok(())
    }

    fn holder(&mut self, _: u128) -> Option<PersonKey> {
        None
    }
}

/// The tag that a handle is kept under: `@Anna` and `anna` are one.
#[must_use]
pub fn handle_tag(keyer: &Keyer, platform: &str, handle: &str) -> u128 {
    let name = handle.trim().trim_start_matches('@').to_lowercase();
    keyer.derive(b"mandat/handle/v1", platform, &name)
}
