//! Reads Parquet rows into [`Raw`]: any of the canonical fields, or others through a map.
//!
//! Strings may be `utf8`, `large_utf8` or `utf8view`; times strings, timestamps or dates; lists lists
//! of strings; `quoted_text` and `media` lists of structs, or strings that hold the JSON of such a list.

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use mandat_core::time::DAY;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::field::{Field, Kind};
use super::raw::{Class, Names, Raw};
use super::reject::Reason;
use crate::map::{Map, Use};

/// Rows read at a time.
const ROWS: usize = 4096;

/// Opens a Parquet file for reading in batches.
pub(crate) fn open(path: &Path) -> Result<ParquetRecordBatchReader, parquet::errors::ParquetError> {
    ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.with_batch_size(ROWS).build()
}

/// How the columns of a batch are read.
pub(crate) struct TableReader<'a> {
    map: &'a Map,
    columns: Vec<(&'a dyn Array, Use)>,
    /// What every row of this batch is rejected for, if a column's name is misspelt.
    problem: Option<Reason>,
    rows: u64,
}

impl<'a> TableReader<'a> {
    /// Looks at the columns; unknown ones are counted once per row.
    pub(crate) fn new(rows: &'a RecordBatch, map: &'a Map, strict: bool, names: &mut Names) -> Self {
        let (mut columns, mut problem) = (Vec::new(), None);
        for (field, column) in rows.schema_ref().fields().iter().zip(rows.columns()) {
            if let Some(usage) = map.usage(field.name()) {
                columns.push((column.as_ref(), usage));
                continue;
            }
            for _ in 0..rows.num_rows() {
                match names.meet(field.name(), map) {
                    Class::Near(known) => problem = Some(Reason::NearMiss(known)),
                    Class::Extra if strict => problem = Some(Reason::UnknownField),
                    Class::Extra => {}
                }
            }
        }
        Self { map, columns, problem, rows: rows.num_rows() as u64 }
    }

    /// Rows in the batch.
    pub(crate) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Reads a row.
    pub(crate) fn read(&self, row: usize, raw: &mut Raw<'a>) -> Result<(), Reason> {
        raw.clear(self.map);
        if let Some(problem) = self.problem {
            raw.fail(problem);
        }
        for (column, usage) in &self.columns {
            if let Some(slot) = usage.slot {
                raw.slots[slot] = text_at(*column, row).map(Cow::Borrowed);
            }
            if let Some(field) = usage.field {
                raw.see(field);
                if column.is_valid(row) && cell(*column, row, field, raw).is_none() {
                    raw.fail(Reason::WrongType(field));
                }
            }
        }
        raw.complete(self.map);
        raw.problem.map_or(Ok(()), Err)
    }
}

/// Takes a cell that is not null; `None` if its type does not fit the field.
fn cell<'a>(column: &'a dyn Array, row: usize, field: Field, raw: &mut Raw<'a>) -> Option<()> {
    match field.kind() {
        Kind::Text => set(raw, field, text_at(column, row)?),
        Kind::Time => match micros_at(column, row) {
            Some(micros) => raw.set_instant(field, micros),
            None => set(raw, field, text_at(column, row)?),
        },
        Kind::List => {
            let items: &'a dyn Array = match column.data_type() {
                DataType::List(_) => {
                    return push_all(column.as_list::<i32>().values(), list_range::<i32>(column, row), field, raw);
                }
                DataType::LargeList(_) => column.as_list::<i64>().values(),
                _ => return None,
            };
            return push_all(items, list_range::<i64>(column, row), field, raw);
        }
        Kind::Spans => raw.spans = items_at(column, row)?,
        Kind::Media => raw.media = items_at(column, row)?,
    }
    Some(())
}

fn set<'a>(raw: &mut Raw<'a>, field: Field, text: &'a str) {
    if text.contains('\0') {
        raw.fail(Reason::Nul);
    }
    raw.set(field, Cow::Borrowed(text));
}

fn list_range<O: arrow_array::OffsetSizeTrait>(column: &dyn Array, row: usize) -> std::ops::Range<usize> {
    let offsets = column.as_list::<O>().value_offsets();
    offsets[row].as_usize()..offsets[row + 1].as_usize()
}

fn push_all<'a>(items: &'a dyn Array, range: std::ops::Range<usize>, field: Field, raw: &mut Raw<'a>) -> Option<()> {
    for at in range {
        raw.push(field, Cow::Borrowed(text_at(items, at)?));
    }
    Some(())
}

/// A list of structs, also as JSON in a string.
fn items_at<T: DeserializeOwned>(column: &dyn Array, row: usize) -> Option<Vec<T>> {
    match text_at(column, row) {
        Some(json) => serde_json::from_str(json).ok(),
        None => serde_json::from_value(value_at(column, row)?).ok(),
    }
}

/// A cell as JSON; `None` if it is of a type that no field is made of. Absent values are left out of structs.
fn value_at(column: &dyn Array, row: usize) -> Option<Value> {
    if column.is_null(row) {
        return Some(Value::Null);
    }
    let list = |items: &dyn Array, range: std::ops::Range<usize>| {
        range.map(|at| value_at(items, at)).collect::<Option<Vec<Value>>>()
    };
    Some(match column.data_type() {
        DataType::List(_) => Value::Array(list(column.as_list::<i32>().values(), list_range::<i32>(column, row))?),
        DataType::LargeList(_) => Value::Array(list(column.as_list::<i64>().values(), list_range::<i64>(column, row))?),
        DataType::Struct(fields) => {
            let mut object = serde_json::Map::new();
            for (field, inner) in fields.iter().zip(column.as_struct().columns()) {
                let value = value_at(inner, row)?;
                if !value.is_null() {
                    object.insert(field.name().clone(), value);
                }
            }
            Value::Object(object)
        }
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt32 => column.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).into(),
        _ => text_at(column, row)?.into(),
    })
}

fn text_at(column: &dyn Array, row: usize) -> Option<&str> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Utf8 => Some(column.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => Some(column.as_string::<i64>().value(row)),
        DataType::Utf8View => Some(column.as_string_view().value(row)),
        _ => None,
    }
}

/// An instant, rounded down to microseconds; out of range is far away, so that it is rejected as such.
fn micros_at(column: &dyn Array, row: usize) -> Option<i64> {
    let scaled = |value: i64, by: i64| value.saturating_mul(by);
    Some(match column.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            scaled(column.as_primitive::<TimestampSecondType>().value(row), 1_000_000)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            scaled(column.as_primitive::<TimestampMillisecondType>().value(row), 1000)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => column.as_primitive::<TimestampMicrosecondType>().value(row),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            column.as_primitive::<TimestampNanosecondType>().value(row).div_euclid(1000)
        }
        DataType::Date32 => scaled(i64::from(column.as_primitive::<Date32Type>().value(row)), DAY),
        _ => return None,
    })
}
