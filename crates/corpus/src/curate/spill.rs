//! What the pass made of a shard, on disk until every shard is passed.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;

use super::pass::Passed;
use super::shuffle::write_entries;
use crate::build::{BuildError, Store};
use crate::durable;

/// The files of a passed shard, in the store's scratch folder.
pub(crate) struct Spilled {
    /// Number of the shard.
    pub(crate) shard: u32,
    /// Its name without an ending, such as `train-01`.
    pub(crate) name: String,
    rows: PathBuf,
    exact: PathBuf,
    prints: PathBuf,
}

impl Spilled {
    /// Writes what the pass made.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn write(store: &Store, shard: u32, name: String, passed: &Passed) -> Result<Self, BuildError> {
        let scratch = |ending: &str| store.scratch(&format!("{name}.{ending}"));
        let (rows, exact, prints) = (scratch("rows")?, scratch("exact")?, scratch("prints")?);
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| BuildError::Io { what: "write", path, source }
        };
        let file = durable::private().write(true).create_new(true).open(&rows).map_err(at(&rows))?;
        let mut writer = StreamWriter::try_new_buffered(file, &passed.rows.schema())?;
        writer.write(&passed.rows)?;
        writer.finish()?;
        writer.flush()?;
        write_entries(&exact, &passed.exact).map_err(at(&exact))?;
        write_entries(&prints, &passed.prints).map_err(at(&prints))?;
        Ok(Self { shard, name, rows, exact, prints })
    }

    /// Reads the rows back.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn rows(&self) -> Result<RecordBatch, BuildError> {
        let file = File::open(&self.rows).map_err(|source| BuildError::io("read", &self.rows, source))?;
        let mut reader = StreamReader::try_new(BufReader::with_capacity(1 << 18, file), None)?;
        reader.next().ok_or(BuildError::Layout("rows"))?.map_err(BuildError::from)
    }

    /// Where the signals for equal texts lie.
    pub(crate) fn exact(&self) -> &Path {
        &self.exact
    }

    /// Where the fingerprints of texts lie.
    pub(crate) fn prints(&self) -> &Path {
        &self.prints
    }

    /// Row, creation time and person of every row.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn authors(&self) -> Result<Vec<(u32, i64, u128)>, BuildError> {
        let rows = self.rows()?;
        let created = rows.column_by_name("created_at").and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>());
        let created = created.ok_or(BuildError::Layout("created_at"))?;
        let persons = rows.column_by_name("person").and_then(|c| c.as_binary_opt::<i32>());
        let persons = persons.ok_or(BuildError::Layout("person"))?.iter().flatten();
        let author = |(row, (at, person)): (u32, (&i64, &[u8]))| {
            let person = person.try_into().map_err(|_| BuildError::Layout("person"))?;
            Ok((row, *at, u128::from_be_bytes(person)))
        };
        (0..).zip(created.values().iter().zip(persons)).map(author).collect()
    }
}
