//! What a choice reaches: purposes, categories, recipients, single records, times of creation.

use serde::{Deserialize, Serialize};

use crate::event::{Categories, Range};
use crate::history::act::Tag;
use crate::proof::RecordKey;
use crate::time::Micros;
use crate::vocab::{AI_TRAINING, FIRST_PARTY, PURPOSES, is_training_purpose};

/// What a choice reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    purposes: u16,
    recipients: u8,
    /// The categories.
    pub categories: Categories,
    more: Option<Box<More>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct More {
    purposes: Vec<Tag>,
    recipients: Vec<Tag>,
    records: Vec<u128>,
    created: Range,
}

const ALL_PURPOSES: u16 = 1 << 14;
const GROUP: u16 = 1 << 15;
const ALL_RECIPIENTS: u8 = 1;
const OWN: u8 = 2;

/// A purpose and a recipient, ready to be compared with many reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    bit: u16,
    tag: Option<Tag>,
    training: bool,
    own: bool,
    recipient: Tag,
}

impl Target {
    /// The target of a question.
    #[must_use]
    pub fn new(purpose: &str, recipient: &str) -> Self {
        let known = PURPOSES.iter().position(|p| *p == purpose);
        Self {
            bit: known.map_or(0, |i| 1 << i),
            tag: known.is_none().then(|| Tag::of(purpose)),
            training: is_training_purpose(purpose),
            own: recipient == FIRST_PARTY,
            recipient: Tag::of(recipient),
        }
    }

    /// Whether the recipient is the operator itself.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        self.own
    }
}

impl Reach {
    /// A reach over words; records and creation times narrow it.
    #[must_use]
    pub fn new<'a>(
        purposes: impl IntoIterator<Item = &'a str>,
        categories: Categories,
        recipients: impl IntoIterator<Item = &'a str>,
        records: Vec<u128>,
        created: Range,
    ) -> Self {
        let mut more = More { records, created, ..More::default() };
        let mut reach = Self { purposes: 0, recipients: 0, categories, more: None };
        for word in purposes {
            match (word, PURPOSES.iter().position(|p| *p == word)) {
                ("*", _) => reach.purposes |= ALL_PURPOSES,
                (AI_TRAINING, _) => reach.purposes |= GROUP,
                (_, Some(i)) => reach.purposes |= 1 << i,
                (_, None) => more.purposes.push(Tag::of(word)),
            }
        }
        for word in recipients {
            match word {
                "*" => reach.recipients |= ALL_RECIPIENTS,
                FIRST_PARTY => reach.recipients |= OWN,
                _ => more.recipients.push(Tag::of(word)),
            }
        }
        reach.more = (more != More::default()).then(|| Box::new(more));
        reach
    }

    /// Whether the purpose is named by itself.
    #[must_use]
    pub fn names_purpose(&self, target: &Target) -> bool {
        self.purposes & target.bit != 0
            || target.tag.is_some_and(|t| self.more.as_ref().is_some_and(|m| m.purposes.contains(&t)))
    }

    /// Whether a permission covers the purpose: by name, or everything. A group is not specific.
    #[must_use]
    pub fn permits_purpose(&self, target: &Target) -> bool {
        self.purposes & ALL_PURPOSES != 0 || self.names_purpose(target)
    }

    /// Whether a denial reaches the purpose: by name, everything, or all training.
    #[must_use]
    pub fn denies_purpose(&self, target: &Target) -> bool {
        self.permits_purpose(target) || self.purposes & GROUP != 0 && target.training
    }

    /// Whether the recipient is among those named, or everybody is.
    #[must_use]
    pub fn covers_recipient(&self, target: &Target) -> bool {
        self.recipients & ALL_RECIPIENTS != 0
            || target.own && self.recipients & OWN != 0
            || self.more.as_ref().is_some_and(|m| m.recipients.contains(&target.recipient))
    }

    /// The span of creation times it is limited to.
    #[must_use]
    pub fn created(&self) -> Range {
        self.more.as_ref().map_or_else(Range::default, |m| m.created)
    }

    /// The records it is limited to; empty = all.
    #[must_use]
    pub fn records(&self) -> &[u128] {
        self.more.as_ref().map_or(&[], |m| &m.records)
    }

    /// Whether it reaches a record; `record` is `None` where no record is asked about, so that
    /// reaches limited to single records stay out.
    #[must_use]
    pub fn reaches(&self, record: Option<RecordKey>, created: Micros) -> bool {
        let records = self.records();
        (records.is_empty() || record.is_some_and(|r| records.contains(&r.0))) && self.created().holds(created)
    }
}
