//! Files of the log: made again, never rewritten, and never by an older ledger.

use std::fs;
use std::path::{Path, PathBuf};

use mandat_ledger::{FileWitness, LogError, LogFiles, Publisher};
use mandat_proof::{NoteSigner, Policy};

use super::super::home::{Home, at, objects};

fn files_of(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(files_of(&path));
        } else {
            out.push((path.clone(), fs::read(path).unwrap()));
        }
    }
    out.sort();
    out
}

fn act(home: &mut Home, n: i64) {
    let _ = home.ledger.append(&[objects(&format!("p{n}"), at(n))], at(n)).unwrap();
}

#[track_caller]
fn whole(home: &Home, size: u64) {
    let publisher = home.publisher();
    let trusted = publisher.files().trusted(publisher.trust()).unwrap().unwrap();
    assert_eq!(trusted.checkpoint.size(), size);
    assert_eq!(publisher.files().check(&trusted, &mut |_, _| {}).unwrap().entries, size);
}

#[test]
fn publishing_again_changes_nothing_and_goes_on_from_any_size() {
    let Some(mut home) = Home::new() else { return };
    assert_eq!(home.publish(at(0)).size, 0);
    let mut size = 0;
    for step in [1, 15, 200, 39, 1, 1, 255, 256] {
        for n in size..size + step {
            act(&mut home, n);
        }
        size += step;
        let published = home.publish(at(size));
        assert_eq!((published.size, published.new), (size.cast_unsigned(), step.cast_unsigned()));
        whole(&home, size.cast_unsigned());
        let before = files_of(&home.folder.path().join("log"));
        assert_eq!(home.publish(at(size + 1)).note, published.note);
        assert_eq!(files_of(&home.folder.path().join("log")), before);
    }
    assert!(!home.folder.path().join("log/tile/0/000.p").exists(), "narrower tiles go once the full one is there");
}

#[test]
fn lost_files_are_made_again_and_changed_ones_are_refused() {
    let Some(mut home) = Home::new() else { return };
    (0..300).for_each(|n| act(&mut home, n));
    let _ = home.publish(at(300));
    let folder = home.folder.path().join("log");
    let before = files_of(&folder);
    fs::remove_dir_all(&folder).unwrap();
    let _ = home.publish(at(301));
    assert_eq!(files_of(&folder), before, "the same note as well: what was signed once is not signed anew");
    fs::remove_file(folder.join("checkpoint")).unwrap();
    let tile = folder.join("tile/0/001.p/44");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[7] ^= 1;
    fs::write(&tile, &bytes).unwrap();
    let publisher = home.publisher();
    let refused = home.ledger.publish(&publisher, at(302)).unwrap_err();
    assert!(refused.to_string().contains("tile/0/001.p/44"), "{refused}");
    assert!(!folder.join("checkpoint").exists());
}

#[test]
fn a_log_of_another_key_or_name_is_left_alone() {
    let Some(mut home) = Home::new() else { return };
    act(&mut home, 1);
    let _ = home.publish(at(2));
    let files = || LogFiles::new(&home.folder.path().join("log"));
    let other = NoteSigner::from_seed(home.ledger.origin(), &[6; 32]).unwrap();
    let other = Publisher::new(files(), other).unwrap();
    assert!(matches!(home.ledger.continues(&other), Err(LogError::Foreign { .. })));
    let named = Publisher::new(files(), NoteSigner::from_seed("log.example/other", &[5; 32]).unwrap()).unwrap();
    assert!(matches!(home.ledger.continues(&named), Err(LogError::Key(_))));
    assert!(Publisher::new(files(), NoteSigner::cosigner("w", &[6; 32]).unwrap()).is_err());
}

#[test]
fn a_witness_signs_what_goes_on_and_nothing_else() {
    let Some(mut home) = Home::new() else { return };
    let folder = home.folder.path().join("witness");
    let witness = FileWitness::create(&folder, "witness.example", &[9; 32]).unwrap();
    assert!(FileWitness::create(&folder, "witness.example", &[9; 32]).is_err(), "there is one");
    let witnessed = |home: &Home| home.publisher().with_witnesses(vec![FileWitness::open(&folder).unwrap()], None);
    for n in 0..4 {
        act(&mut home, n);
        let publisher = witnessed(&home).unwrap();
        let published = home.ledger.publish(&publisher, at(n)).unwrap();
        let trusted = publisher.trust().open(&published.note).unwrap();
        assert_eq!(trusted.witnesses.len(), 1);
        assert_eq!(witness.seen(home.ledger.origin()).unwrap().size, n.cast_unsigned() + 1);
    }
    // Another ledger under the same name, with nothing published: only the witness remembers.
    let Some(mut other) = Home::new() else { return };
    (10..12).for_each(|n| act(&mut other, n));
    let publisher = witnessed(&other).unwrap();
    assert!(matches!(other.ledger.publish(&publisher, at(20)), Err(LogError::Behind { published: 4, held: 2 })));
    (12..20).for_each(|n| act(&mut other, n));
    assert!(matches!(other.ledger.publish(&publisher, at(20)), Err(LogError::Witness { .. })));
    assert_eq!(publisher.files().checkpoint().unwrap(), None);
}

#[test]
fn a_policy_that_cannot_be_met_publishes_nothing() {
    let Some(home) = Home::new() else { return };
    let witness = FileWitness::create(&home.folder.path().join("w"), "w.example", &[9; 32]).unwrap();
    let absent = NoteSigner::cosigner("absent.example", &[10; 32]).unwrap();
    let policy = |needed: &str| -> Policy {
        let (one, two) = (witness.key(), absent.public());
        format!("witness a {one}\nwitness b {two}\ngroup g {needed} a b\nquorum g\n").parse().unwrap()
    };
    let publisher = |policy: &Policy| home.publisher().with_witnesses(vec![witness.clone()], Some(policy));
    assert!(publisher(&policy("any")).is_ok());
    assert!(matches!(publisher(&policy("all")), Err(LogError::Quorum { found: 1, wanted: 2 })));
}
