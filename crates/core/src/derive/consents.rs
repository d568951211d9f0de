//! Consents: which of them cover the record, hold from T to the moment of execution, and answer
//! the denials before them.

use crate::derive::Fact;
use crate::derive::context::Announced;
use crate::derive::denials::{Denials, clock_suspect};
use crate::derive::notices::language_fits;
use crate::derive::person::{Kind, Subject};
use crate::event::Categories;
use crate::history::{Act, Consent, Reach, What};
use crate::table::Facts;
use crate::time::Micros;
use crate::vocab::{Method, Special};

/// What all consents of a person say about one record.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Consents {
    facts: Facts,
    answers: Option<Micros>,
}

/// Why a consent does not count, or what it gives.
enum Finding<'a> {
    Fails(Fact),
    Covers(Option<&'a Consent>, Micros),
}

impl Consents {
    pub(crate) fn of(subject: &Subject<'_>, denials: &Denials) -> Self {
        let mut found = Self::default();
        if !subject.any(Kind::CONSENT | Kind::GUARDIAN) {
            return found;
        }
        let denied = denials.latest();
        for act in subject.acts() {
            let finding = match &act.what {
                What::Consent(consent) => subject.judge(act, consent),
                What::Guardian(reach, true) => subject.judge_guardian(act, reach),
                _ => continue,
            };
            let Some(finding) = finding else { continue };
            found.facts.insert(Fact::ConsentEvent);
            match finding {
                Finding::Fails(Fact::ConsentExpired) => {
                    found.facts.insert(Fact::ConsentExpired);
                    found.facts.insert(Fact::ConsentExpiredEver);
                }
                Finding::Fails(fact) => {
                    found.facts.insert(fact);
                    found.facts.insert_if(Fact::ConsentInvalid, fact == Fact::ConsentLanguage);
                }
                Finding::Covers(consent, shown) => found.covers(subject, act, consent, shown, denied),
            }
        }
        found
    }

    /// A consent that covers the record: it counts if it answers the latest denial, by naming the
    /// purpose under a notice that came after.
    fn covers(
        &mut self,
        subject: &Subject<'_>,
        act: &Act,
        consent: Option<&Consent>,
        shown: Micros,
        denied: Option<Micros>,
    ) {
        let names = consent.is_some_and(|c| c.reach.names_purpose(&subject.ctx.target));
        if names {
            self.answers = self.answers.max(Some(shown));
        }
        if denied.is_some_and(|d| !names || shown <= d) {
            return;
        }
        self.facts.insert(Fact::ConsentValid);
        match consent {
            None => self.facts.insert(Fact::ConsentGuardian),
            Some(consent) => self.facts |= key_facts(subject, act, consent),
        }
    }

    /// Whether one act alone is a ground: a consent that covers the record and answers every denial.
    pub(crate) fn is_ground(subject: &Subject<'_>, act: &Act, denials: &Denials) -> bool {
        let finding = match &act.what {
            What::Consent(consent) => subject.judge(act, consent),
            What::Guardian(reach, true) => subject.judge_guardian(act, reach),
            _ => return false,
        };
        let mut alone = Self::default();
        if let Some(Finding::Covers(consent, shown)) = finding {
            alone.covers(subject, act, consent, shown, denials.latest());
        }
        alone.facts.has(Fact::ConsentValid)
    }

    pub(crate) const fn facts(&self) -> Facts {
        self.facts
    }

    /// Until when denials are answered by a consent: the latest notice under which one was given.
    pub(crate) const fn answers(&self) -> Option<Micros> {
        self.answers
    }
}

fn key_facts(subject: &Subject<'_>, act: &Act, consent: &Consent) -> Facts {
    let mut facts = Facts::default();
    let lists = consent.reach.categories != Categories::ALL;
    facts.insert_if(Fact::ConsentListsCategory, lists);
    facts.insert_if(Fact::ConsentGuardian, consent.names.has("guardian"));
    facts.insert_if(Fact::ConsentNamesMinor, consent.names.has("minor_records"));
    facts.insert_if(Fact::ConsentNamesCareer, consent.names.has("career"));
    facts.insert_if(Fact::ConsentNamesNonPublic, consent.names.has("non_public"));
    let after_signal = || subject.latest_gpc().is_none_or(|signal| act.starts() > signal);
    facts.insert_if(Fact::ConsentNamesGpc, consent.names.has("gpc_conflict") && after_signal());
    let term_runs = consent.term.is_some_and(|t| t > subject.ctx.until());
    facts.insert_if(Fact::ConsentRelease, consent.method == Method::WrittenRelease && term_runs);
    for special in Special::ALL {
        facts.insert_if(Fact::explicit(*special), consent.explicit >> special.index() & 1 == 1);
    }
    facts
}

