//! One change of the vault: units come or go, what that means is settled, and a manifest publishes it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mandat_core::proof::Digest;
use tempfile::TempDir;

use super::entries::{self, HandleUse};
use super::fixed::{self, Cursor, Sorter};
use super::manifest::{Batch, FileEntry, Layout, Manifest, Unit};
use super::settle::{Part, Settle, Settled};
use super::sum::RowSum;
use super::{Vault, VaultError, apply};
use crate::durable::{self, Lock};
use crate::ingest::Accounts;
use crate::ingest::unit::{UnitDraft, sorted};

/// The right to change a vault: its lock, and a folder for work in progress.
pub(crate) struct Writer {
    /// The vault folder.
    pub dir: PathBuf,
    /// Removed with everything in it when the writer is dropped.
    pub temp: TempDir,
    /// What is published now.
    pub manifest: Manifest,
    _lock: Lock,
}

/// What comes and goes.
pub(crate) struct Draft {
    /// The units that come, oldest first: numbered from [`Writer::next`] on, in the place of those that go.
    pub add: Vec<UnitDraft>,
    /// Numbers of the units that go.
    pub remove: Vec<u64>,
    /// All batches after the change.
    pub batches: Vec<Batch>,
    /// How keys are cut.
    pub layout: Layout,
}

impl Writer {
    /// Takes the vault's lock and sweeps what a killed process left behind.
    ///
    /// # Errors
    /// [`VaultError::Busy`] if another process holds the lock.
    pub(crate) fn open(vault: &mut Vault) -> Result<Self, VaultError> {
        let dir = vault.dir.clone();
        let at = |e| VaultError::io(&dir, e);
        durable::make_private_dir(&dir).map_err(at)?;
        let Some(lock) = Lock::exclusive(&dir.join("writer.lock")).map_err(at)? else {
            return Err(VaultError::Busy { path: dir });
        };
        // This process's own reading would keep the sweep from taking what is old.
        vault.release();
        let newest = Manifest::newest(&dir)?;
        sweep(&dir, newest.as_ref(), None).map_err(at)?;
        vault.reload()?;
        let temp = tempfile::Builder::new().prefix("tmp-").tempdir_in(&dir).map_err(at)?;
        Ok(Self { dir, temp, manifest: vault.manifest.clone(), _lock: lock })
    }

    /// Removes what the last change replaced, unless another process reads it: then a later change does.
    ///
    /// # Errors
    /// If a file cannot be removed.
    pub(crate) fn sweep(&self, vault: &mut Vault) -> Result<(), VaultError> {
        vault.release();
        sweep(&self.dir, Some(&self.manifest), Some(self.temp.path())).map_err(|e| VaultError::io(&self.dir, e))
    }

    /// Number of the manifest that the next change publishes.
    #[must_use]
    pub(crate) const fn next(&self) -> u64 {
        self.manifest.sequence + 1
    }

    /// Settles and publishes a change.
    ///
    /// # Errors
    /// If a file cannot be read or written, or another process was first.
    pub(crate) fn commit(
        &mut self,
        draft: Draft,
        memory: usize,
        accounts: Option<&mut dyn Accounts>,
    ) -> Result<(), VaultError> {
        let number = self.next() + draft.add.len().saturating_sub(1) as u64;
        let (added, postings): (Vec<Unit>, Vec<FileEntry>) =
            draft.add.into_iter().map(|d| (d.unit, d.postings)).unzip();
        let settled = self.settle(&added, &draft.remove, draft.layout, memory)?;
        let mut manifest = self.manifest.clone();
        manifest.sequence = number;
        manifest.layout = draft.layout;
        manifest.batches = draft.batches;
        manifest.digest = moved(&self.manifest.digest, &settled.digest);
        self.overlays(&mut manifest, added, &draft.remove, &settled.deltas)?;
        self.postings(&mut manifest, settled, postings)?;
        if let Some(accounts) = accounts {
            manifest.holders = self.holders(&manifest, number, accounts)?;
        }
        for folder in ["", "units", "overlays"].map(|f| self.dir.join(f)).iter().filter(|f| f.is_dir()) {
            durable::sync_dir(folder).map_err(|e| VaultError::io(folder, e))?;
        }
        manifest.publish(&self.dir)?;
        self.manifest = manifest;
        Ok(())
    }

    fn settle(&self, added: &[Unit], remove: &[u64], layout: Layout, memory: usize) -> Result<Settled, VaultError> {
        let mut parts = Vec::new();
        for unit in &self.manifest.units {
            let gone = remove.contains(&unit.number);
            parts.push(Part { unit, before: true, after: !gone, driver: gone });
        }
        let at = place(&self.manifest.units, remove);
        parts.splice(at..at, added.iter().map(|unit| Part { unit, before: false, after: true, driver: true }));
        let (vault, temp, bucket_bits) = (self.dir.as_path(), self.temp.path(), layout.bucket_bits);
        let name = format!("deltas-{}", self.next());
        Settle { vault, temp, name, parts: &parts, bucket_bits, memory }.run()
    }

    fn overlays(
        &self,
        manifest: &mut Manifest,
        added: Vec<Unit>,
        remove: &[u64],
        deltas: &Path,
    ) -> Result<(), VaultError> {
        let at = place(&self.manifest.units, remove);
        manifest.units.splice(at..at, added);
        let path = format!("overlays/{:08}.bin", manifest.sequence);
        apply::apply(&self.dir, &path, deltas, &mut manifest.units.iter_mut().collect::<Vec<_>>())?;
        manifest.units.retain(|u| !remove.contains(&u.number));
        Ok(())
    }

