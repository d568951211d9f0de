//! Input: files, folders and streams in, pieces of records out; anything hostile becomes a counted rejection.

pub mod field;
pub mod json;
pub mod lines;
pub mod raw;
pub mod reject;
pub(crate) mod table;

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::RecordBatch;
use mandat_core::proof::{Digest, Hasher};

pub use field::Field;
pub use lines::{LineLimits, Piece};
pub use reject::{Reason, Rejection};

/// Where records come from.
pub enum Source {
    /// A file, or a folder whose files are read in the order of their names.
    Path(PathBuf),
    /// A stream of lines, plain or compressed, such as standard input.
    Stream {
        /// Shown in reports.
        name: String,
        /// The bytes.
        stream: Box<dyn Read + Send>,
    },
}

/// One file or stream.
pub(crate) struct Input {
    /// Shown in reports: below the folder that was named, or the file's own name.
    pub(crate) name: String,
    pub(crate) place: Place,
}

pub(crate) enum Place {
    File(PathBuf),
    Stream(Box<dyn Read + Send>),
    /// Listed, but not to be read.
    Unreadable,
}

/// Endings of files that a folder is searched for.
const ENDINGS: [&str; 4] = ["jsonl", "ndjson", "json", "parquet"];

/// Lists the files behind the sources; other files in a folder are passed over and counted.
pub(crate) fn expand(sources: Vec<Source>) -> (Vec<Input>, u64) {
    let (mut inputs, mut passed) = (Vec::new(), 0);
    for source in sources {
        match source {
            Source::Stream { name, stream } => inputs.push(Input { name, place: Place::Stream(stream) }),
            Source::Path(path) if path.is_dir() => walk(&path, Path::new(""), &mut inputs, &mut passed),
            Source::Path(path) => {
                let name = path.file_name().map_or_else(|| "-".into(), |n| n.to_string_lossy().into_owned());
                inputs.push(Input { name, place: Place::File(path) });
            }
        }
    }
    (inputs, passed)
}

fn walk(root: &Path, below: &Path, inputs: &mut Vec<Input>, passed: &mut u64) {
    let shown = |p: &Path| if p.as_os_str().is_empty() { ".".to_owned() } else { p.to_string_lossy().into_owned() };
    let listed = fs::read_dir(root.join(below)).and_then(|entries| {
        let mut names = entries.map(|e| e.map(|e| e.file_name())).collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    });
    let Ok(names) = listed else {
        inputs.push(Input { name: shown(below), place: Place::Unreadable });
        return;
    };
    for name in names {
        let path = below.join(&name);
        let full = root.join(&path);
        if full.is_dir() {
            walk(root, &path, inputs, passed);
        } else if is_wanted(&path) {
            inputs.push(Input { name: shown(&path), place: Place::File(full) });
        } else {
            *passed += 1;
        }
    }
}

fn is_wanted(path: &Path) -> bool {
    let mut path = path.to_owned();
    if path.extension().is_some_and(|e| e == "gz" || e == "zst") {
        path.set_extension("");
    }
    path.extension().is_some_and(|e| ENDINGS.iter().any(|w| e == *w))
}

/// Bytes that all files behind some sources have; `None` if a stream is among them.
#[must_use]
pub fn total_bytes(paths: &[PathBuf]) -> Option<u64> {
    let (inputs, _) = expand(paths.iter().cloned().map(Source::Path).collect());
    let size = |input: &Input| match &input.place {
        Place::File(path) => fs::metadata(path).ok().map(|m| m.len()),
        Place::Stream(_) | Place::Unreadable => None,
    };
    Some(inputs.iter().filter_map(size).sum())
}

/// What a file turned out to be.
pub(crate) enum Opened {
    /// Lines, decompressed.
    Lines(Box<dyn Read + Send>),
    /// Parquet, with its path.
    Table(PathBuf),
}

/// Counts and hashes the bytes of a source as they lie.
pub(crate) struct Tally<R: Read> {
    inner: R,
    hasher: Hasher,
    bytes: u64,
    shared: std::sync::Arc<AtomicU64>,
    done: std::sync::mpsc::Sender<(Digest, u64)>,
}

impl<R: Read> Read for Tally<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.hasher.update(&buf[..n]);
        self.bytes += n as u64;
        self.shared.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl<R: Read> Drop for Tally<R> {
    fn drop(&mut self) {
        // A decoder may stop early; the digest is over all bytes as they lie.
        let mut rest = [0; 1 << 14];
        while matches!(self.read(&mut rest), Ok(1..)) {}
        // Nobody waits for the digest if reading was given up.
        let _ = self.done.send((self.hasher.clone().finish(), self.bytes));
    }
}

/// Opens an input; the tally's sender receives digest and length when reading ends.
pub(crate) fn open(
    place: Place,
    shared: std::sync::Arc<AtomicU64>,
    done: std::sync::mpsc::Sender<(Digest, u64)>,
) -> io::Result<Opened> {
    let raw: Box<dyn Read + Send> = match place {
        Place::Unreadable => return Err(io::ErrorKind::PermissionDenied.into()),
        Place::File(path) => {
            let mut file = File::open(&path)?;
            if !file.metadata()?.is_file() && path.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            let mut magic = [0; 4];
            let n = read_up_to(&mut file, &mut magic)?;
            if &magic[..n] == b"PAR1" {
                return Ok(Opened::Table(path));
            }
            Box::new(io::Cursor::new(magic[..n].to_vec()).chain(file))
        }
        Place::Stream(stream) => stream,
    };
    let tally = Tally { inner: raw, hasher: Hasher::new(), bytes: 0, shared, done };
    let mut buffered = BufReader::with_capacity(1 << 18, tally);
    let head = buffered.fill_buf()?;
    if head.starts_with(b"PAR1") {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "Parquet has to be a file"));
    }
    let lines: Box<dyn Read + Send> = if head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
        Box::new(zstd::Decoder::with_buffer(buffered)?)
    } else if head.starts_with(&[0x1F, 0x8B]) {
        Box::new(flate2::bufread::MultiGzDecoder::new(buffered))
    } else {
        Box::new(buffered)
    };
    Ok(Opened::Lines(lines))
}

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut at = 0;
    while at < buffer.len() {
        match file.read(&mut buffer[at..])? {
            0 => break,
            n => at += n,
        }
    }
    Ok(at)
}

/// SHA-256 and length of a file.
pub(crate) fn digest_file(path: &Path) -> io::Result<(Digest, u64)> {
    let mut hasher = Hasher::new();
    let bytes = io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok((hasher.finish(), bytes))
}

/// Part of an input, ready to be parsed by any worker.
pub(crate) enum Part {
    /// Lines of JSON.
    Lines(Piece),
    /// Rows of a Parquet file.
    Rows {
        /// Number of the first, counted from one.
        first: u64,
        /// The rows.
        rows: RecordBatch,
    },
    /// The file cannot be read from here on.
    Broken {
        /// Line or row.
        line: Option<u64>,
        /// Why.
        reason: Reason,
    },
}
