//! The events behind a reason and behind a permission: for explanations, never for decisions.

use crate::derive::consents::Consents;
use crate::derive::denials::Denials;
use crate::derive::person::Subject;
use crate::derive::record::named_by;
use crate::derive::{Context, RecordView, notices};
use crate::event::EventKind;
use crate::history::{Act, PersonHistory, Seen, Tag, What};
use crate::time::Micros;
use crate::vocab::{Profile, Reason};

/// An event, as an explanation names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witness<'a> {
    /// Its number in the ledger.
    pub position: u64,
    /// What kind of event.
    pub event: EventKind,
    /// When it was received.
    pub received: Micros,
    /// The id of the notice it names.
    pub notice: Option<&'a str>,
}

/// The events that a reason rests on, in ledger order; empty where something is missing or lies in
/// the record or the operator's papers.
#[must_use]
pub fn witnesses<'a>(
    reason: Reason,
    record: &RecordView<'_>,
    history: &'a PersonHistory,
    ctx: &'a Context<'a>,
) -> Vec<Witness<'a>> {
    let mut found: Vec<_> = named_by(record.key, history, ctx)
        .filter(|act| speaks(reason, &act.what) && concerns(&act.what, record))
        .map(|act| witness(act, ctx))
        .collect();
    if reason == Reason::RegulatoryOrder {
        found.extend(ctx.orders.iter().map(|o| seen(&o.seen, EventKind::Order)));
    }
    if let (Reason::OrgDeny, Some(org)) = (reason, record.org) {
        let acts = ctx.shared.org_acts(org).iter().filter(|a| ctx.saw(&a.seen) && !a.allows);
        found.extend(acts.map(|a| seen(&a.seen, EventKind::OrgPolicy)));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// What an included record's permission rests on: the consents that cover it, or the notices whose
/// time to object is over; for what an organisation posted, its policy.
#[must_use]
pub fn basis<'a>(record: &RecordView<'_>, history: &'a PersonHistory, ctx: &'a Context<'a>) -> Vec<Witness<'a>> {
    let Some(category) = record.traits.category() else { return Vec::new() };
    let subject = Subject::new(history, ctx, category, record.created, Some(record.key));
    let denials = Denials::of(&subject);
    let grounds = |act: &&Act| match ctx.ask.profile {
        Profile::Consent => Consents::is_ground(&subject, act, &denials),
        Profile::LegitimateInterest => notices::is_ground(&subject, act),
    };
    let mut found: Vec<_> = subject.acts().filter(grounds).map(|act| witness(act, ctx)).collect();
    if let Some(org) = record.org {
        let acts = ctx.shared.org_acts(org).iter().filter(|a| ctx.saw(&a.seen) && a.allows);
        found.extend(acts.map(|a| seen(&a.seen, EventKind::OrgPolicy)));
    }
    found.sort_unstable();
    found
}

fn witness<'a>(act: &'a Act, ctx: &Context<'a>) -> Witness<'a> {
    let tag = match &act.what {
        What::Notice(delivery) => Some(delivery.notice),
        What::Consent(consent) => consent.notice,
        _ => None,
    };
    let notice = tag.and_then(|tag| ctx.shared.notices.keys().find(|id| Tag::of(id) == tag));
    Witness {
        position: act.position,
        event: kind(&act.what),
        received: act.received,
        notice: notice.map(String::as_str),
    }
}

const fn seen(seen: &Seen, event: EventKind) -> Witness<'static> {
    Witness { position: seen.position, event, received: seen.received, notice: None }
}

/// Whether an act about single records is about this one, and one about creation times holds it.
fn concerns(what: &What, record: &RecordView<'_>) -> bool {
    match what {
        What::Erase(records) | What::LegalHold(records, _) => records.is_empty() || records.contains(&record.key.0),
        What::Visibility(key, _) | What::Deleted(key) | What::Edited(key, ..) => *key == record.key.0,
        What::Signal(signal) => signal.record.is_none_or(|key| key == record.key.0),
        _ => what.reach().is_none_or(|reach| reach.reaches(Some(record.key), record.created)),
    }
}

