//! A ledger moved from one database to the other, and back.

use mandat_ledger::{Keys, Ledger, LedgerError, Place};

use super::engine;
use super::home::{Home, at, consents, keys, objects, person, sighting};

/// A ledger in a file in which everything has happened.
fn lived() -> (tempfile::TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(&folder.path().join("ledger.sqlite"), keys()).unwrap();
    let mut home = Home { folder, ledger };
    let _ = home.ledger.import_notices(&mut [super::home::notice("n1")].into_iter(), at(0)).unwrap();
    let seen = ["anna", "bert", "carl"].map(|name| sighting(name, Some("shown")));
    let _ = home.ledger.observe_accounts(&mut seen.into_iter(), at(1)).unwrap();
    let _ = home.ledger.append(&[consents("anna", at(2)), objects("@shown", at(3))], at(10)).unwrap();
    let lines: Vec<_> = (0..40).map(|n| consents(["anna", "bert", "carl"][n % 3], at(20 + n as i64))).collect();
    let _ = home.ledger.import_choices(&mut lines.into_iter(), at(100)).unwrap();
    let _ = home.ledger.void_import(1, false, at(110)).unwrap();
    let _ = home.ledger.erase(person("carl"), at(120)).unwrap();
    let _ = home.publish(at(130));
    (home.folder, home.ledger)
}

#[test]
fn a_copy_is_the_same_to_the_byte_there_and_back() {
    let (folder, mut ledger) = lived();
    let Some(place) = engine::place(folder.path()) else { return };
    let there = ledger.copy_to(&place, keys()).unwrap();
    assert_eq!(there.head, ledger.head().unwrap().position);
    let mut copy = Ledger::open_at(&place, keys()).unwrap();
    assert_eq!(copy.events(0..u64::MAX).unwrap(), ledger.events(0..u64::MAX).unwrap());
    assert_eq!((copy.counts().unwrap(), copy.origin()), (ledger.counts().unwrap(), ledger.origin()));
    let back = Place::File(folder.path().join("back.sqlite"));
    let again = copy.copy_to(&back, keys()).unwrap();
    assert_eq!((&there.digest, &there.rows, there.people), (&again.digest, &again.rows, again.people));
    // Both go on alike.
    for ledger in [&mut ledger, &mut copy] {
        let report = ledger.append(&[objects("anna", at(200)), consents("anna", at(2))], at(210)).unwrap();
        assert_eq!((report.accepted, report.duplicates), (1, 1));
    }
    assert_eq!(copy.head().unwrap(), ledger.head().unwrap());
}

#[test]
fn a_copy_goes_only_to_where_nothing_is() {
    let (folder, ledger) = lived();
    let Some(place) = engine::place(folder.path()) else { return };
    drop(Ledger::create_at(&place, keys(), None).unwrap());
    let _ = ledger.copy_to(&place, keys()).unwrap();
    assert!(matches!(ledger.copy_to(&place, keys()), Err(LedgerError::Exists(_))), "it is in use now");
    let Some(foreign) = engine::place(folder.path()) else { return };
    drop(Ledger::create_at(&foreign, Keys::new(&[1; 32], &[2; 32]), None).unwrap());
    assert!(matches!(ledger.copy_to(&foreign, keys()), Err(LedgerError::Exists(_))), "a ledger of other keys");
}
