//! The person's part of the facts: one pass for denials, one for consents, one for notices.

use crate::derive::age::Age;
use crate::derive::consents::Consents;
use crate::derive::denials::Denials;
use crate::derive::{Context, Fact, bench, life, notices, offers, region, signals};
use crate::history::{Act, PersonHistory};
use crate::proof::RecordKey;
use crate::table::Facts;
use crate::time::Micros;
use crate::vocab::{Category, PersonKind};

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
}

impl<'a> Subject<'a> {
    pub(crate) fn new(
        history: &'a PersonHistory,
        ctx: &'a Context<'a>,
        category: Category,
        created: Micros,
        record: Option<RecordKey>,
    ) -> Self {
        let age = Age::of(history, ctx);
        let own_age = region::relevant_age(history, ctx, age);
        let (reborn, died) = life::span(history, ctx);
        Self { ctx, history, category, created, record, age, own_age, reborn, died }
    }

    /// The acts that are known, in ledger order.
    pub(crate) fn acts(&self) -> impl Iterator<Item = &'a Act> + use<'a> {
        let ctx = self.ctx;
        self.history.acts().iter().filter(move |a| ctx.knows(a))
    }

    pub(crate) fn facts(&self) -> Facts {
        let denials = Denials::of(self);
        let consents = Consents::of(self, &denials);
        self.ctx.facts
            | self.kind_facts()
            | self.age.facts(self.ctx, self.own_age, self.created)
            | life::facts(self)
            | denials.facts(&consents)
            | consents.facts()
            | notices::facts(self)
            | offers::facts(self)
            | signals::facts(self, &consents)
            | region::region_facts(self.history, self.ctx, self.created)
            | bench::facts(self)
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
