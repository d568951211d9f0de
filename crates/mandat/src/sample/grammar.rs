//! Sentences from the word files: alternatives, slots that stay the same in a thread, themes.

use std::collections::BTreeMap;

use super::rng::Rng;

/// The lines of one word file.
pub(crate) struct Grammar {
    themes: BTreeMap<&'static str, Lines>,
}

/// Key → lines or words, of one theme.
type Lines = BTreeMap<&'static str, Vec<&'static str>>;

/// Words chosen once for a thread, so that it keeps to its subject.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bound(BTreeMap<String, String>);

impl Bound {
    /// Fixes a slot from outside, such as `email`.
    pub(crate) fn set(&mut self, slot: &str, word: String) {
        self.0.insert(slot.to_owned(), word);
    }
}

/// Keys whose lines are whole templates; the others are word lists separated by `|`.
const TEMPLATES: [&str; 8] = ["post", "reply", "quote", "dm", "group", "contact", "chain", "edit"];

impl Grammar {
    /// Reads a word file that is part of the program.
    pub(crate) fn read(source: &'static str) -> Self {
        let mut themes: BTreeMap<&'static str, Lines> = BTreeMap::new();
        let mut theme = "*";
        for line in source.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                theme = name;
                continue;
            }
            let (key, value) = line.split_once('=').expect("bug: a word file line is `key = value`");
            let (key, value) = (key.trim(), value.trim());
            let entry = themes.entry(theme).or_default().entry(key).or_default();
            if TEMPLATES.contains(&key) {
                entry.push(value);
            } else {
                entry.extend(value.split('|').map(str::trim));
            }
        }
        Self { themes }
    }

    /// The themes people talk about.
    pub(crate) fn themes(&self) -> Vec<&'static str> {
        self.themes.keys().copied().filter(|t| *t != "*").collect()
    }

    /// One word or template of a theme, or of all themes where the theme has none.
    pub(crate) fn one(&self, theme: &str, key: &str, rng: &mut Rng) -> Option<&'static str> {
        let own = self.themes.get(theme).and_then(|t| t.get(key));
        let common = self.themes.get("*").and_then(|t| t.get(key));
        let lines = match (own, common) {
            // A theme's answers and the ones that always fit, mixed.
            (Some(own), Some(common)) if key == "reply" => [own, own, common][rng.below(3)],
            (Some(lines), _) | (None, Some(lines)) => lines,
            (None, None) => return None,
        };
        Some(*rng.pick(lines))
    }

    /// A sentence from a template of this key.
    pub(crate) fn sentence(&self, theme: &str, key: &str, bound: &mut Bound, rng: &mut Rng) -> String {
        let template = self.one(theme, key, rng).unwrap_or_default();
        capital(&self.expand(template, theme, bound, rng))
    }

    fn expand(&self, template: &str, theme: &str, bound: &mut Bound, rng: &mut Rng) -> String {
        let mut out = String::new();
        let mut rest = template;
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            let close = closing(&rest[open..]) + open;
            let inner = &rest[open + 1..close];
            out.push_str(&self.fill(inner, theme, bound, rng));
            rest = &rest[close + 1..];
        }
        out.push_str(rest);
        out
    }

    fn fill(&self, inner: &str, theme: &str, bound: &mut Bound, rng: &mut Rng) -> String {
        let options = alternatives(inner);
        if let [slot] = options[..]
            && let Some(word) = bound.0.get(slot)
        {
            return word.clone();
        }
        match options[..] {
            [slot] if slot.bytes().all(|b| b.is_ascii_lowercase()) => {
                let raw = self.one(theme, slot, rng).unwrap_or(slot);
                let word = self.expand(raw, theme, bound, rng);
                bound.0.insert(slot.to_owned(), word.clone());
                word
            }
            _ => self.expand(options[rng.below(options.len())], theme, bound, rng),
        }
    }
}

/// Byte index of the brace that closes the one at the start.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return index,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    panic!("bug: an open brace in a word file");
}

/// Splits at the bars of the outermost level.
fn alternatives(inner: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (index, byte) in inner.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b'|' if depth == 0 => {
                parts.push(&inner[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[start..]);
    parts
}

/// First letter of the text, and of each sentence in it, in upper case.
fn capital(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut start = true;
    let mut previous = ' ';
    for c in text.chars() {
        if start && c.is_alphabetic() {
            out.extend(c.to_uppercase());
            start = false;
        } else {
            out.push(c);
            start = (start && !c.is_alphanumeric()) || (c == ' ' && matches!(previous, '.' | '!' | '?'));
        }
        previous = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_stay_and_alternatives_change() {
        let grammar = Grammar::read("[*]\nmood = a|b|c|d|e|f\n[x]\npost = {mood}{mood}, {1|{2|3}}. {mood}");
        let mut rng = Rng::new(1, "test");
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..50 {
            let text = grammar.sentence("x", "post", &mut Bound::default(), &mut rng);
            let letters: Vec<char> = text.to_lowercase().chars().collect();
            assert_eq!((letters[0], letters[0]), (letters[1], letters[7]));
            seen.insert(letters[4]);
        }
        assert_eq!(seen.into_iter().collect::<String>(), "123");
    }

    #[test]
    fn every_line_of_both_files_can_be_said() {
        for source in [super::super::GERMAN, super::super::ENGLISH] {
            let grammar = Grammar::read(source);
            assert!(grammar.themes().len() >= 12);
            let mut rng = Rng::new(2, "test");
            for theme in grammar.themes() {
                for key in TEMPLATES {
                    for _ in 0..60 {
                        let mut bound = Bound::default();
                        for slot in ["email", "phone", "iban"] {
                            bound.set(slot, "-".into());
                        }
                        let text = grammar.sentence(theme, key, &mut bound, &mut rng);
                        assert!(!text.is_empty() && !text.contains(['{', '}', '|']), "{theme} {key}: {text}");
                    }
                }
            }
        }
    }
}
