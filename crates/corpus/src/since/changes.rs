//! What time alone will change, written down with each revision: one file per bucket beside its verdicts,
//! `bBBBB.ahead`, numbers big-endian, instants with the sign bit flipped, so that byte order is order:
//!
//! ```text
//! head   = magic 8, people u64, ends u64, joint u64
//! people = (instant 8, person 16)*              the next instant at which a person's facts may change
//! ends   = (instant 8, unit u64, row u32)*      the end of retention of a row
//! joint  = (holder 16, account 16)*             accounts that several people hold
//! ```
//!
//! Each part ascends; what lies before an instant is its head.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use mandat_core::derive::Context;
use mandat_core::proof::PersonKey;
use mandat_core::snapshot::Snapshot;
use mandat_core::time::Micros;
use mandat_core::traits::{Mark, Traits};

use crate::admit::columns::Columns;
use crate::admit::{AdmitError, BucketDecision};
use crate::build::{BuildError, Store, verdicts};
use crate::durable::HashedFile;

const MAGIC: &[u8; 8] = b"MNDTNXT1";
const HEAD: usize = 32;
const PERSON: usize = 24;
const ROW: usize = 20;
const JOINT: usize = 32;

/// What a bucket has coming.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Coming {
    /// Next change of each person who has one, ascending.
    pub(crate) people: Vec<(i64, PersonKey)>,
    /// End of retention of each row that has one ahead: instant, unit, row; ascending.
    pub(crate) ends: Vec<(i64, u64, u32)>,
    /// Holders and the accounts they hold together, ascending.
    pub(crate) joint: Vec<(PersonKey, PersonKey)>,
}

fn file_name(bucket: u64) -> String {
    format!("b{bucket:04x}.ahead")
}

/// Looks ahead for the people and rows of a bucket.
pub(crate) fn coming(
    snapshot: &dyn Snapshot,
    context: &Context,
    bits: u32,
    bucket: u64,
    decision: &BucketDecision,
) -> Result<Coming, AdmitError> {
    let mut coming = Coming::default();
    snapshot.each_in_bucket(bits, bucket, &mut |key, history| {
        coming.people.extend(history.next_change_at(context).map(|at| (at.0, key)));
        coming.joint.extend(history.info.holders().map(|holder| (holder, key)));
    });
    coming.people.sort_unstable();
    coming.joint.sort_unstable();
    for (run, rows) in decision.runs.iter().zip(&decision.rows) {
        let kept = |traits: &u64| Traits(*traits).has(Mark::Retention);
        let wanted: Vec<u32> = (0..run.rows).filter(|row| kept(&rows.traits[*row as usize])).collect();
        if wanted.is_empty() {
            continue;
        }
        let failed = |source| AdmitError::parquet(&run.decide_path, source);
        let columns = Columns::open(&run.decide_path).map_err(failed)?;
        let mut done = 0;
        for batch in columns.rows(&wanted, &["retain_until"]).map_err(failed)? {
            let batch = batch.map_err(|e| failed(e.into()))?;
            let ends = batch.column(0).as_primitive_opt::<Int64Type>();
            let ends = ends.ok_or_else(|| AdmitError::Layout(run.decide_path.clone()))?;
            for at in 0..batch.num_rows() {
                if ends.is_valid(at) && ends.value(at) > context.ask.now.0 {
                    coming.ends.push((ends.value(at), run.unit, wanted[done]));
                }
                done += 1;
            }
        }
    }
    coming.ends.sort_unstable();
    Ok(coming)
}

impl Coming {
    /// Its file; equal ones are equal.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for count in [self.people.len(), self.ends.len(), self.joint.len()] {
            out.extend((count as u64).to_be_bytes());
        }
        for (at, person) in &self.people {
            out.extend(ordered(*at));
            out.extend(person.to_bytes());
        }
        for (at, unit, row) in &self.ends {
            out.extend(ordered(*at));
            out.extend(unit.to_be_bytes());
            out.extend(row.to_be_bytes());
        }
        for (holder, account) in &self.joint {
            out.extend(holder.to_bytes());
            out.extend(account.to_bytes());
        }
        out
    }

    /// Writes the file of a bucket.
    pub(crate) fn write(&self, store: &Store, bucket: u64) -> Result<verdicts::Staged, BuildError> {
        let name = file_name(bucket);
        let scratch = store.scratch(&name)?;
        let write = || {
            let mut out = HashedFile::create(&scratch)?;
            out.write_all(&self.bytes())?;
            out.finish()
        };
        let written = write().map_err(|source| BuildError::io("create", &scratch, source))?;
        Ok(verdicts::Staged { scratch, name, written })
    }
}

/// The file of a bucket, open.
pub(crate) struct Ahead {
    file: File,
    path: PathBuf,
    people: u64,
    ends: u64,
    joint: u64,
}

