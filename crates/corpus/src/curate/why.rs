//! Why an admitted text is dropped: one byte a record, a word in reports.

use std::fmt;

use mandat_text::quality::Reason;
use serde::Serialize;

/// The steps of curation in the order in which they drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Nothing to read is left.
    Empty,
    /// It is in a language that the recipe does not name.
    Language,
    /// It breaks a rule of quality.
    Quality,
    /// It is part of an evaluation set.
    Evaluation,
    /// Somebody else wrote it first, and may not be used.
    Denied,
    /// The same text stands in an earlier record.
    Exact,
    /// Nearly the same text stands in an earlier record.
    Near,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 7] =
        [Self::Empty, Self::Language, Self::Quality, Self::Evaluation, Self::Denied, Self::Exact, Self::Near];
}

/// The number of the first rule of quality.
const QUALITY: u8 = 32;

/// What became of an admitted record: kept, or the one reason for which it was dropped.
///
/// A record is dropped by the first step that has a reason, so the counts of all reasons add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Why(u8);

impl Why {
    /// It stays.
    pub const KEPT: Self = Self(0);
    /// No letter or digit in it.
    pub const EMPTY: Self = Self(1);
    /// The recipe names languages, and this is in none of them, or nobody can tell.
    pub const OTHER_LANGUAGE: Self = Self(2);
    /// It shares a run of words with an evaluation set.
    pub const EVALUATION_OVERLAP: Self = Self(220);
    /// It repeats a text that somebody else wrote before, and that may not be used.
    pub const COPY_OF_DENIED: Self = Self(230);
    /// An earlier record has the same text.
    pub const DUPLICATE_EXACT: Self = Self(240);
    /// An earlier record has nearly the same text.
    pub const DUPLICATE_NEAR: Self = Self(241);

    /// It breaks a rule of quality.
    #[must_use]
    pub const fn quality(reason: Reason) -> Self {
        Self(QUALITY + reason as u8)
    }

    /// The reason at a stored number; `None` for one that no version wrote.
    #[must_use]
    pub fn from_index(index: u8) -> Option<Self> {
        Some(Self(index)).filter(|why| *why == Self::KEPT || why.as_str() != "")
    }

    /// The number as stored between the steps; what is kept for longer holds [`Why::as_str`].
    #[must_use]
    pub const fn index(self) -> u8 {
        self.0
    }

    /// The reason code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KEPT => "KEPT",
            Self::EMPTY => "EMPTY",
            Self::OTHER_LANGUAGE => "OTHER_LANGUAGE",
            Self::EVALUATION_OVERLAP => "EVALUATION_OVERLAP",
            Self::COPY_OF_DENIED => "COPY_OF_DENIED",
            Self::DUPLICATE_EXACT => "DUPLICATE_EXACT",
            Self::DUPLICATE_NEAR => "DUPLICATE_NEAR",
            Self(n) if n >= QUALITY && ((n - QUALITY) as usize) < Reason::ALL.len() => {
                Reason::ALL[(n - QUALITY) as usize].code()
            }
            Self(_) => "",
        }
    }

    /// The step that drops for this reason; `None` for what is kept.
    #[must_use]
    pub const fn step(self) -> Option<Step> {
        match self {
            Self::KEPT => None,
            Self::EMPTY => Some(Step::Empty),
            Self::OTHER_LANGUAGE => Some(Step::Language),
            Self::EVALUATION_OVERLAP => Some(Step::Evaluation),
            Self::COPY_OF_DENIED => Some(Step::Denied),
            Self::DUPLICATE_EXACT => Some(Step::Exact),
            Self::DUPLICATE_NEAR => Some(Step::Near),
            Self(_) => Some(Step::Quality),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_word_of_its_own_and_a_step() {
        let all: Vec<Why> = (0..=u8::MAX).filter_map(Why::from_index).collect();
        let words: std::collections::BTreeSet<&str> = all.iter().map(|w| w.as_str()).collect();
        assert_eq!(words.len(), all.len());
        assert!(all.iter().all(|w| (w.step().is_none()) == (*w == Why::KEPT)));
    }
}
