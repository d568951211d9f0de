//! The person's part of the facts: one pass for denials, one for consents, one for notices.

use crate::derive::age::Age;
use crate::derive::consents::Consents;
use crate::derive::denials::Denials;
use crate::derive::{Context, Fact, bench, life, notices, offers, region, signals};
use crate::history::{Act, PersonHistory, What};
use crate::proof::RecordKey;
use crate::table::Facts;
use crate::time::Micros;
use crate::vocab::{Category, PersonKind};

/// Which kinds of acts a history holds, one bit each, so that what is not there is not looked for.
pub(crate) struct Kind;

impl Kind {
    pub(crate) const NOTICE: u32 = 1;
    pub(crate) const CONSENT: u32 = 1 << 1;
    /// A refusal, a withdrawal, an objection.
    pub(crate) const CHOICE: u32 = 1 << 2;
    pub(crate) const GUARDIAN: u32 = 1 << 3;
    pub(crate) const SIGNAL: u32 = 1 << 4;
    pub(crate) const LIFT: u32 = 1 << 5;
    pub(crate) const VERIFICATION: u32 = 1 << 6;
    pub(crate) const COMPROMISED: u32 = 1 << 7;
    pub(crate) const STATUS: u32 = 1 << 8;
    /// Erasure, restriction, holds, directives.
    pub(crate) const LIFE: u32 = 1 << 9;
    /// Whatever can deny.
    pub(crate) const DENIAL: u32 = Self::CHOICE | Self::GUARDIAN | Self::SIGNAL;

    const fn of(what: &What) -> u32 {
        match what {
            What::Notice(_) => Self::NOTICE,
            What::Consent(_) => Self::CONSENT,
            What::Refuse(_) | What::Withdraw(_) | What::Object(..) => Self::CHOICE,
            What::Guardian(..) => Self::GUARDIAN,
            What::Signal(_) => Self::SIGNAL,
            What::Lift(_) => Self::LIFT,
            What::Verification(_) => Self::VERIFICATION,
            What::Compromised(..) => Self::COMPROMISED,
            What::Status(_) => Self::STATUS,
            What::Erase(_) | What::Restrict(_) | What::LegalHold(..) | What::Directive(_) => Self::LIFE,
            What::Link(..) | What::Age(_) | What::Move(..) => 0,
            What::Visibility(..) | What::Deleted(_) | What::Edited(..) => 0,
        }
    }
}

/// Facts that follow from consents and denials, which answer each other.
pub(crate) const CHOICES: Facts = Facts(
    Facts::between(Fact::ConsentEvent, Fact::ObjectionPending).0 | Facts::between(Fact::SignalGpc, Fact::SignalAsset).0,
);
const AGES: Facts = Facts::between(Fact::AgeKnown, Fact::MadeTrainable);
const NOTICES: Facts = Facts::between(Fact::NoticeDelivered, Fact::EarlierUntold);
const OFFERS: Facts = Facts::between(Fact::PromiseBroken, Fact::PolicyRecipient);
const LIFE: Facts = Facts(
    Facts::between(Fact::AccountDeactivated, Fact::DirectiveAllows).0
        | Facts::between(Fact::Erased, Fact::LegalHold).0
        | Fact::InteractionLapsed.bit().0,
);
const LATEST: Facts = Facts::between(Fact::LatestDenies, Fact::LatestGrants);

/// One person, one place in their records, one question.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) ctx: &'a Context<'a>,
    pub(crate) history: &'a PersonHistory,
    pub(crate) category: Category,
    pub(crate) created: Micros,
    /// The record, where one is asked about; `None` leaves out what names single records.
    pub(crate) record: Option<RecordKey>,
    /// How old the person is.
    pub(crate) age: Age,
    /// The age from which an own consent counts where the person lives.
    pub(crate) own_age: u8,
    /// Consents and notices before this ended with the account.
    pub(crate) reborn: Micros,
    /// From here on acts in the person's name are somebody else's.
    pub(crate) died: Micros,
    kinds: u32,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(
        history: &'a PersonHistory,
        ctx: &'a Context<'a>,
        category: Category,
        created: Micros,
        record: Option<RecordKey>,
    ) -> Self {
        let kinds = history.acts().iter().fold(0, |kinds, act| kinds | Kind::of(&act.what));
        let age = Age::of(history, ctx);
        let own_age = region::relevant_age(history, ctx, age);
        let (reborn, died) = life::span(history, ctx);
        Self { ctx, history, category, created, record, age, own_age, reborn, died, kinds }
    }

    /// The same person, asked about other records.
    pub(crate) const fn with(self, category: Category, created: Micros) -> Self {
        Self { category, created, ..self }
    }

    /// The acts that are known, in ledger order.
    pub(crate) fn acts(&self) -> impl Iterator<Item = &'a Act> + use<'a> {
        let ctx = self.ctx;
        self.history.acts().iter().filter(move |a| ctx.knows(a))
    }

    /// Whether the history holds acts of some of these kinds.
    pub(crate) const fn any(&self, kinds: u32) -> bool {
        self.kinds & kinds != 0
    }

    /// The facts that some rule looks at.
    pub(crate) fn facts(&self) -> Facts {
        Facts(self.among(self.ctx.settings.uses).0 & self.ctx.settings.uses.0)
    }

    /// Every fact, whatever rules look at.
    pub(crate) fn all_facts(&self) -> Facts {
        self.among(Facts(u128::MAX))
    }

    /// At least these facts, where they hold.
    fn among(&self, wanted: Facts) -> Facts {
        let wants = |facts: Facts| wanted.0 & facts.0 != 0;
        let mut facts = self.ctx.facts | self.kind_facts();
        if wants(AGES) {
            facts |= self.age.facts(self.ctx, self.own_age, self.created);
        }
        if wants(CHOICES) {
            let denials = Denials::of(self);
            let consents = Consents::of(self, &denials);
            facts |= denials.facts(&consents) | consents.facts() | signals::facts(self, &consents);
        }
        if wants(LIFE) {
            facts |= life::facts(self);
        }
        if wants(NOTICES) {
            facts |= notices::facts(self);
        }
        if wants(OFFERS) {
            facts |= offers::facts(self);
        }
        if wants(region::FACTS) {
            facts |= region::region_facts(self.history, self.ctx, self.created);
        }
        if wants(LATEST) {
            facts |= bench::facts(self);
        }
        facts
    }

    fn kind_facts(&self) -> Facts {
        let info = &self.history.info;
        let mut facts = match (info.kind, info.is_joint()) {
            (PersonKind::Natural, true) => Fact::AuthorJoint.bit(),
            (PersonKind::Natural, false) => Fact::AuthorNatural.bit(),
            (PersonKind::Organisation | PersonKind::Authority, _) => Fact::AuthorOrganisation.bit(),
            (PersonKind::Bot, _) => Fact::AuthorBot.bit(),
        };
        let too_old = self.ctx.settings.records_from.is_some_and(|from| self.created < from);
        facts.insert_if(Fact::RecordTooOld, too_old);
        facts
    }
}
