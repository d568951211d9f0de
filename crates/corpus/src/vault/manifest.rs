//! The vault manifest: the one file that says what the vault holds. Publishing it publishes a batch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use mandat_core::proof::{Digest, PersonKey};
use mandat_core::time::Micros;
use serde::{Deserialize, Serialize};

use super::{VaultError, format};
use crate::durable;

/// How keys are cut into buckets, shards and groups; chosen at the first ingest, cut finer as the vault grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Top bits of a person key that name its bucket: about 256 MB of text each.
    pub bucket_bits: u32,
    /// Top bits that name its shard: at most about 64 MB of text each.
    pub shard_bits: u32,
    /// Top bits that name its group, the unit of erasure: about 4 MB of text each.
    pub group_bits: u32,
}

impl Layout {
    /// Everything in one bucket, shard and group: what a small vault has.
    pub const SMALL: Self = Self { bucket_bits: 0, shard_bits: 0, group_bits: 0 };

    /// The layout for a vault that starts with so many bytes of text.
    #[must_use]
    pub fn for_text(bytes: u64) -> Self {
        let bits = |target: u64| bytes.div_ceil(target).max(1).next_power_of_two().ilog2();
        Self {
            bucket_bits: bits(256 << 20).min(20),
            shard_bits: bits(48 << 20).min(24),
            group_bits: bits(4 << 20).min(28),
        }
    }

    /// Whether this cuts anything finer than `other` does.
    #[must_use]
    pub const fn is_finer(&self, other: &Self) -> bool {
        self.bucket_bits > other.bucket_bits || self.shard_bits > other.shard_bits || self.group_bits > other.group_bits
    }

    /// The finer of the two in each respect: a vault is never cut coarser again.
    #[must_use]
    pub fn or_finer(&self, other: &Self) -> Self {
        Self {
            bucket_bits: self.bucket_bits.max(other.bucket_bits),
            shard_bits: self.shard_bits.max(other.shard_bits),
            group_bits: self.group_bits.max(other.group_bits),
        }
    }
}

/// Text of one group, in bytes; a person with more is cut by record key.
pub const GROUP_TARGET: u64 = 4 << 20;

/// One published file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Path below the vault folder.
    pub path: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 as 64 hexadecimal digits.
    pub sha256: String,
}

/// Where a run's overlay lies in its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverlayEntry {
    /// Path below the vault folder.
    pub path: String,
    /// First byte.
    pub offset: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of these bytes as 64 hexadecimal digits; missing in vaults written before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// One sorted run: one unit's rows of one bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunEntry {
    /// Which bucket.
    pub bucket: u64,
    /// Rows in `decide` and in `text`.
    pub rows: u32,
    /// Rows in `others`.
    pub other_rows: u32,
    /// Decision columns.
    pub decide: FileEntry,
    /// Text.
    pub text: FileEntry,
    /// Other people.
    pub others: FileEntry,
    /// What later arrivals changed about these rows; missing = nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlay: Option<OverlayEntry>,
}

/// Files sorted by a key, used at ingest to find versions, references, holds and handles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indexes {
    /// Every version, by record key.
    pub records: FileEntry,
    /// Every reference, by the key of the record it names.
    pub refs: FileEntry,
    /// Rejected lines whose record could be read, by record key.
    pub holds: FileEntry,
    /// Handles named in texts, by their tag.
    pub handles: FileEntry,
}

/// One batch, or several that were merged: a set of runs that is published or dropped as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Sequence number of the manifest that published it; names its folder and is never reused.
    pub number: u64,
    /// Sequence numbers of the batches it holds, ascending.
    pub batches: Vec<u64>,
    /// Runs by bucket.
    pub runs: Vec<RunEntry>,
    /// Indexes over all its runs.
    pub indexes: Indexes,
    /// Bytes of text of its rows.
    #[serde(default)]
    pub text: u64,
    /// Version of the lists that its texts were screened with.
    #[serde(default)]
    pub screened: String,
    /// Bytes of text by person, of those near or above the size of a group.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub large: BTreeMap<String, u64>,
}

/// One source of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceEntry {
    /// Name of the file, without its folder; `-` for standard input.
    pub name: String,
    /// SHA-256 of the bytes as they lay.
    pub sha256: String,
    /// Their length.
    pub bytes: u64,
}

/// One ingest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Names the batch for `ingest undo`: hash of map and sources.
    pub id: String,
    /// Its place among all ingests: the second part of K.
    pub sequence: u64,
    /// When it was run, as the caller said.
    pub at: Micros,
    /// SHA-256 of the map.
    pub map: String,
    /// What was read.
    pub sources: Vec<SourceEntry>,
    /// Versions taken in.
    pub rows: u64,
    /// Lines that repeat a version of the same batch.
    pub duplicates: u64,
    /// Rejected lines by reason.
    pub rejected: BTreeMap<String, u64>,
    /// The list of rejections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejections: Option<FileEntry>,
}

