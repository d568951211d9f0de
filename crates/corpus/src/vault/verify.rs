//! Whether the files that the manifest names are there, as long as it says, and unchanged.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use rayon::prelude::*;

use super::manifest::{FileEntry, Manifest, OverlayEntry};
use super::{Vault, run};
use crate::input;

/// A file that is not as the manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path below the vault folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not there.
    Missing,
    /// It is longer or shorter.
    Length {
        /// Bytes it should have; of a file of overlays, at least so many.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// Its bytes are others.
    Content,
    /// It is there and cannot be read.
    Unreadable(io::ErrorKind),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ", self.path.display())?;
        match self.fault {
            Fault::Missing => f.write_str("is missing"),
            Fault::Length { expected, found } => write!(f, "has {found} bytes instead of {expected}"),
            Fault::Content => f.write_str("was changed: its SHA-256 is not the one in the manifest"),
            Fault::Unreadable(kind) => write!(f, "cannot be read: {kind}"),
        }
    }
}

impl Vault {
    /// Looks at every file that the manifest names: whether it is there and of its length, and with `deep`
    /// whether its bytes are those that were written. Problems come in the order of their paths.
    #[must_use]
    pub fn verify_files(&self, deep: bool) -> Vec<Problem> {
        self.problems(|_| deep, deep)
    }

    /// As [`Self::verify_files`], but only the bytes of files that a build reads are looked at: runs, overlays,
    /// who holds handles. Indexes and postings, which only an ingest reads, must be there and of their length.
    #[must_use]
    pub fn verify_for_build(&self) -> Vec<Problem> {
        let runs = self.manifest.units.iter().flat_map(|u| &u.runs).flat_map(|r| [&r.decide, &r.text, &r.others]);
        let read: BTreeSet<&str> = runs.chain(&self.manifest.holders).map(|entry| entry.path.as_str()).collect();
        self.problems(|entry| read.contains(entry.path.as_str()), true)
    }

    fn problems(&self, deep: impl Fn(&FileEntry) -> bool + Sync, overlays: bool) -> Vec<Problem> {
        let files: Vec<&FileEntry> = self.manifest.entries().collect();
        let fault = |entry: &FileEntry| Some((PathBuf::from(&entry.path), fault_of(&self.dir, entry, deep(entry))?));
        let found: Vec<(PathBuf, Fault)> = files.into_par_iter().filter_map(fault).collect();
        let beside = self.manifest.overlays();
        let beside = beside.filter_map(|e| Some((PathBuf::from(&e.path), overlay_fault(&self.dir, e, overlays)?)));
        let mut faults: BTreeMap<PathBuf, Fault> = BTreeMap::new();
        for (path, fault) in found.into_iter().chain(beside) {
            faults.entry(path).or_insert(fault);
        }
        faults.into_iter().map(|(path, fault)| Problem { path, fault }).collect()
    }
}

impl Manifest {
    /// Every whole file this manifest names, with its length and SHA-256.
    pub fn entries(&self) -> impl Iterator<Item = &FileEntry> {
        let units = self.units.iter().flat_map(|u| {
            let i = &u.indexes;
            let runs = u.runs.iter().flat_map(|r| [&r.decide, &r.text, &r.others]);
            [&i.records, &i.refs, &i.holds, &i.handles].into_iter().chain(runs)
        });
        let rejections = self.batches.iter().filter_map(|b| b.rejections.as_ref());
        units.chain(&self.postings).chain(&self.holders).chain(rejections)
    }

    /// Every overlay this manifest names; several may lie in one file.
    pub fn overlays(&self) -> impl Iterator<Item = &OverlayEntry> {
        self.units.iter().flat_map(|u| &u.runs).filter_map(|r| r.overlay.as_ref())
    }
}

/// The length of a file, if it can be had.
fn length(path: &Path) -> Result<u64, Fault> {
    let found = fs::metadata(path).map_err(|e| fault_from(&e))?;
    if found.is_file() { Ok(found.len()) } else { Err(Fault::Missing) }
}

fn fault_from(error: &io::Error) -> Fault {
    if error.kind() == io::ErrorKind::NotFound { Fault::Missing } else { Fault::Unreadable(error.kind()) }
}

fn fault_of(vault: &Path, entry: &FileEntry, deep: bool) -> Option<Fault> {
    let path = vault.join(&entry.path);
    match length(&path) {
        Err(fault) => Some(fault),
        Ok(found) if found != entry.bytes => Some(Fault::Length { expected: entry.bytes, found }),
        Ok(_) if deep => match input::digest_file(&path) {
            Err(e) => Some(fault_from(&e)),
            Ok((digest, _)) => (digest.to_string() != entry.sha256).then_some(Fault::Content),
        },
        Ok(_) => None,
    }
}

fn overlay_fault(vault: &Path, entry: &OverlayEntry, deep: bool) -> Option<Fault> {
    let end = entry.offset.saturating_add(entry.bytes);
    match length(&vault.join(&entry.path)) {
        Err(fault) => Some(fault),
        Ok(found) if found < end => Some(Fault::Length { expected: end, found }),
        Ok(_) if deep => run::read_overlay(&vault.join(&entry.path), entry).is_err().then_some(Fault::Content),
        Ok(_) => None,
    }
}
