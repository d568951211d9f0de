//! Taking in choices: idempotent, checked, bound to every account they concern.

use mandat_core::event::{EventKind, EventLine};
use mandat_core::history::{DEFAULT_PLATFORM, subjects};
use mandat_core::time::Micros;
use mandat_proof::PersonKey;

use crate::check::{Rejection, check, denies};
use crate::codec::{canonical, encode, kind_number};
use crate::error::LedgerError;
use crate::keys::Keys;
use crate::ledger::Ledger;
use crate::row::mark;
use crate::same::Known;
use crate::writer::{Account, Live, NewRow, Writer};

/// Events in one transaction.
pub(crate) const CHUNK: usize = 50_000;

/// What became of a batch of events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct AppendReport {
    /// Events taken in.
    pub accepted: u64,
    /// Events that were there already.
    pub duplicates: u64,
    /// Denials taken in under an id of their own, because theirs belongs to another event; by index in the batch.
    pub conflicts: Vec<usize>,
    /// Events not taken in: their index in the batch, and why.
    pub rejected: Vec<(usize, Rejection)>,
    /// Denials said to be received in the future, taken as received now.
    pub clamped: u64,
    /// Accounts and handles that no people file or record had named before.
    pub unknown_accounts: u64,
    /// First and last position of the rows written, if any.
    pub positions: Option<(u64, u64)>,
}

impl AppendReport {
    fn extend(&mut self, other: Self, offset: usize) {
        self.accepted += other.accepted;
        self.duplicates += other.duplicates;
        self.conflicts.extend(other.conflicts.into_iter().map(|index| index + offset));
        self.rejected.extend(other.rejected.into_iter().map(|(index, why)| (index + offset, why)));
        self.clamped += other.clamped;
        self.unknown_accounts += other.unknown_accounts;
        self.positions = match (self.positions, other.positions) {
            (Some((first, _)), Some((_, last))) => Some((first, last)),
            (one, other) => one.or(other),
        };
    }
}

/// Told of the first and last position of each transaction before it is committed.
type Written<'a> = &'a mut dyn FnMut(&mut Writer<'_>, (u64, u64)) -> Result<(), LedgerError>;

/// The place of an event in its batch, and the position of its first row.
type Noted = Vec<(usize, u64)>;

/// An event with what can be computed before the lock is taken.
struct Prepared {
    tag: u128,
    people: Vec<PersonKey>,
    payload: Vec<u8>,
    line: EventLine,
}

impl Ledger {
    /// Appends events as they happen. When it returns, they are on disk.
    ///
    /// The same event again changes nothing, unless it was made void since; without an id, its content is
    /// its id. Other content under an id that is there is a conflict: a denial is taken in under an id of
    /// its own, everything else is rejected.
    ///
    /// # Errors
    /// When the database fails; events of earlier transactions of 50,000 then stay.
    pub fn append(&mut self, events: &[EventLine], now: Micros) -> Result<AppendReport, LedgerError> {
        let mut report = AppendReport::default();
        for (chunk, lines) in events.chunks(CHUNK).enumerate() {
            let (part, _) = self.append_chunk(lines, false, now, &mut |_, _| Ok(()))?;
            report.extend(part, chunk * CHUNK);
        }
        Ok(report)
    }

    /// Appends choices from elsewhere as one batch that can be undone; a consent needs its notice and method.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn import_choices(
        &mut self,
        events: &mut dyn Iterator<Item = EventLine>,
        now: Micros,
    ) -> Result<ChoicesImport, LedgerError> {
        self.import_choices_noting(events, now, &mut |_, _| {})
    }

    /// As [`Self::import_choices`]; once they are on disk, hands over the place in the batch of each event that is in
    /// the ledger, new or not, and the position of its first row: what receipts are asked for by.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn import_choices_noting(
        &mut self,
        events: &mut dyn Iterator<Item = EventLine>,
        now: Micros,
        note: &mut dyn FnMut(usize, u64),
    ) -> Result<ChoicesImport, LedgerError> {
        let mut import = ChoicesImport { batch: None, report: AppendReport::default() };
        let mut offset = 0;
        loop {
            let lines: Vec<_> = (&mut *events).take(CHUNK).collect();
            if lines.is_empty() {
                return Ok(import);
            }
            let batch = &mut import.batch;
            let (part, noted) = self.append_chunk(&lines, true, now, &mut |writer, rows| {
                let number = batch.map_or_else(|| writer.next_batch(), Ok)?;
                writer.note_batch(number, rows)?;
                *batch = Some(number);
                Ok(())
            })?;
            import.report.extend(part, offset);
            noted.into_iter().for_each(|(index, position)| note(index + offset, position));
            offset += lines.len();
        }
    }

    fn append_chunk(
        &mut self,
        lines: &[EventLine],
        imported: bool,
        now: Micros,
        written: Written<'_>,
    ) -> Result<(AppendReport, Noted), LedgerError> {
        let prepared: Vec<_> = lines.iter().map(|line| prepare(&self.keys, line, imported)).collect();
        let mut writer = Writer::begin(self, now)?;
        writer.expect_events(&mut prepared.iter())?;
        let (report, noted) = writer.take_all(&prepared, imported)?;
        if let Some(positions) = report.positions {
            written(&mut writer, positions)?;
        }
        writer.commit()?;
        Ok((report, noted))
    }

    /// Appends what several people bring at once, in one transaction: all of it or, on an error, nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn append_together(
        &mut self,
        groups: &[&[EventLine]],
        now: Micros,
    ) -> Result<Vec<AppendReport>, LedgerError> {
        let prepare = |line| prepare(&self.keys, line, false);
        let groups: Vec<Vec<_>> = groups.iter().map(|lines| lines.iter().map(prepare).collect()).collect();
        let mut writer = Writer::begin(self, now)?;
        writer.expect_events(&mut groups.iter().flatten())?;
        let mut reports = Vec::with_capacity(groups.len());
        for prepared in &groups {
            reports.push(writer.take_all(prepared, false)?.0);
        }
        writer.commit()?;
        Ok(reports)
    }
}

