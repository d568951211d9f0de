//! From event lines to acts: the one place where events get their compact form.

use crate::event::{Categories, EventKind, EventLine, Verified, Words};
use crate::history::act::{Act, Consent, Delivery, Entity, Lift, Lifted, Named, Signal, Tag, Verification};
use crate::history::reach::Reach;
use crate::history::signal::says;
use crate::history::{Sequenced, platform_of};
use crate::person::day_of;
use crate::proof::Keyer;
use crate::time::Micros;
use crate::vocab::{AccountStatus, Actor, Audience, FIRST_PARTY, Method};

pub(crate) use crate::history::act::What;

/// The act of an event, given what happened.
pub(crate) fn act_of(event: &Sequenced, what: What) -> Act {
    let line = &event.line;
    Act {
        position: event.position,
        id: event.id(),
        received: line.received,
        asserted: line.asserted_at(),
        appended: event.appended,
        what,
    }
}

impl What {
    /// What an event means for the person it belongs to; `None` if it concerns no single person or
    /// lacks what would give it a meaning. A restrictive event always has one.
    #[must_use]
    pub fn of(line: &EventLine, keyer: &Keyer) -> Option<Self> {
        let records = || record_keys(line, keyer);
        let record = || line.record.as_ref().map(|id| keyer.record(platform_of(line), id).0);
        Some(match line.event {
            EventKind::NoticeDelivered => Self::Notice(delivery(line)?),
            EventKind::Consent => Self::Consent(consent(line, keyer)),
            EventKind::Refuse => Self::Refuse(denial(line, keyer)),
            EventKind::Withdraw => Self::Withdraw(denial(line, keyer)),
            EventKind::Object => Self::Object(denial(line, keyer), line.verified.unwrap_or_default()),
            EventKind::Verification => Self::Verification(Verification {
                of: line.of.as_deref().map(Tag::of),
                result: line.result.unwrap_or(Verified::Pending),
                told: line.claimant_told,
            }),
            EventKind::Erase => Self::Erase(records()),
            EventKind::Restrict => Self::Restrict(line.actor().unwrap_or(Actor::Subject)),
            EventKind::Lift => Self::Lift(lift(line)),
            EventKind::Link | EventKind::Unlink => Self::link(line, keyer),
            EventKind::Guardian if line.act.as_deref() == Some("consent") => {
                Self::Guardian(reach(line, keyer, "*"), true)
            }
            EventKind::Guardian => Self::Guardian(denial(line, keyer), false),
            EventKind::LegalHold => Self::LegalHold(records(), line.released),
            EventKind::Directive => Self::Directive(line.act.as_deref() == Some("allow")),
            EventKind::Signal => Self::Signal(Box::new(signal(line, record())?)),
            EventKind::AccountStatus => Self::Status(line.status.unwrap_or(AccountStatus::Suspended)),
            EventKind::Age => Self::Age(line.born.map(day_of)),
            EventKind::Move => Self::moved(line),
            EventKind::Compromised => {
                Self::Compromised(line.from.unwrap_or(Micros::DISTANT_PAST), line.to.unwrap_or(line.received))
            }
            EventKind::Visibility => Self::Visibility(record()?, line.audience.unwrap_or(Audience::Unknown)),
            EventKind::Deleted => Self::Deleted(record()?),
            EventKind::Edited => Self::edited(line, record()?),
            EventKind::OrgPolicy | EventKind::Order => return None,
        })
    }

    fn link(line: &EventLine, keyer: &Keyer) -> Self {
        let platform = platform_of(line);
        let accounts = line.accounts.iter().flatten().map(|a| keyer.person(platform, a).0);
        Self::Link(accounts.collect(), line.event == EventKind::Link)
    }

    fn moved(line: &EventLine) -> Self {
        let place = |text: &Option<String>| text.as_deref().and_then(|t| t.parse().ok());
        Self::Move(place(&line.country), place(&line.region), line.evidence.as_deref() == Some("vpn"))
    }

    fn edited(line: &EventLine, record: u128) -> Self {
        let flags = line.flags.iter().flatten().fold(0, |bits, f| bits | 1 << f.index());
        let special = line.special.iter().flatten().fold(0, |bits, s| bits | 1 << s.index());
        Self::Edited(record, flags, special)
    }
}

fn record_keys(line: &EventLine, keyer: &Keyer) -> Vec<u128> {
    let platform = platform_of(line);
    line.records.iter().flatten().map(|id| keyer.record(platform, id).0).collect()
}

