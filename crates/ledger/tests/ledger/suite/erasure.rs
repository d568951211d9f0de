//! Erasure: what is gone is gone from the disk, and what has to stay stays.

use mandat_core::event::EventKind;
use mandat_core::history::What;
use mandat_ledger::{Entry, SnapshotOptions};

use super::home::{Home, at, consents, contains, event, objects, person, scrubbed, sighting};

/// Files from the first row on.
fn files() -> SnapshotOptions {
    SnapshotOptions { memory_rows: 0, ..SnapshotOptions::default() }
}

fn is_erased(home: &Home, account: &str) -> bool {
    let history = home.ledger.history(person(account)).unwrap().unwrap();
    history.acts().iter().any(|act| act.what == What::Erase(Vec::new()))
}

#[test]
fn nothing_personal_stands_in_the_open() {
    let Some(mut home) = Home::with(&["account-of-anna"]) else { return };
    let seen = sighting("account-of-anna", Some("handle-of-anna"));
    let _ = home.ledger.observe_accounts(&mut [seen].into_iter(), at(1)).unwrap();
    let mut line = consents("account-of-anna", at(2));
    line.records = Some(vec!["record-of-anna".into()]);
    line.id = Some("event-of-anna".into());
    let _ = home.ledger.append(&[line, objects("@other-handle", at(3))], at(10)).unwrap();
    let snapshot = home.ledger.snapshot_with(None, &files()).unwrap();
    assert!(snapshot.compiled_position().is_some());
    for needle in ["account-of-anna", "handle-of-anna", "record-of-anna", "event-of-anna", "other-handle"] {
        assert!(!contains(&home.bytes(), needle.as_bytes()), "{needle}");
        assert!(!format!("{:?} {snapshot:?}", home.ledger).contains(needle), "{needle}");
    }
    assert!(contains(&home.bytes(), b"n1"), "the search finds what is in the open");
}

#[test]
fn the_secret_leaves_the_disk_and_the_rows_become_unreadable() {
    let Some(mut home) = Home::with(&["anna", "bert"]) else { return };
    let seen = [sighting("anna", Some("anna_handle"))];
    let _ = home.ledger.observe_accounts(&mut seen.into_iter(), at(1)).unwrap();
    let _ = home.ledger.append(&[consents("anna", at(2)), consents("bert", at(3))], at(10)).unwrap();
    let _ = home.ledger.snapshot_with(None, &files()).unwrap();
    let history = home.ledger.history(person("anna")).unwrap().unwrap();
    let secret = home.column("anna", "secret");
    assert!(contains(&home.bytes(), &secret));
    let report = home.ledger.erase(person("anna"), at(20)).unwrap();
    assert!(report.position.is_some() && scrubbed(&home.ledger, &report));
    let snapshot = home.ledger.snapshot_with(None, &files()).unwrap();
    let bytes = home.bytes();
    assert!(!contains(&bytes, &secret), "the wrapped secret");
    assert!(contains(&bytes, &person("anna").to_bytes()), "the suppression key");
    let rows = home.ledger.events_of(person("anna")).unwrap();
    assert_eq!(
        rows.iter().map(|r| &r.entry).collect::<Vec<_>>(),
        [&Entry::Destroyed, &Entry::Destroyed, &Entry::Erased]
    );
    assert!(is_erased(&home, "anna") && !is_erased(&home, "bert"));
    assert_ne!(snapshot.history(person("anna")).unwrap(), Some(history));
    assert_eq!(home.ledger.account_of(person("anna")).unwrap(), None);
    assert_eq!(home.ledger.holders_of("x", "anna_handle").unwrap(), []);
    assert!(home.ledger.verify_snapshot(&snapshot).unwrap().is_good());
}

#[test]
fn compiled_files_forget_an_erased_person() {
    let Some(mut home) = Home::with(&["anna", "bert"]) else { return };
    let _ = home.ledger.append(&[consents("anna", at(2)), consents("bert", at(3))], at(10)).unwrap();
    let before = home.ledger.snapshot_with(None, &files()).unwrap();
    // Times are part of every act; anna's stands in the file as postcard writes it.
    let mark = postcard_time(at(2).0);
    assert!(contains(&home.bytes(), &mark));
    let _ = home.ledger.erase(person("anna"), at(20)).unwrap();
    let after = home.ledger.snapshot_with(None, &files()).unwrap();
    assert!(after.compiled_position() > before.compiled_position());
    let bytes = std::fs::read_dir(home.folder.path().join("ledger.snapshot")).unwrap();
    let bytes: Vec<u8> = bytes.flat_map(|e| std::fs::read(e.unwrap().path()).unwrap()).collect();
    assert!(!contains(&bytes, &mark));
    assert!(contains(&bytes, &postcard_time(at(3).0)));
}