impl Writer<'_> {
    fn expect_events(&mut self, events: &mut dyn Iterator<Item = &Prepared>) -> Result<(), LedgerError> {
        let (mut tags, mut people) = (Vec::new(), Vec::new());
        for event in events {
            tags.push(event.tag);
            people.extend_from_slice(&event.people);
        }
        self.expect(tags, people)
    }

    /// Takes events in, and notes where those are that are in the ledger now.
    fn take_all(&mut self, prepared: &[Prepared], imported: bool) -> Result<(AppendReport, Noted), LedgerError> {
        let mut report = AppendReport::default();
        let first = self.head().position + 1;
        let mut noted = Vec::with_capacity(prepared.len());
        for (index, event) in prepared.iter().enumerate() {
            let next = self.head().position + 1;
            match self.take(event, imported, &mut report)? {
                Taken::New => {
                    report.accepted += 1;
                    noted.push((index, next));
                }
                Taken::Apart => {
                    report.accepted += 1;
                    report.conflicts.push(index);
                    noted.push((index, next));
                }
                Taken::Known(position) => {
                    report.duplicates += 1;
                    noted.extend(position.map(|position| (index, position)));
                }
                Taken::Not(why) => report.rejected.push((index, why)),
            }
        }
        let last = self.head().position;
        if last >= first {
            report.positions = Some((first, last));
        }
        Ok((report, noted))
    }
}

/// What an import of choices did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct ChoicesImport {
    /// The number to undo it by; `None` if nothing new came in.
    pub batch: Option<u64>,
    /// What became of the events.
    pub report: AppendReport,
}

/// What became of one event.
enum Taken {
    New,
    /// A denial under an id of its own.
    Apart,
    /// In the row at this position, if one holds just this event.
    Known(Option<u64>),
    Not(Rejection),
}

fn prepare(keys: &Keys, line: &EventLine, imported: bool) -> Prepared {
    let tag = match &line.id {
        Some(id) => keys.tag_of_id(id),
        None => keys.tag_of_content(&canonical(line)),
    };
    let mut line = line.clone();
    // The new text of an edited record comes in with the record; here it would outlive it.
    line.text = None;
    if imported && line.channel.is_none() {
        line.channel = Some("import".into());
    }
    let people = subjects(&line, DEFAULT_PLATFORM, keys.keyer());
    Prepared { tag, people, payload: encode(&line), line }
}

