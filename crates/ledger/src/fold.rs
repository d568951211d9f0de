//! Replay: the rows up to a position, folded into histories.
//!
//! A pass reads the rows once, in order, and folds those of the people whose keys lie in one range;
//! several passes bound the memory of a large ledger. Rows of people outside the range cost one
//! look into a table and are not opened.

use hashbrown::{HashMap, HashSet};
use mandat_core::event::{EventKind, EventLine};
use mandat_core::history::{PersonHistory, Sequenced, Shared};
use mandat_core::person::{PersonInfo, PersonLine};
use mandat_core::time::Micros;
use mandat_proof::{PersonKey, SubjectSecret};
use rusqlite::Connection;

use crate::codec::Decoder;
use crate::error::LedgerError;
use crate::keys::Keys;
use crate::read::{COLUMNS, clamp, open_payload, open_secret, read_act, read_row, undecodable};
use crate::row::{Row, Subject, kind};

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
pub(crate) fn fold_people(
    connection: &Connection,
    keys: &Keys,
    position: u64,
    range: KeyRange,
) -> Result<People, LedgerError> {
    let mut fold = Fold::load(connection, keys, range)?;
    let voided = voided(connection, position)?;
    let sql = format!("SELECT {COLUMNS} FROM events WHERE position <= ?1 ORDER BY position");
    let mut query = connection.prepare_cached(&sql)?;
    let mut rows = query.query([clamp(position)])?;
    while let Some(columns) = rows.next()? {
        let Some(subject) = subject_of(columns)? else { continue };
        let Some(slot) = fold.slot(subject) else { continue };
        let (row, payload) = read_row(columns)?;
        if !voided.contains(&row.position) {
            fold.take(slot, &row, payload)?;
        }
    }
    fold.finish(connection)
}

/// Folds one person by the index of their rows; `None` if nothing is known.
pub(crate) fn fold_person(
    connection: &Connection,
    keys: &Keys,
    position: u64,
    person: PersonKey,
) -> Result<Option<PersonHistory>, LedgerError> {
    let mut fold = Fold::load(connection, keys, KeyRange::one(person))?;
    let sql = format!(
        "SELECT {COLUMNS} FROM events WHERE subject = ?1 AND position <= ?2
         AND NOT EXISTS (SELECT 1 FROM voids WHERE voided = position AND by <= ?2) ORDER BY position"
    );
    for slot in 0..fold.subjects.len() {
        let mut query = connection.prepare_cached(&sql)?;
        let subject = fold.subjects[slot].subject;
        let mut rows = query.query(rusqlite::params![subject.0, clamp(position)])?;
        while let Some(columns) = rows.next()? {
            let (row, payload) = read_row(columns)?;
            fold.take(slot, &row, payload)?;
        }
    }
    Ok(fold.finish(connection)?.pop().map(|(_, history)| history))
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
        query.query_map([clamp(position)], |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()))?.collect();
    Ok(rows?)
}

/// Only the subject: rows of others are passed over without reading the rest.
fn subject_of(columns: &rusqlite::Row<'_>) -> Result<Option<Subject>, LedgerError> {
    let value = columns.get_ref(6)?;
    Ok(value.as_blob_or_null().ok().flatten().and_then(|bytes| bytes.try_into().ok()).map(Subject))
}

/// A subject of a pass.
struct Slot {
    subject: Subject,
    person: u32,
    secret: Secret,
}

enum Secret {
    Wrapped(Vec<u8>),
    Open(SubjectSecret),
    Destroyed { position: u64 },
}

/// The people of one pass, while rows go by.
pub(crate) struct Fold<'a> {
    keys: &'a Keys,
    subjects: Vec<Slot>,
    by_subject: HashMap<Subject, usize>,
    people: Vec<PersonKey>,
    histories: Vec<Option<PersonHistory>>,
    decoder: Decoder,
}

impl<'a> Fold<'a> {
    fn load(connection: &Connection, keys: &'a Keys, range: KeyRange) -> Result<Self, LedgerError> {
        let mut fold = Self {
            keys,
            subjects: Vec::new(),
            by_subject: HashMap::new(),
            people: Vec::new(),
            histories: Vec::new(),
            decoder: Decoder::new(),
        };
        let mut query = connection.prepare_cached(
            "SELECT person, subject, secret, erased FROM subjects WHERE person BETWEEN ?1 AND ?2 ORDER BY person",
        )?;
        let mut rows = query.query([range.first.to_bytes(), range.last.to_bytes()])?;
        while let Some(row) = rows.next()? {
            let person = PersonKey::from_bytes(row.get(0)?);
            let secret = match (row.get::<_, Option<Vec<u8>>>(2)?, row.get::<_, Option<i64>>(3)?) {
                (Some(wrapped), None) => Secret::Wrapped(wrapped),
                (_, erased) => Secret::Destroyed { position: erased.unwrap_or(0).cast_unsigned() },
            };
            fold.add(person, Subject(row.get(1)?), secret);
        }
        Ok(fold)
    }

    fn add(&mut self, person: PersonKey, subject: Subject, secret: Secret) {
        if self.people.last() != Some(&person) {
            self.people.push(person);
            self.histories.push(None);
        }
        let at = u32::try_from(self.people.len() - 1).expect("bug: a pass holds fewer than 2^32 people");
        self.by_subject.insert(subject, self.subjects.len());
        self.subjects.push(Slot { subject, person: at, secret });
    }

    fn slot(&self, subject: Subject) -> Option<usize> {
        self.by_subject.get(&subject).copied()
    }

    /// Folds one row into the history it belongs to.
    fn take(&mut self, slot: usize, row: &Row, payload: &[u8]) -> Result<(), LedgerError> {
        let Slot { subject, person, secret } = &mut self.subjects[slot];
        if let Secret::Wrapped(wrapped) = secret {
            *secret = Secret::Open(open_secret(self.keys, *subject, wrapped)?);
        }
        let Secret::Open(secret) = secret else { return Ok(()) };
        let history = self.histories[*person as usize].get_or_insert_default();
        apply_row(history, row, secret, payload, self.keys, &mut self.decoder)
    }

    fn finish(self, connection: &Connection) -> Result<People, LedgerError> {
        let mut histories = self.histories;
        for slot in &self.subjects {
            if let Secret::Destroyed { position } = slot.secret {
                let history = histories[slot.person as usize].get_or_insert_default();
                apply_erasure(history, connection, position, self.keys)?;
            }
        }
        let known = self.people.into_iter().zip(histories).filter_map(|(key, history)| Some((key, history?)));
        Ok(known.filter(|(_, history)| !is_blank(history)).collect())
    }
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
fn apply_erasure(
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
