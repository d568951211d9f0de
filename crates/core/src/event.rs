//! Events: everything that happens to a person's choices, notices, age, accounts and records.
//!
//! One schema, two spellings: scenario files write `received`, `asserted`, `id`; the canonical
//! choices file writes `received_at`, `asserted_at`, `event_id`. [`EventLine`] is the flat form of
//! both; [`crate::history::Act`] is the compact form that a history keeps. A restrictive event is never refused for
//! missing paperwork.

use serde::{Deserialize, Serialize};

use crate::time::Micros;
use crate::vocab::{AccountStatus, Actor, Audience, Category, Flag, Method, SignalAuth, SignalSource, Special};

/// A list of words in which `*` stands for everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(pub Vec<String>);

impl Words {
    /// `["*"]`.
    #[must_use]
    pub fn all() -> Self {
        Self(vec!["*".into()])
    }

    /// One word.
    #[must_use]
    pub fn one(word: &str) -> Self {
        Self(vec![word.into()])
    }

    /// Whether the list holds `word` or `*`.
    #[must_use]
    pub fn covers(&self, word: &str) -> bool {
        self.0.iter().any(|w| w == "*" || w == word)
    }

    /// The words.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// A list of categories in which `*` stands for every category; one bit per [`Category::index`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Categories(pub u32);

impl Categories {
    /// Every category.
    pub const ALL: Self = Self(u32::MAX);

    /// Whether `category` is in the set.
    #[must_use]
    pub const fn has(self, category: Category) -> bool {
        self.0 & (1 << category.index()) != 0
    }

    /// A set of one.
    #[must_use]
    pub const fn one(category: Category) -> Self {
        Self(1 << category.index())
    }
}

impl Serialize for Categories {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if !s.is_human_readable() {
            return s.serialize_u32(self.0);
        }
        if *self == Self::ALL {
            return s.collect_seq(["*"]);
        }
        s.collect_seq(Category::ALL.iter().filter(|c| self.has(**c)))
    }
}

impl<'de> Deserialize<'de> for Categories {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if !d.is_human_readable() {
            return u32::deserialize(d).map(Self);
        }
        let words = Vec::<String>::deserialize(d)?;
        let mut bits = 0;
        for word in words {
            match word.as_str() {
                "*" => return Ok(Self::ALL),
                // A family word covers its members: `career`, `biometric`.
                "career" | "biometric" => {
                    for c in Category::ALL.iter().filter(|c| c.as_str().starts_with(&format!("{word}."))) {
                        bits |= 1 << c.index();
                    }
                }
                _ => bits |= 1 << word.parse::<Category>().map_err(serde::de::Error::custom)?.index(),
            }
        }
        Ok(Self(bits))
    }
}

/// A span of instants, both ends optional; a bare `to` date includes its whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// First instant inside.
    #[serde(default)]
    pub from: Option<Micros>,
    /// Last instant inside.
    #[serde(default, deserialize_with = "end_of_day")]
    pub to: Option<Micros>,
}

impl Range {
    /// Whether it ends before it begins, so that nothing lies inside.
    #[must_use]
    pub fn is_reversed(&self) -> bool {
        self.from.zip(self.to).is_some_and(|(from, to)| to < from)
    }

    /// Whether `at` lies inside.
    #[must_use]
    pub fn holds(&self, at: Micros) -> bool {
        self.from.is_none_or(|f| f <= at) && self.to.is_none_or(|t| at <= t)
    }
}

fn end_of_day<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Micros>, D::Error> {
    if !d.is_human_readable() {
        return Option::<Micros>::deserialize(d);
    }
    let Some(text) = Option::<String>::deserialize(d)? else { return Ok(None) };
    let at = Micros::parse(&text).map_err(serde::de::Error::custom)?;
    Ok(Some(if text.len() == 10 { Micros(at.plus_days(1).0 - 1) } else { at }))
}

/// Which event; the word of the `event` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    NoticeDelivered,
    Consent,
    Refuse,
    Withdraw,
    Object,
    Verification,
    Erase,
    Restrict,
    Lift,
    Link,
    Unlink,
    Guardian,
    OrgPolicy,
    Order,
    LegalHold,
    Directive,
    Signal,
    AccountStatus,
    Age,
    Move,
    Compromised,
    Visibility,
    Deleted,
    Edited,
}

