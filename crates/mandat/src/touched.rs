//! What the ledger took in since a position, as `plan --since` needs it.

use std::collections::{BTreeMap, BTreeSet};

use mandat_core::history::PersonHistory;
use mandat_core::proof::{Keyer, PersonKey};
use mandat_corpus::since::{Touched, Whole};
use mandat_ledger::{Entry, Ledger, LedgerError, Snapshot};

/// Rows read at a time.
const ROWS: u64 = 10_000;

/// Everybody and everything that rows after a position are about.
///
/// # Errors
/// When the ledger cannot be read.
pub(crate) fn touched(
    ledger: &Ledger,
    snapshot: &Snapshot,
    keyer: &Keyer,
    position: u64,
) -> Result<Touched, LedgerError> {
    let mut touched = Touched::default();
    let mut retold = BTreeSet::new();
    let end = snapshot.position() + 1;
    let mut from = position + 1;
    while from < end {
        let until = end.min(from + ROWS);
        for event in ledger.events(from..until)? {
            touched.people.extend(event.person);
            match (event.person, &event.entry) {
                (Some(person), Entry::Facts(_)) => {
                    retold.insert(person);
                }
                (None, Entry::Act(line)) => touched.event(line, keyer),
                (None, Entry::Notice(_)) => touched.everybody = Some(Whole::Notices),
                (None, Entry::Void { .. }) => touched.everybody = Some(Whole::Undone),
                _ => {}
            }
        }
        from = until;
    }
    let links = Links::of(snapshot);
    let mut unlinked = BTreeSet::new();
    for person in &retold {
        unlinked.extend(tag_before(ledger, keyer, *person, position)?);
    }
    touched.people = links.spread(&touched.people, &unlinked);
    Ok(touched)
}

/// The tag of linked accounts that a person's facts named at a position: they may be parted since.
fn tag_before(ledger: &Ledger, keyer: &Keyer, person: PersonKey, position: u64) -> Result<Option<u128>, LedgerError> {
    let mut tag = None;
    for event in ledger.events_of(person)?.into_iter().filter(|e| e.position <= position) {
        if let Entry::Facts(line) = event.entry {
            let platform = line.platform.clone().unwrap_or_default();
            tag = PersonHistory::new(line.info(&platform, keyer)).link_tag();
        }
    }
    Ok(tag)
}

/// Who is linked with whom, by events or by the people file, now or once.
struct Links {
    groups: BTreeMap<PersonKey, usize>,
    members: Vec<Vec<PersonKey>>,
    tags: BTreeMap<u128, usize>,
}

impl Links {
    fn of(snapshot: &Snapshot) -> Self {
        let mut links = Self { groups: BTreeMap::new(), members: Vec::new(), tags: BTreeMap::new() };
        for (key, history) in snapshot.linked() {
            let own = links.group(key);
            for (other, _) in history.links() {
                let other = links.group(other);
                links.join(own, other);
            }
            if let Some(tag) = history.link_tag() {
                let own = links.groups[&key];
                let first = *links.tags.entry(tag).or_insert(own);
                links.join(links.now(first), own);
            }
        }
        links
    }

    fn group(&mut self, key: PersonKey) -> usize {
        if let Some(group) = self.groups.get(&key) {
            return *group;
        }
        self.groups.insert(key, self.members.len());
        self.members.push(vec![key]);
        self.members.len() - 1
    }

    /// The group that a former one became part of.
    fn now(&self, group: usize) -> usize {
        // The first member of an emptied group moved on with the rest.
        self.members[group].first().map_or(group, |first| self.groups[first])
    }

    fn join(&mut self, into: usize, from: usize) {
        if into == from {
            return;
        }
        let moved = self.members[from].clone();
        for key in moved {
            if self.groups.insert(key, into) != Some(into) {
                self.members[into].push(key);
            }
        }
    }

    /// The people, and all who are linked with any of them or share one of the tags.
    fn spread(&self, people: &BTreeSet<PersonKey>, tags: &BTreeSet<u128>) -> BTreeSet<PersonKey> {
        let mut all = people.clone();
        let groups = people.iter().filter_map(|p| self.groups.get(p).copied());
        let tagged = tags.iter().filter_map(|t| self.tags.get(t)).map(|g| self.now(*g));
        for group in groups.chain(tagged).collect::<BTreeSet<_>>() {
            all.extend(&self.members[group]);
        }
        all
    }
}
