//! Accounts that their owner linked: denials reach all of them, consents do not (S48).

use std::collections::BTreeMap;

use crate::history::PersonHistory;
use crate::history::act::{Act, What};
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
    pub fn adopt(&mut self, other: &Self, until: Option<u64>) {
        let spreads = |act: &&Act| until.is_none_or(|end| act.position < end) && spreads(&act.what);
        for act in other.acts.iter().filter(spreads) {
            self.insert(act.clone());
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
        What::Restrict(_) | What::Lift(_) => true,
        What::Guardian(_, consents) => !consents,
        What::Signal(signal) => signal.record.is_none(),
        What::Notice(_)
        | What::Consent(_)
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

/// Spreads denials among linked accounts. A ledger does this before it slices a snapshot; `people`
/// need hold only those for whom [`PersonHistory::is_linked`].
pub fn resolve_links(people: &mut BTreeMap<PersonKey, PersonHistory>) {
    let mut adoptions = Vec::new();
    for (key, history) in people.iter() {
        for (other, until) in history.links() {
            if other != *key {
                adoptions.push((*key, other, until));
            }
        }
    }
    let mut groups: BTreeMap<u128, Vec<PersonKey>> = BTreeMap::new();
    for (key, history) in people.iter() {
        if let Some(tag) = history.link_tag() {
            groups.entry(tag).or_default().push(*key);
        }
    }
    for group in groups.values() {
        for key in group {
            adoptions.extend(group.iter().filter(|o| *o != key).map(|o| (*key, *o, None)));
        }
    }
    let before = people.clone();
    for (key, other, until) in adoptions {
        if let (Some(history), Some(source)) = (people.get_mut(&key), before.get(&other)) {
            history.adopt(source, until);
        }
    }
}
