//! Which record or account a word means: an id, a handle, or a URL that is one or ends in one.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use mandat_core::proof::PersonKey;
use mandat_corpus::admit::find::{Found, each_person, versions};

use crate::commands::Open;
use crate::failure::{Exit, Failure, Outcome, from_library};
use crate::work::Work;

/// What was found under a word.
pub(super) enum Meant {
    Record(Box<Found>),
    Account(PersonKey),
}

/// A search in one home.
struct Search<'a> {
    open: &'a Open,
    work: &'a Work,
    /// The platform to look on first: `--platform`, or the home's setting.
    near: Option<&'a str>,
    /// Whether `--platform` says where to look, so that no other is looked on.
    named: bool,
    /// The other platforms of the vault, once somebody had to know them.
    others: OnceCell<BTreeSet<String>>,
}

/// What a word means. A record with exactly that id comes first, then an account, then the last part of a
/// URL; each on the platform named or set, then on the one other platform that has it.
pub(super) fn meant(open: &Open, work: &Work, word: &str, named: Option<&str>) -> Outcome<(Meant, String)> {
    let search = Search { open, work, near: open.platform(named), named: named.is_some(), others: OnceCell::new() };
    let last = word.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    for spelling in [Some(word), Some(last).filter(|l| *l != word)].into_iter().flatten() {
        if let Some(found) = search.spelled(spelling)? {
            return Ok((found, spelling.to_owned()));
        }
    }
    let place = named.map_or_else(String::new, |p| format!(" on `{p}`"));
    Err(Failure::bad_input(format!("neither a record nor an account of that name is known{place}"))
        .hint("check the id, and --platform"))
}

/// The platforms of the people in the vault, but one.
fn platforms(work: &Work, but: Option<&str>) -> Outcome<BTreeSet<String>> {
    let mut people = BTreeSet::new();
    let mut note = |person, _| {
        people.insert(person);
    };
    each_person(&work.vault, &mut note).map_err(|e| from_library(Exit::BadInput, &e))?;
    let mut found = BTreeSet::new();
    for person in people {
        if let Some(account) = work.ledger.account_of(person).map_err(|e| from_library(Exit::BadInput, &e))? {
            found.insert(account.platform);
        }
    }
    found.retain(|platform| Some(platform.as_str()) != but);
    Ok(found)
}

impl Search<'_> {
    fn spelled(&self, id: &str) -> Outcome<Option<Meant>> {
        if let Some(near) = self.near {
            if let Some(found) = self.record(near, id)? {
                return Ok(Some(found));
            }
            // A record anywhere comes before an account only where the word can be nothing else.
            let elsewhere = if id.contains('/') { self.only(|p| self.record(p, id))? } else { None };
            if let Some(found) = elsewhere.map_or_else(|| self.account(near, id), |found| Ok(Some(found)))? {
                return Ok(Some(found));
            }
        }
        match self.only(|p| self.record(p, id))? {
            Some(found) => Ok(Some(found)),
            None => self.only(|p| self.account(p, id)),
        }
    }

    fn others(&self) -> Outcome<&BTreeSet<String>> {
        if let Some(known) = self.others.get() {
            return Ok(known);
        }
        let others = if self.named { BTreeSet::new() } else { platforms(self.work, self.near)? };
        Ok(self.others.get_or_init(|| others))
    }

    /// What the one other platform that has it gives.
    fn only(&self, look: impl Fn(&str) -> Outcome<Option<Meant>>) -> Outcome<Option<Meant>> {
        let mut found = Vec::new();
        for platform in self.others()? {
            if let Some(one) = look(platform)? {
                found.push((platform.as_str(), one));
            }
        }
        if found.len() > 1 {
            let names: Vec<&str> = found.iter().map(|(platform, _)| *platform).collect();
            return Err(Failure::usage("on which platform?")
                .hint(format!("it is known on several, name one with --platform: {}", names.join(", "))));
        }
        Ok(found.pop().map(|(_, one)| one))
    }

    fn record(&self, platform: &str, id: &str) -> Outcome<Option<Meant>> {
        let key = self.open.keys.keyer().record(platform, id);
        let mut all = versions(&self.work.vault, key).map_err(|e| from_library(Exit::BadInput, &e))?;
        let current = all.iter().position(|r| !r.superseded).or(all.len().checked_sub(1));
        Ok(current.map(|at| Meant::Record(Box::new(all.swap_remove(at)))))
    }

    fn account(&self, platform: &str, id: &str) -> Outcome<Option<Meant>> {
        let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
        if let Some(person) = self.work.ledger.person_of(platform, id).map_err(|e| refuse(&e))? {
            return Ok(Some(Meant::Account(person)));
        }
        match self.work.ledger.holders_of(platform, id).map_err(|e| refuse(&e))?[..] {
            [one] => Ok(Some(Meant::Account(one))),
            [] => Ok(None),
            _ => Err(Failure::bad_input("several accounts held that handle").hint("name the account id instead")),
        }
    }
}
