//! Word lists: terms in named groups, read from TOML, and a search for all of them in one pass.
//!
//! ```toml
//! [health]                        # a group
//! de = ["krebs", "*krebs*", "=ms", "nicht mehr leben"]
//! en = ["cancer*"]
//! any = ["💉"]
//! ```
//!
//! A term matches whole words, whatever their case, accents and umlauts, with the usual endings of its language (`de`,
//! `en`; none under `any`). `krebs*`: words that begin so. `*krebs`: words that end so. `*krebs*`: words that hold it.
//! `=ms`: this word and no ending. A space stands for whatever is between two words.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use toml::Spanned;

use crate::fold::{self, fold};
use crate::hash;

/// A word list that cannot be read: where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the word list: {message}")]
pub struct ListError {
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong there, and what to do.
    pub message: String,
}

/// What may follow a term in the same word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tail {
    Nothing,
    German,
    English,
    Anything,
}

impl Tail {
    fn allows(self, rest: &[u8]) -> bool {
        const GERMAN: [&[u8]; 16] = [
            b"e", b"en", b"em", b"er", b"es", b"n", b"s", b"ern", b"in", b"innen", b"ns", b"se", b"sen", b"ens",
            b"nen", b"t",
        ];
        const ENGLISH: [&[u8]; 6] = [b"s", b"es", b"ed", b"ing", b"d", b"ly"];
        match self {
            Self::Anything => true,
            _ if rest.is_empty() => true,
            Self::Nothing => false,
            Self::German => GERMAN.contains(&rest),
            Self::English => ENGLISH.contains(&rest),
        }
    }
}

/// One term, folded; it begins with a space if a word must begin there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Term {
    text: Vec<u8>,
    tail: Tail,
}

/// Terms in named groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lists {
    groups: BTreeMap<String, (usize, Vec<Term>)>,
}

/// What a list says, as a number: the same for every order and layout of the same terms, another for other terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListVersion(pub u64);

impl std::fmt::Display for ListVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

type Group = BTreeMap<String, Vec<Spanned<String>>>;