/// Everything the vault holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`format::FORMAT`].
    pub format: u32,
    /// Number of this manifest; grows by one with every change.
    pub sequence: u64,
    /// How keys are cut.
    pub layout: Layout,
    /// Tells the secret that keys were derived under, without telling it.
    pub key_fingerprint: String,
    /// Digest over the logical rows.
    pub digest: String,
    /// Live batches by sequence.
    pub batches: Vec<Batch>,
    /// Live units by number.
    pub units: Vec<Unit>,
    /// Postings by person named.
    pub postings: Vec<FileEntry>,
    /// Who holds the handles named in texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holders: Option<FileEntry>,
}

impl Manifest {
    /// The manifest of a vault that nothing was put into.
    #[must_use]
    pub fn empty(key_fingerprint: String) -> Self {
        Self {
            format: format::FORMAT,
            sequence: 0,
            layout: Layout::SMALL,
            key_fingerprint,
            digest: Digest([0; 32]).to_string(),
            batches: Vec::new(),
            units: Vec::new(),
            postings: Vec::new(),
            holders: None,
        }
    }

    /// Name of a manifest.
    #[must_use]
    pub fn file_name(sequence: u64) -> String {
        format!("manifest-{sequence:08}.json")
    }

    /// Sequence numbers of the manifests in a folder, ascending.
    ///
    /// # Errors
    /// Whatever the file system reports; a missing folder has none.
    pub fn sequences(dir: &Path) -> io::Result<Vec<u64>> {
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(e),
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let digits = name.to_str().and_then(|n| n.strip_prefix("manifest-")?.strip_suffix(".json"));
            found.extend(digits.and_then(|d| d.parse::<u64>().ok()));
        }
        found.sort_unstable();
        Ok(found)
    }

    /// The newest manifest in a vault folder; `None` if there is none.
    ///
    /// # Errors
    /// [`VaultError::Manifest`] if it does not parse, [`VaultError::Format`] if it is of another version.
    pub fn newest(dir: &Path) -> Result<Option<Self>, VaultError> {
        let at = |e| VaultError::io(dir, e);
        let Some(sequence) = Self::sequences(dir).map_err(at)?.pop() else { return Ok(None) };
        let path = dir.join(Self::file_name(sequence));
        let bytes = fs::read(&path).map_err(|e| VaultError::io(&path, e))?;
        let manifest: Self =
            serde_json::from_slice(&bytes).map_err(|source| VaultError::Manifest { path: path.clone(), source })?;
        if manifest.format != format::FORMAT {
            return Err(VaultError::Format { path, found: manifest.format });
        }
        let large = manifest.units.iter().flat_map(|u| u.large.keys());
        let keys = large.map(|k| PersonKey::from_hex(k)).all(|k| k.is_some());
        if manifest.digest.parse::<Digest>().is_err() || !keys {
            return Err(VaultError::Damaged { path });
        }
        Ok(Some(manifest))
    }

    /// Publishes this manifest; nothing it names may still be unwritten.
    ///
    /// # Errors
    /// [`VaultError::Raced`] if another process published this number first.
    pub fn publish(&self, dir: &Path) -> Result<(), VaultError> {
        let path = dir.join(Self::file_name(self.sequence));
        let mut bytes = serde_json::to_vec_pretty(self).expect("a manifest is plain data");
        bytes.push(b'\n');
        match durable::create_if_absent(&path, &bytes) {
            Ok(true) => Ok(()),
            Ok(false) => Err(VaultError::Raced { sequence: self.sequence }),
            Err(e) => Err(VaultError::io(&path, e)),
        }
    }

    /// Whether all texts were screened with the lists in use.
    #[must_use]
    pub fn is_screened(&self) -> bool {
        let version = crate::screen::version();
        self.units.iter().all(|u| u.screened == version)
    }

    /// Every file this manifest names, as paths below the vault folder.
    #[must_use]
    pub fn files(&self) -> std::collections::BTreeSet<PathBuf> {
        let mut files: Vec<&str> = Vec::new();
        for unit in &self.units {
            let i = &unit.indexes;
            files.extend([&i.records, &i.refs, &i.holds, &i.handles].map(|f| f.path.as_str()));
            for run in &unit.runs {
                files.extend([&run.decide, &run.text, &run.others].map(|f| f.path.as_str()));
                files.extend(run.overlay.as_ref().map(|o| o.path.as_str()));
            }
        }
        files.extend(self.postings.iter().chain(&self.holders).map(|f| f.path.as_str()));
        files.extend(self.batches.iter().filter_map(|b| b.rejections.as_ref()).map(|f| f.path.as_str()));
        files.into_iter().map(PathBuf::from).collect()
    }
}
