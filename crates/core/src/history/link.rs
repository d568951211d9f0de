//! Accounts that their owner linked: denials reach all of them, consents do not (S48).

use std::collections::BTreeMap;

use crate::history::PersonHistory;
use crate::history::act::{Act, Lift, Lifted, What};
use crate::proof::PersonKey;

impl PersonHistory {
    /// Whether this person linked accounts, so that [`resolve_links`] has work to do.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.link_tag().is_some() || self.acts.iter().any(|a| matches!(a.what, What::Link(..)))
    }

    /// The tag that linked accounts share in the people file.
    #[must_use]
    pub fn link_tag(&self) -> Option<u128> {
        self.info.more.as_ref().and_then(|m| m.link)
    }

    /// Takes over what a linked account denies; single records stay with their own account.
    ///
    /// What the other account lifted is lifted here as well, but never more than that: a word that
    /// lifts every objection there lifts none that was made here.
    pub fn adopt(&mut self, other: &Self, until: Option<u64>) {
        let in_time = |act: &&Act| until.is_none_or(|end| act.position < end);
        let denials: Vec<&Act> = other.acts.iter().filter(in_time).filter(|a| spreads(&a.what)).collect();
        for act in other.acts.iter().filter(in_time) {
            match act.what {
                What::Lift(Lift { of: Lifted::Event(_), .. }) => self.insert(act.clone()),
                What::Lift(lift) => denials.iter().filter(|d| aims(lift.of, d)).for_each(|d| {
                    let what = What::Lift(Lift { of: Lifted::Event(d.id), ..lift });
                    self.insert(Act { id: act.id.with(d.id), what, ..act.clone() });
                }),
                _ if spreads(&act.what) => self.insert(act.clone()),
                _ => {}
            }
        }
    }

    /// Accounts linked by events, and the position of the event that parted them again.
    #[must_use]
    pub fn links(&self) -> Vec<(PersonKey, Option<u64>)> {
        let mut links: BTreeMap<u128, Option<u64>> = BTreeMap::new();
        for act in &self.acts {
            let What::Link(accounts, joins) = &act.what else { continue };
            for account in accounts {
                match (joins, links.get_mut(account)) {
                    (true, _) => {
                        links.insert(*account, None);
                    }
                    (false, Some(end)) => *end = end.or(Some(act.position)),
                    (false, None) => {}
                }
            }
        }
        links.into_iter().map(|(key, end)| (PersonKey(key), end)).collect()
    }
}

fn spreads(what: &What) -> bool {
    match what {
        What::Refuse(_) | What::Withdraw(_) | What::Object(..) | What::Verification(_) => !what.names_records(),
        What::Restrict(_) => true,
        What::Guardian(_, consents) => !consents,
        What::Signal(signal) => signal.record.is_none(),
        What::Notice(_)
        | What::Consent(_)
        | What::Lift(_)
        | What::Erase(_)
        | What::Link(..)
        | What::LegalHold(..)
        | What::Directive(_)
        | What::Status(_)
        | What::Age(_)
        | What::Move(..)
        | What::Compromised(..)
        | What::Visibility(..)
        | What::Deleted(_)
        | What::Edited(..) => false,
    }
}

/// Whether a lift on the other account reaches a denial there.
const fn aims(of: Lifted, denial: &Act) -> bool {
    match of {
        Lifted::Restriction => matches!(denial.what, What::Restrict(_)),
        Lifted::Objection => matches!(denial.what, What::Object(..) | What::Guardian(..) | What::Signal(_)),
        Lifted::SignalConflict => matches!(denial.what, What::Signal(_)),
        // Which of them the event is, the derivation finds out by its id.
        Lifted::Event(_) => false,
    }
}

/// Spreads denials among linked accounts. A ledger does this before it slices a snapshot; `people`
/// need hold only those for whom [`PersonHistory::is_linked`].
pub fn resolve_links(people: &mut BTreeMap<PersonKey, PersonHistory>) {
    let direct = direct_links(people);
    if direct.is_empty() {
        return;
    }
    let linked = |key: &&PersonKey| direct.contains_key(key);
    let own: BTreeMap<_, _> = people.keys().filter(linked).map(|key| (*key, people[key].clone())).collect();
    for (key, history) in people.iter_mut() {
        for (other, until) in reached(&direct, *key) {
            if let Some(source) = own.get(&other) {
                history.adopt(source, until);
            }
        }
    }
}

