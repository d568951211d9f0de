//! Rule packs: TOML that compiles to one decision table of masks over named facts.

use crate::derive::Settings;
use crate::proof::Digest;
use crate::table::DecisionTable;

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
