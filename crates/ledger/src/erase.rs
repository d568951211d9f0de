//! Erasure: a person's secret is destroyed, and with it the meaning of every row about them.

use mandat_core::time::Micros;
use mandat_proof::PersonKey;

use crate::error::LedgerError;
use crate::fold::fold_person;
use crate::ledger::Ledger;
use crate::row::{kind, mark};
use crate::store::params;
use crate::writer::{Live, NewRow, Writer};

/// What an erasure did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct ErasureReport {
    /// Position of the event that says so; `None` if there was no secret left to destroy.
    pub position: Option<u64>,
    /// Denials carried over to accounts the person had linked: they said no for all of them.
    pub carried: u64,
    /// Whether older images of the secret are gone from the database too. If not, the next [`Ledger::scrub_all`]
    /// removes them.
    pub scrubbed: bool,
}

impl Ledger {
    /// Destroys the secret of a person, their account name and their handles.
    ///
    /// What is left: the person key, so that the account stays out (suppression), and rows nobody can
    /// read. A replay at any position then gives ERASED for this person. The compiled snapshot files
    /// still hold pseudonymous choices until [`Ledger::snapshot`] is next asked for; it rewrites them.
    ///
    /// # Errors
    /// When the database fails; nothing is destroyed then.
    pub fn erase(&mut self, person: PersonKey, now: Micros) -> Result<ErasureReport, LedgerError> {
        let mut writer = Writer::begin(self, now)?;
        let mut report = ErasureReport { position: None, carried: 0, scrubbed: true };
        if let Some(live) = writer.find(person)? {
            report.carried = writer.leave_denials(person, &live)?;
            report.position = Some(writer.destroy(person, &live)?);
        }
        writer.commit()?;
        if report.position.is_some() {
            report.scrubbed = self.scrub()?;
        }
        Ok(report)
    }

    /// Removes older images of what was destroyed: from SQLite's write-ahead log, or from PostgreSQL's tables; `false`
    /// if a reader stands in the way or the tables are too large to be written anew just now.
    ///
    /// # Errors
    /// When the database fails.
    pub fn scrub(&self) -> Result<bool, LedgerError> {
        Ok(self.connection.scrub(false)?)
    }

    /// As [`Self::scrub`], however long it takes and whoever waits meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub fn scrub_all(&self) -> Result<bool, LedgerError> {
        Ok(self.connection.scrub(true)?)
    }
}

impl Writer<'_> {
    fn destroy(&mut self, person: PersonKey, live: &Live) -> Result<u64, LedgerError> {
        let row = NewRow {
            tag: u128::from_be_bytes(self.random()?),
            part: 0,
            kind: kind::ERASED,
            marks: 0,
            received: None,
            asserted: None,
            plain: b"",
            act: None,
        };
        let position = self.insert(&row, Some(live))?;
        self.tx.execute("DELETE FROM handles WHERE subject = ?1", [live.subject.0])?;
        self.tx.execute(
            "UPDATE subjects SET secret = NULL, account = NULL, facts = NULL, link = NULL, erased = ?2
             WHERE subject = ?1",
            params![live.subject.0, position.cast_signed()],
        )?;
        self.forget(person);
        Ok(position)
    }

    /// Carries a person's denials over to the accounts they linked, before nobody can read them any more.
    fn leave_denials(&mut self, person: PersonKey, live: &Live) -> Result<u64, LedgerError> {
        let head = self.head().position;
        let Some(history) = fold_person(&self.tx, self.keys, head, person)? else { return Ok(0) };
        let mut linked = history.links();
        if let Some(tag) = history.link_tag() {
            let mut query = self.tx.prepare_cached("SELECT person FROM subjects WHERE link = ?1 ORDER BY person")?;
            let rows = query.query_map([tag.to_be_bytes()], |row| Ok(PersonKey::from_bytes(row.get(0)?)))?;
            for other in rows {
                linked.push((other?, None));
            }
        }
        let mut carried = 0;
        for (other, until) in linked {
            if other == person {
                continue;
            }
            if let (Some(to), Some(account)) = (self.find(other)?, self.account(other)?) {
                carried += self.carry_denials(live, &to, &account, mark::CARRIED, until)?;
            }
        }
        Ok(carried)
    }
}
