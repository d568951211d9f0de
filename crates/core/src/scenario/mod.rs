//! Scenarios: the law as tests, in YAML that a lawyer can read (`scenarios/FORMAT.md`).

mod coverage;
mod expect;
mod format;
mod read;
mod run;
mod world;

pub use coverage::{Coverage, Covered, Process, coverage, processes};
pub use expect::Expected;
pub use read::{Scenario, read};
pub use run::{Case, ScenarioResult, run, run_with};
