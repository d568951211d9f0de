//! Decides every row of one run: a merge of two sorted inputs, no text read, no hash join.
//!
//! Rows whose person and traits say everything are judged from the compiled slice at once. Rows
//! that name other people, stand under an order, an organisation or a retention date, or are named
//! by a choice, are set aside and judged one by one in [`super::lookup`].

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use mandat_core::admission::{Admission, Evaluator, PersonRows};
use mandat_core::derive::{RecordView, full_facts};
use mandat_core::proof::{PersonKey, RecordKey};
use mandat_core::time::Micros;
use mandat_core::traits::Traits;

use crate::admit::columns::{BATCH_ROWS, Columns, Decisive};
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
}

/// What was decided about every row of one run.
pub(crate) struct RunOutcomes {
    /// Outcome ids of the bucket's evaluator, or [`NO_CANDIDATE`].
    pub(crate) ids: Vec<u16>,
    /// First rows of persons, in order.
    pub(crate) spans: Vec<Span>,
    /// Traits in force for each row, overlay applied.
    pub(crate) traits: Vec<u64>,
}

/// Reads the decision columns of a run and judges every row.
pub(crate) fn scan(
    run: &Run,
    question: &Question,
    admission: &Admission,
    evaluator: &mut Evaluator,
) -> Result<RunOutcomes, AdmitError> {
    let columns = Columns::open(&run.decide_path).map_err(|source| AdmitError::parquet(&run.decide_path, source))?;
    let mut scan = Scanner::new(run, question, admission, evaluator);
    let groups = (0..columns.groups()).collect();
    let reader = columns
        .read(groups, &scan.names, BATCH_ROWS)
        .map_err(|source| AdmitError::parquet(&run.decide_path, source))?;
    for batch in reader {
        let batch = batch.map_err(|source| AdmitError::parquet(&run.decide_path, source.into()))?;
        scan.batch(&batch)?;
    }
    let mut out = scan.out;
    lookup::judge(run, &columns, question, evaluator, &mut out)?;
    Ok(out)
}

/// The rows of one person in one batch.
struct Rows<'a> {
    person: PersonKey,
    created: &'a [i64],
    collected: Option<&'a [i64]>,
    /// Record keys, where choices of the person name records.
    records: Option<&'a [[u8; 16]]>,
}

struct Scanner<'a> {
    run: &'a Run,
    author: lookup::Author<'a>,
    question: &'a Question<'a>,
    admission: &'a Admission,
    evaluator: &'a mut Evaluator,
    names: Vec<&'static str>,
    until: i64,
    position: usize,
    person: Option<(PersonKey, PersonRows<'a>)>,
    skip: usize,
    patch: usize,
    out: RunOutcomes,
}

