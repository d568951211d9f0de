//! What a build asks at its end, and an ingest in its middle.

use mandat_core::event::EventKind;
use mandat_proof::PersonKey;

use crate::error::LedgerError;
use crate::ledger::{Ledger, read_head};
use crate::read::Entry;
use crate::store::TransactionBehavior;

impl Ledger {
    /// Runs `act` with the head's position while nothing can be appended; `None`, and `act` does not
    /// run, if something that may take records out came after `position`.
    ///
    /// # Errors
    /// When the database fails or a row was changed. A server that goes away while `act` runs is noticed after
    /// it: then `act` ran, and whether something came meanwhile has to be looked up.
    pub fn hold<T>(&self, position: u64, act: impl FnOnce(u64) -> T) -> Result<Option<T>, LedgerError> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let head = read_head(&tx)?.position;
        let since = self.events(position.saturating_add(1)..head.saturating_add(1))?;
        tx.alive()?;
        let done = since.iter().all(|event| only_permits(&event.entry)).then(|| act(head));
        tx.rollback()?;
        Ok(done)
    }

    /// Every account that ever held the handle behind a tag, in key order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn holders_by_tag(&self, tag: u128) -> Result<Vec<PersonKey>, LedgerError> {
        let mut query = self.connection.prepare_cached(
            "SELECT DISTINCT s.person FROM handles h JOIN subjects s ON s.subject = h.subject
             WHERE h.handle = ?1 AND s.seen = 1 ORDER BY s.person",
        )?;
        let people: Result<_, _> =
            query.query_map([tag.to_be_bytes()], |row| Ok(PersonKey::from_bytes(row.get(0)?)))?.collect();
        Ok(people?)
    }
}

/// Whether a row can only let records in. Facts about people count as both: they may be younger than thought.
fn only_permits(entry: &Entry) -> bool {
    match entry {
        Entry::Act(line) => matches!(line.event, EventKind::Consent | EventKind::NoticeDelivered),
        Entry::Notice(_) => true,
        Entry::Facts(_) | Entry::Void { .. } | Entry::Erased | Entry::Destroyed => false,
    }
}
