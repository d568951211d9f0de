//! Accounts and what is known of their holders.

use mandat_core::history::DEFAULT_PLATFORM;
use mandat_core::person::PersonLine;
use mandat_core::time::Micros;
use mandat_proof::PersonKey;

use crate::append::CHUNK;
use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::row::kind;
use crate::store::params;
use crate::writer::{Account, Live, NewRow, Writer};

/// An account that turned up in records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Its key.
    pub person: PersonKey,
    /// The platform.
    pub platform: String,
    /// The stable account id.
    pub account: String,
    /// The name shown, if there was one.
    pub handle: Option<String>,
    /// When it was shown under that name, at the earliest.
    pub from: Option<Micros>,
}

/// What became of sightings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use]
pub struct SightingReport {
    /// Sightings read.
    pub read: u64,
    /// Accounts that were new.
    pub new_accounts: u64,
    /// Sightings of people who were erased: nothing is kept of them.
    pub suppressed: u64,
    /// Denials by handle that now bind an account.
    pub bound: u64,
}

/// What became of a people file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use]
pub struct PeopleReport {
    /// Lines taken in.
    pub accepted: u64,
    /// Lines that say what is known already.
    pub unchanged: u64,
    /// Lines about people who were erased: nothing is kept of them.
    pub suppressed: u64,
    /// Accounts that were new.
    pub new_accounts: u64,
    /// Denials by handle that now bind an account.
    pub bound: u64,
}

impl Ledger {
    /// Notes accounts found in records. Writes no events, except denials by handle that now bind an account.
    ///
    /// # Errors
    /// When the database fails; earlier transactions of 50,000 sightings then stay.
    pub fn observe_accounts(
        &mut self,
        sightings: &mut dyn Iterator<Item = Sighting>,
        now: Micros,
    ) -> Result<SightingReport, LedgerError> {
        let mut report = SightingReport::default();
        loop {
            let mut chunk: Vec<_> = (&mut *sightings).take(CHUNK).collect();
            if chunk.is_empty() {
                return Ok(report);
            }
            // Neighbours in the index of persons are then written together.
            chunk.sort_by_key(|sighting| sighting.person);
            let mut writer = Writer::begin(self, now)?;
            writer.expect(Vec::new(), chunk.iter().map(|sighting| sighting.person).collect())?;
            let unseen = writer.has_unseen()?;
            for sighting in &chunk {
                report.read += 1;
                if writer.is_known(sighting)? {
                    continue;
                }
                let account = Account { platform: sighting.platform.clone(), account: sighting.account.clone() };
                let Some((live, new)) = writer.meet(sighting.person, &account)? else {
                    report.suppressed += 1;
                    continue;
                };
                report.new_accounts += u64::from(new);
                let Some(handle) = &sighting.handle else { continue };
                writer.note_handle(&live, &account.platform, handle, sighting.from, None)?;
                if unseen {
                    report.bound += writer.bind_handle(&live, &account, handle)?;
                }
            }
            writer.commit()?;
        }
    }

    /// Takes in a people file; a line that says nothing new changes nothing.
    ///
    /// # Errors
    /// When the database fails; earlier transactions of 50,000 lines then stay.
    pub fn import_people(
        &mut self,
        people: &mut dyn Iterator<Item = PersonLine>,
        default_platform: Option<&str>,
        now: Micros,
    ) -> Result<PeopleReport, LedgerError> {
        let mut report = PeopleReport::default();
        loop {
            let chunk: Vec<_> = (&mut *people).take(CHUNK).collect();
            if chunk.is_empty() {
                return Ok(report);
            }
            let mut writer = Writer::begin(self, now)?;
            let unseen = writer.has_unseen()?;
            for mut line in chunk {
                line.platform.get_or_insert_with(|| default_platform.unwrap_or(DEFAULT_PLATFORM).into());
                writer.take_person(line, unseen, &mut report)?;
            }
            writer.commit()?;
        }
    }
}

