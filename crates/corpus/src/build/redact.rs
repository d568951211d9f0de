//! Cuts other people's words and names out of admitted texts, at the spans the vault holds.
//!
//! A record is admitted with redaction only if every other person who does not permit it can be
//! taken out ([`mandat_core::derive`]). All marked spans of such a record are cut, permitted ones
//! too: which of them were denied would otherwise show in the text.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use mandat_core::table::Outcome;
use mandat_core::vocab::Verdict;

use crate::admit::columns::Columns;
use crate::admit::scan::RunOutcomes;
use crate::build::BuildError;
use crate::vault::Run;

/// What stands where words were cut out.
pub const PLACEHOLDER: &str = "[…]";

/// New texts of the rows of a run that are admitted with redaction, ascending by row.
pub(crate) fn redactions(
    run: &Run,
    rows: &RunOutcomes,
    outcomes: &[Outcome],
    text: &Columns,
) -> Result<Vec<(u32, String)>, BuildError> {
    let redacts = |id: u16| outcomes.get(id as usize).is_some_and(|o| o.verdict == Verdict::IncludeRedacted);
    let chosen: Vec<u32> = (0..run.rows).filter(|row| redacts(rows.ids[*row as usize])).collect();
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    let spans = spans_of(run, &chosen)?;
    let mut out = Vec::with_capacity(chosen.len());
    for batch in text.rows(&chosen, &["text"])? {
        let batch = batch?;
        let texts =
            batch.column_by_name("text").and_then(|c| c.as_string_view_opt()).ok_or(BuildError::Layout("text"))?;
        for at in 0..texts.len() {
            let row = chosen[out.len()];
            let cut = if texts.is_valid(at) { cut(texts.value(at), &spans[out.len()]) } else { String::new() };
            out.push((row, cut));
        }
    }
    Ok(out)
}

fn spans_of(run: &Run, chosen: &[u32]) -> Result<Vec<Vec<(u32, u32)>>, BuildError> {
    let mut spans = vec![Vec::new(); chosen.len()];
    for other in run.others()? {
        let other = other?;
        if let (Ok(at), Some(span)) = (chosen.binary_search(&other.row), other.span) {
            spans[at].push(span);
        }
    }
    Ok(spans)
}

/// Replaces spans, counted in code points, by [`PLACEHOLDER`]; overlapping spans are one.
#[must_use]
pub fn cut(text: &str, spans: &[(u32, u32)]) -> String {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    let mut out = String::with_capacity(text.len());
    let mut next = spans.iter().peekable();
    let mut until = 0;
    for (at, c) in (0_u32..).zip(text.chars()) {
        while let Some((start, end)) = next.next_if(|(start, _)| *start <= at) {
            if *end > at.max(until) {
                if until <= at || *start >= until {
                    out.push_str(PLACEHOLDER);
                }
                until = *end;
            }
        }
        if at >= until {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_count_code_points_and_overlaps_are_one() {
        assert_eq!(cut("thanks @dana!", &[(7, 12)]), "thanks […]!");
        assert_eq!(cut("ü👍🏽 @a und @b", &[(4, 6), (11, 13)]), "ü👍🏽 […] und […]");
        assert_eq!(cut("abcdef", &[(1, 3), (2, 4)]), "a[…]ef");
        assert_eq!(cut("abc", &[(1, 99)]), "a[…]");
        assert_eq!(cut("abc", &[(9, 12), (2, 2)]), "abc");
        assert_eq!(cut("", &[(0, 3)]), "");
    }
}
