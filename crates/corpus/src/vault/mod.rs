//! The vault: every record by person, in sorted runs, published batch by batch.
//!
//! A batch is a set of files that nobody can see until a manifest names them; publishing is one
//! create-if-absent. Runs are never rewritten by an ingest: what it changes about older rows stands
//! in an [`overlay`]. Text of superseded versions is never returned by readers that skip superseded
//! rows, and leaves the disk when runs are merged.

mod apply;
pub(crate) mod change;
mod columns;
pub(crate) mod compact;
pub mod entries;
pub mod fixed;
pub mod format;
pub(crate) mod holds;
pub mod manifest;
pub mod overlay;
mod postings;
mod rest;
pub mod rows;
pub mod run;
mod settle;
mod sum;
mod undo;
mod verify;
pub mod write;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mandat_core::proof::{Digest, Keyer, PersonKey, hex};
use parquet::errors::ParquetError;

pub use entries::Posting;
pub use manifest::{Batch, Layout, Manifest};
pub use overlay::{Overlay, Patch};
pub use run::{Other, Run};
pub use undo::Undone;
pub use verify::{Fault, Problem};

use crate::durable::Lock;

/// Why the vault could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file system.
    #[error("cannot use `{path}`")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A Parquet file.
    #[error("cannot read or write the Parquet file `{path}`")]
    Parquet {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: ParquetError,
    },
    /// A manifest that does not parse.
    #[error("`{path}` is not a vault manifest; restore it from a backup")]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A manifest of another version.
    #[error("`{path}` has format {found}, this version reads {}; use the version that wrote it", format::FORMAT)]
    Format {
        /// Which file.
        path: PathBuf,
        /// What it says.
        found: u32,
    },
    /// Keys of another secret.
    #[error("the vault was written under another person-key secret; use the keys of the home that made it")]
    WrongKey,
    /// A file whose content cannot be.
    #[error("`{path}` is damaged; restore it from a backup")]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
    /// Somebody else is writing.
    #[error("another ingest is running in `{path}`; wait until it is done")]
    Busy {
        /// The vault folder.
        path: PathBuf,
    },
    /// Somebody else has written.
    #[error("another process published change {sequence} first; run the command again")]
    Raced {
        /// The number both wanted.
        sequence: u64,
    },
    /// No such batch, or not one that can be taken out.
    #[error("{0}")]
    Batch(String),
    /// The callback that keeps account names failed.
    #[error("cannot record the accounts of this batch: {0}")]
    Accounts(String),
}

impl VaultError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn parquet(path: &Path, source: ParquetError) -> Self {
        Self::Parquet { path: path.to_owned(), source }
    }
}

/// An open vault: one manifest, and the guard that keeps its files from being swept.
#[derive(Debug)]
pub struct Vault {
    pub(crate) dir: PathBuf,
    pub(crate) keyer: Keyer,
    pub(crate) manifest: Manifest,
    holders: Arc<run::Holders>,
    readers: Option<Lock>,
}

/// Label of the tag that tells the secret without telling it.
const FINGERPRINT: &[u8] = b"mandat/vault-fingerprint/v1";

impl Vault {
    /// Opens the vault of a store; a store without one has an empty vault, and nothing is made.
    ///
    /// # Errors
    /// [`VaultError::WrongKey`] if it was written under another secret; others if it cannot be read.
    pub fn open(store: &Path, keyer: &Keyer) -> Result<Self, VaultError> {
        let (dir, manifest) = (store.join("vault"), Manifest::empty(String::new()));
        let mut vault = Self { dir, keyer: keyer.clone(), manifest, holders: Arc::default(), readers: None };
        vault.reload()?;
        Ok(vault)
    }

    /// Reads the newest manifest and keeps its files from being swept.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn reload(&mut self) -> Result<(), VaultError> {
        if self.readers.is_none() && self.dir.is_dir() {
            // A store that cannot be written to is not swept either.
            self.readers = Lock::shared(&self.dir.join("readers.lock")).ok();
        }
        let fingerprint = hex(&self.keyer.derive(FINGERPRINT, "", "").to_be_bytes());
        let manifest = Manifest::newest(&self.dir)?.unwrap_or_else(|| Manifest::empty(fingerprint.clone()));
        if manifest.key_fingerprint != fingerprint {
            return Err(VaultError::WrongKey);
        }
        self.holders = Arc::new(load_holders(&self.dir, &manifest)?);
        self.manifest = manifest;
        Ok(())
    }

    /// Lets go of the files, so that this process may sweep.
    pub(crate) fn release(&mut self) {
        self.readers = None;
    }

    /// Number of the manifest in use: the second part of K.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.manifest.sequence
    }

    /// Digest over the logical rows: the same whatever the batches, their order and their runs.
    ///
    /// # Panics
    /// Never: the manifest was checked when it was read.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.manifest.digest.parse().expect("bug: the digest was checked when the manifest was read")
    }

    /// How keys are cut.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.manifest.layout
    }

    /// Number of buckets.
    #[must_use]
    pub const fn buckets(&self) -> u64 {
        1 << self.manifest.layout.bucket_bits
    }

    /// The runs of a bucket, oldest first.
    ///
    /// # Errors
    /// If an overlay cannot be read.
    pub fn runs(&self, bucket: u64) -> Result<Vec<Run>, VaultError> {
        let mut runs = Vec::new();
        for unit in &self.manifest.units {
            for entry in unit.runs.iter().filter(|r| r.bucket == bucket) {
                runs.push(Run::open(&self.dir, unit.number, entry, Arc::clone(&self.holders))?);
            }
        }
        Ok(runs)
    }

    /// A run of the manifest.
    pub(crate) fn run(&self, unit: u64, entry: &manifest::RunEntry) -> Result<Run, VaultError> {
        Run::open(&self.dir, unit, entry, Arc::clone(&self.holders))
    }

    /// The manifest in use.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Live batches, oldest first.
    #[must_use]
    pub fn batches(&self) -> &[Batch] {
        &self.manifest.batches
    }

    /// People with more text than a group holds, and by how many bits of the record key each is cut.
    #[must_use]
    pub fn heavy(&self) -> BTreeMap<PersonKey, u32> {
        let mut bytes: BTreeMap<PersonKey, u64> = BTreeMap::new();
        for (person, text) in self.manifest.units.iter().flat_map(|u| &u.large) {
            *bytes.entry(PersonKey::from_hex(person).expect("bug: keys are written in hex")).or_default() += text;
        }
        bytes.retain(|_, b| *b > manifest::GROUP_TARGET);
        bytes.into_iter().map(|(p, b)| (p, b.div_ceil(manifest::GROUP_TARGET).next_power_of_two().ilog2())).collect()
    }
}

fn load_holders(dir: &Path, manifest: &Manifest) -> Result<run::Holders, VaultError> {
    let Some(entry) = &manifest.holders else { return Ok(Vec::new()) };
    let path = dir.join(&entry.path);
    let bytes = std::fs::read(&path).map_err(|e| VaultError::io(&path, e))?;
    if bytes.len() % 32 != 0 {
        return Err(VaultError::Damaged { path });
    }
    let key = |b: &[u8]| u128::from_be_bytes(b.try_into().expect("sixteen bytes"));
    Ok(bytes.chunks_exact(32).map(|pair| (key(&pair[..16]), PersonKey(key(&pair[16..])))).collect())
}
