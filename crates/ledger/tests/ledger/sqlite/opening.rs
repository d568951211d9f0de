//! What is asserted before a ledger is used.

use std::fs;
use std::path::PathBuf;

use mandat_ledger::{Keys, Ledger, LedgerError};
use rusqlite::Connection;

use super::home::{Home, at, keys, objects};

fn path(home: &Home) -> PathBuf {
    home.folder.path().join("ledger.sqlite")
}

#[test]
fn a_wrong_key_is_refused_and_named() {
    let Some(home) = Home::new() else { return };
    for (wrong, which) in
        [(Keys::new(&[9; 32], &[8; 32]), "person-key secret"), (Keys::new(&[7; 32], &[9; 32]), "wrapping secret")]
    {
        match Ledger::open(&path(&home), wrong) {
            Err(LedgerError::WrongKey { which: named }) => assert_eq!(named, which),
            other => panic!("{other:?}"),
        }
    }
    assert!(Ledger::open(&path(&home), keys()).is_ok());
}

#[test]
fn what_is_not_a_ledger_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    assert!(matches!(Ledger::open(&path, keys()), Err(LedgerError::NotFound(_))));
    fs::write(&path, b"not a database, not even a short one; long enough for a header of a hundred bytes, and more")
        .unwrap();
    assert!(matches!(Ledger::open(&path, keys()), Err(LedgerError::NotALedger(_))));
    assert!(matches!(Ledger::create(&path, keys()), Err(LedgerError::Exists(_))));
    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE events(position)").unwrap();
    assert!(matches!(Ledger::open(&path, keys()), Err(LedgerError::NotALedger(_))));
}

#[test]
fn an_existing_ledger_is_never_made_anew_and_a_killed_create_can_be_done_again() {
    let Some(home) = Home::new() else { return };
    assert!(matches!(Ledger::create(&path(&home), keys()), Err(LedgerError::Exists(_))));
    let empty = home.folder.path().join("other.sqlite");
    fs::write(&empty, b"").unwrap();
    assert!(Ledger::create(&empty, keys()).is_ok());
}

#[test]
fn another_format_is_refused() {
    let Some(home) = Home::new() else { return };
    // 1 is the format before there was a log.
    for other in [1, 3] {
        Connection::open(path(&home)).unwrap().pragma_update(None, "user_version", other).unwrap();
        let refused = Ledger::open(&path(&home), keys()).unwrap_err();
        assert!(matches!(refused, LedgerError::Format { found, known: 2 } if found == other));
        assert!(refused.to_string().contains("make a new home"));
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let Some(mut home) = Home::new() else { return };
    let _ = home.ledger.append(&[objects("anna", at(1))], at(1)).unwrap();
    for name in ["ledger.sqlite", "ledger.sqlite-wal"] {
        let mode = fs::metadata(home.folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn rows_are_only_ever_added() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let _ = home.ledger.append(&[objects("anna", at(1))], at(1)).unwrap();
    let raw = Connection::open(path(&home)).unwrap();
    raw.pragma_update(None, "recursive_triggers", "ON").unwrap();
    for sql in [
        "UPDATE events SET kind = 1",
        "DELETE FROM events",
        "DELETE FROM notices",
        "UPDATE notices SET id = 'n2'",
        "UPDATE imports SET batch = 2",
        "DELETE FROM voids",
        "INSERT OR REPLACE INTO events SELECT * FROM events WHERE position = 1",
        "INSERT INTO events SELECT 99, zeroblob(16), part, kind, marks, appended_at, received_at, asserted_at, subject, payload FROM events WHERE position = 1",
        "INSERT INTO events SELECT position + (SELECT max(position) FROM events), tag, part, kind, marks, appended_at, received_at, asserted_at, subject, payload FROM events WHERE position = 1",
        "INSERT OR REPLACE INTO events SELECT position + (SELECT max(position) FROM events), tag, part, kind, marks, appended_at, received_at, asserted_at, subject, payload FROM events WHERE position = 1",
    ] {
        let before = home.ledger.events(0..u64::MAX).unwrap();
        let done = raw.execute(sql, []);
        // Statements that match no row end well and change nothing.
        let voids_or_imports = sql.contains("voids") || sql.contains("imports");
        assert!(done.is_err() || (voids_or_imports && done.unwrap() == 0), "{sql}");
        assert_eq!(home.ledger.events(0..u64::MAX).unwrap(), before, "{sql}");
    }
}

#[test]
fn a_row_changed_behind_the_ledger_is_noticed() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let _ = home.ledger.append(&[objects("anna", at(1))], at(1)).unwrap();
    let raw = Connection::open(path(&home)).unwrap();
    raw.execute_batch("DROP TRIGGER events_no_update; UPDATE events SET received_at = received_at - 1 WHERE kind = 4")
        .unwrap();
    assert!(matches!(home.ledger.snapshot(), Err(LedgerError::Corrupt { position: 3, .. })));
}
