//! What the operator's own policies offer and promised: a promise binds the records made under it (R8).

use crate::controller::Offer;
use crate::derive::Fact;
use crate::derive::person::Subject;
use crate::table::Facts;
use crate::time::Micros;
use crate::vocab::{AI_TRAINING, Category};

/// The policy in force now and then, and promises broken.
pub(crate) fn facts(subject: &Subject<'_>) -> Facts {
    let ctx = subject.ctx;
    let (then, now) = (in_force(subject, ctx.from()), in_force(subject, ctx.until()));
    let both = |holds: &dyn Fn(&Offer) -> bool| then.is_some_and(holds) && now.is_some_and(holds);
    let mut facts = Facts::default();
    facts.insert_if(Fact::PolicyOffers, both(&|o| subject.offered(o)));
    facts.insert_if(Fact::PolicyRecipient, both(&|o| o.recipients.covers(&ctx.ask.recipient)));
    facts.insert_if(Fact::PromiseBroken, subject.broken_promises().next().is_some());
    facts
}

fn in_force<'a>(subject: &Subject<'a>, at: Micros) -> Option<&'a Offer> {
    let offers = &subject.ctx.shared.controller.offers;
    offers.iter().rev().find(|o| o.from.is_none_or(|from| from <= at))
}

impl Subject<'_> {
    fn offered(&self, offer: &Offer) -> bool {
        covers(offer, self.ctx.ask.purpose.as_str(), self.ctx.facts.has(Fact::PurposeTraining), self.category)
    }

    /// Policies in force when the record was made, or since, that rule this use out: from when.
    fn broken_promises(&self) -> impl Iterator<Item = Micros> {
        let offers = &self.ctx.shared.controller.offers;
        let (created, from) = (self.created, self.ctx.from());
        offers.iter().enumerate().filter_map(move |(i, offer)| {
            let starts = offer.from.unwrap_or(Micros::DISTANT_PAST);
            let ends = offers.get(i + 1).and_then(|next| next.from).unwrap_or(Micros::NEVER);
            (starts <= from && created < ends && !self.offered(offer)).then_some(starts)
        })
    }

    /// Whether a policy that ruled this use out came after the person was told.
    pub(crate) fn promised_since(&self, told: Micros) -> bool {
        self.broken_promises().any(|starts| starts > told)
    }
}

fn covers(offer: &Offer, purpose: &str, training: bool, category: Category) -> bool {
    let ruled_out =
        offer.promises_not.covers(purpose) || training && offer.promises_not.iter().any(|w| w == AI_TRAINING);
    let offered = offer.purposes.covers(purpose) || training && offer.purposes.iter().any(|w| w == AI_TRAINING);
    offered && offer.categories.has(category) && !ruled_out
}
