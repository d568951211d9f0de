//! What changed since a revision, at the cost of what changed: people about whom something new is known,
//! people for whom time alone changed something, what was ingested since, and who is named in any of these.
//!
//! A revision leaves beside its verdicts what this needs (`basis`, `changes`, `index`); everything
//! that none of it touches is taken over unread. The result is that of comparing every record: a property
//! test holds the two equal. Where something changed that concerns everybody, every record is compared,
//! and [`Since::whole`] says why.

mod basis;
mod changes;
mod index;
mod judge;
mod moves;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use mandat_core::admission::Evaluator;
use mandat_core::derive::Context;
use mandat_core::event::{EventKind, EventLine};
use mandat_core::history::{PersonHistory, Shared, platform_of};
use mandat_core::proof::{Keyer, PersonKey, RecordKey};
use mandat_core::snapshot::Snapshot;
use mandat_core::table::Outcome;
use mandat_core::time::Micros;
use rayon::prelude::*;
use serde::Serialize;

pub(crate) use basis::Basis;
pub(crate) use changes::{Coming, coming};
pub(crate) use index::write as write_index;
pub use moves::{GONE, NEW};

use crate::admit::{Question, SnapshotPeople, decide_bucket};
use crate::build::{BuildError, Moved, Order, Store};
use crate::since::moves::{Change, Moves};
use crate::since::rows::{Rows, Then};
use crate::vault::Vault;

/// What the ledger took in since the revision's position.
#[derive(Debug, Clone, Default)]
pub struct Touched {
    /// People with new rows, and all accounts linked with theirs.
    pub people: BTreeSet<PersonKey>,
    /// Records that events without an account name.
    pub records: BTreeSet<RecordKey>,
    /// Something that concerns everybody.
    pub everybody: Option<Whole>,
}

impl Touched {
    /// Takes in an event that belongs to no person's history.
    pub fn event(&mut self, line: &EventLine, keyer: &Keyer) {
        match (line.event, &line.record) {
            (EventKind::Order | EventKind::OrgPolicy, _) => self.everybody = Some(Whole::Orders),
            (EventKind::Verification, _) => self.everybody = Some(Whole::Verifications),
            (_, Some(record)) => {
                self.records.insert(keyer.record(platform_of(line), record));
            }
            _ => {}
        }
    }
}

/// Why every record is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whole {
    /// The caller asked for it.
    Asked,
    /// The recipe is another.
    Recipe,
    /// The rule packs, or whether they are vouched for, changed.
    Packs,
    /// What the operator has on file changed.
    Controller,
    /// Notices came in.
    Notices,
    /// Orders or policies of organisations came in.
    Orders,
    /// Identity checks that name an event only came in.
    Verifications,
    /// An import of choices was undone.
    Undone,
    /// An order ended, a policy began, or another date passed that concerns everybody.
    Date,
    /// The moment asked about lies before that of the revision.
    Earlier,
    /// The revision was made by another version of Mandat.
    Version,
}

/// Why nothing can be compared row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Incomparable {
    /// The revision was made by a version that kept nothing to compare with.
    NoBasis,
    /// Batches that the revision was made from were merged or taken out since.
    Merged,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Since {
    /// Since which revision.
    pub revision: u64,
    /// T of then.
    pub at: Micros,
    /// Why every record was compared, if that was so.
    pub whole: Option<Whole>,
    /// People looked at.
    pub people: u64,
    /// Records judged anew.
    pub records: u64,
    /// Out or unknown then, in now; by the reasons they had.
    pub comes_in: Moved,
    /// In then, out now; by the reasons they get.
    pub falls_out: Moved,
    /// In then and now, in another version.
    pub edited: u64,
    /// On the same side as then, with another verdict or for other reasons.
    pub otherwise: u64,
    /// People for whom time alone may change something, by how many days from T on.
    pub ahead: BTreeMap<u32, u64>,
}

/// What the question was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// What changed.
    Changes(Box<Since>),
    /// Rows of then and now do not correspond.
    Incomparable(Incomparable),
}

/// Days ahead for which people with a change are counted.
const AHEAD: [u32; 5] = [1, 7, 30, 90, 365];

/// Tells what changed since a revision of the order's corpus.
///
/// # Errors
/// When the vault or what the revision left cannot be read.
pub fn since(
    vault: &Vault,
    store: &Store,
    revision: u64,
    snapshot: &dyn Snapshot,
    order: &Order,
    touched: &Touched,
    all: bool,
) -> Result<Answer, BuildError> {
    let corpus = &order.recipe.name;
    let Some(basis) = Basis::read(store, corpus, revision)? else {
        return Ok(Answer::Incomparable(Incomparable::NoBasis));
    };
    let live: BTreeSet<u64> = vault.manifest.units.iter().map(|u| u.number).collect();
    if !basis.vault.units.iter().all(|u| live.contains(&u.number)) {
        return Ok(Answer::Incomparable(Incomparable::Merged));
    }
    let ask = order.ask(snapshot);
    let context = Context::new(&ask, snapshot.shared(), order.rules.settings);
    let then = Then { vault, store, corpus, revision, basis: &basis };
    let whole = if all { Some(Whole::Asked) } else { whole(&then, snapshot, order, touched) };
    let asked = Asked { then, snapshot, order, context: &context };
    let changes = if whole.is_some() { asked.everything(whole)? } else { asked.touched(touched)? };
    Ok(Answer::Changes(Box::new(changes)))
}

