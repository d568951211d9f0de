//! A copy of the file that is put back.

use std::fs;
use std::path::PathBuf;

use mandat_ledger::{Ledger, LogError, Publisher};

use super::home::{Home, at, keys, objects};

fn path(home: &Home) -> PathBuf {
    home.folder.path().join("ledger.sqlite")
}

fn act(home: &mut Home, n: i64) {
    let _ = home.ledger.append(&[objects(&format!("p{n}"), at(n))], at(n)).unwrap();
}

#[test]
fn an_older_copy_of_the_ledger_signs_nothing() {
    let Some(mut home) = Home::new() else { return };
    (0..5).for_each(|n| act(&mut home, n));
    assert!(home.ledger.scrub().unwrap());
    let backup = fs::read(path(&home)).unwrap();
    (5..9).for_each(|n| act(&mut home, n));
    let published = home.publish(at(9));
    let path = path(&home);
    drop(std::mem::replace(&mut home.ledger, Home::new().unwrap().ledger));
    for name in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
        let _ = fs::remove_file(home.folder.path().join(name));
    }
    fs::write(&path, backup).unwrap();
    home.ledger = Ledger::open(&path, keys()).unwrap();
    let publisher = home.publisher();
    let refused = |home: &mut Home, publisher: &Publisher| home.ledger.publish(publisher, at(20)).unwrap_err();
    assert!(matches!(refused(&mut home, &publisher), LogError::Behind { published: 9, held: 5 }));
    assert!(home.ledger.continues(&publisher).is_err());
    // Whoever goes on all the same reaches the size, but not the root.
    for n in 100..104 {
        act(&mut home, n);
    }
    assert!(matches!(refused(&mut home, &publisher), LogError::Forked { size: 9 }));
    act(&mut home, 200);
    assert!(matches!(refused(&mut home, &publisher), LogError::Forked { size: 9 }));
    assert_eq!(publisher.files().checkpoint().unwrap(), Some(published.note));
}