impl EventKind {
    /// Whether an event of this kind can only take records out, never let one in.
    ///
    /// Kinds that can do either (a guardian's act, a directive, a lift) count as permissive.
    #[must_use]
    pub const fn is_restrictive(self) -> bool {
        matches!(
            self,
            Self::Refuse
                | Self::Withdraw
                | Self::Object
                | Self::Erase
                | Self::Restrict
                | Self::Order
                | Self::LegalHold
                | Self::Signal
                | Self::Compromised
                | Self::Deleted
        )
    }
}

/// State of an identity check on an objection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Verified {
    /// Checked, or no reason to doubt: binds at once.
    #[default]
    Yes,
    /// Being checked: holds at once.
    Pending,
    /// Checked and refused.
    Failed,
}

impl Serialize for Verified {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if !s.is_human_readable() {
            return s.serialize_u8(*self as u8);
        }
        match self {
            Self::Yes => s.serialize_bool(true),
            Self::Pending => s.serialize_str("pending"),
            Self::Failed => s.serialize_str("failed"),
        }
    }
}

impl<'de> Deserialize<'de> for Verified {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if !d.is_human_readable() {
            return Ok(match u8::deserialize(d)? {
                0 => Self::Yes,
                1 => Self::Pending,
                _ => Self::Failed,
            });
        }
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Verified;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("true, `pending` or `failed`")
            }
            fn visit_bool<E: serde::de::Error>(self, v: bool) -> Result<Verified, E> {
                Ok(if v { Verified::Yes } else { Verified::Failed })
            }
            fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<Verified, E> {
                match v {
                    "true" | "verified" => Ok(Verified::Yes),
                    "pending" => Ok(Verified::Pending),
                    "failed" => Ok(Verified::Failed),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(v), &self)),
                }
            }
        }
        d.deserialize_any(Visitor)
    }
}

/// One event as a flat line of JSON or YAML, before it is checked.
///
/// Every field except `event` and `received` is optional here; the check on the way in says which
/// kinds need which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventLine {
    pub event: EventKind,
    #[serde(alias = "received_at")]
    pub received: Micros,
    #[serde(default, alias = "asserted_at", skip_serializing_if = "Option::is_none")]
    pub asserted: Option<Micros>,
    #[serde(default, alias = "event_id", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Someone without an account who objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purposes: Option<Words>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Categories>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipients: Option<Words>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Range>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explicit: Option<Vec<Special>>,
    /// What the consent names beyond its categories: `minor_records`, `career`, `guardian`, `non_public`, `gpc_conflict`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    /// A date, an instant, or an ISO 8601 duration counted from the act (`P2Y`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<Micros>,
    /// How the act reached the operator (`web`, `app`, `api`, `import`); also the channel of a notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separate_objection: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounced: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
    /// The event or thing acted on, of a verification or a lift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Verified>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimant_told: Option<Micros>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Micros>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Vec<String>>,
    /// `consent`/`object` of a guardian, `allow`/`deny` of an organisation or a directive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regions: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processed: Option<Range>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted: Option<Micros>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Micros>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SignalSource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<SignalAuth>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<AccountStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born: Option<Micros>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// `address` or `vpn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Micros>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Micros>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlawful: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flags: Option<Vec<Flag>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub special: Option<Vec<Special>>,
}

impl EventLine {
    /// An event with only its kind and time of receipt.
    #[must_use]
    pub fn new(event: EventKind, received: Micros) -> Self {
        let json = serde_json::json!({ "event": event, "received": received });
        serde_json::from_value(json).expect("kind and time are enough")
    }

    /// Who acts, where `by` is an actor word (restrict, lift, deleted) rather than a name.
    #[must_use]
    pub fn actor(&self) -> Option<Actor> {
        self.by.as_deref().and_then(|by| by.parse().ok())
    }

    /// When the act was made, by the sender's clock; the receipt where none is given.
    #[must_use]
    pub fn asserted_at(&self) -> Micros {
        self.asserted.unwrap_or(self.received)
    }
}
