//! One person alone, and the comparison of a snapshot with a full replay.

use std::collections::{BTreeMap, BTreeSet};

use mandat_core::history::PersonHistory;
use mandat_proof::PersonKey;

use crate::error::LedgerError;
use crate::fold::{KeyRange, fold_people, fold_person, fold_shared};
use crate::ledger::{Ledger, read_head};
use crate::snapshot::{Snapshot, in_memory, spread};
use crate::store::Transaction;

/// The result of comparing a snapshot with a full replay.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct SnapshotCheck {
    /// People in the full replay.
    pub people: u64,
    /// People for whom the two differ, at most 100 of them.
    pub differing: Vec<PersonKey>,
    /// Whether notices, orders and policies agree.
    pub shared_agrees: bool,
}

impl SnapshotCheck {
    /// Whether the snapshot is what a full replay gives.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.differing.is_empty() && self.shared_agrees
    }
}

/// Accounts that one is linked to directly, by events or in the people file.
fn linked_accounts(tx: &Transaction<'_>, history: &PersonHistory) -> Result<Vec<PersonKey>, LedgerError> {
    let mut accounts: Vec<PersonKey> = history.links().into_iter().map(|(key, _)| key).collect();
    if let Some(tag) = history.link_tag() {
        let mut query = tx.prepare_cached("SELECT person FROM subjects WHERE link = ?1")?;
        let rows = query.query_map([tag.to_be_bytes()], |row| Ok(PersonKey::from_bytes(row.get(0)?)))?;
        accounts.extend(rows.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(accounts)
}

impl Ledger {
    /// One person as known at the head, with what linked accounts deny; `None` if there is no row.
    ///
    /// # Errors
    /// When a row is damaged.
    pub fn history(&self, person: PersonKey) -> Result<Option<PersonHistory>, LedgerError> {
        let tx = self.connection.unchecked_transaction()?;
        let head = read_head(&tx)?.position;
        let Some(own) = fold_person(&tx, self.keys(), head, person)? else { return Ok(None) };
        let mut open: Vec<PersonKey> = linked_accounts(&tx, &own)?;
        let mut people = BTreeMap::from([(person, own)]);
        // Links of links count: a denial reaches every account that a chain of links leads to.
        while let Some(other) = open.pop() {
            if people.contains_key(&other) {
                continue;
            }
            if let Some(history) = fold_person(&tx, self.keys(), head, other)?
                && history.is_linked()
            {
                open.extend(linked_accounts(&tx, &history)?);
                people.insert(other, history);
            }
        }
        let own = people.clone();
        spread(&own, &mut people);
        Ok(people.remove(&person))
    }

    /// Compares a snapshot with a full replay of every row up to its position.
    ///
    /// # Errors
    /// When a row or a compiled file is damaged.
    pub fn verify_snapshot(&self, snapshot: &Snapshot) -> Result<SnapshotCheck, LedgerError> {
        let tx = self.connection.unchecked_transaction()?;
        let full = in_memory(fold_people(&tx, self.keys(), snapshot.position(), KeyRange::ALL, 1)?);
        let mut shared = fold_shared(&tx, self.keys(), snapshot.position())?;
        shared.controller = snapshot.shared.controller.clone();
        let mut check = SnapshotCheck {
            people: full.len() as u64,
            differing: Vec::new(),
            shared_agrees: shared == snapshot.shared,
        };
        let mut rest: BTreeMap<_, _> = full;
        let mut differ = BTreeSet::new();
        snapshot.bucket(0, 0, &mut |key, history| {
            if rest.remove(&key).as_ref() != Some(history) {
                differ.insert(key);
            }
        })?;
        differ.extend(rest.into_keys());
        check.differing = differ.into_iter().take(100).collect();
        Ok(check)
    }
}
