//! Reads the rows of a run whole, one by one, as they were written: for compaction and for checks.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt8Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use mandat_core::proof::{PersonKey, RecordKey};
use mandat_core::traits::Traits;
use mandat_core::vocab::Role;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::{Run, VaultError, format};
use crate::ingest::row::{Named, Row, encode_named};

/// A place in a run.
pub struct RunRows {
    decide: Table,
    text: Table,
    others: Table,
    row: u32,
    named: Vec<u8>,
}

/// A place in one of its files.
struct Table {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    at: usize,
}

impl RunRows {
    /// Opens a run before its first row.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn open(run: &Run) -> Result<Self, VaultError> {
        Ok(Self {
            decide: Table::open(&run.decide_path)?,
            text: Table::open(&run.text_path)?,
            others: Table::open(&run.others_path)?,
            row: u32::MAX,
            named: Vec::new(),
        })
    }

    /// Moves to the next row; `false` at the end.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn advance(&mut self) -> Result<bool, VaultError> {
        self.row = self.row.wrapping_add(1);
        let more = self.decide.advance()?;
        if self.text.advance()? != more {
            return Err(VaultError::Damaged { path: self.text.path.clone() });
        }
        self.named.clear();
        while let Some(named) = self.others.peek_named(self.row)? {
            encode_named(&named, &mut self.named);
            self.others.advance()?;
        }
        Ok(more)
    }

    /// Number of the row.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.row
    }

    /// The row; names of its account are not in the vault and are empty.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] if a column is missing.
    pub fn row(&self) -> Result<Row<'_>, VaultError> {
        let read = || {
            let (d, at) = (self.decide.batch.as_ref()?, self.decide.at);
            let (t, text_at) = (self.text.batch.as_ref()?, self.text.at);
            Some(Row {
                person: PersonKey(key(d, "person", at)?),
                created_at: int(d, "created_at", at)?,
                id: text(d, "id", at)?,
                record: RecordKey(key(d, "record", at)?),
                version: d.column_by_name("version")?.as_fixed_size_binary().value(at).try_into().ok()?,
                traits: Traits(d.column_by_name("traits")?.as_primitive::<UInt64Type>().value(at)),
                collected_at: int(d, "collected_at", at)?,
                edited_at: int(d, "edited_at", at),
                retain_until: int(d, "retain_until", at),
                org: key(d, "org", at),
                lang: text(d, "lang", at),
                text: text(t, "text", text_at),
                extra: text(t, "extra", text_at),
                platform: "",
                account: "",
                handle: None,
                others: &self.named,
            })
        };
        read().ok_or_else(|| VaultError::Damaged { path: self.decide.path.clone() })
    }
}

impl Table {
    fn open(path: &Path) -> Result<Self, VaultError> {
        let at = |e| VaultError::parquet(path, e);
        let file = File::open(path).map_err(|e| VaultError::io(path, e))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(at)?;
        let reader = builder.with_batch_size(format::CHUNK_ROWS).build().map_err(at)?;
        Ok(Self { path: path.to_owned(), reader, batch: None, at: 0 })
    }

    fn advance(&mut self) -> Result<bool, VaultError> {
        self.at += 1;
        while self.batch.as_ref().is_none_or(|b| self.at >= b.num_rows()) {
            let Some(batch) = self.reader.next() else { return Ok(false) };
            self.batch = Some(batch.map_err(|e| VaultError::parquet(&self.path, e.into()))?);
            self.at = 0;
        }
        Ok(true)
    }

    /// The next other person if they belong to the row.
    fn peek_named(&mut self, row: u32) -> Result<Option<Named>, VaultError> {
        if self.batch.is_none() && !self.advance()? {
            return Ok(None);
        }
        let Some(batch) = self.batch.as_ref().filter(|b| self.at < b.num_rows()) else { return Ok(None) };
        let at = self.at;
        let u32_at = |name: &str| {
            let column = batch.column_by_name(name)?.as_primitive::<UInt32Type>();
            column.is_valid(at).then(|| column.value(at))
        };
        if u32_at("row") != Some(row) {
            return Ok(None);
        }
        let read = || {
            let role = batch.column_by_name("role")?.as_primitive::<UInt8Type>().value(at);
            Some(Named {
                role: Role::from_index(role.into())?,
                person: key(batch, "person", at).map(PersonKey),
                record: key(batch, "record", at).map(RecordKey),
                handle: key(batch, "handle", at),
                span: u32_at("start").zip(u32_at("end")),
                redactable: batch.column_by_name("redactable")?.as_boolean().value(at),
            })
        };
        read().map(Some).ok_or_else(|| VaultError::Damaged { path: self.path.clone() })
    }
}

fn key(batch: &RecordBatch, name: &str, at: usize) -> Option<u128> {
    let column = batch.column_by_name(name)?.as_fixed_size_binary();
    column.is_valid(at).then(|| column.value(at).try_into().ok().map(u128::from_be_bytes))?
}

fn int(batch: &RecordBatch, name: &str, at: usize) -> Option<i64> {
    let column = batch.column_by_name(name)?.as_primitive::<Int64Type>();
    column.is_valid(at).then(|| column.value(at))
}

fn text<'a>(batch: &'a RecordBatch, name: &str, at: usize) -> Option<&'a str> {
    let column = batch.column_by_name(name)?.as_string::<i32>();
    column.is_valid(at).then(|| column.value(at))
}