type Links = BTreeMap<PersonKey, Vec<(PersonKey, Option<u64>)>>;

/// Which accounts are linked to which, by events and in the people file, and until when.
fn direct_links(people: &BTreeMap<PersonKey, PersonHistory>) -> Links {
    let mut links = Links::new();
    let mut groups: BTreeMap<u128, Vec<PersonKey>> = BTreeMap::new();
    for (key, history) in people {
        for (other, until) in history.links().into_iter().filter(|(other, _)| other != key) {
            links.entry(*key).or_default().push((other, until));
        }
        if let Some(tag) = history.link_tag() {
            groups.entry(tag).or_default().push(*key);
        }
    }
    for group in groups.values() {
        for key in group {
            links.entry(*key).or_default().extend(group.iter().filter(|o| *o != key).map(|o| (*o, None)));
        }
    }
    links
}

/// All accounts that links of links lead to, each with the earliest end on the way.
fn reached(direct: &Links, from: PersonKey) -> BTreeMap<PersonKey, Option<u64>> {
    let mut found: BTreeMap<PersonKey, Option<u64>> = BTreeMap::new();
    let mut open = vec![(from, None)];
    while let Some((key, until)) = open.pop() {
        for (other, end) in direct.get(&key).into_iter().flatten().filter(|(other, _)| *other != from) {
            let until = [until, *end].into_iter().flatten().min();
            // A way that lasts longer counts; no end lasts longest.
            let longer = found.get(other).is_none_or(|known| known.is_some_and(|k| until.is_none_or(|u| u > k)));
            if longer {
                found.insert(*other, until);
                open.push((*other, until));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::history::Sequenced;
    use crate::proof::Keyer;

    fn people(events: &[serde_json::Value]) -> (Keyer, BTreeMap<PersonKey, PersonHistory>) {
        let keyer = Keyer::new(&[5; 32]);
        let mut people = BTreeMap::new();
        for (i, event) in events.iter().enumerate() {
            let line: crate::event::EventLine = serde_json::from_value(event.clone()).unwrap();
            let event = Sequenced { position: i as u64, appended: line.received, line };
            for key in crate::history::subjects(&event.line, "x", &keyer) {
                people.entry(key).or_insert_with(PersonHistory::default).apply(&event, &keyer);
            }
        }
        resolve_links(&mut people);
        (keyer, people)
    }

    fn objections(people: &BTreeMap<PersonKey, PersonHistory>, key: PersonKey) -> usize {
        people[&key].acts().iter().filter(|a| matches!(a.what, What::Object(..))).count()
    }

    #[test]
    fn a_denial_reaches_links_of_links_until_they_part_and_a_lift_reaches_only_what_it_lifted() {
        let event = |kind: &str, day: u8, account: &str| json!({"event": kind, "received": format!("2025-01-{day:02}"), "account": account});
        let link = |kind: &str, day: u8, a: &str, b: &str| json!({"event": kind, "received": format!("2025-01-{day:02}"), "accounts": [a, b]});
        let mut lift = event("lift", 9, "a");
        lift["of"] = json!("objection");
        lift["by"] = json!("subject");
        let events = [
            link("link", 1, "a", "b"),
            link("link", 2, "b", "c"),
            event("object", 3, "a"),
            event("object", 4, "b"),
            link("unlink", 5, "b", "c"),
            event("object", 6, "a"),
            lift,
        ];
        let (keyer, people) = people(&events);
        let key = |name: &str| keyer.person("x", name);
        assert_eq!(objections(&people, key("a")), 3);
        assert_eq!(objections(&people, key("b")), 3);
        // c was parted before a's second objection.
        assert_eq!(objections(&people, key("c")), 2);
        let lifted: Vec<_> = people[&key("b")]
            .acts()
            .iter()
            .filter_map(|a| if let What::Lift(lift) = a.what { Some(lift.of) } else { None })
            .collect();
        let own = people[&key("b")].acts().iter().find(|a| a.position == 3).unwrap().id;
        assert_eq!(lifted.len(), 2, "a's two objections and nothing of b's");
        assert!(!lifted.contains(&Lifted::Event(own)));
    }
}
