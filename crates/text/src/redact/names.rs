//! Names from a list, wherever they stand as whole words, with composed letters or with combining accents.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};
use unicode_normalization::UnicodeNormalization as _;

use super::{Kind, Span};

/// The automaton over all names of the settings.
pub(super) struct Names(AhoCorasick);

impl Names {
    /// None if there are no names, or more than an automaton can hold (its limit is about two thousand million states).
    pub(super) fn new(names: &[String]) -> Option<Self> {
        let names: BTreeSet<String> = names
            .iter()
            .map(|n| n.trim())
            .filter(|n| !n.is_empty())
            .flat_map(|n| [n.nfc().collect::<String>(), n.nfd().collect()])
            .collect();
        if names.is_empty() {
            return None;
        }
        let automaton =
            AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(names);
        Some(Self(automaton.expect("bug: a list of names is larger than memory")))
    }

    /// Adds each name that is not part of a longer word.
    pub(super) fn find(&self, text: &str, out: &mut Vec<Span>) {
        let given = out.len();
        for found in self.0.find_overlapping_iter(text) {
            let (start, end) = (found.start(), found.end());
            let word =
                |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(u32::from(c), 0x300..=0x36F));
            let (front, behind) = (word(text[..start].chars().next_back()), word(text[end..].chars().next()));
            let beside = |at: usize| out[..given].iter().any(|g| g.start == at || g.end == at);
            if (!front || beside(start)) && (!behind || beside(end)) {
                out.push(Span { start, end, kind: Kind::Name });
            }
        }
    }
}
