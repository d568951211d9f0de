//! The tables in PostgreSQL's words, and what keeps them from being changed.
//!
//! Append-only twice: triggers that no setting of a session switches off, and privileges taken from everybody,
//! the owner included. A superuser can undo both; `mandat doctor` says when the ledger is written by one.

use super::{Session, value};
use crate::error::LedgerError;
use crate::place::Place;
use crate::schema::{APPEND_ONLY, FORMAT, TABLES};
use crate::store::{StoreError, Value};

/// The name of the format's number in the table `meta`.
const FORMAT_NAME: &str = "format";

/// Up to this size the tables of secrets are written anew at each erasure.
const REWRITTEN: i64 = 256 << 20;

const FUNCTIONS: &str = "
CREATE FUNCTION mandat_never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
";

/// Rows of a table are numbered from a number on, without gaps, whatever a statement adds at once.
const IN_ORDER: &str = "
CREATE FUNCTION mandat_TABLE_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE lowest bigint; highest bigint; many bigint;
BEGIN
    SELECT min(KEY), max(KEY), count(*) INTO lowest, highest, many FROM added;
    IF many > 0 AND (highest - lowest + 1 <> many
        OR lowest <> (SELECT coalesce(max(KEY), FIRST - 1) + 1 FROM TABLE WHERE KEY < lowest)) THEN
        RAISE EXCEPTION 'TABLE is numbered without gaps' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
";

/// A column names a row of another table, or none: a foreign key would need the right to change that table.
const REFERS: &str = "
CREATE FUNCTION mandat_TABLE_COLUMN() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added a WHERE a.COLUMN IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM TARGET t WHERE t.KEY = a.COLUMN)) THEN
        RAISE EXCEPTION 'TABLE names nothing that is there' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
";

/// A head of the log covers every entry.
const HEADS: &str = "
CREATE FUNCTION mandat_log_heads_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added WHERE size <> (SELECT coalesce(max(place), -1) + 1 FROM log)) THEN
        RAISE EXCEPTION 'a head covers every entry' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
";

/// Table, key and first number of what is numbered.
const NUMBERED: [(&str, &str, &str); 2] = [("events", "position", "1"), ("log", "place", "0")];

/// Table and column, and the table and key that they name.
const REFERENCES: [(&str, &str, &str, &str); 5] = [
    ("voids", "voided", "events", "position"),
    ("voids", "by", "events", "position"),
    ("notices", "position", "events", "position"),
    ("log", "first", "events", "position"),
    ("log_batches", "place", "log", "place"),
];

/// The tables in PostgreSQL's words.
fn translated() -> String {
    TABLES
        .replace(" STRICT, WITHOUT ROWID", "")
        .replace(" STRICT", "")
        .replace(" REFERENCES events(position)", "")
        .replace(" REFERENCES log(place)", "")
        .replace("BLOB", "BYTEA")
        .replace("INTEGER", "BIGINT")
}

/// Makes tables, triggers and privileges, in the transaction of the caller.
pub(super) fn create(session: &Session, meta: &[(&str, Vec<u8>)]) -> Result<(), StoreError> {
    session.batch(&translated())?;
    session.batch(FUNCTIONS)?;
    let mut after: Vec<(&str, String)> = vec![("log_heads", "mandat_log_heads_in_order".into())];
    session.batch(HEADS)?;
    for (table, key, first) in NUMBERED {
        session.batch(&IN_ORDER.replace("TABLE", table).replace("KEY", key).replace("FIRST", first))?;
        after.push((table, format!("mandat_{table}_in_order")));
    }
    for (table, column, target, key) in REFERENCES {
        let sql = REFERS.replace("TABLE", table).replace("COLUMN", column);
        session.batch(&sql.replace("TARGET", target).replace("KEY", key))?;
        after.push((table, format!("mandat_{table}_{column}")));
    }
    for (table, name) in after {
        session.batch(&format!(
            "CREATE TRIGGER {name} AFTER INSERT ON {table} REFERENCING NEW TABLE AS added
             FOR EACH STATEMENT EXECUTE FUNCTION {name}();
             ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};"
        ))?;
    }
    for table in APPEND_ONLY {
        session.batch(&format!(
            "CREATE TRIGGER mandat_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
             FOR EACH STATEMENT EXECUTE FUNCTION mandat_never();
             ALTER TABLE {table} ENABLE ALWAYS TRIGGER mandat_append_only;
             REVOKE ALL ON {table} FROM PUBLIC;
             REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM CURRENT_USER;"
        ))?;
    }
    session.batch(
        "REVOKE ALL ON meta, subjects, handles FROM PUBLIC; REVOKE DELETE, TRUNCATE ON subjects FROM CURRENT_USER;",
    )?;
    let query = session.prepare("INSERT INTO meta(name, value) VALUES (?1, ?2)")?;
    for (name, value) in meta {
        query.execute(&[Value::Text(name), Value::Blob(value)])?;
    }
    query.execute(&[Value::Text(FORMAT_NAME), Value::Blob(&FORMAT.to_be_bytes())])?;
    Ok(())
}

