//! One person's history, and what concerns everybody: folds over ledger events.
//!
//! Events come in ledger order; the same event twice changes nothing; an event that comes late is
//! put where it belongs. What holds at a time is derived from here, in [`crate::derive`].

mod act;
mod apply;
mod link;
mod reach;
mod shared;
mod signal;

pub use act::{Act, Consent, Delivery, Entity, Lift, Lifted, Named, Says, Signal, Tag, Verification, What};
pub use apply::ends;
pub use link::resolve_links;
pub use reach::{Reach, Target};
pub use shared::{Order, OrgAct, Seen, Shared};
pub use signal::says;

use serde::{Deserialize, Serialize};

use crate::event::{EventKind, EventLine};
use crate::person::PersonInfo;
use crate::proof::{Keyer, PersonKey};
use crate::time::Micros;

/// The platform of an event or a person that names none.
pub const DEFAULT_PLATFORM: &str = "x";

/// One event of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequenced {
    /// Its number in the ledger.
    pub position: u64,
    /// The ledger's own time.
    pub appended: Micros,
    /// What was written.
    pub line: EventLine,
}

impl Sequenced {
    /// The tag of its id, or of its position where it has none.
    #[must_use]
    pub fn id(&self) -> Tag {
        self.line.id.as_deref().map_or_else(|| Tag::of_position(self.position), Tag::of)
    }
}

/// Everything known about one person key; 64 bytes and the acts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonHistory {
    /// What is known apart from acts.
    pub info: PersonInfo,
    acts: Vec<Act>,
}

impl PersonHistory {
    /// A person of whom only the account's facts are known.
    #[must_use]
    pub const fn new(info: PersonInfo) -> Self {
        Self { info, acts: Vec::new() }
    }

    /// A person with acts that are in ledger order already and hold no event twice.
    #[must_use]
    pub const fn with_acts(info: PersonInfo, acts: Vec<Act>) -> Self {
        Self { info, acts }
    }

    /// The acts alone, so that their list can be used again.
    #[must_use]
    pub fn into_acts(self) -> Vec<Act> {
        self.acts
    }

    /// What is left of a person whose secret was destroyed: that everything is erased.
    #[must_use]
    pub fn erased(position: u64, appended: Micros) -> Self {
        let mut history = Self::default();
        history.insert(Act {
            position,
            id: Tag::of_position(position),
            received: appended,
            asserted: appended,
            appended,
            what: What::Erase(Vec::new()),
        });
        history
    }

    /// Takes in an event of this person; the same event again changes nothing.
    pub fn apply(&mut self, event: &Sequenced, keyer: &Keyer) {
        if let Some(what) = What::of(&event.line, keyer) {
            self.insert(apply::act_of(event, what));
        }
    }

    /// Puts an act where its position says.
    pub(crate) fn insert(&mut self, act: Act) {
        if self.acts.iter().any(|a| a.id == act.id) {
            return;
        }
        let at = self.acts.partition_point(|a| a.position <= act.position);
        self.acts.insert(at, act);
    }

    /// The acts in ledger order.
    #[must_use]
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }

    /// Whether every record of this person needs a lookup: the account is an organisation's or a joint one.
    #[must_use]
    pub fn needs_lookup(&self) -> bool {
        self.info.is_joint() || self.info.is_organisation()
    }

    /// Whether some record of this person needs a lookup: all do, or an event names one.
    #[must_use]
    pub fn names_records(&self) -> bool {
        self.needs_lookup() || self.acts.iter().any(|a| a.what.names_records())
    }

    /// Keys of the records that events of this person name, in no order; each needs a lookup.
    pub fn named_records(&self) -> impl Iterator<Item = u128> {
        self.acts.iter().flat_map(|a| a.what.named_records())
    }
}

impl What {
    /// What a choice reaches; `None` for what is no choice.
    #[must_use]
    pub const fn reach(&self) -> Option<&Reach> {
        match self {
            Self::Consent(c) => Some(&c.reach),
            Self::Refuse(r) | Self::Withdraw(r) | Self::Object(r, _) | Self::Guardian(r, _) => Some(r),
            _ => None,
        }
    }

    /// Whether it is about single records.
    #[must_use]
    pub fn names_records(&self) -> bool {
        self.named_records().next().is_some()
    }

    /// Keys of the single records it is about.
    pub fn named_records(&self) -> impl Iterator<Item = u128> {
        let (list, one): (&[u128], Option<u128>) = match self {
            Self::Consent(c) => (c.reach.records(), None),
            Self::Refuse(r) | Self::Withdraw(r) | Self::Object(r, _) | Self::Guardian(r, _) => (r.records(), None),
            Self::Erase(records) | Self::LegalHold(records, _) => (records, None),
            Self::Signal(s) => (&[], s.record),
            Self::Visibility(record, _) | Self::Deleted(record) | Self::Edited(record, ..) => (&[], Some(*record)),
            Self::Notice(_)
            | Self::Verification(_)
            | Self::Restrict(_)
            | Self::Lift(_)
            | Self::Link(..)
            | Self::Directive(_)
            | Self::Status(_)
            | Self::Age(_)
            | Self::Move(..)
            | Self::Compromised(..) => (&[], None),
        };
        list.iter().copied().chain(one)
    }
}

/// The platform of an event; `x` where it names none.
#[must_use]
pub fn platform_of(line: &EventLine) -> &str {
    line.platform.as_deref().unwrap_or(DEFAULT_PLATFORM)
}

/// The key under which an organisation's policy is kept, whatever the platform.
#[must_use]
pub fn org_key(keyer: &Keyer, name: &str) -> PersonKey {
    PersonKey(keyer.derive(b"mandat/org/v1", "", name))
}

/// Whose histories an event belongs to: none for orders, policies, checks and events that name only
/// a record ([`Shared::apply`] takes those); all accounts of a link.
#[must_use]
pub fn subjects(line: &EventLine, default_platform: &str, keyer: &Keyer) -> Vec<PersonKey> {
    let platform = line.platform.as_deref().unwrap_or(default_platform);
    let key = |account: &String| keyer.person(platform, account);
    match line.event {
        EventKind::Order | EventKind::OrgPolicy => Vec::new(),
        EventKind::Link | EventKind::Unlink => line.accounts.iter().flatten().map(key).collect(),
        EventKind::Object => line.account.iter().map(key).chain(outsider(line, keyer)).collect(),
        _ => line.account.iter().map(key).collect(),
    }
}

/// Somebody without an account who objects has a history of their own, under their name alone.
fn outsider(line: &EventLine, keyer: &Keyer) -> Option<PersonKey> {
    if line.account.is_some() {
        return None;
    }
    line.by.as_deref().map(|name| keyer.person("", name))
}
