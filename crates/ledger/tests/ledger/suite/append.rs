//! Taking in events: once each, in time, in order.

use mandat_core::event::{EventKind, EventLine};
use mandat_core::time::Micros;
use mandat_ledger::{Entry, Rejection};

use super::home::{Home, at, consents, event, objects, person};

#[test]
fn the_same_event_again_changes_nothing() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let mut named = objects("anna", at(5));
    named.id = Some("e1".into());
    let events = [objects("anna", at(1)), named.clone(), objects("anna", at(1))];
    let first = home.ledger.append(&events, at(10)).unwrap();
    assert_eq!((first.accepted, first.duplicates), (2, 1));
    let head = home.ledger.head().unwrap();
    let again = home.ledger.append(&[objects("anna", at(1)), named], at(20)).unwrap();
    assert_eq!((again.accepted, again.duplicates, again.positions), (0, 2, None));
    assert_eq!(home.ledger.head().unwrap(), head);
}

#[test]
fn another_event_under_an_id_that_is_taken_is_a_conflict_and_a_denial_is_not_lost() {
    let Some(mut home) = Home::with(&["anna", "bert"]) else { return };
    let under_id = |mut line: EventLine| {
        line.id = Some("e1".into());
        line
    };
    let _ = home.ledger.append(&[under_id(consents("anna", at(1)))], at(10)).unwrap();
    let lines = [under_id(consents("anna", at(2))), under_id(objects("anna", at(3))), under_id(objects("bert", at(4)))];
    let report = home.ledger.append(&lines, at(20)).unwrap();
    assert_eq!((report.accepted, report.conflicts), (2, vec![1, 2]));
    assert_eq!(report.rejected, [(0, Rejection::Conflict)]);
    let acts = |home: &Home, name| home.ledger.history(person(name)).unwrap().unwrap().acts().len();
    assert_eq!((acts(&home, "anna"), acts(&home, "bert")), (2, 1));
    let again = home.ledger.import_choices(&mut lines.into_iter(), at(30)).unwrap().report;
    assert_eq!((again.accepted, again.duplicates), (0, 2));
    assert!(home.ledger.verify_snapshot(&home.ledger.snapshot().unwrap()).unwrap().is_good());
}

#[test]
fn positions_have_no_gaps_and_the_clock_never_goes_back() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    for now in [at(10), at(5), at(10), at(20)] {
        let seconds = home.ledger.head().unwrap().position.cast_signed();
        let _ = home
            .ledger
            .append(&[objects("anna", Micros(at(0).0 + seconds)), consents("anna", at(-seconds))], now)
            .unwrap();
    }
    let events = home.ledger.events(0..u64::MAX).unwrap();
    assert!(events.iter().map(|e| e.position).eq(1..=events.len() as u64));
    assert!(events.windows(2).all(|w| w[0].appended < w[1].appended));
    assert_eq!(events.last().unwrap().appended, Micros(at(20).0 + 1));
}

#[test]
fn events_out_of_the_order_of_receipt_are_kept_in_the_order_of_arrival() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let report =
        home.ledger.append(&[objects("anna", at(9)), objects("anna", at(3)), objects("anna", at(6))], at(10)).unwrap();
    assert_eq!(report.accepted, 3);
    let history = home.ledger.history(person("anna")).unwrap().unwrap();
    assert_eq!(history.acts().iter().map(|a| a.received).collect::<Vec<_>>(), [at(9), at(3), at(6)]);
    assert!(home.ledger.verify_snapshot(&home.ledger.snapshot().unwrap()).unwrap().is_good());
}

#[test]
fn a_permission_from_the_future_is_refused_and_a_denial_counts_from_now() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let report = home.ledger.append(&[consents("anna", at(99)), objects("anna", at(99))], at(10)).unwrap();
    assert_eq!(report.rejected, [(0, Rejection::ReceivedInFuture)]);
    assert_eq!((report.accepted, report.clamped), (1, 1));
    let stored = home.ledger.events_of(person("anna")).unwrap().pop().unwrap();
    assert!(stored.clamped && stored.received == stored.appended);
    assert_eq!(home.ledger.history(person("anna")).unwrap().unwrap().acts()[0].received, at(10));
}

