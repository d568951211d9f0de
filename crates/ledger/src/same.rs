//! Whether an event is there already: by its id or content, unless what is there was made void.

use mandat_core::event::EventLine;

use crate::codec::{Decoder, kind_number};
use crate::error::LedgerError;
use crate::read::{COLUMNS, open_payload, open_secret, read_act, read_row};
use crate::row::{Row, mark};
use crate::writer::Writer;

/// What the ledger holds under the id of an event.
pub(crate) enum Known {
    /// Nothing that holds.
    No,
    /// The same event, first in the row at this position.
    Same(u64),
    /// Another event.
    Other,
}

impl Writer<'_> {
    /// Looks an event up by its tag.
    pub(crate) fn known(&self, tag: u128, line: &EventLine) -> Result<Known, LedgerError> {
        if self.expected.is_absent(tag) {
            return Ok(Known::No);
        }
        let sql = format!(
            "SELECT {COLUMNS}, s.secret FROM events LEFT JOIN subjects s USING (subject)
             WHERE tag = ?1 AND NOT EXISTS (SELECT 1 FROM voids WHERE voided = position) ORDER BY part"
        );
        let mut query = self.tx.prepare_cached(&sql)?;
        let mut rows = query.query([tag.to_be_bytes()])?;
        let mut known = Known::No;
        while let Some(columns) = rows.next()? {
            let (row, payload) = read_row(columns)?;
            if row.marks & (mark::BY_HANDLE | mark::CARRIED) != 0 {
                // What the ledger made of an event is not the event.
                continue;
            }
            let secret = match (row.subject, columns.get::<Option<Vec<u8>>>(8)?) {
                (None, _) => Some(self.keys.shared().clone()),
                (Some(subject), Some(wrapped)) => Some(open_secret(self.keys, subject, &wrapped)?),
                (Some(_), None) => None,
            };
            let same = match secret {
                Some(secret) => {
                    let plain = open_payload(&row, &secret, payload)?;
                    is_same(&row, &read_act(&row, &plain, &mut Decoder::new())?.line, line)
                }
                // Nobody can read it any more: what stands in the open has to do.
                None => looks_same(&row, line),
            };
            if same {
                return Ok(Known::Same(row.position));
            }
            known = Known::Other;
        }
        Ok(known)
    }
}

fn looks_same(row: &Row, line: &EventLine) -> bool {
    row.kind == kind_number(line.event)
        && (row.marks & mark::CLAMPED != 0 || row.received == line.received)
        && row.asserted == line.asserted_at()
}

/// Whether a stored event is the one given: how it came in and what the ledger itself changed does not count.
fn is_same(row: &Row, stored: &EventLine, given: &EventLine) -> bool {
    let bare = |line: &EventLine| {
        let mut line = line.clone();
        line.channel = line.channel.filter(|channel| channel != "import");
        line
    };
    let (mut stored, given) = (bare(stored), bare(given));
    if row.marks & mark::CLAMPED != 0 {
        stored.received = given.received;
    }
    stored == given
}
