//! As many events as a small platform has.

use mandat_ledger::SnapshotOptions;

use super::home::{Home, at, consents, objects, person, sighting};

#[test]
fn two_hundred_thousand_events_go_in_and_come_out() {
    let Some(mut home) = Home::with(&[]) else { return };
    let accounts = 10_000;
    let seen = (0..accounts).map(|n| sighting(&n.to_string(), None));
    assert_eq!(home.ledger.observe_accounts(&mut { seen }, at(1)).unwrap().new_accounts, accounts);
    let lines: Vec<_> = (0..200_000_u64)
        .map(|n| {
            let account = (n * 7919 % accounts).to_string();
            let when = at(n.cast_signed() - 300_000);
            if n % 3 == 0 { objects(&account, when) } else { consents(&account, when) }
        })
        .collect();
    assert_eq!(home.ledger.append(&lines, at(2)).unwrap().accepted, 200_000);
    assert_eq!(home.ledger.append(&lines[..1000], at(3)).unwrap().duplicates, 1000);
    let snapshot = home
        .ledger
        .snapshot_with(None, &SnapshotOptions { rows_per_bucket: 50_000, threads: 3, ..Default::default() })
        .unwrap();
    assert_eq!((snapshot.position(), snapshot.resident_people()), (200_001, 0));
    let (mut people, mut acts) = (0, 0);
    snapshot.bucket(0, 0, &mut |_, history| (people, acts) = (people + 1, acts + history.acts().len())).unwrap();
    assert_eq!((people, acts), (accounts, 200_000));
    // What several threads folded in one pass is what one folds alone.
    for n in (0..accounts).step_by(211) {
        let key = person(&n.to_string());
        assert_eq!(snapshot.history(key).unwrap(), home.ledger.history(key).unwrap());
    }
}
