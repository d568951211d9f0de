//! What a batch is about to ask one by one, asked at once: where the database is a round trip away.

use hashbrown::{HashMap, HashSet};
use mandat_proof::PersonKey;

use crate::error::LedgerError;
use crate::row::Subject;
use crate::writer::{Live, Writer, open_live};

/// Answers that hold until the transaction itself changes them.
#[derive(Default)]
pub(crate) struct Expected {
    /// Tags that no row carries.
    absent: HashSet<u128>,
    /// Living subjects of people, and whether these were erased before.
    people: HashMap<PersonKey, (Option<Live>, bool)>,
}

impl Expected {
    /// Whether no row carries a tag; `false` means that one has to look.
    pub(crate) fn is_absent(&self, tag: u128) -> bool {
        self.absent.contains(&tag)
    }

    /// What is known of a person; `None` means that one has to look.
    pub(crate) fn person(&self, person: PersonKey) -> Option<&(Option<Live>, bool)> {
        self.people.get(&person)
    }

    /// A row was added.
    pub(crate) fn written(&mut self, tag: u128) {
        self.absent.remove(&tag);
    }

    /// A subject was made or changed.
    pub(crate) fn changed(&mut self, person: PersonKey, live: &Live) {
        if let Some((known, _)) = self.people.get_mut(&person) {
            *known = Some(live.clone());
        }
    }

    /// A subject was destroyed.
    pub(crate) fn forget(&mut self, person: PersonKey) {
        self.people.remove(&person);
    }
}

impl Writer<'_> {
    /// Looks up what rows with these tags, about these people, will ask for.
    pub(crate) fn expect(&mut self, tags: Vec<u128>, people: Vec<PersonKey>) -> Result<(), LedgerError> {
        if !self.tx.is_far() {
            return Ok(());
        }
        let rows = !tags.is_empty();
        if rows {
            self.expect_tags(tags)?;
        }
        let asked: Vec<[u8; 16]> = people.iter().map(|person| person.to_bytes()).collect();
        self.expected.people = people.into_iter().map(|person| (person, (None, false))).collect();
        self.expect_people(&asked)?;
        if rows { self.expect_numbers(&asked) } else { Ok(()) }
    }

    fn expect_tags(&mut self, tags: Vec<u128>) -> Result<(), LedgerError> {
        let asked: Vec<[u8; 16]> = tags.iter().map(|tag| tag.to_be_bytes()).collect();
        let mut query = self.tx.prepare_cached("SELECT DISTINCT tag FROM events WHERE tag = ANY(?1)")?;
        let mut rows = query.query([asked])?;
        self.expected.absent = tags.into_iter().collect();
        while let Some(row) = rows.next()? {
            self.expected.absent.remove(&u128::from_be_bytes(row.get(0)?));
        }
        Ok(())
    }

    fn expect_people(&mut self, asked: &Vec<[u8; 16]>) -> Result<(), LedgerError> {
        let mut query =
            self.tx.prepare_cached("SELECT person, subject, secret, seen FROM subjects WHERE person = ANY(?1)")?;
        let mut rows = query.query([asked])?;
        while let Some(row) = rows.next()? {
            let known = self.expected.people.entry(PersonKey::from_bytes(row.get(0)?)).or_default();
            match row.get::<Option<Vec<u8>>>(2)? {
                Some(wrapped) => known.0 = Some(open_live(self.keys, Subject(row.get(1)?), &wrapped, row.get(3)?)?),
                None => known.1 = true,
            }
        }
        Ok(())
    }

    /// The next numbers of their acts in the log.
    fn expect_numbers(&mut self, asked: &Vec<[u8; 16]>) -> Result<(), LedgerError> {
        let mut query = self.tx.prepare_cached(
            "SELECT s.person, max(e.number) FROM subjects s LEFT JOIN events e USING (subject)
             WHERE s.person = ANY(?1) AND s.erased IS NULL GROUP BY s.person",
        )?;
        let mut rows = query.query([asked])?;
        while let Some(row) = rows.next()? {
            let last: Option<i64> = row.get(1)?;
            if let Some((Some(live), _)) = self.expected.people.get(&PersonKey::from_bytes(row.get(0)?)) {
                self.log.expect(live.subject, &live.secret, last.map_or(0, |last| last.cast_unsigned() + 1));
            }
        }
        Ok(())
    }
}
