//! The people of one pass over the rows, in shares that threads fold apart from each other.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use hashbrown::HashMap;
use mandat_core::history::PersonHistory;
use mandat_proof::{PersonKey, SubjectSecret};

use crate::codec::Decoder;
use crate::error::LedgerError;
use crate::fold::{KeyRange, People, apply_erasure, apply_row, is_blank};
use crate::keys::Keys;
use crate::read::open_secret;
use crate::row::{Row, Subject};
use crate::store::Connection;

/// Rows handed to a thread at once.
const BATCH: usize = 1024;

/// Where a subject is folded: share and place in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    share: u32,
    slot: u32,
}

/// Where each subject is folded.
pub(crate) type Roll = HashMap<Subject, Place>;

/// Takes a row to where it is folded.
pub(crate) type Take<'a> = &'a mut dyn FnMut(Place, &Row, &[u8]) -> Result<(), LedgerError>;

struct Slot {
    subject: Subject,
    person: u32,
    secret: Secret,
}

enum Secret {
    Wrapped(Vec<u8>),
    Open(SubjectSecret),
    Destroyed { position: u64 },
}

/// One share of the people, while rows go by.
pub(crate) struct Part<'a> {
    keys: &'a Keys,
    subjects: Vec<Slot>,
    people: Vec<PersonKey>,
    histories: Vec<Option<PersonHistory>>,
    decoder: Decoder,
}

/// The people of a range, dealt out to `shares`; each keeps all rows of a person.
pub(crate) fn load<'a>(
    connection: &Connection,
    keys: &'a Keys,
    range: KeyRange,
    shares: usize,
) -> Result<(Roll, Vec<Part<'a>>), LedgerError> {
    let mut parts: Vec<_> = (0..shares).map(|_| Part::new(keys)).collect();
    let mut roll = Roll::new();
    let mut people = 0;
    let mut last = None;
    let mut query = connection.prepare_cached(
        "SELECT person, subject, secret, erased FROM subjects WHERE person BETWEEN ?1 AND ?2 ORDER BY person",
    )?;
    let mut rows = query.query([range.first.to_bytes(), range.last.to_bytes()])?;
    while let Some(row) = rows.next()? {
        let person = PersonKey::from_bytes(row.get(0)?);
        let secret = match (row.get::<Option<Vec<u8>>>(2)?, row.get::<Option<i64>>(3)?) {
            (Some(wrapped), None) => Secret::Wrapped(wrapped),
            (_, erased) => Secret::Destroyed { position: erased.unwrap_or(0).cast_unsigned() },
        };
        if last.replace(person) != Some(person) {
            people += 1;
        }
        let share = (people - 1) % shares;
        let subject = Subject(row.get(1)?);
        let slot = parts[share].add(person, subject, secret);
        roll.insert(subject, Place { share: index(share), slot });
    }
    Ok((roll, parts))
}

fn index(at: usize) -> u32 {
    u32::try_from(at).expect("bug: a pass holds fewer than 2^32 subjects")
}

impl<'a> Part<'a> {
    fn new(keys: &'a Keys) -> Self {
        let decoder = Decoder::new();
        Self { keys, subjects: Vec::new(), people: Vec::new(), histories: Vec::new(), decoder }
    }

    fn add(&mut self, person: PersonKey, subject: Subject, secret: Secret) -> u32 {
        if self.people.last() != Some(&person) {
            self.people.push(person);
            self.histories.push(None);
        }
        self.subjects.push(Slot { subject, person: index(self.people.len() - 1), secret });
        index(self.subjects.len() - 1)
    }

    /// The subjects, by slot.
    pub(crate) fn subjects(&self) -> Vec<Subject> {
        self.subjects.iter().map(|slot| slot.subject).collect()
    }

    /// Folds one row into the history it belongs to.
    pub(crate) fn take(&mut self, slot: usize, row: &Row, payload: &[u8]) -> Result<(), LedgerError> {
        let Slot { subject, person, secret } = &mut self.subjects[slot];
        if let Secret::Wrapped(wrapped) = secret {
            *secret = Secret::Open(open_secret(self.keys, *subject, wrapped)?);
        }
        let Secret::Open(secret) = secret else { return Ok(()) };
        let history = self.histories[*person as usize].get_or_insert_default();
        apply_row(history, row, secret, payload, self.keys, &mut self.decoder)
    }

    /// Folds what comes, until there is no more.
    fn work(mut self, batches: &Receiver<Batch>) -> Result<Self, LedgerError> {
        for batch in batches {
            let mut from = 0;
            for (slot, row, end) in &batch.rows {
                self.take(*slot as usize, row, &batch.bytes[from..*end])?;
                from = *end;
            }
        }
        Ok(self)
    }
}

/// Rows on their way to one share: slot, row, and where its payload ends in `bytes`.
#[derive(Default)]
struct Batch {
    rows: Vec<(u32, Row, usize)>,
    bytes: Vec<u8>,
}

/// Lets `read` hand rows over, to this thread or to one for each part.
pub(crate) fn fold_parts<'a>(
    mut parts: Vec<Part<'a>>,
    threads: bool,
    read: &mut dyn FnMut(Take<'_>) -> Result<(), LedgerError>,
) -> Result<Vec<Part<'a>>, LedgerError> {
    if !threads {
        read(&mut |place, row, payload| parts[place.share as usize].take(place.slot as usize, row, payload))?;
        return Ok(parts);
    }
    thread::scope(|scope| {
        let mut senders = Vec::new();
        let workers: Vec<_> = parts
            .into_iter()
            .map(|part| {
                let (sender, receiver) = sync_channel(8);
                senders.push((sender, Batch::default()));
                scope.spawn(move || part.work(&receiver))
            })
            .collect();
        let done = read(&mut |place, row, payload| {
            let (sender, batch) = &mut senders[place.share as usize];
            batch.bytes.extend_from_slice(payload);
            batch.rows.push((place.slot, *row, batch.bytes.len()));
            if batch.rows.len() == BATCH {
                send(sender, batch);
            }
            Ok(())
        });
        for (sender, batch) in &mut senders {
            send(sender, batch);
        }
        drop(senders);
        // A worker that failed says why; what could not be sent to it does not matter then.
        let parts = workers.into_iter().map(|worker| worker.join().expect("bug: a fold does not panic"));
        let parts: Result<Vec<_>, _> = parts.collect();
        done.and(parts)
    })
}

fn send(sender: &SyncSender<Batch>, batch: &mut Batch) {
    // Fails only after the worker has, and its error is the one to report.
    drop(sender.send(std::mem::take(batch)));
}

/// The histories of all parts, by key; erased people are ERASED at every position.
pub(crate) fn finish(parts: Vec<Part<'_>>, connection: &Connection) -> Result<People, LedgerError> {
    let mut people = Vec::new();
    for mut part in parts {
        for slot in &part.subjects {
            if let Secret::Destroyed { position } = slot.secret {
                let history = part.histories[slot.person as usize].get_or_insert_default();
                apply_erasure(history, connection, position, part.keys)?;
            }
        }
        let known = part.people.into_iter().zip(part.histories).filter_map(|(key, history)| Some((key, history?)));
        people.extend(known.filter(|(_, history)| !is_blank(history)));
    }
    people.sort_by_key(|(key, _)| *key);
    Ok(people)
}
