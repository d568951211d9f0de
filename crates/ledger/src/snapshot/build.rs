//! Making a snapshot: choosing between memory, files and files made anew.

use std::collections::{BTreeMap, BTreeSet};

use mandat_core::history::PersonHistory;
use mandat_core::time::Micros;
use mandat_proof::PersonKey;

use crate::error::LedgerError;
use crate::fold::{KeyRange, fold_people, fold_shared, is_blank};
use crate::keys::Keys;
use crate::ledger::{Ledger, read_head};
use crate::read::clamp;
use crate::snapshot::base::{Base, Folder, FolderLock, Listed, Listing, keys_of};
use crate::snapshot::file::Stamp;
use crate::snapshot::layout::layout;
use crate::snapshot::sink::{self, Sink};
use crate::snapshot::tail::{Tail, read_tail};
use crate::snapshot::{Snapshot, SnapshotOptions, in_memory, pass_range, spread};
use crate::store::{Connection, OptionalExtension};

impl Ledger {
    /// Everybody as known at the head.
    ///
    /// # Errors
    /// When a row or a compiled file is damaged, or a file cannot be written.
    pub fn snapshot(&self) -> Result<Snapshot, LedgerError> {
        self.snapshot_with(None, &SnapshotOptions::default())
    }

    /// Everybody as known at a position (`None` = the head).
    ///
    /// A position before that of the compiled files is folded in memory.
    ///
    /// # Errors
    /// As [`Self::snapshot`], and when the position has not been reached.
    pub fn snapshot_with(&self, position: Option<u64>, options: &SnapshotOptions) -> Result<Snapshot, LedgerError> {
        // One read transaction: whatever is appended meanwhile is not seen.
        let tx = self.connection.unchecked_transaction()?;
        let head = read_head(&tx)?.position;
        let asked = position.unwrap_or(head);
        if asked > head {
            return Err(LedgerError::AfterHead { asked, head });
        }
        let maker = Maker { connection: &tx, keys: self.keys(), options, folder: self.snapshot_folder(options) };
        let (base, overlay) = maker.people(asked, head)?;
        let shared = fold_shared(&tx, self.keys(), asked)?;
        Ok(Snapshot { position: asked, appended: maker.appended(asked)?, shared, base, overlay })
    }

    fn snapshot_folder(&self, options: &SnapshotOptions) -> Folder {
        let path = options.folder.clone().unwrap_or_else(|| self.place().files());
        Folder { path }
    }
}

/// Base files and what lies over them.
type Parts = (Option<Base>, BTreeMap<PersonKey, PersonHistory>);

struct Maker<'a> {
    connection: &'a Connection,
    keys: &'a Keys,
    options: &'a SnapshotOptions,
    folder: Folder,
}

