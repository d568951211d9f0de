//! Erasure and the log: what goes, what stays, and what can still be shown.

use mandat_ledger::LogError;
use mandat_proof::{EntryKind, Receipt, verify_receipt};

use super::super::home::{Home, at, consents, contains, objects, person, scrubbed};

/// A home in which anna and bert acted alone, and together with others in one batch.
fn acted() -> Option<Home> {
    let mut home = Home::with(&["anna", "bert"])?;
    let mut line = consents("anna", at(2));
    line.records = Some(vec!["record-of-anna".into()]);
    let _ = home.ledger.append(&[line, consents("bert", at(3))], at(10)).unwrap();
    let names = ["anna", "bert"].into_iter().chain(["p"; 18]);
    let lines: Vec<_> = names.zip(20..).map(|(name, n)| objects(name, at(n))).collect();
    let _ = home.ledger.import_choices(&mut lines.into_iter(), at(100)).unwrap();
    let _ = home.publish(at(101));
    Some(home)
}

fn receipts(home: &Home, account: &str) -> Vec<Receipt> {
    let publisher = home.publisher();
    let positions = home.ledger.positions_of(person(account)).unwrap();
    positions.iter().map(|position| home.ledger.receipt(*position, publisher.files()).unwrap()).collect()
}

#[test]
fn after_an_erasure_nothing_in_the_home_opens_what_was_logged() {
    let Some(mut home) = acted() else { return };
    let (annas, berts) = (receipts(&home, "anna"), receipts(&home, "bert"));
    assert_eq!((annas.len(), berts.len()), (2, 2));
    let positions = home.ledger.positions_of(person("anna")).unwrap();
    let secret = home.ledger.log_secret(person("anna")).unwrap().unwrap();
    let erased = home.ledger.erase(person("anna"), at(200)).unwrap();
    assert!(scrubbed(&home.ledger, &erased));
    let _ = home.publish(at(201));
    let bytes = home.bytes();
    let mut needles = vec![secret.0.to_vec(), b"record-of-anna".to_vec()];
    needles.extend(annas.iter().flat_map(|receipt| [receipt.content.clone(), receipt.opening.0.to_vec()]));
    for needle in &needles {
        assert!(!contains(&bytes, needle), "{} bytes of what must be gone", needle.len());
    }
    assert!(contains(&bytes, &annas[0].entry.to_bytes()), "the search finds what stays: the entry");
    let publisher = home.publisher();
    for position in positions {
        assert!(matches!(home.ledger.receipt(position, publisher.files()), Err(LogError::Erased(p)) if p == position));
    }
    assert!(home.ledger.log_secret(person("anna")).unwrap().is_none());
    // What others hold is as good as before, and so is what anna kept.
    assert_eq!(receipts(&home, "bert"), berts);
    for receipt in annas.iter().chain(&berts) {
        let _ = verify_receipt(receipt, publisher.trust()).unwrap();
    }
}

#[test]
fn the_receipt_of_an_erasure_can_be_given_after_it() {
    let Some(mut home) = acted() else { return };
    let secret = home.ledger.log_secret(person("anna")).unwrap().unwrap();
    let position = home.ledger.erase(person("anna"), at(200)).unwrap().position.unwrap();
    let _ = home.publish(at(201));
    let publisher = home.publisher();
    let receipt = home.ledger.receipt(position, publisher.files()).unwrap();
    let verified = verify_receipt(&receipt.to_string().parse().unwrap(), publisher.trust()).unwrap();
    assert_eq!((verified.kind, verified.mark), (EntryKind::Tombstone, secret.mark(2)));
    assert_eq!(receipt.opening, secret.opening(2));
    assert!(receipt.content.starts_with(b"{\"form\":\"mandat-tombstone/1\""));
    assert!(!contains(&receipt.content, b"anna"));
}

#[test]
fn whoever_comes_back_begins_anew() {
    let Some(mut home) = acted() else { return };
    let before = home.ledger.log_secret(person("anna")).unwrap().unwrap();
    let _ = home.ledger.erase(person("anna"), at(200)).unwrap();
    let _ = home.ledger.append(&[objects("anna", at(300))], at(300)).unwrap();
    let _ = home.publish(at(301));
    let after = home.ledger.log_secret(person("anna")).unwrap().unwrap();
    assert!(before != after);
    let last = *home.ledger.positions_of(person("anna")).unwrap().last().unwrap();
    let publisher = home.publisher();
    let receipt = home.ledger.receipt(last, publisher.files()).unwrap();
    assert_eq!(verify_receipt(&receipt, publisher.trust()).unwrap().mark, after.mark(0));
}
