//! What is logged, and what a receipt of it shows.

use std::collections::BTreeSet;

use mandat_core::event::{EventKind, EventLine};
use mandat_ledger::{LogError, LogFiles, Publisher};
use mandat_proof::{Entry, EntryKind, LogSecret, Receipt, Verified, verify_receipt};

use super::super::home::{Home, at, consents, event, objects, person};

fn order() -> EventLine {
    let mut line = event(EventKind::Order, "", at(3));
    line.account = None;
    line
}

/// All entries of the published log.
fn entries(publisher: &Publisher) -> Vec<Entry> {
    let trusted = publisher.files().trusted(publisher.trust()).unwrap().unwrap();
    let mut out = Vec::new();
    let found = publisher.files().check(&trusted, &mut |_, bytes| out.push(Entry::parse(bytes).unwrap())).unwrap();
    assert_eq!(found.entries, out.len() as u64);
    out
}

/// The receipt of a row, as its owner reads it back.
#[track_caller]
fn verified(home: &Home, position: u64) -> (Receipt, Verified) {
    let publisher = home.publisher();
    let receipt = home.ledger.receipt(position, publisher.files()).unwrap();
    let read: Receipt = receipt.to_string().parse().unwrap();
    assert_eq!(read, receipt);
    let verified = verify_receipt(&read, publisher.trust()).unwrap();
    (read, verified)
}

fn content(receipt: &Receipt) -> serde_json::Value {
    serde_json::from_slice(&receipt.content).unwrap()
}

#[test]
fn every_act_notice_and_order_has_a_receipt_and_facts_have_none() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let mut delivered = event(EventKind::NoticeDelivered, "anna", at(2));
    delivered.notice = Some("n1".into());
    let lines = [delivered, consents("anna", at(3)), order(), objects("@unseen", at(4))];
    assert_eq!(home.ledger.append(&lines, at(10)).unwrap().accepted, 4);
    let published = home.publish(at(11));
    assert_eq!((published.size, published.new), (5, 5));
    let kinds: Vec<_> = entries(&home.publisher()).iter().map(Entry::kind).collect();
    let [notice, delivery, choice] = [EntryKind::Notice, EntryKind::Delivery, EntryKind::Choice];
    assert_eq!(kinds, [notice, delivery, choice, EntryKind::Order, choice]);
    for (position, kind) in [(1, notice), (3, delivery), (4, choice), (5, EntryKind::Order), (6, choice)] {
        let (receipt, verified) = verified(&home, position);
        assert_eq!((verified.kind, content(&receipt)["position"].as_u64()), (kind, Some(position)));
        assert_eq!(i64::from(verified.hour), at(0).0 / 3_600_000_000);
    }
    let (receipt, _) = verified(&home, 4);
    assert_eq!(content(&receipt)["event"]["event"], "consent");
    let files = home.publisher();
    assert!(matches!(home.ledger.receipt(2, files.files()), Err(LogError::NotLogged(2))), "facts");
    assert!(matches!(home.ledger.receipt(7, files.files()), Err(LogError::NotLogged(7))), "nothing");
}

#[test]
fn an_order_cannot_be_guessed_and_its_receipt_can_be_checked() {
    let Some(mut home) = Home::with(&[]) else { return };
    let second = EventLine { id: Some("2".into()), ..order() };
    let _ = home.ledger.append(&[order(), second], at(10)).unwrap();
    let _ = home.publish(at(11));
    let [one, two] = [2, 3].map(|position| content(&verified(&home, position).0)["salt"].clone());
    assert!(one.as_str().unwrap().len() == 64 && one != two);
}

#[test]
fn a_bulk_import_is_one_entry_and_its_receipts_take_two_steps() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let mut lines: Vec<_> = (0..40).map(|n| objects(&format!("p{}", n % 30), at(n))).collect();
    lines.insert(20, order());
    let import = home.ledger.import_choices(&mut lines.into_iter(), at(100)).unwrap();
    let (first, last) = import.report.positions.unwrap();
    let published = home.publish(at(101));
    let entries = entries(&home.publisher());
    assert_eq!(entries.iter().filter_map(Entry::count).collect::<Vec<_>>(), [40]);
    assert_eq!((published.size, entries.len()), (3, 3), "the notice, the batch, the order");
    let publisher = home.publisher();
    let mut receipts = home.ledger.receipts(publisher.files());
    let mut marks = BTreeSet::new();
    for position in first..=last {
        let receipt = receipts.of(position).unwrap();
        let verified = verify_receipt(&receipt.to_string().parse().unwrap(), publisher.trust()).unwrap();
        assert_eq!(receipt.batch.is_some(), verified.kind == EntryKind::Choice, "row {position}");
        assert!(verified.kind == EntryKind::Order || marks.insert(verified.mark.0));
    }
    assert_eq!(marks.len(), 40);
}

