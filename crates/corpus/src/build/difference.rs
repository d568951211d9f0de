//! What changed between two revisions: rows that came and went, and shards that stayed the same.
//!
//! Shards of equal digest are not read. Rows are told apart by their record token, so an edited
//! record counts as neither gone nor new.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use arrow_array::cast::AsArray;
use mandat_core::manifest::Content;
use serde::Serialize;

use crate::admit::AdmitError;
use crate::admit::columns::{BATCH_ROWS, Columns};
use crate::build::BuildError;
use crate::build::publish::Store;

/// Rows and shards between two revisions of a corpus.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The older revision.
    pub from: u64,
    /// The newer one.
    pub to: u64,
    /// Rows that only the newer one has.
    pub added: u64,
    /// Rows that only the older one has.
    pub removed: u64,
    /// Shards that both share byte for byte.
    pub shared_shards: u64,
    /// Shards that were written anew.
    pub changed_shards: u64,
    /// Shards that are gone.
    pub gone_shards: u64,
}

/// Compares two published revisions.
///
/// # Errors
/// When a manifest or a shard cannot be read.
pub fn difference(store: &Store, corpus: &str, from: u64, to: u64) -> Result<Difference, BuildError> {
    let (old, new) = (store.content(corpus, from)?, store.content(corpus, to)?);
    let (old_shards, new_shards) = (shards(&old), shards(&new));
    let mut difference = Difference { from, to, ..Difference::default() };
    let names: BTreeSet<&String> = old_shards.keys().chain(new_shards.keys()).copied().collect();
    for name in names {
        let (before, after) = (old_shards.get(name), new_shards.get(name));
        match (before, after) {
            (Some(a), Some(b)) if a == b => difference.shared_shards += 1,
            (_, None) => difference.gone_shards += 1,
            (_, Some(_)) => difference.changed_shards += 1,
        }
        if before != after {
            let read = |revision: u64, there: bool| -> Result<BTreeSet<u128>, BuildError> {
                if there { records(&store.revision_dir(corpus, revision).join(name)) } else { Ok(BTreeSet::new()) }
            };
            let (before, after) = (read(from, before.is_some())?, read(to, after.is_some())?);
            difference.added += after.difference(&before).count() as u64;
            difference.removed += before.difference(&after).count() as u64;
        }
    }
    Ok(difference)
}

fn shards(content: &Content) -> BTreeMap<&String, &String> {
    content.shards.iter().map(|s| (&s.path, &s.sha256)).collect()
}

fn records(path: &Path) -> Result<BTreeSet<u128>, BuildError> {
    let columns = Columns::open(path).map_err(|source| AdmitError::parquet(path, source))?;
    let mut found = BTreeSet::new();
    for batch in columns.read((0..columns.groups()).collect(), &["record"], BATCH_ROWS)? {
        let batch = batch?;
        let tokens = batch.column(0).as_binary_opt::<i32>().ok_or(BuildError::Layout("record"))?;
        for token in tokens.iter().flatten() {
            found.insert(u128::from_be_bytes(token.try_into().map_err(|_| BuildError::Layout("record"))?));
        }
    }
    Ok(found)
}
