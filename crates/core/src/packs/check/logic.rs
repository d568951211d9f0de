//! A small exact search over facts: is there a combination that meets all clauses, and which is the
//! plainest?
//!
//! Tables have at most 128 facts and a few hundred rules, each a conjunction of a few literals, so
//! unit propagation with backtracking answers in milliseconds. No heuristics: same clauses, same
//! answer.

use crate::table::{Facts, Rule};

/// A conjunction of literals: the facts looked at, and which of them are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Cube {
    pub(crate) mask: u128,
    pub(crate) value: u128,
}

/// A disjunction of literals: one of `set` is set, or one of `clear` is clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) set: u128,
    pub(crate) clear: u128,
}

impl Cube {
    /// The condition of a rule.
    pub(crate) const fn of(rule: &Rule) -> Self {
        Self { mask: rule.mask.0, value: rule.value.0 }
    }

    /// These facts set and nothing else said.
    pub(crate) const fn set(facts: Facts) -> Self {
        Self { mask: facts.0, value: facts.0 }
    }

    /// What holds exactly where this does not.
    pub(crate) const fn negated(self) -> Clause {
        Clause { set: self.mask & !self.value, clear: self.value }
    }

    /// Both at once; `None` if they disagree.
    pub(crate) const fn and(self, other: Self) -> Option<Self> {
        let both = self.mask & other.mask;
        if self.value & both != other.value & both {
            return None;
        }
        Some(Self { mask: self.mask | other.mask, value: self.value | other.value })
    }

    /// With one bit decided.
    const fn with(self, bit: u128, on: bool) -> Self {
        Self { mask: self.mask | bit, value: if on { self.value | bit } else { self.value & !bit } }
    }
}

impl Clause {
    const fn is_met(self, cube: Cube) -> bool {
        self.set & cube.value != 0 || self.clear & cube.mask & !cube.value != 0
    }

    const fn open(self, cube: Cube) -> u128 {
        (self.set | self.clear) & !cube.mask
    }
}

/// A cube inside `start` under which every clause is met however the facts it leaves open turn out;
/// `None` if no combination meets them.
pub(crate) fn solve(clauses: &[Clause], start: Cube) -> Option<Cube> {
    let mut cube = propagate(clauses, start)?;
    let mut open = settle(clauses, &mut cube);
    // Clauses that share no fact are solved apart, or each would try the others' choices again.
    while let Some(part) = take_part(&mut open, cube) {
        let shortest = part.iter().min_by_key(|c| c.open(cube).count_ones())?;
        let bit = 1 << shortest.open(cube).trailing_zeros();
        // Clear first: the fewer facts are set, the plainer the combination.
        cube = [false, true].into_iter().find_map(|on| solve(&part, cube.with(bit, on)))?;
    }
    Some(cube)
}

/// Decides facts that open clauses want one way only; returns the clauses that stay open.
fn settle(clauses: &[Clause], cube: &mut Cube) -> Vec<Clause> {
    let mut open: Vec<Clause> = clauses.iter().copied().filter(|c| !c.is_met(*cube)).collect();
    loop {
        let set = open.iter().fold(0, |all, c| all | c.set) & !cube.mask;
        let clear = open.iter().fold(0, |all, c| all | c.clear) & !cube.mask;
        let one_way = set ^ clear;
        if one_way == 0 {
            return open;
        }
        *cube = Cube { mask: cube.mask | one_way, value: cube.value | one_way & set };
        open.retain(|c| !c.is_met(*cube));
    }
}

/// Takes the first open clause and all that are tied to it by open facts.
fn take_part(open: &mut Vec<Clause>, cube: Cube) -> Option<Vec<Clause>> {
    let mut tied = open.first()?.open(cube);
    loop {
        let wider = open.iter().map(|c| c.open(cube)).filter(|o| o & tied != 0).fold(tied, |all, o| all | o);
        if wider == tied {
            break;
        }
        tied = wider;
    }
    let (part, rest) = open.iter().partition(|c| c.open(cube) & tied != 0);
    *open = rest;
    Some(part)
}

/// Decides every fact that a clause leaves no choice about.
fn propagate(clauses: &[Clause], mut cube: Cube) -> Option<Cube> {
    loop {
        let before = cube;
        for clause in clauses.iter().filter(|c| !c.is_met(before)) {
            if clause.is_met(cube) {
                continue;
            }
            let open = clause.open(cube);
            match open.count_ones() {
                0 => return None,
                1 => cube = cube.with(open, clause.set & open != 0),
                _ => {}
            }
        }
        if cube == before {
            return Some(cube);
        }
    }
}

/// The facts set in a combination that meets all clauses, such that no smaller set of them does.
pub(crate) fn plainest(clauses: &[Clause], start: Cube) -> Option<Facts> {
    let mut set = solve(clauses, start)?.value;
    loop {
        let fewer = bits(set & !start.value).find_map(|bit| {
            let only = Cube { mask: !set | bit | start.mask, value: start.value };
            solve(clauses, only).map(|found| found.value)
        });
        match fewer {
            Some(smaller) => set = smaller,
            None => return Some(Facts(set)),
        }
    }
}

/// The single bits of a word, lowest first.
pub(crate) fn bits(word: u128) -> impl Iterator<Item = u128> {
    (0..128).map(|i| 1 << i).filter(move |bit| word & bit != 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FACTS: u32 = 7;

    fn literals() -> impl Strategy<Value = (u128, u128)> {
        (0..1_u128 << FACTS, 0..1_u128 << FACTS).prop_map(|(mask, value)| (mask, mask & value))
    }

    fn clauses() -> impl Strategy<Value = Vec<Clause>> {
        let clause = literals().prop_map(|(mask, value)| Clause { set: value, clear: mask & !value });
        proptest::collection::vec(clause, 0..24)
    }

    fn meets(clauses: &[Clause], word: u128) -> bool {
        clauses.iter().all(|c| c.is_met(Cube { mask: !0, value: word }))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn solving_agrees_with_trying_everything(clauses in clauses(), (mask, value) in literals()) {
            let start = Cube { mask, value };
            let inside = |word: &u128| word & mask == value;
            let all: Vec<u128> = (0..1 << FACTS).filter(inside).filter(|w| meets(&clauses, *w)).collect();
            match solve(&clauses, start) {
                None => prop_assert!(all.is_empty()),
                Some(cube) => {
                    prop_assert_eq!(cube.value & mask, value);
                    for word in (0..1_u128 << FACTS).filter(|w| w & cube.mask == cube.value) {
                        prop_assert!(all.contains(&word));
                    }
                }
            }
            if let Some(plain) = plainest(&clauses, start) {
                prop_assert!(all.contains(&plain.0));
                prop_assert!(all.iter().all(|w| *w == plain.0 || w & plain.0 != *w));
            }
        }

        #[test]
        fn a_negated_cube_holds_where_the_cube_does_not((mask, value) in literals(), word in 0..1_u128 << FACTS) {
            let clause = Cube { mask, value }.negated();
            prop_assert_eq!(clause.is_met(Cube { mask: !0, value: word }), word & mask != value);
        }
    }
}
