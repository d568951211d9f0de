//! Facts, derived once: what [`crate::decide`] and the vectorised build both judge by.
//!
//! The fact word of a record is the union of a part that depends on the person, the category and the
//! time of creation ([`PersonHistory::facts`]), a part that depends on the record alone
//! ([`traits_facts`]), and orders ([`order_facts`]). Records that events or other people name need
//! [`full_facts`], which looks everything up. For all other records the union is equal to it.

mod age;
mod bench;
mod consents;
mod context;
mod denials;
mod evidence;
mod fact;
mod life;
mod notices;
mod offers;
mod others;
mod person;
mod record;
mod region;
mod signals;
mod times;

pub use context::{Context, Settings};
pub use evidence::{Witness, basis, witnesses};
pub use fact::Fact;
pub use record::{full_facts, order_facts, traits_facts};

use crate::history::PersonHistory;
use crate::proof::{PersonKey, RecordKey};
use crate::table::Facts;
use crate::time::Micros;
use crate::traits::Traits;
use crate::vocab::{Category, Role};

/// One record as a decision sees it: no text.
#[derive(Debug, Clone, Copy)]
pub struct RecordView<'a> {
    /// Its key.
    pub key: RecordKey,
    /// Its id on the platform; for explanations only.
    pub id: &'a str,
    /// Its author.
    pub person: PersonKey,
    /// What it is.
    pub traits: Traits,
    /// When it was made.
    pub created: Micros,
    /// When the operator collected it.
    pub collected: Micros,
    /// The organisation in whose name it was posted ([`crate::history::org_key`]).
    pub org: Option<PersonKey>,
    /// When its retention ends.
    pub retain_until: Option<Micros>,
    /// Other people in it.
    pub others: &'a [Other],
}

/// Another person in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Other {
    /// How they come into it.
    pub role: Role,
    /// Who; `None` = unknown, or without an account: never permitted.
    pub person: Option<PersonKey>,
    /// Their record that is quoted, reposted, answered or copied.
    pub record: Option<RecordKey>,
    /// Whether they can be taken out and the rest stands.
    pub redactable: bool,
}

/// What somebody else's choices say about a record that names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stance {
    /// Consents, and nothing stands against it.
    pub consents: bool,
    /// Was told, the time to object is over, and nothing stands against it.
    pub told: bool,
    /// Denies: objected (also pending), refused, withdrew, erased, restricted, deleted.
    pub denies: bool,
    /// The account or the record is erased.
    pub erased: bool,
    /// No data subject: an organisation or an automated account.
    pub nobody: bool,
}

/// Answers for other people in a record.
pub trait People {
    /// What a person says about one of their records, or about being named in somebody else's.
    fn stance(&self, person: PersonKey, record: Option<RecordKey>, category: Category, created: Micros) -> Stance;
}

impl PersonHistory {
    /// The facts that depend on the person, the category and the time of creation alone.
    #[must_use]
    pub fn facts(&self, ctx: &Context<'_>, category: Category, created: Micros) -> Facts {
        self.under(ctx).facts(category, created)
    }

    /// The person under a question, to be asked for the facts of many categories and times.
    #[must_use]
    pub fn under<'a>(&'a self, ctx: &'a Context<'a>) -> Portrait<'a> {
        Portrait(person::Subject::new(self, ctx, Category::Post, Micros::DISTANT_PAST, None))
    }
}

/// One person under one question: what holds for all their records was looked at once.
#[derive(Clone, Copy)]
pub struct Portrait<'a>(person::Subject<'a>);

impl Portrait<'_> {
    /// The facts for records of a category made at a time.
    #[must_use]
    pub fn facts(&self, category: Category, created: Micros) -> Facts {
        self.0.with(category, created).facts()
    }
}