fn delivery(line: &EventLine) -> Option<Delivery> {
    Some(Delivery {
        notice: Tag::of(line.notice.as_deref()?),
        language: line.language.clone(),
        separate: line.separate_objection.unwrap_or(true),
        reached: !line.bounced.unwrap_or(false) && line.opened.unwrap_or(true),
    })
}

/// A denial reaches everything that it does not narrow; an empty list or a span that ends before it begins narrows nothing.
fn denial(line: &EventLine, keyer: &Keyer) -> Reach {
    let every = Words::all();
    Reach::new(
        line.purposes.as_ref().filter(|w| !w.0.is_empty()).unwrap_or(&every).iter(),
        line.categories.filter(|c| c.0 != 0).unwrap_or(Categories::ALL),
        line.recipients.as_ref().filter(|w| !w.0.is_empty()).unwrap_or(&every).iter(),
        record_keys(line, keyer),
        line.created.filter(|span| !span.is_reversed()).unwrap_or_default(),
    )
}

fn reach(line: &EventLine, keyer: &Keyer, recipient: &str) -> Reach {
    let every = Words::all();
    let named = Words::one(recipient);
    Reach::new(
        line.purposes.as_ref().unwrap_or(&every).iter(),
        line.categories.unwrap_or(Categories::ALL),
        line.recipients.as_ref().unwrap_or(&named).iter(),
        record_keys(line, keyer),
        line.created.unwrap_or_default(),
    )
}

fn consent(line: &EventLine, keyer: &Keyer) -> Consent {
    let starts = line.asserted_at().max(line.received);
    Consent {
        reach: reach(line, keyer, FIRST_PARTY),
        notice: line.notice.as_deref().map(Tag::of),
        method: line.method.unwrap_or(Method::ActiveToggle),
        explicit: line.explicit.iter().flatten().fold(0, |bits, s| bits | 1 << s.index()),
        names: Named::of(line.names.iter().flatten().map(String::as_str)),
        bundled: line.bundled.unwrap_or(false),
        // An end that cannot be read has come: a consent is never longer than its words.
        expires: line.expires.as_deref().map(|text| ends(text, starts).unwrap_or(Micros::DISTANT_PAST)),
        term: line.term,
    }
}

/// Reads an end: an instant, a date, or an ISO 8601 duration from `starts`.
#[must_use]
pub fn ends(text: &str, starts: Micros) -> Option<Micros> {
    if text.starts_with('P') {
        let span: jiff::Span = text.parse().ok()?;
        return Some(starts.plus_span(span));
    }
    Micros::parse(text).ok()
}

fn lift(line: &EventLine) -> Lift {
    let of = match line.of.as_deref() {
        None | Some("restriction") => Lifted::Restriction,
        Some("objection") => Lifted::Objection,
        Some("signal_conflict") => Lifted::SignalConflict,
        Some(id) => Lifted::Event(Tag::of(id)),
    };
    Lift { by: line.actor().unwrap_or(Actor::Platform), of, told: line.told }
}

fn signal(line: &EventLine, record: Option<u128>) -> Option<Signal> {
    let source = line.source?;
    let entity = match line.entity.as_deref() {
        Some("controller") => Entity::Controller,
        Some("other") => Entity::Other,
        _ => Entity::Global,
    };
    Some(Signal { source, says: says(source, line.raw.as_deref().unwrap_or("")), entity, record })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::reach::Target;

    fn what(more: &str) -> What {
        let line = format!(r#"{{"received":"2026-01-01","account":"1",{more}}}"#);
        What::of(&serde_json::from_str(&line).unwrap(), &Keyer::new(&[1; 32])).unwrap()
    }

    #[test]
    fn a_denial_with_nothing_in_its_lists_reaches_everything() {
        let empty = r#""purposes":[],"categories":[],"recipients":[],"records":[],"created":{"from":"2026-01-02","to":"2025-01-01"}"#;
        for kind in ["object", "refuse", "withdraw", r#"guardian","act":"object"#] {
            let what = what(&format!(r#""event":"{kind}",{empty}"#));
            let reach = what.reach().unwrap();
            let target = Target::new("match_jobs", "acme");
            assert!(reach.denies_purpose(&target) && reach.covers_recipient(&target), "{kind}");
            assert_eq!(reach.categories, Categories::ALL, "{kind}");
            assert!(reach.reaches(None, Micros(0)), "{kind}");
        }
    }

    #[test]
    fn a_permission_with_an_empty_list_covers_nothing() {
        let what = what(r#""event":"guardian","act":"consent","purposes":[]"#);
        assert!(!what.reach().unwrap().permits_purpose(&Target::new("train_generative", "first_party")));
    }
}
