//! Decides every row of one run: a merge of two sorted inputs, no text read, no hash join.
//!
//! Rows whose person and traits say everything are judged from the compiled slice, all that follow
//! each other with the same traits at once. Rows that name other people, stand under an order, an
//! organisation or a retention date, or are named by a choice, are set aside and judged one by one
//! in [`super::lookup`].

use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use mandat_core::admission::{Admission, Evaluator, PersonRows};
use mandat_core::derive::{RecordView, full_facts};
use mandat_core::event::Categories;
use mandat_core::proof::{PersonKey, RecordKey};
use mandat_core::time::Micros;
use mandat_core::traits::Traits;

use crate::admit::columns::{BATCH_ROWS, Columns, Decisive};
use crate::admit::count::{Counts, Seen};
use crate::admit::{AdmitError, Question, lookup};
use crate::vault::{Overlay, Run};

/// Outcome id of a row that is no candidate: superseded, or made after T.
pub const NO_CANDIDATE: u16 = u16::MAX;
/// Outcome id of a row that waits for its lookup.
const PENDING: u16 = u16::MAX - 1;

/// Where the rows of one person lie in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) person: PersonKey,
    pub(crate) first: u32,
    /// Position among the compiled people; that of the next one for somebody of whom nothing is known.
    pub(crate) position: u32,
}

/// What was decided about every row of one run.
pub(crate) struct RunOutcomes {
    /// Outcome ids of the bucket's evaluator, or [`NO_CANDIDATE`].
    pub(crate) ids: Vec<u16>,
    /// First rows of persons, in order.
    pub(crate) spans: Vec<Span>,
    /// What the rows of each span came to.
    pub(crate) seen: Vec<Seen>,
    /// Traits in force for each row, overlay applied.
    pub(crate) traits: Vec<u64>,
}

/// Reads the decision columns of a run and judges every row.
pub(crate) fn scan(
    run: &Run,
    question: &Question,
    admission: &Admission,
    evaluator: &mut Evaluator,
    counts: &mut Counts,
) -> Result<RunOutcomes, AdmitError> {
    let failed = |source| AdmitError::parquet(&run.decide_path, source);
    let columns = Columns::open(&run.decide_path).map_err(failed)?;
    let mut scan = Scanner::new(run, question, admission, evaluator, counts);
    let groups = (0..columns.groups()).collect();
    for batch in columns.read(groups, &scan.names, BATCH_ROWS).map_err(failed)? {
        scan.batch(&batch.map_err(|source| failed(source.into()))?)?;
    }
    let (mut out, pending) = (scan.out, scan.pending);
    lookup::judge(run, &columns, question, evaluator, &pending, &mut out, counts)?;
    Ok(out)
}

/// The rows of one person in one batch.
struct Rows<'a> {
    person: PersonKey,
    /// Number of the first in the run.
    first: usize,
    created: &'a [i64],
    /// Collection times, where orders are asked about.
    collected: Option<&'a [i64]>,
    /// Record keys, where anything names records.
    records: Option<&'a [[u8; 16]]>,
}

struct Scanner<'a> {
    run: &'a Run,
    author: lookup::Author<'a>,
    question: &'a Question<'a>,
    admission: &'a Admission,
    evaluator: &'a mut Evaluator,
    counts: &'a mut Counts,
    names: Vec<&'static str>,
    /// Whether orders or events without an account may reach single rows.
    reached: bool,
    until: i64,
    position: usize,
    person: Option<(PersonKey, PersonRows<'a>)>,
    skip: usize,
    patch: usize,
    pending: Vec<u32>,
    out: RunOutcomes,
}

