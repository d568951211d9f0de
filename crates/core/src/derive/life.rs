//! The account and its records over time: closed, reopened, erased, restricted, held, inherited.

use crate::derive::denials::aims;
use crate::derive::person::{Kind, Subject};
use crate::derive::{Context, Fact};
use crate::history::{Act, Lift, Lifted, PersonHistory, What};
use crate::table::Facts;
use crate::time::Micros;
use crate::vocab::{AccountStatus, Actor};

/// Days after which a deactivated account is gone.
const DAYS_TO_RETURN: i64 = 30;

/// What the account's changes of state come to.
#[derive(Debug, Clone, Copy, Default)]
struct Account {
    /// Deactivated, and since when; the distant past if the people file says so without a date.
    closed: Option<Micros>,
    /// Reopened too late: everything before this is erased.
    reborn: Option<Micros>,
    /// Dead, and since when; never if the people file says so without a date.
    died: Option<Micros>,
}

fn earlier(known: Option<Micros>, at: Micros) -> Option<Micros> {
    Some(known.map_or(at, |k| k.min(at)))
}

fn account(history: &PersonHistory, ctx: &Context<'_>) -> Account {
    let mut account = Account {
        closed: (history.info.status == AccountStatus::Deactivated).then_some(Micros::NEVER),
        died: (history.info.status == AccountStatus::Deceased).then_some(Micros::NEVER),
        ..Account::default()
    };
    for act in history.acts().iter().filter(|a| ctx.knows(a)) {
        let What::Status(status) = act.what else { continue };
        match status {
            AccountStatus::Deactivated => account.closed = earlier(account.closed, act.received),
            AccountStatus::Deceased => account.died = earlier(account.died, act.asserted),
            AccountStatus::Suspended => {}
            AccountStatus::Active if act.starts() <= ctx.from() => {
                let late = account.closed.is_some_and(|since| since.plus_days(DAYS_TO_RETURN) <= act.received);
                account.reborn = if late { account.reborn.max(Some(act.received)) } else { account.reborn };
                account.closed = None;
                account.died = None;
            }
            AccountStatus::Active => {}
        }
    }
    account
}

/// Consents and notices before the first ended with the account; acts from the second on are not the
/// person's, who had died.
pub(crate) fn span(history: &PersonHistory, ctx: &Context<'_>) -> (Micros, Micros) {
    if history.acts().iter().any(|a| matches!(a.what, What::Status(_))) {
        let account = account(history, ctx);
        (account.reborn.unwrap_or(Micros::DISTANT_PAST), account.died.unwrap_or(Micros::NEVER))
    } else {
        (Micros::DISTANT_PAST, Micros::NEVER)
    }
}

/// When a closed account will be gone.
pub(crate) fn gone_at(history: &PersonHistory, ctx: &Context<'_>) -> Option<Micros> {
    account(history, ctx).closed.map(|since| since.plus_days(DAYS_TO_RETURN))
}

/// The state of the account, erasure, restriction, holds, and the directive of the deceased.
pub(crate) fn facts(subject: &Subject<'_>) -> Facts {
    let ctx = subject.ctx;
    let mut facts = Facts::default();
    let account = if subject.any(Kind::STATUS) || subject.history.info.status != AccountStatus::Active {
        account(subject.history, ctx)
    } else {
        Account::default()
    };
    facts.insert_if(Fact::AccountDeactivated, account.closed.is_some());
    facts.insert_if(Fact::AccountDeceased, account.died.is_some());
    let gone = account.closed.is_some_and(|since| since.plus_days(DAYS_TO_RETURN) <= ctx.until());
    facts.insert_if(Fact::Erased, gone || account.reborn.is_some_and(|r| subject.created < r));
    facts.insert_if(Fact::InteractionLapsed, lapses(subject.history).is_some_and(|end| end <= ctx.until()));
    if !subject.any(Kind::LIFE) {
        return facts;
    }
    let (mut allowed, mut denied) = (false, false);
    for act in subject.acts() {
        match &act.what {
            What::Erase(records) => facts.insert_if(Fact::Erased, subject.named(records)),
            What::Restrict(by) if !subject.unrestricted(act, *by) => {
                facts.insert(Fact::Restricted);
                // Heirs can only narrow, and do so against any directive.
                denied |= *by == Actor::Heir;
            }
            What::LegalHold(records, released) => {
                facts.insert_if(Fact::LegalHold, subject.named(records) && !subject.released(act, records, *released));
            }
            What::Directive(true) => allowed |= act.starts() <= ctx.from(),
            What::Directive(false) => denied = true,
            _ => {}
        }
    }
    facts.insert_if(Fact::DirectiveAllows, allowed && !denied);
    facts
}

/// Three years after the person last used the account (740 ILCS 14/15(a)).
pub(crate) fn lapses(history: &PersonHistory) -> Option<Micros> {
    history.info.more.as_ref().and_then(|m| m.last_interaction).map(|last| last.plus_years(3))
}

impl Subject<'_> {
    /// Whether a list of records reaches what is asked about; an empty one reaches everything.
    fn named(&self, records: &[u128]) -> bool {
        records.is_empty() || self.record.is_some_and(|r| records.contains(&r.0))
    }

    /// Whether the hand that restricted lifted it again.
    fn unrestricted(&self, act: &Act, by: Actor) -> bool {
        self.acts().any(|lift| match lift.what {
            What::Lift(Lift { by: hand, of, .. }) => {
                hand == by
                    && aims(of, Lifted::Restriction, act.id)
                    && self.ends(lift, act)
                    && !(hand == Actor::Subject && self.not_theirs(lift))
            }
            _ => false,
        })
    }

    /// Whether a hold was released by T, by itself or by a later event about the same records.
    fn released(&self, act: &Act, records: &[u128], released: Option<Micros>) -> bool {
        let over = |end: Option<Micros>| end.is_some_and(|e| e <= self.ctx.from());
        over(released)
            || self.acts().any(|later| match &later.what {
                What::LegalHold(same, end) => {
                    later.position > act.position && later.received <= self.ctx.from() && same == records && over(*end)
                }
                _ => false,
            })
    }
}
