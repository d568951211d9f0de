//! The vectorised evaluator's half that knows people: every person's choices, compiled for one question.
//!
//! A [`crate::derive`] fact word splits into a part that depends on the person, the category and the
//! time of creation, and a part that depends on the record alone. [`Admission`] holds the first part
//! for all people of a bucket in a few flat columns sorted by person key, so that admission is a
//! merge with the sorted records; [`Evaluator`] joins both parts through the decision table, each
//! distinct combination once. It never calls [`crate::decide`]; a property test holds the two equal.

mod bytes;

pub use bytes::{from_bytes, to_bytes};

use hashbrown::HashMap;

use crate::derive::{Context, Portrait, traits_facts};
use crate::history::PersonHistory;
use crate::place::Place;
use crate::proof::{PersonKey, RecordKey};
use crate::table::{DecisionTable, Facts, Memo, Outcome};
use crate::time::Micros;
use crate::traits::Traits;
use crate::vocab::{Category, Profile};

/// Slots for categories in a row of facts; one more than fits so that unknown bits stay in range.
const SLOTS: usize = 32;

/// A place nobody knows, as a number.
const PLACE_NONE: u64 = 0;

/// Facts per category that many people share.
type Row = [u32; SLOTS];

/// Where a person's records change facts: from this creation time on, this row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    from: i64,
    row: u32,
}

/// People of one bucket or of all, compiled for one question; sorted by key.
///
/// Resident size: 16 bytes of key, 8 of offsets and marks, 16 for each segment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admission {
    keys: Vec<PersonKey>,
    starts: Vec<u32>,
    marks: Vec<u8>,
    places: Vec<Option<Place>>,
    segments: Vec<Segment>,
    stranger: Vec<Segment>,
    /// Records that choices name, person by person, ascending within each.
    named: Vec<u128>,
    /// Who names records: position of the person, and where theirs begin.
    naming: Vec<Naming>,
}

/// Where the records that one person's choices name begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Naming {
    person: u32,
    first: u32,
}

/// Every record of the person takes the slow path.
const SLOW: u8 = 1;
/// Choices of the person name records: those take the slow path.
const NAMES: u8 = 2;

/// Rows and fact words shared by all people, and the table they are judged by.
///
/// One per worker; ids of two evaluators do not compare, [`Outcome`]s do.
pub struct Evaluator {
    memo: Memo,
    facts: Vec<Facts>,
    fact_ids: HashMap<u128, u32>,
    rows: Vec<Row>,
    row_ids: HashMap<Row, u32>,
    cache: Vec<Cached>,
    joined: HashMap<(u32, u64), u32>,
    /// Rows with the same facts for every category, by those facts.
    uniform: HashMap<u32, u32>,
    /// Breakpoints of the person at hand.
    points: Vec<Micros>,
}

#[derive(Clone, Copy)]
struct Cached {
    row: u32,
    traits: u64,
    outcome: u32,
}

const CACHE_BITS: u32 = 12;

impl Evaluator {
    /// An evaluator of a table under one profile.
    #[must_use]
    pub fn new(table: &DecisionTable, profile: Profile) -> Self {
        let empty = Cached { row: u32::MAX, traits: 0, outcome: 0 };
        Self {
            memo: table.lower(profile),
            facts: Vec::new(),
            fact_ids: HashMap::new(),
            rows: Vec::new(),
            row_ids: HashMap::new(),
            cache: vec![empty; 1 << CACHE_BITS],
            joined: HashMap::new(),
            uniform: HashMap::new(),
            points: Vec::new(),
        }
    }

    /// The row for facts per category.
    fn intern_row(&mut self, row: Row) -> u32 {
        let next = u32::try_from(self.rows.len()).expect("fewer rows than people");
        let id = *self.row_ids.entry(row).or_insert(next);
        if id == next {
            self.rows.push(row);
        }
        id
    }

    fn intern_facts(&mut self, facts: Facts) -> u32 {
        let next = u32::try_from(self.facts.len()).expect("fewer fact words than people");
        let id = *self.fact_ids.entry(facts.0).or_insert(next);
        if id == next {
            self.facts.push(facts);
        }
        id
    }

