//! The scratch list of a shard: whom and what it holds.
//!
//! For each person: key (16 bytes) ‖ number of records (u32) ‖ for each record the SHA-256 of its id and its number
//! (33 bytes). Numbers are big-endian. It is never synced: a killed build starts again.

use std::fs;
use std::path::PathBuf;

use mandat_core::members::record_digest;
use mandat_proof::{Digest, PersonKey};

use crate::build::{BuildError, Store};
use crate::members::Own;

const RECORD: usize = 33;
/// A record as the platform gave it.
const AS_IT_IS: u8 = 1;
/// A record with something cut out of its text.
const REDACTED: u8 = 2;

/// What the tree of records holds of a row: SHA-256 of its id, and its number.
pub(crate) type Name = [u8; RECORD];

/// The name of a record by the platform's id; `redacted` if something was cut out of its text.
pub(crate) fn name(id: &str, redacted: bool) -> Name {
    let mut name = [if redacted { REDACTED } else { AS_IT_IS }; RECORD];
    name[..32].copy_from_slice(&record_digest(id).0);
    name
}

/// Says that something was cut out of a record's text after all.
pub(crate) const fn mark_redacted(name: &mut Name) {
    name[RECORD - 1] = REDACTED;
}

/// A list put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List {
    path: PathBuf,
    bytes: u64,
}

impl List {
    /// Puts aside whom and what a shard holds, row by row, until the trees are built; rows of a person stand together.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(store: &Store, file: &str, persons: &[PersonKey], names: &[Name]) -> Result<Self, BuildError> {
        let path = store.scratch(file)?;
        let mut bytes = Vec::with_capacity(persons.len() * (RECORD + 8));
        let mut start = 0;
        for own in persons.chunk_by(|one, other| one == other) {
            bytes.extend(own[0].to_bytes());
            bytes.extend(u32::try_from(own.len()).expect("bug: a shard has at most u32 rows").to_be_bytes());
            bytes.extend(names[start..start + own.len()].as_flattened());
            start += own.len();
        }
        fs::write(&path, &bytes).map_err(|source| BuildError::io("write", &path, source))?;
        Ok(Self { path, bytes: bytes.len() as u64 })
    }

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
        let names = [name("a", false), name("b", true), name("a", false)];
        let list = List::write(&store, "list", &[1, 1, 7].map(PersonKey), &names).unwrap();
        let found = list.read().unwrap();
        assert_eq!(found.iter().map(|own| (own.person.0, own.records.len())).collect::<Vec<_>>(), [(1, 2), (7, 1)]);
        assert_eq!(found[0].records[1], (record_digest("b"), REDACTED));
        let bytes = fs::read(&list.path).unwrap();
        for cut in 1..bytes.len() {
            fs::write(&list.path, &bytes[..cut]).unwrap();
            assert!(list.read().is_err(), "cut at {cut}");
        }
    }
}
