//! Stages one bucket: decides it, then writes its shards and its verdicts.
//!
//! Work is done shard by shard, so that no bucket is held whole. What is written depends on the
//! logical rows alone: rows are merged into person order and cut by key prefix before the encoder
//! sees them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;
use mandat_core::event::Categories;
use mandat_core::proof::{Digest, Hasher, PersonKey};
use mandat_core::table::Outcome;
use mandat_core::traits::{Mark, Traits};
use mandat_core::vocab::Verdict;
use rayon::prelude::*;

use crate::admit::columns::{BATCH_ROWS, Columns};
use crate::admit::{AdmitError, BucketDecision, NO_CANDIDATE, Tally};
use crate::build::gather::{Gathered, Wanted, denied_of, gather};
use crate::build::publish::{Staged, Store};
use crate::build::redact::redactions;
use crate::build::shard::ShardWriter;
use crate::build::{BuildError, verdicts};
use crate::curate::Summary;
use crate::curate::pass::Stage;
use crate::curate::shuffle::write_entries;
use crate::curate::spill::Spilled;
use crate::members::List;
use crate::since::{self, Coming};
use crate::vault::format::text_schema;
use crate::vault::{Layout, Vault};

/// One bucket, decided and written, not yet part of a revision.
pub(crate) struct StagedBucket {
    /// Digest over the outcomes of all rows: equal outcomes need no second writing.
    pub(crate) decided: Digest,
    /// Its shards in order.
    pub(crate) shards: Vec<Staged>,
    /// Whom and what each shard holds.
    pub(crate) members: Vec<List>,
    /// Its shards on their way through curation, if the recipe asks for it.
    pub(crate) spilled: Vec<Spilled>,
    /// Fingerprints of texts that may not be used, if curation asks for them.
    pub(crate) denied: Option<PathBuf>,
    /// What curation dropped, shard by shard.
    pub(crate) dropped: Vec<verdicts::Staged>,
    /// What curation counted.
    pub(crate) curated: Summary,
    /// Its verdict files.
    pub(crate) verdicts: Vec<verdicts::Staged>,
    /// Counts.
    pub(crate) tally: Tally,
}

/// Digest over the outcomes of all rows of a bucket, run by run: the outcomes in their order, and the
/// place of each row's among them; and what it has coming. Ids are in the order in which outcomes were met, and
/// say nothing.
pub(crate) fn digest(decision: &BucketDecision, coming: &Coming) -> Digest {
    let outcomes: BTreeSet<Outcome> = decision.outcomes.iter().copied().collect();
    let mut hasher = Hasher::new();
    hasher.update_prefixed(&coming.bytes());
    for outcome in &outcomes {
        hasher.update(&[outcome.verdict as u8]);
        hasher.update(&outcome.reasons.0.to_be_bytes());
    }
    let place = |outcome: &Outcome| outcomes.iter().position(|o| o == outcome).expect("bug: an outcome of its own");
    let places: Vec<[u8; 2]> = decision.outcomes.iter().map(|o| (place(o) as u16).to_be_bytes()).collect();
    let mut bytes = Vec::new();
    for (run, rows) in decision.runs.iter().zip(&decision.rows) {
        hasher.update(&run.unit.to_be_bytes());
        bytes.clear();
        for id in &rows.ids {
            bytes.extend_from_slice(places.get(*id as usize).unwrap_or(&NO_CANDIDATE.to_be_bytes()));
        }
        hasher.update_prefixed(&bytes);
    }
    hasher.finish()
}