/// Whether an act can be behind a reason.
const fn speaks(reason: Reason, what: &What) -> bool {
    match reason {
        Reason::NoNotice | Reason::NoticeLanguage | Reason::NoticeWindow | Reason::PurposeIncompatible => {
            matches!(what, What::Notice(_))
        }
        Reason::ConsentScope
        | Reason::ConsentExpired
        | Reason::ConsentInvalid
        | Reason::RecipientNotCovered
        | Reason::ClockSuspect => matches!(what, What::Consent(_) | What::Guardian(_, true)),
        Reason::AuthCompromised => matches!(what, What::Consent(_) | What::Compromised(..)),
        Reason::ConsentRefused => matches!(what, What::Refuse(_)),
        Reason::ConsentWithdrawn => matches!(what, What::Withdraw(_)),
        Reason::Objected | Reason::ObjectionPending => {
            matches!(what, What::Object(..) | What::Guardian(_, false) | What::Verification(_))
        }
        Reason::EmployeeDeny => matches!(what, What::Object(..) | What::Refuse(_) | What::Withdraw(_)),
        Reason::Erased => matches!(what, What::Erase(_) | What::Status(_)),
        Reason::Restricted => matches!(what, What::Restrict(_)),
        Reason::Minor | Reason::MadeAsMinor | Reason::AgeUnknown => matches!(what, What::Age(_)),
        Reason::NotPublic | Reason::AudienceChanged => matches!(what, What::Visibility(..)),
        Reason::Deleted => matches!(what, What::Deleted(_)),
        Reason::Superseded | Reason::SpecialCategory => matches!(what, What::Edited(..)),
        Reason::Deactivated => matches!(what, What::Status(_)),
        Reason::Deceased => matches!(what, What::Status(_) | What::Directive(_)),
        Reason::LegalHold => matches!(what, What::LegalHold(..)),
        Reason::LicenceNotCovered
        | Reason::TdmReserved
        | Reason::AssetDeny
        | Reason::SignalDeny
        | Reason::SignalConflict => matches!(what, What::Signal(_)),
        Reason::RegionRule => matches!(what, What::Move(..)),
        Reason::NoBasis
        | Reason::ConsentMissing
        | Reason::Dm
        | Reason::ParticipantMissing
        | Reason::SpecialCategoryThirdParty
        | Reason::Biometric
        | Reason::CareerPurpose
        | Reason::ThirdPartySubject
        | Reason::NearDuplicateOfDenied
        | Reason::OrgDeny
        | Reason::JointNotUnanimous
        | Reason::RegulatoryOrder
        | Reason::RetentionOver
        | Reason::DpiaMissing
        | Reason::LiaMissing
        | Reason::RulepackUnsigned => false,
    }
}

/// The event an act came from.
const fn kind(what: &What) -> EventKind {
    match what {
        What::Notice(_) => EventKind::NoticeDelivered,
        What::Consent(_) => EventKind::Consent,
        What::Refuse(_) => EventKind::Refuse,
        What::Withdraw(_) => EventKind::Withdraw,
        What::Object(..) => EventKind::Object,
        What::Verification(_) => EventKind::Verification,
        What::Erase(_) => EventKind::Erase,
        What::Restrict(_) => EventKind::Restrict,
        What::Lift(_) => EventKind::Lift,
        What::Link(_, true) => EventKind::Link,
        What::Link(_, false) => EventKind::Unlink,
        What::Guardian(..) => EventKind::Guardian,
        What::LegalHold(..) => EventKind::LegalHold,
        What::Directive(_) => EventKind::Directive,
        What::Signal(_) => EventKind::Signal,
        What::Status(_) => EventKind::AccountStatus,
        What::Age(_) => EventKind::Age,
        What::Move(..) => EventKind::Move,
        What::Compromised(..) => EventKind::Compromised,
        What::Visibility(..) => EventKind::Visibility,
        What::Deleted(_) => EventKind::Deleted,
        What::Edited(..) => EventKind::Edited,
    }
}
