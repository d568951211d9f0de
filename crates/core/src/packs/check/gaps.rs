//! Combinations of facts that get past every rule.

use crate::derive::Fact;
use crate::packs::Packs;
use crate::packs::check::logic::{Clause, Cube, plainest};
use crate::packs::check::{Finding, FindingKind, Severity, assumptions, bearing, grounds};
use crate::table::{DecisionTable, Facts};
use crate::vocab::{Profile, Verdict};

/// The most gaps that are listed for a profile.
const LIMIT: usize = 10;

/// What can occur and no rule that keeps a record out fires on.
fn open(table: &DecisionTable, profile: Profile) -> Vec<Clause> {
    let mut clauses = assumptions();
    let blocking = table.rules.iter().filter(|r| r.verdict > Verdict::IncludeRedacted);
    clauses.extend(blocking.filter(|r| r.profiles.contains(&profile)).map(|r| Cube::of(r).negated()));
    clauses
}

/// Plainest combinations under which nothing keeps a record out and it has no ground, at most `limit`.
pub(crate) fn groundless(table: &DecisionTable, profile: Profile, limit: usize) -> Vec<Facts> {
    let mut clauses = open(table, profile);
    clauses.extend(grounds(profile).map(Cube::negated));
    let mut found = Vec::new();
    while found.len() < limit {
        let Some(facts) = plainest(&clauses, Cube::default()) else { break };
        clauses.push(Clause { set: 0, clear: facts.0 });
        found.push(facts);
    }
    found
}

/// The first combination of facts that layered packs let in without a ground, or past a denial: such
/// packs may not decide what goes into a corpus.
#[must_use]
pub fn first_gap(packs: &Packs, profile: Profile) -> Option<Finding> {
    gaps(packs, profile).into_iter().next()
}

/// Gaps and unguarded denials of one profile.
pub(crate) fn gaps(packs: &Packs, profile: Profile) -> Vec<Finding> {
    let last = packs.packs.last();
    let file = last.map_or_else(String::new, |p| p.rules.first().map_or_else(|| p.id.clone(), |w| w.file.clone()));
    let finding = |kind, message: String, hint: &str| Finding {
        kind,
        severity: Severity::Error,
        file: file.clone(),
        line: 1,
        column: 1,
        rule: None,
        message,
        hint: hint.into(),
    };
    let mut found = Vec::new();
    for facts in groundless(&packs.table, profile, LIMIT) {
        let message = format!("under {profile} a record goes in without a ground when {}", sentence(facts));
        found.push(finding(FindingKind::Gap, message, "add a rule that fires then, or layer the packs on eu-gdpr"));
    }
    let open = open(&packs.table, profile);
    for fact in bearing::denials(profile) {
        if let Some(facts) = plainest(&open, Cube::set(fact.bit())) {
            let message = format!("under {profile} `{fact}` does not keep a record out when {}", sentence(facts));
            found.push(finding(
                FindingKind::Unguarded,
                message,
                "add a rule on that fact alone, or layer the packs on core",
            ));
        }
    }
    for fact in bearing::NEEDED {
        if let Some(facts) = plainest(&open, Cube { mask: fact.bit().0, value: 0 }) {
            let message = format!("under {profile} a record goes in without `{fact}` when {}", sentence(facts));
            found.push(finding(
                FindingKind::Unguarded,
                message,
                "add a rule on its absence, or layer the packs on core",
            ));
        }
    }
    found
}

/// The facts that are set, in words.
fn sentence(facts: Facts) -> String {
    let names: Vec<_> = facts.iter().map(Fact::as_str).collect();
    if names.is_empty() { "no fact is set".into() } else { format!("only {} are set", names.join(", ")) }
}
