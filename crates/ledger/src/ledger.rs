//! Opening a ledger, and the small questions: head, accounts, handles.

use std::fmt;
use std::path::Path;

use mandat_core::time::Micros;
use mandat_proof::{Checkpoint, NoteSigner, PersonKey, SubjectSecret, empty_root};

use crate::entropy::Entropy;
use crate::error::LedgerError;
use crate::keys::Keys;
use crate::place::Place;
use crate::row::{Subject, open_side};
use crate::store::{Connection, Database, OptionalExtension};
use crate::writer::{Account, open_live};

/// The end of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Position of the last event; 0 for an empty ledger.
    pub position: u64,
    /// When it was appended, by the ledger's clock; the distant past for an empty ledger.
    pub appended: Micros,
}

/// How much the ledger holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerCounts {
    /// Rows of the event table.
    pub events: u64,
    /// Accounts known, erased ones included.
    pub accounts: u64,
    /// Accounts whose secret was destroyed.
    pub erased: u64,
    /// Notices.
    pub notices: u64,
    /// Pairs of handle and account.
    pub handles: u64,
}

/// An append-only store of notices, facts about people, and choices.
///
/// One writer at a time, in this or another process: each write is one transaction that waits for
/// the lock. Readers never wait. A thread that reads beside a writer opens a ledger of its own.
pub struct Ledger {
    pub(crate) connection: Connection,
    pub(crate) keys: Keys,
    pub(crate) entropy: Entropy,
    pub(crate) origin: String,
    place: Place,
}

impl Ledger {
    /// Makes a new ledger in a file, whose log has a name made of its keys, `mandat.local/…`.
    ///
    /// # Errors
    /// As [`Self::create_at`].
    pub fn create(path: &Path, keys: Keys) -> Result<Self, LedgerError> {
        Self::create_at(&path.into(), keys, None)
    }

    /// Makes a new ledger in a file.
    ///
    /// # Errors
    /// As [`Self::create_at`].
    pub fn create_named(path: &Path, keys: Keys, origin: &str) -> Result<Self, LedgerError> {
        Self::create_at(&path.into(), keys, Some(origin))
    }

    /// Makes a new ledger whose log has that origin: a name that nobody else's log has, such as
    /// `log.example.org/choices`; `None` makes one of its keys. It never changes, as what people are shown is derived
    /// from it.
    ///
    /// # Errors
    /// [`LedgerError::Exists`] if there is one or something else, unless it is what a killed `create` left behind;
    /// [`LedgerError::Origin`].
    pub fn create_at(place: &Place, keys: Keys, origin: Option<&str>) -> Result<Self, LedgerError> {
        let own = format!("mandat.local/{:016x}", keys.fingerprints().person >> 64);
        let origin = origin.unwrap_or(&own);
        if NoteSigner::from_seed(origin, &[0; 32]).is_err() || Checkpoint::new(origin, 0, empty_root()).is_err() {
            return Err(LedgerError::Origin(origin.to_owned()));
        }
        let prints = keys.fingerprints();
        let meta = [
            ("person_key_fingerprint", prints.person.to_be_bytes().to_vec()),
            ("wrapping_key_fingerprint", prints.wrapping.to_be_bytes().to_vec()),
            ("log_origin", origin.as_bytes().to_vec()),
        ];
        let connection = Connection::create(place, &meta)?;
        Ok(Self { connection, keys, entropy: Entropy::new(), origin: origin.to_owned(), place: place.clone() })
    }

    /// Whether a ledger can be made there: the server answers, is safe, and nothing is in the way.
    ///
    /// # Errors
    /// As [`Self::create_at`].
    pub fn check_vacant(place: &Place) -> Result<(), LedgerError> {
        match Connection::open(place) {
            Err(LedgerError::NotFound(_)) => Ok(()),
            Err(error @ (LedgerError::Reach { .. } | LedgerError::Url { .. } | LedgerError::Setting { .. })) => {
                Err(error)
            }
            Err(error @ LedgerError::ServerTooOld { .. }) => Err(error),
            Ok(_) | Err(_) => Err(LedgerError::Exists(place.clone())),
        }
    }

    /// What the database is, for a person to read: its name and version, and what an operator should know.
    ///
    /// # Errors
    /// When the database fails.
    pub fn database(&self) -> Result<Database, LedgerError> {
        Ok(self.connection.describe()?)
    }

    /// Opens the ledger in a file.
    ///
    /// # Errors
    /// As [`Self::open_at`].
    pub fn open(path: &Path, keys: Keys) -> Result<Self, LedgerError> {
        Self::open_at(&path.into(), keys)
    }

    /// Opens a ledger; everything it rests on is asserted first.
    ///
    /// # Errors
    /// When there is none, it is of another format, the keys are not its own, or the database cannot keep it safe.
    pub fn open_at(place: &Place, keys: Keys) -> Result<Self, LedgerError> {
        let connection = Connection::open(place)?;
        let origin = read_origin(&connection)?;
        let ledger = Self { connection, keys, entropy: Entropy::new(), origin, place: place.clone() };
        ledger.check_keys()?;
        Ok(ledger)
    }

