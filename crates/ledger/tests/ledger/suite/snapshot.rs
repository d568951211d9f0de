//! A snapshot brought forward is what a full replay gives, whatever happened.

use std::collections::BTreeMap;
use std::fs;

use mandat_core::event::{EventKind, EventLine};
use mandat_core::history::PersonHistory;
use mandat_core::person::PersonLine;
use mandat_core::time::Micros;
use mandat_ledger::{LedgerError, Snapshot, SnapshotOptions};
use mandat_proof::PersonKey;
use proptest::prelude::*;

use super::engine;
use super::home::{Home, at, consents, event, objects, person, sighting};

const ACCOUNTS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<EventLine>),
    Import(Vec<EventLine>),
    Undo(u64, bool),
    Facts(usize, Option<&'static str>),
    See(usize, usize),
    Erase(usize),
    Snapshot,
}

fn line() -> impl Strategy<Value = EventLine> {
    let kinds = prop::sample::select(vec![
        EventKind::NoticeDelivered,
        EventKind::Consent,
        EventKind::Refuse,
        EventKind::Withdraw,
        EventKind::Object,
        EventKind::Restrict,
        EventKind::Erase,
        EventKind::Lift,
        EventKind::Link,
        EventKind::Unlink,
        EventKind::Deleted,
        EventKind::Order,
        EventKind::Age,
        EventKind::AccountStatus,
    ]);
    (kinds, 0..ACCOUNTS.len(), 0..ACCOUNTS.len(), 0..1000_i64, any::<bool>()).prop_map(
        |(kind, one, two, when, flag)| {
            let mut line = match kind {
                EventKind::Consent => consents(ACCOUNTS[one], at(when)),
                EventKind::Order => EventLine::new(kind, at(when)),
                EventKind::Deleted => EventLine { record: Some("r".into()), ..event(kind, ACCOUNTS[one], at(when)) },
                EventKind::Link | EventKind::Unlink => EventLine {
                    account: None,
                    accounts: Some(vec![ACCOUNTS[one].into(), ACCOUNTS[two].into()]),
                    ..event(kind, "", at(when))
                },
                _ if flag => event(kind, &format!("@h{two}"), at(when)),
                _ => event(kind, ACCOUNTS[one], at(when)),
            };
            if kind == EventKind::NoticeDelivered {
                line.notice = Some("n1".into());
            }
            line
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let lines = || prop::collection::vec(line(), 0..8);
    prop_oneof![
        4 => lines().prop_map(Step::Append),
        2 => lines().prop_map(Step::Import),
        1 => (1..4_u64, any::<bool>()).prop_map(|(batch, all)| Step::Undo(batch, all)),
        2 => (0..ACCOUNTS.len(), prop::sample::select(vec![None, Some("p"), Some("q")])).prop_map(|(a, p)| Step::Facts(a, p)),
        2 => (0..ACCOUNTS.len(), 0..ACCOUNTS.len()).prop_map(|(a, h)| Step::See(a, h)),
        1 => (0..ACCOUNTS.len()).prop_map(Step::Erase),
        3 => Just(Step::Snapshot),
    ]
}

fn take(home: &mut Home, step: &Step, now: Micros) {
    let ledger = &mut home.ledger;
    match step {
        Step::Append(lines) => drop(ledger.append(lines, now).unwrap()),
        Step::Import(lines) => drop(ledger.import_choices(&mut lines.clone().into_iter(), now).unwrap()),
        Step::Undo(batch, all) => match ledger.void_import(*batch, *all, now) {
            Ok(_) | Err(LedgerError::NoSuchBatch(_)) => {}
            Err(error) => panic!("{error}"),
        },
        Step::Facts(account, link) => {
            let mut line = PersonLine::new(ACCOUNTS[*account]);
            line.person = link.map(Into::into);
            let _ = ledger.import_people(&mut std::iter::once(line), None, now).unwrap();
        }
        Step::See(account, handle) => {
            let seen = sighting(ACCOUNTS[*account], Some(&format!("h{handle}")));
            let _ = ledger.observe_accounts(&mut std::iter::once(seen), now).unwrap();
        }
        Step::Erase(account) => drop(ledger.erase(person(ACCOUNTS[*account]), now).unwrap()),
        Step::Snapshot => {}
    }
}

fn everybody(snapshot: &Snapshot, bits: u32) -> BTreeMap<PersonKey, PersonHistory> {
    let mut people = BTreeMap::new();
    for bucket in 0..1 << bits {
        let mut last = None;
        snapshot
            .bucket(bits, bucket, &mut |key, history| {
                assert!(last.is_none_or(|l| l < key) && key.prefix(bits) == bucket);
                last = Some(key);
                people.insert(key, history.clone());
            })
            .unwrap();
    }
    people
}

proptest! {
    #![proptest_config(ProptestConfig { cases: engine::CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn brought_forward_equals_a_full_replay(steps in prop::collection::vec(step(), 1..16), tail in 0..4_u64) {
        let Some(mut home) = Home::with(&["a", "b", "c"]) else { return Ok(()) };
        let options = SnapshotOptions {
            memory_rows: 0, rows_per_bucket: 4, people_per_pass: 2, tail_people: tail, folder: None, threads: 1,
        };
        for (step, now) in steps.iter().zip(1..) {
            take(&mut home, step, at(1000 + now));
            if matches!(step, Step::Snapshot) {
                let snapshot = home.ledger.snapshot_with(None, &options).unwrap();
                prop_assert!(home.ledger.verify_snapshot(&snapshot).unwrap().is_good());
            }
        }
        let brought = home.ledger.snapshot_with(None, &options).unwrap();
        let memory = SnapshotOptions { memory_rows: u64::MAX, folder: Some(home.folder.path().join("none")), ..options };
        let folded = home.ledger.snapshot_with(None, &memory).unwrap();
        prop_assert!(folded.compiled_position().is_none());
        prop_assert_eq!(everybody(&brought, 0), everybody(&folded, 0));
        prop_assert_eq!(everybody(&brought, 3), everybody(&folded, 0));
        prop_assert_eq!(&brought.shared, &folded.shared);
        for account in ACCOUNTS {
            let alone = home.ledger.history(person(account)).unwrap();
            prop_assert_eq!(&alone, &folded.history(person(account)).unwrap());
            prop_assert_eq!(&alone, &brought.history(person(account)).unwrap());
        }
    }
}

fn files() -> SnapshotOptions {
    SnapshotOptions { memory_rows: 0, rows_per_bucket: 64, ..SnapshotOptions::default() }
}

fn crowd(home: &mut Home, accounts: std::ops::Range<u32>) {
    let lines: Vec<_> = accounts.map(|n| objects(&format!("p{n}"), at(1))).collect();
    let _ = home.ledger.append(&lines, at(10)).unwrap();
}

#[test]
fn bringing_forward_reads_only_the_tail() {
    let Some(mut home) = Home::with(&[]) else { return };
    crowd(&mut home, 0..500);
    let first = home.ledger.snapshot_with(None, &files()).unwrap();
    crowd(&mut home, 500..510);
    let second = home.ledger.snapshot_with(None, &files()).unwrap();
    assert_eq!(second.compiled_position(), first.compiled_position());
    assert_eq!((first.resident_people(), second.resident_people()), (0, 10));
    assert_eq!(everybody(&first, 4).len(), 500, "an older snapshot does not change");
    assert_eq!(everybody(&second, 4).len(), 510);
}

#[test]
fn a_long_tail_is_written_into_the_files_it_touches() {
    let Some(mut home) = Home::with(&[]) else { return };
    crowd(&mut home, 0..500);
    let options = SnapshotOptions { tail_people: 1, ..files() };
    let first = home.ledger.snapshot_with(None, &options).unwrap();
    let folder = home.folder.path().join("ledger.snapshot");
    let names = || {
        let entries = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = entries.filter(|n| n.starts_with("bucket")).collect();
        names.sort();
        names
    };
    let before = names();
    let lines: Vec<_> = (0..70).map(|n| objects("p1", at(100 + n))).collect();
    let _ = home.ledger.append(&lines, at(1000)).unwrap();
    crowd(&mut home, 0..2);
    let fresh: Vec<_> = (0..100).map(|n| objects(&format!("q{n}"), at(1))).collect();
    let _ = home.ledger.append(&fresh, at(1001)).unwrap();
    let second = home.ledger.snapshot_with(None, &options).unwrap();
    assert!(second.compiled_position() > first.compiled_position() && second.resident_people() == 0);
    assert_eq!(names().len(), before.len(), "litter is removed");
    assert!(home.ledger.verify_snapshot(&second).unwrap().is_good());
    assert_eq!(everybody(&first, 2).len(), 500, "an open snapshot outlives its files");
}

#[test]
fn damaged_files_are_noticed_or_made_again() {
    let Some(mut home) = Home::with(&[]) else { return };
    crowd(&mut home, 0..300);
    let good = everybody(&home.ledger.snapshot_with(None, &files()).unwrap(), 0);
    let folder = home.folder.path().join("ledger.snapshot");
    let name = |entry: fs::DirEntry| entry.path();
    let bucket = fs::read_dir(&folder)
        .unwrap()
        .map(|e| name(e.unwrap()))
        .find(|p| p.to_string_lossy().contains("bucket-"))
        .unwrap();
    let bytes = fs::read(&bucket).unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 40).chain([bytes.len() - 1]) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 4;
        fs::write(&bucket, flipped).unwrap();
        let snapshot = home.ledger.snapshot_with(None, &files()).unwrap();
        match snapshot.bucket(0, 0, &mut |_, _| {}) {
            Err(LedgerError::Snapshot { .. }) => fs::write(&bucket, &bytes).unwrap(),
            Ok(()) => assert_eq!(everybody(&snapshot, 0), good, "byte {at}: made again"),
            Err(error) => panic!("byte {at}: {error}"),
        }
    }
    fs::remove_file(&bucket).unwrap();
    assert_eq!(everybody(&home.ledger.snapshot_with(None, &files()).unwrap(), 0), good);
    fs::write(folder.join("current.json"), b"{}").unwrap();
    assert_eq!(everybody(&home.ledger.snapshot_with(None, &files()).unwrap(), 0), good);
}

