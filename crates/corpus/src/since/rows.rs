//! Which rows have to be judged again: those of people who changed, those that name them, and those that
//! later arrivals changed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::path::PathBuf;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use mandat_core::proof::{PersonKey, RecordKey};
use mandat_core::table::Outcome;
use mandat_core::time::Micros;

use crate::admit::AdmitError;
use crate::admit::columns::Columns;
use crate::build::{BuildError, Store};
use crate::since::basis::{Basis, kept};
use crate::since::changes::Ahead;
use crate::since::index::{Index, file_name};
use crate::vault::entries::{self, HandleUse, Reference, Version};
use crate::vault::fixed::Cursor;
use crate::vault::manifest::OverlayEntry;
use crate::vault::{Overlay, Run, Vault};

/// Rows by bucket and unit.
pub(crate) type Rows = BTreeMap<(u64, u64), BTreeSet<u32>>;

/// A revision and the vault as it is now.
pub(crate) struct Then<'a> {
    pub(crate) vault: &'a Vault,
    pub(crate) store: &'a Store,
    pub(crate) corpus: &'a str,
    pub(crate) revision: u64,
    pub(crate) basis: &'a Basis,
}

impl Then<'_> {
    fn dir(&self) -> PathBuf {
        self.store.verdict_dir(self.corpus, self.revision)
    }

    fn bits(&self) -> u32 {
        self.vault.layout().bucket_bits
    }

    /// The index of a run, if the revision knew it.
    pub(crate) fn index(&self, bucket: u64, unit: u64) -> Result<Option<Index>, BuildError> {
        if !self.basis.vault.units.iter().any(|u| u.number == unit) {
            return Ok(None);
        }
        let path = self.dir().join(file_name(bucket, unit));
        Index::open(&path).map(Some).map_err(|source| BuildError::io("read", &path, source))
    }

    /// What the revision decided about the rows of a range.
    pub(crate) fn outcomes(
        &self,
        index: &Index,
        bucket: u64,
        unit: u64,
        rows: Range<u32>,
    ) -> Result<Vec<Option<Outcome>>, BuildError> {
        let failed = |source| BuildError::io("read", &self.dir().join(file_name(bucket, unit)), source);
        if rows.end > index.rows() {
            return Err(failed(io::Error::new(io::ErrorKind::InvalidData, "the index is of another run")));
        }
        index.outcomes(rows).map_err(failed)
    }

    /// The runs that the revision knew, by bucket and unit.
    fn runs(&self) -> impl Iterator<Item = (u64, u64)> {
        self.basis.vault.units.iter().flat_map(|u| u.runs.iter().map(|r| (r.bucket, u.number)))
    }

    /// People for whom time alone may have changed something up to an instant.
    pub(crate) fn due(&self, until: Micros) -> Result<BTreeSet<PersonKey>, BuildError> {
        let mut people = BTreeSet::new();
        self.ahead(&mut |ahead| {
            people.extend(ahead.due(until)?);
            Ok(())
        })?;
        Ok(people)
    }

    /// What each bucket had coming.
    pub(crate) fn ahead(&self, visit: &mut dyn FnMut(&Ahead) -> Result<(), BuildError>) -> Result<(), BuildError> {
        (0..self.vault.buckets()).try_for_each(|bucket| visit(&Ahead::open(&self.dir(), bucket)?))
    }

    /// Accounts that some of these people hold together with others: what they decide binds those.
    pub(crate) fn held_by(&self, people: &BTreeSet<PersonKey>) -> Result<BTreeSet<PersonKey>, BuildError> {
        let mut accounts = BTreeSet::new();
        self.ahead(&mut |ahead| {
            let held = ahead.joint()?.into_iter().filter(|(holder, _)| people.contains(holder));
            accounts.extend(held.map(|(_, account)| account));
            Ok(())
        })?;
        Ok(accounts)
    }

    /// Rows of some people, and rows that name them.
    pub(crate) fn of_people(&self, people: &BTreeSet<PersonKey>, rows: &mut Rows) -> Result<(), BuildError> {
        let mut by_bucket: BTreeMap<u64, Vec<PersonKey>> = BTreeMap::new();
        people.iter().for_each(|p| by_bucket.entry(p.prefix(self.bits())).or_default().push(*p));
        for (bucket, unit) in self.runs() {
            let Some(wanted) = by_bucket.get(&bucket) else { continue };
            let Some(index) = self.index(bucket, unit)? else { continue };
            let path = self.dir().join(file_name(bucket, unit));
            let found = index.people(wanted).map_err(|source| BuildError::io("read", &path, source))?;
            if !found.is_empty() {
                rows.entry((bucket, unit)).or_default().extend(found.into_iter().flatten());
            }
        }
        for posting in self.vault.naming(people)? {
            rows.entry((posting.bucket.into(), posting.unit)).or_default().insert(posting.row);
        }
        Ok(())
    }

    /// Rows of some records, and rows that name them.
    pub(crate) fn of_records(&self, records: &BTreeSet<RecordKey>, rows: &mut Rows) -> Result<(), BuildError> {
        for unit in &self.vault.manifest.units {
            let path = self.vault.dir.join(&unit.indexes.records.path);
            let bits = self.bits();
            find(&path, records, &mut |entry: &[u8; entries::VERSION]| {
                let version = Version::from_bytes(entry);
                rows.entry((version.person.prefix(bits), unit.number)).or_default().insert(version.row);
            })?;
            let path = self.vault.dir.join(&unit.indexes.refs.path);
            find(&path, records, &mut |entry: &[u8; entries::REFERENCE]| {
                let reference = Reference::from_bytes(entry);
                rows.entry((reference.bucket.into(), unit.number)).or_default().insert(reference.row);
            })?;
        }
        Ok(())
    }

    /// Rows whose retention ends up to an instant, and rows that were made after T of then.
    pub(crate) fn by_time(&self, at: Micros, until: Micros, rows: &mut Rows) -> Result<(), BuildError> {
        for bucket in 0..self.vault.buckets() {
            for (unit, row) in Ahead::open(&self.dir(), bucket)?.ends(until)? {
                rows.entry((bucket, unit)).or_default().insert(row);
            }
        }
        for (bucket, unit) in self.runs().filter(|_| at > self.basis.at) {
            let Some(index) = self.index(bucket, unit)? else { continue };
            let path = self.dir().join(file_name(bucket, unit));
            let waiting = index.waiting().map_err(|source| BuildError::io("read", &path, source))?;
            if !waiting.is_empty() {
                rows.entry((bucket, unit)).or_default().extend(waiting);
            }
        }
        Ok(())
    }

    /// Rows of later units, and older rows that those changed.
    pub(crate) fn by_arrival(&self, rows: &mut Rows) -> Result<(), BuildError> {
        let known: BTreeSet<u64> = self.basis.vault.units.iter().map(|u| u.number).collect();
        for unit in &self.vault.manifest.units {
            for run in &unit.runs {
                if !known.contains(&unit.number) {
                    rows.entry((run.bucket, unit.number)).or_default().extend(0..run.rows);
                }
            }
        }
        if self.basis.vault.sequence != self.vault.sequence() {
            self.by_overlay(rows)?;
            self.by_holder(rows)?;
        }
        Ok(())
    }

    fn by_overlay(&self, rows: &mut Rows) -> Result<(), BuildError> {
        for unit in &self.basis.vault.units {
            for then in &unit.runs {
                let now = self.vault.manifest.units.iter().find(|u| u.number == unit.number);
                let now = now.and_then(|u| u.runs.iter().find(|r| r.bucket == then.bucket));
                let Some(now) = now.filter(|now| now.overlay != then.overlay) else { continue };
                let before = then.overlay.as_ref().map_or(Ok(Overlay::default()), |o| self.overlay(o))?;
                let run = self.vault.run(unit.number, now)?;
                let changed = changed(&before, &run)?;
                if !changed.is_empty() {
                    rows.entry((then.bucket, unit.number)).or_default().extend(changed);
                }
            }
        }
        Ok(())
    }

    fn overlay(&self, entry: &OverlayEntry) -> Result<Overlay, BuildError> {
        let path = kept(self.store, self.corpus, self.revision, &entry.path);
        Ok(crate::vault::run::read_overlay(&path, entry)?)
    }

    /// Rows that show a name whose holder is another than then.
    fn by_holder(&self, rows: &mut Rows) -> Result<(), BuildError> {
        let then = self.basis.vault.holders.as_ref().map(|h| kept(self.store, self.corpus, self.revision, &h.path));
        let now = self.vault.manifest.holders.as_ref().map(|h| self.vault.dir.join(&h.path));
        let read = |path: Option<PathBuf>| -> Result<BTreeSet<[u8; 32]>, BuildError> {
            let Some(path) = path else { return Ok(BTreeSet::new()) };
            let bytes = std::fs::read(&path).map_err(|source| BuildError::io("read", &path, source))?;
            Ok(bytes.as_chunks::<32>().0.iter().copied().collect())
        };
        let (then, now) = (read(then)?, read(now)?);
        let key = |pair: &[u8; 32]| RecordKey::from_bytes(pair[..16].try_into().expect("sixteen bytes"));
        let tags: BTreeSet<RecordKey> = then.symmetric_difference(&now).map(key).collect();
        for unit in &self.basis.vault.units {
            let Some(unit) = self.vault.manifest.units.iter().find(|u| u.number == unit.number) else { continue };
            let path = self.vault.dir.join(&unit.indexes.handles.path);
            find(&path, &tags, &mut |entry: &[u8; entries::HANDLE]| {
                let used = HandleUse::from_bytes(entry);
                rows.entry((used.bucket.into(), unit.number)).or_default().insert(used.row);
            })?;
        }
        Ok(())
    }
}

