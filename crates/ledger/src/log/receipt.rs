//! Receipts: from a row to what its owner can show to anybody.
//!
//! Nothing is stored for them: content and opening are made anew from the row and its owner's secret and held against
//! the entry, the path comes from the published tiles. The checkpoint is the first that covered the entry, so that
//! asking again gives the same receipt, byte for byte.

use mandat_core::event::EventLine;
use mandat_proof::{
    BatchItem, BatchStep, Checkpoint, Digest, Entry, EntryKind, LogSecret, Opening, PersonKey, Receipt, StoredTree,
    SubjectSecret, TlogProof, leaf_hash, node_hash, prove_inclusion,
};

use super::content;
use super::error::LogError;
use super::files::LogFiles;
use super::sequencer::{ITEM_BYTES, said, salt};
use super::tables::checkpoint_from;
use crate::codec::Decoder;
use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::read::{COLUMNS, clamp, open_payload, open_secret, read_act, read_row};
use crate::row::{Row, kind};
use crate::store::{OptionalExtension, params};

/// Gives receipts of one ledger from the published files of its log; what stands in one batch is fast one after another.
pub struct Receipts<'a> {
    ledger: &'a Ledger,
    files: &'a LogFiles,
    place: Option<Place>,
}

/// An entry that was looked up.
struct Place {
    entry: Entry,
    /// Rows it is about.
    rows: Option<(u64, u64)>,
    opening: Option<Opening>,
    proof: TlogProof,
    batch: Option<Batch>,
}

/// The acts of a batch, and the tree over them.
struct Batch {
    positions: Vec<u64>,
    /// Roots of complete subtrees, leaves first.
    levels: Vec<Vec<Digest>>,
}

/// A row with all that opens it.
struct Opened {
    row: Row,
    number: Option<u64>,
    content: Vec<u8>,
    secret: Option<SubjectSecret>,
}

impl Ledger {
    /// Gives receipts from the published files of the log.
    #[must_use]
    pub const fn receipts<'a>(&'a self, files: &'a LogFiles) -> Receipts<'a> {
        Receipts { ledger: self, files, place: None }
    }

    /// The receipt of one row, by its position.
    ///
    /// # Errors
    /// As [`Receipts::of`].
    pub fn receipt(&self, position: u64, files: &LogFiles) -> Result<Receipt, LogError> {
        self.receipts(files).of(position)
    }

    /// Positions of the rows of an event that names this id, in order; void ones included.
    ///
    /// # Errors
    /// When the database fails.
    pub fn positions_of_id(&self, id: &str) -> Result<Vec<u64>, LedgerError> {
        self.positions(
            "SELECT position FROM events WHERE tag = ?1 ORDER BY position",
            self.keys.tag_of_id(id).to_be_bytes(),
        )
    }

    /// Positions of all rows of the event that a row belongs to: one for each person that it concerns.
    ///
    /// # Errors
    /// When the database fails.
    pub fn positions_with(&self, position: u64) -> Result<Vec<u64>, LedgerError> {
        let mut query = self.connection.prepare_cached("SELECT tag FROM events WHERE position = ?1")?;
        let tag: Option<[u8; 16]> = query.query_row([clamp(position)], |row| row.get(0)).optional()?;
        let Some(tag) = tag else { return Ok(Vec::new()) };
        self.positions("SELECT position FROM events WHERE tag = ?1 ORDER BY position", tag)
    }

