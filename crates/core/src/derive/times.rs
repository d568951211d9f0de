//! Where a person's facts may change: by creation time, by category, and by time alone.

use crate::derive::age::{Age, birthday};
use crate::derive::person::CHOICES;
use crate::derive::{Context, Fact, life, notices, region};
use crate::event::Categories;
use crate::history::{Act, PersonHistory, Reach, What};
use crate::notice::Notice;
use crate::time::Micros;

impl PersonHistory {
    /// Creation times at which [`Self::facts`] may change, ascending.
    #[must_use]
    pub fn breakpoints(&self, ctx: &Context<'_>) -> Vec<Micros> {
        let mut points = Vec::new();
        self.breakpoints_into(ctx, &mut points);
        points
    }

    /// As [`Self::breakpoints`], into a list that is used again and again.
    pub(crate) fn breakpoints_into(&self, ctx: &Context<'_>, points: &mut Vec<Micros>) {
        points.clear();
        let age = Age::of(self, ctx);
        if let (Age::Born(day), true) = (age, ctx.settings.uses.has(Fact::MadeTrainable)) {
            points.push(birthday(day, ctx.training_age));
        }
        if ctx.wants(region::FACTS) {
            points.extend(region::changes(self, ctx));
        }
        points.extend(ctx.settings.records_from);
        points.extend(ctx.shared.controller.offers.iter().filter_map(|o| o.from));
        for act in self.acts().iter().filter(|a| ctx.knows(a)) {
            match &act.what {
                What::Notice(delivery) => {
                    points.extend(ctx.notice(delivery.notice).and_then(|n| Self::notice_breaks(ctx, n.notice, act)));
                }
                What::Status(_) => points.push(act.received),
                What::Consent(consent) if ctx.wants(CHOICES) => {
                    let from_now_on =
                        consent.notice.and_then(|n| ctx.notice(n)).is_none_or(|n| !n.notice.covers_earlier_records);
                    points.extend(from_now_on.then(|| act.starts()));
                    points.extend(self.guardian_breaks(ctx, age, consent.names.has("guardian")));
                }
                What::Guardian(_, consents) => points.extend(self.guardian_breaks(ctx, age, *consents)),
                _ => {}
            }
            if let Some(created) = act.what.reach().map(Reach::created) {
                points.extend(created.from);
                points.extend(created.to.map(|to| Micros(to.0.saturating_add(1))));
            }
        }
        points.sort_unstable();
        points.dedup();
    }

    /// Records from before a notice are judged otherwise only where it does not reach them.
    fn notice_breaks(ctx: &Context<'_>, notice: &Notice, act: &Act) -> Option<Micros> {
        let told = act.starts();
        let over = notices::window_end(ctx, notice, told) <= ctx.from();
        let reaches_back = ctx.compatible && notice.covers_earlier_records && over;
        (!reaches_back).then(|| notice.effective().max(told))
    }

    /// A guardian's word does not reach what was made at an age to be asked.
    fn guardian_breaks(&self, ctx: &Context<'_>, age: Age, by_guardian: bool) -> Option<Micros> {
        let Age::Born(day) = age else { return None };
        by_guardian.then(|| birthday(day, region::relevant_age(self, ctx, age)))
    }

    /// Categories for which [`Self::facts`] may differ from those for all others.
    #[must_use]
    pub fn categories(&self, ctx: &Context<'_>) -> Categories {
        let mut bits = 0;
        let mut add = |categories: Categories| bits |= if categories == Categories::ALL { 0 } else { categories.0 };
        ctx.shared.controller.offers.iter().for_each(|o| add(o.categories));
        for act in self.acts() {
            if let What::Notice(delivery) = &act.what {
                ctx.notice(delivery.notice).into_iter().for_each(|n| add(n.notice.categories));
            }
            if let What::Consent(consent) = &act.what {
                consent.notice.and_then(|n| ctx.notice(n)).into_iter().for_each(|n| add(n.notice.categories));
            }
            act.what.reach().into_iter().for_each(|r| add(r.categories));
        }
        Categories(bits)
    }

    /// The next instant after the moment of execution at which time alone may change [`Self::facts`]
    /// or the orders that reach the person.
    #[must_use]
    pub fn next_change_at(&self, ctx: &Context<'_>) -> Option<Micros> {
        let mut next = Next { after: ctx.from(), at: None };
        if let Age::Born(day) = Age::of(self, ctx) {
            for years in [13, 16, 18, region::own_consent_age(self, ctx), ctx.training_age] {
                next.see(Some(birthday(day, years)));
            }
        }
        region::changes(self, ctx).for_each(|at| next.see(Some(at)));
        next.see(life::gone_at(self, ctx));
        next.see(life::lapses(self));
        ctx.shared.controller.offers.iter().for_each(|o| next.see(o.from));
        ctx.orders.iter().for_each(|o| next.see(o.lifted));
        ctx.shared.verifications().iter().for_each(|(_, v)| next.see(v.told));
        for act in self.acts() {
            self.act_changes(ctx, act, &mut next);
        }
        next.at
    }

    fn act_changes(&self, ctx: &Context<'_>, act: &Act, next: &mut Next) {
        next.see(Some(act.received));
        next.see(Some(act.starts()));
        match &act.what {
            What::Notice(delivery) => {
                let effective = ctx.notice(delivery.notice).map(|n| n.effective);
                next.see(effective);
                next.see(Some(act.starts().plus_days(ctx.settings.notice_window_days)));
            }
            What::Consent(consent) => {
                next.see(consent.expires);
                next.see(consent.term);
            }
            What::Verification(v) => next.see(v.told),
            What::Lift(lift) => next.see(lift.told),
            What::LegalHold(_, released) => next.see(*released),
            What::Visibility(..) => next.see(Some(act.received.plus_days(ctx.settings.notice_window_days))),
            _ => {}
        }
    }
}

/// The earliest of the instants that lie ahead.
struct Next {
    after: Micros,
    at: Option<Micros>,
}

impl Next {
    fn see(&mut self, at: Option<Micros>) {
        let ahead = at.filter(|at| *at > self.after && *at < Micros::NEVER);
        self.at = match (self.at, ahead) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}
