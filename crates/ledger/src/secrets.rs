//! The secrets of many persons at once, for the tokens of a revision's members.

use mandat_proof::{PersonKey, SubjectSecret};

use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::row::Subject;
use crate::store::OptionalExtension;
use crate::writer::open_live;

impl Ledger {
    /// The secret of each of these persons; `None` for one who is not known or whose secret was destroyed.
    ///
    /// # Errors
    /// When the database fails or a sealed value was changed.
    pub fn secrets_of(&self, persons: &[PersonKey]) -> Result<Vec<Option<SubjectSecret>>, LedgerError> {
        let mut query = self
            .connection
            .prepare_cached("SELECT subject, secret FROM subjects WHERE person = ?1 AND secret IS NOT NULL")?;
        let mut secret_of = |person: &PersonKey| -> Result<_, LedgerError> {
            let found = query.query_row([person.to_bytes()], |row| Ok((Subject(row.get(0)?), row.get(1)?)));
            let Some((subject, wrapped)) = found.optional()? else { return Ok(None) };
            let wrapped: Vec<u8> = wrapped;
            Ok(Some(open_live(&self.keys, subject, &wrapped, true)?.secret))
        };
        persons.iter().map(&mut secret_of).collect()
    }
}
