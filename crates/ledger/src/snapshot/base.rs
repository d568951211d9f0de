//! The compiled files of one position, and the list that names them.
//!
//! `current.json` is replaced last; files it does not name are litter and are removed under the lock.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use mandat_core::history::PersonHistory;
use mandat_proof::{PersonKey, hex};
use serde::{Deserialize, Serialize};

use crate::durable;
use crate::error::LedgerError;
use crate::error::file_error;
use crate::fold::KeyRange;
use crate::snapshot::file::{BucketFile, Stamp};
use crate::snapshot::layout::layout;

const FORMAT: u32 = 2;
const LIST: &str = "current.json";
const LOCK: &str = "lock";

/// The list of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    pub(crate) format: u32,
    pub(crate) layout: String,
    pub(crate) keys: String,
    /// Position up to which everything is folded in.
    pub(crate) position: u64,
    /// Tag of the row there: another ledger, or one restored from a backup, has another.
    pub(crate) anchor: String,
    pub(crate) bits: u32,
    pub(crate) buckets: Vec<Listed>,
    /// People who linked accounts: their own acts, not yet those of each other.
    pub(crate) linked: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listed {
    pub(crate) bucket: u64,
    pub(crate) file: String,
}

impl Listing {
    pub(crate) fn new(keys: u128, position: u64, anchor: u128, bits: u32) -> Self {
        Self {
            format: FORMAT,
            layout: hex(&layout()),
            keys: hex(&keys.to_be_bytes()),
            position,
            anchor: hex(&anchor.to_be_bytes()),
            bits,
            buckets: Vec::new(),
            linked: String::new(),
        }
    }

    /// Whether this version can go on from the files, with these keys.
    fn fits(&self, keys: u128) -> bool {
        let ours = Self::new(keys, 0, 0, 0);
        (self.format, &self.layout, &self.keys) == (ours.format, &ours.layout, &ours.keys)
    }
}

/// The folder of compiled files.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
}

/// Holds off other processes that would write compiled files.
pub(crate) struct FolderLock(#[expect(dead_code, reason = "the lock lasts as long as the open file")] File);

impl Folder {
    /// The list, if there is one that fits.
    pub(crate) fn listing(&self, keys: u128) -> Option<Listing> {
        let text = fs::read(self.path.join(LIST)).ok()?;
        serde_json::from_slice(&text).ok().filter(|listing: &Listing| listing.fits(keys))
    }

    /// Waits until no other process writes compiled files.
    pub(crate) fn lock(&self) -> Result<FolderLock, LedgerError> {
        fs::create_dir_all(&self.path).map_err(|e| file_error("create", &self.path, e))?;
        let path = self.path.join(LOCK);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|e| file_error("open", &path, e))?;
        file.lock().map_err(|e| file_error("lock", &path, e))?;
        Ok(FolderLock(file))
    }

    /// Makes a list the current one and removes what it does not name.
    pub(crate) fn publish(&self, _lock: &FolderLock, listing: &Listing) -> Result<(), LedgerError> {
        let path = self.path.join(LIST);
        let text = serde_json::to_vec_pretty(listing).expect("bug: a list is JSON");
        durable::replace(&path, &mut |out| out.write_all(&text)).map_err(|e| file_error("write", &path, e))?;
        self.sweep(listing)
    }

    fn sweep(&self, listing: &Listing) -> Result<(), LedgerError> {
        let named = |name: &str| {
            name == LIST || name == LOCK || name == listing.linked || listing.buckets.iter().any(|b| b.file == name)
        };
        for entry in fs::read_dir(&self.path).map_err(|e| file_error("read", &self.path, e))? {
            let entry = entry.map_err(|e| file_error("read", &self.path, e))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !named(&name)
                && (Path::new(&name).extension().is_some_and(|e| e == "snap") || durable::is_temporary(&name))
            {
                durable::remove(&entry.path()).map_err(|e| file_error("remove", &entry.path(), e))?;
            }
        }
        Ok(())
    }
}

