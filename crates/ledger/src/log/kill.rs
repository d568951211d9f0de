//! Processes that are killed at every site, and killed again while they recover: what was acknowledged must hold.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use mandat_core::event::{EventKind, EventLine};
use mandat_core::time::Micros;
use mandat_proof::{NoteSigner, Receipt, StoredTree, verify_receipt};

use super::{FileWitness, LogError, LogFiles, Publisher};
use crate::fault::{SITES, plan};
use crate::{Entry, Keys, Ledger};

/// Names folder and fault to a child process; without it, [`child`] has nothing to do.
const CHILD: &str = "MANDAT_TEST_KILL";
/// More cases than a test run has time for: `MANDAT_TEST_KILL_ROUNDS=20`.
const ROUNDS: &str = "MANDAT_TEST_KILL_ROUNDS";
/// 2026-01-01.
const START: i64 = 1_767_225_600_000_000;
/// Processes side by side.
const SIDE_BY_SIDE: usize = 4;

fn keys() -> Keys {
    Keys::new(&[7; 32], &[8; 32])
}

fn now(step: usize) -> Micros {
    Micros(START + i64::try_from(step).unwrap() * 60_000_000)
}

fn event(id: &str, account: &str) -> EventLine {
    let mut line = EventLine::new(EventKind::Object, Micros(START));
    (line.id, line.account) = (Some(id.to_owned()), Some(account.to_owned()));
    line
}

/// The work of a child: some acts, one import, one erasure.
fn steps() -> Vec<Vec<EventLine>> {
    let import: Vec<_> = (0..20).map(|n| event(&format!("import-{n}"), &format!("p{n}"))).collect();
    let pair = |n: u32| vec![event(&format!("a{n}"), "anna"), event(&format!("b{n}"), "bert")];
    vec![pair(0), import, pair(1), Vec::new(), pair(2)]
}

fn open(folder: &Path) -> (Ledger, Publisher) {
    let path = folder.join("ledger.sqlite");
    let ledger = match Ledger::open(&path, keys()) {
        Ok(ledger) => ledger,
        Err(_) => Ledger::create(&path, keys()).unwrap(),
    };
    let signer = NoteSigner::from_seed(ledger.origin(), &[5; 32]).unwrap();
    let place = folder.join("witness");
    let witness = FileWitness::open(&place).or_else(|_| FileWitness::create(&place, "w.example", &[9; 32]));
    let publisher = Publisher::new(LogFiles::new(&folder.join("log")), signer).unwrap();
    let publisher = publisher.with_witnesses(vec![witness.unwrap()], None).unwrap();
    (ledger, publisher)
}

/// Keeps what was handed out, as the world outside does.
fn acknowledge(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join("told").join(name), text).unwrap();
}

fn work(folder: &Path) -> Result<(), LogError> {
    let (mut ledger, publisher) = open(folder);
    for (step, lines) in steps().into_iter().enumerate() {
        if lines.is_empty() {
            let _ = ledger.erase(keys().keyer().person("x", "bert"), now(step))?;
        } else {
            let _ = ledger.append(&lines, now(step))?;
        }
        let published = ledger.publish(&publisher, now(step))?;
        acknowledge(folder, &format!("{:03}.checkpoint", published.size), &published.note);
        for line in &lines {
            let id = line.id.clone().unwrap();
            let position = ledger.positions_of_id(&id)?[0];
            match ledger.receipt(position, publisher.files()) {
                Ok(receipt) => acknowledge(folder, &format!("{id}.receipt"), &receipt.to_string()),
                Err(LogError::Erased(_)) => {}
                Err(other) => return Err(other),
            }
        }
    }
    Ok(())
}

/// Works in the folder named to it until the fault named to it.
#[test]
fn child() {
    let Some(argument) = std::env::var_os(CHILD) else { return };
    let argument = argument.into_string().unwrap();
    let parts: Vec<_> = argument.split('|').collect();
    let [folder, site, hit, mode] = parts[..] else { panic!("four parts") };
    let mode = if mode == "kill" { plan::Mode::Kill } else { plan::Mode::Fail };
    let fault = plan::Fault { site: site.to_owned(), hit: hit.parse().unwrap(), mode };
    plan::set((!site.is_empty()).then_some(fault));
    work(folder.as_ref()).unwrap();
}

