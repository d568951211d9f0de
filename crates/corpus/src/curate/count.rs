//! Counts what became of the records of one shard, each person once a cell.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, UInt32Type};
use arrow_array::{Array, RecordBatch};
use mandat_core::time::Micros;

use super::summary::Summary;
use super::why::Why;
use crate::build::BuildError;

/// The account of one shard: its rows after the pass ([`super::pass::Passed`]), and what was decided
/// about each in the end. Rows of one person lie together, and a person lies in one shard alone.
///
/// # Errors
/// When the rows are not as the pass makes them.
pub(super) fn count(rows: &RecordBatch, fates: &[Why], kinds: &[&str]) -> Result<Summary, BuildError> {
    let column = |name: &'static str| rows.column_by_name(name).ok_or(BuildError::Layout(name));
    let persons = column("person")?.as_binary_opt::<i32>().ok_or(BuildError::Layout("person"))?;
    let text = column("text")?.as_string_opt::<i32>().ok_or(BuildError::Layout("text"))?;
    let lang = column("lang")?.as_string_opt::<i32>().ok_or(BuildError::Layout("lang"))?;
    let chars = column("chars")?.as_primitive_opt::<UInt32Type>().ok_or(BuildError::Layout("chars"))?;
    let created = column("created_at")?;
    let created = created.as_primitive_opt::<TimestampMicrosecondType>().ok_or(BuildError::Layout("created_at"))?;
    let spans = column("spans")?.as_binary_opt::<i32>().ok_or(BuildError::Layout("spans"))?;
    let mut summary = Summary { admitted: fates.len() as u64, ..Summary::default() };
    let mut last = Last::default();
    for (row, why) in fates.iter().enumerate() {
        if row > 0 && persons.value(row) != persons.value(row - 1) {
            last.turn();
        }
        let kept = *why == Why::KEPT;
        let lang = if lang.is_valid(row) { lang.value(row) } else { "und" };
        entry(&mut summary.languages, lang).count(kept);
        summary.lengths.entry(span(chars.value(row))).or_default().count(kept);
        entry(&mut summary.months, &month(created.value(row))).count(kept);
        if kept {
            summary.kept += 1;
            summary.bytes += text.value(row).len() as u64;
            last.redacted(&mut summary, spans.value(row), kinds);
        } else {
            let cell = entry(&mut summary.dropped, why.as_str());
            cell.records += 1;
            cell.people += u64::from(last.first_drop(*why));
        }
    }
    Ok(summary)
}

/// The cell of a name, made if it is new; names are few and rows are many.
fn entry<'a, T: Default>(cells: &'a mut BTreeMap<String, T>, name: &str) -> &'a mut T {
    if !cells.contains_key(name) {
        cells.insert(name.to_owned(), T::default());
    }
    cells.get_mut(name).expect("just put there")
}

/// The lower end of the span of lengths: 0, 1, 2, 4, 8, …
const fn span(chars: u32) -> u32 {
    if chars == 0 { 0 } else { 1 << chars.ilog2() }
}

/// `YYYY-MM`, UTC.
fn month(micros: i64) -> String {
    let mut text = Micros(micros).to_string();
    text.truncate(7);
    text
}

/// What was seen of the person whose rows these are.
#[derive(Default)]
struct Last {
    dropped: Vec<Why>,
    kinds: Vec<u8>,
}

impl Last {
    fn turn(&mut self) {
        self.dropped.clear();
        self.kinds.clear();
    }

    fn first_drop(&mut self, why: Why) -> bool {
        let first = !self.dropped.contains(&why);
        if first {
            self.dropped.push(why);
        }
        first
    }

    fn redacted(&mut self, summary: &mut Summary, pairs: &[u8], kinds: &[&str]) {
        for [kind, spans] in pairs.as_chunks::<2>().0 {
            let cell = entry(&mut summary.redacted, kinds[usize::from(*kind)]);
            cell.spans += u64::from(*spans);
            cell.records += 1;
            if !self.kinds.contains(kind) {
                self.kinds.push(*kind);
                cell.people += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_double_and_months_are_utc() {
        assert_eq!([0, 1, 2, 3, 4, 279, 280].map(span), [0, 1, 2, 2, 4, 256, 256]);
        assert_eq!(month(1_767_225_599_999_999), "2025-12");
        assert_eq!(month(1_767_225_600_000_000), "2026-01");
    }
}
