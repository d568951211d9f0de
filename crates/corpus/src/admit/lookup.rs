//! The slow path: rows that need more than their person's slice, judged one by one.

use std::cell::RefCell;
use std::iter::Peekable;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use hashbrown::HashMap;
use mandat_core::admission::Evaluator;
use mandat_core::derive::{Other, People, RecordView, Stance, full_facts};
use mandat_core::history::PersonHistory;
use mandat_core::proof::{PersonKey, RecordKey};
use mandat_core::snapshot::Snapshot;
use mandat_core::time::Micros;
use mandat_core::traits::{Mark, Traits};
use mandat_core::vocab::Category;

use crate::admit::columns::Columns;
use crate::admit::count::Counts;
use crate::admit::scan::{RunOutcomes, short};
use crate::admit::{AdmitError, Question};
use crate::vault::{Run, run};

/// Histories kept for other people named in records; the rest is read again.
const KEPT: usize = 1 << 16;

pub(crate) const NAMES: [&str; 7] = ["person", "created_at", "collected_at", "id", "record", "retain_until", "org"];

/// Judges and counts the pending rows of a run, which ascend.
pub(crate) fn judge(
    run: &Run,
    columns: &Columns,
    question: &Question,
    evaluator: &mut Evaluator,
    pending: &[u32],
    out: &mut RunOutcomes,
    counts: &mut Counts,
) -> Result<(), AdmitError> {
    if pending.is_empty() {
        return Ok(());
    }
    let mut others = run.others()?.peekable();
    let mut author = Author::new(question.snapshot);
    let (mut done, mut span) = (0, 0);
    let names = needed(pending, out);
    for batch in columns.rows(pending, &names).map_err(|source| AdmitError::parquet(&run.decide_path, source))? {
        let batch = batch.map_err(|source| AdmitError::parquet(&run.decide_path, source.into()))?;
        let rows = SlowRows::of(&batch).ok_or_else(|| AdmitError::Layout(run.decide_path.clone()))?;
        for at in 0..batch.num_rows() {
            let row = pending[done];
            let named = named_in(&mut others, row)?;
            let traits = Traits(out.traits[row as usize]);
            let view = rows.view(at, traits, &named);
            let facts = full_facts(&view, author.turn_to(view.person), question.context, question.people);
            let id = short(evaluator.judge(facts));
            out.ids[row as usize] = id;
            while out.spans.get(span + 1).is_some_and(|next| next.first <= row) {
                span += 1;
            }
            counts.add(evaluator.outcome(id.into()), id, traits, 1, &mut out.seen[span]);
            done += 1;
        }
    }
    Ok(())
}

/// The columns that these rows are judged by: identity and times, and what some of them alone have.
fn needed(pending: &[u32], out: &RunOutcomes) -> Vec<&'static str> {
    let any = |mark: Mark| pending.iter().any(|row| Traits(out.traits[*row as usize]).has(mark));
    let mut names = vec!["person", "created_at", "collected_at", "record"];
    names.extend(any(Mark::Retention).then_some("retain_until"));
    names.extend(any(Mark::Org).then_some("org"));
    names
}

/// The other people of a row; skips those of rows before it.
pub(crate) fn named_in(others: &mut Peekable<run::Others>, row: u32) -> Result<Vec<Other>, AdmitError> {
    let mut named = Vec::new();
    loop {
        match others.peek() {
            Some(Ok(other)) if other.row > row => return Ok(named),
            None => return Ok(named),
            Some(_) => {}
        }
        let Some(other) = others.next() else { return Ok(named) };
        let other = other?;
        if other.row == row {
            named.push(Other {
                role: other.role,
                person: other.person,
                record: other.record,
                redactable: other.redactable,
            });
        }
    }
}

/// The author of the row at hand; rows come by person, so one history is held.
pub(crate) struct Author<'a> {
    snapshot: &'a dyn Snapshot,
    key: Option<PersonKey>,
    history: PersonHistory,
}