/// Whether a child came to its end.
fn run(folder: &Path, (site, hit, mode): (&str, usize, &str)) -> bool {
    Command::new(std::env::current_exe().unwrap())
        .args(["log::kill::child", "--exact", "--nocapture", "--test-threads", "1"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env(CHILD, format!("{}|{site}|{hit}|{mode}", folder.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

fn told(folder: &Path, ending: &str) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(folder.join("told")).unwrap().map(|entry| entry.unwrap().path());
    let paths = entries.filter(|path| path.to_string_lossy().ends_with(ending));
    paths.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// What must hold after every fault, once a process came to its end.
fn judge(folder: &Path) {
    let (mut ledger, publisher) = open(folder);
    let files = publisher.files();
    let trusted = files.trusted(publisher.trust()).unwrap().unwrap();
    let head = &trusted.checkpoint;
    assert_eq!(trusted.witnesses.len(), 1);
    // The files are whole, and are the ledger's.
    let own = ledger.log_entries(0..u64::MAX).unwrap();
    let mut at = own.iter();
    let found = files.check(&trusted, &mut |_, bytes| assert_eq!(at.next().unwrap().to_bytes(), bytes)).unwrap();
    assert_eq!((found.entries, own.len() as u64), (head.size(), head.size()));
    // Nothing was taken in twice or left out, and rows have no gaps.
    let rows = ledger.events(0..u64::MAX).unwrap();
    assert!(rows.iter().map(|row| row.position).eq(1..=rows.len() as u64));
    let lines: Vec<_> = steps().concat();
    let erased = rows.iter().filter(|row| row.entry == Entry::Erased).count();
    assert_eq!(rows.len(), lines.len() + erased);
    assert!((1..=3).contains(&erased), "bert comes back and goes again whenever a process begins anew");
    // Every receipt that was handed out holds, and is given again as it was.
    for (path, text) in told(folder, ".receipt") {
        let receipt: Receipt = text.parse().unwrap();
        let _ = verify_receipt(&receipt, publisher.trust()).unwrap();
        let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let position = ledger.positions_of_id(&id).unwrap()[0];
        match ledger.receipt(position, files) {
            Ok(again) => assert_eq!(again.to_string(), text, "{id}"),
            Err(LogError::Erased(_)) => assert!(id.starts_with('b')),
            Err(other) => panic!("{id}: {other}"),
        }
    }
    // Every checkpoint that anybody saw is one of this log.
    for (_, note) in told(folder, ".checkpoint") {
        let seen = publisher.trust().open(&note).unwrap().checkpoint;
        let mut read = |tile: &mandat_proof::Tile| files.read(tile);
        let (root, _) = StoredTree::new(head.size(), *head.root(), &mut read).consistency(seen.size()).unwrap();
        assert_eq!(root, *seen.root());
    }
    // Recovery is done: once more changes nothing.
    let note = files.checkpoint().unwrap().unwrap();
    assert_eq!(ledger.append(&lines, now(9)).unwrap().duplicates, lines.len() as u64);
    assert_eq!(ledger.publish(&publisher, now(9)).unwrap().note, note);
}

/// A fault, another one while recovering from it, and then no more.
fn case(number: usize) -> Option<&'static str> {
    let site = SITES[number % SITES.len()];
    let round = number / SITES.len();
    let (hit, mode) = ([1, 3, 2, 5, 8][round % 5], if round.is_multiple_of(2) { "kill" } else { "fail" });
    let second = SITES[(number * 7 + round) % SITES.len()];
    // SIGKILL leaves what was handed to the system: memory will do.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    fs::create_dir(folder.path().join("told")).unwrap();
    let reached = !run(folder.path(), (site, hit, mode));
    let _second = run(folder.path(), (second, 1 + round % 2, "kill"));
    assert!(run(folder.path(), ("", 0, "")), "case {number}: {site} {hit} {mode}, then {second}: no recovery");
    judge(folder.path());
    reached.then_some(site)
}

#[test]
fn what_was_acknowledged_outlives_a_kill_at_every_site_and_a_second_one() {
    let rounds = std::env::var_os(ROUNDS).map_or(6, |n| n.into_string().unwrap().parse().unwrap());
    let next = AtomicUsize::new(0);
    let reached: BTreeSet<_> = std::thread::scope(|scope| {
        let one = || -> Vec<_> {
            let cases = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
            cases.take_while(|number| *number < rounds * SITES.len()).filter_map(case).collect()
        };
        let threads: Vec<_> = (0..SIDE_BY_SIDE).map(|_| scope.spawn(one)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(reached, BTreeSet::from(SITES), "every site was reached and ended a process");
}

#[test]
fn no_site_is_forgotten() {
    let sources = [
        include_str!("../durable.rs"),
        include_str!("../writer.rs"),
        include_str!("publish.rs"),
        include_str!("tables.rs"),
    ];
    let named = |text: &str| -> Vec<String> {
        let calls = text.split("fault::").skip(1);
        calls.filter_map(|call| Some(call.split_once("(\"")?.1.split_once('"')?.0.to_owned())).collect()
    };
    let mut found: Vec<_> = sources.iter().flat_map(|text| named(text)).collect();
    found.sort();
    let mut listed = SITES.map(str::to_owned);
    listed.sort();
    assert_eq!(found, listed);
}