impl<'a> Scanner<'a> {
    fn new(
        run: &'a Run,
        question: &'a Question<'a>,
        admission: &'a Admission,
        evaluator: &'a mut Evaluator,
        counts: &'a mut Counts,
    ) -> Self {
        let mut names = Decisive::NAMES.to_vec();
        let (orders, named) = (!question.shared().orders.is_empty(), question.shared().names_records());
        names.extend(orders.then_some("collected_at"));
        names.extend((named || admission.names_any()).then_some("record"));
        let (rows, ids) = (run.rows as usize, Vec::with_capacity(run.rows as usize));
        let out = RunOutcomes { ids, spans: Vec::new(), seen: Vec::new(), traits: Vec::with_capacity(rows) };
        Self {
            run,
            author: lookup::Author::new(question.snapshot),
            question,
            admission,
            evaluator,
            counts,
            names,
            reached: orders || named,
            until: question.context.ask.at.0,
            position: 0,
            person: None,
            skip: 0,
            patch: 0,
            pending: Vec::new(),
            out,
        }
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), AdmitError> {
        let columns = Decisive::of(batch).ok_or_else(|| AdmitError::Layout(self.run.decide_path.clone()))?;
        let base = self.out.traits.len();
        let records = batch.column_by_name("record").and_then(|c| c.as_fixed_size_binary_opt());
        let records = records.map(|c| c.value_data().as_chunks::<16>().0);
        let collected = batch.column_by_name("collected_at").and_then(|c| c.as_primitive_opt::<Int64Type>());
        let collected = collected.map(|c| &c.values()[..]);
        self.out.traits.extend_from_slice(columns.traits);
        self.out.ids.resize(self.out.traits.len(), NO_CANDIDATE);
        self.patch(base);
        let mut row = 0;
        while row < columns.persons.len() {
            let key = columns.persons[row];
            let end = row + columns.persons[row..].iter().take_while(|other| **other == key).count();
            self.person(&Rows {
                person: columns.person(row),
                first: base + row,
                created: &columns.created[row..end],
                collected: collected.map(|c| &c[row..end]),
                records: records.map(|r| &r[row..end]),
            });
            row = end;
        }
        Ok(())
    }

    /// Applies what later arrivals changed about these rows' traits.
    fn patch(&mut self, base: usize) {
        let Overlay { patches, .. } = &self.run.overlay;
        while let Some(patch) = patches.get(self.patch).filter(|p| (p.row as usize) < self.out.traits.len()) {
            debug_assert!(patch.row as usize >= base, "bug: patches out of order");
            let traits = &mut self.out.traits[patch.row as usize];
            *traits = patch.apply(Traits(*traits)).0;
            self.patch += 1;
        }
    }

    fn person(&mut self, rows: &Rows) {
        let slice = self.turn_to(rows.person, rows.first);
        let end = rows.first + rows.created.len();
        let superseded = self.run.overlay.superseded.get(self.skip).is_some_and(|row| (*row as usize) < end);
        if slice.slow || slice.names_any() || self.reached || superseded {
            for at in 0..rows.created.len() {
                let id = self.row(slice, rows, at);
                self.settle(id, rows.first + at);
            }
        } else {
            self.plain(slice, rows);
        }
    }