impl<'a> Author<'a> {
    pub(crate) fn new(snapshot: &'a dyn Snapshot) -> Self {
        Self { snapshot, key: None, history: PersonHistory::default() }
    }

    pub(crate) fn turn_to(&mut self, key: PersonKey) -> &PersonHistory {
        if self.key != Some(key) {
            self.history = self.snapshot.person(key).unwrap_or_default();
            self.key = Some(key);
        }
        &self.history
    }
}

/// The columns of rows on the slow path.
pub(crate) struct SlowRows<'a> {
    batch: &'a RecordBatch,
}

impl<'a> SlowRows<'a> {
    pub(crate) fn of(batch: &'a RecordBatch) -> Option<Self> {
        let keys = ["person", "record"]
            .iter()
            .all(|n| batch.column_by_name(n).is_some_and(|c| c.as_fixed_size_binary_opt().is_some()));
        let times = ["created_at", "collected_at"].iter();
        let times =
            times.clone().all(|n| batch.column_by_name(n).is_some_and(|c| c.as_primitive_opt::<Int64Type>().is_some()));
        (keys && times).then_some(Self { batch })
    }

    fn time(&self, name: &str, at: usize) -> Option<Micros> {
        let column = self.batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
        column.is_valid(at).then(|| Micros(column.value(at)))
    }

    pub(crate) fn traits(&self, at: usize) -> u64 {
        let column = self.batch.column_by_name("traits").and_then(|c| c.as_primitive_opt::<UInt64Type>());
        column.map_or(0, |c| c.value(at))
    }

    fn key(&self, name: &str, at: usize) -> Option<u128> {
        let column = self.batch.column_by_name(name)?.as_fixed_size_binary_opt()?;
        column.is_valid(at).then(|| column.value(at).try_into().map(u128::from_be_bytes).ok())?
    }

    pub(crate) fn view<'v>(&'v self, at: usize, traits: Traits, others: &'v [Other]) -> RecordView<'v> {
        let ids = self.batch.column_by_name("id").and_then(|c| c.as_string_opt::<i32>());
        RecordView {
            key: RecordKey(self.key("record", at).unwrap_or_default()),
            id: ids.map_or("", |c| c.value(at)),
            person: PersonKey(self.key("person", at).unwrap_or_default()),
            traits,
            created: self.time("created_at", at).unwrap_or(Micros::DISTANT_PAST),
            collected: self.time("collected_at", at).unwrap_or(Micros::DISTANT_PAST),
            org: self.key("org", at).map(PersonKey),
            retain_until: self.time("retain_until", at),
            others,
        }
    }
}

/// Answers for other people from the snapshot, the most recent ones kept.
pub struct SnapshotPeople<'a> {
    snapshot: &'a dyn Snapshot,
    context: &'a mandat_core::derive::Context<'a>,
    kept: RefCell<HashMap<PersonKey, Option<Arc<PersonHistory>>>>,
}

impl<'a> SnapshotPeople<'a> {
    /// People as one question sees them.
    #[must_use]
    pub fn new(snapshot: &'a dyn Snapshot, context: &'a mandat_core::derive::Context<'a>) -> Self {
        Self { snapshot, context, kept: RefCell::default() }
    }

    pub(crate) const fn snapshot(&self) -> &'a dyn Snapshot {
        self.snapshot
    }
}

impl People for SnapshotPeople<'_> {
    fn stance(&self, person: PersonKey, record: Option<RecordKey>, category: Category, created: Micros) -> Stance {
        let mut kept = self.kept.borrow_mut();
        if kept.len() >= KEPT {
            kept.clear();
        }
        let history = kept.entry(person).or_insert_with(|| self.snapshot.person(person).map(Arc::new)).clone();
        drop(kept);
        match history {
            Some(history) => history.stance(self.context, record, category, created),
            None => PersonHistory::default().stance(self.context, record, category, created),
        }
    }
}
