//! One write transaction: the only place where rows are added.

use hashbrown::{HashMap, HashSet};
use mandat_core::event::EventLine;
use mandat_core::time::Micros;
use mandat_proof::{PersonKey, SubjectSecret};

use crate::entropy::Entropy;
use crate::error::LedgerError;
use crate::expect::Expected;
use crate::fault;
use crate::keys::Keys;
use crate::ledger::{Head, Ledger, read_account, read_head};
use crate::log::Sequencer;
use crate::row::{Row, Subject, seal_side, unwrap, wrap};
use crate::store::{Transaction, TransactionBehavior, params};

/// A subject whose secret exists.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) subject: Subject,
    pub(crate) secret: SubjectSecret,
    /// Whether the account was seen in people or records, not only named by an act.
    pub(crate) seen: bool,
}

/// An account as written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Account {
    /// The platform.
    pub platform: String,
    /// The stable account id.
    pub account: String,
}

/// What a new row says; position and the ledger's time are added on the way in.
pub(crate) struct NewRow<'a> {
    pub(crate) tag: u128,
    pub(crate) part: u32,
    pub(crate) kind: u8,
    pub(crate) marks: u8,
    /// `None`: when it is appended.
    pub(crate) received: Option<Micros>,
    pub(crate) asserted: Option<Micros>,
    pub(crate) plain: &'a [u8],
    /// The event that `plain` encodes; `None` for what is no act.
    pub(crate) act: Option<&'a EventLine>,
}

/// A write transaction. Secrets are kept for its length only: another process may destroy them after it.
pub(crate) struct Writer<'a> {
    pub(crate) tx: Transaction<'a>,
    pub(crate) keys: &'a Keys,
    entropy: &'a mut Entropy,
    head: Head,
    now: Micros,
    live: HashMap<PersonKey, Option<Live>>,
    pub(crate) expected: Expected,
    notices: Option<HashSet<String>>,
    pub(crate) log: Sequencer,
}

impl<'a> Writer<'a> {
    pub(crate) fn begin(ledger: &'a mut Ledger, now: Micros) -> Result<Self, LedgerError> {
        // Immediate: a read transaction that turns into a write may fail without waiting.
        let tx = ledger.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let head = read_head(&tx)?;
        let (keys, entropy) = (&ledger.keys, &mut ledger.entropy);
        let log = Sequencer::new(&ledger.origin);
        let expected = Expected::default();
        Ok(Self { tx, keys, entropy, head, now, live: HashMap::new(), expected, notices: None, log })
    }

    /// Makes everything durable, rows and their entries in the log together; without it, nothing happened.
    pub(crate) fn commit(self) -> Result<(), LedgerError> {
        self.log.finish(&self.tx)?;
        fault::at("commit")?;
        self.tx.commit()?;
        fault::at("commit.done")
    }

    /// When the next row will be appended: the ledger's own clock never stands still or goes back.
    pub(crate) fn next_time(&self) -> Micros {
        self.now.max(Micros(self.head.appended.0.saturating_add(1)))
    }

    pub(crate) const fn head(&self) -> Head {
        self.head
    }

    /// Adds a row and returns its position.
    pub(crate) fn insert(&mut self, new: &NewRow<'_>, owner: Option<&Live>) -> Result<u64, LedgerError> {
        let appended = self.next_time();
        let received = new.received.unwrap_or(appended);
        let row = Row {
            position: self.head.position + 1,
            kind: new.kind,
            marks: new.marks,
            appended,
            received,
            asserted: new.asserted.unwrap_or(received),
            subject: owner.map(|o| o.subject),
        };
        let secret = owner.map_or(self.keys.shared(), |o| &o.secret);
        let number = self.log.take(&self.tx, &row, (new.act, new.plain), secret)?;
        let payload = row.seal(secret, new.plain);
        self.tx
            .prepare_cached(
                "INSERT INTO events(position, tag, part, kind, marks, appended_at, received_at, asserted_at, subject, payload,
                                    number)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .insert(params![
                row.position.cast_signed(),
                new.tag.to_be_bytes(),
                new.part,
                row.kind,
                row.marks,
                row.appended.0,
                row.received.0,
                row.asserted.0,
                row.subject.map(|s| s.0),
                payload,
                number.map(u64::cast_signed),
            ])?;
        self.expected.written(new.tag);
        self.head = Head { position: row.position, appended };
        Ok(row.position)
    }

    /// The number of rows that carry a tag: 0 if the event is new.
    pub(crate) fn parts(&self, tag: u128) -> Result<u32, LedgerError> {
        if self.expected.is_absent(tag) {
            return Ok(0);
        }
        let mut query = self.tx.prepare_cached("SELECT max(part) + 1 FROM events WHERE tag = ?1")?;
        let parts: Option<u32> = query.query_row([tag.to_be_bytes()], |row| row.get(0))?;
        Ok(parts.unwrap_or(0))
    }

