//! Taking a batch out again, asking anew who holds a handle, and reading what was rejected.

use std::fs::File;
use std::io::{BufRead, BufReader};

use mandat_core::proof::{Hasher, hex};

use super::change::{Draft, Writer};
use super::{Batch, Vault, VaultError, rest};
use crate::ingest::Accounts;
use crate::input::Rejection;

/// What taking a batch out did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The batch as it was.
    pub batch: Batch,
    /// Deletions that stay.
    pub deletions: u64,
    /// Records that stay on hold.
    pub holds: u64,
    /// Name of the batch that what stays is now.
    pub kept: Option<String>,
}

impl Vault {
    /// Takes a batch out: its rows, holds and references. What it had replaced counts again.
    ///
    /// What it deleted and what it put on hold stays, as a batch of its own and without any text, unless
    /// `deletions` says that they go too.
    ///
    /// # Errors
    /// [`VaultError::Batch`] if there is no such batch, it was merged with others, or there is nothing to take out.
    pub fn undo(&mut self, batch: &str, deletions: bool, memory: usize) -> Result<Undone, VaultError> {
        let mut writer = Writer::open(self)?;
        let gone = find(&writer.manifest.batches, batch)?.clone();
        let unit = writer.manifest.units.iter().find(|u| u.batches == [gone.sequence]);
        let Some(unit) = unit.cloned() else {
            let text = format!(
                "batch `{batch}` was merged with others and cannot be undone; erase its people or records instead"
            );
            return Err(VaultError::Batch(text));
        };
        if gone.sources.is_empty() && !deletions {
            let text = format!("batch `{batch}` is deletions and holds alone; they go with --with-deletions");
            return Err(VaultError::Batch(text));
        }
        let (rest, holds) = if deletions { (None, 0) } else { rest::of(&writer, &unit, memory)? };
        let kept = rest.as_ref().map(|rest| kept(&gone, rest.rows, holds));
        let mut batches = writer.manifest.batches.clone();
        batches.retain(|b| b.sequence != gone.sequence);
        batches.extend(kept.clone());
        batches.sort_by_key(|b| b.sequence);
        let layout = writer.manifest.layout;
        writer.commit(
            Draft { add: rest.into_iter().collect(), remove: vec![unit.number], batches, layout },
            memory,
            None,
        )?;
        drop(writer);
        self.reload()?;
        Ok(Undone { batch: gone, deletions: kept.as_ref().map_or(0, |k| k.rows), holds, kept: kept.map(|k| k.id) })
    }

    /// Asks again who holds the handles named in texts; publishes the answers if they differ.
    ///
    /// # Errors
    /// If the vault cannot be written, or an ingest is running.
    pub fn refresh_handles(&mut self, accounts: &mut dyn Accounts) -> Result<bool, VaultError> {
        let mut writer = Writer::open(self)?;
        let changed = writer.refresh_holders(accounts)?;
        drop(writer);
        self.reload()?;
        Ok(changed)
    }

    /// The rejections of a batch, in the order of its sources.
    ///
    /// # Errors
    /// [`VaultError::Batch`] if there is no such batch; others if the list cannot be read.
    pub fn rejections(&self, batch: &str) -> Result<impl Iterator<Item = Result<Rejection, VaultError>>, VaultError> {
        let found = find(&self.manifest.batches, batch)?;
        let path = found.rejections.as_ref().map(|f| self.dir.join(&f.path));
        let at = |e| VaultError::Io { path: self.dir.clone(), source: e };
        let file = path.as_ref().map(File::open).transpose().map_err(at)?;
        let lines = file.map(|f| BufReader::new(f).lines());
        Ok(lines.into_iter().flatten().map(move |line| {
            let damaged = || VaultError::Damaged { path: path.clone().unwrap_or_default() };
            serde_json::from_str(&line.map_err(|_| damaged())?).map_err(|_| damaged())
        }))
    }
}

/// What is left of an undone batch, under a name of its own: the same sources can be taken in again.
fn kept(gone: &Batch, deletions: u64, holds: u64) -> Batch {
    let mut hasher = Hasher::new();
    hasher.update(b"mandat/kept/v1");
    hasher.update_prefixed(gone.id.as_bytes());
    hasher.update(&gone.sequence.to_be_bytes());
    let id = hex(&hasher.finish().0[..8]);
    let (rejected, rejections) =
        if holds > 0 { (gone.rejected.clone(), gone.rejections.clone()) } else { Default::default() };
    Batch { id, rows: deletions, duplicates: 0, sources: Vec::new(), rejected, rejections, ..gone.clone() }
}

fn find<'a>(batches: &'a [Batch], id: &str) -> Result<&'a Batch, VaultError> {
    let text = || format!("there is no batch `{id}`; `mandat ingest batches` lists them");
    batches.iter().find(|b| b.id == id).ok_or_else(|| VaultError::Batch(text()))
}
