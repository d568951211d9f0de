//! Names shown, the accounts that held them, and denials that name no more than a name (DESIGN 8.4).

use mandat_core::time::Micros;

use crate::check::denies;
use crate::codec::encode;
use crate::error::LedgerError;
use crate::ledger::open_account;
use crate::read::acts_of_subject;
use crate::row::{Subject, mark, seal_side};
use crate::store::params;
use crate::writer::{Account, Live, NewRow, Writer, open_live};

impl Writer<'_> {
    /// Notes that an account was shown under a name.
    pub(crate) fn note_handle(
        &mut self,
        live: &Live,
        platform: &str,
        name: &str,
        since: Option<Micros>,
        until: Option<Micros>,
    ) -> Result<(), LedgerError> {
        let sealed = seal_side(&live.secret, self.random()?, b"handle", name.as_bytes());
        self.tx
            .prepare_cached(
                "INSERT INTO handles(handle, subject, since, until, name) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT(handle, subject) DO UPDATE
                 SET since = CASE WHEN handles.since <= excluded.since THEN handles.since
                                 WHEN handles.since > excluded.since THEN excluded.since END,
                     until = CASE WHEN handles.until >= excluded.until THEN handles.until
                                 WHEN handles.until < excluded.until THEN excluded.until END",
            )?
            .insert(params![
                self.keys.handle(platform, name).to_bytes(),
                live.subject.0,
                since.map(|t| t.0),
                until.map(|t| t.0),
                sealed
            ])?;
        Ok(())
    }

    /// Accounts seen under a name, with their ids.
    pub(crate) fn holders(&mut self, platform: &str, name: &str) -> Result<Vec<(Live, String)>, LedgerError> {
        let mut query = self.tx.prepare_cached(
            "SELECT s.subject, s.secret, s.account FROM handles h JOIN subjects s ON s.subject = h.subject
             WHERE h.handle = ?1 AND s.seen = 1 AND s.erased IS NULL ORDER BY s.subject",
        )?;
        let mut rows = query.query([self.keys.handle(platform, name).to_bytes()])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            let (wrapped, sealed): (Vec<u8>, Vec<u8>) = (row.get(1)?, row.get(2)?);
            let live = open_live(self.keys, Subject(row.get(0)?), &wrapped, true)?;
            let account = open_account(&live.secret, &sealed)?;
            out.push((live, account.account));
        }
        Ok(out)
    }

    /// Binds an account to the denials that named a handle it is now seen under.
    pub(crate) fn bind_handle(&mut self, to: &Live, account: &Account, handle: &str) -> Result<u64, LedgerError> {
        let mut sources = Vec::new();
        {
            let mut query = self.tx.prepare_cached(
                "SELECT s.subject, s.secret FROM handles h JOIN subjects s ON s.subject = h.subject
                 WHERE h.handle = ?1 AND s.seen = 0 AND s.erased IS NULL ORDER BY s.subject",
            )?;
            let mut rows = query.query([self.keys.handle(&account.platform, handle).to_bytes()])?;
            while let Some(row) = rows.next()? {
                let wrapped: Vec<u8> = row.get(1)?;
                sources.push(open_live(self.keys, Subject(row.get(0)?), &wrapped, false)?);
            }
        }
        let mut bound = 0;
        for from in sources {
            bound += self.carry_denials(&from, to, account, mark::BY_HANDLE, None)?;
        }
        Ok(bound)
    }

    /// Copies what one subject denied into the rows of another; what is there already is left alone.
    pub(crate) fn carry_denials(
        &mut self,
        from: &Live,
        to: &Live,
        account: &Account,
        why: u8,
        until: Option<u64>,
    ) -> Result<u64, LedgerError> {
        let events = acts_of_subject(&self.tx, from)?;
        let mut carried = 0;
        for event in events {
            // A link is for those it names; a denial of somebody without an account is their own.
            let binds = event.line.account.is_some() && denies(&event.line);
            if !binds || until.is_some_and(|end| event.row.position >= end) {
                continue;
            }
            if self.has_part(event.tag, to.subject)? {
                continue;
            }
            let mut line = event.line;
            line.account = Some(account.account.clone());
            line.platform = Some(account.platform.clone());
            let new = NewRow {
                tag: event.tag,
                part: self.parts(event.tag)?,
                kind: event.row.kind,
                marks: event.row.marks | why,
                received: Some(event.row.received),
                asserted: Some(event.row.asserted),
                plain: &encode(&line),
                act: Some(&line),
            };
            self.insert(&new, Some(to))?;
            carried += 1;
        }
        Ok(carried)
    }

    fn has_part(&self, tag: u128, subject: Subject) -> Result<bool, LedgerError> {
        let mut query = self.tx.prepare_cached(
            "SELECT 1 FROM events WHERE tag = ?1 AND subject = ?2
             AND NOT EXISTS (SELECT 1 FROM voids WHERE voided = position)",
        )?;
        Ok(query.exists(params![tag.to_be_bytes(), subject.0])?)
    }
}