    /// Another connection to the same ledger, for another thread.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn reopen(&self) -> Result<Self, LedgerError> {
        Self::open_at(&self.place, self.keys.clone())
    }

    /// Where it is.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// The keys it was opened with.
    #[must_use]
    pub const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The origin of its log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The end of the ledger.
    ///
    /// # Errors
    /// When the database fails.
    pub fn head(&self) -> Result<Head, LedgerError> {
        read_head(&self.connection)
    }

    /// How much the ledger holds.
    ///
    /// # Errors
    /// When the database fails.
    pub fn counts(&self) -> Result<LedgerCounts, LedgerError> {
        let count = |sql: &str| -> Result<u64, LedgerError> {
            let rows: i64 = self.connection.query_row(sql, [], |row| row.get(0))?;
            Ok(rows.cast_unsigned())
        };
        Ok(LedgerCounts {
            events: self.head()?.position,
            accounts: count("SELECT count(*) FROM subjects WHERE seen = 1")?,
            erased: count("SELECT count(*) FROM subjects WHERE erased IS NOT NULL")?,
            notices: count("SELECT count(*) FROM notices")?,
            handles: count("SELECT count(*) FROM handles")?,
        })
    }

    /// The account behind a person key; `None` if it is not known or was erased.
    ///
    /// # Errors
    /// When the database fails or a sealed value was changed.
    pub fn account_of(&self, person: PersonKey) -> Result<Option<Account>, LedgerError> {
        read_account(&self.connection, &self.keys, person)
    }

    /// The person key of an account the ledger knows, erased ones included.
    ///
    /// # Errors
    /// When the database fails.
    pub fn person_of(&self, platform: &str, account: &str) -> Result<Option<PersonKey>, LedgerError> {
        let person = self.keys.keyer().person(platform, account);
        let mut query = self.connection.prepare_cached("SELECT 1 FROM subjects WHERE person = ?1")?;
        Ok(query.exists([person.to_bytes()])?.then_some(person))
    }

    /// Every account that ever held a handle, in key order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn holders_of(&self, platform: &str, handle: &str) -> Result<Vec<PersonKey>, LedgerError> {
        let mut query = self.connection.prepare_cached(
            "SELECT DISTINCT s.person FROM handles h JOIN subjects s ON s.subject = h.subject
             WHERE h.handle = ?1 AND s.seen = 1 ORDER BY s.person",
        )?;
        let key = self.keys.handle(platform, handle);
        let people: Result<_, _> =
            query.query_map([key.to_bytes()], |row| Ok(PersonKey::from_bytes(row.get(0)?)))?.collect();
        Ok(people?)
    }

    fn check_keys(&self) -> Result<(), LedgerError> {
        let stored = |name: &str| -> Result<Option<[u8; 16]>, LedgerError> {
            let mut query = self.connection.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
            Ok(query.query_row([name], |row| row.get(0)).optional()?)
        };
        let prints = self.keys.fingerprints();
        let checks = [
            ("person_key_fingerprint", prints.person, "person-key secret"),
            ("wrapping_key_fingerprint", prints.wrapping, "wrapping secret"),
        ];
        for (name, expected, which) in checks {
            if stored(name)? != Some(expected.to_be_bytes()) {
                return Err(LedgerError::WrongKey { which });
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("place", &self.place).finish_non_exhaustive()
    }
}

fn read_origin(connection: &Connection) -> Result<String, LedgerError> {
    let mut query = connection.prepare_cached("SELECT value FROM meta WHERE name = 'log_origin'")?;
    let origin: Option<Vec<u8>> = query.query_row([], |row| row.get(0)).optional()?;
    let origin = origin.and_then(|bytes| String::from_utf8(bytes).ok());
    origin.ok_or(LedgerError::Corrupt { position: 0, what: "the name of its log" })
}

/// The last row of the event table.
pub(crate) fn read_head(connection: &Connection) -> Result<Head, LedgerError> {
    let mut query =
        connection.prepare_cached("SELECT position, appended_at FROM events ORDER BY position DESC LIMIT 1")?;
    let head = query
        .query_row([], |row| Ok(Head { position: row.get::<i64>(0)?.cast_unsigned(), appended: Micros(row.get(1)?) }))
        .optional()?;
    Ok(head.unwrap_or(Head { position: 0, appended: Micros::DISTANT_PAST }))
}

/// The account behind a person key.
pub(crate) fn read_account(
    connection: &Connection,
    keys: &Keys,
    person: PersonKey,
) -> Result<Option<Account>, LedgerError> {
    let mut query = connection.prepare_cached(
        "SELECT subject, secret, account FROM subjects
         WHERE person = ?1 AND erased IS NULL AND account IS NOT NULL",
    )?;
    let found = query
        .query_row([person.to_bytes()], |row| {
            Ok((Subject(row.get(0)?), row.get::<Vec<u8>>(1)?, row.get::<Vec<u8>>(2)?))
        })
        .optional()?;
    let Some((subject, wrapped, sealed)) = found else { return Ok(None) };
    let live = open_live(keys, subject, &wrapped, true)?;
    open_account(&live.secret, &sealed).map(Some)
}

/// Opens a sealed account name.
pub(crate) fn open_account(secret: &SubjectSecret, sealed: &[u8]) -> Result<Account, LedgerError> {
    let plain = open_side(secret, b"account", sealed).ok();
    plain
        .and_then(|plain| postcard::from_bytes(&plain).ok())
        .ok_or(LedgerError::Corrupt { position: 0, what: "an account" })
}