    /// Positions of everything about a person that is in the log, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn positions_of(&self, person: PersonKey) -> Result<Vec<u64>, LedgerError> {
        self.positions(
            "SELECT position FROM subjects s JOIN events USING (subject)
             WHERE s.person = ?1 AND number IS NOT NULL ORDER BY position",
            person.to_bytes(),
        )
    }

    fn positions(&self, sql: &str, key: [u8; 16]) -> Result<Vec<u64>, LedgerError> {
        let mut query = self.connection.prepare_cached(sql)?;
        let rows: Result<_, _> = query.query_map([key], |row| Ok(row.get::<i64>(0)?.cast_unsigned()))?.collect();
        Ok(rows?)
    }

    /// What all entries of a person in this log are derived from: for its owner, or for an auditor whom they tell to
    /// look; `None` if nobody knows it (any more).
    ///
    /// # Errors
    /// When the database fails or the secret was changed.
    pub fn log_secret(&self, person: PersonKey) -> Result<Option<LogSecret>, LedgerError> {
        let mut query = self
            .connection
            .prepare_cached("SELECT subject, secret FROM subjects WHERE person = ?1 AND erased IS NULL")?;
        let found =
            query.query_row([person.to_bytes()], |row| Ok((crate::row::Subject(row.get(0)?), row.get::<Vec<u8>>(1)?)));
        let Some((subject, wrapped)) = found.optional()? else { return Ok(None) };
        Ok(Some(LogSecret::new(&open_secret(&self.keys, subject, &wrapped)?, &self.origin)))
    }

    fn open_row(&self, position: u64) -> Result<Opened, LogError> {
        let sql = format!(
            "SELECT {COLUMNS}, s.secret, number FROM events LEFT JOIN subjects s USING (subject) WHERE position = ?1"
        );
        let mut query = self.connection.prepare_cached(&sql).map_err(LedgerError::from)?;
        let mut rows = query.query([clamp(position)]).map_err(LedgerError::from)?;
        let Some(columns) = rows.next().map_err(LedgerError::from)? else { return Err(LogError::NotLogged(position)) };
        let (row, payload) = read_row(columns)?;
        let wrapped: Option<Vec<u8>> = columns.get(8).map_err(LedgerError::from)?;
        let number: Option<i64> = columns.get(9).map_err(LedgerError::from)?;
        let secret = match (row.subject, wrapped) {
            (None, _) => Some(self.keys.shared().clone()),
            (Some(subject), Some(wrapped)) => Some(open_secret(&self.keys, subject, &wrapped)?),
            (Some(_), None) => None,
        };
        let content = self.content_of(&row, payload, secret.as_ref())?;
        Ok(Opened { row, number: number.map(i64::cast_unsigned), content, secret })
    }

    fn content_of(&self, row: &Row, payload: &[u8], secret: Option<&SubjectSecret>) -> Result<Vec<u8>, LogError> {
        let logged = content::entry_kind(row).ok_or(LogError::NotLogged(row.position))?;
        if logged == EntryKind::Tombstone {
            return Ok(content::tombstone(row));
        }
        let secret = secret.ok_or(LogError::Erased(row.position))?;
        let plain = open_payload(row, secret, payload)?;
        let act = |decoder: &mut Decoder| -> Result<EventLine, LedgerError> {
            Ok(read_act(row, &plain, decoder)?.line.clone())
        };
        Ok(match row.kind {
            kind::NOTICE => content::notice(row, &plain),
            kind::VOID => content::void(row, &plain),
            _ if logged == EntryKind::Order => {
                content::order(row, &act(&mut Decoder::new())?, salt(secret, &self.origin, row.position))
            }
            _ => content::act(row, &act(&mut Decoder::new())?),
        })
    }
}