impl Maker<'_> {
    fn people(&self, position: u64, head: u64) -> Result<Parts, LedgerError> {
        let base = self.open_base()?;
        match base {
            Some(base) if base.listing.position <= position => self.forward(base, position, head),
            Some(_) => self.memory(position),
            None if position < head || head <= self.options.memory_rows => self.memory(position),
            None => {
                let lock = self.folder.lock()?;
                // Another process may have made them while this one waited.
                if let Some(base) = self.open_base()?.filter(|base| base.listing.position <= position) {
                    drop(lock);
                    return self.forward(base, position, head);
                }
                let base = self.compile(&lock, position)?;
                drop(lock);
                self.forward(base, position, head)
            }
        }
    }

    fn memory(&self, position: u64) -> Result<Parts, LedgerError> {
        Ok((None, in_memory(fold_people(self.connection, self.keys, position, KeyRange::ALL, self.options.threads)?)))
    }

    /// Folds in the rows since the files; writes the files anew if those are many.
    fn forward(&self, base: Base, position: u64, head: u64) -> Result<Parts, LedgerError> {
        let tail = read_tail(self.connection, self.keys, &base, position)?;
        let many = tail.people.len() as u64 > self.options.tail_people.max(base.people() / 8);
        if position == head && (many || tail.erased) {
            let lock = self.folder.lock()?;
            // Whoever held the lock has brought the files at least as far, or this one does.
            let current = self.open_base()?.filter(|b| b.listing.position <= position);
            let (base, tail) = match current {
                Some(current) if current.listing.position > base.listing.position => {
                    let tail = read_tail(self.connection, self.keys, &current, position)?;
                    (current, tail)
                }
                _ => (base, tail),
            };
            let base = self.rewrite(&lock, &base, tail, position)?;
            return Ok(overlaid(base, BTreeMap::new()));
        }
        Ok(overlaid(base, tail.people))
    }

    /// The compiled files, if they belong to this ledger and this version.
    fn open_base(&self) -> Result<Option<Base>, LedgerError> {
        // Files may be replaced while they are opened; then the list has changed as well.
        for _ in 0..10 {
            let Some(listing) = self.folder.listing(self.keys.fingerprints().person) else { return Ok(None) };
            if self.anchor(listing.position)?.is_none_or(|tag| mandat_proof::hex(&tag) != listing.anchor) {
                return Ok(None);
            }
            match Base::open(&self.folder, listing.clone()) {
                Ok(base) => return Ok(Some(base)),
                Err(_) if self.folder.listing(self.keys.fingerprints().person).as_ref() != Some(&listing) => {}
                // Damaged: made again from the ledger.
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    fn anchor(&self, position: u64) -> Result<Option<[u8; 16]>, LedgerError> {
        let mut query = self.connection.prepare_cached("SELECT tag FROM events WHERE position = ?1")?;
        Ok(query.query_row([clamp(position)], |row| row.get(0)).optional()?)
    }

    fn appended(&self, position: u64) -> Result<Micros, LedgerError> {
        let mut query = self.connection.prepare_cached("SELECT appended_at FROM events WHERE position = ?1")?;
        let at: Option<i64> = query.query_row([clamp(position)], |row| row.get(0)).optional()?;
        Ok(at.map_or(Micros::DISTANT_PAST, Micros))
    }

    /// Makes all files from all rows, in as many passes as memory allows.
    fn compile(&self, lock: &FolderLock, position: u64) -> Result<Base, LedgerError> {
        let bits = bits_for(position / self.options.rows_per_bucket.max(1));
        let mut listing = self.new_listing(position, bits)?;
        let mut linked = BTreeMap::new();
        for (first, last) in self.passes(bits)? {
            let people =
                fold_people(self.connection, self.keys, position, pass_range(bits, first, last), self.options.threads)?;
            linked.extend(people.iter().filter(|(_, h)| h.is_linked()).map(|(k, h)| (*k, h.clone())));
            self.write_buckets(bits, position, &people, &mut listing.buckets)?;
        }
        self.finish(lock, listing, &linked)
    }

    /// Writes the files of the buckets that a tail touches; the others stay as they are.
    fn rewrite(&self, lock: &FolderLock, base: &Base, tail: Tail, position: u64) -> Result<Base, LedgerError> {
        let bits = base.listing.bits;
        let mut listing = self.new_listing(position, bits)?;
        let touched: BTreeSet<u64> = tail.people.keys().map(|key| key.prefix(bits)).collect();
        listing.buckets = base.listing.buckets.iter().filter(|b| !touched.contains(&b.bucket)).cloned().collect();
        let mut linked = base.linked.clone();
        for (key, history) in &tail.people {
            if history.is_linked() {
                linked.insert(*key, history.clone())
            } else {
                linked.remove(key)
            };
        }
        for bucket in touched {
            let range = keys_of(bits, bucket);
            let name = file_name(bits, bucket, position);
            sink::write(&self.folder.path.join(&name), &self.stamp(bits, bucket, position), &mut |sink| {
                let mut changed = tail.people.range(range.first..=range.last).peekable();
                let add = |sink: &mut Sink<'_>, key, history: &PersonHistory| {
                    if !is_blank(history) {
                        sink.add(key, history);
                    }
                };
                if let Some(file) = base.file(bucket) {
                    file.each(range.first, range.last, &mut |key, bytes| {
                        while let Some((other, history)) = changed.next_if(|(other, _)| **other < key) {
                            add(sink, *other, history);
                        }
                        match changed.next_if(|(other, _)| **other == key) {
                            Some((_, history)) => add(sink, key, history),
                            None => sink.add_encoded(key, bytes),
                        }
                        Ok(())
                    })?;
                }
                changed.for_each(|(key, history)| add(sink, *key, history));
                Ok(())
            })?;
            listing.buckets.push(Listed { bucket, file: name });
        }
        listing.buckets.sort_by_key(|b| b.bucket);
        self.finish(lock, listing, &linked)
    }

    fn finish(
        &self,
        lock: &FolderLock,
        mut listing: Listing,
        linked: &BTreeMap<PersonKey, PersonHistory>,
    ) -> Result<Base, LedgerError> {
        listing.linked = format!("linked-{}.snap", listing.position);
        let stamp = self.stamp(0, 0, listing.position);
        sink::write(&self.folder.path.join(&listing.linked), &stamp, &mut |sink| {
            linked.iter().for_each(|(key, history)| sink.add(*key, history));
            Ok(())
        })?;
        self.folder.publish(lock, &listing)?;
        Base::open(&self.folder, listing)
    }

    fn write_buckets(
        &self,
        bits: u32,
        position: u64,
        mut people: &[(PersonKey, PersonHistory)],
        listed: &mut Vec<Listed>,
    ) -> Result<(), LedgerError> {
        while let Some((first, _)) = people.first() {
            let bucket = first.prefix(bits);
            let (here, rest) = people.split_at(people.partition_point(|(key, _)| key.prefix(bits) <= bucket));
            let name = file_name(bits, bucket, position);
            sink::write(&self.folder.path.join(&name), &self.stamp(bits, bucket, position), &mut |sink| {
                here.iter().for_each(|(key, history)| sink.add(*key, history));
                Ok(())
            })?;
            listed.push(Listed { bucket, file: name });
            people = rest;
        }
        Ok(())
    }

    /// Ranges of buckets, each with about as many people as one pass may hold.
    fn passes(&self, bits: u32) -> Result<Vec<(u64, u64)>, LedgerError> {
        let people: i64 = self.connection.query_row("SELECT count(*) FROM subjects", [], |row| row.get(0))?;
        let wanted = people.cast_unsigned().div_ceil(self.options.people_per_pass.max(1)).max(1);
        let buckets = 1_u64 << bits;
        let width = buckets.div_ceil(wanted).max(1);
        Ok((0..buckets.div_ceil(width)).map(|pass| (pass * width, ((pass + 1) * width).min(buckets) - 1)).collect())
    }

    fn new_listing(&self, position: u64, bits: u32) -> Result<Listing, LedgerError> {
        let anchor = self.anchor(position)?.map_or(0, u128::from_be_bytes);
        Ok(Listing::new(self.keys.fingerprints().person, position, anchor, bits))
    }

    fn stamp(&self, bits: u32, bucket: u64, position: u64) -> Stamp {
        Stamp { bits, bucket, position, layout: layout(), keys: self.keys.fingerprints().person }
    }
}

/// Lays changed people over the files, and what linked accounts deny over both.
fn overlaid(base: Base, mut changed: BTreeMap<PersonKey, PersonHistory>) -> Parts {
    let mut linked = base.linked.clone();
    for (key, history) in &changed {
        if history.is_linked() {
            linked.insert(*key, history.clone())
        } else {
            linked.remove(key)
        };
    }
    spread(&linked, &mut changed);
    (Some(base), changed)
}

/// Bits that give at least `wanted` buckets, 12 at most.
fn bits_for(wanted: u64) -> u32 {
    wanted.max(1).next_power_of_two().trailing_zeros().min(12)
}

fn file_name(bits: u32, bucket: u64, position: u64) -> String {
    format!("bucket-{bits}-{bucket:03x}-{position}.snap")
}
