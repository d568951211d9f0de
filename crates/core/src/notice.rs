//! Notices: the versioned texts that tell people what is planned.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Categories, Words};
use crate::time::Micros;
use crate::vocab::FIRST_PARTY;

/// One text, what it announces and from when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Its id; events refer to it.
    #[serde(default)]
    pub id: String,
    /// When the text was published.
    pub published: Micros,
    /// When it takes effect; missing = at publication.
    #[serde(default)]
    pub effective: Option<Micros>,
    /// The purposes it announces.
    pub purposes: Words,
    /// The categories it announces.
    #[serde(default = "every_category")]
    pub categories: Categories,
    /// The recipients it names.
    #[serde(default = "first_party")]
    pub recipients: Words,
    /// Whether it says that records made before it are used as well.
    #[serde(default)]
    pub covers_earlier_records: bool,
    /// The languages the text exists in.
    #[serde(default)]
    pub languages: Vec<String>,
    /// The text by language.
    #[serde(default)]
    pub text: BTreeMap<String, String>,
}

impl Notice {
    /// When it takes effect.
    #[must_use]
    pub fn effective(&self) -> Micros {
        self.effective.unwrap_or(self.published)
    }

    /// Whether the text exists in a language; a bare language matches its regional forms.
    #[must_use]
    pub fn speaks(&self, language: &str) -> bool {
        self.languages.iter().any(|l| same_language(l, language))
            || self.text.keys().any(|l| same_language(l, language))
    }
}

/// Whether two BCP 47 tags name one language; regions are left aside.
#[must_use]
pub fn same_language(one: &str, other: &str) -> bool {
    fn base(tag: &str) -> &str {
        tag.split(['-', '_']).next().unwrap_or("")
    }
    base(one).eq_ignore_ascii_case(base(other))
}

pub(crate) const fn every_category() -> Categories {
    Categories::ALL
}

pub(crate) fn first_party() -> Words {
    Words::one(FIRST_PARTY)
}
