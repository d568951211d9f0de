//! WebDataset: POSIX tar files in which the files of a sample have one name and stand together.
//!
//! `TOKEN.json` holds everything but the text, `TOKEN.txt` the text. Headers are those of POSIX
//! `ustar` (IEEE 1003.1-1988) with mode 0444, no owner and no time.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::jsonl::object;
use super::rows::Row;
use super::{SHARD_BYTES, Sink};

const BLOCK: usize = 512;

/// Files `train-00000.tar`, ….
pub(super) struct Tar {
    dir: PathBuf,
    files: u32,
    written: u64,
    out: Option<BufWriter<File>>,
}

impl Tar {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), files: 0, written: 0, out: None }
    }

    fn end(&mut self) -> io::Result<()> {
        self.written = 0;
        let Some(mut out) = self.out.take() else { return Ok(()) };
        out.write_all(&[0; 2 * BLOCK])?;
        out.flush()
    }

    fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let padding = bytes.len().next_multiple_of(BLOCK) - bytes.len();
        self.written += (BLOCK + bytes.len() + padding) as u64;
        let Some(out) = &mut self.out else { return Ok(()) };
        out.write_all(&header(name, bytes.len()))?;
        out.write_all(bytes)?;
        out.write_all(&[0; BLOCK][..padding])
    }
}

fn header(name: &str, bytes: usize) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000444\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{bytes:011o}\0"));
    put(136, "00000000000\0");
    // The checksum counts its own field as blanks.
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

impl Sink for Tar {
    fn push(&mut self, row: &Row) -> io::Result<()> {
        if self.written + row.text.len() as u64 > SHARD_BYTES {
            self.end()?;
        }
        if self.out.is_none() {
            let path = self.dir.join(format!("train-{:05}.tar", self.files));
            self.files += 1;
            self.out = Some(BufWriter::new(File::create(path)?));
        }
        let mut about = object(row);
        about.as_object_mut().map(|fields| fields.shift_remove("text"));
        let token = row.token();
        self.file(&format!("{token}.json"), &serde_json::to_vec(&about)?)?;
        self.file(&format!("{token}.txt"), row.text.as_bytes())
    }

    fn finish(mut self: Box<Self>) -> io::Result<u64> {
        self.end().map(|()| 0)
    }
}
