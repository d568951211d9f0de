//! What is wrong with packs that can be read: gaps, contradictions, rules that cannot fire or never
//! add anything, rules and reasons that no scenario shows.
//!
//! Works on the masks alone, exactly: a finding is a combination of facts that can occur, found by
//! search over all of them (facts exclude and imply each other as [`bearing`] says), never a guess.

mod bearing;
mod gaps;
pub(crate) mod logic;
mod rules;

pub(crate) use bearing::{assumptions, grounds};
pub use gaps::first_gap;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::packs::{Packs, Written};
use crate::vocab::Profile;

/// Something to mend in packs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind.
    pub kind: FindingKind,
    /// Whether packs that have it may not be used.
    pub severity: Severity,
    /// The file or built-in pack.
    pub file: String,
    /// Line of the rule, from 1; of a gap, 1.
    pub line: usize,
    /// Column of the rule, from 1; of a gap, 1.
    pub column: usize,
    /// The rule it is about; none for a gap.
    pub rule: Option<String>,
    /// What is wrong, in a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// The kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A combination of facts under which nothing fires and no ground exists.
    Gap,
    /// A denial that some combination of facts gets past.
    Unguarded,
    /// Two rules with one condition and one reason decide differently.
    Contradiction,
    /// A condition that no combination of facts can meet.
    Impossible,
    /// Two rules say the same.
    Duplicate,
    /// Whenever it fires, other rules give the same reason and at least the same verdict.
    Dead,
    /// A rule that no scenario shows.
    Untested,
    /// A reason whose rules no scenario shows.
    UntestedReason,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The packs may be used.
    Warning,
    /// They may not.
    Error,
}

/// Checks layered packs.
///
/// `shown` holds the rules that fired in some scenario, `pack/rule`; without it a rule counts as
/// shown if it names a scenario. Packs that stand alone are not asked for gaps: they reproduce them.
#[must_use]
pub fn check(packs: &Packs, shown: Option<&BTreeSet<String>>) -> Vec<Finding> {
    let mut found = Vec::new();
    if !packs.is_replay() {
        Profile::ALL.iter().for_each(|profile| found.extend(gaps::gaps(packs, *profile)));
    }
    found.extend(rules::rules(packs));
    if !packs.is_replay() || shown.is_some() {
        found.extend(rules::untested(packs, shown));
    }
    found
}

impl Written {
    /// A finding about this rule.
    fn finding(&self, kind: FindingKind, severity: Severity, message: String, hint: &str) -> Finding {
        Finding {
            kind,
            severity,
            file: self.file.clone(),
            line: self.line,
            column: self.column,
            rule: Some(self.rule.id.clone()),
            message,
            hint: hint.into(),
        }
    }
}

#[cfg(test)]
mod derived;
#[cfg(test)]
mod tests;
