//! Notices, people, imported choices, and undoing an import.

use mandat_core::event::{EventKind, Words};
use mandat_core::person::PersonLine;
use mandat_core::vocab::Method;
use mandat_ledger::{LedgerError, Rejection};

use super::home::{Home, at, consents, notice, objects, person};

#[test]
fn a_notice_never_changes_under_its_id() {
    let Some(mut home) = Home::with(&[]) else { return };
    let mut changed = notice("n1");
    changed.languages.push("en".into());
    let report =
        home.ledger.import_notices(&mut [notice("n1"), changed, notice("n2"), notice("")].into_iter(), at(1)).unwrap();
    assert_eq!((report.accepted, report.unchanged, report.refused), (1, 1, vec![1, 3]));
    let snapshot = home.ledger.snapshot().unwrap();
    assert_eq!(snapshot.shared.notices.keys().collect::<Vec<_>>(), ["n1", "n2"]);
    assert_eq!(snapshot.shared.notices["n1"], notice("n1"));
}

#[test]
fn what_is_known_of_people_is_what_was_said_last() {
    let Some(mut home) = Home::new() else { return };
    let line = |country: &str| {
        let mut line = PersonLine::new("anna");
        line.country = country.parse().ok();
        line
    };
    for (country, accepted) in [("DE", 1), ("DE", 0), ("FR", 1), ("DE", 1)] {
        let report = home.ledger.import_people(&mut [line(country)].into_iter(), None, at(1)).unwrap();
        assert_eq!((report.accepted, report.unchanged), (accepted, 1 - accepted), "{country}");
    }
    let head = home.ledger.head().unwrap().position;
    let country = |position| {
        let snapshot = home.ledger.snapshot_with(Some(position), &Default::default()).unwrap();
        snapshot.history(person("anna")).unwrap().map(|h| h.info.country)
    };
    assert_eq!(country(head), Some("DE".parse().ok()));
    assert_eq!(country(head - 1), Some("FR".parse().ok()));
    assert_eq!(country(0), None);
}

#[test]
fn an_imported_consent_needs_evidence_and_is_marked() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let (mut no_notice, mut no_method) = (consents("anna", at(1)), consents("anna", at(2)));
    (no_notice.notice, no_method.method) = (None, None);
    let lines = [no_notice.clone(), no_method, consents("anna", at(3)), objects("anna", at(4))];
    let import = home.ledger.import_choices(&mut lines.into_iter(), at(10)).unwrap();
    assert_eq!(import.report.rejected, [(0, Rejection::NoEvidence), (1, Rejection::NoEvidence)]);
    assert_eq!((import.batch, import.report.accepted), (Some(1), 2));
    assert!(home.ledger.events(3..5).unwrap().iter().all(|e| e.imported));
    let direct = home.ledger.append(&[no_notice], at(11)).unwrap();
    assert_eq!(direct.accepted, 1, "what the person does here and now needs no evidence from elsewhere");
}

#[test]
fn a_consent_that_names_no_purpose_is_none() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let (mut silent, mut empty, mut parent) =
        (consents("anna", at(1)), consents("anna", at(2)), consents("anna", at(3)));
    silent.purposes = None;
    empty.purposes = Some(Words(Vec::new()));
    (parent.event, parent.act, parent.purposes) = (EventKind::Guardian, Some("consent".into()), None);
    let lines = [silent, empty, parent, consents("anna", at(4))];
    let report = home.ledger.append(&lines, at(10)).unwrap();
    assert_eq!((report.accepted, report.rejected.len()), (1, 3));
    assert!(report.rejected.iter().all(|(_, why)| *why == Rejection::NoPurposes));
}

#[test]
fn undoing_an_import_voids_permissions_and_keeps_denials_unless_told_otherwise() {
    for (with_denials, left, voided) in [(false, 1, 2), (true, 0, 3)] {
        let Some(mut home) = Home::with(&["anna", "bert"]) else { return };
        let lines = [consents("anna", at(1)), objects("anna", at(2)), consents("bert", at(3))];
        let import = home.ledger.import_choices(&mut lines.into_iter(), at(10)).unwrap();
        let before = home.ledger.head().unwrap().position;
        let report = home.ledger.void_import(import.batch.unwrap(), with_denials, at(20)).unwrap();
        assert_eq!((report.voided, report.kept), (voided, 3 - voided));
        let acts = |position| {
            let snapshot = home.ledger.snapshot_with(position, &Default::default()).unwrap();
            let count = |name| snapshot.history(person(name)).unwrap().map_or(0, |h| h.acts().len());
            (count("anna"), count("bert"))
        };
        assert_eq!(acts(None), (left, 0));
        assert_eq!(acts(Some(before)), (2, 1), "as known before");
        assert_eq!(home.ledger.import_batches().unwrap()[0].voided, voided);
        let again = home.ledger.void_import(1, with_denials, at(30)).unwrap();
        assert_eq!((again.voided, again.position), (0, None));
    }
}

#[test]
fn what_an_undone_import_made_void_can_be_taken_in_again() {
    let Some(mut home) = Home::with(&["anna", "bert"]) else { return };
    let lines = [objects("anna", at(1)), consents("bert", at(2)), objects("nobody", at(3))];
    let import = |home: &mut Home, now| {
        let import = home.ledger.import_choices(&mut lines.clone().into_iter(), at(now)).unwrap();
        (import.batch, import.report.accepted, import.report.duplicates)
    };
    assert_eq!(import(&mut home, 10), (Some(1), 3, 0));
    assert_eq!(home.ledger.void_import(1, true, at(20)).unwrap().voided, 3);
    assert_eq!(import(&mut home, 30), (Some(2), 3, 0));
    assert_eq!(import(&mut home, 40), (None, 0, 3));
    let acts = |name| home.ledger.history(person(name)).unwrap().map_or(0, |h| h.acts().len());
    assert_eq!((acts("anna"), acts("bert"), acts("nobody")), (1, 1, 1));
    assert!(home.ledger.verify_snapshot(&home.ledger.snapshot().unwrap()).unwrap().is_good());
}

#[test]
fn a_batch_that_does_not_exist_cannot_be_undone() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    let nothing = home.ledger.import_choices(&mut std::iter::empty(), at(1)).unwrap();
    assert_eq!(nothing.batch, None);
    let _ = home.ledger.append(&[consents("anna", at(1))], at(2)).unwrap();
    assert!(matches!(home.ledger.void_import(1, true, at(3)), Err(LedgerError::NoSuchBatch(1))));
}

#[test]
fn choices_of_two_imports_have_their_own_batches() {
    let Some(mut home) = Home::with(&["anna"]) else { return };
    for (seconds, batch) in [(1, 1), (2, 2)] {
        let mut line = consents("anna", at(seconds));
        line.method = Some(Method::SignedForm);
        let import = home.ledger.import_choices(&mut std::iter::once(line), at(10)).unwrap();
        assert_eq!(import.batch, Some(batch));
    }
    let _ = home.ledger.void_import(1, true, at(20)).unwrap();
    let history = home.ledger.history(person("anna")).unwrap().unwrap();
    assert_eq!(history.acts().iter().map(|a| a.received).collect::<Vec<_>>(), [at(2)]);
}
