//! Reading a run: paths of its files, what later arrivals changed, and the other people in its rows.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{UInt8Type, UInt32Type};
use arrow_array::{Array, RecordBatch};
use mandat_core::proof::{self, PersonKey, RecordKey};
use mandat_core::vocab::Role;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::manifest::{OverlayEntry, RunEntry};
use super::{VaultError, format};
use crate::admit::columns::{BATCH_ROWS, Columns};
use crate::vault::overlay::Overlay;

/// One sorted run of a bucket; rows lie in the order (person, created_at, id, version).
#[derive(Debug, Clone)]
pub struct Run {
    /// Number of the unit it belongs to.
    pub unit: u64,
    /// Which bucket.
    pub bucket: u64,
    /// Rows in `decide` and in `text`.
    pub rows: u32,
    /// Decision columns ([`format::decide_schema`]).
    pub decide_path: PathBuf,
    /// Text ([`format::text_schema`]).
    pub text_path: PathBuf,
    /// Other people ([`format::others_schema`]); read through [`Run::others`].
    pub others_path: PathBuf,
    /// What differs from the files.
    pub overlay: Overlay,
    holders: Arc<Holders>,
}

/// Who holds a handle, for the handles named in texts; sorted by tag.
pub type Holders = Vec<(u128, PersonKey)>;

impl Run {
    pub(crate) fn open(dir: &Path, unit: u64, entry: &RunEntry, holders: Arc<Holders>) -> Result<Self, VaultError> {
        let overlay = entry.overlay.as_ref().map_or(Ok(Overlay::default()), |o| read_overlay(&dir.join(&o.path), o))?;
        Ok(Self {
            unit,
            bucket: entry.bucket,
            rows: entry.rows,
            decide_path: dir.join(&entry.decide.path),
            text_path: dir.join(&entry.text.path),
            others_path: dir.join(&entry.others.path),
            overlay,
            holders,
        })
    }

    /// The other people in this run's rows, in row order, with references and handles resolved.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn others(&self) -> Result<Others<'_>, VaultError> {
        let at = |e| VaultError::parquet(&self.others_path, e);
        let file = File::open(&self.others_path).map_err(|e| VaultError::io(&self.others_path, e))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(at)?;
        let reader = builder.with_batch_size(format::CHUNK_ROWS).build().map_err(at)?;
        Ok(Others { run: self, reader, batch: None, at: 0, other_row: 0 })
    }

    /// The other people in some rows, in row order, resolved as [`Run::others`] does; the rest of the file
    /// is passed over.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn others_of(&self, rows: &[u32]) -> Result<Vec<Other>, VaultError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let at = |e| VaultError::parquet(&self.others_path, e);
        let damaged = || VaultError::Damaged { path: self.others_path.clone() };
        let columns = Columns::open(&self.others_path).map_err(at)?;
        let mut wanted = Vec::new();
        let mut other_row = 0;
        for batch in columns.read((0..columns.groups()).collect(), &["row"], BATCH_ROWS).map_err(at)? {
            let batch = batch.map_err(|e| at(e.into()))?;
            let of = batch.column(0).as_primitive_opt::<UInt32Type>().ok_or_else(damaged)?;
            let found = (other_row..).zip(of.values()).filter(|(_, row)| rows.binary_search(row).is_ok());
            wanted.extend(found.map(|(other_row, _)| other_row));
            other_row += u32::try_from(batch.num_rows()).expect("a batch is small");
        }
        let mut others = Vec::with_capacity(wanted.len());
        for batch in columns.rows(&wanted, &ALL).map_err(at)? {
            let batch = batch.map_err(|e| at(e.into()))?;
            for row in 0..batch.num_rows() {
                let other = other_at(&batch, row).ok_or_else(damaged)?;
                let person = resolve(self, &batch, row, wanted[others.len()], &other);
                others.push(Other { person, ..other });
            }
        }
        Ok(others)
    }
}

