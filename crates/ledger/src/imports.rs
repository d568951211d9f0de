//! Batches of imported choices, and undoing one.

use mandat_core::time::Micros;

use crate::check::denies;
use crate::codec::{Decoder, kind_of};
use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::read::{COLUMNS, open_payload, open_secret, read_act, read_row};
use crate::row::{Row, kind, mark};
use crate::store::{self, params};
use crate::writer::{NewRow, Writer};

/// One batch of imported choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportBatch {
    /// Its number.
    pub batch: u64,
    /// Position of its first row.
    pub first: u64,
    /// Position of its last row.
    pub last: u64,
    /// Rows it wrote.
    pub rows: u64,
    /// How many of them were made void since.
    pub voided: u64,
    /// When it came in, by the ledger's clock.
    pub appended: Micros,
}

/// What undoing a batch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct VoidReport {
    /// Rows that are void now.
    pub voided: u64,
    /// Denials of the batch that go on to hold.
    pub kept: u64,
    /// Rows of people who were erased since.
    pub destroyed: u64,
    /// Position of the event that says so; `None` if nothing was left to undo.
    pub position: Option<u64>,
}

impl Ledger {
    /// Batches of imported choices, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn import_batches(&self) -> Result<Vec<ImportBatch>, LedgerError> {
        let mut query = self.connection.prepare_cached(
            "SELECT batch, first, last, rows,
                    (SELECT count(*) FROM imports i JOIN voids ON voided BETWEEN i.first AND i.last WHERE i.batch = b.batch),
                    (SELECT appended_at FROM events WHERE position = first)
             FROM (SELECT batch, min(first) AS first, max(last) AS last, CAST(sum(last - first + 1) AS BIGINT) AS rows
                   FROM imports GROUP BY batch) b ORDER BY batch",
        )?;
        let number = |row: store::Row<'_>, at| Ok::<_, store::StoreError>(row.get::<i64>(at)?.cast_unsigned());
        let batches: Result<_, _> = query
            .query_map([], |row| {
                Ok(ImportBatch {
                    batch: number(row, 0)?,
                    first: number(row, 1)?,
                    last: number(row, 2)?,
                    rows: number(row, 3)?,
                    voided: number(row, 4)?,
                    appended: Micros(row.get(5)?),
                })
            })?
            .collect();
        Ok(batches?)
    }

    /// Makes an imported batch void by a new event: what is not a denial, or everything if told so.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchBatch`]; or when the database fails, and nothing is void then.
    pub fn void_import(&mut self, batch: u64, with_denials: bool, now: Micros) -> Result<VoidReport, LedgerError> {
        let mut writer = Writer::begin(self, now)?;
        let (rows, mut report) = writer.rows_to_void(batch, with_denials)?;
        if !rows.is_empty() {
            let number = batch.to_string();
            let row = NewRow {
                tag: u128::from_be_bytes(writer.random()?),
                part: 0,
                kind: kind::VOID,
                marks: 0,
                received: None,
                asserted: None,
                plain: number.as_bytes(),
                act: None,
            };
            let by = writer.insert(&row, None)?;
            for voided in rows {
                writer
                    .tx
                    .prepare_cached("INSERT INTO voids(voided, by) VALUES (?1, ?2)")?
                    .insert(params![voided.cast_signed(), by.cast_signed()])?;
            }
            report.position = Some(by);
        }
        writer.commit()?;
        Ok(report)
    }
}

impl Writer<'_> {
    /// The number of a new batch.
    pub(crate) fn next_batch(&self) -> Result<u64, LedgerError> {
        let next: i64 = self.tx.query_row("SELECT coalesce(max(batch), 0) + 1 FROM imports", [], |row| row.get(0))?;
        Ok(next.cast_unsigned())
    }

    /// Notes which rows a batch wrote.
    pub(crate) fn note_batch(&self, batch: u64, (first, last): (u64, u64)) -> Result<(), LedgerError> {
        self.tx.prepare_cached("INSERT INTO imports(batch, first, last) VALUES (?1, ?2, ?3)")?.insert(params![
            batch.cast_signed(),
            first.cast_signed(),
            last.cast_signed()
        ])?;
        Ok(())
    }

    fn rows_to_void(&self, batch: u64, with_denials: bool) -> Result<(Vec<u64>, VoidReport), LedgerError> {
        let mut report = VoidReport { voided: 0, kept: 0, destroyed: 0, position: None };
        let known = self.tx.prepare_cached("SELECT 1 FROM imports WHERE batch = ?1")?.exists([batch.cast_signed()])?;
        if !known {
            return Err(LedgerError::NoSuchBatch(batch));
        }
        let sql = format!(
            "SELECT {COLUMNS}, s.secret FROM imports
             JOIN events ON position BETWEEN first AND last LEFT JOIN subjects s USING (subject)
             WHERE batch = ?1 AND NOT EXISTS (SELECT 1 FROM voids WHERE voided = position) ORDER BY position"
        );
        let mut query = self.tx.prepare_cached(&sql)?;
        let mut rows = query.query([batch.cast_signed()])?;
        let mut decoder = Decoder::new();
        let mut out = Vec::new();
        while let Some(columns) = rows.next()? {
            let (row, payload) = read_row(columns)?;
            if row.marks & mark::IMPORTED == 0 || kind_of(row.kind).is_none() {
                continue;
            }
            match self.is_denial(&row, payload, columns.get(8)?, &mut decoder)? {
                None => report.destroyed += 1,
                Some(true) if !with_denials => report.kept += 1,
                Some(_) => out.push(row.position),
            }
        }
        report.voided = out.len() as u64;
        Ok((out, report))
    }

    /// Whether a stored act is a denial; `None` if nobody can read it any more.
    fn is_denial(
        &self,
        row: &Row,
        payload: &[u8],
        wrapped: Option<Vec<u8>>,
        decoder: &mut Decoder,
    ) -> Result<Option<bool>, LedgerError> {
        let secret = match (row.subject, wrapped) {
            (None, _) => self.keys.shared().clone(),
            (Some(subject), Some(wrapped)) => open_secret(self.keys, subject, &wrapped)?,
            (Some(_), None) => return Ok(None),
        };
        let plain = open_payload(row, &secret, payload)?;
        Ok(Some(denies(&read_act(row, &plain, decoder)?.line)))
    }
}
