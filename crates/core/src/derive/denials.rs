//! Denials: they count whenever they are known, and reach every record whenever it was made.

use crate::derive::Fact;
use crate::derive::consents::Consents;
use crate::derive::person::{Kind, Subject};
use crate::event::Verified;
use crate::history::{Act, Entity, Lift, Lifted, Reach, Says, Signal, Tag, Verification, What};
use crate::table::Facts;
use crate::time::Micros;
use crate::vocab::Actor;

/// The latest denial of each kind that reaches the record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Denials {
    refused: Option<Micros>,
    withdrawn: Option<Micros>,
    objected: Option<Micros>,
    pending: bool,
}

/// What became of a denial.
enum State {
    Stands,
    Pending,
    Gone,
}

impl Denials {
    pub(crate) fn of(subject: &Subject<'_>) -> Self {
        let mut denials = Self { refused: None, withdrawn: None, objected: None, pending: false };
        if !subject.any(Kind::DENIAL) {
            return denials;
        }
        let may_end = subject.any(Kind::LIFT | Kind::VERIFICATION) || !subject.ctx.shared.verifications().is_empty();
        for act in subject.acts() {
            let (slot, state) = match &act.what {
                What::Refuse(reach) if reaches(subject, reach) => (&mut denials.refused, State::Stands),
                What::Withdraw(reach) if reaches(subject, reach) => (&mut denials.withdrawn, State::Stands),
                What::Guardian(reach, false) if reaches(subject, reach) => (&mut denials.objected, State::Stands),
                What::Object(reach, verified) if reaches(subject, reach) => {
                    (&mut denials.objected, subject.checked(act, *verified, may_end))
                }
                What::Signal(signal) if subject.objects_by_signal(signal) => (&mut denials.objected, State::Stands),
                _ => continue,
            };
            match state {
                State::Gone => {}
                State::Pending => denials.pending |= !(may_end && subject.lifted(act)),
                State::Stands if may_end && subject.lifted(act) => {}
                State::Stands => *slot = (*slot).max(Some(act.received)),
            }
        }
        denials
    }

    /// The latest denial of any kind; a consent must come after it, and answer it.
    pub(crate) fn latest(&self) -> Option<Micros> {
        self.refused.max(self.withdrawn).max(self.objected)
    }

    pub(crate) fn facts(&self, consents: &Consents) -> Facts {
        let mut facts = Facts::default();
        let answered = consents.answers();
        let stands = |denied: Option<Micros>| denied.is_some_and(|d| answered.is_none_or(|a| a <= d));
        facts.insert_if(Fact::RefusedEver, self.refused.is_some());
        facts.insert_if(Fact::RefusedStanding, stands(self.refused));
        facts.insert_if(Fact::WithdrawnEver, self.withdrawn.is_some());
        facts.insert_if(Fact::WithdrawnStanding, stands(self.withdrawn));
        facts.insert_if(Fact::ObjectionEver, self.objected.is_some());
        facts.insert_if(Fact::ObjectionStanding, stands(self.objected));
        facts.insert_if(Fact::ObjectionPending, self.pending);
        facts
    }
}

/// Whether a denial reaches the record, the purpose and the recipient asked about.
pub(crate) fn reaches(subject: &Subject<'_>, reach: &Reach) -> bool {
    let target = &subject.ctx.target;
    reach.denies_purpose(target)
        && reach.categories.has(subject.category)
        && reach.covers_recipient(target)
        && reach.reaches(subject.record, subject.created)
}

