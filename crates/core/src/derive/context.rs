//! What one question brings to every person: computed once, read millions of times.

use serde::{Deserialize, Serialize};

use crate::ask::{Ask, Mode};
use crate::derive::age::birthday;
use crate::derive::{Fact, offers};
use crate::event::Categories;
use crate::history::{Act, Order, Seen, Shared, Tag, Target};
use crate::notice::Notice;
use crate::person::day_of;
use crate::table::Facts;
use crate::time::Micros;
use crate::vocab::{FIRST_PARTY, is_training_purpose};

fn announced<'a>(ask: &Ask, id: &str, notice: &'a Notice) -> Announced<'a> {
    Announced {
        tag: Tag::of(id),
        notice,
        purpose: notice.purposes.covers(&ask.purpose),
        recipient: notice.recipients.covers(&ask.recipient),
        effective: notice.effective(),
    }
}

/// Settings that packs tighten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The age from which records may be used for training, where it is above the operator's.
    pub min_training_age: u8,
    /// Days between telling a person and using their records.
    pub notice_window_days: i64,
    /// Records made before this are too old.
    pub records_from: Option<Micros>,
    /// Whether the packs' signatures were checked; whoever loads them says so.
    pub packs_signed: bool,
    /// The facts that some rule looks at; no others are derived for a build.
    pub uses: Facts,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_training_age: 0,
            notice_window_days: 30,
            records_from: None,
            packs_signed: true,
            uses: Facts(u128::MAX),
        }
    }
}

/// A notice, compared with the question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Announced<'a> {
    pub(crate) tag: Tag,
    pub(crate) notice: &'a Notice,
    /// Whether it announces the purpose.
    pub(crate) purpose: bool,
    /// Whether it names the recipient.
    pub(crate) recipient: bool,
    pub(crate) effective: Micros,
}

/// A version of the policy, compared with the question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offered {
    pub(crate) from: Micros,
    /// Whether it offers the purpose and does not rule it out.
    pub(crate) purpose: bool,
    /// Whether it names the recipient.
    pub(crate) recipient: bool,
    pub(crate) categories: Categories,
}

/// Birth days by which an age is reached at T.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ages {
    cutoffs: [(u8, i32); 4],
}

impl Ages {
    fn at(at: Micros, training_age: u8) -> Self {
        Self { cutoffs: [13, 16, 18, training_age].map(|years| (years, latest_birth(years, at))) }
    }

    /// Whether somebody born on a day has reached an age at T.
    pub(crate) fn reached(&self, born: i32, years: u8, at: Micros) -> bool {
        let known = self.cutoffs.iter().find(|(y, _)| *y == years);
        known.map_or_else(|| birthday(born, years) <= at, |(_, cutoff)| born <= *cutoff)
    }
}

/// The latest birth day with which an age is reached at an instant.
fn latest_birth(years: u8, at: Micros) -> i32 {
    let mut day = day_of(at).saturating_sub(365 * i32::from(years));
    while birthday(day, years) > at {
        day -= 1;
    }
    while birthday(day + 1, years) <= at {
        day += 1;
    }
    day
}

/// One question, the shared facts, and what follows from both.
#[derive(Debug)]
pub struct Context<'a> {
    /// The question.
    pub ask: &'a Ask,
    /// What concerns no single person.
    pub shared: &'a Shared,
    /// What the packs set.
    pub settings: Settings,
    pub(crate) target: Target,
    pub(crate) facts: Facts,
    pub(crate) establishment: Facts,
    pub(crate) notices: Vec<Announced<'a>>,
    pub(crate) offers: Vec<Offered>,
    pub(crate) ages: Ages,
    pub(crate) compatible: bool,
    /// Orders in force, each in its latest known version.
    pub(crate) orders: Vec<&'a Order>,
    pub(crate) training_age: u8,
}

impl<'a> Context<'a> {
    /// Prepares a question.
    #[must_use]
    pub fn new(ask: &'a Ask, shared: &'a Shared, settings: Settings) -> Self {
        let mut notices: Vec<_> = shared.notices.iter().map(|(id, n)| announced(ask, id, n)).collect();
        notices.sort_by_key(|n| n.tag);
        let training_age = shared.controller.min_training_age.max(settings.min_training_age);
        let mut context = Self {
            ask,
            shared,
            settings,
            target: Target::new(&ask.purpose, &ask.recipient),
            facts: Facts::default(),
            establishment: crate::derive::region::place_facts(shared.controller.establishment),
            notices,
            orders: Vec::new(),
            offers: shared.controller.offers.iter().map(|o| offers::compared(o, ask)).collect(),
            ages: Ages::at(ask.at, training_age),
            compatible: shared.controller.compatibility.covers(&ask.purpose),
            training_age,
        };
        context.facts = context.ask_facts();
        context.orders = context.orders_in_force();
        context
    }

    fn ask_facts(&self) -> Facts {
        let controller = &self.shared.controller;
        let purpose = &self.ask.purpose;
        let mut facts = Facts::default();
        facts.insert_if(Fact::AskShares, self.ask.recipient != FIRST_PARTY || purpose == "license_third_party");
        facts.insert_if(Fact::PurposeTraining, is_training_purpose(purpose));
        facts.insert_if(Fact::DpiaMissing, !controller.dpia.covers(purpose));
        facts.insert_if(Fact::LiaMissing, !controller.has_lia(purpose, &self.ask.recipient));
        facts.insert_if(Fact::PacksUnsigned, !self.settings.packs_signed);
        facts
    }

    fn orders_in_force(&self) -> Vec<&'a Order> {
        let mut latest: Vec<&Order> = Vec::new();
        for order in self.shared.orders.iter().filter(|o| self.saw(&o.seen)) {
            latest.retain(|o| o.name != order.name);
            latest.push(order);
        }
        latest.retain(|o| o.lifted.is_none_or(|lifted| lifted > self.from()));
        latest
    }

    /// Whether some rule looks at one of these facts.
    pub(crate) const fn wants(&self, facts: Facts) -> bool {
        self.settings.uses.0 & facts.0 != 0
    }

    /// T: permissions must hold from here …
    pub(crate) const fn from(&self) -> Micros {
        self.ask.at
    }

    /// … to here: the moment of execution, or T in an audit.
    pub(crate) fn until(&self) -> Micros {
        match self.ask.mode {
            Mode::Build => self.ask.now.max(self.ask.at),
            Mode::Audit => self.ask.at,
        }
    }

    /// Whether something is known at K and, in an audit, in force at T.
    fn known(&self, received: Micros, appended: Micros) -> bool {
        match self.ask.mode {
            Mode::Build => self.ask.known_at.is_none_or(|k| appended <= k),
            Mode::Audit => received <= self.ask.at && appended <= self.ask.known_at.unwrap_or(self.ask.at),
        }
    }

    pub(crate) fn knows(&self, act: &Act) -> bool {
        self.known(act.received, act.appended)
    }

    pub(crate) fn saw(&self, seen: &Seen) -> bool {
        self.known(seen.received, seen.appended)
    }

    pub(crate) fn notice(&self, tag: Tag) -> Option<&Announced<'a>> {
        let at = self.notices.binary_search_by_key(&tag, |n| n.tag).ok()?;
        Some(&self.notices[at])
    }
}
