//! Notices: texts by id, never changed.

use mandat_core::notice::Notice;
use mandat_core::time::Micros;
use mandat_proof::sha256;

use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::row::kind;
use crate::store::{OptionalExtension, params};
use crate::writer::{NewRow, Writer};

/// What became of a file of notices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct NoticesReport {
    /// Notices taken in.
    pub accepted: u64,
    /// Notices that were there already, word for word.
    pub unchanged: u64,
    /// Indexes of notices refused: another text has the id, or there is no id.
    pub refused: Vec<usize>,
}

impl Ledger {
    /// Takes in notices. A changed text needs a new id: people were told the old one.
    ///
    /// # Errors
    /// When the database fails; nothing is taken in then.
    pub fn import_notices(
        &mut self,
        notices: &mut dyn Iterator<Item = Notice>,
        now: Micros,
    ) -> Result<NoticesReport, LedgerError> {
        let mut report = NoticesReport::default();
        let mut writer = Writer::begin(self, now)?;
        for (index, notice) in notices.enumerate() {
            match writer.take_notice(&notice)? {
                Taken::New => report.accepted += 1,
                Taken::Unchanged => report.unchanged += 1,
                Taken::Refused => report.refused.push(index),
            }
        }
        writer.commit()?;
        Ok(report)
    }
}

enum Taken {
    New,
    Unchanged,
    Refused,
}

impl Writer<'_> {
    fn take_notice(&mut self, notice: &Notice) -> Result<Taken, LedgerError> {
        if notice.id.is_empty() {
            return Ok(Taken::Refused);
        }
        let text = serde_json::to_vec(notice).expect("bug: a notice is JSON");
        let digest = sha256(&text);
        let stored: Option<[u8; 32]> = self
            .tx
            .prepare_cached("SELECT digest FROM notices WHERE id = ?1")?
            .query_row([&notice.id], |row| row.get(0))
            .optional()?;
        match stored {
            Some(known) if known == digest.0 => return Ok(Taken::Unchanged),
            Some(_) => return Ok(Taken::Refused),
            None => {}
        }
        let row = NewRow {
            tag: u128::from_be_bytes(self.random()?),
            part: 0,
            kind: kind::NOTICE,
            marks: 0,
            received: None,
            asserted: None,
            plain: &text,
            act: None,
        };
        let position = self.insert(&row, None)?;
        self.tx.prepare_cached("INSERT INTO notices(id, digest, position) VALUES (?1, ?2, ?3)")?.insert(params![
            notice.id,
            digest.0,
            position.cast_signed()
        ])?;
        Ok(Taken::New)
    }
}
