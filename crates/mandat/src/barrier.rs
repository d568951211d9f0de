//! The ledger as a build sees it again before it publishes (DESIGN 8.12).

use mandat_core::controller::Controller;
use mandat_core::manifest::Revision;
use mandat_core::members::Secrets;
use mandat_core::proof::{PersonKey, SubjectSecret};
use mandat_corpus::build::{Barrier, BuildError, Commit};
use mandat_ledger::{Ledger, LedgerError};

use crate::commands::Open;

/// Publishes only what is true at its commit.
pub(crate) struct LedgerBarrier<'a> {
    ledger: &'a Ledger,
    controller: Controller,
}

impl<'a> LedgerBarrier<'a> {
    /// A barrier over the ledger of a home.
    pub(crate) fn new(open: &Open, ledger: &'a Ledger) -> Self {
        Self { ledger, controller: open.home.settings.values.controller.controller() }
    }
}

impl Secrets for LedgerBarrier<'_> {
    fn secrets(&self, persons: &[PersonKey]) -> Result<Vec<Option<SubjectSecret>>, String> {
        self.ledger.secrets_of(persons).map_err(|error| error.to_string())
    }
}

impl Barrier for LedgerBarrier<'_> {
    fn commit(
        &self,
        position: u64,
        publish: &mut dyn FnMut(u64) -> Result<Revision, BuildError>,
    ) -> Result<Commit, BuildError> {
        let failed = |error: LedgerError| BuildError::Barrier(error.to_string());
        match self.ledger.hold(position, publish).map_err(failed)? {
            Some(published) => Ok(Commit::Done(Box::new(published?))),
            None => {
                let newer = self.ledger.snapshot().map_err(failed)?;
                Ok(Commit::Newer(Box::new(newer.with_controller(self.controller.clone()))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use mandat_core::event::{EventKind, EventLine, Words};
    use mandat_core::time::Micros;
    use mandat_ledger::Keys;

    use super::*;

    const NOW: Micros = Micros(1_700_000_000_000_000);

    fn event(kind: EventKind, account: &str) -> EventLine {
        let mut event = EventLine::new(kind, NOW);
        event.account = Some(account.into());
        event.purposes = Some(Words::one("train_generative"));
        event
    }

    /// Appends an event after a build looked, and says whether the build may still publish.
    #[track_caller]
    fn publishes_after(events: &[EventLine]) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::new(&[1; 32], &[2; 32]);
        let mut ledger = Ledger::create(&folder.path().join("ledger.sqlite"), keys).unwrap();
        assert_eq!(ledger.append(&[event(EventKind::Consent, "a")], NOW).unwrap().accepted, 1);
        let looked = ledger.head().unwrap().position;
        assert_eq!(ledger.append(events, NOW).unwrap().accepted, events.len() as u64);
        let head = ledger.head().unwrap().position;
        let barrier = LedgerBarrier { ledger: &ledger, controller: Controller::default() };
        let mut ran = None;
        let commit = barrier.commit(looked, &mut |position| {
            ran = Some(position);
            Ok(revision(position))
        });
        match commit.unwrap() {
            Commit::Done(revision) => {
                assert_eq!((ran, revision.barrier), (Some(head), head));
                true
            }
            Commit::Newer(snapshot) => {
                assert_eq!((ran, snapshot.position()), (None, head));
                false
            }
        }
    }

    fn revision(barrier: u64) -> Revision {
        Revision {
            format: mandat_core::manifest::REVISION_FORMAT.into(),
            corpus: "c".into(),
            revision: 1,
            parent: None,
            content_sha256: String::new(),
            published_at: NOW,
            barrier,
        }
    }

    #[test]
    fn a_denial_in_the_meantime_sends_the_build_back_and_a_permission_does_not() {
        assert!(publishes_after(&[]));
        assert!(publishes_after(&[event(EventKind::Consent, "b")]));
        for kind in [EventKind::Object, EventKind::Withdraw, EventKind::Refuse, EventKind::Erase, EventKind::Restrict] {
            assert!(!publishes_after(&[event(kind, "a")]), "{kind:?}");
            assert!(!publishes_after(&[event(kind, "b"), event(EventKind::Consent, "c")]), "{kind:?}");
        }
    }
}
