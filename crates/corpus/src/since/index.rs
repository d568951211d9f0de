//! What a revision decided, row by row, where single rows and people are found without reading the rest.
//!
//! One file per run beside its verdicts, `bBBBB-uUUUUUUUU.rows`, numbers little-endian, keys big-endian:
//!
//! ```text
//! head     = magic 8, rows u32, outcomes u32, people u32, waiting u32
//! outcomes = (verdict u8, reasons u64)*         the distinct ones
//! rows     = u16*                               which of them; 65535 = no candidate
//! people   = (person 16, first row u32)*        in key order
//! waiting  = u32*                               current rows made after T, which a later T may admit
//! ```

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use mandat_core::event::Categories;
use mandat_core::proof::PersonKey;
use mandat_core::table::{Outcome, Reasons};
use mandat_core::traits::Traits;
use mandat_core::vocab::Verdict;

use crate::admit::{BucketDecision, NO_CANDIDATE};
use crate::build::{BuildError, Store, verdicts};
use crate::durable::HashedFile;

const MAGIC: &[u8; 8] = b"MNDTROW1";
const HEAD: u64 = 24;
const OUTCOME: u64 = 9;
const SPAN: u64 = 20;

/// Name of the file of a run.
pub(crate) fn file_name(bucket: u64, unit: u64) -> String {
    format!("b{bucket:04x}-u{unit:08}.rows")
}

/// Writes the files of a bucket.
pub(crate) fn write(
    store: &Store,
    bucket: u64,
    decision: &BucketDecision,
    asked: Categories,
) -> Result<Vec<verdicts::Staged>, BuildError> {
    let mut staged = Vec::with_capacity(decision.runs.len());
    for run in 0..decision.runs.len() {
        let name = file_name(bucket, decision.runs[run].unit);
        let scratch = store.scratch(&name)?;
        let write = || -> io::Result<_> {
            let mut out = HashedFile::create(&scratch)?;
            write_run(decision, run, asked, &mut out)?;
            out.finish()
        };
        let written = write().map_err(|source| BuildError::io("create", &scratch, source))?;
        staged.push(verdicts::Staged { scratch, name, written });
    }
    Ok(staged)
}

fn write_run(decision: &BucketDecision, run: usize, asked: Categories, out: &mut dyn Write) -> io::Result<()> {
    let (rows, overlay) = (&decision.rows[run], &decision.runs[run].overlay);
    let waits = |row: u32| {
        let at = row as usize;
        let category = Traits(rows.traits[at]).category_index();
        rows.ids[at] == NO_CANDIDATE && asked.0 >> category & 1 == 1 && !overlay.is_superseded(row)
    };
    let waiting: Vec<u32> = (0..decision.runs[run].rows).filter(|row| waits(*row)).collect();
    out.write_all(MAGIC)?;
    for count in [rows.ids.len(), decision.outcomes.len(), rows.spans.len(), waiting.len()] {
        out.write_all(&u32::try_from(count).expect("a run has at most u32 rows").to_le_bytes())?;
    }
    for outcome in &decision.outcomes {
        out.write_all(&[outcome.verdict as u8])?;
        out.write_all(&outcome.reasons.0.to_le_bytes())?;
    }
    rows.ids.iter().try_for_each(|id| out.write_all(&id.to_le_bytes()))?;
    for span in &rows.spans {
        out.write_all(&span.person.to_bytes())?;
        out.write_all(&span.first.to_le_bytes())?;
    }
    waiting.iter().try_for_each(|row| out.write_all(&row.to_le_bytes()))
}

/// The file of a run, open.
pub(crate) struct Index {
    file: File,
    rows: u32,
    people: u32,
    waiting: u32,
    outcomes: Vec<Outcome>,
}

