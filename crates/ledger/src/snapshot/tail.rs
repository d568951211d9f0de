//! What changed since the compiled files: the rows after their position, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use mandat_core::history::PersonHistory;
use mandat_proof::{PersonKey, SubjectSecret};

use crate::codec::Decoder;
use crate::error::LedgerError;
use crate::fold::{apply_row, fold_person};
use crate::keys::Keys;
use crate::read::{COLUMNS, clamp, open_secret, read_row};
use crate::row::Subject;
use crate::snapshot::base::Base;
use crate::store::{Connection, params};

/// Histories that differ from the compiled files: a person's own acts, not those of linked accounts.
pub(crate) struct Tail {
    pub(crate) people: BTreeMap<PersonKey, PersonHistory>,
    /// Whether somebody was erased since: their choices must leave the compiled files.
    pub(crate) erased: bool,
}

/// Reads the rows after `base` up to `position`.
pub(crate) fn read_tail(connection: &Connection, keys: &Keys, base: &Base, position: u64) -> Result<Tail, LedgerError> {
    let from = base.listing.position;
    let erased = erased_since(connection, from)?;
    let mut afresh = voided_since(connection, from, position)?;
    afresh.extend(&erased);
    let subjects = subjects_since(connection, keys, from, position)?;
    let touched: BTreeSet<PersonKey> =
        subjects.values().map(|s| s.person).filter(|person| !afresh.contains(person)).collect();
    let touched: Vec<PersonKey> = touched.into_iter().collect();
    let mut people = base.get_all(&touched)?;
    apply_since(connection, keys, (from, position), &subjects, &afresh, &mut people)?;
    for person in afresh {
        let history = fold_person(connection, keys, position, person)?;
        people.insert(person, history.unwrap_or_default());
    }
    Ok(Tail { people, erased: !erased.is_empty() })
}

struct Owner {
    person: PersonKey,
    secret: Option<SubjectSecret>,
}

/// People erased after a position, also if that is later than the snapshot asked for.
fn erased_since(connection: &Connection, from: u64) -> Result<BTreeSet<PersonKey>, LedgerError> {
    people_of(connection, "SELECT person FROM subjects WHERE erased > ?1 AND ?2 >= 0", from, 0)
}

/// People some of whose acts became void between two positions: those are folded afresh.
fn voided_since(connection: &Connection, from: u64, to: u64) -> Result<BTreeSet<PersonKey>, LedgerError> {
    let sql = "SELECT DISTINCT s.person FROM voids v JOIN events e ON e.position = v.voided
               JOIN subjects s ON s.subject = e.subject WHERE v.by > ?1 AND v.by <= ?2";
    people_of(connection, sql, from, to)
}

fn people_of(connection: &Connection, sql: &str, from: u64, to: u64) -> Result<BTreeSet<PersonKey>, LedgerError> {
    let mut query = connection.prepare_cached(sql)?;
    let rows = query.query_map(params![clamp(from), clamp(to)], |row| Ok(PersonKey::from_bytes(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn subjects_since(
    connection: &Connection,
    keys: &Keys,
    from: u64,
    to: u64,
) -> Result<HashMap<Subject, Owner>, LedgerError> {
    let mut query = connection.prepare_cached(
        "SELECT s.subject, s.person, s.secret FROM subjects s JOIN
         (SELECT DISTINCT subject FROM events WHERE position > ?1 AND position <= ?2 AND subject IS NOT NULL) e
         ON s.subject = e.subject",
    )?;
    let mut rows = query.query(params![clamp(from), clamp(to)])?;
    let mut out = HashMap::new();
    while let Some(row) = rows.next()? {
        let subject = Subject(row.get(0)?);
        let wrapped: Option<Vec<u8>> = row.get(2)?;
        let secret = wrapped.map(|w| open_secret(keys, subject, &w)).transpose()?;
        out.insert(subject, Owner { person: PersonKey::from_bytes(row.get(1)?), secret });
    }
    Ok(out)
}

fn apply_since(
    connection: &Connection,
    keys: &Keys,
    (from, to): (u64, u64),
    subjects: &HashMap<Subject, Owner>,
    afresh: &BTreeSet<PersonKey>,
    people: &mut BTreeMap<PersonKey, PersonHistory>,
) -> Result<(), LedgerError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM events WHERE position > ?1 AND position <= ?2 AND subject IS NOT NULL ORDER BY position"
    );
    let mut query = connection.prepare_cached(&sql)?;
    let mut rows = query.query(params![clamp(from), clamp(to)])?;
    let mut decoder = Decoder::new();
    while let Some(columns) = rows.next()? {
        let (row, payload) = read_row(columns)?;
        let Some(owner) = row.subject.and_then(|s| subjects.get(&s)) else { continue };
        let Some(secret) = &owner.secret else { continue };
        if !afresh.contains(&owner.person) {
            let history = people.entry(owner.person).or_default();
            apply_row(history, &row, secret, payload, keys, &mut decoder)?;
        }
    }
    Ok(())
}
