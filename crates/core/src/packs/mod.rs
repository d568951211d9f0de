//! Rule packs: TOML that compiles to one decision table of masks over named facts.
//!
//! Packs are layered and only tighten: every rule of every pack applies, and of each setting the
//! strictest. The table's hash covers what decides and what is said about it: ids, versions,
//! conditions, verdicts, reasons, articles and settings; comments and order of keys do not count.

mod check;
mod diff;
mod embedded;
mod format;
mod sign;

pub use check::{Finding, FindingKind, Severity, check, first_gap};
pub use diff::{Change, Flip, FlipKind, RuleDiff, diff, flips};
pub use embedded::{DEFAULT, default_packs, embedded, names};
pub use format::{Kind, Pack, Written};
pub use sign::{SignatureError, sign, signer, statement};

use std::fmt;

use crate::derive::Settings;
use crate::proof::{Digest, Hasher};
use crate::table::{DecisionTable, Facts};

/// Layered packs, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packs {
    /// `id@version` of each, in layering order.
    pub ids: Vec<String>,
    /// Over the canonical content of all of them.
    pub hash: Digest,
    /// The compiled rules.
    pub table: DecisionTable,
    /// The strictest of all settings.
    pub settings: Settings,
    /// The packs as read.
    pub packs: Vec<Pack>,
}

/// Something wrong in a pack or a scenario, and where.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Diagnostic {
    /// The file or the built-in pack.
    pub file: String,
    /// Line, from 1; 0 = unknown.
    pub line: usize,
    /// Column, from 1; 0 = unknown.
    pub column: usize,
    /// Lower-case fragment that says what is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

impl Packs {
    /// Reads and layers packs, given as name and text in layering order.
    ///
    /// # Errors
    /// Every complaint about any of them, with file, line and column.
    pub fn load(sources: &[(&str, &str)]) -> Result<Self, Vec<Diagnostic>> {
        let mut packs = Vec::new();
        let mut found = Vec::new();
        for (name, text) in sources {
            match Pack::read(name, text) {
                Ok(pack) => packs.push(pack),
                Err(problems) => found.extend(problems),
            }
        }
        found.extend(collisions(&packs));
        if !found.is_empty() {
            return Err(found);
        }
        let table =
            DecisionTable { rules: packs.iter().flat_map(|p| p.rules.iter().map(|w| w.rule.clone())).collect() };
        Ok(Self {
            ids: packs.iter().map(|p| format!("{}@{}", p.id, p.version)).collect(),
            hash: hash(&packs),
            table,
            settings: layered(&packs),
            packs,
        })
    }

    /// The built-in packs of some names.
    ///
    /// # Errors
    /// A complaint for each name that is no built-in pack.
    pub fn embedded(names: &[&str]) -> Result<Self, Vec<Diagnostic>> {
        let unknown: Vec<_> = names.iter().filter(|n| embedded(n).is_none()).map(|n| unknown_pack(n)).collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        let sources: Vec<_> = names.iter().filter_map(|n| embedded(n).map(|text| (*n, text))).collect();
        Self::load(&sources)
    }

    /// Whether any of them reproduces a claim and so must never be a ground for a corpus.
    #[must_use]
    pub fn is_replay(&self) -> bool {
        self.packs.iter().any(|p| p.kind == Kind::Replay)
    }

    /// Whether some rule gives a reason.
    #[must_use]
    pub fn gives(&self, reason: crate::vocab::Reason) -> bool {
        self.table.rules.iter().any(|r| r.reason == reason)
    }
}

/// The complaint about a pack that nobody knows.
#[must_use]
pub fn unknown_pack(name: &str) -> Diagnostic {
    let known: Vec<_> = names().collect();
    Diagnostic {
        file: name.into(),
        line: 0,
        column: 0,
        message: format!("no pack named `{name}`"),
        hint: Some(format!("built in are: {}", known.join(" "))),
    }
}

fn collisions(packs: &[Pack]) -> Vec<Diagnostic> {
    let mut seen = std::collections::BTreeMap::new();
    let mut found = Vec::new();
    for written in packs.iter().flat_map(|p| &p.rules) {
        if let Some((file, line)) = seen.insert(&written.rule.id, (&written.file, written.line)) {
            found.push(Diagnostic {
                file: written.file.clone(),
                line: written.line,
                column: written.column,
                message: format!("rule `{}` exists already at {file}:{line}", written.rule.id),
                hint: Some("give it another id, or name the pack once".into()),
            });
        }
    }
    let replay = packs.iter().find(|p| p.kind == Kind::Replay);
    if let (Some(replay), true) = (replay, packs.len() > 1) {
        found.push(Diagnostic {
            file: replay.id.clone(),
            line: 0,
            column: 0,
            message: format!("`{}` stands alone and cannot be layered", replay.id),
            hint: Some("name it without other packs".into()),
        });
    }
    found
}

/// Of each setting the strictest.
fn layered(packs: &[Pack]) -> Settings {
    let base = Settings::default();
    let days = packs.iter().filter_map(|p| p.settings.1);
    let alone = packs.len() == 1 && packs[0].kind == Kind::Replay;
    let window = days.max().map_or(base.notice_window_days, |d| if alone { d } else { d.max(base.notice_window_days) });
    Settings {
        min_training_age: packs.iter().filter_map(|p| p.settings.0).max().unwrap_or(base.min_training_age),
        notice_window_days: window,
        records_from: packs.iter().filter_map(|p| p.settings.2).max(),
        packs_signed: base.packs_signed,
        uses: packs.iter().flat_map(|p| &p.rules).fold(Facts::default(), |all, w| all | w.rule.mask),
    }
}

/// Preimage: a version word, then the digest of each pack, each behind its length.
fn hash(packs: &[Pack]) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update_prefixed(b"mandat/packs/v1");
    packs.iter().for_each(|pack| hasher.update_prefixed(&pack.digest().0));
    hasher.finish()
}

/// A rule's condition in words, sorted by fact name.
#[must_use]
pub fn literals(rule: &crate::table::Rule) -> Vec<String> {
    let mut words: Vec<_> = rule
        .mask
        .iter()
        .map(|fact| (fact.as_str(), if rule.value.has(fact) { fact.to_string() } else { format!("!{fact}") }))
        .collect();
    words.sort_unstable();
    words.into_iter().map(|(_, word)| word).collect()
}