    /// The outcome id of a record from its person's row and its own traits: the hot path.
    #[inline]
    pub fn join(&mut self, row: u32, traits: Traits) -> u32 {
        let mixed = (traits.0 ^ u64::from(row).rotate_left(40)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let slot = (mixed >> (64 - CACHE_BITS)) as usize;
        let cached = self.cache[slot];
        if cached.row == row && cached.traits == traits.0 {
            return cached.outcome;
        }
        let outcome = self.join_cold(row, traits);
        self.cache[slot] = Cached { row, traits: traits.0, outcome };
        outcome
    }

    #[cold]
    fn join_cold(&mut self, row: u32, traits: Traits) -> u32 {
        if let Some(outcome) = self.joined.get(&(row, traits.0)) {
            return *outcome;
        }
        let facts = self.person_facts(row, traits) | traits_facts(traits);
        let outcome = self.memo.id(facts);
        self.joined.insert((row, traits.0), outcome);
        outcome
    }

    /// The person's part of the facts for a record with these traits.
    #[must_use]
    pub fn person_facts(&self, row: u32, traits: Traits) -> Facts {
        self.facts[self.rows[row as usize][traits.category_index()] as usize]
    }

    /// The outcome id for a whole fact word: the slow path, after the record's own facts were added.
    pub fn judge(&mut self, facts: Facts) -> u32 {
        self.memo.id(facts)
    }

    /// The outcome behind an id.
    #[must_use]
    pub fn outcome(&self, id: u32) -> Outcome {
        self.memo.outcome(id)
    }

    /// Every outcome met so far, by id.
    #[must_use]
    pub fn outcomes(&self) -> &[Outcome] {
        self.memo.outcomes()
    }

    /// Compiles one person's history; returns the segments in creation order.
    fn compile(&mut self, history: &PersonHistory, context: &Context, out: &mut Vec<Segment>) {
        let own = history.categories(context);
        let person = history.under(context);
        let start = out.len();
        let mut points = std::mem::take(&mut self.points);
        history.breakpoints_into(context, &mut points);
        let first = (i64::MIN, Micros::DISTANT_PAST);
        for (from, at) in std::iter::once(first).chain(points.iter().map(|at| (at.0, *at))) {
            let row = self.compile_row(&person, own.0, at);
            if out.len() == start || out[out.len() - 1].row != row {
                out.push(Segment { from, row });
            }
        }
        self.points = points;
    }

    fn compile_row(&mut self, person: &Portrait, own: u32, at: Micros) -> u32 {
        // Category bits that no version wrote are judged as the strictest we can: no basis at all.
        let nothing = self.intern_facts(Facts::default());
        let shared = Category::ALL.iter().find(|category| own & (1 << category.index()) == 0);
        let shared = shared.map(|category| self.intern_facts(person.facts(*category, at)));
        if let (0, Some(shared)) = (own, shared) {
            return self.uniform_row(shared, nothing);
        }
        let mut row = [nothing; SLOTS];
        for category in Category::ALL {
            row[category.index()] = match shared {
                Some(shared) if own & (1 << category.index()) == 0 => shared,
                _ => self.intern_facts(person.facts(*category, at)),
            };
        }
        self.intern_row(row)
    }

    /// The row with the same facts for every category.
    fn uniform_row(&mut self, facts: u32, nothing: u32) -> u32 {
        if let Some(row) = self.uniform.get(&facts) {
            return *row;
        }
        let mut row = [nothing; SLOTS];
        row[..Category::ALL.len()].fill(facts);
        let id = self.intern_row(row);
        self.uniform.insert(facts, id);
        id
    }
}

/// Compiles people one by one, in key order.
pub struct Compiler<'a> {
    context: &'a Context<'a>,
    admission: Admission,
}

impl<'a> Compiler<'a> {
    /// A compiler for one question; people nobody knows are compiled first.
    pub fn new(context: &'a Context<'a>, evaluator: &mut Evaluator) -> Self {
        let mut stranger = Vec::new();
        evaluator.compile(&PersonHistory::default(), context, &mut stranger);
        Self { context, admission: Admission { starts: vec![0], stranger, ..Admission::default() } }
    }

