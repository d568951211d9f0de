//! The database file: tables, triggers, and what is asserted before anything is read.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::LedgerError;

/// `MNDT`, in the header of the file.
const APPLICATION_ID: i64 = 0x4d4e_4454;

/// Version of everything below; stored as `user_version`.
const FORMAT: i64 = 1;

/// Earlier versions can lose committed rows in WAL mode (the WAL-reset race).
const SQLITE_NEEDED: i32 = 3_051_003;

/// How long a second writer waits for the first.
const BUSY: Duration = Duration::from_secs(60);

/// Pages of cache, in KiB: indexes over random keys must stay in memory while a batch goes in.
const CACHE_KIB: i64 = 262_144;

/// Pages in the write-ahead log before they go into the file: a batch touches pages of its indexes many times.
const CHECKPOINT_PAGES: i64 = 8_192;

const TABLES: &str = "
CREATE TABLE meta(
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events(
    position INTEGER PRIMARY KEY,
    tag BLOB NOT NULL CHECK (length(tag) = 16),
    part INTEGER NOT NULL CHECK (part >= 0),
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 255),
    marks INTEGER NOT NULL,
    appended_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL CHECK (received_at <= appended_at),
    asserted_at INTEGER NOT NULL,
    subject BLOB CHECK (subject IS NULL OR length(subject) = 16),
    payload BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_by_tag ON events(tag, part);
CREATE INDEX events_by_subject ON events(subject, position) WHERE subject IS NOT NULL;
CREATE INDEX events_shared ON events(position) WHERE subject IS NULL;

CREATE TABLE voids(
    voided INTEGER PRIMARY KEY REFERENCES events(position),
    by INTEGER NOT NULL REFERENCES events(position)
) STRICT;
CREATE INDEX voids_by ON voids(by);

CREATE TABLE notices(
    id TEXT PRIMARY KEY,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    position INTEGER NOT NULL REFERENCES events(position)
) STRICT, WITHOUT ROWID;

CREATE TABLE imports(
    batch INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL CHECK (last >= first),
    PRIMARY KEY (batch, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE subjects(
    subject BLOB PRIMARY KEY CHECK (length(subject) = 16),
    person BLOB NOT NULL CHECK (length(person) = 16),
    seen INTEGER NOT NULL CHECK (seen IN (0, 1)),
    secret BLOB,
    account BLOB,
    facts BLOB,
    link BLOB,
    erased INTEGER CHECK ((erased IS NULL) = (secret IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX subjects_by_person ON subjects(person);
CREATE INDEX subjects_by_link ON subjects(link) WHERE link IS NOT NULL;
CREATE INDEX subjects_unseen ON subjects(seen) WHERE seen = 0;
CREATE INDEX subjects_erased ON subjects(erased) WHERE erased IS NOT NULL;

CREATE TABLE handles(
    handle BLOB NOT NULL CHECK (length(handle) = 16),
    subject BLOB NOT NULL REFERENCES subjects(subject),
    since INTEGER,
    until INTEGER,
    name BLOB NOT NULL,
    PRIMARY KEY (handle, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX handles_by_subject ON handles(subject);

CREATE TRIGGER events_in_order BEFORE INSERT ON events
WHEN NEW.position <> (SELECT coalesce(max(position), 0) + 1 FROM events)
    OR EXISTS (SELECT 1 FROM events WHERE tag = NEW.tag AND part = NEW.part)
BEGIN SELECT RAISE(ABORT, 'events are numbered without gaps and kept once'); END;
";

/// Tables that are only ever added to.
const APPEND_ONLY: [&str; 4] = ["events", "voids", "notices", "imports"];

/// A connection with every durability setting asserted; the file is made if it is not there.
pub(crate) fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, LedgerError> {
    if rusqlite::version_number() < SQLITE_NEEDED {
        return Err(LedgerError::SqliteTooOld { found: rusqlite::version().into() });
    }
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // Or statements would be compiled again whenever a parameter changes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Sets and checks what a connection needs; SQLite forgets these at close.
pub(crate) fn harden(connection: &Connection) -> Result<(), LedgerError> {
    let settings: [(&'static str, &str, i64); 6] = [
        ("synchronous", "FULL", 2),
        ("secure_delete", "ON", 1),
        ("foreign_keys", "ON", 1),
        ("cell_size_check", "ON", 1),
        // Without it, INSERT OR REPLACE would delete past the triggers.
        ("recursive_triggers", "ON", 1),
        ("trusted_schema", "OFF", 0),
    ];
    for (name, value, expected) in settings {
        connection.pragma_update(None, name, value)?;
        let found: i64 = connection.pragma_query_value(None, name, |row| row.get(0))?;
        if found != expected {
            return Err(LedgerError::Setting { setting: name });
        }
    }
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    Ok(())
}

/// Makes the tables in an empty file.
pub(crate) fn create(connection: &mut Connection, meta: &[(&str, Vec<u8>)]) -> Result<(), LedgerError> {
    wal(connection)?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLES)?;
    for table in APPEND_ONLY {
        transaction.execute_batch(&format!(
            "CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
             BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
             CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
             BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;"
        ))?;
    }
    for (name, value) in meta {
        transaction.execute("INSERT INTO meta(name, value) VALUES (?1, ?2)", (name, value))?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()?;
    Ok(())
}

/// Whether a file holds nothing yet: a create that was killed may be done again.
pub(crate) fn is_empty(connection: &Connection) -> Result<bool, LedgerError> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0 && number(connection, "application_id")? == 0)
}

/// Checks that a file is a ledger of this format.
pub(crate) fn check(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let foreign = || LedgerError::NotALedger(path.to_owned());
    let found = number(connection, "application_id").map_err(|error| match error {
        LedgerError::DiskFull | LedgerError::Disk(_) => error,
        _ => foreign(),
    })?;
    if found != APPLICATION_ID {
        return Err(foreign());
    }
    match number(connection, "user_version")? {
        FORMAT => wal(connection),
        found => Err(LedgerError::Format { found, known: FORMAT }),
    }
}

fn wal(connection: &Connection) -> Result<(), LedgerError> {
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode == "wal" { Ok(()) } else { Err(LedgerError::Setting { setting: "journal_mode" }) }
}

fn number(connection: &Connection, pragma: &str) -> Result<i64, LedgerError> {
    Ok(connection.pragma_query_value(None, pragma, |row| row.get(0))?)
}
