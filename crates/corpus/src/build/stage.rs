//! Stages one bucket: decides it, then writes its shards and its verdicts.
//!
//! Work is done shard by shard, so that no bucket is held whole. What is written depends on the
//! logical rows alone: rows are merged into person order and cut by key prefix before the encoder
//! sees them.

use std::collections::BTreeMap;

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;
use mandat_core::proof::{Digest, Hasher, PersonKey};
use mandat_core::table::Outcome;
use mandat_core::traits::{Mark, Traits};
use mandat_core::vocab::Verdict;
use rayon::prelude::*;

use crate::admit::columns::Columns;
use crate::admit::{AdmitError, BucketDecision, NO_CANDIDATE, Tally};
use crate::build::gather::{Gathered, Wanted, gather};
use crate::build::publish::{Staged, Store};
use crate::build::redact::redactions;
use crate::build::shard::ShardWriter;
use crate::build::{BuildError, verdicts};
use crate::members::List;
use crate::vault::{Layout, Vault};

/// One bucket, decided and written, not yet part of a revision.
pub(crate) struct StagedBucket {
    /// Digest over the outcomes of all rows: equal outcomes need no second writing.
    pub(crate) decided: Digest,
    /// Its shards in order.
    pub(crate) shards: Vec<Staged>,
    /// Whom and what each shard holds.
    pub(crate) members: Vec<List>,
    /// Its verdict files.
    pub(crate) verdicts: Vec<verdicts::Staged>,
    /// Counts.
    pub(crate) tally: Tally,
}

/// Digest over the outcomes of all rows of a bucket, run by run.
pub(crate) fn digest(decision: &BucketDecision) -> Digest {
    let mut hasher = Hasher::new();
    let mut bytes = Vec::new();
    for (run, rows) in decision.runs.iter().zip(&decision.rows) {
        hasher.update(&run.unit.to_be_bytes());
        bytes.clear();
        for id in &rows.ids {
            let outcome = (*id != NO_CANDIDATE).then(|| decision.outcomes[*id as usize]);
            bytes.push(outcome.map_or(u8::MAX, |o| o.verdict as u8));
            bytes.extend_from_slice(&outcome.map_or(0, |o| o.reasons.0).to_be_bytes());
        }
        hasher.update_prefixed(&bytes);
    }
    hasher.finish()
}

/// Writes the shards and verdicts of a decided bucket.
pub(crate) fn stage(
    vault: &Vault,
    store: &Store,
    bucket: u64,
    decision: BucketDecision,
) -> Result<StagedBucket, BuildError> {
    let open = |path: &std::path::Path| Columns::open(path).map_err(|source| AdmitError::parquet(path, source));
    let mut files = Vec::new();
    for run in &decision.runs {
        files.push((open(&run.decide_path)?, open(&run.text_path)?));
    }
    let mut redacted = Vec::new();
    for (i, run) in decision.runs.iter().enumerate() {
        redacted.push(redactions(run, &decision.rows[i], &decision.outcomes, &files[i].1)?);
    }
    let plan =
        Plan { layout: vault.layout(), heavy: vault.heavy(), decision: &decision, files: &files, redacted: &redacted };
    let first = bucket << (plan.layout.shard_bits - plan.layout.bucket_bits);
    let count = 1 << (plan.layout.shard_bits - plan.layout.bucket_bits);
    let shards: Vec<Option<(Staged, List)>> =
        (first..first + count).into_par_iter().map(|prefix| plan.shard(store, prefix)).collect::<Result<_, _>>()?;
    let (shards, members) = shards.into_iter().flatten().unzip();
    let verdicts = verdicts::write(store, bucket, &decision)?;
    Ok(StagedBucket { decided: digest(&decision), shards, members, verdicts, tally: decision.tally })
}

struct Plan<'a> {
    layout: Layout,
    heavy: BTreeMap<PersonKey, u32>,
    decision: &'a BucketDecision,
    files: &'a [(Columns, Columns)],
    redacted: &'a [Vec<(u32, String)>],
}

impl Plan<'_> {
    fn shard(&self, store: &Store, prefix: u64) -> Result<Option<(Staged, List)>, BuildError> {
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
        let width = (self.layout.shard_bits as usize).div_ceil(4).max(1);
        let name = format!("train-{prefix:0width$x}.parquet");
        let path = store.scratch(&name)?;
        let mut writer = ShardWriter::create(&path)?;
        self.groups(&gathered, &mut writer)?;
        let Some(written) = writer.finish()? else { return Ok(None) };
        let list = List::write(store, &format!("{name}.members"), &gathered.persons, &gathered.names)?;
        let staged = store.stage(&path, written, format!("data/{name}"))?;
        Ok(Some((staged, list)))
    }

    /// Rows of a run in a shard that are admitted and hold text, ascending.
    fn admitted(&self, run: usize, prefix: u64) -> Vec<u32> {
        let rows = &self.decision.rows[run];
        let bits = self.layout.shard_bits;
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
