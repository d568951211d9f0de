//! What the pass made of a shard, on disk until every shard is passed.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
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
}

impl Spilled {
    /// Writes what the pass made.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn write(store: &Store, shard: u32, name: String, passed: &Passed) -> Result<Self, BuildError> {
        let (rows, exact) = (store.scratch(&format!("{name}.rows"))?, store.scratch(&format!("{name}.exact"))?);
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
        Ok(Self { shard, name, rows, exact })
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
}
