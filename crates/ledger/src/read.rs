//! Reading rows back: one person's, or a range of positions.

use std::ops::Range;

use mandat_core::event::EventLine;
use mandat_core::history::Sequenced;
use mandat_core::notice::Notice;
use mandat_core::person::PersonLine;
use mandat_core::time::Micros;
use mandat_proof::{PersonKey, SubjectSecret};

use crate::codec::{Decoder, kind_of};
use crate::error::LedgerError;
use crate::keys::Keys;
use crate::ledger::Ledger;
use crate::row::{Row, Subject, kind, mark, unwrap};
use crate::store::{self, Connection};
use crate::writer::Live;

/// The columns of [`read_row`], in its order.
pub(crate) const COLUMNS: &str = "position, kind, marks, appended_at, received_at, asserted_at, subject, payload";

/// One row, opened.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerEvent {
    /// Its number.
    pub position: u64,
    /// When it was appended, by the ledger's clock.
    pub appended: Micros,
    /// When it was received.
    pub received: Micros,
    /// Whose history it belongs to; `None` for what concerns no single person.
    pub person: Option<PersonKey>,
    /// Whether it came in through an import of choices.
    pub imported: bool,
    /// Whether its sender said it was received later than it was appended.
    pub clamped: bool,
    /// Whether it named a handle that this person held.
    pub by_handle: bool,
    /// Whether the import it came with was undone.
    pub voided: bool,
    /// What it says.
    pub entry: Entry,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// An act.
    Act(Box<EventLine>),
    /// A line of the people file, without account and handles.
    Facts(Box<PersonLine>),
    /// A notice.
    Notice(Box<Notice>),
    /// A batch of imported choices was undone.
    Void {
        /// Which.
        batch: u64,
    },
    /// The person's secret was destroyed.
    Erased,
    /// The person it concerned was erased; nobody can read it any more.
    Destroyed,
}

impl Ledger {
    /// The rows at some positions, in order.
    ///
    /// # Errors
    /// When the database fails or a row was changed.
    pub fn events(&self, positions: Range<u64>) -> Result<Vec<LedgerEvent>, LedgerError> {
        let sql = format!(
            "SELECT {COLUMNS}, s.person, s.secret, EXISTS (SELECT 1 FROM voids WHERE voided = position)
             FROM events LEFT JOIN subjects s USING (subject) WHERE position >= ?1 AND position < ?2 ORDER BY position"
        );
        let mut query = self.connection.prepare_cached(&sql)?;
        let mut rows = query.query([clamp(positions.start), clamp(positions.end)])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(self.open_event(row)?);
        }
        Ok(out)
    }

    /// The rows of one person, in order, those of an erased self included.
    ///
    /// # Errors
    /// When the database fails or a row was changed.
    pub fn events_of(&self, person: PersonKey) -> Result<Vec<LedgerEvent>, LedgerError> {
        let sql = format!(
            "SELECT {COLUMNS}, s.person, s.secret, EXISTS (SELECT 1 FROM voids WHERE voided = position)
             FROM subjects s JOIN events USING (subject) WHERE s.person = ?1 ORDER BY position"
        );
        let mut query = self.connection.prepare_cached(&sql)?;
        let mut rows = query.query([person.to_bytes()])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(self.open_event(row)?);
        }
        Ok(out)
    }

    fn open_event(&self, columns: store::Row<'_>) -> Result<LedgerEvent, LedgerError> {
        let (row, payload) = read_row(columns)?;
        let person: Option<[u8; 16]> = columns.get(8)?;
        let secret = match (row.subject, columns.get::<Option<Vec<u8>>>(9)?) {
            (Some(subject), Some(wrapped)) => Some(open_secret(&self.keys, subject, &wrapped)?),
            (Some(_), None) => None,
            (None, _) => Some(self.keys.shared().clone()),
        };
        let entry = match secret {
            _ if row.kind == kind::ERASED => Entry::Erased,
            Some(secret) => read_entry(&row, &secret, payload)?,
            None => Entry::Destroyed,
        };
        Ok(LedgerEvent {
            position: row.position,
            appended: row.appended,
            received: row.received,
            person: person.map(PersonKey::from_bytes),
            imported: row.marks & mark::IMPORTED != 0,
            clamped: row.marks & mark::CLAMPED != 0,
            by_handle: row.marks & mark::BY_HANDLE != 0,
            voided: columns.get(10)?,
            entry,
        })
    }
}

