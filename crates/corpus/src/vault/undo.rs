//! Taking a batch out again, asking anew who holds a handle, and reading what was rejected.

use std::fs::File;
use std::io::{BufRead, BufReader};

use super::change::{Draft, Writer};
use super::{Batch, Vault, VaultError};
use crate::ingest::Accounts;
use crate::input::Rejection;

impl Vault {
    /// Takes a batch out: its rows, holds and references. What it had replaced counts again.
    ///
    /// # Errors
    /// [`VaultError::Batch`] if there is no such batch, or it was merged with others.
    pub fn undo(&mut self, batch: &str, memory: usize) -> Result<Batch, VaultError> {
        let mut writer = Writer::open(self)?;
        let gone = find(&writer.manifest.batches, batch)?.clone();
        let unit = writer.manifest.units.iter().find(|u| u.batches == [gone.sequence]);
        let Some(unit) = unit else {
            let text = format!(
                "batch `{batch}` was merged with others and cannot be undone; erase its people or records instead"
            );
            return Err(VaultError::Batch(text));
        };
        let remove = vec![unit.number];
        let batches = writer.manifest.batches.iter().filter(|b| b.sequence != gone.sequence).cloned().collect();
        let layout = writer.manifest.layout;
        writer.commit(Draft { add: None, remove, batches, layout }, memory, None)?;
        drop(writer);
        self.reload()?;
        Ok(gone)
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

fn find<'a>(batches: &'a [Batch], id: &str) -> Result<&'a Batch, VaultError> {
    let text = || format!("there is no batch `{id}`; `mandat ingest batches` lists them");
    batches.iter().find(|b| b.id == id).ok_or_else(|| VaultError::Batch(text()))
}
