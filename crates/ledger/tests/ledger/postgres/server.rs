//! What only a server can have: lost connections, other users, other settings, URLs.

use std::thread;

use mandat_ledger::{Keys, Ledger, LedgerError, Place, PostgresUrl, SnapshotOptions};

use super::engine::{fresh, psql, server};
use super::home::{Home, at, consents, keys, objects, person, scrubbed, sighting};

fn at_url(url: &str) -> Place {
    Place::Postgres { url: PostgresUrl::parse(url).unwrap(), files: "unused".into() }
}

/// The sessions of this process that hold or wait for the lock of writers.
const WRITERS: &str = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 1296974932
    AND objid = current_schema()::regnamespace::oid AND granted";

#[test]
fn a_wrong_key_is_refused_and_named() {
    let Some(home) = Home::new() else { return };
    for (wrong, which) in
        [(Keys::new(&[9; 32], &[8; 32]), "person-key secret"), (Keys::new(&[7; 32], &[9; 32]), "wrapping secret")]
    {
        let refused = Ledger::open_at(&home.place(), wrong);
        assert!(matches!(refused, Err(LedgerError::WrongKey { which: named }) if named == which));
    }
}

#[test]
fn what_is_not_a_ledger_is_refused_and_left_alone() {
    let Some(url) = fresh() else { return };
    let place = at_url(&url);
    assert!(matches!(Ledger::open_at(&place, keys()), Err(LedgerError::NotFound(_))));
    let schema = PostgresUrl::parse(&url).unwrap().schema().to_owned();
    psql(&place, &format!("CREATE SCHEMA {schema}")).unwrap();
    assert!(matches!(Ledger::open_at(&place, keys()), Err(LedgerError::NotFound(_))), "an empty schema");
    psql(&place, &format!("CREATE TABLE {schema}.events(position bigint)")).unwrap();
    assert!(matches!(Ledger::open_at(&place, keys()), Err(LedgerError::NotALedger(_))));
    assert!(matches!(Ledger::create_at(&place, keys(), None), Err(LedgerError::Exists(_))));
    psql(&place, "DROP TABLE events").unwrap();
    assert!(Ledger::create_at(&place, keys(), None).is_ok(), "a schema that a killed create left empty");
    assert!(matches!(Ledger::create_at(&place, keys(), None), Err(LedgerError::Exists(_))));
}

#[test]
fn another_format_is_refused() {
    let Some(home) = Home::new() else { return };
    psql(&home.place(), "UPDATE meta SET value = '\\x0000000000000001' WHERE name = 'format'").unwrap();
    assert!(matches!(Ledger::open_at(&home.place(), keys()), Err(LedgerError::Format { found: 1, .. })));
}

#[test]
fn rows_are_only_ever_added_whoever_tries() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let _ = home.ledger.append(&[objects("anna", at(1))], at(1)).unwrap();
    let before = home.ledger.events(0..u64::MAX).unwrap();
    let row = "tag, part, kind, marks, appended_at, received_at, asserted_at, subject, payload, number";
    for sql in [
        "UPDATE events SET kind = 1",
        "DELETE FROM events",
        "TRUNCATE events CASCADE",
        "DELETE FROM notices",
        "UPDATE imports SET batch = 2",
        "TRUNCATE log_heads",
        "SET session_replication_role = replica; DELETE FROM events",
        &format!("INSERT INTO events SELECT 99, {row} FROM events WHERE position = 1"),
        &format!("INSERT INTO events SELECT position + 3, {row} FROM events"),
        "INSERT INTO voids VALUES (99, 1)",
        "INSERT INTO log_heads SELECT size + 1, root, frontier FROM log_heads",
    ] {
        assert!(psql(&home.place(), sql).is_err(), "{sql}");
        assert_eq!(home.ledger.events(0..u64::MAX).unwrap(), before, "{sql}");
    }
}

