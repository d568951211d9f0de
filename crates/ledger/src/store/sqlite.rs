//! SQLite: what is asserted before anything is read, triggers, and how values go in and come out.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};

use crate::durable;
use crate::error::{LedgerError, file_error};
use crate::schema::{APPEND_ONLY, FORMAT, TABLES};
use crate::store::{StoreError, Value};

/// `MNDT`, in the header of the file.
const APPLICATION_ID: i64 = 0x4d4e_4454;

/// Earlier versions can lose committed rows in WAL mode (the WAL-reset race).
const SQLITE_NEEDED: i32 = 3_051_003;

/// How long a second writer waits for the first.
const BUSY: Duration = Duration::from_secs(60);

/// Pages of cache, in KiB: indexes over random keys must stay in memory while a batch goes in.
const CACHE_KIB: i64 = 262_144;

/// Pages in the write-ahead log before they go into the file: a batch touches pages of its indexes many times.
const CHECKPOINT_PAGES: i64 = 8_192;

const IN_ORDER: &str = "
CREATE TRIGGER events_in_order BEFORE INSERT ON events
WHEN NEW.position <> (SELECT coalesce(max(position), 0) + 1 FROM events)
    OR EXISTS (SELECT 1 FROM events WHERE tag = NEW.tag AND part = NEW.part)
BEGIN SELECT RAISE(ABORT, 'events are numbered without gaps and kept once'); END;
CREATE TRIGGER log_in_order BEFORE INSERT ON log
WHEN NEW.place <> (SELECT coalesce(max(place), -1) + 1 FROM log)
BEGIN SELECT RAISE(ABORT, 'entries are numbered without gaps and kept once'); END;
CREATE TRIGGER log_heads_in_order BEFORE INSERT ON log_heads
WHEN NEW.size <> (SELECT coalesce(max(place), -1) + 1 FROM log)
BEGIN SELECT RAISE(ABORT, 'a head covers every entry'); END;
";

/// Makes a ledger in a file that is not there, or that a killed create left empty.
pub(super) fn create(path: &Path, meta: &[(&str, Vec<u8>)]) -> Result<Connection, LedgerError> {
    let fresh = private_file(path)?;
    let mut connection = connect(path)?;
    if !fresh && !is_empty(&connection).unwrap_or(false) {
        return Err(LedgerError::Exists(path.into()));
    }
    harden(&connection)?;
    create_tables(&mut connection, meta)?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    durable::sync_dir(folder).map_err(|source| file_error("make durable", path, source))?;
    Ok(connection)
}

/// Opens a ledger; everything it rests on is asserted first.
pub(super) fn open(path: &Path) -> Result<Connection, LedgerError> {
    if !path.exists() {
        return Err(LedgerError::NotFound(path.into()));
    }
    let connection = connect(path)?;
    check(&connection, path)?;
    harden(&connection)?;
    Ok(connection)
}

/// Empties the write-ahead log; `false` if a reader stands in the way.
pub(super) fn scrub(connection: &Connection) -> Result<bool, StoreError> {
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}

/// Makes the file for its owner alone before SQLite sees it; `false` if there was one.
fn private_file(path: &Path) -> Result<bool, LedgerError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(file_error("create", path, e)),
    }
}

/// A connection to a file.
fn connect(path: &Path) -> Result<Connection, LedgerError> {
    if rusqlite::version_number() < SQLITE_NEEDED {
        return Err(LedgerError::SqliteTooOld { found: rusqlite::version().into() });
    }
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // Or statements would be compiled again whenever a parameter changes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Sets and checks what a connection needs; SQLite forgets these at close.
fn harden(connection: &Connection) -> Result<(), LedgerError> {
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
fn create_tables(connection: &mut Connection, meta: &[(&str, Vec<u8>)]) -> Result<(), LedgerError> {
    wal(connection)?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLES)?;
    transaction.execute_batch(IN_ORDER)?;
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
fn is_empty(connection: &Connection) -> Result<bool, LedgerError> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0 && number(connection, "application_id")? == 0)
}

/// Checks that a file is a ledger of this format.
fn check(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let foreign = || LedgerError::NotALedger(path.into());
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

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
            Value::Blobs(_) => {
                return Err(rusqlite::Error::ToSqlConversionFailure("SQLite takes one value at a time".into()));
            }
        }))
    }
}

/// A column as SQLite gives it.
pub(super) fn value(value: ValueRef<'_>, column: usize) -> Result<Value<'_>, StoreError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => {
            Value::Text(std::str::from_utf8(text).map_err(|_| StoreError::Column { column, wanted: "text" })?)
        }
        ValueRef::Blob(bytes) => Value::Blob(bytes),
        ValueRef::Real(_) => return Err(StoreError::Column { column, wanted: "a whole number, text or bytes" }),
    })
}
