//! Publishes a revision: blobs, then the folder, then `revision.json` last (DESIGN section 4).
//!
//! Order of durable steps: every shard synced under its digest in `blobs/`; hard links into
//! `corpora/NAME/REV/data/`; `content.json` and the card; the folder synced; `revision.json` created
//! if absent and the folder synced again. A reader that finds `revision.json` finds everything. A
//! folder without it is a leftover of a killed build: it is swept by the next build under the lock.
//!
//! Shards are read-only, under both their names. Blobs and verdicts lie in folders of their owner alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mandat_core::manifest::{Content, REVISION_FORMAT, Revision, Shard, canonical};
use mandat_core::proof::sha256;
use mandat_core::time::Micros;

use crate::build::BuildError;
use crate::build::card::card;
use crate::build::rights::{PUBLISHED, READ_ONLY, SECRET, private_dir, public_dir, set};
use crate::build::shard::WrittenShard;
use crate::build::stage::StagedBucket;
use crate::build::verdicts;
use crate::curate::Summary;
use crate::durable::{self, Lock};
use crate::input;
use crate::members::Committed;
use crate::since::Basis;

/// Name of the account of a curation, among the verdicts.
const CURATION: &str = "curation.json";

/// The folders of a store that a build writes.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// A shard in `blobs/`, not yet part of any revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// Path inside the revision, such as `data/train-0000.parquet`.
    pub path: String,
    /// What was written.
    pub shard: WrittenShard,
}

impl Store {
    /// The store in a folder.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Where a revision lies.
    #[must_use]
    pub fn revision_dir(&self, corpus: &str, revision: u64) -> PathBuf {
        self.corpus_dir(corpus).join(revision.to_string())
    }

    /// Where the trees of a revision's members lie: not delivered.
    #[must_use]
    pub fn members_dir(&self, corpus: &str, revision: u64) -> PathBuf {
        self.root.join("members").join(corpus).join(revision.to_string())
    }

    /// Where the verdicts of a revision lie: never delivered.
    #[must_use]
    pub fn verdict_dir(&self, corpus: &str, revision: u64) -> PathBuf {
        self.root.join("verdicts").join(corpus).join(revision.to_string())
    }

