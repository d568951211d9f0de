//! What a recipe says about curation: the section `[curation]`.

use serde::{Deserialize, Serialize};

/// The settings of the curation stage. A recipe that has the section gets every step at its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Curation {
    /// Which copies are dropped.
    pub duplicates: Duplicates,
}

impl Default for Curation {
    fn default() -> Self {
        Self { duplicates: Duplicates::Exact }
    }
}

/// Which copies of a text are dropped; the earliest one stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// None.
    Off,
    /// Texts that are the same, byte for byte, after redaction.
    Exact,
}