/// How many tables the schema holds.
pub(super) fn tables(session: &Session) -> Result<i64, StoreError> {
    number(
        session,
        "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm')",
    )
}

/// Checks that a schema is a ledger of this format, with its triggers in place.
pub(super) fn check(session: &Session, place: &Place) -> Result<(), LedgerError> {
    let meta = number(
        session,
        "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname = 'meta'",
    )?;
    if meta == 0 {
        return Err(LedgerError::NotALedger(place.clone()));
    }
    let query = session.prepare("SELECT value FROM meta WHERE name = ?1")?;
    let found = {
        let mut rows = query.query(&[Value::Text(FORMAT_NAME)]).map_err(|_| LedgerError::NotALedger(place.clone()))?;
        let row = rows.next()?.ok_or_else(|| LedgerError::NotALedger(place.clone()))?;
        let bytes = value::value(row, 0)?.as_blob()?.try_into().map_err(|_| LedgerError::NotALedger(place.clone()))?;
        i64::from_be_bytes(bytes)
    };
    if found != FORMAT {
        return Err(LedgerError::Format { found, known: FORMAT });
    }
    let armed = number(
        session,
        "SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = current_schema()::regnamespace AND t.tgname LIKE 'mandat%' AND t.tgenabled = 'A'",
    )?;
    let expected = 1 + NUMBERED.len() + REFERENCES.len() + APPEND_ONLY.len();
    if usize::try_from(armed) == Ok(expected) {
        Ok(())
    } else {
        Err(LedgerError::Setting { setting: "triggers of the ledger" })
    }
}

/// Writes the tables that held secrets anew, so that no older image of a row is left in them; `false` if they are
/// too large for that or somebody still reads an older state: then it is left to the server's own VACUUM.
pub(in crate::store) fn scrub(session: &Session, patiently: bool) -> Result<bool, StoreError> {
    let others = number(
        session,
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL",
    )?;
    let size =
        number(session, "SELECT (pg_total_relation_size('subjects') + pg_total_relation_size('handles'))::int8")?;
    if others > 0 || (size > REWRITTEN && !patiently) {
        session.batch("VACUUM subjects")?;
        session.batch("VACUUM handles")?;
        return Ok(false);
    }
    let files = "SELECT (pg_relation_filenode('subjects')::int8 << 32) + pg_relation_filenode('handles')::int8";
    let before = number(session, files)?;
    session.batch("SET lock_timeout = '5s'")?;
    let done = session.batch("VACUUM (FULL) subjects").and_then(|()| session.batch("VACUUM (FULL) handles"));
    session.batch("SET lock_timeout = '60s'")?;
    match done {
        // Whoever may not rewrite a table gets a warning, no error.
        Ok(()) => Ok(number(session, files)? != before),
        Err(StoreError::Postgres { code, .. }) if code == "55P03" => Ok(false),
        Err(error) => Err(error),
    }
}

fn number(session: &Session, sql: &str) -> Result<i64, StoreError> {
    let query = session.prepare(sql)?;
    let mut rows = query.query(&[])?;
    let row = rows.next()?.ok_or(StoreError::NoRows)?;
    value::value(row, 0)?.as_i64()
}