/// Writes the verdicts of a decided bucket, and its shards, or what curation makes of them first.
pub(crate) fn stage(
    vault: &Vault,
    store: &Store,
    curation: Option<&Stage>,
    bucket: u64,
    decision: BucketDecision,
    (asked, coming): (Categories, &Coming),
) -> Result<StagedBucket, BuildError> {
    let mut files = Vec::new();
    for run in &decision.runs {
        let decide = Columns::open(&run.decide_path).map_err(|e| AdmitError::parquet(&run.decide_path, e))?;
        let text = Columns::open_views(&run.text_path, &text_schema());
        let text = text.map_err(|e| AdmitError::parquet(&run.text_path, e))?;
        files.push((decide, text));
    }
    let mut redacted = Vec::new();
    for (i, run) in decision.runs.iter().enumerate() {
        redacted.push(redactions(run, &decision.rows[i], &decision.outcomes, &files[i].1)?);
    }
    let plan = Plan { cuts: Cuts::of(vault), curation, decision: &decision, files: &files, redacted: &redacted };
    let layout = vault.layout();
    let first = bucket << (layout.shard_bits - layout.bucket_bits);
    let count = 1 << (layout.shard_bits - layout.bucket_bits);
    let done: Vec<Option<Shard>> =
        (first..first + count).into_par_iter().map(|prefix| plan.shard(store, prefix)).collect::<Result<_, _>>()?;
    let (mut written, mut spilled) = (Vec::new(), Vec::new());
    for shard in done.into_iter().flatten() {
        match shard {
            Shard::Written(shard) => written.push(shard),
            Shard::Spilled(shard) => spilled.push(shard),
        }
    }
    let (shards, members) = written.into_iter().unzip();
    let mut verdicts = verdicts::write(store, bucket, &decision)?;
    verdicts.extend(since::write_index(store, bucket, &decision, asked)?);
    verdicts.push(coming.write(store, bucket)?);
    let denied = match curation.filter(|c| c.spec().denied_copies) {
        Some(_) => Some(plan.denied(store, bucket)?),
        None => None,
    };
    let (dropped, curated) = (Vec::new(), Summary::default());
    let (decided, tally) = (digest(&decision, coming), decision.tally);
    Ok(StagedBucket { decided, shards, members, spilled, denied, dropped, curated, verdicts, tally })
}

/// A shard that is done, or waits for the others to be compared with.
enum Shard {
    Written((Staged, List)),
    Spilled(Spilled),
}

/// How rows are cut into row groups.
pub(crate) struct Cuts {
    layout: Layout,
    heavy: BTreeMap<PersonKey, u32>,
}

struct Plan<'a> {
    cuts: Cuts,
    curation: Option<&'a Stage>,
    decision: &'a BucketDecision,
    files: &'a [(Columns, Columns)],
    redacted: &'a [Vec<(u32, String)>],
}

impl Plan<'_> {
    fn shard(&self, store: &Store, prefix: u64) -> Result<Option<Shard>, BuildError> {
        let rows: Vec<Vec<u32>> = (0..self.files.len()).map(|run| self.admitted(run, prefix)).collect();
        let wanted: Vec<Wanted> = (0..self.files.len())
            .map(|run| Wanted {
                decide: &self.files[run].0,
                text: &self.files[run].1,
                rows: &rows[run],
                redacted: &self.redacted[run],
            })
            .collect();
        let Some(gathered) = gather(&wanted)? else { return Ok(None) };
        let width = (self.cuts.layout.shard_bits as usize).div_ceil(4).max(1);
        let name = format!("train-{prefix:0width$x}");
        let Some(curation) = self.curation else {
            return Ok(self.cuts.write(store, &name, &gathered)?.map(Shard::Written));
        };
        let shard = u32::try_from(prefix).expect("fewer shards than 2^32");
        let passed = curation.pass(shard, &gathered.plain()?)?;
        Spilled::write(store, shard, name, &passed).map(|spilled| Some(Shard::Spilled(spilled)))
    }

    /// Writes the fingerprints of the bucket's texts that may not be used; gives their file.
    fn denied(&self, store: &Store, bucket: u64) -> Result<PathBuf, BuildError> {
        let denies: Vec<bool> = self.decision.outcomes.iter().map(|o| !admits(o)).collect();
        let mut entries = Vec::new();
        for ((decide, text), rows) in self.files.iter().zip(&self.decision.rows) {
            let denied = |row: &u32| {
                denies.get(rows.ids[*row as usize] as usize).copied().unwrap_or(false)
                    && Traits(rows.traits[*row as usize]).has(Mark::Text)
            };
            let count = u32::try_from(rows.ids.len()).expect("a run has at most u32 rows");
            let chosen: Vec<u32> = (0..count).filter(denied).collect();
            for chosen in chosen.chunks(BATCH_ROWS) {
                entries.push(denied_of(decide, text, chosen)?);
            }
        }
        let path = store.scratch(&format!("denied-{bucket:04x}"))?;
        write_entries(&path, &entries.concat()).map_err(|source| BuildError::io("write", &path, source))?;
        Ok(path)
    }

    /// Rows of a run in a shard that are admitted and hold text, ascending.
    fn admitted(&self, run: usize, prefix: u64) -> Vec<u32> {
        let rows = &self.decision.rows[run];
        let bits = self.cuts.layout.shard_bits;
        let from = rows.spans.partition_point(|s| s.person.prefix(bits) < prefix);
        let to = rows.spans.partition_point(|s| s.person.prefix(bits) <= prefix);
        let start = rows.spans.get(from).map_or(rows.ids.len(), |s| s.first as usize);
        let end = rows.spans.get(to).map_or(rows.ids.len(), |s| s.first as usize);
        let admits: Vec<bool> = self.decision.outcomes.iter().map(admits).collect();
        (start..end)
            .filter(|row| {
                admits.get(rows.ids[*row] as usize).copied().unwrap_or(false)
                    && Traits(rows.traits[*row]).has(Mark::Text)
            })
            .map(|row| u32::try_from(row).expect("a run has at most u32 rows"))
            .collect()
    }
}

