//! Replay: the rows up to a position, folded into histories.
//!
//! A pass reads the rows once, in order, and folds those of the people whose keys lie in one range;
//! several passes bound the memory of a large ledger. Rows of people outside the range cost one
//! look into a table and are not opened.

use hashbrown::HashSet;
use mandat_core::event::{EventKind, EventLine};
use mandat_core::history::{PersonHistory, Sequenced, Shared};
use mandat_core::person::{PersonInfo, PersonLine};
use mandat_core::time::Micros;
use mandat_proof::{PersonKey, SubjectSecret};

use crate::codec::Decoder;
use crate::error::LedgerError;
use crate::keys::Keys;
use crate::pass::{finish, fold_parts, load};
use crate::read::{COLUMNS, clamp, open_payload, read_act, read_row, undecodable};
use crate::row::{Row, Subject, kind};
use crate::store::{self, Connection, params};

/// People by key, as nobody else's acts have reached them yet.
pub(crate) type People = Vec<(PersonKey, PersonHistory)>;

/// The first and the last key of some people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyRange {
    pub(crate) first: PersonKey,
    pub(crate) last: PersonKey,
}

impl KeyRange {
    pub(crate) const ALL: Self = Self { first: PersonKey(0), last: PersonKey(u128::MAX) };

    pub(crate) const fn one(key: PersonKey) -> Self {
        Self { first: key, last: key }
    }
}

/// Folds everybody in a range up to `position`; people of whom nothing is known are left out.
///
/// With several threads, this one reads rows and the others open and fold them, each for its own
/// share of the people; the result is the same.
pub(crate) fn fold_people(
    connection: &Connection,
    keys: &Keys,
    position: u64,
    range: KeyRange,
    threads: usize,
) -> Result<People, LedgerError> {
    let shares = if position < WORTH_THREADS { 1 } else { threads.saturating_sub(1).clamp(1, 64) };
    let (roll, parts) = load(connection, keys, range, shares)?;
    let voided = voided(connection, position)?;
    let sql = format!("SELECT {COLUMNS} FROM events WHERE position <= ?1 ORDER BY position");
    let mut query = connection.prepare_cached(&sql)?;
    let mut rows = query.query([clamp(position)])?;
    let parts = fold_parts(parts, threads > 1 && position >= WORTH_THREADS, &mut |take| {
        while let Some(columns) = rows.next()? {
            let Some(place) = subject_of(columns)?.and_then(|subject| roll.get(&subject)) else { continue };
            let (row, payload) = read_row(columns)?;
            if !voided.contains(&row.position) {
                take(*place, &row, payload)?;
            }
        }
        Ok(())
    })?;
    finish(parts, connection)
}

/// Rows from which on threads pay.
const WORTH_THREADS: u64 = 50_000;

/// Folds one person by the index of their rows; `None` if nothing is known.
pub(crate) fn fold_person(
    connection: &Connection,
    keys: &Keys,
    position: u64,
    person: PersonKey,
) -> Result<Option<PersonHistory>, LedgerError> {
    let (_, mut parts) = load(connection, keys, KeyRange::one(person), 1)?;
    let sql = format!(
        "SELECT {COLUMNS} FROM events WHERE subject = ?1 AND position <= ?2
         AND NOT EXISTS (SELECT 1 FROM voids WHERE voided = position AND by <= ?2) ORDER BY position"
    );
    for part in &mut parts {
        for (slot, subject) in part.subjects().into_iter().enumerate() {
            let mut query = connection.prepare_cached(&sql)?;
            let mut rows = query.query(params![subject.0, clamp(position)])?;
            while let Some(columns) = rows.next()? {
                let (row, payload) = read_row(columns)?;
                part.take(slot, &row, payload)?;
            }
        }
    }
    Ok(finish(parts, connection)?.pop().map(|(_, history)| history))
}

/// Folds what concerns no single person.
pub(crate) fn fold_shared(connection: &Connection, keys: &Keys, position: u64) -> Result<Shared, LedgerError> {
    let mut shared = Shared::default();
    let voided = voided(connection, position)?;
    let sql = format!("SELECT {COLUMNS} FROM events WHERE subject IS NULL AND position <= ?1 ORDER BY position");
    let mut query = connection.prepare_cached(&sql)?;
    let mut rows = query.query([clamp(position)])?;
    let mut decoder = Decoder::new();
    while let Some(columns) = rows.next()? {
        let (row, payload) = read_row(columns)?;
        if voided.contains(&row.position) || row.kind == kind::VOID {
            continue;
        }
        let plain = open_payload(&row, keys.shared(), payload)?;
        if row.kind == kind::NOTICE {
            let notice: mandat_core::notice::Notice = serde_json::from_slice(&plain).map_err(|_| undecodable(&row))?;
            shared.notices.insert(notice.id.clone(), notice);
        } else {
            shared.apply(read_act(&row, &plain, &mut decoder)?, keys.keyer());
        }
    }
    Ok(shared)
}

/// Positions that an undone import made void, as known at `position`.
fn voided(connection: &Connection, position: u64) -> Result<HashSet<u64>, LedgerError> {
    let mut query = connection.prepare_cached("SELECT voided FROM voids WHERE by <= ?1")?;
    let rows: Result<_, _> =
        query.query_map([clamp(position)], |row| Ok(row.get::<i64>(0)?.cast_unsigned()))?.collect();
    Ok(rows?)
}

/// Only the subject: rows of others are passed over without reading the rest.
fn subject_of(columns: store::Row<'_>) -> Result<Option<Subject>, LedgerError> {
    let value = columns.get_ref(6)?;
    Ok(value.as_blob_or_null().ok().flatten().and_then(|bytes| bytes.try_into().ok()).map(Subject))
}

/// Whether a history says no more than that of somebody nobody has heard of.
pub(crate) fn is_blank(history: &PersonHistory) -> bool {
    history.acts().is_empty() && history.info == PersonInfo::default()
}

/// Applies a row to the history of its person.
pub(crate) fn apply_row(
    history: &mut PersonHistory,
    row: &Row,
    secret: &SubjectSecret,
    payload: &[u8],
    keys: &Keys,
    decoder: &mut Decoder,
) -> Result<(), LedgerError> {
    if row.kind == kind::ERASED {
        return Ok(());
    }
    let plain = open_payload(row, secret, payload)?;
    if row.kind == kind::FACTS {
        let line: PersonLine = serde_json::from_slice(&plain).map_err(|_| undecodable(row))?;
        history.info = line.info(line.platform.as_deref().unwrap_or_default(), keys.keyer());
    } else {
        history.apply(read_act(row, &plain, decoder)?, keys.keyer());
    }
    Ok(())
}

/// An erased person is ERASED at every position, also before the erasure: nobody can read what was.
pub(crate) fn apply_erasure(
    history: &mut PersonHistory,
    connection: &Connection,
    position: u64,
    keys: &Keys,
) -> Result<(), LedgerError> {
    let mut query = connection.prepare_cached("SELECT appended_at FROM events WHERE position = ?1")?;
    let appended = Micros(query.query_row([clamp(position)], |row| row.get(0))?);
    let line = EventLine::new(EventKind::Erase, appended);
    history.apply(&Sequenced { position, appended, line }, keys.keyer());
    Ok(())
}