    fn postings(&self, manifest: &mut Manifest, settled: Settled, added: Vec<FileEntry>) -> Result<(), VaultError> {
        let folder = self.dir.join("overlays");
        durable::make_private_dir(&folder).map_err(|e| VaultError::io(&folder, e))?;
        let name = format!("{:08}-postings.idx", manifest.sequence);
        let resolved = sorted(&folder, "overlays", &name, settled.postings)?;
        for entry in added.into_iter().chain([resolved]) {
            if entry.bytes > 0 {
                manifest.postings.push(entry);
            } else {
                let path = self.dir.join(&entry.path);
                fs::remove_file(&path).map_err(|e| VaultError::io(&path, e))?;
            }
        }
        let live: BTreeSet<String> =
            manifest.units.iter().map(|u| format!("units/{:08}/postings.idx", u.number)).collect();
        manifest.postings.retain(|p| p.path.starts_with("overlays/") || live.contains(&p.path));
        Ok(())
    }

    /// Asks again who holds each handle named in a text.
    fn holders(
        &self,
        manifest: &Manifest,
        number: u64,
        accounts: &mut dyn Accounts,
    ) -> Result<Option<FileEntry>, VaultError> {
        let at = |e| VaultError::io(&self.dir, e);
        let open = |u: &Unit| Cursor::open(&self.dir.join(&u.indexes.handles.path));
        let cursors = manifest.units.iter().map(open).collect::<io::Result<Vec<_>>>().map_err(at)?;
        let mut table: Sorter<32> = Sorter::new(self.temp.path(), 16 << 20);
        let mut last = None;
        fixed::merge::<{ entries::HANDLE }>(cursors, |_, entry| {
            let tag = HandleUse::from_bytes(&entry).tag;
            if last.replace(tag) == Some(tag) {
                return Ok(());
            }
            let Some(person) = accounts.holder(tag) else { return Ok(()) };
            let mut pair = [0; 32];
            pair[..16].copy_from_slice(&tag.to_be_bytes());
            pair[16..].copy_from_slice(&person.to_bytes());
            table.push(pair)
        })
        .map_err(at)?;
        let entry = sorted(&self.dir.join("overlays"), "overlays", &format!("{number:08}-holders.idx"), table)?;
        Ok(Some(entry))
    }

    /// Publishes a new table of who holds which handle if it differs; `true` if it did.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub(crate) fn refresh_holders(&mut self, accounts: &mut dyn Accounts) -> Result<bool, VaultError> {
        let folder = self.dir.join("overlays");
        durable::make_private_dir(&folder).map_err(|e| VaultError::io(&folder, e))?;
        let mut manifest = self.manifest.clone();
        manifest.sequence += 1;
        manifest.holders = self.holders(&self.manifest, manifest.sequence, accounts)?;
        let content = |m: &Manifest| m.holders.as_ref().map(|h| h.sha256.clone());
        if content(&manifest) == content(&self.manifest) {
            return Ok(false);
        }
        durable::sync_dir(&folder).map_err(|e| VaultError::io(&folder, e))?;
        manifest.publish(&self.dir)?;
        self.manifest = manifest;
        Ok(true)
    }
}

/// Where new units stand among the old ones: last, or in the place of those they replace.
fn place(units: &[Unit], remove: &[u64]) -> usize {
    units.iter().rposition(|u| remove.contains(&u.number)).map_or(units.len(), |i| i + 1)
}

fn moved(digest: &str, by: &RowSum) -> String {
    let old: Digest = digest.parse().expect("bug: the digest was checked when the manifest was read");
    let mut sum = RowSum::from_digest(old.0);
    sum.add(by);
    Digest(sum.to_digest()).to_string()
}

/// Removes what no manifest names: always what a killed writer left, and what is old if nobody reads.
/// The folder of work in progress stays.
fn sweep(dir: &Path, manifest: Option<&Manifest>, work: Option<&Path>) -> io::Result<()> {
    let alone = Lock::exclusive(&dir.join("readers.lock"))?;
    let live = manifest.map(Manifest::files).unwrap_or_default();
    let sequence = manifest.map_or(0, |m| m.sequence);
    let newest = PathBuf::from(Manifest::file_name(sequence));
    for path in durable::files_below(dir)? {
        let in_work = work.is_some_and(|w| dir.join(&path).starts_with(w));
        if live.contains(&path) || in_work || path == newest || path.extension().is_some_and(|e| e == "lock") {
            continue;
        }
        if alone.is_some() || number_of(&path).is_none_or(|n| n > sequence) {
            fs::remove_file(dir.join(path))?;
        }
    }
    for entry in fs::read_dir(dir)?.chain(fs::read_dir(dir.join("units")).into_iter().flatten()) {
        let path = entry?.path();
        if path.is_dir() && Some(path.as_path()) != work && fs::read_dir(&path)?.next().is_none() {
            fs::remove_dir(&path)?;
        }
    }
    Ok(())
}

/// Number of the change that wrote a file; `None` for temporary ones.
fn number_of(path: &Path) -> Option<u64> {
    let mut parts = path.iter().filter_map(|p| p.to_str());
    let first = parts.next()?;
    let name = if matches!(first, "units" | "overlays" | "rejections") { parts.next()? } else { first };
    name.trim_start_matches("manifest-").get(..8)?.parse().ok()
}