impl Cuts {
    /// The cuts of a vault.
    pub(crate) fn of(vault: &Vault) -> Self {
        Self { layout: vault.layout(), heavy: vault.heavy() }
    }

    /// Writes one shard of the rows given, and whom and what it holds.
    ///
    /// # Errors
    /// When encoding or writing fails.
    pub(crate) fn write(
        &self,
        store: &Store,
        name: &str,
        gathered: &Gathered,
    ) -> Result<Option<(Staged, List)>, BuildError> {
        let name = format!("{name}.parquet");
        let path = store.scratch(&name)?;
        let mut writer = ShardWriter::create(&path)?;
        self.groups(gathered, &mut writer)?;
        let Some(written) = writer.finish()? else { return Ok(None) };
        let list = List::write(store, &format!("{name}.members"), &gathered.persons, &gathered.names)?;
        Ok(Some((store.stage(&path, written, format!("data/{name}"))?, list)))
    }

    /// Cuts rows into row groups by key prefix; heavy people are cut by record key.
    fn groups(&self, gathered: &Gathered, writer: &mut ShardWriter) -> Result<(), BuildError> {
        let group_of = |person: PersonKey| person.prefix(self.layout.group_bits);
        let width = (self.layout.group_bits as usize).div_ceil(4).max(1);
        let (mut start, mut passed) = (0, 0);
        let persons = &gathered.persons;
        while start < persons.len() {
            let (person, group) = (persons[start], group_of(persons[start]));
            if start > 0 && group_of(persons[start - 1]) != group {
                passed = 0;
            }
            let label = if passed == 0 { format!("{group:0width$x}") } else { format!("{group:0width$x}-{passed}") };
            if let Some(bits) = self.heavy.get(&person) {
                let end = start + persons[start..].partition_point(|p| *p == person);
                heavy(gathered, start..end, *bits, &label, writer)?;
                passed += 1;
                start = end;
                continue;
            }
            let in_group = |p: &PersonKey| group_of(*p) == group && !self.heavy.contains_key(p);
            let end = start + persons[start..].iter().take_while(|p| in_group(p)).count();
            writer.group(label, &gathered.rows.slice(start, end - start))?;
            start = end;
        }
        Ok(())
    }
}

/// Writes one heavy person as several row groups, cut by the top bits of the record key.
fn heavy(
    gathered: &Gathered,
    range: std::ops::Range<usize>,
    bits: u32,
    label: &str,
    writer: &mut ShardWriter,
) -> Result<(), BuildError> {
    let mut parts: Vec<Vec<u32>> = vec![Vec::new(); 1 << bits];
    for row in range {
        let part = (gathered.records[row] >> (128 - bits)) as usize;
        parts[part].push(u32::try_from(row).expect("a shard has at most u32 rows"));
    }
    for (part, rows) in parts.into_iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
        let batch: RecordBatch = take_record_batch(&gathered.rows, &UInt32Array::from(rows))?;
        writer.group(format!("{label}.{part:x}"), &batch)?;
    }
    Ok(())
}

fn admits(outcome: &Outcome) -> bool {
    outcome.verdict <= Verdict::IncludeRedacted
}
