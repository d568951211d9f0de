//! Settles what a change of units means for all rows: which versions are current, which records are on
//! hold, whom references name, and by how much the digest over the logical rows moves.
//!
//! Only records that a *driver* unit touches are looked at: the unit that comes, or the one that goes.
//! The result is a file of [`Delta`]s sorted by run, and postings of the references resolved.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use mandat_core::proof::{Hasher, PersonKey, RecordKey};
use mandat_core::traits::{Mark, Traits};

use super::VaultError;
use super::entries::{self, Change, Delta, Hold, Posting, Reference, Since, Version};
use super::fixed::{Cursor, Sorter};
use super::holds::HoldCursor;
use super::manifest::Unit;
use super::sum::RowSum;

/// A unit and its part in a change.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    /// The unit.
    pub unit: &'a Unit,
    /// It was there before the change.
    pub before: bool,
    /// It is there after the change.
    pub after: bool,
    /// The change is about it.
    pub driver: bool,
}

/// What is to be settled, and where files go.
pub(crate) struct Settle<'a> {
    /// Vault folder.
    pub vault: &'a Path,
    /// Folder for spills.
    pub temp: &'a Path,
    /// Name there of the file of deltas.
    pub name: String,
    /// All units before and after, oldest first.
    pub parts: &'a [Part<'a>],
    /// Bits of a person key that name its bucket.
    pub bucket_bits: u32,
    /// Bytes for sorting.
    pub memory: usize,
}

/// The outcome.
pub(crate) struct Settled {
    /// [`Delta`]s in order.
    pub deltas: PathBuf,
    /// Postings of references that this change resolved.
    pub postings: Sorter<{ entries::POSTING }>,
    /// Digest before the change minus digest after.
    pub digest: RowSum,
}

type VersionCursor = Cursor<{ entries::VERSION }>;
type ReferenceCursor = Cursor<{ entries::REFERENCE }>;