impl Index {
    /// Opens the file of a run; its outcomes are read at once, the rest as it is asked for.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let mut head = [0; HEAD as usize];
        file.read_exact_at(&mut head, 0)?;
        let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("four bytes"));
        let (rows, count, people, waiting) = (number(8), number(12), number(16), number(20));
        let expected =
            HEAD + OUTCOME * u64::from(count) + 2 * u64::from(rows) + SPAN * u64::from(people) + 4 * u64::from(waiting);
        if head[..8] != *MAGIC || file.metadata()?.len() != expected || count > u32::from(u16::MAX) {
            return Err(damaged());
        }
        let mut bytes = vec![0; OUTCOME as usize * count as usize];
        file.read_exact_at(&mut bytes, HEAD)?;
        let outcomes = bytes.chunks_exact(OUTCOME as usize).map(outcome).collect::<Option<_>>().ok_or_else(damaged)?;
        Ok(Self { file, rows, people, waiting, outcomes })
    }

    /// How many rows the run has.
    pub(crate) const fn rows(&self) -> u32 {
        self.rows
    }

    /// What was decided about the rows of a range.
    pub(crate) fn outcomes(&self, rows: Range<u32>) -> io::Result<Vec<Option<Outcome>>> {
        let mut bytes = vec![0; 2 * (rows.end - rows.start) as usize];
        let start = HEAD + OUTCOME * self.outcomes.len() as u64;
        self.file.read_exact_at(&mut bytes, start + 2 * u64::from(rows.start))?;
        let id = |b: &[u8]| u16::from_le_bytes([b[0], b[1]]);
        let known = |id: u16| match self.outcomes.get(id as usize) {
            Some(outcome) => Ok(Some(*outcome)),
            None if id == NO_CANDIDATE => Ok(None),
            None => Err(damaged()),
        };
        bytes.chunks_exact(2).map(|b| known(id(b))).collect()
    }

    /// The rows of some people, who come in key order.
    pub(crate) fn people(&self, wanted: &[PersonKey]) -> io::Result<Vec<Range<u32>>> {
        let mut found = Vec::new();
        let mut low = 0;
        for person in wanted {
            low = self.seek(low, *person)?;
            if low < self.people {
                let (key, first) = self.span(low)?;
                if key == *person {
                    let end = if low + 1 < self.people { self.span(low + 1)?.1 } else { self.rows };
                    found.push(first..end);
                }
            }
        }
        Ok(found)
    }

    /// Position of the first person at or after a key. Keys are hashes, spread evenly, so that the place of
    /// one is guessed from its value and found within a few steps.
    fn seek(&self, from: u32, key: PersonKey) -> io::Result<u32> {
        let (mut low, mut high) = (from, self.people);
        let mut tries = 0;
        while low < high {
            let mid = if tries < 8 { self.guess(low, high, key)? } else { u32::midpoint(low, high) };
            if self.span(mid)?.0 < key {
                low = mid + 1;
            } else {
                high = mid;
            }
            tries += 1;
        }
        Ok(low)
    }

    fn guess(&self, low: u32, high: u32, key: PersonKey) -> io::Result<u32> {
        let top = |key: PersonKey| key.0 >> 64;
        let (first, last) = (top(self.span(low)?.0), top(self.span(high - 1)?.0));
        let (at, width) = (top(key).clamp(first, last) - first, (last - first).max(1));
        let step = at * u128::from(high - 1 - low) / width;
        Ok(low + u32::try_from(step).expect("a share of the width"))
    }

    fn span(&self, at: u32) -> io::Result<(PersonKey, u32)> {
        let mut bytes = [0; SPAN as usize];
        let start = HEAD + OUTCOME * self.outcomes.len() as u64 + 2 * u64::from(self.rows);
        self.file.read_exact_at(&mut bytes, start + SPAN * u64::from(at))?;
        let (key, first) = bytes.split_first_chunk::<16>().expect("a span is longer");
        Ok((PersonKey::from_bytes(*key), u32::from_le_bytes(first.try_into().expect("four bytes"))))
    }

    /// Current rows that were made after T.
    pub(crate) fn waiting(&self) -> io::Result<Vec<u32>> {
        let mut bytes = vec![0; 4 * self.waiting as usize];
        let start = self.file.metadata()?.len() - bytes.len() as u64;
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().expect("four bytes"))).collect())
    }
}

fn outcome(bytes: &[u8]) -> Option<Outcome> {
    let verdict = Verdict::from_index(bytes[0].into())?;
    Some(Outcome { verdict, reasons: Reasons(u64::from_le_bytes(bytes[1..].try_into().expect("eight bytes"))) })
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not the index of a revision's rows; run `mandat doctor --deep`")
}