impl<'a> Subject<'a> {
    /// Judges one consent; `None` if it is not there yet at T.
    fn judge<'c>(&self, act: &Act, consent: &'c Consent) -> Option<Finding<'c>> {
        if clock_suspect(act) {
            return Some(Finding::Fails(Fact::ConsentClock));
        }
        if act.starts() > self.ctx.from() {
            return None;
        }
        if !self.reached_by(&consent.reach) {
            return Some(Finding::Fails(Fact::ConsentElsewhere));
        }
        if self.compromised(act) {
            return Some(Finding::Fails(Fact::ConsentCompromised));
        }
        Some(match self.informed(act, consent) {
            Err(fact) => Finding::Fails(fact),
            Ok((notice, shown)) => self.in_force(act, consent, notice, shown),
        })
    }

    /// Whether it was given freely, specifically and informed: the notice under which, and when it was shown.
    fn informed(&self, act: &Act, consent: &Consent) -> Result<(&'a Announced<'a>, Micros), Fact> {
        let free = act.starts() < self.died && !consent.bundled && consent.method as u8 <= Method::WrittenRelease as u8;
        let by_guardian = consent.names.has("guardian");
        if !free || !self.age.consent_counts(act.asserted, self.ctx, self.own_age, by_guardian) {
            return Err(Fact::ConsentInvalid);
        }
        let tag = consent.notice.ok_or(Fact::ConsentInvalid)?;
        let announced = self.ctx.notice(tag).ok_or(Fact::ConsentInvalid)?;
        let notice = announced.notice;
        let (mut shown, mut understood) = (None, None);
        for delivered in self.acts() {
            let What::Notice(delivery) = &delivered.what else { continue };
            if delivery.notice == tag && delivery.reached && delivered.starts() <= act.asserted {
                shown = shown.max(Some(delivered.starts()));
                if language_fits(self.history, notice, delivery) {
                    understood = understood.max(Some(delivered.starts()));
                }
            }
        }
        shown.ok_or(Fact::ConsentInvalid)?;
        understood.map(|at| (announced, at)).ok_or(Fact::ConsentLanguage)
    }

    fn in_force<'c>(&self, act: &Act, consent: &'c Consent, announced: &Announced<'_>, shown: Micros) -> Finding<'c> {
        let notice = announced.notice;
        let target = &self.ctx.target;
        let stated = announced.purpose && notice.categories.has(self.category);
        let earlier = self.created < act.starts() && !notice.covers_earlier_records;
        let outgrown = consent.names.has("guardian") && self.outgrown();
        if !stated || earlier || outgrown {
            return Finding::Fails(Fact::ConsentElsewhere);
        }
        let ended = consent.expires.is_some_and(|e| e <= self.ctx.until());
        if ended || act.starts() < self.reborn {
            return Finding::Fails(Fact::ConsentExpired);
        }
        if !consent.reach.covers_recipient(target) || !announced.recipient {
            return Finding::Fails(Fact::ConsentOtherRecipient);
        }
        Finding::Covers(Some(consent), shown)
    }

    fn judge_guardian(&self, act: &Act, reach: &Reach) -> Option<Finding<'static>> {
        if clock_suspect(act) {
            return Some(Finding::Fails(Fact::ConsentClock));
        }
        if act.starts() > self.ctx.from() {
            return None;
        }
        let target = &self.ctx.target;
        Some(if !self.reached_by(reach) || self.outgrown() {
            Finding::Fails(Fact::ConsentElsewhere)
        } else if self.compromised(act) {
            Finding::Fails(Fact::ConsentCompromised)
        } else if act.starts() >= self.died || !self.age.consent_counts(act.asserted, self.ctx, self.own_age, true) {
            Finding::Fails(Fact::ConsentInvalid)
        } else if act.starts() < self.reborn {
            Finding::Fails(Fact::ConsentExpired)
        } else if !target.is_own() {
            Finding::Fails(Fact::ConsentOtherRecipient)
        } else {
            Finding::Covers(None, act.starts())
        })
    }

    fn reached_by(&self, reach: &Reach) -> bool {
        reach.permits_purpose(&self.ctx.target)
            && reach.categories.has(self.category)
            && reach.reaches(self.record, self.created)
    }

    /// Whether the record was made when the person was old enough to be asked: a guardian's word
    /// does not reach it.
    fn outgrown(&self) -> bool {
        self.age.reached(self.own_age, self.created)
    }
}