/// Whether something changed that concerns everybody.
fn whole(then: &Then, snapshot: &dyn Snapshot, order: &Order, touched: &Touched) -> Option<Whole> {
    let (basis, now) = (then.basis, Basis::new(then.vault, snapshot, order));
    let policies = snapshot.shared().policies_begin(basis.at, now.now);
    let passed = policies || basis.everybody.is_some_and(|at| at <= now.now);
    let changed = [
        (basis.tool != now.tool, Whole::Version),
        (basis.recipe != now.recipe, Whole::Recipe),
        (basis.rules != now.rules, Whole::Packs),
        (basis.controller != now.controller, Whole::Controller),
        (now.at < basis.at || now.position < basis.position, Whole::Earlier),
        (passed, Whole::Date),
    ];
    touched.everybody.or_else(|| changed.into_iter().find_map(|(is, why)| is.then_some(why)))
}

/// The question, and what there is to compare.
struct Asked<'a> {
    then: Then<'a>,
    snapshot: &'a dyn Snapshot,
    order: &'a Order<'a>,
    context: &'a Context<'a>,
}

impl Asked<'_> {
    /// Compares every record.
    fn everything(&self, whole: Option<Whole>) -> Result<Since, BuildError> {
        let (vault, snapshot) = (self.then.vault, self.snapshot);
        let sums = Mutex::new((Moves::default(), 0, 0, BTreeMap::new()));
        (0..vault.buckets()).into_par_iter().try_for_each(|bucket| -> Result<(), BuildError> {
            let people = SnapshotPeople::new(snapshot, self.context);
            let decision = decide_bucket(vault, &self.question(snapshot, &people), bucket)?;
            let mut changes = Vec::new();
            for (index, run) in decision.runs.iter().enumerate() {
                let before = self.before(bucket, run.unit, run.rows)?;
                let after = |row: u32| decision.outcome(index, row as usize);
                let differs = |row: &u32| before[*row as usize] != after(*row);
                let rows: Vec<u32> = (0..run.rows).filter(differs).collect();
                let found = judge::identify(run, &rows)?;
                changes.extend(rows.iter().zip(found).map(|(row, (person, record))| Change {
                    person,
                    record,
                    before: before[*row as usize],
                    after: after(*row),
                }));
            }
            let mut next = Vec::new();
            snapshot.each_in_bucket(vault.layout().bucket_bits, bucket, &mut |_, history| {
                next.push(history.next_change_at(self.context));
            });
            let mut sums = sums.lock().expect("no thread panicked");
            sums.0.add(Moves::bucket(&changes));
            sums.1 += next.len() as u64;
            sums.2 += decision.runs.iter().map(|r| u64::from(r.rows)).sum::<u64>();
            next.into_iter().flatten().for_each(|at| self.count_ahead(at, &mut sums.3));
            Ok(())
        })?;
        let (moves, people, records, ahead) = sums.into_inner().expect("no thread panicked");
        Ok(self.since(whole, moves, (people, records), ahead))
    }

    /// Compares what something happened to.
    fn touched(&self, touched: &Touched) -> Result<Since, BuildError> {
        let mut people = touched.people.clone();
        people.extend(self.then.due(self.context.ask.now)?);
        people.extend(self.then.held_by(&people)?);
        let mut rows = Rows::new();
        self.then.of_people(&people, &mut rows)?;
        let (from, until) = (self.then.basis.at, self.context.ask.now);
        let mut records = touched.records.clone();
        records.extend(self.context.shared.records_changing(from, until, self.context.settings.notice_window_days));
        self.then.of_records(&records, &mut rows)?;
        self.then.by_time(self.context.ask.at, until, &mut rows)?;
        self.then.by_arrival(&mut rows)?;
        let known = Known::new(self.snapshot, &people);
        let (moves, judged) = self.judge(&known, rows)?;
        let ahead = self.ahead(&known, &people)?;
        Ok(self.since(None, moves, (people.len() as u64, judged), ahead))
    }

    fn judge(&self, known: &Known, rows: Rows) -> Result<(Moves, u64), BuildError> {
        let mut buckets: BTreeMap<u64, Vec<(u64, Vec<u32>)>> = BTreeMap::new();
        for ((bucket, unit), rows) in rows {
            buckets.entry(bucket).or_default().push((unit, rows.into_iter().collect()));
        }
        let sums = Mutex::new((Moves::default(), 0));
        buckets.into_par_iter().try_for_each(|(bucket, units)| -> Result<(), BuildError> {
            let people = SnapshotPeople::new(known, self.context);
            let question = self.question(known, &people);
            let mut evaluator = Evaluator::new(self.order.rules.table, self.context.ask.profile);
            let runs = self.then.vault.runs(bucket)?;
            let (mut changes, mut judged) = (Vec::new(), 0);
            for (unit, rows) in units {
                let Some(run) = runs.iter().find(|r| r.unit == unit) else { continue };
                judged += rows.len() as u64;
                let before = self.before_rows(bucket, unit, &rows)?;
                for (before, now) in before.into_iter().zip(judge::judge(run, &rows, &question, &mut evaluator)?) {
                    if before != now.outcome {
                        let after = now.outcome;
                        changes.push(Change { person: now.person, record: now.record, before, after });
                    }
                }
            }
            let mut sums = sums.lock().expect("no thread panicked");
            sums.0.add(Moves::bucket(&changes));
            sums.1 += judged;
            Ok(())
        })?;
        Ok(sums.into_inner().expect("no thread panicked"))
    }

    /// People by when time alone changes something for them: those of then, but for those looked at now.
    fn ahead(&self, known: &Known, people: &BTreeSet<PersonKey>) -> Result<BTreeMap<u32, u64>, BuildError> {
        let mut ahead: BTreeMap<u32, u64> = AHEAD.iter().map(|days| (*days, 0)).collect();
        let now = self.context.ask.at;
        self.then.ahead(&mut |bucket| {
            let due = bucket.count(now)?;
            for (days, people) in &mut ahead {
                *people += bucket.count(self.after_days(*days))? - due;
            }
            for at in bucket.next_of(people)?.into_iter().filter(|at| *at > now) {
                ahead.iter_mut().filter(|(days, _)| at <= self.after_days(**days)).for_each(|(_, people)| *people -= 1);
            }
            Ok(())
        })?;
        for history in people.iter().filter_map(|person| known.person(*person)) {
            if let Some(at) = history.next_change_at(self.context) {
                self.count_ahead(at, &mut ahead);
            }
        }
        Ok(ahead)
    }

    /// What the revision decided about every row of a run.
    fn before(&self, bucket: u64, unit: u64, rows: u32) -> Result<Vec<Option<Outcome>>, BuildError> {
        match self.then.index(bucket, unit)? {
            Some(index) => self.then.outcomes(&index, bucket, unit, 0..rows),
            None => Ok(vec![None; rows as usize]),
        }
    }

    /// What the revision decided about some rows of a run, ascending.
    fn before_rows(&self, bucket: u64, unit: u64, rows: &[u32]) -> Result<Vec<Option<Outcome>>, BuildError> {
        let Some(index) = self.then.index(bucket, unit)? else { return Ok(vec![None; rows.len()]) };
        let mut found = Vec::with_capacity(rows.len());
        for together in rows.chunk_by(|a, b| a + 1 == *b) {
            let range = together[0]..together[together.len() - 1] + 1;
            found.extend(self.then.outcomes(&index, bucket, unit, range)?);
        }
        Ok(found)
    }

    fn after_days(&self, days: u32) -> Micros {
        self.context.ask.at.plus_days(days.into())
    }

    fn count_ahead(&self, at: Micros, ahead: &mut BTreeMap<u32, u64>) {
        for days in AHEAD {
            *ahead.entry(days).or_default() += u64::from(at <= self.after_days(days));
        }
    }

    fn question<'q>(&'q self, snapshot: &'q dyn Snapshot, people: &'q SnapshotPeople<'q>) -> Question<'q> {
        let categories = self.order.recipe.categories;
        Question { context: self.context, table: self.order.rules.table, snapshot, people, categories }
    }

    fn since(
        &self,
        whole: Option<Whole>,
        moves: Moves,
        (people, records): (u64, u64),
        mut ahead: BTreeMap<u32, u64>,
    ) -> Since {
        AHEAD.iter().for_each(|days| {
            ahead.entry(*days).or_default();
        });
        let Moves { comes_in, falls_out, edited, otherwise } = moves;
        let (revision, at) = (self.then.revision, self.then.basis.at);
        Since { revision, at, whole, people, records, comes_in, falls_out, edited, otherwise, ahead }
    }
}

/// A snapshot of which some people are held, as they are asked for again and again.
struct Known<'a> {
    snapshot: &'a dyn Snapshot,
    people: BTreeMap<PersonKey, PersonHistory>,
}

/// People held at most.
const HELD: usize = 1 << 17;

impl<'a> Known<'a> {
    fn new(snapshot: &'a dyn Snapshot, people: &BTreeSet<PersonKey>) -> Self {
        let found = people.iter().take(HELD).filter_map(|key| Some((*key, snapshot.person(*key)?)));
        Self { snapshot, people: found.collect() }
    }
}

impl Snapshot for Known<'_> {
    fn position(&self) -> u64 {
        self.snapshot.position()
    }

    fn appended(&self) -> Micros {
        self.snapshot.appended()
    }

    fn shared(&self) -> &Shared {
        self.snapshot.shared()
    }

    fn each_in_bucket(&self, bits: u32, bucket: u64, visit: &mut dyn FnMut(PersonKey, &PersonHistory)) {
        self.snapshot.each_in_bucket(bits, bucket, visit);
    }

    fn person(&self, key: PersonKey) -> Option<PersonHistory> {
        self.people.get(&key).cloned().or_else(|| self.snapshot.person(key))
    }
}
