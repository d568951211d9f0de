//! Compaction: several neighbouring units become one; text of versions replaced among them leaves the disk.
//! A vault that outgrew its layout is cut finer by the same merge, over all of its units.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::change::{Draft, Writer};
use super::fixed::Sorter;
use super::manifest::{Layout, Manifest, Unit};
use super::rows::RunRows;
use super::settle::{Part, Settle};
use super::{Run, VaultError, apply, format};
use crate::ingest::NoAccounts;
use crate::ingest::row::Row;
use crate::ingest::unit::{UnitDraft, UnitPlan, UnitWriter};
use crate::screen;

/// Units merged at a time.
const WINDOW: usize = 5;

/// Merges units until there are few enough; each merge is published on its own.
///
/// # Errors
/// If a file cannot be read or written.
pub(crate) fn compact_if_due(writer: &mut Writer, memory: usize) -> Result<(), VaultError> {
    while writer.manifest.units.len() > format::MAX_UNITS {
        let start = cheapest(&writer.manifest.units);
        let window = writer.manifest.units[start..start + WINDOW].to_vec();
        let layout = writer.manifest.layout;
        let unit = merge(writer, &window, writer.next(), layout, memory)?;
        replace(writer, &window, vec![unit], layout, memory)?;
    }
    Ok(())
}

/// The layout that the vault should have by now, if it is finer than the one it has.
fn outgrown(manifest: &Manifest, wanted: Option<Layout>) -> Option<Layout> {
    let now = manifest.layout;
    let text = manifest.units.iter().map(|u| u.text).sum();
    let layout = wanted.unwrap_or_else(|| Layout::for_text(text)).or_finer(&now);
    (!manifest.units.is_empty() && layout.is_finer(&now)).then_some(layout)
}

/// Whether all units should be written again: the vault outgrew its layout, or was screened with other lists.
pub(crate) fn is_renewal_due(writer: &Writer, wanted: Option<Layout>) -> bool {
    outgrown(&writer.manifest, wanted).is_some() || !writer.manifest.is_screened()
}

/// Writes all units again: cuts a vault that outgrew its layout finer, screens texts that were screened with other lists.
/// Units stay what they are, so every batch can still be undone.
///
/// Keys are cut by prefix: every bucket, shard and group falls apart into whole finer ones. The text of a vault
/// doubles between two cuts, so all cuts together write about twice what it holds.
///
/// # Errors
/// If a file cannot be read or written.
pub(crate) fn renew(writer: &mut Writer, wanted: Option<Layout>, memory: usize) -> Result<(), VaultError> {
    let layout = outgrown(&writer.manifest, wanted).unwrap_or(writer.manifest.layout);
    let units = writer.manifest.units.clone();
    let numbered = (writer.next()..).zip(&units);
    let add = numbered
        .map(|(number, unit)| merge(writer, std::slice::from_ref(unit), number, layout, memory))
        .collect::<Result<_, _>>()?;
    replace(writer, &units, add, layout, memory)
}

/// Puts new units in the place of old ones that hold the same rows.
fn replace(
    writer: &mut Writer,
    old: &[Unit],
    add: Vec<UnitDraft>,
    layout: Layout,
    memory: usize,
) -> Result<(), VaultError> {
    let digest = writer.manifest.digest.clone();
    let batches = writer.manifest.batches.clone();
    let remove = old.iter().map(|u| u.number).collect();
    writer.commit(Draft { add, remove, batches, layout }, memory, None)?;
    assert_eq!(writer.manifest.digest, digest, "bug: compaction changed the logical rows");
    Ok(())
}

/// Where the window with the fewest bytes begins.
fn cheapest(units: &[Unit]) -> usize {
    let bytes = |u: &Unit| u.runs.iter().map(|r| r.decide.bytes + r.text.bytes + r.others.bytes).sum::<u64>();
    let sums = units.windows(WINDOW).map(|w| w.iter().map(bytes).sum::<u64>());
    sums.enumerate().min_by_key(|(_, sum)| *sum).map_or(0, |(start, _)| start)
}

