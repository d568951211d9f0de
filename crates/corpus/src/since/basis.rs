//! What a revision was made from, kept beside its verdicts so that a later question can tell what changed:
//! `basis.json`, and links to the vault's small files of then (`vault-*`), which later ingests replace.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mandat_core::history::PersonHistory;
use mandat_core::manifest::canonical;
use mandat_core::proof::sha256;
use mandat_core::snapshot::Snapshot;
use mandat_core::time::Micros;
use serde::{Deserialize, Serialize};

use crate::build::{BuildError, Order, Store};
use crate::vault::{Manifest, Vault};

const FORMAT: u32 = 1;
const NAME: &str = "basis.json";

/// What a revision was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Basis {
    format: u32,
    /// Version of the program.
    pub(crate) tool: String,
    /// T.
    pub(crate) at: Micros,
    /// The moment of execution.
    pub(crate) now: Micros,
    /// Ledger position.
    pub(crate) position: u64,
    /// Digest of the recipe.
    pub(crate) recipe: String,
    /// Digest of table and settings.
    pub(crate) rules: String,
    /// Digest of what the operator has on file.
    pub(crate) controller: String,
    /// When time alone next changes something for people of whom nothing is known, and so for everybody.
    pub(crate) everybody: Option<Micros>,
    /// The vault's manifest.
    pub(crate) vault: Manifest,
}

impl Basis {
    /// What a question is asked of now.
    pub(crate) fn new(vault: &Vault, snapshot: &dyn Snapshot, order: &Order) -> Self {
        let ask = order.ask(snapshot);
        let context = mandat_core::derive::Context::new(&ask, snapshot.shared(), order.rules.settings);
        let digest = |bytes: &[u8]| sha256(bytes).to_string();
        // Debug forms hold everything and are the same within one version of the program.
        let rules = format!("{:?} {:?}", order.rules.table, order.rules.settings);
        Self {
            format: FORMAT,
            tool: env!("CARGO_PKG_VERSION").into(),
            at: ask.at,
            now: ask.now,
            position: snapshot.position(),
            recipe: order.recipe.digest().to_string(),
            rules: digest(rules.as_bytes()),
            controller: digest(format!("{:?}", snapshot.shared().controller).as_bytes()),
            everybody: PersonHistory::default().next_change_at(&context),
            vault: vault.manifest().clone(),
        }
    }

    /// Writes it into the folder of a revision's verdicts, with links to what it needs of the vault.
    pub(crate) fn write(&self, vault: &Path, dir: &Path) -> Result<(), BuildError> {
        for path in small_files(&self.vault) {
            let (from, to) = (vault.join(&path), dir.join(link_name(&path)));
            let linked = fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(|_| ()));
            linked.map_err(|source| BuildError::io("link", &to, source))?;
        }
        let path = dir.join(NAME);
        let made = crate::durable::create_if_absent(&path, &canonical(self));
        made.map(|_| ()).map_err(|source| BuildError::io("create", &path, source))
    }

    /// Reads that of a revision; `None` if it was made before such files were written.
    pub(crate) fn read(store: &Store, corpus: &str, revision: u64) -> Result<Option<Self>, BuildError> {
        let path = store.verdict_dir(corpus, revision).join(NAME);
        let bytes = match fs::read(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|source| BuildError::io("read", &path, source))?,
        };
        let basis: Self = serde_json::from_slice(&bytes).map_err(|source| BuildError::Manifest { path, source })?;
        Ok(Some(basis).filter(|b| b.format == FORMAT))
    }
}

/// Overlays and holders: what says about older rows what later arrivals changed.
fn small_files(manifest: &Manifest) -> BTreeSet<String> {
    let runs = manifest.units.iter().flat_map(|u| &u.runs);
    let overlays = runs.filter_map(|run| run.overlay.as_ref()).map(|o| o.path.clone());
    overlays.chain(manifest.holders.iter().map(|h| h.path.clone())).collect()
}

fn link_name(path: &str) -> String {
    format!("vault-{}", path.replace('/', "-"))
}

/// Where a small file of the vault lies that a revision was made from.
pub(crate) fn kept(store: &Store, corpus: &str, revision: u64, path: &str) -> PathBuf {
    store.verdict_dir(corpus, revision).join(link_name(path))
}