    /// Random bytes.
    pub(crate) fn random<const N: usize>(&mut self) -> Result<[u8; N], LedgerError> {
        self.entropy.take()
    }

    /// The living subject of a person, if there is one.
    pub(crate) fn find(&mut self, person: PersonKey) -> Result<Option<Live>, LedgerError> {
        if let Some(known) = self.live.get(&person) {
            return Ok(known.clone());
        }
        let (live, _) = self.look_up(person)?;
        self.live.insert(person, live.clone());
        Ok(live)
    }

    /// The living subject of a person, and whether they were erased before: then only the suppression key is left.
    pub(crate) fn look_up(&mut self, person: PersonKey) -> Result<(Option<Live>, bool), LedgerError> {
        if let Some(known) = self.expected.person(person) {
            return Ok(known.clone());
        }
        let mut query =
            self.tx.prepare_cached("SELECT subject, secret, seen, erased FROM subjects WHERE person = ?1")?;
        let mut rows = query.query([person.to_bytes()])?;
        let (mut live, mut suppressed) = (None, false);
        while let Some(row) = rows.next()? {
            if row.get::<Option<i64>>(3)?.is_some() {
                suppressed = true;
            } else {
                let wrapped: Vec<u8> = row.get(1)?;
                live = Some(open_live(self.keys, Subject(row.get(0)?), &wrapped, row.get(2)?)?);
            }
        }
        Ok((live, suppressed))
    }

    /// Makes a subject with a new handle and secret.
    pub(crate) fn add_subject(
        &mut self,
        person: PersonKey,
        account: Option<&Account>,
        seen: bool,
    ) -> Result<Live, LedgerError> {
        let subject = Subject(self.entropy.take()?);
        let secret = SubjectSecret(self.entropy.take()?);
        let sealed = account.map(|a| self.seal_account(&secret, a)).transpose()?;
        self.tx
            .prepare_cached("INSERT INTO subjects(subject, person, seen, secret, account) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .insert(params![
                subject.0,
                person.to_bytes(),
                seen,
                wrap(self.keys.wrapping(), subject, &secret),
                sealed
            ])?;
        self.log.meet(subject, &secret);
        let live = Live { subject, secret, seen };
        self.expected.changed(person, &live);
        self.live.insert(person, Some(live.clone()));
        Ok(live)
    }

    /// Notes that an account that acts had named turns up in people or records.
    pub(crate) fn mark_seen(
        &mut self,
        person: PersonKey,
        live: &mut Live,
        account: &Account,
    ) -> Result<(), LedgerError> {
        let sealed = self.seal_account(&live.secret, account)?;
        self.tx
            .prepare_cached("UPDATE subjects SET seen = 1, account = ?2 WHERE subject = ?1")?
            .execute(params![live.subject.0, sealed])?;
        live.seen = true;
        self.expected.changed(person, live);
        self.live.insert(person, Some(live.clone()));
        Ok(())
    }

    /// Drops what is remembered of a person in this transaction.
    pub(crate) fn forget(&mut self, person: PersonKey) {
        self.live.remove(&person);
        self.expected.forget(person);
    }

    /// The account behind a person key.
    pub(crate) fn account(&self, person: PersonKey) -> Result<Option<Account>, LedgerError> {
        read_account(&self.tx, self.keys, person)
    }

    fn seal_account(&mut self, secret: &SubjectSecret, account: &Account) -> Result<Vec<u8>, LedgerError> {
        let plain = postcard::to_allocvec(account).expect("bug: an account has a wire form");
        Ok(seal_side(secret, self.entropy.take()?, b"account", &plain))
    }

    /// Whether a notice is known.
    pub(crate) fn knows_notice(&mut self, id: &str) -> Result<bool, LedgerError> {
        if self.notices.is_none() {
            let mut query = self.tx.prepare_cached("SELECT id FROM notices")?;
            let ids: Result<_, _> = query.query_map([], |row| row.get(0))?.collect();
            self.notices = Some(ids?);
        }
        Ok(self.notices.as_ref().is_some_and(|known| known.contains(id)))
    }
}

/// Opens a subject's secret.
pub(crate) fn open_live(keys: &Keys, subject: Subject, wrapped: &[u8], seen: bool) -> Result<Live, LedgerError> {
    let secret = unwrap(keys.wrapping(), subject, wrapped)
        .map_err(|_| LedgerError::Corrupt { position: 0, what: "a person's secret" })?;
    Ok(Live { subject, secret, seen })
}
