//! Rows on their way into the log, within the transaction that adds them.

use hashbrown::HashMap;
use mandat_core::event::EventLine;
use mandat_core::time::Micros;
use mandat_proof::{
    BatchItem, Digest, Entry, EntryKind, Frontier, LogSecret, Opening, SubjectSecret, leaf_hash, sha256,
};

use super::content;
use super::tables::{add_head, read_frontier};
use crate::error::LedgerError;
use crate::row::{Row, Subject};
use crate::store::{Connection, OptionalExtension, params};

/// More acts of persons than this in one transaction stand in the log as one entry over the root of all.
pub(crate) const BATCH_FROM: usize = 16;

/// Microseconds in an hour: entries say no finer time.
const HOUR: i64 = 3_600_000_000;

/// What one transaction adds to the log.
pub(crate) struct Sequencer {
    origin: String,
    /// Keys and next numbers of the subjects that this transaction touched; `None` is nobody in particular.
    keys: HashMap<Option<Subject>, Keys>,
    waiting: Vec<Waiting>,
    personal: usize,
    hour: u32,
}

struct Keys {
    secret: LogSecret,
    next: u64,
}

/// What becomes an entry, or a part of one.
struct Waiting {
    /// The row it is about.
    position: Option<u64>,
    what: What,
}

enum What {
    Act(Entry),
    /// A tombstone keeps what opens it: its secret goes.
    Tombstone(Entry, Opening),
    Public(Entry),
    Statement(Entry, Vec<u8>),
}

impl Sequencer {
    pub(crate) fn new(origin: &str) -> Self {
        Self { origin: origin.to_owned(), keys: HashMap::new(), waiting: Vec::new(), personal: 0, hour: 0 }
    }

    /// Notes a row that is about to be added, and gives its number among the acts of its person.
    ///
    /// `line` is the event of an act, `plain` what any other row says, `secret` that of the row's owner.
    pub(crate) fn take(
        &mut self,
        connection: &Connection,
        row: &Row,
        (line, plain): (Option<&EventLine>, &[u8]),
        secret: &SubjectSecret,
    ) -> Result<Option<u64>, LedgerError> {
        let Some(kind) = content::entry_kind(row) else { return Ok(None) };
        self.hour = hour_of(row.appended);
        if kind.is_personal() {
            return self.take_personal(connection, row, kind, line, secret).map(Some);
        }
        let content = match kind {
            EntryKind::Notice => content::notice(row, plain),
            EntryKind::Order => content::order(row, event(line), salt(secret, &self.origin, row.position)),
            _ => content::void(row, plain),
        };
        let entry = Entry::public(kind, &content, self.hour).expect("bug: a public kind");
        self.waiting.push(Waiting { position: Some(row.position), what: What::Public(entry) });
        Ok(None)
    }

    fn take_personal(
        &mut self,
        connection: &Connection,
        row: &Row,
        kind: EntryKind,
        line: Option<&EventLine>,
        secret: &SubjectSecret,
    ) -> Result<u64, LedgerError> {
        let keys = match self.keys.get_mut(&row.subject) {
            Some(keys) => keys,
            None => {
                let keys =
                    Keys { secret: LogSecret::new(secret, &self.origin), next: next_number(connection, row.subject)? };
                self.keys.entry(row.subject).or_insert(keys)
            }
        };
        let n = keys.next;
        keys.next += 1;
        let what = if kind == EntryKind::Tombstone {
            let entry = Entry::personal(kind, &keys.secret, n, &content::tombstone(row), self.hour);
            What::Tombstone(entry.expect("bug: a personal kind"), keys.secret.opening(n))
        } else {
            self.personal += 1;
            let entry = Entry::personal(kind, &keys.secret, n, &content::act(row, event(line)), self.hour);
            What::Act(entry.expect("bug: a personal kind"))
        };
        self.waiting.push(Waiting { position: Some(row.position), what });
        Ok(n)
    }

    /// Notes a subject that was made just now: it has no acts yet.
    pub(crate) fn meet(&mut self, subject: Subject, secret: &SubjectSecret) {
        self.expect(subject, secret, 0);
    }

    /// Notes a subject and the next number of its acts, known already.
    pub(crate) fn expect(&mut self, subject: Subject, secret: &SubjectSecret, next: u64) {
        self.keys.insert(Some(subject), Keys { secret: LogSecret::new(secret, &self.origin), next });
    }

    /// Notes what concerns no row.
    pub(crate) fn state(&mut self, kind: EntryKind, statement: &[u8], now: Micros) -> Result<(), LedgerError> {
        let entry = Entry::public(kind, statement, hour_of(now)).map_err(|_| LedgerError::NotPublic)?;
        self.waiting.push(Waiting { position: None, what: What::Statement(entry, statement.to_vec()) });
        Ok(())
    }