impl<'a> Scanner<'a> {
    fn new(run: &'a Run, question: &'a Question<'a>, admission: &'a Admission, evaluator: &'a mut Evaluator) -> Self {
        let mut names = Decisive::NAMES.to_vec();
        if !question.shared().orders.is_empty() {
            names.push("collected_at");
        }
        if question.shared().names_records() || admission.names_any() {
            names.push("record");
        }
        let rows = run.rows as usize;
        let out = RunOutcomes { ids: Vec::with_capacity(rows), spans: Vec::new(), traits: Vec::with_capacity(rows) };
        Self {
            run,
            author: lookup::Author::new(question.snapshot),
            question,
            admission,
            evaluator,
            names,
            until: question.context.ask.at.0,
            position: 0,
            person: None,
            skip: 0,
            patch: 0,
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
        self.patch(base);
        let mut row = 0;
        while row < columns.persons.len() {
            let key = columns.persons[row];
            let mut end = row + 1;
            while end < columns.persons.len() && columns.persons[end] == key {
                end += 1;
            }
            let rows = self.turn_to(columns.person(row), base + row);
            let span = Rows {
                person: columns.person(row),
                created: &columns.created[row..end],
                collected: collected.map(|c| &c[row..end]),
                records: records.filter(|_| rows.names).map(|r| &r[row..end]),
            };
            self.person_rows(rows, &span, base + row);
            row = end;
        }
        self.set_aside(batch, records, base);
        self.drop_superseded(base);
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

    fn turn_to(&mut self, key: PersonKey, row: usize) -> PersonRows<'a> {
        if let Some((last, rows)) = self.person
            && last == key
        {
            return rows;
        }
        self.position = self.admission.seek(self.position, key);
        let rows = self.admission.at(self.position, key);
        self.person = Some((key, rows));
        let first = u32::try_from(row).expect("a run has at most u32 rows");
        self.out.spans.push(Span { person: key, first });
        rows
    }

    /// The hot loop.
    fn person_rows(&mut self, rows: PersonRows, span: &Rows, base: usize) {
        let admission = self.admission;
        let named = |i: usize| {
            let key = span.records.map(|r| RecordKey::from_bytes(r[i]));
            key.filter(|key| admission.names(*key))
        };
        let (mut slice, mut until) = rows.row(span.created[0]);
        for (i, created) in span.created.iter().enumerate() {
            if *created >= until {
                (slice, until) = rows.row(*created);
            }
            let traits = Traits(self.out.traits[base + i]);
            let id = if *created > self.until || self.question.categories.0 >> traits.category_index() & 1 == 0 {
                NO_CANDIDATE
            } else if rows.slow || traits.needs_lookup() {
                PENDING
            } else if let Some(key) = named(i) {
                self.named_row(key, traits, span, i)
            } else {
                short(self.evaluator.join(slice, traits))
            };
            self.out.ids.push(id);
        }
    }

    /// A record that its author's choices name, and that nobody else is in: all of it is at hand.
    fn named_row(&mut self, key: RecordKey, traits: Traits, span: &Rows, at: usize) -> u16 {
        let created = Micros(span.created[at]);
        let view = RecordView {
            key,
            id: "",
            person: span.person,
            traits,
            created,
            // Collection times are read where an order exists; nothing else asks for them.
            collected: span.collected.map_or(created, |c| Micros(c[at])),
            org: None,
            retain_until: None,
            others: &[],
        };
        let facts = full_facts(&view, self.author.turn_to(span.person), self.question.context, self.question.people);
        short(self.evaluator.judge(facts))
    }

    /// Sets aside rows that an order may reach, or that an event without an account names.
    fn set_aside(&mut self, batch: &RecordBatch, records: Option<&[[u8; 16]]>, base: usize) {
        let shared = self.question.shared();
        if let Some(collected) = batch.column_by_name("collected_at").and_then(|c| c.as_primitive_opt::<Int64Type>()) {
            for (i, collected) in collected.values().iter().enumerate() {
                let category = Traits(self.out.traits[base + i]).category();
                let reached = |o: &mandat_core::history::Order| {
                    o.processed.holds(Micros(*collected)) && category.is_none_or(|c| o.categories.has(c))
                };
                self.pend(base + i, || shared.orders.iter().any(reached));
            }
        }
        if let Some(records) = records.filter(|_| shared.names_records()) {
            for (i, key) in records.iter().enumerate() {
                self.pend(base + i, || shared.names_record(RecordKey::from_bytes(*key)));
            }
        }
    }

    fn pend(&mut self, row: usize, needed: impl FnOnce() -> bool) {
        if self.out.ids[row] < PENDING && needed() {
            self.out.ids[row] = PENDING;
        }
    }

    fn drop_superseded(&mut self, base: usize) {
        let superseded = &self.run.overlay.superseded;
        while let Some(row) = superseded.get(self.skip).filter(|r| (**r as usize) < self.out.ids.len()) {
            debug_assert!(*row as usize >= base, "bug: superseded rows out of order");
            self.out.ids[*row as usize] = NO_CANDIDATE;
            self.skip += 1;
        }
    }
}

impl RunOutcomes {
    /// Rows that wait for their lookup.
    pub(crate) fn pending(&self) -> Vec<u32> {
        let waiting = self.ids.iter().enumerate().filter(|(_, id)| **id == PENDING);
        waiting.map(|(row, _)| u32::try_from(row).expect("a run has at most u32 rows")).collect()
    }
}

/// The outcome id as stored per row.
pub(crate) fn short(id: u32) -> u16 {
    let id = u16::try_from(id).expect("bug: more than 65,533 distinct outcomes");
    assert!(id < PENDING, "bug: more than 65,533 distinct outcomes");
    id
}
