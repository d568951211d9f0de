//! The question: for what, for whom, when, and knowing what.

use serde::{Deserialize, Serialize};

use crate::time::Micros;
use crate::vocab::{FIRST_PARTY, Profile};

/// Whether content will leave, or verdicts only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Content is emitted: permissions must hold at T and at the moment of execution, and every
    /// denial known then counts (R2).
    #[default]
    Build,
    /// Verdicts only, as they were at T, as known at K.
    Audit,
}

/// One question to the decision core.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// What the records are wanted for.
    pub purpose: String,
    /// How that is justified.
    pub profile: Profile,
    /// Who receives them.
    pub recipient: String,
    /// T: the time asked about.
    pub at: Micros,
    /// X: the moment of execution; never before T.
    pub now: Micros,
    /// Build or audit.
    pub mode: Mode,
    /// K: events appended later are not known; missing = T in an audit, everything in a build.
    pub known_at: Option<Micros>,
}

impl Ask {
    /// A build for the operator itself, executed at T.
    #[must_use]
    pub fn build(purpose: &str, profile: Profile, at: Micros) -> Self {
        Self {
            purpose: purpose.into(),
            profile,
            recipient: FIRST_PARTY.into(),
            at,
            now: at,
            mode: Mode::Build,
            known_at: None,
        }
    }
}
