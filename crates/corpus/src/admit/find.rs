//! Finds single records in the vault by key or author, for explanations. Reads no text.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Mutex;

use mandat_core::derive::{Other, RecordView};
use mandat_core::proof::{PersonKey, RecordKey};
use mandat_core::snapshot::Snapshot;
use mandat_core::time::Micros;
use mandat_core::traits::Traits;
use mandat_core::vocab::{Category, Reason};

use crate::admit::columns::{BATCH_ROWS, Columns, Decisive};
use crate::admit::lookup::{SlowRows, named_in};
use crate::admit::{AdmitError, BucketDecision};
use crate::build::{Order, each_bucket};
use crate::vault::entries::{VERSION, Version};
use crate::vault::fixed::Cursor;
use crate::vault::{Run, Vault, VaultError};

/// One version of a record, with everything a decision needs.
#[derive(Debug, Clone)]
pub struct Found {
    /// Bucket of its author.
    pub bucket: u64,
    /// Unit it came in with.
    pub unit: u64,
    /// Row in the run of unit and bucket.
    pub row: u32,
    /// Its id on the platform.
    pub id: String,
    /// Whether a later version or a deletion replaced it.
    pub superseded: bool,
    key: RecordKey,
    person: PersonKey,
    traits: Traits,
    created: Micros,
    collected: Micros,
    org: Option<PersonKey>,
    retain_until: Option<Micros>,
    others: Vec<Other>,
}

impl Found {
    /// The record as a decision sees it.
    #[must_use]
    pub fn view(&self) -> RecordView<'_> {
        RecordView {
            key: self.key,
            id: &self.id,
            person: self.person,
            traits: self.traits,
            created: self.created,
            collected: self.collected,
            org: self.org,
            retain_until: self.retain_until,
            others: &self.others,
        }
    }

    /// The author.
    #[must_use]
    pub const fn person(&self) -> PersonKey {
        self.person
    }

    /// What kind of record it is.
    #[must_use]
    pub fn category(&self) -> Option<Category> {
        self.traits.category()
    }
}

/// Every version of a record, oldest ingest first.
///
/// # Errors
/// When the vault cannot be read.
pub fn versions(vault: &Vault, record: RecordKey) -> Result<Vec<Found>, AdmitError> {
    let mut found = Vec::new();
    for unit in &vault.manifest.units {
        let index = vault.dir.join(&unit.indexes.records.path);
        for version in entries(&index, record).map_err(|source| AdmitError::Vault(VaultError::io(&index, source)))? {
            let bucket = version.person.prefix(vault.layout().bucket_bits);
            for run in vault.runs(bucket)?.iter().filter(|r| r.unit == unit.number) {
                found.extend(rows(run, &[version.row])?);
            }
        }
    }
    Ok(found)
}

/// Every version of every record of a person, in the order of runs and rows.
///
/// # Errors
/// When the vault cannot be read.
pub fn of_person(vault: &Vault, person: PersonKey) -> Result<Vec<Found>, AdmitError> {
    let mut found = Vec::new();
    for run in vault.runs(person.prefix(vault.layout().bucket_bits))? {
        let wanted = rows_of(&run, person)?;
        found.extend(rows(&run, &wanted)?);
    }
    Ok(found)
}

/// Current records of each person in the vault.
///
/// # Errors
/// When the vault cannot be read.
pub fn each_person(vault: &Vault, visit: &mut dyn FnMut(PersonKey, u64)) -> Result<(), AdmitError> {
    for bucket in 0..vault.buckets() {
        for run in vault.runs(bucket)? {
            let mut last: Option<(PersonKey, u64)> = None;
            walk(&run, &mut |row, key| {
                let current = u64::from(!run.overlay.is_superseded(row));
                match &mut last {
                    Some((person, records)) if *person == key => *records += current,
                    _ => {
                        if let Some((person, records)) = last.replace((key, current)) {
                            visit(person, records);
                        }
                    }
                }
            })?;
            if let Some((person, records)) = last {
                visit(person, records);
            }
        }
    }
    Ok(())
}

