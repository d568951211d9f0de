//! What measurements need of Parquet: choices as a table, the cost of merely reading, admitted ids.
//!
//! Used by `mandat bench` alone; nothing here runs in a build.

use std::fs;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, BooleanArray, StringArray, StringViewArray};
use arrow_buffer::BooleanBuffer;
use arrow_select::filter::filter;
use mandat_core::admission::{Evaluator, from_bytes, to_bytes};
use mandat_core::derive::Context;
use mandat_core::snapshot::Snapshot;
use mandat_core::vocab::Verdict;
use rayon::prelude::*;

use crate::admit::columns::{BATCH_ROWS, Columns, Decisive};
use crate::admit::{BucketDecision, Question, SnapshotPeople, compile, decide_compiled};
use crate::build::{BuildError, Order};
use crate::vault::Vault;
use crate::vault::format::decide_schema;

/// Starts the threads that all later work of this process shares.
///
/// # Errors
/// A message, if they run already or cannot be started.
pub fn threads(count: usize) -> Result<(), String> {
    rayon::ThreadPoolBuilder::new().num_threads(count).build_global().map_err(|e| e.to_string())
}

fn folded_file(folder: &Path, bucket: u64) -> PathBuf {
    folder.join(format!("{bucket}.bin"))
}

/// Compiles the people of every bucket for a question and writes them, one row a person.
///
/// # Errors
/// When writing fails.
pub fn write_folded(vault: &Vault, snapshot: &dyn Snapshot, order: &Order, folder: &Path) -> Result<(), BuildError> {
    fs::create_dir_all(folder).map_err(|source| BuildError::io("create", folder, source))?;
    let ask = order.ask(snapshot);
    let context = Context::new(&ask, snapshot.shared(), order.rules.settings);
    for bucket in 0..vault.buckets() {
        let people = SnapshotPeople::new(snapshot, &context);
        let question = Question::new(order, &context, &people);
        let mut evaluator = Evaluator::new(order.rules.table, ask.profile);
        let admission = compile(&question, &mut evaluator, vault.layout().bucket_bits, bucket);
        let path = folded_file(folder, bucket);
        fs::write(&path, to_bytes(&admission, &evaluator)).map_err(|source| BuildError::io("write", &path, source))?;
    }
    Ok(())
}

/// Decides every bucket from people that [`write_folded`] wrote; returns how many records are in.
///
/// # Errors
/// When reading fails.
pub fn plan_folded(vault: &Vault, snapshot: &dyn Snapshot, order: &Order, folder: &Path) -> Result<u64, BuildError> {
    let ask = order.ask(snapshot);
    let context = Context::new(&ask, snapshot.shared(), order.rules.settings);
    let kept = (0..vault.buckets()).into_par_iter().map(|bucket| {
        let people = SnapshotPeople::new(snapshot, &context);
        let question = Question::new(order, &context, &people);
        let mut evaluator = Evaluator::new(order.rules.table, ask.profile);
        let path = folded_file(folder, bucket);
        let bytes = fs::read(&path).map_err(|source| BuildError::io("read", &path, source))?;
        let admission = from_bytes(&bytes, &mut evaluator).ok_or(BuildError::Layout("folded"))?;
        let tally = decide_compiled(vault, &question, bucket, &admission, &mut evaluator)?.tally;
        Ok(tally.with_verdict(Verdict::Include) + tally.with_verdict(Verdict::IncludeRedacted))
    });
    kept.sum()
}

/// Takes one choice: account, purpose, kind, category, record, time in microseconds.
pub type Visit<'a> = &'a mut dyn FnMut(&str, &str, &str, Option<&str>, Option<&str>, i64);

/// Hands over every row of `choices.parquet`: account, purpose, kind, category, record, time.
///
/// # Errors
/// When reading fails.
pub fn each_choice(path: &Path, visit: Visit) -> Result<(), BuildError> {
    let columns = Columns::open(path)?;
    let names = ["account", "purpose", "kind", "category", "record", "effective_at"];
    for batch in columns.read((0..columns.groups()).collect(), &names, BATCH_ROWS)? {
        let batch = batch?;
        let text = |name: &'static str| {
            batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>()).ok_or(BuildError::Layout(name))
        };
        let (account, purpose, kind) = (text("account")?, text("purpose")?, text("kind")?);
        let (category, record) = (text("category")?, text("record")?);
        let at = batch.column_by_name("effective_at").and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>());
        let at = at.ok_or(BuildError::Layout("effective_at"))?;
        for i in 0..batch.num_rows() {
            let optional = |c: &StringArray| c.is_valid(i).then_some(i);
            visit(
                account.value(i),
                purpose.value(i),
                kind.value(i),
                optional(category).map(|i| category.value(i)),
                optional(record).map(|i| record.value(i)),
                at.value(i),
            );
        }
    }
    Ok(())
}

/// Reads the columns that a plan reads and adds them up: what merely reading costs.
///
/// # Errors
/// When reading fails.
pub fn read_decisive(vault: &Vault) -> Result<(u64, u64), BuildError> {
    let sums = (0..vault.buckets()).into_par_iter().map(|bucket| read_bucket(vault, bucket));
    sums.try_reduce(|| (0, 0), |a, b| Ok((a.0 + b.0, a.1.wrapping_add(b.1))))
}

fn read_bucket(vault: &Vault, bucket: u64) -> Result<(u64, u64), BuildError> {
    let (mut rows, mut sum) = (0, 0_u64);
    for run in vault.runs(bucket)? {
        let columns = Columns::open(&run.decide_path)?;
        for batch in columns.read((0..columns.groups()).collect(), &Decisive::NAMES, BATCH_ROWS)? {
            let batch = batch?;
            let decisive = Decisive::of(&batch).ok_or(BuildError::Layout("person"))?;
            rows += batch.num_rows() as u64;
            for ((person, created), traits) in decisive.persons.iter().zip(decisive.created).zip(decisive.traits) {
                sum = sum.wrapping_add(u64::from(person[15])).wrapping_add(*created as u64).wrapping_add(*traits);
            }
        }
    }
    Ok((rows, sum))
}

/// A list of ids as Arrow holds it: views, with the page that longer ones lie in.
pub type Ids = StringViewArray;

/// The ids of the admitted rows of a decided bucket, batch by batch.
///
/// # Errors
/// When reading fails.
pub fn admitted_ids(decision: &BucketDecision) -> Result<Vec<Ids>, BuildError> {
    let mut ids = Vec::new();
    let mut admits = vec![false; usize::from(u16::MAX) + 1];
    for (id, outcome) in decision.outcomes.iter().enumerate() {
        admits[id] = outcome.verdict <= Verdict::IncludeRedacted;
    }
    for (index, run) in decision.runs.iter().enumerate() {
        let columns = Columns::open_views(&run.decide_path, &decide_schema())?;
        let rows = &decision.rows[index].ids;
        let mut base = 0;
        for batch in columns.read((0..columns.groups()).collect(), &["id"], BATCH_ROWS)? {
            let batch = batch?;
            let rows = &rows[base..base + batch.num_rows()];
            base += batch.num_rows();
            let kept = BooleanBuffer::collect_bool(rows.len(), |row| admits[usize::from(rows[row])]);
            let column = filter(batch.column(0), &BooleanArray::new(kept, None))?;
            ids.push(column.as_string_view_opt().ok_or(BuildError::Layout("id"))?.clone());
        }
    }
    Ok(ids)
}
