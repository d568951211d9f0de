//! Acts: events in the compact form that one person's history keeps. Names nobody, holds no text.

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use crate::event::Verified;
use crate::history::reach::Reach;
use crate::place::Place;
use crate::proof::sha256;
use crate::time::Micros;
use crate::vocab::{AccountStatus, Actor, Audience, Method, SignalSource};

/// A word (an event id, a notice id, a purpose, a recipient) as the head of its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tag(NonZeroU64);

impl Tag {
    /// The tag of a word.
    #[must_use]
    pub fn of(word: &str) -> Self {
        let digest = sha256(word.as_bytes());
        let head = digest.0[..8].iter().fold(0, |acc: u64, b| acc << 8 | u64::from(*b));
        Self(NonZeroU64::new(head).unwrap_or(NonZeroU64::MIN))
    }

    /// The tag of one thing done to another.
    #[must_use]
    pub(crate) fn with(self, other: Self) -> Self {
        Self(NonZeroU64::new(self.0.get().rotate_left(17) ^ other.0.get()).unwrap_or(NonZeroU64::MIN))
    }

    /// The tag of an event that has no id of its own.
    #[must_use]
    pub fn of_position(position: u64) -> Self {
        // An odd factor is a bijection on u64: distinct positions have distinct tags.
        let mixed = position.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self(NonZeroU64::new(mixed).unwrap_or(NonZeroU64::MIN))
    }
}

/// One event of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Its number in the ledger.
    pub position: u64,
    /// Its id; the same id again changes nothing.
    pub id: Tag,
    /// When the operator received it.
    pub received: Micros,
    /// When the sender says it was made.
    pub asserted: Micros,
    /// When the ledger took it in.
    pub appended: Micros,
    /// What happened.
    pub what: What,
}

impl Act {
    /// When a permission starts: it never reaches back behind its receipt (R1).
    #[must_use]
    pub fn starts(&self) -> Micros {
        self.asserted.max(self.received)
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A notice was delivered, or failed to be.
    Notice(Delivery),
    /// The person agreed.
    Consent(Consent),
    /// The person declined.
    Refuse(Reach),
    /// The person took a consent back.
    Withdraw(Reach),
    /// The person objected.
    Object(Reach, Verified),
    /// The result of an identity check on an objection.
    Verification(Verification),
    /// The person had records erased; an empty list is everything.
    Erase(Vec<u128>),
    /// Somebody restricted processing.
    Restrict(Actor),
    /// Somebody lifted something.
    Lift(Lift),
    /// Keys of accounts their owner linked (`true`) or parted (`false`).
    Link(Vec<u128>, bool),
    /// A guardian consented (`true`) or objected.
    Guardian(Reach, bool),
    /// A court wants records kept; an empty list is everything. Until when.
    LegalHold(Vec<u128>, Option<Micros>),
    /// A deceased person's directive allows (`true`) or denies.
    Directive(bool),
    /// A machine-readable preference.
    Signal(Box<Signal>),
    /// The account changed state.
    Status(AccountStatus),
    /// The birth date was stated or corrected: days since 1970-01-01; `None` = it is not known after all.
    Age(Option<i32>),
    /// The person moved: country, region, and whether only a network address says so.
    Move(Option<Place>, Option<Place>, bool),
    /// Somebody else had the account between these times.
    Compromised(Micros, Micros),
    /// The audience of a record changed.
    Visibility(u128, Audience),
    /// A record was deleted.
    Deleted(u128),
    /// A record was edited: flags and special categories of the new version, one bit each.
    Edited(u128, u8, u8),
}

/// A notice on its way to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Which notice.
    pub notice: Tag,
    /// In which language.
    pub language: Option<String>,
    /// Whether the right to object stood apart from everything else (GDPR Art 21(4)).
    pub separate: bool,
    /// Whether it reached the person: not bounced, not known to be unread.
    pub reached: bool,
}

/// A consent with its whole key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// What it covers.
    pub reach: Reach,
    /// The notice it was given under.
    pub notice: Option<Tag>,
    /// How it was given.
    pub method: Method,
    /// Special categories it names, one bit per [`crate::vocab::Special::index`].
    pub explicit: u8,
    /// What it names beyond its categories.
    pub names: Named,
    /// Whether it was bundled with something else.
    pub bundled: bool,
    /// When it ends.
    pub expires: Option<Micros>,
    /// The term that a written release states.
    pub term: Option<Micros>,
}

/// What a consent names beyond its categories: one bit per word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Named(pub u16);

impl Named {
    /// The words that rules ask for; others are kept in the ledger and mean nothing here.
    pub const WORDS: [&'static str; 5] = ["minor_records", "career", "guardian", "non_public", "gpc_conflict"];

    /// The set of some words.
    #[must_use]
    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let bit = |word: &str| Self::WORDS.iter().position(|w| *w == word).map_or(0, |i| 1 << i);
        Self(words.into_iter().fold(0, |bits, word| bits | bit(word)))
    }

    /// Whether a word is named.
    #[must_use]
    pub fn has(self, word: &str) -> bool {
        let Self(bits) = Self::of([word]);
        bits != 0 && self.0 & bits == bits
    }
}

/// The result of an identity check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Which objection.
    pub of: Option<Tag>,
    /// What came out.
    pub result: Verified,
    /// When the claimant was told.
    pub told: Option<Micros>,
}

/// Somebody lifted something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lift {
    /// Who.
    pub by: Actor,
    /// What.
    pub of: Lifted,
    /// When the person concerned was told.
    pub told: Option<Micros>,
}

/// What is lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lifted {
    /// Every restriction.
    Restriction,
    /// Every objection.
    Objection,
    /// A conflict between signals.
    SignalConflict,
    /// One event.
    Event(Tag),
}

/// A machine-readable preference after normalisation (law reference, section 3.18).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Where it came from.
    pub source: SignalSource,
    /// What it says about training: no, yes, or nothing that can be told.
    pub says: Says,
    /// Whom it addresses.
    pub entity: Entity,
    /// The record it is about; `None` = the account.
    pub record: Option<u128>,
}

/// What a signal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Says {
    /// No.
    Deny,
    /// No, and as an exercise of the right to object.
    Object,
    /// No, and delete.
    Delete,
    /// Yes.
    Allow,
    /// Nothing that can be told; never a permission.
    Unknown,
}

/// Whom a signal addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entity {
    /// This operator.
    Controller,
    /// Somebody else.
    Other,
    /// Everybody.
    Global,
}