#[test]
fn the_owner_of_the_tables_has_no_right_to_change_what_was_added() {
    let Some(url) = fresh() else { return };
    let place = at_url(&url);
    let schema = PostgresUrl::parse(&url).unwrap().schema().to_owned();
    let role = format!("owner_{schema}");
    psql(&place, &format!("CREATE ROLE {role} LOGIN; CREATE SCHEMA {schema} AUTHORIZATION {role}")).unwrap();
    let theirs = at_url(&url.replace("user=postgres", &format!("user={role}")));
    let mut ledger = Ledger::create_at(&theirs, keys(), None).unwrap();
    let _ = ledger.append(&[objects("anna", at(1))], at(1)).unwrap();
    let erased = ledger.erase(person("anna"), at(2)).unwrap();
    assert!(scrubbed(&ledger, &erased));
    assert!(
        ledger.verify_snapshot(&ledger.snapshot_with(None, &SnapshotOptions::default()).unwrap()).unwrap().is_good()
    );
    let drop_triggers = "ALTER TABLE events DISABLE TRIGGER USER";
    for sql in ["UPDATE events SET kind = 1", "DELETE FROM events", "TRUNCATE log", "DELETE FROM subjects"] {
        psql(&place, drop_triggers).unwrap();
        let said = psql(&place, &format!("SET ROLE {role}; {sql}")).unwrap_err();
        assert!(said.contains("permission denied"), "{sql}: {said}");
    }
    let refused = Ledger::open_at(&theirs, keys());
    assert!(matches!(refused, Err(LedgerError::Setting { .. })), "a ledger without its triggers: {refused:?}");
}

#[test]
fn a_row_changed_behind_the_ledger_is_noticed() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let _ = home.ledger.append(&[objects("anna", at(1))], at(1)).unwrap();
    let sql = "ALTER TABLE events DISABLE TRIGGER USER; UPDATE events SET received_at = received_at - 1 WHERE kind = 4";
    psql(&home.place(), sql).unwrap();
    assert!(matches!(home.ledger.snapshot(), Err(LedgerError::Corrupt { position: 3, .. })));
}

#[test]
fn a_server_that_may_lose_commits_is_refused() {
    let Some(url) = fresh() else { return };
    let place = at_url(&url);
    let schema = PostgresUrl::parse(&url).unwrap().schema().to_owned();
    let role = format!("hasty_{schema}");
    // What a role or a URL sets is set right again; a standby and a foreign encoding are beyond that.
    psql(&place, &format!("CREATE ROLE {role} SUPERUSER LOGIN; ALTER ROLE {role} SET synchronous_commit = off"))
        .unwrap();
    let theirs = at_url(&url.replace("user=postgres", &format!("user={role}")));
    let mut ledger = Ledger::create_at(&theirs, keys(), None).unwrap();
    assert_eq!(ledger.append(&[objects("anna", at(1))], at(1)).unwrap().accepted, 1);
    let base = format!("latin_{schema}");
    psql(&place, &format!("CREATE DATABASE {base} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")).unwrap();
    let latin = at_url(&url.replace("///postgres?", &format!("///{base}?")));
    let refused = Ledger::create_at(&latin, keys(), None);
    assert!(matches!(refused, Err(LedgerError::Setting { setting: "server_encoding" })), "{refused:?}");
    psql(&place, &format!("DROP DATABASE {base}")).unwrap();
}

/// Ends the session that holds the lock of writers, as soon as there is one.
fn kill_the_writer(place: &Place) -> bool {
    let sql = format!("SELECT count(pg_terminate_backend(pid)) FROM ({WRITERS}) w");
    (0..500).any(|_| psql(place, &sql).unwrap() != "0")
}

