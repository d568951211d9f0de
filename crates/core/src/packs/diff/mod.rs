//! What one set of packs would change in another: rule by rule, and by combination of facts.

mod flips;

pub use flips::{Flip, FlipKind, flips};

use std::collections::BTreeMap;

use serde::Serialize;

use crate::packs::{Packs, literals};
use crate::table::Rule;

/// How a rule changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is new: records may fall out.
    Added,
    /// It is gone: records may come in.
    Removed,
    /// It reads otherwise.
    Changed,
}

/// One rule that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleDiff {
    /// `pack/rule`.
    pub rule: String,
    /// How it changed.
    pub change: Change,
    /// How it read, in one line.
    pub before: Option<String>,
    /// How it reads, in one line.
    pub after: Option<String>,
}

/// The rules and settings that differ, by id.
#[must_use]
pub fn diff(old: &Packs, new: &Packs) -> Vec<RuleDiff> {
    let index = |packs: &Packs| -> BTreeMap<String, String> {
        let rules = packs.table.rules.iter().map(|r| (r.id.clone(), line(r)));
        rules.chain(settings(packs)).collect()
    };
    let (old, new) = (index(old), index(new));
    let ids: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let compare = |id: &String| {
        let (before, after) = (old.get(id).cloned(), new.get(id).cloned());
        let change = match (&before, &after) {
            (Some(a), Some(b)) if a == b => return None,
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ => Change::Changed,
        };
        Some(RuleDiff { rule: id.clone(), change, before, after })
    };
    ids.into_iter().filter_map(compare).collect()
}

fn line(rule: &Rule) -> String {
    let profiles: Vec<_> = rule.profiles.iter().map(|p| p.as_str()).collect();
    let when = literals(rule).join(" and ");
    format!("{} {} when {when} ({}; {})", rule.verdict, rule.reason, profiles.join(", "), rule.articles.join(", "))
}

fn settings(packs: &Packs) -> Vec<(String, String)> {
    let s = packs.settings;
    let mut lines = vec![("settings/notice_window_days".to_string(), s.notice_window_days.to_string())];
    if s.min_training_age > 0 {
        lines.push(("settings/min_training_age".into(), s.min_training_age.to_string()));
    }
    lines.extend(s.records_from.map(|from| ("settings/records_from".into(), from.to_string())));
    lines
}
