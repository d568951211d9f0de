//! What concerns no single person: notices, the operator's papers, orders, policies of organisations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::controller::Controller;
use crate::event::{Categories, EventKind, Range, Verified, Words};
use crate::history::act::{Act, Tag, Verification};
use crate::history::apply::{What, act_of};
use crate::history::{Sequenced, org_key, platform_of};
use crate::notice::Notice;
use crate::place::Place;
use crate::proof::{Keyer, PersonKey, RecordKey};
use crate::time::Micros;
use crate::vocab::Category;

/// Everything that concerns no single person, as known at one ledger position.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// Notices by id.
    pub notices: BTreeMap<String, Notice>,
    /// What the operator has on file.
    pub controller: Controller,
    /// Orders, every version of each, in ledger order.
    pub orders: Vec<Order>,
    orgs: BTreeMap<u128, Vec<OrgAct>>,
    verifications: Vec<(Seen, Verification)>,
    records: BTreeMap<u128, Vec<Act>>,
}

/// When something became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its number in the ledger.
    pub position: u64,
    /// The event's id.
    pub id: Tag,
    /// When the operator received it.
    pub received: Micros,
    /// When the ledger took it in.
    pub appended: Micros,
}

/// One version of a regulator's or court's instruction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// When it became known.
    pub seen: Seen,
    /// Its name; a later version with the same name replaces it.
    pub name: Tag,
    /// Where the people live whom it protects; empty = everywhere.
    pub regions: Vec<Place>,
    /// The categories it reaches.
    pub categories: Categories,
    /// When the records were collected.
    pub processed: Range,
    /// From when on it no longer holds.
    pub lifted: Option<Micros>,
}

/// An organisation's decision about what was posted in its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgAct {
    /// When it became known.
    pub seen: Seen,
    /// Allow or deny.
    pub allows: bool,
    /// For what.
    pub purposes: Words,
    /// Which records.
    pub categories: Categories,
}

impl Shared {
    /// Nothing but what the operator has on file.
    #[must_use]
    pub fn new(controller: Controller) -> Self {
        Self { controller, ..Self::default() }
    }

    /// Takes in an event that concerns no single person; any other changes nothing.
    pub fn apply(&mut self, event: &Sequenced, keyer: &Keyer) {
        let line = &event.line;
        let seen = Seen { position: event.position, id: event.id(), received: line.received, appended: event.appended };
        match line.event {
            EventKind::Order => self.order(event, seen),
            EventKind::OrgPolicy => self.org_policy(event, seen, keyer),
            EventKind::Verification if line.account.is_none() => {
                let result = line.result.unwrap_or(Verified::Pending);
                let of = line.of.as_deref().map(Tag::of);
                self.verifications.push((seen, Verification { of, result, told: line.claimant_told }));
                self.verifications.dedup_by_key(|(s, _)| s.id);
            }
            _ if line.account.is_none() => self.record_event(event, keyer),
            _ => {}
        }
    }

    fn order(&mut self, event: &Sequenced, seen: Seen) {
        let line = &event.line;
        if self.orders.iter().any(|o| o.seen.id == seen.id) {
            return;
        }
        let regions = line.regions.iter().flatten().filter_map(|r| r.parse().ok());
        let name = line.order.as_deref().or(line.id.as_deref()).map_or(seen.id, Tag::of);
        self.orders.push(Order {
            seen,
            name,
            regions: regions.collect(),
            categories: line.categories.unwrap_or(Categories::ALL),
            processed: line.processed.unwrap_or_default(),
            lifted: line.lifted,
        });
        self.orders.sort_by_key(|o| o.seen.position);
    }

    fn org_policy(&mut self, event: &Sequenced, seen: Seen, keyer: &Keyer) {
        let line = &event.line;
        let Some(org) = line.org.as_deref().or(line.account.as_deref()) else { return };
        let acts = self.orgs.entry(org_key(keyer, org).0).or_default();
        if acts.iter().any(|a| a.seen.id == seen.id) {
            return;
        }
        acts.push(OrgAct {
            seen,
            allows: line.act.as_deref() == Some("allow"),
            purposes: line.purposes.clone().unwrap_or_else(Words::all),
            categories: line.categories.unwrap_or(Categories::ALL),
        });
        acts.sort_by_key(|a| a.seen.position);
    }

    fn record_event(&mut self, event: &Sequenced, keyer: &Keyer) {
        let Some(record) = &event.line.record else { return };
        let key = keyer.record(platform_of(&event.line), record);
        let Some(what) = What::of(&event.line, keyer) else { return };
        let acts = self.records.entry(key.0).or_default();
        let act = act_of(event, what);
        if acts.iter().all(|a| a.id != act.id) {
            acts.push(act);
            acts.sort_by_key(|a| a.position);
        }
    }

    /// Whether an event without an account names this record, so that it needs a lookup.
    #[must_use]
    pub fn names_record(&self, record: RecordKey) -> bool {
        self.records.contains_key(&record.0)
    }

    /// Whether any event without an account names a record.
    #[must_use]
    pub fn names_records(&self) -> bool {
        !self.records.is_empty()
    }

    /// Records about which time alone may change something between two instants: an event without an
    /// account opened or closed them, and counts from when it was received, or a window of days later.
    pub fn records_changing(&self, after: Micros, until: Micros, window: i64) -> impl Iterator<Item = RecordKey> {
        let between = move |at: Micros| at > after && at <= until;
        let changes = move |act: &Act| {
            matches!(act.what, What::Visibility(..))
                && (between(act.received) || between(act.received.plus_days(window)))
        };
        self.records.iter().filter(move |(_, acts)| acts.iter().any(changes)).map(|(key, _)| RecordKey(*key))
    }

    /// Events without an account that name this record, in ledger order.
    #[must_use]
    pub fn record_acts(&self, record: RecordKey) -> &[Act] {
        self.records.get(&record.0).map_or(&[], Vec::as_slice)
    }

    /// Whether a policy of some organisation was received between two instants: it counts from then on.
    #[must_use]
    pub fn policies_begin(&self, after: Micros, until: Micros) -> bool {
        self.orgs.values().flatten().any(|act| act.seen.received > after && act.seen.received <= until)
    }

    /// What an organisation decided, in ledger order.
    #[must_use]
    pub fn org_acts(&self, org: PersonKey) -> &[OrgAct] {
        self.orgs.get(&org.0).map_or(&[], Vec::as_slice)
    }

    /// Results of identity checks that named an event only, in ledger order.
    #[must_use]
    pub fn verifications(&self) -> &[(Seen, Verification)] {
        &self.verifications
    }

    /// Whether an order may reach records of a category, so that collection times must be read.
    #[must_use]
    pub fn orders_possible(&self, category: Category) -> bool {
        self.orders.iter().any(|o| o.categories.has(category))
    }
}
