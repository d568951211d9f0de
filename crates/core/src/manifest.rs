//! The two manifests of a revision (DESIGN 8.1): what it is, and where it came from.
//!
//! `content.json` is a pure function of vault, ledger position, packs, recipe and tool: it names no
//! parent, number, path of a machine or wall time, so forgetting and rebuilding give equal files.
//! `revision.json` is lineage. Both are written in one canonical form: UTF-8 JSON, two blanks of
//! indent, keys in the order below, a final newline.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::proof::{Digest, MembersRoot, sha256};
use crate::time::Micros;
use crate::vocab::Profile;

/// Version word of `content.json`.
pub const CONTENT_FORMAT: &str = "mandat-content/1";
/// Version word of what member tokens are scoped to.
const INPUTS_FORMAT: &str = "mandat-inputs/1";
/// Version word of `revision.json`.
pub const REVISION_FORMAT: &str = "mandat-revision/1";

/// Counts of people or records below this are not published (DESIGN 8.15).
pub const SMALL_CELL: u64 = 10;

/// `content.json`: everything a revision holds, and from what it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// [`CONTENT_FORMAT`].
    pub format: String,
    /// Name of the corpus, from the recipe.
    pub corpus: String,
    /// What the data may be used for.
    pub purpose: String,
    /// How that is justified.
    pub profile: Profile,
    /// Who receives it.
    pub recipient: String,
    /// T: the time the question is asked about.
    pub at: Micros,
    /// K: what was known.
    pub known: Known,
    /// The rule packs, in layer order.
    pub packs: Vec<PackRef>,
    /// SHA-256 of the recipe in canonical form.
    pub recipe_sha256: String,
    /// What wrote it.
    pub tool: Tool,
    /// Digest over the vault's logical rows.
    pub vault_sha256: String,
    /// Records by outcome, small cells suppressed.
    pub records: Counts,
    /// What was done to admitted texts, if the recipe asks for it; small cells suppressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curation: Option<Curation>,
    /// The shards in order.
    pub shards: Vec<Shard>,
    /// Who and what is in it, as roots over keyed tokens; revisions of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Members>,
}

/// What a revision commits to about its members (`docs/log.md`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Members {
    /// [`Content::inputs`]: what tokens are scoped to.
    pub inputs: String,
    /// One token a person.
    pub persons: MemberRoot,
    /// One token a record.
    pub records: MemberRoot,
}

/// An indexed sorted tree of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberRoot {
    /// How many tokens.
    pub members: u64,
    /// Its root, as 64 hexadecimal digits.
    pub root: String,
}

impl MemberRoot {
    /// The root as a verifier takes it; `None` where it is none.
    #[must_use]
    pub fn root(&self) -> Option<MembersRoot> {
        let root: Digest = self.root.parse().ok()?;
        let fits = self.members < crate::proof::MAX_TREE_SIZE && root.to_string() == self.root;
        fits.then_some(MembersRoot { members: self.members, root })
    }
}

/// The fields of `content.json` that say from what it was made.
#[derive(Serialize)]
struct Inputs<'a> {
    format: &'a str,
    corpus: &'a str,
    purpose: &'a str,
    profile: Profile,
    recipient: &'a str,
    at: Micros,
    known: &'a Known,
    packs: &'a [PackRef],
    recipe_sha256: &'a str,
    tool: &'a Tool,
    vault_sha256: &'a str,
}

impl Content {
    /// What member tokens are scoped to: SHA-256 of the canonical form of `{"format": "mandat-inputs/1", …}` with the fields
    /// from `corpus` to `vault_sha256` (without `records` and what follows). It does not know the roots, which depend on it.
    #[must_use]
    pub fn inputs(&self) -> Digest {
        sha256(&canonical(&Inputs {
            format: INPUTS_FORMAT,
            corpus: &self.corpus,
            purpose: &self.purpose,
            profile: self.profile,
            recipient: &self.recipient,
            at: self.at,
            known: &self.known,
            packs: &self.packs,
            recipe_sha256: &self.recipe_sha256,
            tool: &self.tool,
            vault_sha256: &self.vault_sha256,
        }))
    }
}

/// K: how far the ledger and the vault were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Number of the last ledger event.
    pub ledger: u64,
    /// The ledger's own time of it.
    pub ledger_at: Micros,
}

/// One rule pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackRef {
    /// Its id, such as `eu-gdpr`.
    pub id: String,
    /// Its version word.
    pub version: String,
    /// SHA-256 of its canonical content.
    pub sha256: String,
}

/// The program and the constants that decide the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// `mandat`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Digest over the writer's constants (encodings, levels, cuts).
    pub writer_sha256: String,
}

/// Published counts: `None` where fewer than [`SMALL_CELL`] people stand behind a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Rows in the shards.
    pub rows: u64,
    /// Records looked at, rounded down to a multiple of [`SMALL_CELL`].
    pub candidates: Option<u64>,
    /// Records left out by reason (a record may count under several), rounded down alike.
    pub excluded_by_reason: BTreeMap<String, Option<u64>>,
}

/// What curation did, as far as it may be published: rounded down, `None` for few people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curation {
    /// Admitted records that were dropped, each under one reason.
    pub dropped_by_reason: BTreeMap<String, Option<u64>>,
    /// Places in kept texts where personal data was taken out, by kind.
    pub redacted_by_kind: BTreeMap<String, Option<u64>>,
}

/// One file of the corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Path inside the revision.
    pub path: String,
    /// SHA-256 of its bytes; also its name under `blobs/`.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Number of rows.
    pub rows: u64,
    /// Its row groups, the units of erasure: top bits of the person keys inside, and rows.
    pub groups: Vec<Group>,
}

/// One row group: the unit of erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The cut: group prefix in hexadecimal, and the part of a heavy person behind a dot.
    pub cut: String,
    /// Number of rows.
    pub rows: u64,
}

/// `revision.json`: written last; a folder without it is not a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// [`REVISION_FORMAT`].
    pub format: String,
    /// Name of the corpus.
    pub corpus: String,
    /// Number of this revision, from 1.
    pub revision: u64,
    /// The revision before it.
    pub parent: Option<u64>,
    /// SHA-256 of `content.json`.
    pub content_sha256: String,
    /// Wall time of publication.
    pub published_at: Micros,
    /// The ledger's head when it was read again before publishing.
    pub barrier: u64,
}

/// The canonical bytes of a manifest.
///
/// # Panics
/// Never for the types of this module: they hold no maps with keys that are not text.
#[must_use]
pub fn canonical<T: Serialize>(manifest: &T) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(manifest).expect("manifests serialise");
    bytes.push(b'\n');
    bytes
}

/// A number as it may be published: hidden if few people stand behind it, else rounded down.
#[must_use]
pub const fn published(records: u64, people: u64) -> Option<u64> {
    if people < SMALL_CELL { None } else { Some(records / SMALL_CELL * SMALL_CELL) }
}

/// The blob name of a digest.
#[must_use]
pub fn blob_name(digest: Digest) -> String {
    digest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_cells_are_hidden_and_the_rest_is_rounded_down() {
        assert_eq!(published(9_999, 9), None);
        assert_eq!(published(57, 10), Some(50));
        assert_eq!(published(0, 0), None);
    }
}
