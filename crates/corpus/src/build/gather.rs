//! Reads the admitted rows of one shard from all runs of its bucket, in person order.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt8Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, DictionaryArray, RecordBatch, RecordBatchReader, StringArray,
    StringViewArray, TimestampMicrosecondArray,
};
use arrow_buffer::{Buffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use arrow_select::interleave::interleave_record_batch;
use mandat_core::proof::{KEY_BYTES, PersonKey};
use mandat_core::traits::Traits;
use mandat_core::vocab::Category;

use crate::admit::columns::Columns;
use crate::build::BuildError;
use crate::build::shard;
use crate::curate::denied;
use crate::members::{self, Name};

/// Admitted rows of a shard in output order, with the person of each row.
pub(crate) struct Gathered {
    pub(crate) persons: Vec<PersonKey>,
    pub(crate) records: Vec<u128>,
    pub(crate) rows: RecordBatch,
    /// What the tree of records holds of each row.
    pub(crate) names: Vec<Name>,
}

impl Gathered {
    /// The same with columns of the types that [`shard::schema`] names: texts copied out of their pages, categories
    /// as words.
    ///
    /// # Errors
    /// Never for what [`gather`] gives.
    pub(crate) fn plain(mut self) -> Result<Self, BuildError> {
        let mut columns = self.rows.columns().to_vec();
        for column in &mut columns {
            if let Some(texts) = column.as_string_view_opt() {
                *column = Arc::new(texts.iter().collect::<StringArray>());
            } else if let Some(words) = column.as_dictionary_opt::<UInt8Type>() {
                let words = words.downcast_dict::<StringArray>().ok_or(BuildError::Layout("category"))?;
                *column = Arc::new(words.into_iter().collect::<StringArray>());
            }
        }
        self.rows = RecordBatch::try_new(shard::schema(), columns)?;
        Ok(self)
    }

    /// Everything in one batch: the columns of a shard, then `person` and `member`.
    ///
    /// # Errors
    /// Never for what [`gather`] gives.
    pub(crate) fn pack(&self) -> Result<RecordBatch, BuildError> {
        let mut fields: Vec<Arc<Field>> = self.rows.schema().fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new("person", DataType::Binary, false)));
        let persons: BinaryArray = self.persons.iter().map(|p| Some(p.0.to_be_bytes())).collect();
        let mut columns = self.rows.columns().to_vec();
        columns.push(Arc::new(persons));
        fields.push(Arc::new(Field::new("member", DataType::Binary, false)));
        columns.push(Arc::new(self.names.iter().map(Some).collect::<BinaryArray>()));
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    }

    /// The inverse of [`Self::pack`]; other columns are left out.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub(crate) fn unpack(rows: &RecordBatch) -> Result<Self, BuildError> {
        let numbers = |name| fixed(rows, name).map(|all| all.into_iter().map(u128::from_be_bytes));
        let schema = shard::schema();
        let columns = schema.fields().iter().map(|f| rows.column_by_name(f.name()).cloned());
        let columns: Vec<ArrayRef> = columns.collect::<Option<_>>().ok_or(BuildError::Layout("text"))?;
        Ok(Self {
            persons: numbers("person")?.map(PersonKey).collect(),
            records: numbers("record")?.collect(),
            names: fixed(rows, "member")?,
            rows: RecordBatch::try_new(schema, columns)?,
        })
    }
}

/// The values of a column of binaries that are all of one width.
fn fixed<const W: usize>(rows: &RecordBatch, name: &'static str) -> Result<Vec<[u8; W]>, BuildError> {
    let column = rows.column_by_name(name).and_then(|c| c.as_binary_opt::<i32>()).ok_or(BuildError::Layout(name))?;
    column.iter().flatten().map(|b| b.try_into().map_err(|_| BuildError::Layout(name))).collect()
}

/// The admitted rows of one run that belong to one shard.
pub(crate) struct Wanted<'a> {
    pub(crate) decide: &'a Columns,
    pub(crate) text: &'a Columns,
    /// Row numbers in the run, ascending.
    pub(crate) rows: &'a [u32],
    /// Rows whose text is replaced, ascending by row number.
    pub(crate) redacted: &'a [(u32, String)],
}