#[test]
fn acts_of_a_person_are_numbered_across_transactions_and_found_by_their_secret() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    for (n, country) in (0..).zip(["DE", "FR", "AT"]) {
        let _ = home.ledger.append(&[objects("anna", at(n)), objects("bert", at(n))], at(10 + n)).unwrap();
        let people = [serde_json::from_str(&format!(r#"{{"account":"anna","country":"{country}"}}"#)).unwrap()];
        let _ = home.ledger.import_people(&mut people.into_iter(), None, at(10 + n)).unwrap();
    }
    let lines = (0..20).map(|n| objects("anna", at(100 + n)));
    let _ = home.ledger.import_choices(&mut lines.collect::<Vec<_>>().into_iter(), at(200)).unwrap();
    let _ = home.publish(at(201));
    let secret = home.ledger.log_secret(person("anna")).unwrap().unwrap();
    let positions = home.ledger.positions_of(person("anna")).unwrap();
    assert_eq!(positions.len(), 23);
    for (n, position) in (0..).zip(positions) {
        assert_eq!(verified(&home, position).1.mark, secret.mark(n), "act {n}");
    }
}

#[test]
fn asked_again_a_receipt_is_the_same_byte_for_byte() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let line = EventLine { id: Some("e1".into()), ..objects("anna", at(2)) };
    let _ = home.ledger.append(std::slice::from_ref(&line), at(10)).unwrap();
    let _ = home.publish(at(11));
    let positions = home.ledger.positions_of_id("e1").unwrap();
    let first = verified(&home, positions[0]).0.to_string();
    for n in 0..300 {
        let _ = home.ledger.append(&[objects("bert", at(20 + n))], at(20 + n)).unwrap();
        if n % 60 == 0 {
            let _ = home.publish(at(20 + n));
        }
    }
    let _ = home.publish(at(1000));
    assert_eq!(home.ledger.append(&[line], at(1001)).unwrap().duplicates, 1);
    assert_eq!(home.ledger.positions_of_id("e1").unwrap(), positions);
    assert_eq!(verified(&home, positions[0]).0.to_string(), first);
}

#[test]
fn no_receipt_before_the_checkpoint_that_covers_it() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let _ = home.publish(at(1));
    let _ = home.ledger.append(&[objects("anna", at(2))], at(10)).unwrap();
    let files = LogFiles::new(&home.folder.path().join("log"));
    assert!(matches!(home.ledger.receipt(3, &files), Err(LogError::NotPublished(1))));
    let _ = home.publish(at(11));
    let _ = verified(&home, 3);
}

#[test]
fn an_undone_import_is_logged_and_a_statement_only_once() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let import = home.ledger.import_choices(&mut [consents("anna", at(1))].into_iter(), at(10)).unwrap();
    let undone = home.ledger.void_import(import.batch.unwrap(), false, at(11)).unwrap();
    let place = home.ledger.log_statement(EntryKind::Revision, "revision 1\n", at(12)).unwrap();
    assert_eq!(home.ledger.log_statement(EntryKind::Revision, "revision 1\n", at(13)).unwrap(), place);
    assert_eq!(home.ledger.log_statement(EntryKind::Packs, "revision 1\n", at(13)).unwrap(), place + 1);
    assert!(home.ledger.log_statement(EntryKind::Choice, "x", at(13)).is_err());
    assert_eq!(home.publish(at(14)).size, place + 2);
    let (receipt, verified) = verified(&home, undone.position.unwrap());
    assert_eq!((verified.kind, content(&receipt)["batch"].as_u64()), (EntryKind::Note, Some(1)));
    let publisher = home.publisher();
    let receipt = home.ledger.receipts(publisher.files()).of_statement(place).unwrap();
    assert_eq!(verify_receipt(&receipt, publisher.trust()).unwrap().kind, EntryKind::Revision);
    assert_eq!(receipt.content, b"revision 1\n");
    assert!(home.ledger.receipts(publisher.files()).of_statement(0).is_err(), "a row is no statement");
}

#[test]
fn the_published_log_names_nobody_and_links_nothing() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    for n in 0..5 {
        let _ = home.ledger.append(&[objects("anna", at(2 + n))], at(10 + n)).unwrap();
    }
    let lines: Vec<_> = (0..20).map(|n| objects("anna", at(100 + n))).collect();
    let _ = home.ledger.import_choices(&mut lines.into_iter(), at(200)).unwrap();
    let _ = home.publish(at(201));
    let entries = entries(&home.publisher());
    let fields: Vec<_> = entries.iter().flat_map(|entry| [entry.mark().0, entry.commitment().0]).collect();
    let distinct: BTreeSet<_> = fields.iter().filter(|field| **field != [0; 32]).collect();
    assert_eq!(distinct.len(), fields.len() - 1, "only the notice has a mark of zeros");
    let subject = home.column("anna", "subject");
    let published: Vec<u8> = entries.iter().flat_map(Entry::to_bytes).collect();
    for known in [&person("anna").to_bytes()[..], &subject, b"anna"] {
        assert!(!super::super::home::contains(&published, known));
    }
    let other = LogSecret::new(&mandat_proof::SubjectSecret([0; 32]), home.ledger.origin());
    assert!(!super::super::home::contains(&published, &other.mark(0).0));
}
