//! Snapshots: everybody as known at one position, from compiled files and the rows since.
//!
//! A small ledger is folded in memory. A larger one keeps a folder of compiled files, one for each
//! bucket of person keys; a snapshot opens them and folds in only the rows after their position.
//! When those have become many, or somebody was erased, the buckets concerned are written anew.

mod base;
mod build;
mod check;
mod file;
mod layout;
mod sink;
mod tail;

use std::collections::BTreeMap;
use std::path::PathBuf;

use mandat_core::controller::Controller;
use mandat_core::history::{PersonHistory, Shared, resolve_links};
use mandat_core::time::Micros;
use mandat_proof::PersonKey;

use crate::error::LedgerError;
use crate::fold::{KeyRange, is_blank};
use crate::snapshot::base::{Base, keys_of};

pub use check::SnapshotCheck;
#[cfg(test)]
pub(crate) use layout::FULL_EVENT;

/// Where compiled files go and how large things may become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotOptions {
    /// The folder of compiled files; `None` = beside the ledger, `ledger.snapshot`.
    pub folder: Option<PathBuf>,
    /// A ledger of at most so many rows is folded in memory and writes no files.
    pub memory_rows: u64,
    /// People folded in one pass over the rows; bounds the memory of a first build.
    pub people_per_pass: u64,
    /// Rows a bucket's file is made for.
    pub rows_per_bucket: u64,
    /// People changed since the files, from which on the files are brought up to date.
    pub tail_people: u64,
    /// Threads of a full replay; the result does not depend on it.
    pub threads: usize,
}

impl Default for SnapshotOptions {
    fn default() -> Self {
        Self {
            folder: None,
            memory_rows: 20_000,
            people_per_pass: 4_000_000,
            rows_per_bucket: 1_000_000,
            tail_people: 5_000,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// Everybody, and what concerns everybody, as known at one position. It never changes, whatever is
/// appended or compiled meanwhile.
#[derive(Debug)]
pub struct Snapshot {
    position: u64,
    appended: Micros,
    /// Notices, orders, policies. The controller's papers come from the settings: see
    /// [`Self::with_controller`].
    pub shared: Shared,
    base: Option<Base>,
    overlay: BTreeMap<PersonKey, PersonHistory>,
}

impl Snapshot {
    /// The same with what the operator has on file.
    #[must_use]
    pub fn with_controller(mut self, controller: Controller) -> Self {
        self.shared.controller = controller;
        self
    }

    /// Position of the last event in it.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// When that event was appended.
    #[must_use]
    pub const fn appended(&self) -> Micros {
        self.appended
    }

    /// People changed since the compiled files, or all of them in a small ledger: what is in memory.
    #[must_use]
    pub fn resident_people(&self) -> usize {
        self.overlay.len()
    }

    /// Position of the compiled files under it; `None` if it is all in memory.
    #[must_use]
    pub fn compiled_position(&self) -> Option<u64> {
        self.base.as_ref().map(|base| base.listing.position)
    }

    /// People who linked accounts, now or once, in key order.
    pub fn linked(&self) -> impl Iterator<Item = (PersonKey, &PersonHistory)> {
        // The files under an overlay hold nobody linked whom it does not hold as well.
        self.overlay.iter().filter(|(_, history)| history.is_linked()).map(|(key, history)| (*key, history))
    }

    /// Hands over everybody in a bucket, in key order.
    ///
    /// # Errors
    /// When a compiled file cannot be read or is damaged.
    pub fn bucket(
        &self,
        bits: u32,
        bucket: u64,
        visit: &mut dyn FnMut(PersonKey, &PersonHistory),
    ) -> Result<(), LedgerError> {
        let range = keys_of(bits, bucket);
        // Whoever has become blank since the files were made hides what they say.
        let mut visit = |key: PersonKey, history: &PersonHistory| {
            if !is_blank(history) {
                visit(key, history);
            }
        };
        let mut overlay = self.overlay.range(range.first..=range.last).peekable();
        if let Some(base) = &self.base {
            base.each(range, &mut |file, key, bytes| {
                while let Some((other, history)) = overlay.next_if(|(other, _)| **other < key) {
                    visit(*other, history);
                }
                match overlay.next_if(|(other, _)| **other == key) {
                    Some((_, history)) => visit(key, history),
                    None => visit(key, &file.decode(bytes)?),
                }
                Ok(())
            })?;
        }
        overlay.for_each(|(key, history)| visit(*key, history));
        Ok(())
    }

    /// One person; `None` if the ledger says nothing about them.
    ///
    /// # Errors
    /// When a compiled file cannot be read or is damaged.
    pub fn history(&self, key: PersonKey) -> Result<Option<PersonHistory>, LedgerError> {
        match (self.overlay.get(&key), &self.base) {
            (Some(history), _) => Ok(Some(history.clone()).filter(|history| !is_blank(history))),
            (None, Some(base)) => base.get(key),
            (None, None) => Ok(None),
        }
    }
}

/// What a build sees. Files are checked block by block as they are read.
///
/// # Panics
/// When a compiled file is damaged or cannot be read: a build must end there, and the trait has no
/// way to say so. [`Snapshot::bucket`] and [`Snapshot::history`] return the error.
impl mandat_core::snapshot::Snapshot for Snapshot {
    fn position(&self) -> u64 {
        self.position
    }

    fn appended(&self) -> Micros {
        self.appended
    }

    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn each_in_bucket(&self, bits: u32, bucket: u64, visit: &mut dyn FnMut(PersonKey, &PersonHistory)) {
        self.bucket(bits, bucket, visit).unwrap_or_else(|error| panic!("{error}"));
    }

    fn person(&self, key: PersonKey) -> Option<PersonHistory> {
        self.history(key).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Spreads denials among linked accounts and lays the result over the rest.
fn spread(own: &BTreeMap<PersonKey, PersonHistory>, overlay: &mut BTreeMap<PersonKey, PersonHistory>) {
    let mut linked = own.clone();
    resolve_links(&mut linked);
    overlay.extend(linked);
}

/// Everybody in memory: people's own acts, then those of linked accounts.
fn in_memory(own: Vec<(PersonKey, PersonHistory)>) -> BTreeMap<PersonKey, PersonHistory> {
    let mut people: BTreeMap<_, _> = own.into_iter().collect();
    let linked = people.iter().filter(|(_, h)| h.is_linked()).map(|(k, h)| (*k, h.clone())).collect();
    spread(&linked, &mut people);
    people
}

/// The keys of a bucket, for the passes of a build.
fn pass_range(bits: u32, first: u64, last: u64) -> KeyRange {
    KeyRange { first: keys_of(bits, first).first, last: keys_of(bits, last).last }
}