/// Column that says where something was cut out.
const REDACTED: &str = "redacted";
const DECIDE: [&str; 6] = ["person", "created_at", "traits", "record", "id", "lang"];

/// Reads and merges; rows are ordered by (person, created_at, id) whatever run they come from.
pub(crate) fn gather(wanted: &[Wanted]) -> Result<Option<Gathered>, BuildError> {
    let mut pieces = Vec::new();
    for run in wanted.iter().filter(|w| !w.rows.is_empty()) {
        pieces.push(piece(run)?);
    }
    let Some(first) = pieces.first() else { return Ok(None) };
    let rows = if pieces.len() == 1 { first.clone() } else { merge(&pieces)? };
    Ok(Some(Gathered {
        persons: keys(&rows, "person")?.map(PersonKey).collect(),
        records: keys(&rows, "record")?.collect(),
        names: names(&rows)?,
        rows: output(&rows)?,
    }))
}

/// Fingerprints of the texts of some rows of a run, with their times and people.
pub(crate) fn denied_of(
    decide: &Columns,
    text: &Columns,
    rows: &[u32],
) -> Result<Vec<[u8; denied::DENIED]>, BuildError> {
    let (mut entries, mut maker) = (Vec::new(), denied::maker());
    if rows.is_empty() {
        return Ok(entries);
    }
    let (left, right) = (read(decide, rows, &["person", "created_at"])?, read(text, rows, &["text"])?);
    let created = left.column_by_name("created_at").and_then(|c| c.as_primitive_opt::<Int64Type>());
    let created = created.ok_or(BuildError::Layout("created_at"))?;
    let texts = named(&right, "text")?.as_string_view_opt().ok_or(BuildError::Layout("text"))?;
    for (row, person) in keys(&left, "person")?.enumerate().filter(|(row, _)| texts.is_valid(*row)) {
        entries.extend(denied::entry(&mut maker, texts.value(row), created.value(row), person));
    }
    Ok(entries)
}

/// One run's admitted rows: the decision columns and the text beside them.
fn piece(run: &Wanted) -> Result<RecordBatch, BuildError> {
    let left = read(run.decide, run.rows, &DECIDE)?;
    let right = read(run.text, run.rows, &["text"])?;
    let text = redact(right.column_by_name("text").ok_or(BuildError::Layout("text"))?, run)?;
    let mut fields: Vec<Arc<Field>> = left.schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new("text", DataType::Utf8View, true)));
    let mut columns = left.columns().to_vec();
    columns.push(text);
    fields.push(Arc::new(Field::new(REDACTED, DataType::Boolean, false)));
    let cut = |row: &u32| run.redacted.binary_search_by_key(row, |(row, _)| *row).is_ok();
    columns.push(Arc::new(run.rows.iter().map(|row| Some(cut(row))).collect::<BooleanArray>()));
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

/// Reads chosen rows of a file into one batch.
fn read(columns: &Columns, rows: &[u32], names: &[&str]) -> Result<RecordBatch, BuildError> {
    let reader = columns.rows(rows, names)?;
    let schema: SchemaRef = RecordBatchReader::schema(&reader);
    let batches = reader.collect::<Result<Vec<_>, _>>()?;
    Ok(concat_batches(&schema, &batches)?)
}

fn redact(text: &ArrayRef, run: &Wanted) -> Result<ArrayRef, BuildError> {
    if run.redacted.is_empty() {
        return Ok(Arc::clone(text));
    }
    let text = text.as_string_view_opt().ok_or(BuildError::Layout("text"))?;
    let mut pending = run.redacted.iter().peekable();
    let replaced = run.rows.iter().enumerate().map(|(i, row)| {
        while pending.next_if(|(r, _)| r < row).is_some() {}
        match pending.next_if(|(r, _)| r == row) {
            Some((_, new)) => Some(new.as_str()),
            None => text.is_valid(i).then(|| text.value(i)),
        }
    });
    Ok(Arc::new(replaced.collect::<StringViewArray>()))
}