impl Writer<'_> {
    /// Takes one event in, if it is new.
    fn take(&mut self, event: &Prepared, imported: bool, report: &mut AppendReport) -> Result<Taken, LedgerError> {
        match self.known(event.tag, &event.line)? {
            Known::No => Ok(self.take_new(event, imported, report)?.map_or_else(Taken::Not, |()| Taken::New)),
            Known::Same(position) => Ok(Taken::Known(Some(position))),
            Known::Other if !denies(&event.line) => Ok(Taken::Not(Rejection::Conflict)),
            Known::Other => {
                let apart = event.apart(self.keys);
                match self.known(apart.tag, &apart.line)? {
                    Known::No => {
                        Ok(self.take_new(&apart, imported, report)?.map_or_else(Taken::Not, |()| Taken::Apart))
                    }
                    Known::Same(position) => Ok(Taken::Known(Some(position))),
                    Known::Other => Ok(Taken::Known(None)),
                }
            }
        }
    }

    fn take_new(
        &mut self,
        event: &Prepared,
        imported: bool,
        report: &mut AppendReport,
    ) -> Result<Result<(), Rejection>, LedgerError> {
        if let Err(why) = self.admit(event, imported)? {
            return Ok(Err(why));
        }
        let clamped = event.line.received > self.next_time();
        report.clamped += u64::from(clamped);
        let marks = if imported { mark::IMPORTED } else { 0 } | if clamped { mark::CLAMPED } else { 0 };
        // Void rows of the same event keep their numbers.
        let mut part = self.parts(event.tag)?;
        if event.people.is_empty() {
            self.insert(&event.row((part, marks), clamped, &event.payload, &event.line), None)?;
        }
        for (index, person) in event.people.iter().enumerate() {
            part = self.take_for(event, (index, *person), part, (marks, clamped), report)?;
        }
        Ok(Ok(()))
    }

    fn admit(&mut self, event: &Prepared, imported: bool) -> Result<Result<(), Rejection>, LedgerError> {
        let line = &event.line;
        if let Err(why) = check(line, imported, self.next_time()) {
            return Ok(Err(why));
        }
        let denies = denies(line);
        if event.people.is_empty() && !denies && !stands_alone(line) {
            return Ok(Err(Rejection::NoSubject));
        }
        if let Some(notice) = &line.notice
            && crate::check::permits(line)
            && !self.knows_notice(notice)?
        {
            return Ok(Err(Rejection::UnknownNotice));
        }
        if imported && !denies {
            for person in &event.people {
                if matches!(self.look_up(*person)?, (None, true)) {
                    return Ok(Err(Rejection::Suppressed));
                }
            }
        }
        Ok(Ok(()))
    }

    /// Writes the row of one person, and of everybody who held the handle that it may name; returns the next part.
    fn take_for(
        &mut self,
        event: &Prepared,
        (index, person): (usize, PersonKey),
        part: u32,
        (marks, clamped): (u8, bool),
        report: &mut AppendReport,
    ) -> Result<u32, LedgerError> {
        let owner = match self.find(person)? {
            Some(live) => live,
            None => {
                report.unknown_accounts += 1;
                self.add_named(person, named(&event.line, index))?
            }
        };
        self.insert(&event.row((part, marks), clamped, &event.payload, &event.line), Some(&owner))?;
        let mut part = part + 1;
        if owner.seen || event.line.account.is_none() || !denies(&event.line) {
            return Ok(part);
        }
        let Some((platform, name)) = named(&event.line, index) else { return Ok(part) };
        for (holder, account) in self.holders(platform, name)? {
            let mut line = event.line.clone();
            line.account = Some(account);
            let marks = marks | mark::BY_HANDLE;
            self.insert(&event.row((part, marks), clamped, &encode(&line), &line), Some(&holder))?;
            part += 1;
        }
        Ok(part)
    }

    /// An account that nobody has seen: it may be a handle, so it is kept under that name as well.
    fn add_named(&mut self, person: PersonKey, named: Option<(&str, &str)>) -> Result<Live, LedgerError> {
        let Some((platform, name)) = named else { return self.add_subject(person, None, false) };
        let account = Account { platform: platform.into(), account: name.into() };
        let live = self.add_subject(person, Some(&account), false)?;
        self.note_handle(&live, platform, name, None, None)?;
        Ok(live)
    }
}

impl Prepared {
    /// The event under an id that its content gives it, where its own belongs to another event.
    fn apart(&self, keys: &Keys) -> Self {
        let mut line = self.line.clone();
        // The same event counts as the same, imported or not.
        line.channel = line.channel.filter(|channel| channel != "import");
        let tag = keys.tag_of_content(&canonical(&line));
        line.channel.clone_from(&self.line.channel);
        line.id = line.id.map(|id| format!("{id}~{tag:032x}"));
        Self { tag, people: self.people.clone(), payload: encode(&line), line }
    }

    fn row<'a>(&self, (part, marks): (u32, u8), clamped: bool, plain: &'a [u8], act: &'a EventLine) -> NewRow<'a> {
        NewRow {
            tag: self.tag,
            part,
            kind: kind_number(self.line.event),
            marks,
            received: (!clamped).then_some(self.line.received),
            asserted: Some(self.line.asserted_at()),
            plain,
            act: Some(act),
        }
    }
}

/// Platform and account of the person whom an event names at some place; `None` for a name without an account.
fn named(line: &EventLine, index: usize) -> Option<(&str, &str)> {
    let account = match line.event {
        EventKind::Link | EventKind::Unlink => line.accounts.as_ref()?.get(index)?,
        _ => line.account.as_ref()?,
    };
    Some((line.platform.as_deref().unwrap_or(DEFAULT_PLATFORM), account))
}

/// Whether an event without an account is about something: a record, an organisation, another event.
fn stands_alone(line: &EventLine) -> bool {
    match line.event {
        EventKind::Order => true,
        EventKind::OrgPolicy => line.org.is_some() || line.account.is_some(),
        EventKind::Verification => line.of.is_some(),
        _ => line.record.is_some(),
    }
}