    fn turn_to(&mut self, key: PersonKey, row: usize) -> PersonRows<'a> {
        if let Some((last, rows)) = self.person
            && last == key
        {
            return rows;
        }
        self.position = self.admission.seek(self.position, key);
        let rows = self.admission.at(self.position, key);
        self.person = Some((key, rows));
        self.out.spans.push(Span { person: key, first: number(row), position: number(self.position) });
        self.out.seen.push(Seen::default());
        rows
    }

    /// Rows that their person's slice and their traits decide: those made in one segment together.
    fn plain(&mut self, slice: PersonRows, rows: &Rows) {
        let last = rows.created.len() - 1;
        let made = if rows.created[last] <= self.until {
            last + 1
        } else {
            rows.created.partition_point(|created| *created <= self.until)
        };
        let mut at = 0;
        while at < made {
            let (row, until) = slice.row(rows.created[at]);
            let end = if rows.created[made - 1] < until {
                made
            } else {
                at + rows.created[at..made].partition_point(|created| *created < until).max(1)
            };
            self.stretch(row, rows.first + at..rows.first + end);
            at = end;
        }
    }

    /// The hot loop: rows of one person under one slice; equal traits next to each other are judged once.
    fn stretch(&mut self, slice: u32, rows: Range<usize>) {
        let Self { out, evaluator, counts, pending, question, .. } = self;
        let (mut ids, mut words) = (&mut out.ids[rows.clone()], &out.traits[rows.clone()]);
        let last = out.seen.last_mut().expect("bug: rows of nobody");
        let mut seen = *last;
        while let Some(word) = words.first() {
            let same = words.iter().take_while(|other| *other == word).count();
            let traits = Traits(*word);
            let id = judge(question.categories, evaluator, slice, traits);
            if id < PENDING {
                counts.add(evaluator.outcome(id.into()), id, traits, same, &mut seen);
            } else if id == PENDING {
                let first = rows.end - words.len();
                pending.extend((first..first + same).map(number));
            }
            let (here, rest) = ids.split_at_mut(same);
            here.fill(id);
            (ids, words) = (rest, &words[same..]);
        }
        *last = seen;
    }

    /// Writes down what was decided about one row, and counts it.
    fn settle(&mut self, id: u16, row: usize) {
        self.out.ids[row] = id;
        if id < PENDING {
            let seen = self.out.seen.last_mut().expect("bug: rows of nobody");
            self.counts.add(self.evaluator.outcome(id.into()), id, Traits(self.out.traits[row]), 1, seen);
        } else if id == PENDING {
            self.pending.push(number(row));
        }
    }

    /// One row of a person whose rows are not all alike.
    fn row(&mut self, slice: PersonRows, rows: &Rows, at: usize) -> u16 {
        let traits = Traits(self.out.traits[rows.first + at]);
        let asked = self.question.categories.0 >> traits.category_index() & 1 == 1;
        if self.superseded(rows.first + at) || rows.created[at] > self.until || !asked {
            return NO_CANDIDATE;
        }
        let key = rows.records.map(|records| RecordKey::from_bytes(records[at]));
        if slice.slow || traits.needs_lookup() || self.reaches(rows, at, key, traits) {
            return PENDING;
        }
        match key.filter(|key| slice.names(*key)) {
            Some(key) => self.named_row(key, traits, rows, at),
            None => short(self.evaluator.join(slice.row(rows.created[at]).0, traits)),
        }
    }

    fn superseded(&mut self, row: usize) -> bool {
        let list = &self.run.overlay.superseded;
        while list.get(self.skip).is_some_and(|other| (*other as usize) < row) {
            self.skip += 1;
        }
        list.get(self.skip).is_some_and(|other| *other as usize == row)
    }

    /// Whether an order may reach a row, or an event without an account names it.
    fn reaches(&self, rows: &Rows, at: usize, key: Option<RecordKey>, traits: Traits) -> bool {
        let shared = self.question.shared();
        let category = traits.category();
        let ordered = |o: &mandat_core::history::Order, collected: i64| {
            o.processed.holds(Micros(collected)) && category.is_none_or(|c| o.categories.has(c))
        };
        self.reached
            && (rows.collected.is_some_and(|c| shared.orders.iter().any(|o| ordered(o, c[at])))
                || key.is_some_and(|key| shared.names_record(key)))
    }

    /// A record that its author's choices name, and that nobody else is in: all of it is at hand.
    fn named_row(&mut self, key: RecordKey, traits: Traits, rows: &Rows, at: usize) -> u16 {
        let created = Micros(rows.created[at]);
        let view = RecordView {
            key,
            id: "",
            person: rows.person,
            traits,
            created,
            // Collection times are read where an order exists; nothing else asks for them.
            collected: rows.collected.map_or(created, |c| Micros(c[at])),
            org: None,
            retain_until: None,
            others: &[],
        };
        let facts = full_facts(&view, self.author.turn_to(rows.person), self.question.context, self.question.people);
        short(self.evaluator.judge(facts))
    }
}

/// The outcome id of a row that nothing but its person's slice and its traits decide.
#[inline]
fn judge(asked: Categories, evaluator: &mut Evaluator, slice: u32, traits: Traits) -> u16 {
    if asked.0 >> traits.category_index() & 1 == 0 {
        NO_CANDIDATE
    } else if traits.needs_lookup() {
        PENDING
    } else {
        short(evaluator.join(slice, traits))
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).expect("a run has at most u32 rows, a bucket as many people")
}

/// The outcome id as stored per row.
pub(crate) fn short(id: u32) -> u16 {
    let id = u16::try_from(id).expect("bug: more than 65,533 distinct outcomes");
    assert!(id < PENDING, "bug: more than 65,533 distinct outcomes");
    id
}