#[test]
fn files_of_another_ledger_are_not_read() {
    let Some(mut one) = Home::with(&[]) else { return };
    crowd(&mut one, 0..20);
    let options = SnapshotOptions { folder: Some(one.folder.path().join("s")), ..files() };
    let _ = one.ledger.snapshot_with(None, &options).unwrap();
    let Some(mut two) = Home::with(&[]) else { return };
    crowd(&mut two, 20..50);
    let snapshot = two.ledger.snapshot_with(None, &options).unwrap();
    assert!(two.ledger.verify_snapshot(&snapshot).unwrap().is_good());
}

#[test]
fn a_position_that_is_not_there_is_refused() {
    let Some(home) = Home::with(&[]) else { return };
    let refused = home.ledger.snapshot_with(Some(99), &SnapshotOptions::default());
    assert!(matches!(refused, Err(LedgerError::AfterHead { asked: 99, head: 1 })));
}

#[test]
fn an_empty_ledger_has_an_empty_snapshot() {
    let Some(home) = Home::new() else { return };
    let snapshot = home.ledger.snapshot().unwrap();
    assert_eq!((snapshot.position(), snapshot.appended()), (0, Micros::DISTANT_PAST));
    assert!(everybody(&snapshot, 0).is_empty() && home.ledger.verify_snapshot(&snapshot).unwrap().is_good());
}
