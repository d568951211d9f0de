//! What a build sees of the ledger: an immutable snapshot at one position.
//!
//! The ledger implements it over its compiled files, [`MemorySnapshot`] over plain maps (scenarios,
//! benches). A build never opens the ledger itself.

use std::collections::BTreeMap;

use crate::history::{PersonHistory, Shared};
use crate::proof::PersonKey;
use crate::time::Micros;

/// People and shared facts as known at one ledger position.
pub trait Snapshot: Sync {
    /// The number of the last event it holds.
    fn position(&self) -> u64;

    /// When that event was appended, by the ledger's clock; the distant past for an empty ledger.
    fn appended(&self) -> Micros;

    /// Notices, orders, policies: what concerns no single person.
    fn shared(&self) -> &Shared;

    /// Hands over every person whose key has `bucket` as its top `bits` bits, in key order.
    fn each_in_bucket(&self, bits: u32, bucket: u64, visit: &mut dyn FnMut(PersonKey, &PersonHistory));

    /// One person; `None` if the ledger has never heard of them.
    fn person(&self, key: PersonKey) -> Option<PersonHistory>;
}

/// A snapshot in memory.
#[derive(Debug, Clone, Default)]
pub struct MemorySnapshot {
    /// Position of the last event.
    pub position: u64,
    /// Time of the last event.
    pub appended: Micros,
    /// What concerns no single person.
    pub shared: Shared,
    /// Everybody known.
    pub people: BTreeMap<PersonKey, PersonHistory>,
}

impl Snapshot for MemorySnapshot {
    fn position(&self) -> u64 {
        self.position
    }

    fn appended(&self) -> Micros {
        self.appended
    }

    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn each_in_bucket(&self, bits: u32, bucket: u64, visit: &mut dyn FnMut(PersonKey, &PersonHistory)) {
        let first = if bits == 0 { 0 } else { u128::from(bucket) << (128 - bits) };
        for (key, history) in self.people.range(PersonKey(first)..) {
            if key.prefix(bits) != bucket {
                break;
            }
            visit(*key, history);
        }
    }

    fn person(&self, key: PersonKey) -> Option<PersonHistory> {
        self.people.get(&key).cloned()
    }
}