impl Lists {
    /// Reads a word list.
    ///
    /// # Errors
    /// If it is not TOML of the form above, a language is unknown, or a term has no letters.
    pub fn parse(text: &str) -> Result<Self, ListError> {
        let line = |at: usize| text.as_bytes()[..at.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1;
        let read: BTreeMap<Spanned<String>, Group> = toml::from_str(text).map_err(|e| ListError {
            line: e.span().map_or(1, |span| line(span.start)),
            message: format!("{}; the form is `[group]` with `de = [\"term\", …]`", e.message()),
        })?;
        let mut groups = BTreeMap::new();
        for (name, languages) in read {
            let at = line(name.span().start);
            let mut terms = Vec::new();
            for (language, words) in languages {
                let tail = tail_of(&language).ok_or_else(|| ListError {
                    line: words.first().map_or(at, |w| line(w.span().start)),
                    message: format!("`{language}` is no language of word lists; use `de`, `en` or `any`"),
                })?;
                for word in words {
                    terms.push(term(word.get_ref(), tail).ok_or_else(|| ListError {
                        line: line(word.span().start),
                        message: format!("`{}` has no letter, digit or pictogram to look for", word.get_ref()),
                    })?);
                }
            }
            terms.sort();
            terms.dedup();
            groups.insert(name.into_inner(), (at, terms));
        }
        Ok(Self { groups })
    }

    /// The names of the groups, in alphabetical order.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// The number of terms.
    #[must_use]
    pub fn terms(&self) -> usize {
        self.groups.values().map(|(_, terms)| terms.len()).sum()
    }

    /// The version: changes with any term, and with how texts are folded.
    #[must_use]
    pub fn version(&self) -> ListVersion {
        let mut state = hash::scramble(fold::VERSION);
        for (name, (_, terms)) in &self.groups {
            state = hash::bytes(state, name.as_bytes());
            for term in terms {
                state = hash::bytes(hash::scramble(state ^ term.tail as u64), &term.text);
            }
        }
        ListVersion(state)
    }

    /// Compiles the lists; `index` gives the bit of each group.
    ///
    /// # Errors
    /// If `index` does not know a group.
    pub(crate) fn matcher(&self, index: impl Fn(&str) -> Option<u8>, known: &str) -> Result<Matcher, ListError> {
        let mut patterns = Vec::new();
        let mut kinds = Vec::new();
        for (name, (line, terms)) in &self.groups {
            let bit = index(name).ok_or_else(|| ListError {
                line: *line,
                message: format!("unknown group `{name}`; one of: {known}"),
            })?;
            for term in terms {
                patterns.push(term.text.as_slice());
                kinds.push((term.tail, bit));
            }
        }
        let search = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .build(patterns)
            .map_err(|e| ListError { line: 1, message: format!("too large: {e}") })?;
        Ok(Matcher { search, kinds })
    }
}

fn tail_of(language: &str) -> Option<Tail> {
    match language {
        "de" => Some(Tail::German),
        "en" => Some(Tail::English),
        "any" => Some(Tail::Nothing),
        _ => None,
    }
}

fn term(written: &str, tail: Tail) -> Option<Term> {
    let (exact, word) = written.strip_prefix('=').map_or((false, written), |w| (true, w));
    let (inside, word) = word.strip_prefix('*').map_or((false, word), |w| (true, w));
    let (open, word) = word.strip_suffix('*').map_or((false, word), |w| (true, w));
    let mut text = Vec::new();
    fold(word, &mut text);
    text.pop();
    let start = usize::from(inside);
    let tail = if open {
        Tail::Anything
    } else if exact {
        Tail::Nothing
    } else {
        tail
    };
    (text.len() > 1).then(|| Term { text: text.split_off(start), tail })
}

/// Compiled lists.
#[derive(Debug, Clone)]
pub(crate) struct Matcher {
    search: AhoCorasick,
    kinds: Vec<(Tail, u8)>,
}

impl Matcher {
    /// The bits of the groups that have a term in a folded text.
    pub(crate) fn bits(&self, folded: &[u8]) -> u32 {
        let mut found = 0;
        for hit in self.search.find_overlapping_iter(folded) {
            let (tail, bit) = self.kinds[hit.pattern().as_usize()];
            if found >> bit & 1 == 0 {
                // No ending is longer; a word without end costs nothing more.
                let rest = &folded[hit.end()..folded.len().min(hit.end() + 8)];
                let end = rest.iter().position(|b| *b == b' ');
                if tail == Tail::Anything || end.is_some_and(|end| tail.allows(&rest[..end])) {
                    found |= 1 << bit;
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Lists::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_the_line() {
        assert!(error("[a]\nde = 3\n").starts_with("line 2 of the word list:"), "{}", error("[a]\nde = 3\n"));
        assert_eq!(
            error("[a]\nde = [\"x\",\n \"*\"]"),
            "line 3 of the word list: `*` has no letter, digit or pictogram to look for"
        );
        assert!(error("\n[a]\nfr = [\"x\"]").starts_with("line 3 of the word list: `fr` is no language"));
        assert!(error("[a\n").starts_with("line 1"));
        let lists = Lists::parse("\n\n[b]\nde = [\"x\"]").unwrap();
        let unknown = lists.matcher(|_| None, "health").unwrap_err();
        assert_eq!(unknown.to_string(), "line 3 of the word list: unknown group `b`; one of: health");
    }

    #[test]
    fn versions_follow_the_terms_and_not_the_layout() {
        let version = |text| Lists::parse(text).unwrap().version();
        let one = version("[a]\nde = [\"x\", \"y\"]");
        assert_eq!(one, version("# a note\n[a]\nde = [\"Y\",\n  \"x\", \"x\"]"));
        for other in
            ["[a]\nde = [\"x\"]", "[b]\nde = [\"x\", \"y\"]", "[a]\nen = [\"x\", \"y\"]", "[a]\nde = [\"x*\", \"y\"]"]
        {
            assert_ne!(one, version(other), "{other}");
        }
    }

    #[test]
    fn terms_match_as_written() {
        let found = |term: &str, text: &str| {
            let lists = Lists::parse(&format!("[a]\nde = [{term:?}]")).unwrap();
            let mut folded = Vec::new();
            fold(text, &mut folded);
            lists.matcher(|_| Some(0), "").unwrap().bits(&folded) == 1
        };
        for (term, yes, no) in [
            ("krebs", "an Krebs, sagt sie; Krebses", "Brustkrebs Krebstherapie"),
            ("krebs*", "Krebstherapie", "Brustkrebs"),
            ("*krebs", "Brustkrebs", "Krebstherapie"),
            ("*krebs*", "Brustkrebstherapie", "Kreis"),
            ("=ms", "hat MS.", "kms mse"),
            ("ver.di", "bei Ver.di", "Verdienst"),
            ("nicht mehr leben", "will nicht\nmehr  leben!", "nicht mehr erleben"),
            ("💉", "heute💉!", "heute"),
        ] {
            assert!(found(term, yes), "{term} in {yes}");
            assert!(!found(term, no), "{term} not in {no}");
        }
    }
}