impl Receipts<'_> {
    /// The receipt of a row, by its position.
    ///
    /// # Errors
    /// [`LogError::NotPublished`] before a signed checkpoint covers it, [`LogError::Erased`], [`LogError::NotLogged`];
    /// or when ledger and files do not agree: no receipt is given that would not hold.
    pub fn of(&mut self, position: u64) -> Result<Receipt, LogError> {
        let opened = self.ledger.open_row(position)?;
        let inside = |place: &Place| place.covers(position);
        if !self.place.as_ref().is_some_and(inside) {
            self.place = Some(self.find(position)?);
        }
        let place = self.place.as_ref().expect("it was just found");
        let kind = content::entry_kind(&opened.row).ok_or(LogError::NotLogged(position))?;
        let opening = self.opening(&opened, place)?;
        let commitment = opening.commit(kind, &opened.content);
        let damaged = LedgerError::Corrupt { position, what: "it is not what its entry in the log commits to" };
        let batch = match &place.batch {
            None if *place.entry.commitment() != commitment => return Err(damaged.into()),
            None => None,
            Some(batch) => {
                let number = opened.number.ok_or(LogError::NotLogged(position))?;
                let secret = opened.secret.as_ref().ok_or(LogError::Erased(position))?;
                let mark = LogSecret::new(secret, &self.ledger.origin).mark(number);
                let item = BatchItem { kind, mark, commitment };
                Some(batch.step(position, &item).ok_or(damaged)?)
            }
        };
        let proof = place.proof.clone();
        Ok(Receipt { content: opened.content, opening, entry: place.entry, batch, proof })
    }

    /// The receipt of a statement, by its place in the log.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn of_statement(&mut self, place: u64) -> Result<Receipt, LogError> {
        let sql = "SELECT statement FROM log WHERE place = ?1 AND statement IS NOT NULL";
        let mut query = self.ledger.connection.prepare_cached(sql).map_err(LedgerError::from)?;
        let content: Option<Vec<u8>> =
            query.query_row([clamp(place)], |row| row.get(0)).optional().map_err(LedgerError::from)?;
        let content = content.ok_or(LogError::NotLogged(place))?;
        let found = self.read(place)?;
        if *found.entry.commitment() != Opening::PUBLIC.commit(found.entry.kind(), &content) {
            return Err(LedgerError::Corrupt { position: 0, what: "a statement of its log" }.into());
        }
        Ok(Receipt { content, opening: Opening::PUBLIC, entry: found.entry, batch: None, proof: found.proof })
    }

    fn opening(&self, opened: &Opened, place: &Place) -> Result<Opening, LogError> {
        let position = opened.row.position;
        if let Some(opening) = &place.opening {
            return Ok(opening.clone());
        }
        match opened.number {
            None => Ok(Opening::PUBLIC),
            Some(n) => {
                let secret = opened.secret.as_ref().ok_or(LogError::Erased(position))?;
                Ok(LogSecret::new(secret, &self.ledger.origin).opening(n))
            }
        }
    }

    /// The entry that a row stands in.
    fn find(&self, position: u64) -> Result<Place, LogError> {
        let sql = "SELECT place FROM log WHERE first <= ?1 AND last >= ?1 ORDER BY first DESC LIMIT 1";
        let mut query = self.ledger.connection.prepare_cached(sql).map_err(LedgerError::from)?;
        let place: Option<i64> =
            query.query_row([clamp(position)], |row| row.get(0)).optional().map_err(LedgerError::from)?;
        self.read(place.ok_or(LogError::NotLogged(position))?.cast_unsigned())
    }

    fn read(&self, place: u64) -> Result<Place, LogError> {
        type Columns = (Vec<u8>, Option<i64>, Option<i64>, Option<[u8; 32]>, Option<Vec<u8>>);
        let sql =
            "SELECT entry, first, last, opening, items FROM log LEFT JOIN log_batches USING (place) WHERE place = ?1";
        let mut query = self.ledger.connection.prepare_cached(sql).map_err(LedgerError::from)?;
        let columns = query
            .query_row([clamp(place)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)));
        let (bytes, first, last, opening, items): Columns =
            columns.optional().map_err(LedgerError::from)?.ok_or(LogError::NotLogged(place))?;
        let damaged = || LedgerError::Corrupt { position: 0, what: "an entry of its log" };
        let entry = Entry::parse(&bytes).map_err(|_| damaged())?;
        let batch = items.as_deref().map(Batch::read);
        if batch.as_ref().is_some_and(|batch| batch.as_ref().is_none_or(|b| b.root() != Some(*entry.commitment()))) {
            return Err(damaged().into());
        }
        let rows = first.map(i64::cast_unsigned).zip(last.map(i64::cast_unsigned));
        let proof = self.prove(place, &bytes)?;
        Ok(Place { entry, rows, opening: opening.map(Opening), proof, batch: batch.flatten() })
    }

    /// Proves an entry under the first checkpoint that covers it.
    fn prove(&self, place: u64, entry: &[u8]) -> Result<TlogProof, LogError> {
        let found = checkpoint_from(&self.ledger.connection, place + 1)?;
        let (size, checkpoint) = found.ok_or(LogError::NotPublished(place))?;
        let damaged = LedgerError::Corrupt { position: 0, what: "a checkpoint of its log" };
        let head: Checkpoint = checkpoint.text().parse().map_err(|_| damaged)?;
        let mut read = |tile: &mandat_proof::Tile| self.files.read(tile);
        let (leaf, path) = StoredTree::new(size, *head.root(), &mut read).inclusion(place)?;
        if leaf != leaf_hash(entry) {
            return Err(LogError::Forked { size });
        }
        Ok(TlogProof { extra: None, index: place, path, checkpoint })
    }
}