impl Subject<'_> {
    /// Whether a signal exercises the right to object to training (GDPR Art 21(5)).
    fn objects_by_signal(&self, signal: &Signal) -> bool {
        signal.says == Says::Object
            && signal.entity != Entity::Other
            && signal.record.is_none_or(|r| self.record.is_some_and(|own| own.0 == r))
            && self.ctx.facts.has(Fact::PurposeTraining)
    }

    /// What became of an objection whose sender was checked.
    fn checked(&self, act: &Act, verified: Verified, may_end: bool) -> State {
        let mut result = verified;
        let mut told = None;
        if may_end {
            for check in self.checks(act.id) {
                result = check.result;
                told = check.told;
            }
        }
        match result {
            Verified::Yes => State::Stands,
            Verified::Pending => State::Pending,
            Verified::Failed => {
                let told = told.or_else(|| if may_end { self.platform_told(act) } else { None });
                if told.is_some_and(|t| t <= self.ctx.from()) { State::Gone } else { State::Pending }
            }
        }
    }

    /// Results of checks of an objection, in the order they were received: a good result counts
    /// whenever known, a bad one only if it was known at T.
    fn checks(&self, id: Tag) -> impl Iterator<Item = Verification> {
        let from = self.ctx.from();
        let counts = move |v: &Verification, received: Micros| {
            v.of == Some(id) && (v.result != Verified::Failed || received <= from)
        };
        let own = self.acts().filter_map(move |a| match a.what {
            What::Verification(v) if counts(&v, a.received) => Some(v),
            _ => None,
        });
        let shared = self.ctx.shared.verifications().iter().filter(|(seen, _)| self.ctx.saw(seen));
        own.chain(shared.filter(move |(seen, v)| counts(v, seen.received)).map(|(_, v)| *v))
    }

    /// When the platform told the claimant that the check failed, by a lift of the objection.
    fn platform_told(&self, act: &Act) -> Option<Micros> {
        self.acts().find_map(|lift| match lift.what {
            What::Lift(Lift { by: Actor::Platform, of, told })
                if aims(of, Lifted::Objection, act.id) && self.ends(lift, act) =>
            {
                told
            }
            _ => None,
        })
    }

    /// Whether who set something lifted it: only the same hand can, after it, and not somebody who
    /// had taken the account over.
    fn lifted(&self, act: &Act) -> bool {
        let hand = if matches!(act.what, What::Guardian(..)) { Actor::Guardian } else { Actor::Subject };
        self.acts().any(|lift| match lift.what {
            What::Lift(Lift { by, of, .. }) => {
                by == hand && self.lifts_denial(of, act) && self.ends(lift, act) && !self.not_theirs(lift)
            }
            _ => false,
        })
    }

    /// The general word lifts objections; a refusal or withdrawal must be named by its event.
    fn lifts_denial(&self, of: Lifted, act: &Act) -> bool {
        match act.what {
            What::Refuse(_) | What::Withdraw(_) => of == Lifted::Event(act.id),
            _ => aims(of, Lifted::Objection, act.id),
        }
    }

    /// Whether a permissive act comes after what it would end, and counted at T.
    pub(crate) fn ends(&self, later: &Act, earlier: &Act) -> bool {
        later.starts() <= self.ctx.from() && later.received > earlier.received && !clock_suspect(later)
    }

    /// Whether an act in the person's name was somebody else's: of who took the account over, or after death.
    pub(crate) fn not_theirs(&self, act: &Act) -> bool {
        act.starts() >= self.died || self.compromised(act)
    }

    /// Whether an act was made while somebody else had the account.
    pub(crate) fn compromised(&self, act: &Act) -> bool {
        self.any(Kind::COMPROMISED)
            && self.acts().any(|a| match a.what {
                What::Compromised(from, to) => {
                    (from <= act.asserted && act.asserted <= to) || (from <= act.received && act.received <= to)
                }
                _ => false,
            })
    }
}

/// Whether a lift aims at something by its kind or its id.
pub(crate) fn aims(of: Lifted, kind: Lifted, id: Tag) -> bool {
    of == kind || of == Lifted::Event(id)
}

/// A permissive act that claims to have been made after it arrived (R12).
pub(crate) fn clock_suspect(act: &Act) -> bool {
    act.asserted.0 > act.received.0.saturating_add(300_000_000)
}
