//! The scratch list of a shard: whom and what it holds.
//!
//! For each person: key (16 bytes) ‖ number of records (u32) ‖ for each record the SHA-256 of its id and its number
//! (33 bytes). Numbers are big-endian. It is never synced: a killed build starts again.

use std::fs;
use std::path::PathBuf;

use mandat_proof::{Digest, PersonKey, sha256};

use crate::build::{BuildError, Store};
use crate::members::Own;

/// A record as the platform gave it.
pub(crate) const AS_IT_IS: u8 = 1;
/// A record with something cut out of its text.
pub(crate) const REDACTED: u8 = 2;
const RECORD: usize = 33;

/// Collects what a shard holds.
#[derive(Default)]
pub(crate) struct ListWriter {
    bytes: Vec<u8>,
    last: Option<(PersonKey, usize, u32)>,
}

impl ListWriter {
    /// Notes a row; rows of a person stand together.
    pub(crate) fn push(&mut self, person: PersonKey, id: &str, redacted: bool) {
        let count = match &mut self.last {
            Some((last, at, count)) if *last == person => {
                *count += 1;
                (*at, *count)
            }
            _ => {
                self.bytes.extend(person.to_bytes());
                let at = self.bytes.len();
                self.bytes.extend([0; 4]);
                self.last = Some((person, at, 1));
                (at, 1)
            }
        };
        self.bytes[count.0..count.0 + 4].copy_from_slice(&count.1.to_be_bytes());
        self.bytes.extend(sha256(id.as_bytes()).0);
        self.bytes.push(if redacted { REDACTED } else { AS_IT_IS });
    }

    /// Puts the list aside until the trees are built.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn finish(self, store: &Store, name: &str) -> Result<List, BuildError> {
        let path = store.scratch(name)?;
        fs::write(&path, &self.bytes).map_err(|source| BuildError::io("write", &path, source))?;
        Ok(List { path, bytes: self.bytes.len() as u64 })
    }
}

/// A list put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List {
    path: PathBuf,
    bytes: u64,
}

impl List {
    /// Everybody in it.
    ///
    /// # Errors
    /// When it is gone or not as it was written.
    pub(crate) fn read(&self) -> Result<Vec<Own>, BuildError> {
        let bytes = fs::read(&self.path).map_err(|source| BuildError::io("read", &self.path, source))?;
        let parsed = if bytes.len() as u64 == self.bytes { parse(&bytes) } else { None };
        parsed.ok_or(BuildError::Layout("members"))
    }
}

fn parse(mut rest: &[u8]) -> Option<Vec<Own>> {
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (person, after) = rest.split_first_chunk()?;
        let (count, after) = after.split_first_chunk()?;
        let (records, after) = after.split_at_checked(u32::from_be_bytes(*count) as usize * RECORD)?;
        let records = records.as_chunks::<RECORD>().0.iter().map(|row| {
            let (name, number) = row.split_first_chunk().expect("33 bytes hold a digest");
            (Digest(*name), number[0])
        });
        found.push(Own { person: PersonKey::from_bytes(*person), records: records.collect() });
        rest = after;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_back_as_it_was_noted() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let mut writer = ListWriter::default();
        for (person, id, redacted) in [(1, "a", false), (1, "b", true), (7, "a", false)] {
            writer.push(PersonKey(person), id, redacted);
        }
        let list = writer.finish(&store, "list").unwrap();
        let found = list.read().unwrap();
        assert_eq!(found.iter().map(|own| (own.person.0, own.records.len())).collect::<Vec<_>>(), [(1, 2), (7, 1)]);
        assert_eq!(found[0].records[1], (sha256(b"b"), REDACTED));
        let bytes = fs::read(&list.path).unwrap();
        for cut in 1..bytes.len() {
            fs::write(&list.path, &bytes[..cut]).unwrap();
            assert!(list.read().is_err(), "cut at {cut}");
        }
    }
}
