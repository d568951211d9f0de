//! Writes one unit: sorted rows in, runs and indexes out, all under a folder that no manifest names yet.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use mandat_core::proof::{PersonKey, RecordKey};
use mandat_core::time::Micros;
use mandat_core::vocab::{Audience, Role};

use super::row::{Named, Row, VersionOrder};
use super::{Account, Accounts};
use crate::vault::VaultError;
use crate::vault::entries::{self, HandleUse, Posting, Reference, Version};
use crate::vault::fixed::Sorter;
use crate::vault::holds;
use crate::vault::manifest::{FileEntry, GROUP_TARGET, Indexes, Layout, RunEntry, Unit};
use crate::vault::write::RunWriter;

/// Accounts handed over at a time.
const ACCOUNTS: usize = 4096;

/// What a unit is written with.
pub struct UnitPlan<'a> {
    /// The vault folder.
    pub vault: &'a Path,
    /// Folder for spills; same file system.
    pub temp: &'a Path,
    /// How keys are cut.
    pub layout: Layout,
    /// Number of the manifest that will publish it.
    pub number: u64,
    /// Sequence numbers of its batches.
    pub batches: Vec<u64>,
    /// Records to put on hold: lines for them were rejected.
    pub holds: Sorter<{ entries::HOLD }>,
    /// Bytes for the sorting of indexes.
    pub memory: usize,
}

/// Takes rows in run order.
pub struct UnitWriter<'a> {
    plan: UnitPlan<'a>,
    dir: PathBuf,
    prefix: String,
    open: Option<RunWriter>,
    runs: Vec<RunEntry>,
    records: Sorter<{ entries::VERSION }>,
    refs: Sorter<{ entries::REFERENCE }>,
    handles: Sorter<{ entries::HANDLE }>,
    postings: Sorter<{ entries::POSTING }>,
    last: Option<(PersonKey, RecordKey, VersionOrder)>,
    author: Author,
    large: BTreeMap<String, u64>,
    text: u64,
    accounts: Vec<Account>,
    /// Rows written.
    pub rows: u64,
    /// Rows left out because they repeat another.
    pub duplicates: u64,
}

/// The person in work.
#[derive(Default)]
struct Author {
    person: Option<PersonKey>,
    text: u64,
    handles: Vec<Option<String>>,
}

/// A written unit and its part of the postings.
pub struct UnitDraft {
    /// What the manifest will say.
    pub unit: Unit,
    /// People named in its rows.
    pub postings: FileEntry,
    /// Rows written.
    pub rows: u64,
    /// Rows left out because they repeat another.
    pub duplicates: u64,
}

