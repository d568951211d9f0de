//! Counts the outcomes of one bucket, each person once however many runs hold their records.

use hashbrown::HashMap;
use mandat_core::admission::{Admission, Evaluator};
use mandat_core::place::Place;
use mandat_core::table::Outcome;
use mandat_core::traits::{Mark, Traits};
use mandat_core::vocab::Verdict;

use crate::admit::scan::{RunOutcomes, Span};
use crate::admit::tally::{CATEGORY_SLOTS, Tally};

/// What one person's rows came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    reasons: u64,
    verdicts: [u32; 4],
}

/// Counts of rows, taken while they are judged.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// By outcome id, then by category index.
    cells: Vec<[u64; CATEGORY_SLOTS]>,
    without_text: u64,
}

impl Counts {
    /// Counts rows of one person with the same traits and the same outcome.
    #[inline]
    pub(crate) fn add(&mut self, outcome: Outcome, id: u16, traits: Traits, rows: usize, seen: &mut Seen) {
        let id = usize::from(id);
        if id >= self.cells.len() {
            self.cells.resize(id + 1, [0; CATEGORY_SLOTS]);
        }
        self.cells[id][traits.category_index()] += rows as u64;
        // A run has fewer than 2^32 rows.
        seen.verdicts[outcome.verdict.index()] += rows as u32;
        seen.reasons |= outcome.reasons.0;
        if outcome.verdict <= Verdict::IncludeRedacted && !traits.has(Mark::Text) {
            self.without_text += rows as u64;
        }
    }
}

/// Adds up what was counted; walks the persons of all runs in key order.
pub(crate) fn count(runs: &[RunOutcomes], counts: Counts, admission: &Admission, evaluator: &Evaluator) -> Tally {
    let mut people =
        People { reasons: [0; 64], countries: HashMap::new(), here: (None, [0; 4]), tally: Tally::default() };
    if let [run] = runs {
        run.spans.iter().zip(&run.seen).for_each(|(span, seen)| people.add(admission, span, seen));
    } else {
        merged(runs, &mut |span, seen| people.add(admission, span, seen));
    }
    let mut tally = people.finish();
    tally.without_text = counts.without_text;
    for (outcome, counts) in evaluator.outcomes().iter().zip(counts.cells).filter(|(_, c)| c.iter().any(|n| *n > 0)) {
        tally.outcomes.insert(*outcome, counts);
    }
    tally
}

/// Hands over each person of several runs once.
fn merged(runs: &[RunOutcomes], visit: &mut dyn FnMut(&Span, &Seen)) {
    let mut next = vec![0; runs.len()];
    let lowest =
        |next: &[usize]| runs.iter().zip(next).filter_map(|(run, at)| run.spans.get(*at)).min_by_key(|s| s.person);
    while let Some(span) = lowest(&next) {
        let mut all = Seen::default();
        for (run, at) in runs.iter().zip(&mut next) {
            if run.spans.get(*at).is_some_and(|s| s.person == span.person) {
                let seen = &run.seen[*at];
                all.reasons |= seen.reasons;
                all.verdicts.iter_mut().zip(seen.verdicts).for_each(|(a, b)| *a = a.saturating_add(b));
                *at += 1;
            }
        }
        visit(span, &all);
    }
}

struct People {
    /// By reason index.
    reasons: [u64; 64],
    countries: HashMap<Option<Place>, [u64; 4]>,
    /// Counts of the country at hand, not yet among the others.
    here: (Option<Place>, [u64; 4]),
    tally: Tally,
}

impl People {
    fn add(&mut self, admission: &Admission, span: &Span, seen: &Seen) {
        if seen.verdicts == [0; 4] {
            return;
        }
        self.tally.people += 1;
        self.tally.people_in += u64::from(seen.verdicts[0] + seen.verdicts[1] > 0);
        let mut rest = seen.reasons;
        while rest != 0 {
            self.reasons[rest.trailing_zeros() as usize] += 1;
            rest &= rest - 1;
        }
        let position = span.position as usize;
        let country = if admission.is_at(position, span.person) { admission.country(position) } else { None };
        if country != self.here.0 {
            self.leave();
            self.here.0 = country;
        }
        self.here.1.iter_mut().zip(seen.verdicts).for_each(|(a, b)| *a += u64::from(b));
    }

    /// Puts the counts of the country at hand with the others.
    fn leave(&mut self) {
        let counts = std::mem::take(&mut self.here.1);
        let row = self.countries.entry(self.here.0).or_default();
        row.iter_mut().zip(counts).for_each(|(a, b)| *a += b);
    }

    fn finish(mut self) -> Tally {
        self.leave();
        let reasons = self.reasons.iter().enumerate().filter(|(_, people)| **people > 0);
        self.tally.people_by_reason = reasons.map(|(reason, people)| (reason, *people)).collect();
        let mut countries: Vec<_> = self.countries.into_iter().filter(|(_, c)| *c != [0; 4]).collect();
        countries.sort_unstable_by_key(|(place, _)| *place);
        for (place, counts) in countries {
            let row = self.tally.countries.entry(country(place)).or_default();
            row.iter_mut().zip(counts).for_each(|(a, b)| *a += b);
        }
        self.tally
    }
}

/// The country of a place without its region, or `??`.
fn country(place: Option<Place>) -> String {
    let Some(place) = place else { return "??".to_owned() };
    let text = place.to_string();
    text.split('-').next().unwrap_or("??").to_owned()
}
