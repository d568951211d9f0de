//! The secrets of many persons at once, for the tokens of a revision's members.

use hashbrown::HashMap;
use mandat_proof::{PersonKey, SubjectSecret};

use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::row::Subject;
use crate::store::OptionalExtension;
use crate::writer::open_live;

/// People asked for at once.
const TOGETHER: usize = 10_000;

impl Ledger {
    /// The secret of each of these persons; `None` for one who is not known or whose secret was destroyed.
    ///
    /// # Errors
    /// When the database fails or a sealed value was changed.
    pub fn secrets_of(&self, persons: &[PersonKey]) -> Result<Vec<Option<SubjectSecret>>, LedgerError> {
        if self.connection.is_far() {
            return self.many_secrets_of(persons);
        }
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

    /// The same, where each question is a round trip: thousands in one.
    fn many_secrets_of(&self, persons: &[PersonKey]) -> Result<Vec<Option<SubjectSecret>>, LedgerError> {
        let mut query = self.connection.prepare_cached(
            "SELECT person, subject, secret FROM subjects WHERE person = ANY(?1) AND secret IS NOT NULL",
        )?;
        let mut out = Vec::with_capacity(persons.len());
        for some in persons.chunks(TOGETHER) {
            let asked: Vec<[u8; 16]> = some.iter().map(|person| person.to_bytes()).collect();
            let mut found = HashMap::new();
            let mut rows = query.query([asked])?;
            while let Some(row) = rows.next()? {
                let wrapped: Vec<u8> = row.get(2)?;
                let live = open_live(&self.keys, Subject(row.get(1)?), &wrapped, true)?;
                found.insert(PersonKey::from_bytes(row.get(0)?), live.secret);
            }
            out.extend(some.iter().map(|person| found.get(person).cloned()));
        }
        Ok(out)
    }
}
