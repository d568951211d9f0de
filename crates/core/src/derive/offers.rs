//! What the operator's own policies offer and promised: a promise binds the records made under it (R8).

use crate::ask::Ask;
use crate::controller::Offer;
use crate::derive::Fact;
use crate::derive::context::Offered;
use crate::derive::person::Subject;
use crate::table::Facts;
use crate::time::Micros;
use crate::vocab::{AI_TRAINING, is_training_purpose};

/// A version of the policy, compared with a question.
pub(crate) fn compared(offer: &Offer, ask: &Ask) -> Offered {
    let training = is_training_purpose(&ask.purpose);
    let group = |words: &crate::event::Words| training && words.iter().any(|w| w == AI_TRAINING);
    let ruled_out = offer.promises_not.covers(&ask.purpose) || group(&offer.promises_not);
    let offered = offer.purposes.covers(&ask.purpose) || group(&offer.purposes);
    Offered {
        from: offer.from.unwrap_or(Micros::DISTANT_PAST),
        purpose: offered && !ruled_out,
        recipient: offer.recipients.covers(&ask.recipient),
        categories: offer.categories,
    }
}

/// The policy in force now and then, and promises broken.
pub(crate) fn facts(subject: &Subject<'_>) -> Facts {
    let ctx = subject.ctx;
    let in_force = |at: Micros| ctx.offers.iter().rev().find(|o| o.from <= at);
    let (then, now) = (in_force(ctx.from()), in_force(ctx.until()));
    let both = |holds: &dyn Fn(&Offered) -> bool| then.is_some_and(holds) && now.is_some_and(holds);
    let mut facts = Facts::default();
    facts.insert_if(Fact::PolicyOffers, both(&|o| subject.offered(o)));
    facts.insert_if(Fact::PolicyRecipient, both(&|o| o.recipient));
    facts.insert_if(Fact::PromiseBroken, subject.broken_promises().next().is_some());
    facts
}

impl Subject<'_> {
    const fn offered(&self, offer: &Offered) -> bool {
        offer.purpose && offer.categories.has(self.category)
    }

    /// Policies in force when the record was made, or since, that rule this use out: from when.
    fn broken_promises(&self) -> impl Iterator<Item = Micros> {
        let offers = &self.ctx.offers;
        let (created, from) = (self.created, self.ctx.from());
        offers.iter().enumerate().filter_map(move |(i, offer)| {
            let ends = offers.get(i + 1).map_or(Micros::NEVER, |next| next.from);
            (offer.from <= from && created < ends && !self.offered(offer)).then_some(offer.from)
        })
    }

    /// Whether a policy that ruled this use out came after the person was told.
    pub(crate) fn promised_since(&self, told: Micros) -> bool {
        self.broken_promises().any(|starts| starts > told)
    }
}