impl Place {
    fn covers(&self, position: u64) -> bool {
        match (&self.batch, self.rows) {
            (Some(batch), _) => batch.positions.binary_search(&position).is_ok(),
            (None, Some((first, last))) => (first..=last).contains(&position),
            (None, None) => false,
        }
    }
}

impl Batch {
    /// Reads the acts of a batch; `None` for bytes that are none.
    fn read(items: &[u8]) -> Option<Self> {
        let (items, rest) = items.as_chunks::<ITEM_BYTES>();
        let mut positions = Vec::with_capacity(items.len());
        let mut leaves = Vec::with_capacity(items.len());
        for item in items {
            positions.push(u64::from_be_bytes(*item.first_chunk()?));
            leaves.push(Digest(*item[8..].first_chunk()?));
        }
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            levels.push(below.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect());
        }
        (rest.is_empty() && positions.is_sorted()).then_some(Self { positions, levels })
    }

    fn node(&self, level: u32, index: u64) -> Result<Digest, mandat_proof::ReadError> {
        let hash = usize::try_from(index).ok().and_then(|at| self.levels.get(level as usize)?.get(at));
        hash.copied().ok_or_else(|| mandat_proof::ReadError::Absent { what: "a batch".to_owned() })
    }

    fn root(&self) -> Option<Digest> {
        mandat_proof::root_of(self.positions.len() as u64, &mut |level, index| self.node(level, index)).ok()
    }

    /// The step from an act to the batch; `None` if it is not in there as it should.
    fn step(&self, position: u64, item: &BatchItem) -> Option<BatchStep> {
        let at = self.positions.binary_search(&position).ok()?;
        let (index, count) = (at as u64, self.positions.len() as u64);
        let path = prove_inclusion(index, count, &mut |level, at| self.node(level, at)).ok()?;
        (self.levels[0][at] == item.leaf()).then_some(BatchStep { kind: item.kind, mark: item.mark, index, path })
    }
}

impl std::fmt::Debug for Receipts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receipts").field("files", self.files).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Logs what concerns no person and is no row: a revision, an exclusion, packs, marks. Gives its place in the log.
    /// The same statement again is not logged again: its place is given.
    ///
    /// # Errors
    /// [`LedgerError::NotPublic`] for kinds that concern a person; when the database fails.
    pub fn log_statement(
        &mut self,
        kind: EntryKind,
        text: &str,
        now: mandat_core::time::Micros,
    ) -> Result<u64, LedgerError> {
        let mut writer = crate::writer::Writer::begin(self, now)?;
        let sql = "SELECT place FROM log WHERE said = ?1";
        let known: Option<i64> =
            writer.tx.query_row(sql, params![said(kind, text.as_bytes()).0], |row| row.get(0)).optional()?;
        if let Some(place) = known {
            return Ok(place.cast_unsigned());
        }
        let place = super::tables::read_frontier(&writer.tx)?.size();
        let at = writer.next_time();
        writer.log.state(kind, text.as_bytes(), at)?;
        writer.commit()?;
        Ok(place)
    }
}
