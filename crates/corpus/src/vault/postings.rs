//! Whom a record names, laid out by the person named: what to look at again when their choices change.

use std::collections::BTreeSet;
use std::io;

use mandat_core::proof::PersonKey;

use super::entries::{self, HandleUse, Posting};
use super::fixed::Cursor;
use super::{Vault, VaultError};

impl Vault {
    /// Every row of others' records that names a person, by unit, bucket and row.
    ///
    /// # Errors
    /// If an index cannot be read.
    pub fn postings(&self, person: PersonKey) -> Result<Vec<Posting>, VaultError> {
        self.find_postings(person).map_err(|e| VaultError::io(&self.dir, e))
    }

    fn find_postings(&self, person: PersonKey) -> io::Result<Vec<Posting>> {
        let mut found = BTreeSet::new();
        let live: BTreeSet<u64> = self.manifest.units.iter().map(|u| u.number).collect();
        for file in &self.manifest.postings {
            let mut cursor: Cursor<{ entries::POSTING }> = Cursor::open(&self.dir.join(&file.path))?;
            cursor.seek(&person.to_bytes())?;
            while let Some(entry) = cursor.next_if(&person.to_bytes())? {
                found.insert(Posting::from_bytes(&entry));
            }
        }
        let held = self.holders.iter().filter(|h| h.1 == person).map(|h| h.0);
        for tag in held {
            for unit in &self.manifest.units {
                let mut cursor: Cursor<{ entries::HANDLE }> = Cursor::open(&self.dir.join(&unit.indexes.handles.path))?;
                cursor.seek(&tag.to_be_bytes())?;
                while let Some(entry) = cursor.next_if(&tag.to_be_bytes())? {
                    let HandleUse { bucket, row, .. } = HandleUse::from_bytes(&entry);
                    found.insert(Posting { person, unit: unit.number, bucket, row });
                }
            }
        }
        Ok(found.into_iter().filter(|p| live.contains(&p.unit)).collect())
    }

    /// As [`Self::postings`], of many people at once: each index is walked forward once.
    ///
    /// # Errors
    /// If an index cannot be read.
    pub(crate) fn naming(&self, people: &BTreeSet<PersonKey>) -> Result<BTreeSet<Posting>, VaultError> {
        self.find_naming(people).map_err(|e| VaultError::io(&self.dir, e))
    }

    fn find_naming(&self, people: &BTreeSet<PersonKey>) -> io::Result<BTreeSet<Posting>> {
        let mut found = BTreeSet::new();
        if people.is_empty() {
            return Ok(found);
        }
        let live: BTreeSet<u64> = self.manifest.units.iter().map(|u| u.number).collect();
        for file in &self.manifest.postings {
            let mut cursor: Cursor<{ entries::POSTING }> = Cursor::open(&self.dir.join(&file.path))?;
            for person in people {
                cursor.seek(&person.to_bytes())?;
                while let Some(entry) = cursor.next_if(&person.to_bytes())? {
                    found.extend(Some(Posting::from_bytes(&entry)).filter(|p| live.contains(&p.unit)));
                }
            }
        }
        // Sorted by tag, as the indexes are.
        let held: Vec<_> = self.holders.iter().filter(|h| people.contains(&h.1)).collect();
        for unit in self.manifest.units.iter().filter(|_| !held.is_empty()) {
            let mut cursor: Cursor<{ entries::HANDLE }> = Cursor::open(&self.dir.join(&unit.indexes.handles.path))?;
            for (tag, person) in &held {
                cursor.seek(&tag.to_be_bytes())?;
                while let Some(entry) = cursor.next_if(&tag.to_be_bytes())? {
                    let HandleUse { bucket, row, .. } = HandleUse::from_bytes(&entry);
                    found.insert(Posting { person: *person, unit: unit.number, bucket, row });
                }
            }
        }
        Ok(found)
    }
}