#[test]
fn only_permissions_need_their_paperwork() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let mut unknown = consents("anna", at(1));
    unknown.notice = Some("n9".into());
    let mut denial = objects("nobody", at(1));
    denial.notice = Some("n9".into());
    let mut nameless = consents("anna", at(2));
    nameless.account = None;
    let events = [unknown, denial, nameless, event(EventKind::NoticeDelivered, "anna", at(1))];
    let report = home.ledger.append(&events, at(10)).unwrap();
    assert_eq!(
        report.rejected,
        [(0, Rejection::UnknownNotice), (2, Rejection::NoSubject), (3, Rejection::UnknownNotice)]
    );
    assert_eq!((report.accepted, report.unknown_accounts), (1, 1));
    assert_eq!(home.ledger.history(person("nobody")).unwrap().unwrap().acts().len(), 1);
}

#[test]
fn a_link_stands_in_the_history_of_both() {
    let Some(mut home) = Home::with(&["anna", "anna2"]) else { return };
    let mut link = event(EventKind::Link, "", at(1));
    (link.account, link.accounts) = (None, Some(vec!["anna".into(), "anna2".into()]));
    let report = home.ledger.append(&[link, objects("anna", at(2))], at(10)).unwrap();
    assert_eq!(report.accepted, 2);
    let other = home.ledger.history(person("anna2")).unwrap().unwrap();
    assert_eq!(other.acts().len(), 2, "the link, and what the other account denies");
    assert!(home.ledger.snapshot().unwrap().history(person("anna2")).unwrap() == Some(other));
}

#[test]
fn an_event_that_concerns_nobody_is_shared() {
    let Some(mut home) = Home::with(&[]) else { return };
    let mut order = event(EventKind::Order, "", at(1));
    (order.account, order.order) = (None, Some("o1".into()));
    let mut deleted = event(EventKind::Deleted, "", at(2));
    (deleted.account, deleted.record) = (None, Some("r1".into()));
    let _ = home.ledger.append(&[order, deleted], at(10)).unwrap();
    let snapshot = home.ledger.snapshot().unwrap();
    assert_eq!(snapshot.shared.orders.len(), 1);
    assert!(snapshot.shared.names_records());
    assert!(snapshot.shared.notices.contains_key("n1"));
}

#[test]
fn events_read_back_as_they_were_written() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let line = consents("anna", at(3));
    let _ = home.ledger.append(std::slice::from_ref(&line), at(10)).unwrap();
    let stored = home.ledger.events_of(person("anna")).unwrap();
    assert_eq!(stored.len(), 2);
    assert!(matches!(&stored[0].entry, Entry::Facts(_)));
    assert_eq!(stored[1].entry, Entry::Act(Box::new(line)));
    assert_eq!(home.ledger.events(2..4).unwrap(), stored);
    let account = home.ledger.account_of(person("anna")).unwrap().unwrap();
    assert_eq!((account.platform.as_str(), account.account.as_str()), ("x", "anna"));
    assert_eq!(home.ledger.person_of("x", "anna").unwrap(), Some(person("anna")));
    assert_eq!(home.ledger.person_of("x", "bert").unwrap(), None);
}

#[test]
fn the_text_of_an_edited_record_is_not_kept() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let mut edited = event(EventKind::Edited, "anna", at(1));
    (edited.record, edited.text) = (Some("r1".into()), Some("what she wrote".into()));
    let _ = home.ledger.append(&[edited], at(10)).unwrap();
    let Entry::Act(stored) = home.ledger.events_of(person("anna")).unwrap().pop().unwrap().entry else { panic!() };
    assert_eq!((stored.text, stored.record.as_deref()), (None, Some("r1")));
}

#[test]
fn a_build_publishes_only_while_no_denial_has_come() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let position = home.ledger.head().unwrap().position;
    let _ = home.ledger.append(&[consents("anna", at(1))], at(10)).unwrap();
    assert_eq!(home.ledger.hold(position, |head| head).unwrap(), Some(position + 1), "a permission may come later");
    let _ = home.ledger.append(&[objects("anna", at(2))], at(10)).unwrap();
    let mut ran = false;
    assert_eq!(home.ledger.hold(position, |_| ran = true).unwrap(), None);
    assert!(!ran);
    let head = home.ledger.head().unwrap().position;
    assert_eq!(home.ledger.hold(head, |head| head).unwrap(), Some(head));
}