/// Ids of some candidates that a question gives a reason, in the order of buckets, runs and rows.
///
/// # Errors
/// When the vault cannot be read.
pub fn with_reason(
    vault: &Vault,
    snapshot: &dyn Snapshot,
    order: &Order,
    reason: Reason,
    most: usize,
) -> Result<Vec<String>, AdmitError> {
    let per_bucket = Mutex::new(BTreeMap::new());
    each_bucket::<AdmitError>(vault, snapshot, order, &|_, _| {}, |bucket, decision| {
        let ids = in_bucket(&decision, reason, most)?;
        per_bucket.lock().expect("no thread panicked").insert(bucket, ids);
        Ok(())
    })?;
    Ok(per_bucket.into_inner().expect("no thread panicked").into_values().flatten().take(most).collect())
}

fn in_bucket(decision: &BucketDecision, reason: Reason, most: usize) -> Result<Vec<String>, AdmitError> {
    let mut ids = Vec::new();
    for (index, run) in decision.runs.iter().enumerate() {
        let given = |row: &u32| decision.outcome(index, *row as usize).is_some_and(|o| o.reasons.has(reason));
        let wanted: Vec<u32> = (0..run.rows).filter(given).take(most - ids.len()).collect();
        ids.extend(rows(run, &wanted)?.into_iter().map(|found| found.id));
    }
    Ok(ids)
}

fn entries(index: &Path, record: RecordKey) -> io::Result<Vec<Version>> {
    let mut cursor: Cursor<VERSION> = Cursor::open(index)?;
    cursor.seek(&record.to_bytes())?;
    let mut found = Vec::new();
    while let Some(entry) = cursor.next_if(&record.to_bytes())? {
        found.push(Version::from_bytes(&entry));
    }
    Ok(found)
}

fn rows_of(run: &Run, person: PersonKey) -> Result<Vec<u32>, AdmitError> {
    let mut wanted = Vec::new();
    walk(run, &mut |row, key| {
        if key == person {
            wanted.push(row);
        }
    })?;
    Ok(wanted)
}

/// The author of each row of a run.
fn walk(run: &Run, visit: &mut dyn FnMut(u32, PersonKey)) -> Result<(), AdmitError> {
    let failed = |source| AdmitError::parquet(&run.decide_path, source);
    let columns = Columns::open(&run.decide_path).map_err(failed)?;
    let mut row = 0;
    let all = (0..columns.groups()).collect();
    for batch in columns.read(all, &Decisive::NAMES, BATCH_ROWS).map_err(failed)? {
        let batch = batch.map_err(|source| failed(source.into()))?;
        let decisive = Decisive::of(&batch).ok_or_else(|| AdmitError::Layout(run.decide_path.clone()))?;
        for at in 0..batch.num_rows() {
            visit(row, decisive.person(at));
            row += 1;
        }
    }
    Ok(())
}

/// Rows of a run, ascending by number.
fn rows(run: &Run, wanted: &[u32]) -> Result<Vec<Found>, AdmitError> {
    const NAMES: [&str; 8] = ["person", "created_at", "traits", "collected_at", "id", "record", "retain_until", "org"];
    let failed = |source| AdmitError::parquet(&run.decide_path, source);
    let layout = || AdmitError::Layout(run.decide_path.clone());
    let columns = Columns::open(&run.decide_path).map_err(failed)?;
    let mut others = run.others()?.peekable();
    let mut found = Vec::with_capacity(wanted.len());
    for batch in columns.rows(wanted, &NAMES).map_err(failed)? {
        let batch = batch.map_err(|source| failed(source.into()))?;
        let rows = SlowRows::of(&batch).ok_or_else(layout)?;
        let traits = Decisive::of(&batch).ok_or_else(layout)?.traits;
        for (at, stored) in traits.iter().enumerate() {
            let row = wanted[found.len()];
            let others = named_in(&mut others, row)?;
            let view = rows.view(at, run.overlay.patch(row).apply(Traits(*stored)), &others);
            found.push(Found {
                bucket: run.bucket,
                unit: run.unit,
                row,
                id: view.id.to_owned(),
                superseded: run.overlay.is_superseded(row),
                key: view.key,
                person: view.person,
                traits: view.traits,
                created: view.created,
                collected: view.collected,
                org: view.org,
                retain_until: view.retain_until,
                others: others.clone(),
            });
        }
    }
    Ok(found)
}