impl Ahead {
    /// Opens the file of a bucket in the folder of a revision's verdicts.
    pub(crate) fn open(dir: &Path, bucket: u64) -> Result<Self, BuildError> {
        let path = dir.join(file_name(bucket));
        let failed = |source| BuildError::io("read", &path, source);
        let file = File::open(&path).map_err(failed)?;
        let mut head = [0; HEAD];
        file.read_exact_at(&mut head, 0).map_err(failed)?;
        let number = |at: usize| u64::from_be_bytes(head[at..at + 8].try_into().expect("eight bytes"));
        let (people, ends, joint) = (number(8), number(16), number(24));
        let part = |count: u64, width: usize| count.checked_mul(width as u64);
        let length = part(people, PERSON)
            .zip(part(ends, ROW).zip(part(joint, JOINT)))
            .and_then(|(p, (e, j))| p.checked_add(e)?.checked_add(j)?.checked_add(HEAD as u64));
        if head[..8] != *MAGIC || length != file.metadata().ok().map(|m| m.len()) {
            let what = "not what a revision looks ahead to; run `mandat doctor --deep`";
            return Err(failed(io::Error::new(io::ErrorKind::InvalidData, what)));
        }
        Ok(Self { file, path, people, ends, joint })
    }

    /// People whose next change comes at or before an instant.
    pub(crate) fn due(&self, until: Micros) -> Result<Vec<PersonKey>, BuildError> {
        let bytes = self.read::<PERSON>(HEAD as u64, self.count(until)?)?;
        Ok(bytes.chunks_exact(PERSON).map(person).collect())
    }

    /// How many people have their next change at or before an instant.
    pub(crate) fn count(&self, until: Micros) -> Result<u64, BuildError> {
        self.until::<PERSON>(HEAD as u64, self.people, until)
    }

    /// The next change of those of some people who have one.
    pub(crate) fn next_of(&self, people: &BTreeSet<PersonKey>) -> Result<Vec<Micros>, BuildError> {
        let mut found = Vec::new();
        if people.is_empty() {
            return Ok(found);
        }
        // Most entries are passed over by the top bits of their key.
        let mut some = vec![false; 1 << 16];
        people.iter().for_each(|p| some[p.prefix(16) as usize] = true);
        let bytes = self.read::<PERSON>(HEAD as u64, self.people)?;
        for entry in bytes.chunks_exact(PERSON) {
            let top = usize::from(u16::from_be_bytes([entry[8], entry[9]]));
            if some[top] && people.contains(&person(entry)) {
                found.push(Micros(instant(entry)));
            }
        }
        Ok(found)
    }

    /// Units and rows whose retention ends at or before an instant.
    pub(crate) fn ends(&self, until: Micros) -> Result<Vec<(u64, u32)>, BuildError> {
        let start = HEAD as u64 + PERSON as u64 * self.people;
        let bytes = self.read::<ROW>(start, self.until::<ROW>(start, self.ends, until)?)?;
        let row = |entry: &[u8]| {
            let unit = u64::from_be_bytes(entry[8..16].try_into().expect("eight bytes"));
            (unit, u32::from_be_bytes(entry[16..].try_into().expect("four bytes")))
        };
        Ok(bytes.chunks_exact(ROW).map(row).collect())
    }

    /// Holders and the accounts they hold together.
    pub(crate) fn joint(&self) -> Result<Vec<(PersonKey, PersonKey)>, BuildError> {
        let start = HEAD as u64 + PERSON as u64 * self.people + ROW as u64 * self.ends;
        let bytes = self.read::<JOINT>(start, self.joint)?;
        let key = |part: &[u8]| PersonKey::from_bytes(part.try_into().expect("sixteen bytes"));
        Ok(bytes.chunks_exact(JOINT).map(|entry| (key(&entry[..16]), key(&entry[16..]))).collect())
    }

    /// Entries of a part at or before an instant.
    fn until<const W: usize>(&self, start: u64, entries: u64, until: Micros) -> Result<u64, BuildError> {
        let (mut low, mut high) = (0, entries);
        while low < high {
            let mid = u64::midpoint(low, high);
            let mut head = [0; 8];
            let read = self.file.read_exact_at(&mut head, start + mid * W as u64);
            read.map_err(|source| BuildError::io("read", &self.path, source))?;
            if instant(&head) <= until.0 { low = mid + 1 } else { high = mid }
        }
        Ok(low)
    }

    fn read<const W: usize>(&self, start: u64, entries: u64) -> Result<Vec<u8>, BuildError> {
        let mut bytes = vec![0; W * usize::try_from(entries).expect("the file was measured")];
        let read = self.file.read_exact_at(&mut bytes, start);
        read.map_err(|source| BuildError::io("read", &self.path, source))?;
        Ok(bytes)
    }
}

fn person(entry: &[u8]) -> PersonKey {
    PersonKey::from_bytes(entry[8..24].try_into().expect("sixteen bytes"))
}

fn ordered(value: i64) -> [u8; 8] {
    (value.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

fn instant(entry: &[u8]) -> i64 {
    (u64::from_be_bytes(entry[..8].try_into().expect("eight bytes")) ^ (1 << 63)).cast_signed()
}
