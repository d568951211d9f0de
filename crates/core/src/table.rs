//! The decision table: rules as masks over named facts (DESIGN 8.11).
//!
//! A rule fires when `facts & mask == value`. Every rule that fires adds its reason and verdict;
//! the most restrictive verdict wins and all reasons are kept. No rule is written in Rust: tables
//! come from packs. Both evaluators use this table: [`crate::decide`] rule by rule, the build
//! through [`Memo`] over interned fact words.

use serde::{Deserialize, Serialize};

use crate::vocab::{Profile, Reason, Verdict};

/// A set of at most 128 named facts, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Facts(pub u128);

impl std::ops::BitOr for Facts {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl std::ops::BitOrAssign for Facts {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// A set of reason codes, one bit per [`Reason::index`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Reasons(pub u64);

impl Reasons {
    /// Adds a reason.
    pub const fn insert(&mut self, reason: Reason) {
        self.0 |= 1 << reason.index();
    }

    /// Whether a reason is in the set.
    #[must_use]
    pub const fn has(self, reason: Reason) -> bool {
        self.0 >> reason.index() & 1 == 1
    }

    /// The reasons in code order.
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.iter().copied().filter(move |r| self.has(*r))
    }
}

/// What is decided about one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Outcome {
    /// The most restrictive verdict of the rules that fired; include if none did.
    pub verdict: Verdict,
    /// Every reason of the rules that fired.
    pub reasons: Reasons,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// `pack/rule`, unique in a table.
    pub id: String,
    /// The profiles it applies to.
    pub profiles: Vec<Profile>,
    /// The facts it looks at.
    pub mask: Facts,
    /// Which of them must be set; the rest of the mask must be clear.
    pub value: Facts,
    /// What it decides: never `include`.
    pub verdict: Verdict,
    /// The reason it gives.
    pub reason: Reason,
    /// The articles it rests on.
    pub articles: Vec<String>,
}

impl Rule {
    /// Whether the rule fires on these facts.
    #[must_use]
    pub const fn fires(&self, facts: Facts) -> bool {
        facts.0 & self.mask.0 == self.value.0
    }
}

/// The rules of all layered packs, for both profiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct DecisionTable {
    /// Rules in pack order; the order does not change any outcome.
    pub rules: Vec<Rule>,
}

impl DecisionTable {
    /// Evaluates every rule of a profile on these facts: the specification.
    #[must_use]
    pub fn outcome(&self, profile: Profile, facts: Facts) -> Outcome {
        let mut outcome = Outcome { verdict: Verdict::Include, reasons: Reasons::default() };
        for rule in self.firing(profile, facts) {
            outcome.verdict = outcome.verdict.max(rule.verdict);
            outcome.reasons.insert(rule.reason);
        }
        outcome
    }

    /// The rules of a profile that fire on these facts.
    pub fn firing(&self, profile: Profile, facts: Facts) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |r| r.profiles.contains(&profile) && r.fires(facts))
    }

    /// The lowering for one profile: masks in two flat columns, outcomes interned.
    #[must_use]
    pub fn lower(&self, profile: Profile) -> Memo {
        let rules = self.rules.iter().filter(|r| r.profiles.contains(&profile));
        let rows =
            rules.map(|r| Row { mask: r.mask.0, value: r.value.0, verdict: r.verdict, reason: 1 << r.reason.index() });
        Memo {
            rows: rows.collect(),
            known: hashbrown::HashMap::new(),
            outcomes: Vec::new(),
            ids: hashbrown::HashMap::new(),
        }
    }
}

struct Row {
    mask: u128,
    value: u128,
    verdict: Verdict,
    reason: u64,
}

/// Evaluates a table over fact words, each distinct word once.
///
/// Outcome ids are dense, so callers count outcomes in a plain array and expand reasons at the end.
pub struct Memo {
    rows: Vec<Row>,
    known: hashbrown::HashMap<u128, u32>,
    outcomes: Vec<Outcome>,
    ids: hashbrown::HashMap<Outcome, u32>,
}

impl Memo {
    /// The id of the outcome for these facts.
    pub fn id(&mut self, facts: Facts) -> u32 {
        if let Some(id) = self.known.get(&facts.0) {
            return *id;
        }
        let mut outcome = Outcome { verdict: Verdict::Include, reasons: Reasons::default() };
        for row in &self.rows {
            if facts.0 & row.mask == row.value {
                outcome.verdict = outcome.verdict.max(row.verdict);
                outcome.reasons.0 |= row.reason;
            }
        }
        let next = u32::try_from(self.outcomes.len()).expect("fewer outcomes than distinct fact words");
        let id = *self.ids.entry(outcome).or_insert(next);
        if id == next {
            self.outcomes.push(outcome);
        }
        self.known.insert(facts.0, id);
        id
    }

    /// The outcome behind an id.
    #[must_use]
    pub fn outcome(&self, id: u32) -> Outcome {
        self.outcomes[id as usize]
    }

    /// Every outcome seen so far, by id.
    #[must_use]
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }
}