#[test]
fn a_backend_killed_in_the_middle_of_a_batch_loses_it_whole() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let before = home.ledger.head().unwrap().position;
    let place = home.place();
    let lines: Vec<_> = (0..20_000).map(|n| consents(&format!("a{}", n % 100), at(n))).collect();
    let (killed, lost) = thread::scope(|scope| {
        let killer = scope.spawn(|| kill_the_writer(&place));
        let lost = home.ledger.append(&lines, at(30_000));
        (killer.join().unwrap(), lost)
    });
    assert!(killed);
    assert!(matches!(lost, Err(LedgerError::Database(_) | LedgerError::Unknown)), "{lost:?}");
    assert!(home.ledger.head().is_err(), "a lost connection stays lost");
    let mut again = home.ledger.reopen().unwrap();
    assert_eq!(again.head().unwrap().position, before, "nothing of it is there");
    assert_eq!(again.append(&lines, at(30_000)).unwrap().accepted, 20_000);
    assert!(again.verify_snapshot(&again.snapshot().unwrap()).unwrap().is_good());
}

#[test]
fn whoever_loses_the_lock_is_told_so() {
    let Some(home) = Home::with(&["anna"]) else { return };
    let head = home.ledger.head().unwrap().position;
    let place = home.place();
    let held = home.ledger.hold(head, |_| {
        assert!(kill_the_writer(&place));
        // Another writes as soon as the lock is free: it was given back with the session that held it.
        home.ledger.reopen().unwrap().append(&[objects("anna", at(1))], at(2)).unwrap().accepted
    });
    assert!(held.is_err(), "{held:?}");
}

#[test]
fn a_second_writer_waits_for_the_first_and_a_dead_one_holds_nothing() {
    let Some(home) = Home::with(&["anna"]) else { return };
    let head = home.ledger.head().unwrap().position;
    let mut other = home.ledger.reopen().unwrap();
    let place = home.place();
    thread::scope(|scope| {
        let mut writer = None;
        let done = home.ledger.hold(head, |_| {
            writer = Some(scope.spawn(|| other.append(&[objects("anna", at(1))], at(2)).unwrap().accepted));
            let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                AND objid = current_schema()::regnamespace::oid";
            while psql(&place, waiting).unwrap() != "1" {}
            home.ledger.reopen().unwrap().head().unwrap().position
        });
        assert_eq!(done.unwrap(), Some(head), "nothing comes in between");
        assert_eq!(writer.unwrap().join().unwrap(), 1);
    });
    assert_eq!(home.ledger.head().unwrap().position, head + 1);
}

#[test]
fn two_ledgers_in_one_database_know_nothing_of_each_other() {
    let (Some(mut one), Some(mut two)) = (Home::with(&["anna"]), Home::with(&["bert"])) else { return };
    let seen = |account| [sighting(account, Some("shared"))].into_iter();
    let _ = one.ledger.observe_accounts(&mut seen("anna"), at(1)).unwrap();
    let _ = two.ledger.observe_accounts(&mut seen("bert"), at(1)).unwrap();
    assert_eq!(one.ledger.holders_of("x", "shared").unwrap(), [person("anna")]);
    assert_eq!(two.ledger.holders_of("x", "shared").unwrap(), [person("bert")]);
}

#[test]
fn no_password_and_no_row_stands_in_an_error() {
    let Some(url) = server() else { return };
    let secret = "S3cretWord";
    let urls = [
        format!("postgresql://postgres:{secret}@127.0.0.1:1/postgres"),
        format!("postgresql://postgres:{secret}@db.example.org/postgres"),
        format!("postgresql://postgres:{secret}@db.example.org/postgres?sslmode=require"),
        format!("{url}&password={secret}&nonsense={secret}"),
        format!("{}&password={secret}", url.replace("user=postgres", "user=nobody_of_that_name")),
    ];
    for url in urls {
        let refused = Ledger::open_at(&at_url(&url), keys()).unwrap_err();
        let source = std::error::Error::source(&refused).map(ToString::to_string).unwrap_or_default();
        assert!(!format!("{refused} {refused:?} {source}").contains(secret), "{refused}");
        assert!(matches!(refused, LedgerError::Url { .. } | LedgerError::Reach { .. }), "{refused:?}");
    }
}
