//! Counts of a plan: records by outcome, category and country, people by reason.

use std::collections::BTreeMap;

use mandat_core::table::Outcome;
use mandat_core::vocab::{Category, Reason, Verdict};
use serde::Serialize;

/// Slots for categories; bits that no version wrote count under the last.
pub(super) const CATEGORY_SLOTS: usize = 32;

/// Counts that add up over buckets in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records by outcome, then by category index.
    pub outcomes: BTreeMap<Outcome, [u64; CATEGORY_SLOTS]>,
    /// People with at least one record.
    pub people: u64,
    /// People with at least one record in.
    pub people_in: u64,
    /// People with at least one record that has a reason, by reason index.
    pub people_by_reason: BTreeMap<usize, u64>,
    /// Records by country of the author (`??` if unknown), then by verdict index.
    pub countries: BTreeMap<String, [u64; 4]>,
    /// Admitted records that hold no text, and so give no row.
    pub without_text: u64,
}

impl Tally {
    /// Adds another tally.
    pub fn add(&mut self, other: &Self) {
        for (outcome, counts) in &other.outcomes {
            let mine = self.outcomes.entry(*outcome).or_default();
            mine.iter_mut().zip(counts).for_each(|(a, b)| *a += b);
        }
        self.people += other.people;
        self.people_in += other.people_in;
        self.without_text += other.without_text;
        for (reason, people) in &other.people_by_reason {
            *self.people_by_reason.entry(*reason).or_default() += people;
        }
        for (country, counts) in &other.countries {
            let mine = self.countries.entry(country.clone()).or_default();
            mine.iter_mut().zip(counts).for_each(|(a, b)| *a += b);
        }
    }

    /// Records with a verdict.
    #[must_use]
    pub fn with_verdict(&self, verdict: Verdict) -> u64 {
        self.outcomes.iter().filter(|(o, _)| o.verdict == verdict).map(|(_, c)| c.iter().sum::<u64>()).sum()
    }

    /// Every record looked at.
    #[must_use]
    pub fn candidates(&self) -> u64 {
        self.outcomes.values().map(|c| c.iter().sum::<u64>()).sum()
    }

    /// The counts a person or a script reads.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            candidates: self.candidates(),
            include: self.with_verdict(Verdict::Include),
            include_redacted: self.with_verdict(Verdict::IncludeRedacted),
            hold: self.with_verdict(Verdict::Hold),
            exclude: self.with_verdict(Verdict::Exclude),
            without_text: self.without_text,
            people: self.people,
            people_in: self.people_in,
            reasons: self.by_reason(),
            categories: self.by_category(),
            countries: self.countries.iter().map(|(c, v)| (c.clone(), in_out(v[0] + v[1], v[2] + v[3]))).collect(),
        }
    }

    fn by_reason(&self) -> Vec<ReasonCount> {
        let mut rows: Vec<ReasonCount> = Vec::new();
        for reason in Reason::ALL {
            let mut row = ReasonCount { reason: *reason, any: 0, only: 0, people: 0 };
            for (outcome, counts) in self.outcomes.iter().filter(|(o, _)| o.reasons.has(*reason)) {
                let records: u64 = counts.iter().sum();
                row.any += records;
                if outcome.reasons.0.count_ones() == 1 {
                    row.only += records;
                }
            }
            row.people = self.people_by_reason.get(&reason.index()).copied().unwrap_or(0);
            if row.any > 0 {
                rows.push(row);
            }
        }
        rows.sort_by(|a, b| b.any.cmp(&a.any).then(a.reason.cmp(&b.reason)));
        rows
    }

    fn by_category(&self) -> BTreeMap<String, InOut> {
        let mut rows = BTreeMap::new();
        for category in Category::ALL {
            let mut row = in_out(0, 0);
            for (outcome, counts) in &self.outcomes {
                let records = counts[category.index()];
                if outcome.verdict <= Verdict::IncludeRedacted {
                    row.included += records;
                } else {
                    row.left_out += records;
                }
            }
            if row.included + row.left_out > 0 {
                rows.insert(category.as_str().to_owned(), row);
            }
        }
        rows
    }
}

const fn in_out(included: u64, left_out: u64) -> InOut {
    InOut { included, left_out }
}

/// A plan in numbers; the operator's own report, with nothing suppressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Records looked at: current versions made up to T.
    pub candidates: u64,
    /// In as they are.
    pub include: u64,
    /// In with somebody else's words cut out.
    pub include_redacted: u64,
    /// Stored, but unreadable for builds.
    pub hold: u64,
    /// Out.
    pub exclude: u64,
    /// Of those in: how many hold no text.
    pub without_text: u64,
    /// People with a record.
    pub people: u64,
    /// People with a record in.
    pub people_in: u64,
    /// By reason, most frequent first.
    pub reasons: Vec<ReasonCount>,
    /// By category.
    pub categories: BTreeMap<String, InOut>,
    /// By country of the author.
    pub countries: BTreeMap<String, InOut>,
}

/// One line of the table by reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonCount {
    /// The reason code.
    pub reason: Reason,
    /// Records that have it, among others.
    pub any: u64,
    /// Records that have it alone: what mending it would bring in.
    pub only: u64,
    /// People with such a record.
    pub people: u64,
}

/// Records in and out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct InOut {
    /// In, also redacted.
    pub included: u64,
    /// Out or on hold.
    pub left_out: u64,
}
