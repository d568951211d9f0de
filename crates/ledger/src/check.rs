//! What an event may do, and which events are not taken in.
//!
//! A denial is never lost: what can only take records out is kept whatever its paperwork looks like.

use std::fmt;

use mandat_core::event::{EventKind, EventLine, Verified};
use mandat_core::time::Micros;
use mandat_core::vocab::AccountStatus;

/// Why one event was not taken in. Says nothing of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rejection {
    /// A permission said to be received in the future.
    ReceivedInFuture,
    /// A permission under a notice that was never imported.
    UnknownNotice,
    /// An imported consent without notice and method.
    NoEvidence,
    /// Neither account nor record nor organisation says whom it is about.
    NoSubject,
    /// Imported for a person who was erased since.
    Suppressed,
    /// A consent that names no purpose.
    NoPurposes,
    /// Its id belongs to another event.
    Conflict,
}

impl Rejection {
    /// The word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReceivedInFuture => "received_in_future",
            Self::UnknownNotice => "unknown_notice",
            Self::NoEvidence => "no_evidence",
            Self::NoSubject => "no_subject",
            Self::Suppressed => "suppressed",
            Self::NoPurposes => "no_purposes",
            Self::Conflict => "conflict",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReceivedInFuture => "a permission with a `received_at` later than now; check the sender's clock",
            Self::UnknownNotice => "its `notice` is not known; import it with `mandat notices import` first",
            Self::NoEvidence => "an imported consent needs its `notice` and its `method` as evidence",
            Self::NoSubject => "it says neither `account` nor `record` nor `org`; name one",
            Self::Suppressed => "the person was erased; an import does not bring them back",
            Self::NoPurposes => "a consent must name its `purposes`; a yes to nothing in particular is no consent",
            Self::Conflict => "its `event_id` belongs to another event; give it one of its own",
        })
    }
}

/// Whether an event can only take records out.
pub(crate) fn denies(line: &EventLine) -> bool {
    match line.event {
        EventKind::Guardian => line.act.as_deref() != Some("consent"),
        EventKind::Directive | EventKind::OrgPolicy => line.act.as_deref() != Some("allow"),
        EventKind::AccountStatus => line.status != Some(AccountStatus::Active),
        EventKind::Verification => line.result == Some(Verified::Yes),
        EventKind::Link => true,
        kind => kind.is_restrictive(),
    }
}

/// Whether an event is an act that lets records in, so that it needs its paperwork.
pub(crate) fn permits(line: &EventLine) -> bool {
    match line.event {
        EventKind::Consent | EventKind::NoticeDelivered | EventKind::Lift => true,
        EventKind::Guardian | EventKind::Directive | EventKind::OrgPolicy | EventKind::Verification => !denies(line),
        _ => false,
    }
}

/// Whether an event is a consent, which names its purposes and, imported, notice and method as evidence.
pub(crate) fn needs_evidence(line: &EventLine) -> bool {
    match line.event {
        EventKind::Consent => true,
        EventKind::Guardian => !denies(line),
        _ => false,
    }
}

/// Checks a permission's times and evidence; the notice is looked up by the caller.
pub(crate) fn check(line: &EventLine, imported: bool, appended: Micros) -> Result<(), Rejection> {
    if !permits(line) {
        return Ok(());
    }
    if line.received > appended {
        return Err(Rejection::ReceivedInFuture);
    }
    if imported && needs_evidence(line) && (line.notice.is_none() || line.method.is_none()) {
        return Err(Rejection::NoEvidence);
    }
    if needs_evidence(line) && line.purposes.as_ref().is_none_or(|words| words.0.is_empty()) {
        return Err(Rejection::NoPurposes);
    }
    if line.event == EventKind::NoticeDelivered && line.notice.is_none() {
        return Err(Rejection::UnknownNotice);
    }
    Ok(())
}
