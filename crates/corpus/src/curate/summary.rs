//! What curation did, in numbers that add up over shards in any order.

use std::collections::BTreeMap;

use mandat_core::manifest::{self, published};
use serde::{Deserialize, Serialize};

use super::why::{Step, Why};

/// Records, and the people whose they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Records.
    pub records: u64,
    /// People with at least one of them.
    pub people: u64,
}

/// Records before and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InOut {
    /// Admitted.
    pub admitted: u64,
    /// Of those, kept.
    pub kept: u64,
}

/// Personal data taken out of kept texts, of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redacted {
    /// Places.
    pub spans: u64,
    /// In how many records.
    pub records: u64,
    /// Whose: people who wrote them.
    pub people: u64,
}

/// The operator's own account of one curation, with nothing suppressed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Admitted records with text.
    pub admitted: u64,
    /// Of those, kept.
    pub kept: u64,
    /// Bytes of text kept.
    pub bytes: u64,
    /// Dropped records by reason code; each counts once.
    pub dropped: BTreeMap<String, Cell>,
    /// What was taken out of kept texts, by kind.
    pub redacted: BTreeMap<String, Redacted>,
    /// By language: as the platform gave it or as detected, `und` if neither.
    pub languages: BTreeMap<String, InOut>,
    /// By length in code points; the key is the lower end of a span that doubles.
    pub lengths: BTreeMap<u32, InOut>,
    /// By month of creation, `YYYY-MM`, UTC.
    pub months: BTreeMap<String, InOut>,
}

/// What a step dropped, and what it left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Left {
    /// The step.
    pub step: Step,
    /// Dropped, by reason code.
    pub reasons: BTreeMap<String, Cell>,
    /// Left after it.
    pub left: u64,
}

impl Summary {
    /// Adds another summary.
    pub fn add(&mut self, other: &Self) {
        self.admitted += other.admitted;
        self.kept += other.kept;
        self.bytes += other.bytes;
        for (reason, cell) in &other.dropped {
            let mine = self.dropped.entry(reason.clone()).or_default();
            mine.records += cell.records;
            mine.people += cell.people;
        }
        for (kind, cell) in &other.redacted {
            let mine = self.redacted.entry(kind.clone()).or_default();
            mine.spans += cell.spans;
            mine.records += cell.records;
            mine.people += cell.people;
        }
        merge(&mut self.languages, &other.languages);
        merge(&mut self.lengths, &other.lengths);
        merge(&mut self.months, &other.months);
    }

    /// What each step dropped and left, in order; steps that dropped nothing are there too.
    #[must_use]
    pub fn funnel(&self) -> Vec<Left> {
        let mut left = self.admitted;
        let mut funnel = Vec::new();
        for step in Step::ALL {
            let of_step = |why: &Why| why.step() == Some(step);
            let words = (0..=u8::MAX).filter_map(Why::from_index).filter(of_step).map(Why::as_str);
            let reasons: BTreeMap<String, Cell> =
                words.filter_map(|word| Some((word.to_owned(), *self.dropped.get(word)?))).collect();
            left -= reasons.values().map(|cell| cell.records).sum::<u64>();
            funnel.push(Left { step, reasons, left });
        }
        funnel
    }

    /// What of it may be delivered: small cells suppressed (DESIGN 8.15).
    #[must_use]
    pub fn published(&self) -> manifest::Curation {
        let dropped = self.dropped.iter().map(|(k, c)| (k.clone(), published(c.records, c.people)));
        let redacted = self.redacted.iter().map(|(k, c)| (k.clone(), published(c.spans, c.people)));
        manifest::Curation { dropped_by_reason: dropped.collect(), redacted_by_kind: redacted.collect() }
    }
}

fn merge<K: Ord + Clone>(mine: &mut BTreeMap<K, InOut>, other: &BTreeMap<K, InOut>) {
    for (key, cell) in other {
        mine.entry(key.clone()).or_default().add(*cell);
    }
}

impl InOut {
    /// Adds another count.
    pub const fn add(&mut self, other: Self) {
        self.admitted += other.admitted;
        self.kept += other.kept;
    }

    /// Counts one record.
    pub(super) const fn count(&mut self, kept: bool) {
        self.admitted += 1;
        self.kept += kept as u64;
    }
}
