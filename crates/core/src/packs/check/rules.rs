//! Rules that disagree, cannot fire, add nothing, or that no scenario shows.

use std::collections::{BTreeMap, BTreeSet};

use crate::packs::check::logic::{Clause, Cube, solve};
use crate::packs::check::{Finding, FindingKind, Severity, assumptions};
use crate::packs::{Packs, Written};
use crate::table::Rule;
use crate::vocab::{Profile, Reason};

/// What is wrong with single rules and pairs of them.
pub(crate) fn rules(packs: &Packs) -> Vec<Finding> {
    let written: Vec<&Written> = packs.packs.iter().flat_map(|p| &p.rules).collect();
    let clauses = assumptions();
    let mut found = Vec::new();
    let mut living: Vec<&Written> = Vec::new();
    for one in &written {
        let earlier = written.iter().take_while(|w| w.rule.id != one.rule.id);
        let mut clashes: Vec<Finding> = earlier.filter_map(|other| clash(one, other)).collect();
        if clashes.iter().any(|f| f.kind == FindingKind::Contradiction) {
            clashes.retain(|f| f.kind == FindingKind::Contradiction);
        }
        clashes.truncate(3);
        if solve(&clauses, Cube::of(&one.rule)).is_none() {
            let message = format!("`{}` can never fire: its facts exclude each other", one.rule.id);
            let hint = "correct the condition or remove the rule";
            found.push(one.finding(FindingKind::Impossible, Severity::Error, message, hint));
        } else if clashes.is_empty() {
            living.push(one);
        } else {
            found.extend(clashes);
        }
    }
    found.extend(dead(&living, &clauses));
    found
}

/// Two rules with one condition and one reason: they disagree, or say the same.
fn clash(one: &Written, other: &Written) -> Option<Finding> {
    let (a, b) = (&one.rule, &other.rule);
    let same = a.mask == b.mask && a.value == b.value && a.reason == b.reason;
    if !same || !a.profiles.iter().any(|p| b.profiles.contains(p)) {
        return None;
    }
    let place = format!("`{}` at {}:{}", b.id, other.file, other.line);
    if a.verdict != b.verdict {
        let message = format!("`{}` decides {} where {place} decides {}", a.id, a.verdict, b.verdict);
        return Some(one.finding(FindingKind::Contradiction, Severity::Error, message, "keep the stricter of the two"));
    }
    if !a.profiles.iter().all(|p| b.profiles.contains(p)) {
        return None;
    }
    let message = format!("`{}` says again what {place} says", a.id);
    Some(one.finding(FindingKind::Duplicate, severity(one, other), message, "remove one of the two"))
}

/// Within one pack a needless rule is a mistake; another pack may have to stand on its own.
fn severity(one: &Written, other: &Written) -> Severity {
    if one.file == other.file { Severity::Error } else { Severity::Warning }
}

/// Rules that never add to the others with their reason, in the order in which they would be removed.
fn dead(living: &[&Written], clauses: &[Clause]) -> Vec<Finding> {
    let mut kept: Vec<&Written> = living.to_vec();
    let mut found = Vec::new();
    // Later packs and rules go first: they were written over the earlier ones.
    for one in living.iter().rev() {
        let others: Vec<&Written> = kept.iter().copied().filter(|w| w.rule.id != one.rule.id).collect();
        let covers = one.rule.profiles.iter().map(|profile| covered(&one.rule, *profile, &others, clauses));
        let Some(covers) = covers.collect::<Option<Vec<_>>>() else { continue };
        kept.retain(|w| w.rule.id != one.rule.id);
        let by: BTreeSet<&str> = covers.into_iter().flatten().map(|w| w.rule.id.as_str()).collect();
        let by: Vec<_> = by.into_iter().map(|id| format!("`{id}`")).collect();
        let at = others.iter().find(|w| by.contains(&format!("`{}`", w.rule.id)));
        let severity = at.map_or(Severity::Error, |other| severity(one, other));
        let message = format!("`{}` never adds anything: {} fires whenever it does", one.rule.id, by.join(" or "));
        found.push(one.finding(FindingKind::Dead, severity, message, "remove it, or narrow the other"));
    }
    found.reverse();
    found
}

/// The rules of a profile that together give the reason, as strictly, wherever `rule` fires; `None`
/// if somewhere they do not.
fn covered<'a>(rule: &Rule, profile: Profile, others: &[&'a Written], clauses: &[Clause]) -> Option<Vec<&'a Written>> {
    let cube = Cube::of(rule);
    let same = |w: &&&Written| {
        let r = &w.rule;
        r.reason == rule.reason && r.verdict >= rule.verdict && r.profiles.contains(&profile)
    };
    let mut all: Vec<&Written> = others.iter().filter(same).copied().collect();
    all.retain(|w| Cube::of(&w.rule).and(cube).is_some());
    let escapes = |rules: &[&Written]| {
        let mut clauses = clauses.to_vec();
        clauses.extend(rules.iter().map(|w| Cube::of(&w.rule).negated()));
        solve(&clauses, cube).is_some()
    };
    if escapes(&all) {
        return None;
    }
    // Only those that are needed for it.
    for index in (0..all.len()).rev() {
        let mut fewer = all.clone();
        fewer.remove(index);
        if !escapes(&fewer) {
            all = fewer;
        }
    }
    Some(all)
}

/// Rules and reasons that no scenario shows.
pub(crate) fn untested(packs: &Packs, shown: Option<&BTreeSet<String>>) -> Vec<Finding> {
    // What no scenario can show, such as a missing signature, names a test of the program.
    let by_program = |w: &Written| w.tests.iter().any(|t| t.contains("::"));
    let by_scenario = |w: &Written| shown.map_or(!w.tests.is_empty(), |ids| ids.contains(&w.rule.id));
    let is_shown = |w: &Written| by_scenario(w) || by_program(w);
    let mut found = Vec::new();
    let mut reasons: BTreeMap<Reason, Vec<&Written>> = BTreeMap::new();
    for one in packs.packs.iter().flat_map(|p| &p.rules) {
        reasons.entry(one.rule.reason).or_default().push(one);
        if !is_shown(one) {
            let message = format!("no scenario shows `{}`", one.rule.id);
            let hint = "write a scenario in which it fires, and name it in `tests`";
            found.push(one.finding(FindingKind::Untested, Severity::Warning, message, hint));
        }
    }
    for (reason, rules) in reasons.iter().filter(|(_, rules)| !rules.iter().any(|w| is_shown(w))) {
        let message = format!("no scenario shows the reason {reason}");
        let hint = "write a scenario that gives it";
        found.push(rules[0].finding(FindingKind::UntestedReason, Severity::Warning, message, hint));
    }
    found
}
