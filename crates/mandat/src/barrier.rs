//! The ledger as a build sees it again before it publishes (DESIGN 8.12).

use mandat_core::controller::Controller;
use mandat_core::manifest::Revision;
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