impl Settle<'_> {
    /// Runs all three passes.
    ///
    /// # Errors
    /// If an index cannot be read or a spill written.
    pub(crate) fn run(&self) -> Result<Settled, VaultError> {
        self.passes().map_err(|e| VaultError::io(self.vault, e))
    }

    fn passes(&self) -> io::Result<Settled> {
        let mut out = Output {
            deltas: Sorter::new(self.temp, self.memory / 2),
            postings: Sorter::new(self.temp, self.memory / 2),
            digest: RowSum::default(),
        };
        self.versions(&mut out)?;
        for (i, part) in self.parts.iter().enumerate().filter(|(_, p)| p.after) {
            self.references(i, part, &mut out)?;
        }
        let deltas = self.temp.join(&self.name);
        out.deltas.finish(&deltas)?;
        Ok(Settled { deltas, postings: out.postings, digest: out.digest })
    }

    fn open<const W: usize>(&self, entry: impl Fn(&Unit) -> &str) -> io::Result<Vec<Cursor<W>>> {
        self.parts.iter().map(|p| Cursor::open(&self.vault.join(entry(p.unit)))).collect()
    }

    fn open_holds(&self) -> io::Result<Vec<HoldCursor>> {
        self.parts.iter().map(|p| HoldCursor::open(&self.vault.join(&p.unit.indexes.holds.path))).collect()
    }

    fn versions(&self, out: &mut Output) -> io::Result<()> {
        let mut records: Vec<VersionCursor> = self.open(|u| &u.indexes.records.path)?;
        let mut holds = self.open_holds()?;
        while let Some(key) = self.next_key(&mut records, &mut holds)? {
            let group = self.gather(key, &mut records, &mut holds)?;
            self.settle(&group, out)?;
        }
        Ok(())
    }

    /// Writes down the holds of drivers that stand after the change, and counts their records.
    ///
    /// # Errors
    /// If an index cannot be read or a spill written.
    pub(crate) fn holds(&self, out: &mut Sorter<{ entries::HOLD }>) -> Result<u64, VaultError> {
        let mut collect = || {
            let mut count = 0;
            let mut records: Vec<VersionCursor> = self.open(|u| &u.indexes.records.path)?;
            let mut holds = self.open_holds()?;
            while let Some(key) = self.next_key(&mut records, &mut holds)? {
                let group = self.gather(key, &mut records, &mut holds)?;
                let standing = group.standing(|part| self.parts[part].after);
                if let Some(since) = standing.filter(|(part, _)| self.parts[*part].driver).map(|(_, s)| s).max() {
                    out.push(Hold { record: group.record, since }.to_bytes())?;
                    count += 1;
                }
            }
            Ok(count)
        };
        collect().map_err(|e| VaultError::io(self.vault, e))
    }

    /// The smallest record key that a driver holds next.
    fn next_key(&self, records: &mut [VersionCursor], holds: &mut [HoldCursor]) -> io::Result<Option<[u8; 16]>> {
        let mut least: Option<[u8; 16]> = None;
        for (i, _) in self.parts.iter().enumerate().filter(|(_, p)| p.driver) {
            let record = records[i].peek()?.map(|e| head(&e));
            for key in [record, holds[i].peek()?.map(|h| h.record.to_bytes())].into_iter().flatten() {
                least = Some(least.map_or(key, |l| l.min(key)));
            }
        }
        Ok(least)
    }

    fn gather(&self, key: [u8; 16], records: &mut [VersionCursor], holds: &mut [HoldCursor]) -> io::Result<Group> {
        let mut group = Group { record: RecordKey::from_bytes(key), members: Vec::new(), holds: Vec::new() };
        for part in 0..self.parts.len() {
            records[part].seek(&key)?;
            while let Some(entry) = records[part].next_if(&key)? {
                group.members.push(Member { part, version: Version::from_bytes(&entry) });
            }
            holds[part].seek(&key)?;
            while let Some(hold) = holds[part].next_if(&key)? {
                group.holds.push((part, hold.since));
            }
        }
        Ok(group)
    }

    fn settle(&self, group: &Group, out: &mut Output) -> io::Result<()> {
        out.digest.add(&group.digest(|part| self.parts[part].after));
        out.digest.subtract(&group.digest(|part| self.parts[part].before));
        let held = group.on_hold(|part| self.parts[part].after);
        let mut members: Vec<&Member> = group.members.iter().filter(|m| self.parts[m.part].after).collect();
        let fresh = |m: &Member| self.parts[m.part].driver && !self.parts[m.part].before;
        if let [only] = members.as_slice()
            && fresh(only)
            && !held
        {
            return Ok(());
        }
        // The oldest unit's copy of a version counts as the version.
        members.sort_by_key(|m| (m.version.person, m.version.order, std::cmp::Reverse(m.part)));
        for versions in members.chunk_by(|a, b| a.version.person == b.version.person) {
            let (current, older) = versions.split_last().expect("a chunk is not empty");
            for member in older {
                self.state(member, true, Traits(0), out)?;
            }
            let narrowed = !current.version.public && older.iter().any(|m| m.version.public);
            let set = Traits(0).with_if(Mark::OnHold, held).with_if(Mark::AudienceNarrowed, narrowed);
            self.state(current, false, set, out)?;
        }
        Ok(())
    }

    fn state(&self, member: &Member, superseded: bool, set: Traits, out: &mut Output) -> io::Result<()> {
        let change = Change::State { row: member.version.row, superseded, set: set.0 };
        let bucket = bucket_of(member.version.person, self.bucket_bits);
        out.deltas.push(Delta { unit: number(member.part), bucket, change }.to_bytes())
    }

    /// Resolves one unit's references: all of a driver's, and those to records that a driver holds.
    fn references(&self, index: usize, part: &Part<'_>, out: &mut Output) -> io::Result<()> {
        let mut refs: ReferenceCursor = Cursor::open(&self.vault.join(&part.unit.indexes.refs.path))?;
        let mut records: Vec<VersionCursor> = self.open(|u| &u.indexes.records.path)?;
        while let Some(entry) = refs.peek()? {
            let key: [u8; 16] = head(&entry);
            if !part.driver {
                match self.driver_key(&key, &mut records)? {
                    None => break,
                    Some(other) if other != key => {
                        refs.seek(&other)?;
                        continue;
                    }
                    Some(_) => {}
                }
            }
            let person = self.author(&key, &mut records)?;
            while let Some(entry) = refs.next_if(&key)? {
                self.named(index, part, Reference::from_bytes(&entry), person, out)?;
            }
        }
        Ok(())
    }

    /// The first key at or after `key` that a driver has a record for.
    fn driver_key(&self, key: &[u8; 16], records: &mut [VersionCursor]) -> io::Result<Option<[u8; 16]>> {
        let mut least: Option<[u8; 16]> = None;
        for (i, _) in self.parts.iter().enumerate().filter(|(_, p)| p.driver) {
            records[i].seek(key)?;
            let found = records[i].peek()?.map(|e| head(&e));
            least = least.into_iter().chain(found).min();
        }
        Ok(least)
    }

    /// Who wrote a record, if exactly one person did.
    fn author(&self, key: &[u8; 16], records: &mut [VersionCursor]) -> io::Result<Option<PersonKey>> {
        let mut people = BTreeSet::new();
        for (i, _) in self.parts.iter().enumerate().filter(|(_, p)| p.after) {
            records[i].seek(key)?;
            while let Some(entry) = records[i].next_if(key)? {
                people.insert(Version::from_bytes(&entry).person);
            }
        }
        Ok(people.first().filter(|_| people.len() == 1).copied())
    }

    fn named(
        &self,
        index: usize,
        part: &Part<'_>,
        reference: Reference,
        person: Option<PersonKey>,
        out: &mut Output,
    ) -> io::Result<()> {
        let Reference { bucket, row, other_row, binding, sibling, .. } = reference;
        if person.is_none() && part.driver {
            return Ok(());
        }
        let change = Change::Named { other_row, person, row, binding, sibling };
        out.deltas.push(Delta { unit: number(index), bucket, change }.to_bytes())?;
        match person {
            Some(person) => out.postings.push(Posting { person, unit: part.unit.number, bucket, row }.to_bytes()),
            None => Ok(()),
        }
    }
}