    /// Adds a person.
    ///
    /// # Panics
    /// If the keys are not strictly ascending: a snapshot is sorted by construction.
    pub fn push(&mut self, evaluator: &mut Evaluator, key: PersonKey, history: &PersonHistory) {
        let admission = &mut self.admission;
        assert!(admission.keys.last().is_none_or(|last| *last < key), "bug: people out of order");
        let names = if admission.push_named(history) { NAMES } else { 0 };
        admission.marks.push(names | if history.needs_lookup() { SLOW } else { 0 });
        admission.places.push(history.info.country);
        evaluator.compile(history, self.context, &mut admission.segments);
        admission.starts.push(u32::try_from(admission.segments.len()).expect("fewer segments than 2^32"));
        admission.keys.push(key);
    }

    /// Everybody added.
    #[must_use]
    pub fn finish(self) -> Admission {
        self.admission
    }
}

impl Admission {
    /// Whether choices name any record of the bucket.
    #[must_use]
    pub const fn names_any(&self) -> bool {
        !self.named.is_empty()
    }

    /// Takes in the records that the next person's choices name; `false` if there are none.
    fn push_named(&mut self, history: &PersonHistory) -> bool {
        let first = self.named.len();
        self.named.extend(history.named_records());
        if self.named.len() == first {
            return false;
        }
        self.named[first..].sort_unstable();
        let number = |n: usize| u32::try_from(n).expect("fewer people and named records than 2^32");
        self.naming.push(Naming { person: number(self.keys.len()), first: number(first) });
        true
    }

    /// The records that choices of the person at a position name, ascending.
    fn named_by(&self, position: usize) -> &[u128] {
        let at = self.naming.partition_point(|n| (n.person as usize) < position);
        let first = self.naming.get(at).filter(|n| n.person as usize == position).map(|n| n.first as usize);
        let end = self.naming.get(at + 1).map_or(self.named.len(), |n| n.first as usize);
        first.map_or(&[], |first| &self.named[first..end])
    }

    /// How many people.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether nobody is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Position of the first person at or after `key`, searching forward from `from` in doubling steps.
    #[must_use]
    pub fn seek(&self, from: usize, key: PersonKey) -> usize {
        let mut low = from;
        let mut step = 1;
        while low + step < self.keys.len() && self.keys[low + step] < key {
            low += step;
            step *= 2;
        }
        let high = (low + step + 1).min(self.keys.len());
        low + self.keys[low.min(high)..high].partition_point(|k| *k < key)
    }

    /// The person at a position if it is `key`, else somebody of whom nothing is known.
    #[must_use]
    pub fn at(&self, position: usize, key: PersonKey) -> PersonRows<'_> {
        if self.keys.get(position) != Some(&key) {
            return PersonRows { segments: &self.stranger, slow: false, named: &[] };
        }
        let (start, end) = (self.starts[position] as usize, self.starts[position + 1] as usize);
        PersonRows {
            segments: &self.segments[start..end],
            slow: self.marks[position] & SLOW != 0,
            named: if self.marks[position] & NAMES == 0 { &[] } else { self.named_by(position) },
        }
    }

    /// Country of the account of the person at a position, if it is known.
    #[must_use]
    pub fn country(&self, position: usize) -> Option<Place> {
        self.places.get(position).copied().flatten()
    }

    /// Whether the person at a position is `key`.
    #[must_use]
    pub fn is_at(&self, position: usize, key: PersonKey) -> bool {
        self.keys.get(position) == Some(&key)
    }
}

/// One person's compiled choices: rows by creation time.
#[derive(Debug, Clone, Copy)]
pub struct PersonRows<'a> {
    segments: &'a [Segment],
    /// Whether every record needs a lookup.
    pub slow: bool,
    named: &'a [u128],
}

impl PersonRows<'_> {
    /// Whether choices of the person name a record, so that it needs a lookup.
    #[must_use]
    pub fn names(&self, record: RecordKey) -> bool {
        self.named.binary_search(&record.0).is_ok()
    }

    /// Whether choices of the person name any record.
    #[must_use]
    pub const fn names_any(&self) -> bool {
        !self.named.is_empty()
    }

    /// The row in force for a record created at `created`, and the first creation time at which it
    /// no longer is.
    #[must_use]
    pub fn row(&self, created: i64) -> (u32, i64) {
        let next = self.segments.partition_point(|s| s.from <= created);
        let until = self.segments.get(next).map_or(i64::MAX, |s| s.from);
        (self.segments[next.saturating_sub(1)].row, until)
    }
}
