//! Turns deltas into overlays: one file for all runs that a change touches.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use mandat_core::proof::{self, PersonKey};
use mandat_core::traits::{Mark, Traits};

use super::VaultError;
use super::entries::{self, Change, Delta, Reference};
use super::fixed::Cursor;
use super::manifest::{OverlayEntry, Unit};
use super::overlay::{Overlay, Patch};
use super::run::read_overlay;
use crate::durable::{self, HashedFile};

/// Bit that says a repost or quote names somebody unknown.
const UNRESOLVED: u64 = Traits(0).with(Mark::Unresolved).0;

/// Applies sorted deltas to the units they index; `path` below the vault folder becomes the overlay file.
///
/// # Errors
/// If a file cannot be read or written.
pub(crate) fn apply(vault: &Path, path: &str, deltas: &Path, units: &mut [&mut Unit]) -> Result<(), VaultError> {
    let at = |e| VaultError::io(&vault.join(path), e);
    let mut cursor: Cursor<{ entries::DELTA }> = Cursor::open(deltas).map_err(at)?;
    if cursor.peek().map_err(at)?.is_none() {
        return Ok(());
    }
    let file = vault.join(path);
    let folder = file.parent().expect("a path below the vault");
    durable::make_private_dir(folder).map_err(at)?;
    let mut out = HashedFile::create_private(&file).map_err(at)?;
    let mut offset = 0;
    while let Some(first) = cursor.peek().map_err(at)?.map(|e| Delta::from_bytes(&e)) {
        let unit = &mut *units[first.unit as usize];
        let run = unit.runs.iter_mut().find(|r| r.bucket == u64::from(first.bucket)).expect("bug: a delta has a run");
        let old = run.overlay.as_ref().map_or(Ok(Overlay::default()), |o| read_overlay(&vault.join(&o.path), o))?;
        let overlay = changed(old, &mut cursor, &first).map_err(at)?;
        let bytes = overlay.to_bytes();
        out.write_all(&bytes).map_err(at)?;
        let sha256 = Some(proof::sha256(&bytes).to_string());
        run.overlay = Some(OverlayEntry { path: path.to_owned(), offset, bytes: bytes.len() as u64, sha256 });
        offset += bytes.len() as u64;
    }
    out.finish().and_then(|_| durable::sync_dir(folder)).map_err(at)
}

/// Applies the deltas of one run.
fn changed(old: Overlay, cursor: &mut Cursor<{ entries::DELTA }>, first: &Delta) -> io::Result<Overlay> {
    let mut work = Work::from(old);
    let mut binding = Vec::new();
    while let Some(delta) = cursor.peek()?.map(|e| Delta::from_bytes(&e)) {
        if (delta.unit, delta.bucket) != (first.unit, first.bucket) {
            break;
        }
        cursor.next()?;
        match delta.change {
            Change::State { row, superseded, set } => {
                if superseded {
                    work.superseded.insert(row)
                } else {
                    work.superseded.remove(&row)
                };
                work.patches.entry(row).or_default().0 = set;
            }
            Change::Named { other_row, person, row, binding: binds, sibling } => {
                match person {
                    Some(person) => work.others.insert(other_row, person),
                    None => work.others.remove(&other_row),
                };
                binding.extend(binds.then_some((row, other_row, sibling)));
            }
        }
    }
    for (row, other_row, sibling) in binding {
        let known = |other: u32| work.others.contains_key(&other);
        let resolved = known(other_row) && Reference::sibling_row(other_row, sibling).is_none_or(known);
        work.patches.entry(row).or_default().1 = if resolved { UNRESOLVED } else { 0 };
    }
    Ok(work.into())
}

/// An overlay while it changes.
struct Work {
    superseded: BTreeSet<u32>,
    /// Bits to set and to clear, by row.
    patches: BTreeMap<u32, (u64, u64)>,
    others: BTreeMap<u32, PersonKey>,
}

impl From<Overlay> for Work {
    fn from(overlay: Overlay) -> Self {
        Self {
            superseded: overlay.superseded.into_iter().collect(),
            patches: overlay.patches.into_iter().map(|p| (p.row, (p.set, p.clear))).collect(),
            others: overlay.others.into_iter().collect(),
        }
    }
}

impl From<Work> for Overlay {
    fn from(work: Work) -> Self {
        let patches = work.patches.into_iter().filter(|(_, bits)| *bits != (0, 0));
        Self {
            superseded: work.superseded.into_iter().collect(),
            patches: patches.map(|(row, (set, clear))| Patch { row, set, clear }).collect(),
            others: work.others.into_iter().collect(),
        }
    }
}
