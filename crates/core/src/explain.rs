//! Sentences for people: what a reason code means, and what can be done about it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::vocab::Reason;

/// The languages that explanations exist in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

/// Who can mend what a reason names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The person it is about.
    Person,
    /// The operator.
    Operator,
    /// Nobody.
    Nobody,
}

/// What is said about one reason code.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonText {
    /// The articles it rests on.
    pub articles: Vec<String>,
    en: String,
    de: String,
    fix_en: String,
    fix_de: String,
    /// Who can mend it.
    pub who: Who,
}

impl ReasonText {
    /// One sentence for the person it is about.
    #[must_use]
    pub fn sentence(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::De => &self.de,
        }
    }

    /// What can be done about it.
    #[must_use]
    pub fn fix(&self, language: Language) -> &str {
        match language {
            Language::En => &self.fix_en,
            Language::De => &self.fix_de,
        }
    }
}

static TEXTS: LazyLock<BTreeMap<String, ReasonText>> =
    LazyLock::new(|| toml::from_str(include_str!("data/reasons.toml")).expect("a test reads the built-in texts"));

/// What is said about a reason code.
///
/// # Panics
/// Never: a test holds that every code has its text.
#[must_use]
pub fn text(reason: Reason) -> &'static ReasonText {
    TEXTS.get(reason.as_str()).expect("every reason code has its text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_articles_and_sentences_in_both_languages_and_no_other_entry_exists() {
        for reason in Reason::ALL {
            let text = text(*reason);
            assert!(!text.articles.is_empty(), "{reason}");
            for language in [Language::En, Language::De] {
                assert!(text.sentence(language).len() > 10 && text.fix(language).len() > 10, "{reason}");
            }
        }
        assert_eq!(TEXTS.len(), Reason::ALL.len());
    }
}
