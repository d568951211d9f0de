//! The decision columns of one row group, as plain slices.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use mandat_core::proof::PersonKey;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::errors::ParquetError;

/// Rows handed over at a time: their decision columns stay in the cache of one core.
pub(crate) const BATCH_ROWS: usize = 1 << 13;

/// A Parquet file whose footer is read once and whose row groups are read by many.
///
/// Each reader opens the file anew: clones of one file handle share their position, so that readers
/// on two threads would read each other's bytes.
#[derive(Clone)]
pub(crate) struct Columns {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

impl Columns {
    pub(crate) fn open(path: &Path) -> Result<Self, ParquetError> {
        let file = File::open(path)?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
        Ok(Self { path: path.to_owned(), metadata })
    }

    /// As [`Self::open`], for a file of a schema: strings are views into the pages they were read from, not copies.
    pub(crate) fn open_views(path: &Path, schema: &Schema) -> Result<Self, ParquetError> {
        let file = File::open(path)?;
        let view = |field: &Arc<Field>| match field.data_type() {
            DataType::Utf8 => Arc::new(Field::new(field.name(), DataType::Utf8View, field.is_nullable())),
            _ => Arc::clone(field),
        };
        let schema = Arc::new(Schema::new(schema.fields().iter().map(view).collect::<Vec<_>>()));
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new().with_schema(schema))?;
        Ok(Self { path: path.to_owned(), metadata })
    }

    pub(crate) fn groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// Rows of each row group.
    pub(crate) fn group_rows(&self) -> Vec<usize> {
        let rows = |g: &parquet::file::metadata::RowGroupMetaData| usize::try_from(g.num_rows()).unwrap_or(0);
        self.metadata.metadata().row_groups().iter().map(rows).collect()
    }

    /// Reads some columns of some row groups in order.
    pub(crate) fn read(
        &self,
        groups: Vec<usize>,
        names: &[&str],
        batch: usize,
    ) -> Result<ParquetRecordBatchReader, ParquetError> {
        let mask = ProjectionMask::columns(self.metadata.parquet_schema(), names.iter().copied());
        ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(&self.path)?, self.metadata.clone())
            .with_row_groups(groups)
            .with_projection(mask)
            .with_batch_size(batch)
            .build()
    }

    /// Reads chosen rows, ascending by number, in order.
    pub(crate) fn rows(&self, rows: &[u32], names: &[&str]) -> Result<ParquetRecordBatchReader, ParquetError> {
        let (groups, ranges, total) = ranges_in_groups(&self.group_rows(), rows);
        self.select(groups, names, RowSelection::from_consecutive_ranges(ranges.into_iter(), total))
    }

    fn select(
        &self,
        groups: Vec<usize>,
        names: &[&str],
        rows: RowSelection,
    ) -> Result<ParquetRecordBatchReader, ParquetError> {
        let mask = ProjectionMask::columns(self.metadata.parquet_schema(), names.iter().copied());
        ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(&self.path)?, self.metadata.clone())
            .with_row_groups(groups)
            .with_projection(mask)
            .with_row_selection(rows)
            .with_batch_size(BATCH_ROWS)
            .build()
    }
}

/// The row groups that hold any of `rows`, and the rows as ranges within those groups.
fn ranges_in_groups(group_rows: &[usize], rows: &[u32]) -> (Vec<usize>, Vec<Range<usize>>, usize) {
    let (mut groups, mut ranges, mut read) = (Vec::new(), Vec::<Range<usize>>::new(), 0);
    let (mut start, mut next) = (0, 0);
    for (group, count) in group_rows.iter().enumerate() {
        let end = start + count;
        let from = next;
        while next < rows.len() && (rows[next] as usize) < end {
            let at = rows[next] as usize - start + read;
            match ranges.last_mut() {
                Some(last) if last.end == at => last.end += 1,
                _ => ranges.push(at..at + 1),
            }
            next += 1;
        }
        if next > from {
            groups.push(group);
            read += count;
        }
        start = end;
    }
    (groups, ranges, read)
}

/// The columns every decision reads.
pub(crate) struct Decisive<'a> {
    pub(crate) persons: &'a [[u8; 16]],
    pub(crate) created: &'a [i64],
    pub(crate) traits: &'a [u64],
}

impl<'a> Decisive<'a> {
    pub(crate) const NAMES: [&'static str; 3] = ["person", "created_at", "traits"];

    /// `None` if the file is not laid out as the vault writes it.
    pub(crate) fn of(batch: &'a RecordBatch) -> Option<Self> {
        let persons = batch.column_by_name("person")?.as_fixed_size_binary_opt()?;
        let (persons, rest) = persons.value_data().as_chunks::<16>();
        let created = batch.column_by_name("created_at")?.as_primitive_opt::<Int64Type>()?;
        let traits = batch.column_by_name("traits")?.as_primitive_opt::<UInt64Type>()?;
        let plain = rest.is_empty()
            && persons.len() == batch.num_rows()
            && created.null_count() == 0
            && traits.null_count() == 0;
        plain.then(|| Self { persons, created: created.values(), traits: traits.values() })
    }

    pub(crate) fn person(&self, row: usize) -> PersonKey {
        PersonKey::from_bytes(self.persons[row])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_ranges_within_the_groups_that_hold_them() {
        let (groups, ranges, total) = ranges_in_groups(&[4, 4, 4], &[1, 2, 9, 11]);
        assert_eq!(groups, [0, 2]);
        assert_eq!(ranges, [1..3, 5..6, 7..8]);
        assert_eq!(total, 8);
    }
}