    /// Writes entries, leaf hashes and the new head; the last thing before the commit.
    pub(crate) fn finish(self, connection: &Connection) -> Result<(), LedgerError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut log = Log { connection, frontier: read_frontier(connection)? };
        let batch = self.personal > BATCH_FROM;
        if batch {
            log.add_batch(&self.waiting, self.hour)?;
        }
        for Waiting { position, what } in &self.waiting {
            let position = *position;
            match what {
                What::Act(_) if batch => {}
                What::Act(entry) | What::Public(entry) => log.add(entry, position.zip(position), Extra::None)?,
                What::Tombstone(entry, opening) => log.add(entry, position.zip(position), Extra::Opening(opening))?,
                What::Statement(entry, text) => log.add(entry, None, Extra::Statement(text))?,
            }
        }
        add_head(connection, &log.frontier)
    }
}

/// What stands beside an entry.
enum Extra<'a> {
    None,
    Opening(&'a Opening),
    Statement(&'a [u8]),
}

/// The log while entries are added.
struct Log<'a> {
    connection: &'a Connection,
    frontier: Frontier,
}

impl Log<'_> {
    fn add(&mut self, entry: &Entry, rows: Option<(u64, u64)>, extra: Extra<'_>) -> Result<(), LedgerError> {
        let bytes = entry.to_bytes();
        let leaf = leaf_hash(&bytes);
        let (opening, statement) = match extra {
            Extra::None => (None, None),
            Extra::Opening(opening) => (Some(opening.0), None),
            Extra::Statement(text) => (None, Some(text)),
        };
        self.connection
            .prepare_cached(
                "INSERT INTO log(place, entry, leaf, first, last, opening, statement, said)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .insert(params![
                self.frontier.size().cast_signed(),
                bytes,
                leaf.0,
                rows.map(|(first, _)| first.cast_signed()),
                rows.map(|(_, last)| last.cast_signed()),
                opening,
                statement,
                statement.map(|text| said(entry.kind(), text).0),
            ])?;
        self.frontier.push(leaf);
        Ok(())
    }

    /// One entry over all acts of persons.
    fn add_batch(&mut self, waiting: &[Waiting], hour: u32) -> Result<(), LedgerError> {
        let mut items = Vec::with_capacity(waiting.len() * ITEM_BYTES);
        let mut tree = Frontier::new();
        let mut rows: Option<(u64, u64)> = None;
        for Waiting { position, what } in waiting {
            let (Some(position), What::Act(entry)) = (position, what) else { continue };
            let act = BatchItem { kind: entry.kind(), mark: *entry.mark(), commitment: *entry.commitment() };
            let leaf = act.leaf();
            items.extend_from_slice(&position.to_be_bytes());
            items.extend_from_slice(&leaf.0);
            items.extend_from_slice(&act.mark.0);
            tree.push(leaf);
            rows = Some((rows.map_or(*position, |(first, _)| first), *position));
        }
        let entry = Entry::batch(tree.size(), tree.root(), hour).expect("bug: a batch of acts");
        let place = self.frontier.size();
        self.add(&entry, rows, Extra::None)?;
        self.connection
            .prepare_cached("INSERT INTO log_batches(place, items) VALUES (?1, ?2)")?
            .insert(params![place.cast_signed(), items])?;
        Ok(())
    }
}

/// Bytes of an act in `log_batches`: position, leaf hash in the tree of the batch, mark.
pub(crate) const ITEM_BYTES: usize = 8 + 32 + 32;

/// What a statement is found again by: SHA-256 of kind ‖ text.
pub(crate) fn said(kind: EntryKind, text: &[u8]) -> Digest {
    sha256(&[&[kind as u8], text].concat())
}

/// What keeps an order from being guessed; the same whenever it is asked for.
pub(crate) fn salt(shared: &SubjectSecret, origin: &str, position: u64) -> [u8; 32] {
    LogSecret::new(shared, origin).opening(u64::MAX - position).0
}

fn event(line: Option<&EventLine>) -> &EventLine {
    line.expect("bug: an act has an event")
}

fn hour_of(time: Micros) -> u32 {
    u32::try_from(time.0.div_euclid(HOUR)).unwrap_or(0)
}

/// How many acts of a subject are logged.
fn next_number(connection: &Connection, subject: Option<Subject>) -> Result<u64, LedgerError> {
    let last: Option<i64> = match subject {
        Some(Subject(bytes)) => connection
            .prepare_cached(
                "SELECT number FROM events WHERE subject = ?1 AND number IS NOT NULL ORDER BY position DESC LIMIT 1",
            )?
            .query_row([bytes], |row| row.get(0))
            .optional()?,
        None => connection
            .prepare_cached(
                "SELECT number FROM events WHERE subject IS NULL AND number IS NOT NULL ORDER BY position DESC LIMIT 1",
            )?
            .query_row([], |row| row.get(0))
            .optional()?,
    };
    Ok(last.map_or(0, |n| n.cast_unsigned() + 1))
}