impl<'a> UnitWriter<'a> {
    /// Makes the unit's folder.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(plan: UnitPlan<'a>) -> Result<Self, VaultError> {
        let prefix = format!("units/{:08}", plan.number);
        let dir = plan.vault.join(&prefix);
        crate::durable::make_private_dir(&dir).map_err(|e| VaultError::io(&dir, e))?;
        let share = plan.memory / 4;
        Ok(Self {
            open: None,
            runs: Vec::new(),
            records: Sorter::new(plan.temp, share),
            refs: Sorter::new(plan.temp, share),
            handles: Sorter::new(plan.temp, share),
            postings: Sorter::new(plan.temp, share),
            last: None,
            author: Author::default(),
            large: BTreeMap::new(),
            text: 0,
            accounts: Vec::new(),
            rows: 0,
            duplicates: 0,
            plan,
            dir,
            prefix,
        })
    }

    /// Adds the next row; a row that repeats the one before it is left out.
    ///
    /// # Errors
    /// If the disk refuses, or the accounts.
    pub fn push(&mut self, row: &Row<'_>, accounts: &mut dyn Accounts) -> Result<(), VaultError> {
        let order = row.order();
        self.observe(row, accounts)?;
        if self.last.replace((row.person, row.record, order)) == Some((row.person, row.record, order)) {
            self.duplicates += 1;
            return Ok(());
        }
        self.author.text += row.text.map_or(0, str::len) as u64;
        self.rows += 1;
        let bucket = self.run_for(row.person)?;
        let run = self.open.as_mut().expect("a run was just opened");
        let (at, others) = (run.rows(), run.other_rows());
        run.push(row)?;
        self.index(row, order, bucket, at, others).map_err(|e| VaultError::io(&self.dir, e))
    }

    fn run_for(&mut self, person: PersonKey) -> Result<u32, VaultError> {
        let bucket = person.prefix(self.plan.layout.bucket_bits);
        if self.open.as_ref().is_none_or(|r| r.bucket() != bucket) {
            self.close_run()?;
            self.open = Some(RunWriter::create(&self.dir, bucket, self.plan.layout.group_bits)?);
        }
        Ok(u32::try_from(bucket).expect("at most 20 bucket bits"))
    }

    fn close_run(&mut self) -> Result<(), VaultError> {
        if let Some(run) = self.open.take() {
            self.runs.push(run.finish(&self.prefix)?);
        }
        Ok(())
    }

    fn index(&mut self, row: &Row<'_>, order: VersionOrder, bucket: u32, at: u32, others: u32) -> io::Result<()> {
        let public = row.traits.audience() == Audience::Public;
        let version = Version { record: row.record, person: row.person, public, order, row: at };
        self.records.push(version.to_bytes())?;
        let named: Vec<Named> = row.named().collect();
        let binding = |n: &Named| n.record.is_some() && matches!(n.role, Role::Reposted | Role::Quoted);
        let both = named.iter().filter(|n| binding(n)).count() == 2;
        let mut seen = 0;
        for (other_row, n) in (others..).zip(&named) {
            if let Some(person) = n.person {
                let posting = Posting { person, unit: self.plan.number, bucket, row: at };
                self.postings.push(posting.to_bytes())?;
            }
            if let Some(parent) = n.record {
                seen += u8::from(binding(n));
                let sibling = if both && binding(n) { seen } else { 0 };
                let reference = Reference { parent, bucket, row: at, other_row, binding: binding(n), sibling };
                self.refs.push(reference.to_bytes())?;
            }
            if let Some(tag) = n.handle {
                self.handles.push(HandleUse { tag, bucket, row: at }.to_bytes())?;
            }
        }
        Ok(())
    }

    fn observe(&mut self, row: &Row<'_>, accounts: &mut dyn Accounts) -> Result<(), VaultError> {
        if self.author.person != Some(row.person) {
            self.end_person();
            self.author.person = Some(row.person);
            self.author.handles.clear();
        }
        if self.author.handles.iter().any(|h| h.as_deref() == row.handle) {
            return Ok(());
        }
        let handle = row.handle.map(str::to_owned);
        self.author.handles.push(handle.clone());
        let (platform, account) = (row.platform.to_owned(), row.account.to_owned());
        let from = Micros(row.created_at);
        self.accounts.push(Account { person: row.person, platform, account, handle, from });
        if self.accounts.len() >= ACCOUNTS { self.hand_over(accounts) } else { Ok(()) }
    }

    fn hand_over(&mut self, accounts: &mut dyn Accounts) -> Result<(), VaultError> {
        accounts.observe(&self.accounts).map_err(VaultError::Accounts)?;
        self.accounts.clear();
        Ok(())
    }

    fn end_person(&mut self) {
        let text = std::mem::take(&mut self.author.text);
        self.text += text;
        if let Some(person) = self.author.person
            && text >= GROUP_TARGET / 4
        {
            self.large.insert(person.to_string(), text);
        }
    }

    /// Writes the indexes and flushes everything to the disk.
    ///
    /// # Errors
    /// If the disk refuses, or the accounts.
    pub fn finish(mut self, accounts: &mut dyn Accounts) -> Result<UnitDraft, VaultError> {
        self.close_run()?;
        self.end_person();
        if !self.accounts.is_empty() {
            self.hand_over(accounts)?;
        }
        let (dir, prefix) = (self.dir, self.prefix);
        let indexes = Indexes {
            records: sorted(&dir, &prefix, "records.idx", self.records)?,
            refs: sorted(&dir, &prefix, "refs.idx", self.refs)?,
            holds: sorted(&dir, &prefix, holds::FILE, self.plan.holds)?,
            handles: sorted(&dir, &prefix, "handles.idx", self.handles)?,
        };
        let postings = sorted(&dir, &prefix, "postings.idx", self.postings)?;
        crate::durable::sync_dir(&dir).map_err(|e| VaultError::io(&dir, e))?;
        let (number, batches) = (self.plan.number, self.plan.batches);
        let unit = Unit {
            number,
            batches,
            runs: self.runs,
            indexes,
            text: self.text,
            screened: crate::screen::version(),
            large: self.large,
        };
        Ok(UnitDraft { unit, postings, rows: self.rows, duplicates: self.duplicates })
    }
}

/// Ends a sorter as a published file.
pub(crate) fn sorted<const W: usize>(
    dir: &Path,
    prefix: &str,
    name: &str,
    sorter: Sorter<W>,
) -> Result<FileEntry, VaultError> {
    let path = dir.join(name);
    let written = sorter.finish(&path).map_err(|e| VaultError::io(&path, e))?;
    Ok(FileEntry { path: format!("{prefix}/{name}"), bytes: written.bytes, sha256: written.sha256.to_string() })
}