/// Hands over the entries of an index that begin with one of some keys.
fn find<const W: usize>(
    path: &std::path::Path,
    keys: &BTreeSet<RecordKey>,
    each: &mut dyn FnMut(&[u8; W]),
) -> Result<(), BuildError> {
    let mut walk = || -> io::Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut cursor: Cursor<W> = Cursor::open(path)?;
        for key in keys {
            cursor.seek(&key.to_bytes())?;
            while let Some(entry) = cursor.next_if(&key.to_bytes())? {
                each(&entry);
            }
        }
        Ok(())
    };
    walk().map_err(|source| BuildError::io("read", path, source))
}

/// Rows of a run about which its overlay says something else than before.
fn changed(before: &Overlay, run: &Run) -> Result<BTreeSet<u32>, BuildError> {
    let now = &run.overlay;
    let set = |rows: &[u32]| -> BTreeSet<u32> { rows.iter().copied().collect() };
    let mut rows: BTreeSet<u32> =
        set(&before.superseded).symmetric_difference(&set(&now.superseded)).copied().collect();
    let patched = |overlay: &Overlay| -> BTreeSet<(u32, u64, u64)> {
        overlay.patches.iter().map(|p| (p.row, p.set, p.clear)).collect()
    };
    rows.extend(patched(before).symmetric_difference(&patched(now)).map(|p| p.0));
    let named = |overlay: &Overlay| -> BTreeSet<(u32, PersonKey)> { overlay.others.iter().copied().collect() };
    let others: BTreeSet<u32> = named(before).symmetric_difference(&named(now)).map(|o| o.0).collect();
    let others: Vec<u32> = others.into_iter().collect();
    if others.is_empty() {
        return Ok(rows);
    }
    let failed = |source| AdmitError::parquet(&run.others_path, source);
    let columns = Columns::open(&run.others_path).map_err(failed)?;
    for batch in columns.rows(&others, &["row"]).map_err(failed)? {
        let batch = batch.map_err(|e| failed(e.into()))?;
        let column = batch.column(0).as_primitive_opt::<UInt32Type>();
        rows.extend(column.ok_or_else(|| AdmitError::Layout(run.others_path.clone()))?.values());
    }
    Ok(rows)
}
