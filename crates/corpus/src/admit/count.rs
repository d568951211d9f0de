//! Counts the outcomes of one bucket, each person once however many runs hold their records.

use hashbrown::HashMap;
use mandat_core::admission::{Admission, Evaluator};
use mandat_core::place::Place;
use mandat_core::proof::PersonKey;
use mandat_core::table::{Outcome, Reasons};
use mandat_core::traits::{Mark, Traits};
use mandat_core::vocab::Verdict;

use crate::admit::scan::{NO_CANDIDATE, RunOutcomes};
use crate::admit::tally::{CATEGORY_SLOTS, Tally};

/// Walks the persons of all runs in key order.
pub(crate) fn count(runs: &[RunOutcomes], admission: &Admission, evaluator: &Evaluator) -> Tally {
    let mut counter = Counter {
        outcomes: evaluator.outcomes(),
        counts: vec![[0; CATEGORY_SLOTS]; evaluator.outcomes().len()],
        countries: HashMap::new(),
        tally: Tally::default(),
    };
    let mut next = vec![0; runs.len()];
    let mut position = 0;
    while let Some(person) = lowest(runs, &next) {
        let mut seen = Seen::default();
        for (run, at) in runs.iter().zip(&mut next) {
            if run.spans.get(*at).is_some_and(|s| s.person == person) {
                let end = run.spans.get(*at + 1).map_or(run.ids.len(), |s| s.first as usize);
                counter.rows(run, run.spans[*at].first as usize..end, &mut seen);
                *at += 1;
            }
        }
        if seen.verdicts != [0; 4] {
            position = admission.seek(position, person);
            counter.person(&seen, admission.at(position, person).country);
        }
    }
    counter.finish()
}

fn lowest(runs: &[RunOutcomes], next: &[usize]) -> Option<PersonKey> {
    runs.iter().zip(next).filter_map(|(run, at)| run.spans.get(*at)).map(|s| s.person).min()
}

/// What one person's rows came to.
#[derive(Default)]
struct Seen {
    reasons: u64,
    verdicts: [u64; 4],
}

struct Counter<'a> {
    outcomes: &'a [Outcome],
    counts: Vec<[u64; CATEGORY_SLOTS]>,
    countries: HashMap<Option<Place>, [u64; 4]>,
    tally: Tally,
}

impl Counter<'_> {
    fn rows(&mut self, run: &RunOutcomes, rows: std::ops::Range<usize>, seen: &mut Seen) {
        for (id, traits) in run.ids[rows.clone()].iter().zip(&run.traits[rows]) {
            if *id == NO_CANDIDATE {
                continue;
            }
            let (outcome, traits) = (self.outcomes[*id as usize], Traits(*traits));
            self.counts[*id as usize][traits.category_index()] += 1;
            seen.verdicts[outcome.verdict.index()] += 1;
            seen.reasons |= outcome.reasons.0;
            if outcome.verdict <= Verdict::IncludeRedacted && !traits.has(Mark::Text) {
                self.tally.without_text += 1;
            }
        }
    }

    fn person(&mut self, seen: &Seen, country: Option<Place>) {
        self.tally.person(Reasons(seen.reasons), seen.verdicts[0] + seen.verdicts[1] > 0);
        let row = self.countries.entry(country).or_default();
        row.iter_mut().zip(seen.verdicts).for_each(|(a, b)| *a += b);
    }

    fn finish(mut self) -> Tally {
        for (outcome, counts) in self.outcomes.iter().zip(self.counts).filter(|(_, c)| c.iter().any(|n| *n > 0)) {
            self.tally.outcomes.insert(*outcome, counts);
        }
        let mut countries: Vec<_> = self.countries.into_iter().collect();
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
