//! What changed, added up: records and people that come in or fall out, by reason.

use std::collections::BTreeMap;

use mandat_core::proof::{PersonKey, RecordKey};
use mandat_core::table::{Outcome, Reasons};
use mandat_core::vocab::{Reason, Verdict};

use crate::build::{Count, Moved};

/// In place of reasons: a record that the revision did not know, or that was made after its T.
pub const NEW: &str = "new";
/// In place of reasons: a record that the vault no longer holds.
pub const GONE: &str = "gone";

/// A row about which something else is decided than before.
pub(crate) struct Change {
    pub(crate) person: PersonKey,
    pub(crate) record: RecordKey,
    pub(crate) before: Option<Outcome>,
    pub(crate) after: Option<Outcome>,
}

/// Sums over buckets; everybody's records lie in one bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Moves {
    pub(crate) comes_in: Moved,
    pub(crate) falls_out: Moved,
    pub(crate) edited: u64,
    pub(crate) otherwise: u64,
}

/// Both sides of one record, over all its versions that changed.
#[derive(Default)]
struct Sides {
    before: Side,
    after: Side,
}

#[derive(Default)]
struct Side {
    known: bool,
    is_in: bool,
    reasons: u64,
}

impl Side {
    fn see(&mut self, outcome: Option<Outcome>) {
        let Some(outcome) = outcome else { return };
        self.known = true;
        self.is_in |= outcome.verdict <= Verdict::IncludeRedacted;
        self.reasons |= outcome.reasons.0;
    }

    fn reasons(&self, otherwise: &'static str) -> Vec<String> {
        if !self.known {
            return vec![otherwise.to_owned()];
        }
        Reasons(self.reasons).iter().map(|r: Reason| r.as_str().to_owned()).collect()
    }
}

/// What one person's records came to.
#[derive(Default)]
struct Person {
    comes_in: Moved,
    falls_out: Moved,
}

impl Moves {
    /// Adds the changed rows of a bucket.
    pub(crate) fn bucket(changes: &[Change]) -> Self {
        let mut records: BTreeMap<(PersonKey, RecordKey), (Sides, u64)> = BTreeMap::new();
        for change in changes {
            let (sides, rows) = records.entry((change.person, change.record)).or_default();
            sides.before.see(change.before);
            sides.after.see(change.after);
            *rows += 1;
        }
        let mut moves = Self::default();
        let mut people: BTreeMap<PersonKey, Person> = BTreeMap::new();
        for ((person, _), (sides, rows)) in &records {
            match (sides.before.is_in, sides.after.is_in) {
                (false, true) => one(&mut people.entry(*person).or_default().comes_in, &sides.before.reasons(NEW)),
                (true, false) => one(&mut people.entry(*person).or_default().falls_out, &sides.after.reasons(GONE)),
                (true, true) if *rows > 1 => moves.edited += 1,
                _ => moves.otherwise += 1,
            }
        }
        for person in people.into_values() {
            add_person(&mut moves.comes_in, person.comes_in);
            add_person(&mut moves.falls_out, person.falls_out);
        }
        moves
    }

    /// Adds those of another bucket.
    pub(crate) fn add(&mut self, other: Self) {
        self.edited += other.edited;
        self.otherwise += other.otherwise;
        add(&mut self.comes_in, other.comes_in);
        add(&mut self.falls_out, other.falls_out);
    }
}

fn one(moved: &mut Moved, reasons: &[String]) {
    moved.records += 1;
    for reason in reasons {
        moved.by_reason.entry(reason.clone()).or_default().records += 1;
    }
}

fn add_person(total: &mut Moved, mut person: Moved) {
    person.people = u64::from(person.records > 0);
    person.by_reason.values_mut().for_each(|count| count.people = 1);
    add(total, person);
}

fn add(total: &mut Moved, other: Moved) {
    total.records += other.records;
    total.people += other.people;
    for (reason, Count { records, people }) in other.by_reason {
        let count = total.by_reason.entry(reason).or_default();
        count.records += records;
        count.people += people;
    }
}
