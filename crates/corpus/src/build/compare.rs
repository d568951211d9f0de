//! What another set of rules would change on a real vault: records and people that come in or fall
//! out, and who would come in without having been told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use mandat_core::derive::{Context, Fact, Settings};
use mandat_core::proof::PersonKey;
use mandat_core::snapshot::Snapshot;
use mandat_core::table::{DecisionTable, Facts, Outcome, Rule};
use mandat_core::vocab::{Profile, Reason, Verdict};
use rayon::prelude::*;
use serde::Serialize;

use crate::admit::{BucketDecision, Question, SnapshotPeople, decide_bucket};
use crate::build::{BuildError, Order, Progress};
use crate::vault::Vault;

/// What would change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Candidates looked at.
    pub records: u64,
    /// Out before, in after; by the reasons they had.
    pub comes_in: Moved,
    /// In before, out after; by the reasons they get.
    pub falls_out: Moved,
    /// People of whom a record comes in though no notice, or under consent no valid consent, is on
    /// record, in key order.
    pub untold: BTreeSet<String>,
}

/// Records and people that change sides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// How many records.
    pub records: u64,
    /// How many people wrote them.
    pub people: u64,
    /// Records and people by reason; a record may have several.
    pub by_reason: BTreeMap<String, Count>,
}

/// Records and the people behind them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// How many records.
    pub records: u64,
    /// How many people.
    pub people: u64,
}

/// Decides every record by both orders' rules and compares. Both orders ask for the same recipe.
///
/// # Errors
/// When the vault cannot be read.
pub fn compare(
    vault: &Vault,
    snapshot: &dyn Snapshot,
    old: &Order,
    new: &Order,
    progress: Progress,
) -> Result<Comparison, BuildError> {
    let told = told(new.recipe.profile);
    let ask = new.ask(snapshot);
    // Facts are derived only where a rule looks at them, so who was told is asked with rules that do.
    let uses = told.rules.iter().fold(Facts::default(), |uses, rule| uses | rule.mask);
    let settings = [old.rules.settings, new.rules.settings, Settings { uses, ..new.rules.settings }];
    let contexts = settings.map(|settings| Context::new(&ask, snapshot.shared(), settings));
    let total = Mutex::new(Comparison::default());
    let done = AtomicU64::new(0);
    (0..vault.buckets()).into_par_iter().try_for_each(|bucket| {
        let decide = |side: usize, table: &DecisionTable| {
            let people = SnapshotPeople::new(snapshot, &contexts[side]);
            let categories = new.recipe.categories;
            let question = Question { context: &contexts[side], table, snapshot, people: &people, categories };
            decide_bucket(vault, &question, bucket)
        };
        let decisions = [decide(0, old.rules.table)?, decide(1, new.rules.table)?, decide(2, &told)?];
        let found = bucket_changes(&decisions);
        total.lock().expect("no thread panicked").add(found);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, vault.buckets());
        Ok::<(), BuildError>(())
    })?;
    Ok(total.into_inner().expect("no thread panicked"))
}

/// One rule: a person who was not told. It decides nothing but who is listed.
fn told(profile: Profile) -> DecisionTable {
    let fact = match profile {
        Profile::Consent => Fact::ConsentValid,
        Profile::LegitimateInterest => Fact::NoticeDelivered,
    };
    let rule = |author: Fact| Rule {
        id: "told".into(),
        profiles: vec![profile],
        mask: author.bit() | fact.bit(),
        value: author.bit(),
        verdict: Verdict::Exclude,
        reason: Reason::NoNotice,
        articles: Vec::new(),
    };
    DecisionTable { rules: vec![rule(Fact::AuthorNatural), rule(Fact::AuthorJoint)] }
}

/// What one person's records change, by reason index.
#[derive(Default)]
struct Person {
    comes_in: BTreeMap<usize, u64>,
    falls_out: BTreeMap<usize, u64>,
    in_records: u64,
    out_records: u64,
    untold: bool,
}

/// Changes in one bucket; every person's records lie in one bucket, in any of its runs.
fn bucket_changes([old, new, told]: &[BucketDecision; 3]) -> Comparison {
    let mut people: BTreeMap<PersonKey, Person> = BTreeMap::new();
    let mut found = Comparison::default();
    for (run, outcomes) in new.rows.iter().enumerate() {
        for (index, span) in outcomes.spans.iter().enumerate() {
            let end = outcomes.spans.get(index + 1).map_or(outcomes.ids.len(), |s| s.first as usize);
            for row in span.first as usize..end {
                let (Some(before), Some(after)) = (old.outcome(run, row), new.outcome(run, row)) else { continue };
                found.records += 1;
                if is_in(before) == is_in(after) {
                    continue;
                }
                let untold = told.outcome(run, row).is_some_and(|o| !is_in(o));
                people.entry(span.person).or_default().moves(before, after, untold);
            }
        }
    }
    for (key, person) in people {
        found.comes_in.person(person.in_records, &person.comes_in);
        found.falls_out.person(person.out_records, &person.falls_out);
        if person.untold {
            found.untold.insert(key.to_string());
        }
    }
    found
}

const fn is_in(outcome: Outcome) -> bool {
    matches!(outcome.verdict, Verdict::Include | Verdict::IncludeRedacted)
}

impl Person {
    fn moves(&mut self, before: Outcome, after: Outcome, untold: bool) {
        let (records, by_reason, reasons) = if is_in(after) {
            self.untold |= untold;
            (&mut self.in_records, &mut self.comes_in, before.reasons)
        } else {
            (&mut self.out_records, &mut self.falls_out, after.reasons)
        };
        *records += 1;
        for reason in reasons.iter() {
            *by_reason.entry(reason.index()).or_default() += 1;
        }
    }
}

impl Moved {
    fn person(&mut self, records: u64, by_reason: &BTreeMap<usize, u64>) {
        self.records += records;
        self.people += u64::from(records > 0);
        for (reason, records) in by_reason {
            let name = Reason::from_index(*reason).map_or("", Reason::as_str);
            self.by_reason.entry(name.to_owned()).or_default().add(Count { records: *records, people: 1 });
        }
    }

    fn add(&mut self, other: Self) {
        self.records += other.records;
        self.people += other.people;
        for (reason, count) in other.by_reason {
            self.by_reason.entry(reason).or_default().add(count);
        }
    }
}

impl Count {
    const fn add(&mut self, other: Self) {
        self.records += other.records;
        self.people += other.people;
    }
}

impl Comparison {
    fn add(&mut self, other: Self) {
        self.records += other.records;
        self.comes_in.add(other.comes_in);
        self.falls_out.add(other.falls_out);
        self.untold.extend(other.untold);
    }
}
