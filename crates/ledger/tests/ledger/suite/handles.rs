//! Acts that name a handle bind every account that held it.

use mandat_core::event::EventKind;
use mandat_ledger::Sighting;

use super::home::{Home, at, consents, event, objects, person, sighting};

fn acts(home: &Home, account: &str) -> usize {
    home.ledger.history(person(account)).unwrap().map_or(0, |h| h.acts().len())
}

#[test]
fn a_denial_by_handle_binds_all_who_held_it_before_and_after() {
    let Some(mut home) = Home::with(&[]) else { return };
    let known = [sighting("17", Some("Anna")), sighting("18", Some("anna")), sighting("19", Some("bert"))];
    let _ = home.ledger.observe_accounts(&mut known.into_iter(), at(1)).unwrap();
    let report = home.ledger.append(&[objects("@anna", at(2)), consents("@anna", at(3))], at(10)).unwrap();
    assert_eq!(report.accepted, 2);
    assert_eq!(["17", "18", "19"].map(|a| acts(&home, a)), [1, 1, 0], "a consent by handle permits nobody");
    let late = home.ledger.observe_accounts(&mut [sighting("20", Some("anna"))].into_iter(), at(20)).unwrap();
    assert_eq!((late.new_accounts, late.bound), (1, 1));
    assert_eq!(acts(&home, "20"), 1);
    let again = home.ledger.observe_accounts(&mut [sighting("20", Some("anna"))].into_iter(), at(30)).unwrap();
    assert_eq!((again.new_accounts, again.bound), (0, 0));
    assert!(home.ledger.events_of(person("20")).unwrap().iter().all(|e| e.by_handle));
    assert_eq!(home.ledger.holders_of("x", "@ANNA").unwrap().len(), 3);
    assert!(home.ledger.verify_snapshot(&home.ledger.snapshot().unwrap()).unwrap().is_good());
}

#[test]
fn a_denial_of_an_unknown_account_waits_for_it() {
    let Some(mut home) = Home::with(&[]) else { return };
    let _ = home.ledger.append(&[objects("17", at(1))], at(10)).unwrap();
    let report = home.ledger.observe_accounts(&mut [sighting("17", Some("anna"))].into_iter(), at(20)).unwrap();
    assert_eq!((report.new_accounts, acts(&home, "17")), (0, 1));
}

#[test]
fn an_account_that_is_known_is_not_taken_for_a_handle() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let _ = home.ledger.observe_accounts(&mut [sighting("17", Some("anna"))].into_iter(), at(1)).unwrap();
    let _ = home.ledger.append(&[event(EventKind::Refuse, "anna", at(2))], at(10)).unwrap();
    assert_eq!([acts(&home, "anna"), acts(&home, "17")], [1, 0]);
}

#[test]
fn the_same_denial_by_handle_again_changes_nothing() {
    let Some(mut home) = Home::with(&[]) else { return };
    let _ = home.ledger.observe_accounts(&mut [sighting("17", Some("anna"))].into_iter(), at(1)).unwrap();
    let once = home.ledger.append(&[objects("@anna", at(2))], at(10)).unwrap();
    let head = home.ledger.head().unwrap();
    let twice = home.ledger.append(&[objects("@anna", at(2))], at(20)).unwrap();
    assert_eq!((once.accepted, twice.accepted, twice.duplicates), (1, 0, 1));
    assert_eq!(home.ledger.head().unwrap(), head);
}

#[test]
fn a_further_sighting_changes_only_what_it_adds() {
    let Some(mut home) = Home::with(&[]) else { return };
    let early = Sighting { from: Some(at(-5)), ..sighting("17", Some("anna")) };
    let handles = |home: &Home| home.ledger.counts().unwrap().handles;
    for (seen, new_accounts, count) in [
        (sighting("17", None), 1, 0),
        (sighting("17", Some("anna")), 0, 1),
        (sighting("17", Some("Anna")), 0, 1),
        (early, 0, 1),
        (sighting("17", Some("anne")), 0, 2),
        (sighting("18", Some("anna")), 1, 3),
    ] {
        let report = home.ledger.observe_accounts(&mut [seen].into_iter(), at(1)).unwrap();
        assert_eq!((report.new_accounts, handles(&home)), (new_accounts, count));
    }
    assert_eq!(home.ledger.head().unwrap().position, 1, "a sighting is no event");
    assert_eq!(home.ledger.counts().unwrap().accounts, 2);
}
