//! Screening at ingest: special categories of personal data, and handles of other people, in a text.
//!
//! A lexical screen: a text is marked when it holds a word of a list, whoever it is about and whatever it says. Recall
//! comes before precision, because a text that is missed would be trained on without the consent it needs; what is
//! marked in vain is asked for one. docs/curation.md has the figures and the limits.
//!
//! ```
//! use mandat_text::screen::{Screen, Topic};
//!
//! let found = Screen::built_in().hits("Seit der Chemotherapie bin ich wieder gesund.");
//! assert!(found.has(Topic::Health) && !found.has(Topic::Religion));
//! ```

use std::ops::Range;

use crate::fold::fold;
use crate::lists::{ListError, ListVersion, Lists, Matcher};

/// The lists that come with Mandat: German and English.
pub const BUILT_IN: &str = include_str!("../../../packs/lists/special-de-en.toml");

/// What a special category is about (GDPR Art 9(1)); the order is that of the record's field `special`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Topic {
    /// Health.
    Health,
    /// Religious and philosophical beliefs.
    Religion,
    /// Political opinions.
    Politics,
    /// Sex life and sexual orientation.
    SexLife,
    /// Membership of a trade union.
    Union,
    /// Racial or ethnic origin.
    Ethnicity,
    /// Genetic data.
    Genetic,
    /// Biometric data.
    Biometric,
}

impl Topic {
    /// Every topic, in order.
    pub const ALL: [Self; 8] = [
        Self::Health,
        Self::Religion,
        Self::Politics,
        Self::SexLife,
        Self::Union,
        Self::Ethnicity,
        Self::Genetic,
        Self::Biometric,
    ];

    /// The word for it in lists, records and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Religion => "religion",
            Self::Politics => "politics",
            Self::SexLife => "sex_life",
            Self::Union => "union",
            Self::Ethnicity => "ethnicity",
            Self::Genetic => "genetic",
            Self::Biometric => "biometric",
        }
    }
}

/// A set of topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Special(u8);

impl Special {
    /// The set as bits: bit *n* is the *n*-th of [`Topic::ALL`].
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether a topic is in it.
    #[must_use]
    pub const fn has(self, topic: Topic) -> bool {
        self.0 >> topic as u8 & 1 == 1
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The topics in it, in order.
    pub fn topics(self) -> impl Iterator<Item = Topic> {
        Topic::ALL.into_iter().filter(move |t| self.has(*t))
    }
}

/// Compiled lists of special categories.
#[derive(Debug, Clone)]
pub struct Screen {
    matcher: Matcher,
    version: ListVersion,
}

impl Screen {
    /// Compiles lists whose groups are [topics](Topic::as_str); takes milliseconds, so it is done once.
    ///
    /// # Errors
    /// If a group is none of them.
    pub fn new(lists: &Lists) -> Result<Self, ListError> {
        let index = |name: &str| Topic::ALL.into_iter().find(|t| t.as_str() == name).map(|t| t as u8);
        let matcher = lists.matcher(index, &Topic::ALL.map(Topic::as_str).join(" "))?;
        Ok(Self { matcher, version: lists.version() })
    }

    /// The screen of the [lists that come with Mandat](BUILT_IN).
    #[must_use]
    pub fn built_in() -> Self {
        let lists = Lists::parse(BUILT_IN).expect("a test reads the built-in lists");
        Self::new(&lists).expect("a test compiles the built-in lists")
    }

    /// The special categories that a text has words of.
    #[must_use]
    pub fn hits(&self, text: &str) -> Special {
        let mut folded = Vec::new();
        fold(text, &mut folded);
        let bits = self.matcher.bits(&folded);
        Special(u8::try_from(bits).expect("eight topics"))
    }

    /// The version of the lists: what was screened with another one is screened again.
    #[must_use]
    pub const fn version(&self) -> ListVersion {
        self.version
    }
}

/// The byte ranges of `@name` in a text, with the `@`; a mail address is none, and `@name@host` is one.
pub fn mentions(text: &str) -> impl Iterator<Item = Range<usize>> {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '@');
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + text[from..].find('@')?;
            let before = text[from..at].chars().next_back();
            let rest = &text[at + 1..];
            let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
            let name = rest[..end].trim_end_matches(['.', '-', '@']);
            from = at + 1 + end;
            let begins = !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '/'));
            if begins && name.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
                return Some(at..at + 1 + name.len());
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static SCREEN: LazyLock<Screen> = LazyLock::new(Screen::built_in);

    #[test]
    fn built_in_lists_compile_and_cover_every_topic() {
        let lists = Lists::parse(BUILT_IN).unwrap();
        let mut names: Vec<_> = Topic::ALL.map(Topic::as_str).to_vec();
        names.sort_unstable();
        assert_eq!(lists.groups().collect::<Vec<_>>(), names);
        assert_eq!(Screen::new(&lists).unwrap().version(), SCREEN.version());
    }

    #[test]
    fn mentions_are_handles_and_not_mail() {
        let found = |text| mentions(text).map(|r| text[r].to_owned()).collect::<Vec<_>>();
        assert_eq!(found("Grüße @anna, und @Ben_2!"), ["@anna", "@Ben_2"]);
        assert_eq!(found("a@b.org @ @@x @-"), Vec::<String>::new());
        assert_eq!(found("(@a@mas.to) .@b"), ["@a@mas.to"]);
    }

    proptest! {
        #[test]
        fn more_text_never_has_fewer_topics(a in "\\PC{0,30}", word in "krebs|Jesus|SPD|schwul|Streik|asian", b in "\\PC{0,30}") {
            let alone = SCREEN.hits(&word);
            prop_assert!(!alone.is_empty());
            let all = SCREEN.hits(&format!("{a} {word} {b}"));
            prop_assert_eq!(all.bits() & alone.bits(), alone.bits());
            prop_assert_eq!(all, SCREEN.hits(&format!("{a} {word} {b}")));
        }

        #[test]
        fn mentions_lie_in_the_text_in_order(text in "([@a-b._ ]|\\PC){0,40}") {
            let mut end = 0;
            for range in mentions(&text) {
                prop_assert!(range.start >= end && text[range.clone()].starts_with('@') && range.len() > 1);
                end = range.end;
            }
        }
    }
}
