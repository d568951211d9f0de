//! What stays of a batch that is taken out: that records were deleted, or are on hold.

use std::sync::Arc;

use mandat_core::traits::{Mark, Traits};

use super::change::Writer;
use super::entries::HOLD;
use super::fixed::Sorter;
use super::manifest::Unit;
use super::rows::RunRows;
use super::settle::{Part, Settle};
use super::{Run, VaultError};
use crate::ingest::NoAccounts;
use crate::ingest::row::Row;
use crate::ingest::unit::{UnitDraft, UnitPlan, UnitWriter};

/// Writes a unit of a unit's deletions and standing holds; none if it has neither. Also counts the holds.
///
/// # Errors
/// If a file cannot be read or written.
pub(crate) fn of(writer: &Writer, unit: &Unit, memory: usize) -> Result<(Option<UnitDraft>, u64), VaultError> {
    let mut holds = Sorter::new(writer.temp.path(), memory / 16);
    let held = standing(writer, unit, memory, &mut holds)?;
    let plan = UnitPlan {
        vault: &writer.dir,
        temp: writer.temp.path(),
        layout: writer.manifest.layout,
        number: writer.next(),
        batches: unit.batches.clone(),
        holds,
        memory: memory / 2,
    };
    let mut out = UnitWriter::create(plan)?;
    for entry in &unit.runs {
        let run = Run::open(&writer.dir, unit.number, entry, Arc::default())?;
        let mut rows = RunRows::open(&run)?;
        while rows.advance()? {
            let row = rows.row()?;
            if row.traits.has(Mark::Deleted) {
                out.push(&bare(row), &mut NoAccounts)?;
            }
        }
    }
    let draft = out.finish(&mut NoAccounts)?;
    // An empty one is swept like everything that no manifest names.
    Ok(((held > 0 || draft.rows > 0).then_some(draft), held))
}

/// A deletion without what was deleted.
fn bare(row: Row<'_>) -> Row<'_> {
    let traits = Traits(row.traits.0 & !Traits(0).with(Mark::Text).0);
    Row { traits, lang: None, text: None, extra: None, others: &[], ..row }
}

fn standing(writer: &Writer, unit: &Unit, memory: usize, out: &mut Sorter<HOLD>) -> Result<u64, VaultError> {
    let part = |u| Part { unit: u, before: true, after: true, driver: u.number == unit.number };
    let parts: Vec<Part<'_>> = writer.manifest.units.iter().map(part).collect();
    let settle = Settle {
        vault: &writer.dir,
        temp: writer.temp.path(),
        name: String::new(),
        parts: &parts,
        bucket_bits: writer.manifest.layout.bucket_bits,
        memory,
    };
    settle.holds(out)
}