fn keys<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<impl Iterator<Item = u128> + 'a, BuildError> {
    let column =
        batch.column_by_name(name).and_then(|c| c.as_fixed_size_binary_opt()).ok_or(BuildError::Layout(name))?;
    let (keys, _) = column.value_data().as_chunks::<16>();
    Ok(keys.iter().map(|k| u128::from_be_bytes(*k)))
}

/// Merges sorted pieces; equal keys cannot occur, since a record has one current version.
fn merge(pieces: &[RecordBatch]) -> Result<RecordBatch, BuildError> {
    let mut order = Vec::new();
    for (p, piece) in pieces.iter().enumerate() {
        let created = piece
            .column_by_name("created_at")
            .and_then(|c| c.as_primitive_opt::<Int64Type>())
            .ok_or(BuildError::Layout("created_at"))?;
        let ids = piece.column_by_name("id").and_then(|c| c.as_string_opt::<i32>()).ok_or(BuildError::Layout("id"))?;
        for (i, person) in keys(piece, "person")?.enumerate() {
            order.push((person, created.value(i), ids.value(i), p, i));
        }
    }
    order.sort_unstable();
    let indices: Vec<(usize, usize)> = order.into_iter().map(|(_, _, _, p, i)| (p, i)).collect();
    Ok(interleave_record_batch(&pieces.iter().collect::<Vec<_>>(), &indices)?)
}

/// The name of each row in the tree of records: by the platform's id, and whether something was cut out of its text.
fn names(rows: &RecordBatch) -> Result<Vec<Name>, BuildError> {
    let ids = named(rows, "id")?.as_string_opt::<i32>().ok_or(BuildError::Layout("id"))?;
    let cut = named(rows, REDACTED)?.as_boolean_opt().ok_or(BuildError::Layout(REDACTED))?;
    Ok((0..rows.num_rows()).map(|row| members::name(ids.value(row), cut.value(row))).collect())
}

fn named<'a>(rows: &'a RecordBatch, name: &'static str) -> Result<&'a ArrayRef, BuildError> {
    rows.column_by_name(name).ok_or(BuildError::Layout(name))
}

/// The columns of a corpus shard; texts are views into the pages they were read from, categories a dictionary.
fn output(rows: &RecordBatch) -> Result<RecordBatch, BuildError> {
    let column = |name: &'static str| named(rows, name);
    let keys = column("record")?.as_fixed_size_binary_opt().ok_or(BuildError::Layout("record"))?;
    let ends = OffsetBuffer::from_repeated_length(KEY_BYTES, keys.len());
    let record = BinaryArray::try_new(ends, Buffer::from(keys.value_data()), None)?;
    let text = column("text")?.as_string_view_opt().ok_or(BuildError::Layout("text"))?;
    let text: ArrayRef = if text.null_count() == 0 {
        Arc::new(text.clone())
    } else {
        Arc::new(text.iter().map(|t| Some(t.unwrap_or(""))).collect::<StringViewArray>())
    };
    let traits = column("traits")?.as_primitive_opt::<UInt64Type>().ok_or(BuildError::Layout("traits"))?;
    let created = column("created_at")?.as_primitive_opt::<Int64Type>().ok_or(BuildError::Layout("created_at"))?;
    let created = TimestampMicrosecondArray::new(created.values().clone(), None).with_timezone("UTC");
    let columns: Vec<ArrayRef> = vec![
        Arc::new(record),
        text,
        Arc::clone(column("lang")?),
        Arc::new(categories(traits.values())?),
        Arc::new(created),
    ];
    let fields = shard::schema();
    let fields = fields
        .fields()
        .iter()
        .zip(&columns)
        .map(|(field, column)| Field::new(field.name(), column.data_type().clone(), field.is_nullable()));
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns)?)
}

/// The words of categories; bits that no version wrote have an empty one.
fn categories(traits: &[u64]) -> Result<DictionaryArray<UInt8Type>, BuildError> {
    let words = StringArray::from_iter_values(Category::ALL.iter().map(|c| c.as_str()).chain([""]));
    let unknown = Category::ALL.len();
    let word = |traits: &u64| Traits(*traits).category().map_or(unknown, Category::index) as u8;
    Ok(DictionaryArray::try_new(traits.iter().map(word).collect(), Arc::new(words))?)
}
