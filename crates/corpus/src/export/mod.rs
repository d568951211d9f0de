//! A revision in the forms that training loops read.
//!
//! | format | files | reader |
//! |---|---|---|
//! | `hf` | Parquet shards and the card | `datasets`, DuckDB, Polars, pandas |
//! | `jsonl.zst` | JSON Lines, zstd | anything |
//! | `mds` | MosaicML streaming shards, `index.json` | `streaming.StreamingDataset` |
//! | `webdataset` | tar files of `TOKEN.txt` and `TOKEN.json` | `webdataset` |
//! | `megatron-bin` | `corpus.bin`, `corpus.idx`: token ids | Megatron's indexed dataset, NumPy |
//!
//! Rows come in storage order, by person, or shuffled by a seed (DESIGN 8.16). The same revision,
//! format and seed give the same bytes. Files lie in a folder that is not there before, and that is
//! there only when everything is in it.

mod hf;
mod jsonl;
mod mds;
mod megatron;
mod rows;
mod tar;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::build::{BuildError, Store};
use crate::durable;
use crate::vault::Problem;
use rows::{Row, each_row};

/// Bytes after which a new file is begun.
const SHARD_BYTES: u64 = 64 << 20;

/// The forms that a revision can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Parquet, as the revision itself.
    Hf,
    /// JSON Lines, compressed.
    JsonlZst,
    /// MosaicML streaming.
    Mds,
    /// WebDataset.
    Webdataset,
    /// Megatron's indexed dataset: tokens.
    MegatronBin,
}

/// Why a revision could not be exported; the folder is then not there.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store.
    #[error(transparent)]
    Store(#[from] BuildError),
    /// The revision is not what was published.
    #[error("revision {revision} of `{corpus}` is damaged: {first}; build again, or restore it from a backup")]
    Damaged {
        /// Which corpus.
        corpus: String,
        /// Which revision.
        revision: u64,
        /// One of the faults.
        first: Problem,
    },
    /// The folder is taken.
    #[error("`{0}` exists already; name a folder that does not")]
    Exists(PathBuf),
    /// The file system.
    #[error("cannot write into `{path}`")]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What is exported, and how.
#[derive(Debug, Clone, Copy)]
pub struct Export<'a> {
    /// Of which corpus.
    pub corpus: &'a str,
    /// Which revision.
    pub revision: u64,
    /// In which form.
    pub format: Format,
    /// Shuffled by this seed; in storage order without one.
    pub seed: Option<u64>,
    /// Into which folder.
    pub out: &'a Path,
}

/// What an export wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Rows.
    pub rows: u64,
    /// Tokens, where the format has any.
    pub tokens: u64,
    /// Files, card and manifest among them.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Takes rows in order and writes files.
trait Sink {
    /// Writes one row.
    fn push(&mut self, row: &Row) -> io::Result<()>;
    /// Ends the last file; gives the number of tokens.
    fn finish(self: Box<Self>) -> io::Result<u64>;
}

/// Writes a revision. Every file of it is compared with its digest before.
///
/// # Errors
/// [`ExportError`].
pub fn export(store: &Store, export: &Export) -> Result<Exported, ExportError> {
    let Export { corpus, revision, out, .. } = *export;
    if let Some(first) = store.verify_revision(corpus, revision, true).into_iter().next() {
        return Err(ExportError::Damaged { corpus: corpus.to_owned(), revision, first });
    }
    if out.exists() {
        return Err(ExportError::Exists(out.to_owned()));
    }
    let failed = |source| ExportError::Io { path: out.to_owned(), source };
    let parent = out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(failed)?;
    let temp = tempfile::Builder::new().prefix(".export-").tempdir_in(parent).map_err(failed)?;
    let work = temp.path().join("files");
    fs::create_dir(&work).map_err(failed)?;
    let mut exported = write(store, export, &work, temp.path())?;
    for path in files_of(&work).map_err(failed)? {
        exported.files += 1;
        exported.bytes += fs::metadata(&path).map_err(failed)?.len();
        fs::File::open(&path).and_then(|f| f.sync_all()).map_err(failed)?;
    }
    durable::sync_dir(&work).map_err(failed)?;
    fs::rename(&work, out).map_err(failed)?;
    durable::sync_dir(parent).map_err(failed)?;
    Ok(exported)
}

fn write(store: &Store, export: &Export, dir: &Path, scratch: &Path) -> Result<Exported, ExportError> {
    let failed = |source| ExportError::Io { path: export.out.to_owned(), source };
    let content = store.content(export.corpus, export.revision)?;
    let from = store.revision_dir(export.corpus, export.revision);
    for name in ["README.md", "content.json"] {
        fs::copy(from.join(name), dir.join(name)).map_err(failed)?;
    }
    if export.format == Format::Hf && export.seed.is_none() {
        hf::copy(&from, &content, dir).map_err(failed)?;
        return Ok(Exported { rows: content.records.rows, ..Exported::default() });
    }
    let mut sink: Box<dyn Sink> = match export.format {
        Format::Hf => Box::new(hf::Hf::new(dir).map_err(failed)?),
        Format::JsonlZst => Box::new(jsonl::Jsonl::new(dir)),
        Format::Mds => Box::new(mds::Mds::new(dir)),
        Format::Webdataset => Box::new(tar::Tar::new(dir)),
        Format::MegatronBin => Box::new(megatron::Megatron::new(dir).map_err(failed)?),
    };
    let mut rows = 0;
    let shards: Vec<PathBuf> = content.shards.iter().map(|s| from.join(&s.path)).collect();
    each_row(&shards, export.seed, scratch, &mut |row| {
        rows += 1;
        sink.push(row).map_err(|source| BuildError::io("write into", export.out, source))
    })?;
    let tokens = sink.finish().map_err(failed)?;
    Ok(Exported { rows, tokens, ..Exported::default() })
}

/// Every file below a folder.
fn files_of(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files_of(&path)?) } else { found.push(path) }
    }
    Ok(found)
}