/// The compiled files, open.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) listing: Listing,
    files: Vec<(u64, BucketFile)>,
    /// People who linked accounts: their own acts.
    pub(crate) linked: BTreeMap<PersonKey, PersonHistory>,
}

impl Base {
    /// Opens the files of a list.
    pub(crate) fn open(folder: &Folder, listing: Listing) -> Result<Self, LedgerError> {
        let mut files = Vec::with_capacity(listing.buckets.len());
        for listed in &listing.buckets {
            let path = folder.path.join(&listed.file);
            let file = BucketFile::open(&path)?;
            check(&path, file.stamp(), &listing, listed.bucket)?;
            files.push((listed.bucket, file));
        }
        let file = BucketFile::open(&folder.path.join(&listing.linked))?;
        let mut linked = BTreeMap::new();
        file.each(PersonKey(0), PersonKey(u128::MAX), &mut |key, bytes| {
            linked.insert(key, file.decode(bytes)?);
            Ok(())
        })?;
        Ok(Self { listing, files, linked })
    }

    pub(crate) fn people(&self) -> u64 {
        self.files.iter().map(|(_, file)| file.entries()).sum()
    }

    /// The file of a bucket, if anybody lives there.
    pub(crate) fn file(&self, bucket: u64) -> Option<&BucketFile> {
        let at = self.files.binary_search_by_key(&bucket, |(b, _)| *b).ok()?;
        Some(&self.files[at].1)
    }

    /// Hands over the encoded histories of some keys, in order, with the file they come from.
    pub(crate) fn each(&self, range: KeyRange, visit: VisitIn<'_>) -> Result<(), LedgerError> {
        let (first, last) = (range.first.prefix(self.listing.bits), range.last.prefix(self.listing.bits));
        for (_, file) in self.files.iter().filter(|(bucket, _)| (first..=last).contains(bucket)) {
            file.each(range.first, range.last, &mut |key, bytes| visit(file, key, bytes))?;
        }
        Ok(())
    }

    /// One history.
    pub(crate) fn get(&self, key: PersonKey) -> Result<Option<PersonHistory>, LedgerError> {
        self.file(key.prefix(self.listing.bits)).map_or(Ok(None), |file| file.get(key))
    }

    /// The histories of some people, whose keys come in order.
    pub(crate) fn get_all(&self, mut wanted: &[PersonKey]) -> Result<BTreeMap<PersonKey, PersonHistory>, LedgerError> {
        let bits = self.listing.bits;
        let mut found = BTreeMap::new();
        while let Some(first) = wanted.first() {
            let bucket = first.prefix(bits);
            let (here, rest) = wanted.split_at(wanted.partition_point(|key| key.prefix(bits) <= bucket));
            if let Some(file) = self.file(bucket) {
                file.get_all(here, &mut |key, history| {
                    found.insert(key, history);
                })?;
            }
            wanted = rest;
        }
        Ok(found)
    }
}

fn check(path: &Path, stamp: &Stamp, listing: &Listing, bucket: u64) -> Result<(), LedgerError> {
    let fits = stamp.bits == listing.bits
        && stamp.bucket == bucket
        && stamp.position <= listing.position
        && hex(&stamp.layout) == listing.layout
        && hex(&stamp.keys.to_be_bytes()) == listing.keys;
    if fits { Ok(()) } else { Err(LedgerError::Snapshot { path: path.to_owned(), what: "it belongs elsewhere" }) }
}

/// Takes an encoded history and the file it comes from.
type VisitIn<'a> = &'a mut dyn FnMut(&BucketFile, PersonKey, &[u8]) -> Result<(), LedgerError>;

/// The keys of a bucket.
pub(crate) const fn keys_of(bits: u32, bucket: u64) -> KeyRange {
    if bits == 0 {
        return KeyRange::ALL;
    }
    let first = (bucket as u128) << (128 - bits);
    KeyRange { first: PersonKey(first), last: PersonKey(first | u128::MAX >> bits) }
}