fn read_entry(row: &Row, secret: &SubjectSecret, payload: &[u8]) -> Result<Entry, LedgerError> {
    let plain = open_payload(row, secret, payload)?;
    let damaged = |_| undecodable(row);
    match row.kind {
        kind::FACTS => Ok(Entry::Facts(serde_json::from_slice(&plain).map_err(damaged)?)),
        kind::NOTICE => Ok(Entry::Notice(serde_json::from_slice(&plain).map_err(damaged)?)),
        kind::VOID => Ok(Entry::Void { batch: serde_json::from_slice(&plain).map_err(damaged)? }),
        _ => Ok(Entry::Act(Box::new(read_act(row, &plain, &mut Decoder::new())?.line.clone()))),
    }
}

/// Decodes an act; the event lives in the decoder until the next one.
pub(crate) fn read_act<'a>(row: &Row, plain: &[u8], decoder: &'a mut Decoder) -> Result<&'a Sequenced, LedgerError> {
    decoder.read(row, plain).map_err(|_| undecodable(row))
}

/// Opens a payload.
pub(crate) fn open_payload(row: &Row, secret: &SubjectSecret, payload: &[u8]) -> Result<Vec<u8>, LedgerError> {
    row.open(secret, payload)
        .map_err(|_| LedgerError::Corrupt { position: row.position, what: "its seal does not open" })
}

/// Opens a wrapped secret.
pub(crate) fn open_secret(keys: &Keys, subject: Subject, wrapped: &[u8]) -> Result<SubjectSecret, LedgerError> {
    unwrap(keys.wrapping(), subject, wrapped)
        .map_err(|_| LedgerError::Corrupt { position: 0, what: "a person's secret" })
}

pub(crate) const fn undecodable(row: &Row) -> LedgerError {
    LedgerError::Corrupt { position: row.position, what: "its bytes are no event of this version" }
}

/// Reads the columns [`COLUMNS`].
pub(crate) fn read_row<'a>(columns: store::Row<'a>) -> Result<(Row, &'a [u8]), LedgerError> {
    let number = |at: usize| -> Result<i64, LedgerError> { Ok(columns.get_ref(at)?.as_i64()?) };
    let byte = |at: usize| -> Result<u8, LedgerError> { Ok(columns.get(at)?) };
    let subject = columns.get_ref(6)?.as_blob_or_null()?;
    let row = Row {
        position: number(0)?.cast_unsigned(),
        kind: byte(1)?,
        marks: byte(2)?,
        appended: Micros(number(3)?),
        received: Micros(number(4)?),
        asserted: Micros(number(5)?),
        subject: subject.and_then(|bytes| bytes.try_into().ok()).map(Subject),
    };
    Ok((row, columns.get_ref(7)?.as_blob()?))
}

/// A database's numbers are signed.
pub(crate) fn clamp(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// An act as stored, for carrying over to another subject.
pub(crate) struct StoredAct {
    pub(crate) tag: u128,
    pub(crate) row: Row,
    pub(crate) line: EventLine,
}

/// The acts of one subject that hold, in order.
pub(crate) fn acts_of_subject(connection: &Connection, live: &Live) -> Result<Vec<StoredAct>, LedgerError> {
    let sql = format!(
        "SELECT {COLUMNS}, tag FROM events
         WHERE subject = ?1 AND NOT EXISTS (SELECT 1 FROM voids WHERE voided = position) ORDER BY position"
    );
    let mut query = connection.prepare_cached(&sql)?;
    let mut rows = query.query([live.subject.0])?;
    let mut decoder = Decoder::new();
    let mut out = Vec::new();
    while let Some(columns) = rows.next()? {
        let (row, payload) = read_row(columns)?;
        if kind_of(row.kind).is_none() {
            continue;
        }
        let plain = open_payload(&row, &live.secret, payload)?;
        let line = read_act(&row, &plain, &mut decoder)?.line.clone();
        out.push(StoredAct { tag: u128::from_be_bytes(columns.get(8)?), row, line });
    }
    Ok(out)
}