fn merge(
    writer: &Writer,
    window: &[Unit],
    number: u64,
    layout: Layout,
    memory: usize,
) -> Result<UnitDraft, VaultError> {
    let mut units = window.to_vec();
    units.iter_mut().flat_map(|u| &mut u.runs).for_each(|r| r.overlay = None);
    let mut holds = Sorter::new(writer.temp.path(), memory / 16);
    settle_window(writer, &mut units, number, &mut holds, memory)?;
    let plan = UnitPlan {
        vault: &writer.dir,
        temp: writer.temp.path(),
        layout,
        number,
        batches: units.iter().flat_map(|u| u.batches.iter().copied()).collect(),
        holds,
        memory: memory / 2,
    };
    let (mut out, version) = (UnitWriter::create(plan)?, screen::version());
    let buckets: BTreeSet<u64> = units.iter().flat_map(|u| u.runs.iter().map(|r| r.bucket)).collect();
    for bucket in buckets {
        let mut places = Vec::new();
        for unit in &units {
            for entry in unit.runs.iter().filter(|r| r.bucket == bucket) {
                let run = Run::open(&writer.dir, unit.number, entry, Arc::default())?;
                places.push(Place::open(run, unit.screened == version)?);
            }
        }
        merge_bucket(places, &mut out)?;
    }
    out.finish(&mut NoAccounts)
}

/// Finds what is replaced and on hold among the window's own units.
fn settle_window(
    writer: &Writer,
    units: &mut [Unit],
    number: u64,
    holds: &mut Sorter<{ super::entries::HOLD }>,
    memory: usize,
) -> Result<(), VaultError> {
    let old = units.to_vec();
    let parts: Vec<Part<'_>> = old.iter().map(|unit| Part { unit, before: false, after: true, driver: true }).collect();
    let settle = Settle {
        vault: &writer.dir,
        temp: writer.temp.path(),
        name: format!("window-{number}"),
        parts: &parts,
        bucket_bits: writer.manifest.layout.bucket_bits,
        memory,
    };
    settle.holds(holds)?;
    let settled = settle.run()?;
    let folder = writer.temp.path().file_name().and_then(|n| n.to_str()).expect("our own names are text");
    let path = format!("{folder}/window-{number}.bin");
    apply::apply(&writer.dir, &path, &settled.deltas, &mut units.iter_mut().collect::<Vec<_>>())
}

/// The next row of a run.
struct Place {
    run: Run,
    rows: RunRows,
    more: bool,
    /// With the lists in use.
    screened: bool,
}

impl Place {
    fn open(run: Run, screened: bool) -> Result<Self, VaultError> {
        let mut rows = RunRows::open(&run)?;
        let more = rows.advance()?;
        Ok(Self { run, rows, more, screened })
    }
}

fn merge_bucket(mut places: Vec<Place>, out: &mut UnitWriter<'_>) -> Result<(), VaultError> {
    loop {
        let mut least: Option<(usize, Row<'_>)> = None;
        for (i, place) in places.iter().enumerate().filter(|(_, p)| p.more) {
            let row = place.rows.row()?;
            if least.as_ref().is_none_or(|(_, l)| rank(&row) < rank(l)) {
                least = Some((i, row));
            }
        }
        let Some((i, row)) = least else { return Ok(()) };
        let replaced = places[i].run.overlay.is_superseded(places[i].rows.number());
        let traits =
            if places[i].screened { row.traits } else { row.traits.with_screened(row.text.map_or(0, screen::special)) };
        let row = if replaced { Row { text: None, extra: None, traits, ..row } } else { Row { traits, ..row } };
        out.push(&row, &mut NoAccounts)?;
        places[i].more = places[i].rows.advance()?;
    }
}

fn rank<'a>(row: &Row<'a>) -> impl Ord + use<'a> {
    (row.person, row.created_at, row.id, row.record, row.order())
}