impl Writer<'_> {
    /// Whether acts have named accounts that nobody has seen: they may be handles.
    fn has_unseen(&self) -> Result<bool, LedgerError> {
        Ok(self.tx.prepare_cached("SELECT 1 FROM subjects WHERE seen = 0")?.exists([])?)
    }

    /// Whether a sighting says nothing new; most of a further ingest does not.
    fn is_known(&self, sighting: &Sighting) -> Result<bool, LedgerError> {
        if matches!(self.expected.person(sighting.person), Some((None, _))) {
            return Ok(false);
        }
        let handle = sighting.handle.as_ref().map(|name| self.keys.handle(&sighting.platform, name).to_bytes());
        let mut query = self.tx.prepare_cached(
            "SELECT h.handle, h.since FROM subjects s LEFT JOIN handles h ON h.handle = ?2 AND h.subject = s.subject
             WHERE s.person = ?1 AND s.seen = 1 AND s.erased IS NULL",
        )?;
        let mut rows = query.query(params![sighting.person.to_bytes(), handle])?;
        let Some(row) = rows.next()? else { return Ok(false) };
        let (held, since): (Option<[u8; 16]>, Option<i64>) = (row.get(0)?, row.get(1)?);
        let early = sighting.from.is_none_or(|from| since.is_some_and(|since| since <= from.0));
        Ok(handle.is_none() || (held.is_some() && early))
    }

    /// The subject of an account that turned up, and whether it is new; `None` if the person was erased.
    fn meet(&mut self, person: PersonKey, account: &Account) -> Result<Option<(Live, bool)>, LedgerError> {
        let (found, suppressed) = self.look_up(person)?;
        match found {
            Some(mut live) => {
                if !live.seen {
                    self.mark_seen(person, &mut live, account)?;
                }
                Ok(Some((live, false)))
            }
            None if suppressed => Ok(None),
            None => Ok(Some((self.add_subject(person, Some(account), true)?, true))),
        }
    }

    fn take_person(
        &mut self,
        mut line: PersonLine,
        unseen: bool,
        report: &mut PeopleReport,
    ) -> Result<(), LedgerError> {
        let platform = line.platform.clone().unwrap_or_else(|| DEFAULT_PLATFORM.into());
        let account = Account { platform, account: std::mem::take(&mut line.account) };
        let person = self.keys.keyer().person(&account.platform, &account.account);
        let Some((live, new)) = self.meet(person, &account)? else {
            report.suppressed += 1;
            return Ok(());
        };
        report.new_accounts += u64::from(new);
        for span in std::mem::take(&mut line.handles) {
            self.note_handle(&live, &account.platform, &span.handle, span.from, span.to)?;
            if unseen {
                report.bound += self.bind_handle(&live, &account, &span.handle)?;
            }
        }
        let facts = facts_payload(&line);
        let tag = self.keys.tag_of_content(&facts);
        if self.facts_tag(&live)? == Some(tag) {
            report.unchanged += 1;
            return Ok(());
        }
        let link = line.info(&account.platform, self.keys.keyer()).more.and_then(|m| m.link);
        let row = NewRow {
            tag: u128::from_be_bytes(self.random()?),
            part: 0,
            kind: kind::FACTS,
            marks: 0,
            received: None,
            asserted: None,
            plain: &facts,
            act: None,
        };
        self.insert(&row, Some(&live))?;
        self.tx.prepare_cached("UPDATE subjects SET facts = ?2, link = ?3 WHERE subject = ?1")?.execute(params![
            live.subject.0,
            tag.to_be_bytes(),
            link.map(u128::to_be_bytes)
        ])?;
        report.accepted += 1;
        Ok(())
    }

    fn facts_tag(&self, live: &Live) -> Result<Option<u128>, LedgerError> {
        let mut query = self.tx.prepare_cached("SELECT facts FROM subjects WHERE subject = ?1")?;
        let tag: Option<[u8; 16]> = query.query_row([live.subject.0], |row| row.get(0))?;
        Ok(tag.map(u128::from_be_bytes))
    }
}

/// The line without what it does not say: readable for ever, and short.
fn facts_payload(line: &PersonLine) -> Vec<u8> {
    let mut value = serde_json::to_value(line).expect("bug: a line of people is JSON");
    if let Some(object) = value.as_object_mut() {
        object.retain(|name, value| {
            name == "account" || !(value.is_null() || value.as_array().is_some_and(Vec::is_empty))
        });
    }
    serde_json::to_vec(&value).expect("bug: a JSON value is JSON")
}
