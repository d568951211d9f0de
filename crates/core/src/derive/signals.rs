//! Machine-readable preferences of the person, and of hosts and files for one record.

use crate::derive::Fact;
use crate::derive::consents::Consents;
use crate::derive::denials::aims;
use crate::derive::person::{Kind, Subject};
use crate::history::{Act, Entity, Lift, Lifted, Says, Signal, What};
use crate::table::Facts;
use crate::time::Micros;
use crate::vocab::{Actor, SignalSource};

/// What the signals that reach the record say.
pub(crate) fn facts(subject: &Subject<'_>, consents: &Consents) -> Facts {
    let mut facts = Facts::default();
    let by_record = subject.record.is_some_and(|r| subject.ctx.shared.names_record(r));
    if !subject.any(Kind::SIGNAL) && !by_record {
        return facts;
    }
    let mut agreed = consents.facts().has(Fact::ConsentEvent);
    let mut denied: Option<Micros> = None;
    for (act, signal) in subject.signals() {
        match (signal.says, signal.source) {
            (Says::Unknown, _) => {}
            (Says::Allow, _) => agreed |= signal.entity == Entity::Controller,
            (_, SignalSource::Gpc) => facts.insert(Fact::SignalGpc),
            (_, SignalSource::ContentUsage) => facts.insert(Fact::SignalHost),
            (_, SignalSource::Tdmrep) => facts.insert(Fact::SignalReserved),
            (_, SignalSource::Cawg) => facts.insert(Fact::SignalAsset),
            (_, SignalSource::Rsl) => facts.insert(Fact::SignalLicence),
            (_, SignalSource::Lexicon | SignalSource::Drp) => {
                if signal.entity != Entity::Other && !subject.confirmed(act) {
                    denied = denied.max(Some(act.received));
                }
            }
        }
    }
    let answered = consents.answers();
    let stands = denied.is_some_and(|d| answered.is_none_or(|a| a <= d));
    facts.insert_if(Fact::SignalDenyEver, denied.is_some());
    facts.insert_if(Fact::SignalDeny, stands);
    facts.insert_if(Fact::SignalConflict, stands && agreed);
    facts
}

impl<'a> Subject<'a> {
    /// The signals that reach the record: the account's own and those of the record.
    fn signals(&self) -> impl Iterator<Item = (&'a Act, &'a Signal)> + use<'a> {
        let (ctx, record) = (self.ctx, self.record);
        let shared = record.map_or(&[][..], |r| ctx.shared.record_acts(r));
        let acts = self.history.acts().iter().chain(shared).filter(|a| ctx.knows(a));
        acts.filter_map(move |act| match &act.what {
            What::Signal(s) if s.record.is_none_or(|r| record.is_some_and(|own| own.0 == r)) => Some((act, &**s)),
            _ => None,
        })
    }

    /// When the browser last said no.
    pub(crate) fn latest_gpc(&self) -> Option<Micros> {
        let gpc = self.signals().filter(|(_, s)| s.source == SignalSource::Gpc && s.says == Says::Deny);
        gpc.map(|(act, _)| act.received).max()
    }

    /// Whether the person confirmed, after a signal, that it is not meant for this operator.
    fn confirmed(&self, act: &Act) -> bool {
        self.acts().any(|lift| match lift.what {
            What::Lift(Lift { by: Actor::Subject, of, .. }) => {
                aims(of, Lifted::SignalConflict, act.id) && self.ends(lift, act) && !self.not_theirs(lift)
            }
            _ => false,
        })
    }
}
