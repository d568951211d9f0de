//! Names of accounts found in records go to the ledger, the only place that keeps them.

use mandat_core::proof::PersonKey;
use mandat_core::time::Micros;
use mandat_corpus::ingest::{Account, Accounts};
use mandat_ledger::{Ledger, Sighting};

/// The ledger as an ingest sees it.
pub(crate) struct LedgerAccounts {
    ledger: Ledger,
    now: Micros,
    /// The first error of a look-up, told with the next accounts.
    failed: Option<String>,
}

impl LedgerAccounts {
    /// Notes accounts in this ledger.
    pub(crate) const fn new(ledger: Ledger, now: Micros) -> Self {
        Self { ledger, now, failed: None }
    }
}

impl Accounts for LedgerAccounts {
    fn observe(&mut self, accounts: &[Account]) -> Result<(), String> {
        if let Some(failed) = self.failed.take() {
            return Err(failed);
        }
        let mut sightings = accounts.iter().map(|a| Sighting {
            person: a.person,
            platform: a.platform.clone(),
            account: a.account.clone(),
            handle: a.handle.clone(),
            from: Some(a.from),
        });
        self.ledger.observe_accounts(&mut sightings, self.now).map(drop).map_err(|e| e.to_string())
    }

    fn holder(&mut self, tag: u128) -> Option<PersonKey> {
        match self.ledger.holders_by_tag(tag) {
            Ok(holders) if holders.len() == 1 => Some(holders[0]),
            Ok(_) => None,
            Err(error) => {
                self.failed = Some(error.to_string());
                None
            }
        }
    }
}