    /// Names of the corpora that have a published revision, in order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn corpora(&self) -> Result<Vec<String>, BuildError> {
        let mut found = Vec::new();
        for dir in entries(&self.root.join("corpora"))? {
            let Some(name) = dir.file_name().and_then(|n| n.to_str()).filter(|_| dir.is_dir()) else { continue };
            if !self.revisions(name)?.is_empty() {
                found.push(name.to_owned());
            }
        }
        Ok(found)
    }

    fn corpus_dir(&self, corpus: &str) -> PathBuf {
        self.root.join("corpora").join(corpus)
    }

    fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    /// A free file name for something being written; what a redone bucket left there is removed.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn scratch(&self, name: &str) -> Result<PathBuf, BuildError> {
        private_dir(&self.blobs())?;
        let dir = self.blobs().join("tmp");
        private_dir(&dir)?;
        let path = dir.join(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(BuildError::io("remove", &path, source))
            }
            _ => Ok(path),
        }
    }

    /// Moves a finished, synced shard to its content address. A blob that lies there already is read:
    /// one that is no longer what its name says is replaced by the shard just written.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn stage(&self, written: &Path, shard: WrittenShard, path: String) -> Result<Staged, BuildError> {
        let blob = self.blobs().join(shard.digest.to_string());
        set(written, READ_ONLY)?;
        match fs::hard_link(written, &blob) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                let whole = input::digest_file(&blob).is_ok_and(|(digest, _)| digest == shard.digest);
                if !whole {
                    fs::rename(written, &blob).map_err(|source| BuildError::io("replace", &blob, source))?;
                    return Ok(Staged { path, shard });
                }
                set(&blob, READ_ONLY)?;
            }
            Err(source) => return Err(BuildError::io("link", &blob, source)),
        }
        fs::remove_file(written).map_err(|source| BuildError::io("remove", written, source))?;
        Ok(Staged { path, shard })
    }

    /// Published revisions of a corpus, ascending.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn revisions(&self, corpus: &str) -> Result<Vec<u64>, BuildError> {
        let dir = self.corpus_dir(corpus);
        let mut found = Vec::new();
        for entry in entries(&dir)? {
            let number = entry.file_name().and_then(|n| n.to_str()).and_then(|n| n.parse::<u64>().ok());
            if let Some(number) = number.filter(|_| entry.join("revision.json").is_file()) {
                found.push(number);
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Removes what a killed build left: folders without `revision.json`, and half-written shards.
    ///
    /// # Errors
    /// When a leftover cannot be removed.
    pub fn sweep(&self, corpus: &str) -> Result<(), BuildError> {
        for dir in entries(&self.corpus_dir(corpus))? {
            if dir.is_dir() && !dir.join("revision.json").is_file() {
                fs::remove_dir_all(&dir).map_err(|source| BuildError::io("remove", &dir, source))?;
            }
        }
        for file in entries(&self.blobs().join("tmp"))? {
            fs::remove_file(&file).map_err(|source| BuildError::io("remove", &file, source))?;
        }
        Ok(())
    }

    /// Reads what a published revision holds.
    ///
    /// # Errors
    /// When it is missing or not readable.
    pub fn content(&self, corpus: &str, revision: u64) -> Result<Content, BuildError> {
        manifest(self.revision_dir(corpus, revision).join("content.json"))
    }

    /// Reads where a published revision came from.
    ///
    /// # Errors
    /// When it is missing or not readable.
    pub fn lineage(&self, corpus: &str, revision: u64) -> Result<Revision, BuildError> {
        manifest(self.revision_dir(corpus, revision).join("revision.json"))
    }

    /// What curation did in a published revision, with nothing suppressed; `None` if it was not asked for.
    ///
    /// # Errors
    /// When it is not readable.
    pub fn curation(&self, corpus: &str, revision: u64) -> Result<Option<Summary>, BuildError> {
        let path = self.verdict_dir(corpus, revision).join(CURATION);
        if path.is_file() { manifest(path).map(Some) } else { Ok(None) }
    }

    /// The lock that one build of this store holds; `None` if another has it.
    ///
    /// # Errors
    /// When the lock file cannot be used.
    pub fn lock(&self) -> Result<Option<Lock>, BuildError> {
        let path = self.root.join("build.lock");
        std::fs::create_dir_all(&self.root).map_err(|source| BuildError::io("create", &self.root, source))?;
        Lock::exclusive(&path).map_err(|source| BuildError::io("lock", &path, source))
    }

    /// Lays out the next revision, all but `revision.json`.
    pub(crate) fn prepare(
        &self,
        content: &mut Content,
        staged: &BTreeMap<u64, StagedBucket>,
        members: Committed,
        curated: Option<&Summary>,
        basis: (&Basis, &Path),
    ) -> Result<Prepared, BuildError> {
        content.members = Some(members.members);
        let parent = self.revisions(&content.corpus)?.last().copied();
        let number = parent.map_or(1, |p| p + 1);
        let dir = self.revision_dir(&content.corpus, number);
        let data = dir.join("data");
        public_dir(&data)?;
        sync(&self.blobs())?;
        for shard in staged.values().flat_map(|b| &b.shards) {
            let (blob, link) = (self.blobs().join(shard.shard.digest.to_string()), dir.join(&shard.path));
            fs::hard_link(&blob, &link).map_err(|source| BuildError::io("link", &link, source))?;
        }
        sync(&data)?;
        let bytes = canonical(content);
        write(&dir.join("content.json"), &bytes)?;
        write(&dir.join("README.md"), card(content).as_bytes())?;
        self.prepare_verdicts(&content.corpus, number, staged, basis)?;
        let folder = self.fresh_private("members", &content.corpus, number)?;
        members.files.iter().try_for_each(|(scratch, name)| link_secret(scratch, &folder.join(name)))?;
        sync(&folder)?;
        if let Some(summary) = curated {
            create(&self.verdict_dir(&content.corpus, number).join(CURATION), &canonical(summary))?;
        }
        let corpus = content.corpus.clone();
        Ok(Prepared { dir, corpus, number, parent, content_sha256: sha256(&bytes).to_string() })
    }

    fn prepare_verdicts(
        &self,
        corpus: &str,
        number: u64,
        staged: &BTreeMap<u64, StagedBucket>,
        (basis, vault): (&Basis, &Path),
    ) -> Result<(), BuildError> {
        let dir = self.fresh_private("verdicts", corpus, number)?;
        for file in staged.values().flat_map(|b| b.verdicts.iter().chain(&b.dropped)) {
            link_secret(&file.scratch, &dir.join(&file.name))?;
        }
        basis.write(vault, &dir)?;
        create(&dir.join(verdicts::LIST), &canonical(&verdicts::list(staged)))?;
        sync(&dir)
    }

    /// An empty folder beside the corpora for what of a revision is never delivered.
    fn fresh_private(&self, what: &str, corpus: &str, number: u64) -> Result<PathBuf, BuildError> {
        let all = self.root.join(what);
        let dir = all.join(corpus).join(number.to_string());
        if dir.is_dir() {
            fs::remove_dir_all(&dir).map_err(|source| BuildError::io("remove", &dir, source))?;
        }
        [&all, &all.join(corpus), &dir].into_iter().try_for_each(|dir| private_dir(dir))?;
        Ok(dir)
    }

    /// Makes a prepared revision visible.
    pub(crate) fn commit(
        &self,
        prepared: &Prepared,
        published_at: Micros,
        barrier: u64,
    ) -> Result<Revision, BuildError> {
        let revision = Revision {
            format: REVISION_FORMAT.into(),
            corpus: prepared.corpus.clone(),
            revision: prepared.number,
            parent: prepared.parent,
            content_sha256: prepared.content_sha256.clone(),
            published_at,
            barrier,
        };
        sync(&self.corpus_dir(&prepared.corpus))?;
        write(&prepared.dir.join("revision.json"), &canonical(&revision))?;
        Ok(revision)
    }

    /// Takes a prepared revision back.
    pub(crate) fn discard(&self, prepared: &Prepared) -> Result<(), BuildError> {
        fs::remove_dir_all(&prepared.dir).map_err(|source| BuildError::io("remove", &prepared.dir, source))
    }
}

/// A revision that lies complete but for `revision.json`.
pub(crate) struct Prepared {
    dir: PathBuf,
    corpus: String,
    number: u64,
    parent: Option<u64>,
    content_sha256: String,
}

impl Staged {
    /// Its entry in the manifest.
    #[must_use]
    pub fn entry(&self) -> Shard {
        let WrittenShard { digest, bytes, rows, groups } = self.shard.clone();
        Shard { path: self.path.clone(), sha256: digest.to_string(), bytes, rows, groups }
    }
}

/// Gives a scratch file its name for good, for its owner alone.
fn link_secret(scratch: &Path, link: &Path) -> Result<(), BuildError> {
    set(scratch, SECRET)?;
    fs::hard_link(scratch, link).map_err(|source| BuildError::io("link", link, source))
}

fn manifest<T: serde::de::DeserializeOwned>(path: PathBuf) -> Result<T, BuildError> {
    let bytes = fs::read(&path).map_err(|source| BuildError::io("read", &path, source))?;
    serde_json::from_slice(&bytes).map_err(|source| BuildError::Manifest { path, source })
}

fn sync(dir: &Path) -> Result<(), BuildError> {
    durable::sync_dir(dir).map_err(|source| BuildError::io("sync", dir, source))
}

/// Writes a file that is delivered.
fn write(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    create(path, bytes)?;
    set(path, PUBLISHED)
}

fn create(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    match durable::create_if_absent(path, bytes) {
        Ok(true) => Ok(()),
        Ok(false) => Err(BuildError::Raced { path: path.to_owned() }),
        Err(source) => Err(BuildError::io("create", path, source)),
    }
}

/// Paths inside a folder, sorted; none if the folder is not there.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let read = match fs::read_dir(dir) {
        Ok(read) => read,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(BuildError::io("read", dir, source)),
    };
    let mut paths = Vec::new();
    for entry in read {
        paths.push(entry.map_err(|source| BuildError::io("read", dir, source))?.path());
    }
    paths.sort();
    Ok(paths)
}