fn postcard_time(micros: i64) -> Vec<u8> {
    let mut zigzag = (micros << 1 ^ micros >> 63).cast_unsigned();
    let mut out = Vec::new();
    while zigzag >= 128 {
        out.push(u8::try_from(zigzag & 127).unwrap() | 128);
        zigzag >>= 7;
    }
    out.push(u8::try_from(zigzag).unwrap());
    out
}

#[test]
fn an_erased_person_is_erased_at_every_position() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let _ = home.ledger.append(&[consents("anna", at(2))], at(10)).unwrap();
    let early = home.ledger.head().unwrap().position;
    let _ = home.ledger.snapshot_with(None, &files()).unwrap();
    let report = home.ledger.erase(person("anna"), at(20)).unwrap();
    for position in [1, early, report.position.unwrap()] {
        for options in [SnapshotOptions::default(), files()] {
            let snapshot = home.ledger.snapshot_with(Some(position), &options).unwrap();
            let history = snapshot.history(person("anna")).unwrap().unwrap();
            assert!(history.acts().iter().any(|a| a.what == What::Erase(Vec::new())), "position {position}");
        }
    }
}

#[test]
fn an_erased_person_does_not_come_back_by_an_import_but_can_by_an_act() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let _ = home.ledger.erase(person("anna"), at(10)).unwrap();
    let seen = home.ledger.observe_accounts(&mut [sighting("anna", Some("anna"))].into_iter(), at(11)).unwrap();
    assert_eq!((seen.suppressed, seen.new_accounts), (1, 0));
    let people = [mandat_core::person::PersonLine::new("anna")];
    assert_eq!(home.ledger.import_people(&mut people.into_iter(), None, at(12)).unwrap().suppressed, 1);
    let import = home.ledger.import_choices(&mut std::iter::once(consents("anna", at(1))), at(13)).unwrap();
    assert_eq!(import.report.accepted, 0);
    let direct = home.ledger.append(&[consents("anna", at(14)), objects("anna", at(15))], at(20)).unwrap();
    assert_eq!(direct.accepted, 2);
    let history = home.ledger.history(person("anna")).unwrap().unwrap();
    assert_eq!(history.acts().len(), 3, "the erasure, then what she did since");
    let again = home.ledger.erase(person("anna"), at(30)).unwrap();
    assert!(again.position.is_some());
    assert_eq!(home.ledger.erase(person("anna"), at(40)).unwrap().position, None);
    assert!(is_erased(&home, "anna"));
}

#[test]
fn what_an_erased_account_denied_goes_on_to_bind_the_accounts_it_was_linked_with() {
    let Some(mut home) = Home::with(&["anna", "anna2"]) else { return };
    let mut link = event(EventKind::Link, "", at(1));
    (link.account, link.accounts) = (None, Some(vec!["anna".into(), "anna2".into()]));
    let _ = home.ledger.append(&[link, objects("anna", at(2))], at(10)).unwrap();
    let objections = |home: &Home| {
        let history = home.ledger.history(person("anna2")).unwrap().unwrap();
        history.acts().iter().filter(|a| matches!(a.what, What::Object(..))).count()
    };
    assert_eq!(objections(&home), 1);
    let report = home.ledger.erase(person("anna"), at(20)).unwrap();
    assert_eq!((report.carried, objections(&home)), (1, 1));
}

#[test]
fn secrets_of_many_come_in_the_order_asked_for() {
    let Some(mut home) = Home::with(&["anna", "bert", "carl"]) else { return };
    let _ = home.ledger.erase(person("bert"), at(20)).unwrap();
    let asked = ["carl", "bert", "nobody", "anna", "carl"].map(person);
    let secrets = home.ledger.secrets_of(&asked).unwrap();
    assert_eq!(secrets.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false, true, true]);
    assert!(secrets[0] == secrets[4] && secrets[0] != secrets[3]);
}