struct Output {
    deltas: Sorter<{ entries::DELTA }>,
    postings: Sorter<{ entries::POSTING }>,
    digest: RowSum,
}

struct Member {
    part: usize,
    version: Version,
}

/// Everything that the units say about one record key.
struct Group {
    record: RecordKey,
    members: Vec<Member>,
    /// Holds and the parts they came with.
    holds: Vec<(usize, Since)>,
}

impl Group {
    /// Whether a rejected line stands that no better version followed.
    fn on_hold(&self, is_in: impl Fn(usize) -> bool) -> bool {
        self.standing(is_in).next().is_some()
    }

    /// The holds that no better version followed, and from when on a version would be one.
    ///
    /// A version is better if it came with a later unit, is newer than all that was there when the line was
    /// rejected, and is not older than the line. What was there comes again with every old dump.
    fn standing(&self, is_in: impl Fn(usize) -> bool) -> impl Iterator<Item = (usize, Since)> {
        let members: Vec<(usize, Since)> =
            self.members.iter().filter(|m| is_in(m.part)).map(|m| (m.part, m.version.since())).collect();
        let held: Vec<(usize, Since)> = self.holds.iter().filter(|(part, _)| is_in(*part)).copied().collect();
        held.into_iter().filter_map(move |(part, line)| {
            let known = members.iter().filter(|m| m.0 <= part).map(|m| (m.1.0, m.1.1.saturating_add(1))).max();
            let since = known.map_or(line, |k| k.max(line));
            (!members.iter().any(|m| m.0 > part && m.1 >= since)).then_some((part, since))
        })
    }

    /// Its part of the vault digest: each distinct version once, and the hold.
    fn digest(&self, is_in: impl Fn(usize) -> bool) -> RowSum {
        let mut sum = RowSum::default();
        let mut distinct = BTreeSet::new();
        for member in self.members.iter().filter(|m| is_in(m.part)) {
            let v = member.version;
            if distinct.insert((v.person, v.order)) {
                let mut hasher = Hasher::new();
                hasher.update(b"mandat/vault-row/v1");
                hasher.update(&Version { row: 0, ..v }.to_bytes());
                sum.add(&RowSum::from_digest(hasher.finish().0));
            }
        }
        if !distinct.is_empty() && self.on_hold(is_in) {
            let mut hasher = Hasher::new();
            hasher.update(b"mandat/vault-hold/v1");
            hasher.update(&self.record.to_bytes());
            sum.add(&RowSum::from_digest(hasher.finish().0));
        }
        sum
    }
}

fn head<const W: usize>(entry: &[u8; W]) -> [u8; 16] {
    *entry.first_chunk().expect("an entry begins with its key")
}

fn bucket_of(person: PersonKey, bits: u32) -> u32 {
    u32::try_from(person.prefix(bits)).expect("at most 20 bucket bits")
}

fn number(part: usize) -> u32 {
    u32::try_from(part).expect("few units")
}
