//! Which of the cases S01–S58, rules and reasons have a scenario, and which sub-cases are processes
//! that are tested elsewhere or wait for their feature.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::packs::{Kind, Packs};
use crate::scenario::run::ScenarioResult;
use crate::vocab::Reason;

/// The last of the numbered cases of the law reference.
const LAST_CASE: u32 = 58;

/// What a run of scenarios covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// S01 to S58 with the scenarios that are named after them.
    pub cases: Vec<Covered>,
    /// Every rule of the packs with the scenarios in which it fired.
    pub rules: Vec<Covered>,
    /// Every reason code with the scenarios in which it was expected and given.
    pub reasons: Vec<Covered>,
    /// Sub-cases that no single decision shows.
    pub processes: Vec<Process>,
}

/// One thing and the scenarios that show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// A case, a rule or a reason code.
    pub name: String,
    /// Names of scenarios; empty = nothing shows it.
    pub scenarios: Vec<String>,
}

/// A sub-case that is a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// The case it belongs to.
    pub id: String,
    /// What must happen.
    pub what: String,
    /// The test that shows it, or what it waits for.
    pub tested_by: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProcessFile {
    #[serde(default, rename = "process")]
    processes: Vec<Process>,
}

static PROCESSES: &str = include_str!("../../../../scenarios/processes.toml");

/// The sub-cases that are processes, as listed in `scenarios/processes.toml`.
///
/// # Panics
/// Never: a test reads the built-in list.
#[must_use]
pub fn processes() -> Vec<Process> {
    toml::from_str::<ProcessFile>(PROCESSES).expect("a test reads the built-in list").processes
}

/// What the results of a run cover, of the packs that were run.
#[must_use]
pub fn coverage(results: &[ScenarioResult], packs: &[Packs]) -> Coverage {
    let mut rules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let layers = packs.iter().flat_map(|p| &p.packs).filter(|p| p.kind == Kind::Layer);
    for written in layers.flat_map(|p| &p.rules) {
        rules.entry(written.rule.id.clone()).or_default();
    }
    let mut reasons: BTreeMap<Reason, BTreeSet<String>> = Reason::ALL.iter().map(|r| (*r, BTreeSet::new())).collect();
    let mut cases: BTreeMap<String, BTreeSet<String>> =
        (1..=LAST_CASE).map(|n| (format!("S{n:02}"), BTreeSet::new())).collect();
    for result in results {
        let name = &result.scenario;
        if let Some(shown) = name.get(..3).and_then(|case| cases.get_mut(case)) {
            shown.insert(name.clone());
        }
        let held = result.cases.iter().filter(|c| c.failure.is_none());
        for (case, decision) in held.filter_map(|c| Some((c, c.decision.as_ref()?))) {
            for detail in &decision.reasons {
                if let Some(shown) = rules.get_mut(&detail.rule) {
                    shown.insert(name.clone());
                }
            }
            for reason in case.wanted.iter().filter(|r| decision.codes().contains(r)) {
                reasons.entry(*reason).or_default().insert(name.clone());
            }
        }
    }
    Coverage {
        cases: cases.into_iter().map(covered).collect(),
        rules: rules.into_iter().map(covered).collect(),
        reasons: reasons.into_iter().map(|(reason, shown)| covered((reason.to_string(), shown))).collect(),
        processes: processes(),
    }
}

fn covered((name, scenarios): (String, BTreeSet<String>)) -> Covered {
    Covered { name, scenarios: scenarios.into_iter().collect() }
}

impl Coverage {
    /// Whether every case has a scenario or a process, and every rule and reason a scenario.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let process = |name: &str| self.processes.iter().any(|p| p.id.starts_with(name));
        let shown = |list: &[Covered]| list.iter().all(|c| !c.scenarios.is_empty());
        self.cases.iter().all(|c| !c.scenarios.is_empty() || process(&c.name))
            && shown(&self.rules)
            && shown(&self.reasons)
    }
}