/// Columns of `others`.
const ALL: [&str; 8] = ["row", "role", "person", "record", "handle", "start", "end", "redactable"];

/// Whom an entry names, as far as the vault knows.
fn resolve(run: &Run, batch: &RecordBatch, at: usize, other_row: u32, other: &Other) -> Option<PersonKey> {
    let by_handle = || {
        let tag = key_at(batch, "handle", at)?;
        let holders = &run.holders;
        holders.binary_search_by_key(&tag, |h| h.0).ok().map(|i| holders[i].1)
    };
    other.person.or_else(|| run.overlay.other(other_row)).or_else(by_handle)
}

/// Reads an overlay from the file that holds it.
pub(crate) fn read_overlay(path: &Path, entry: &OverlayEntry) -> Result<Overlay, VaultError> {
    let read = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(entry.offset))?;
        let mut bytes = vec![0; usize::try_from(entry.bytes).expect("an overlay fits in memory")];
        file.read_exact(&mut bytes).map(|()| bytes)
    };
    let bytes = read().map_err(|e| VaultError::io(path, e))?;
    let changed = |sha256: &String| proof::sha256(&bytes).to_string() != *sha256;
    if entry.sha256.as_ref().is_some_and(changed) {
        return Err(VaultError::Damaged { path: path.to_owned() });
    }
    Overlay::from_bytes(&bytes).ok_or_else(|| VaultError::Damaged { path: path.to_owned() })
}

/// Another person in a row, resolved as far as the vault knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Other {
    /// Row in the run.
    pub row: u32,
    /// What they are to the record.
    pub role: Role,
    /// Who; `None` is an unknown person, who never permits anything.
    pub person: Option<PersonKey>,
    /// The record that names them.
    pub record: Option<RecordKey>,
    /// Where in the text, in code points.
    pub span: Option<(u32, u32)>,
    /// Whether taking out the span leaves a text that stands alone.
    pub redactable: bool,
}

/// Streams [`Other`]s in row order.
pub struct Others<'a> {
    run: &'a Run,
    reader: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    at: usize,
    other_row: u32,
}

impl Others<'_> {
    fn read(&mut self) -> Option<Result<Other, VaultError>> {
        while self.batch.as_ref().is_none_or(|b| self.at == b.num_rows()) {
            match self.reader.next()? {
                Ok(batch) => (self.batch, self.at) = (Some(batch), 0),
                Err(e) => return Some(Err(VaultError::parquet(&self.run.others_path, e.into()))),
            }
        }
        let batch = self.batch.as_ref().expect("a batch was just read");
        let other = other_at(batch, self.at).ok_or_else(|| VaultError::Damaged { path: self.run.others_path.clone() });
        let (at, known) = (self.other_row, self.at);
        self.at += 1;
        self.other_row += 1;
        Some(other.map(|o| Other { person: resolve(self.run, batch, known, at, &o), ..o }))
    }
}

impl Iterator for Others<'_> {
    type Item = Result<Other, VaultError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read()
    }
}

fn key_at(batch: &RecordBatch, name: &str, at: usize) -> Option<u128> {
    let column = batch.column_by_name(name)?.as_fixed_size_binary();
    column.is_valid(at).then(|| column.value(at).try_into().map(u128::from_be_bytes).ok())?
}

fn other_at(batch: &RecordBatch, at: usize) -> Option<Other> {
    let start = batch.column_by_name("start")?.as_primitive::<UInt32Type>();
    let end = batch.column_by_name("end")?.as_primitive::<UInt32Type>();
    Some(Other {
        row: batch.column_by_name("row")?.as_primitive::<UInt32Type>().value(at),
        role: Role::from_index(batch.column_by_name("role")?.as_primitive::<UInt8Type>().value(at).into())?,
        person: key_at(batch, "person", at).map(PersonKey),
        record: key_at(batch, "record", at).map(RecordKey),
        span: start.is_valid(at).then(|| (start.value(at), end.value(at))),
        redactable: batch.column_by_name("redactable")?.as_boolean().value(at),
    })
}
