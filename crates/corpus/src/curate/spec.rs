//! What a recipe says about curation: the section `[curation]`.

use mandat_text::redact::Kind;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The settings of the curation stage. A recipe that has the section gets every step at its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Curation {
    /// Which kinds of personal data are replaced by placeholders.
    pub redact: Vec<Redact>,
    /// Where the language of a text is taken from.
    pub language: Language,
    /// BCP 47 codes of the languages that stay; none = all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// Which rules of quality drop texts.
    pub quality: Quality,
    /// Evaluation sets: texts that share a run of 13 words with one of them are dropped.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evaluation: Vec<Evaluation>,
    /// What the evaluation sets hold; whoever reads the recipe reads them ([`Curation::take_in`]).
    #[serde(skip)]
    pub items: Vec<String>,
    /// Whether texts go that repeat, nearly enough, what somebody else wrote before and does not allow.
    pub denied_copies: bool,
    /// Which copies are dropped.
    pub duplicates: Duplicates,
}

impl Default for Curation {
    fn default() -> Self {
        Self {
            redact: Redact::ALL.to_vec(),
            language: Language::Detected,
            languages: Vec::new(),
            quality: Quality::Short,
            evaluation: Vec::new(),
            items: Vec::new(),
            denied_copies: true,
            duplicates: Duplicates::Near,
        }
    }
}

/// A kind of personal data ([`mandat_text::redact::Kind`]) that is looked for in texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redact {
    /// E-mail addresses.
    Email,
    /// Telephone numbers.
    Phone,
    /// Bank account numbers.
    Iban,
    /// Payment card numbers.
    Card,
    /// Network addresses.
    Ip,
    /// Postal addresses.
    Address,
    /// Names of accounts.
    Handle,
    /// What in a URL says whose it is.
    Url,
}

impl Redact {
    /// Every kind.
    pub const ALL: [Self; 8] =
        [Self::Email, Self::Phone, Self::Iban, Self::Card, Self::Ip, Self::Address, Self::Handle, Self::Url];

    /// The kind as the text crate knows it.
    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Email => Kind::Email,
            Self::Phone => Kind::Phone,
            Self::Iban => Kind::Iban,
            Self::Card => Kind::Card,
            Self::Ip => Kind::Ip,
            Self::Address => Kind::Address,
            Self::Handle => Kind::Handle,
            Self::Url => Kind::UrlId,
        }
    }
}

impl Curation {
    /// Takes in an evaluation set: JSON Lines, whose strings are the items, or plain lines.
    pub fn take_in(&mut self, text: &str) {
        for line in text.lines().filter(|l| !l.trim().is_empty()) {
            match serde_json::from_str::<Value>(line) {
                Ok(value @ (Value::Object(_) | Value::Array(_) | Value::String(_))) => self.strings(&value),
                _ => self.items.push(line.to_owned()),
            }
        }
    }

    fn strings(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.items.push(text.clone()),
            Value::Array(values) => values.iter().for_each(|v| self.strings(v)),
            Value::Object(fields) => fields.values().for_each(|v| self.strings(v)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Where the language of a text is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// From the platform alone.
    Given,
    /// From the text; what the platform says counts where the text leaves it open.
    Detected,
}

/// An evaluation set. Its digest makes the recipe say all of what a build is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// Path of the file, in the home.
    pub file: String,
    /// SHA-256 of the file, as 64 hexadecimal digits.
    pub sha256: String,
}

/// Which rules of quality drop texts; [`mandat_text::quality::Settings`] has their thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// None.
    Off,
    /// Those for posts and comments.
    Short,
    /// Those for articles and long posts, as published for Gopher, C4 and FineWeb.
    Long,
}

/// Which copies of a text are dropped; the earliest one stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// None.
    Off,
    /// Texts that are the same, byte for byte, after redaction.
    Exact,
    /// Those, and texts that share at least four fifths of their word runs.
    Near,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evaluation_set_is_its_strings_or_its_lines() {
        let mut curation = Curation::default();
        curation
            .take_in("{\"q\": \"one two\", \"options\": [\"a\", \"b\"], \"n\": 3}\n\nplain words\n\"quoted\"\n42\n");
        assert_eq!(curation.items, ["one two", "a", "b", "plain words", "quoted", "42"]);
    }
}
