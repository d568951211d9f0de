//! A process killed at any moment, and two that write at once.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;

use mandat_core::event::{EventKind, EventLine};
use mandat_ledger::{CommitError, Committer, Ledger, Place, PostgresUrl};

use super::home::{Home, at, event, keys, objects};

/// Names the ledger to a child process; without it, [`child`] has nothing to do.
const CHILD: &str = "MANDAT_TEST_LEDGER";
const EVENTS_A_BATCH: u64 = 7;

/// Appends batches for ever and says after each which one is done.
#[test]
fn child() {
    let Some(argument) = std::env::var_os(CHILD) else { return };
    let argument = argument.into_string().unwrap();
    let (name, place) = argument.split_once('=').unwrap();
    let mut ledger = Ledger::open_at(&there(place), keys()).unwrap();
    for batch in 0.. {
        let _ = ledger.append(&batch_of(name, batch), at(batch)).unwrap();
        // Straight to the pipe: the test harness keeps what is printed to itself.
        std::io::Write::write_all(&mut std::io::stderr(), format!("{batch}\n").as_bytes()).unwrap();
    }
}

fn there(place: &str) -> Place {
    match PostgresUrl::parse(place) {
        Ok(url) => Place::Postgres { url, files: "unused".into() },
        Err(_) => Place::File(place.into()),
    }
}

fn batch_of(name: &str, batch: i64) -> Vec<EventLine> {
    let id = |n| Some(format!("{name}-{batch}-{n}"));
    let mut lines: Vec<_> =
        (0..EVENTS_A_BATCH - 1).map(|n| EventLine { id: id(n), ..objects(&format!("{name}{n}"), at(batch)) }).collect();
    let mut link = event(EventKind::Link, "", at(batch));
    (link.account, link.accounts, link.id) = (None, Some(vec!["a".into(), "b".into()]), id(EVENTS_A_BATCH));
    lines.push(link);
    lines
}

fn spawn(home: &Home, name: &str) -> Child {
    let child = concat!(module_path!(), "::child");
    Command::new(std::env::current_exe().unwrap())
        .args([child.trim_start_matches("ledger::"), "--exact", "--nocapture", "--test-threads", "1"])
        .env_clear()
        .env(CHILD, format!("{name}={}", home.place()))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads acknowledgements until there are `enough`, kills the child, reads the rest; returns their number.
fn kill_after(mut child: Child, enough: i64) -> i64 {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut last = -1;
    for line in &mut lines {
        last = line.unwrap().parse().unwrap();
        if last >= enough {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    lines.map_while(Result::ok).filter_map(|l| l.parse().ok()).last().unwrap_or(last) + 1
}

#[test]
fn every_acknowledged_event_outlives_a_kill_and_nothing_is_half_there() {
    let Some(home) = Home::new() else { return };
    for (round, enough) in [0, 3, 11, 29].into_iter().enumerate() {
        let name = format!("r{round}-");
        let acknowledged = kill_after(spawn(&home, &name), enough);
        let mut ledger = Ledger::open_at(&home.place(), keys()).unwrap();
        for batch in 0..acknowledged {
            let again = ledger.append(&batch_of(&name, batch), at(batch)).unwrap();
            assert_eq!((again.accepted, again.duplicates), (0, EVENTS_A_BATCH), "batch {batch} of round {round}");
        }
        // The batch in work when it was killed is there whole or not at all.
        let next = ledger.append(&batch_of(&name, acknowledged), at(acknowledged)).unwrap();
        assert!(next.accepted == 0 || next.accepted == EVENTS_A_BATCH, "{next:?}");
        let rows = ledger.events(0..u64::MAX).unwrap();
        assert!(rows.iter().map(|row| row.position).eq(1..=rows.len() as u64));
        assert!(ledger.verify_snapshot(&ledger.snapshot().unwrap()).unwrap().is_good());
    }
}

#[test]
fn many_share_a_transaction_and_each_is_told_of_their_own() {
    let Some(home) = Home::new() else { return };
    let committer = Committer::start(home.ledger.reopen().unwrap(), 64);
    thread::scope(|scope| {
        for n in 0..16 {
            let committer = &committer;
            scope.spawn(move || {
                for batch in 0..8 {
                    let lines = batch_of(&format!("c{n}-"), batch);
                    let report = committer.append(lines.clone(), at(batch)).unwrap();
                    assert_eq!((report.accepted, report.duplicates), (EVENTS_A_BATCH, 0));
                    let (first, last) = report.positions.unwrap();
                    assert_eq!(last - first, EVENTS_A_BATCH, "a link stands in two rows, and nobody else's in between");
                    assert_eq!(committer.append(lines, at(batch)).unwrap().duplicates, EVENTS_A_BATCH);
                }
            });
        }
    });
    let ledger = committer.stop().unwrap();
    assert_eq!(ledger.head().unwrap().position, 16 * 8 * (EVENTS_A_BATCH + 1));
    assert!(ledger.verify_snapshot(&ledger.snapshot().unwrap()).unwrap().is_good());
}

#[test]
fn whoever_finds_no_room_is_told_so_and_loses_nothing() {
    let Some(home) = Home::new() else { return };
    let committer = Committer::start(home.ledger.reopen().unwrap(), 1);
    let head = home.ledger.head().unwrap().position;
    thread::scope(|scope| {
        let ask = |n| {
            let committer = &committer;
            scope.spawn(move || committer.append(vec![objects(&format!("w{n}"), at(n))], at(n)))
        };
        let held = home.ledger.hold(head, |_| {
            let waiting: Vec<_> = (0..6).map(ask).collect();
            // The writer waits for the lock with one request, one more has room, the others are refused at once.
            while waiting.iter().filter(|asked| asked.is_finished()).count() < 4 {
                thread::yield_now();
            }
            waiting
        });
        let answers = held.unwrap().unwrap().into_iter().map(|asked| asked.join().unwrap());
        let (done, refused): (Vec<_>, Vec<_>) = answers.partition(Result::is_ok);
        assert!(refused.len() >= 4 && refused.iter().all(|said| matches!(said, Err(CommitError::Busy))));
        assert_eq!(home.ledger.head().unwrap().position, head + done.len() as u64);
    });
    drop(committer);
}

#[test]
fn two_processes_and_two_threads_write_at_once() {
    let Some(home) = Home::new() else { return };
    let children = [spawn(&home, "one-"), spawn(&home, "two-")];
    let writers: Vec<_> = (0..2)
        .map(|n| {
            let mut ledger = home.ledger.reopen().unwrap();
            thread::spawn(move || {
                for batch in 0..20 {
                    let report = ledger.append(&batch_of(&format!("t{n}-"), batch), at(batch)).unwrap();
                    assert_eq!(report.accepted, EVENTS_A_BATCH);
                }
            })
        })
        .collect();
    let mut expected = 2 * 20 * EVENTS_A_BATCH;
    for child in children {
        let batches = kill_after(child, 5);
        expected += batches.cast_unsigned() * EVENTS_A_BATCH;
    }
    writers.into_iter().for_each(|w| w.join().unwrap());
    let rows = home.ledger.events(0..u64::MAX).unwrap();
    assert!(rows.iter().map(|row| row.position).eq(1..=rows.len() as u64));
    assert!(rows.windows(2).all(|w| w[0].appended < w[1].appended));
    // A link stands in two rows.
    let events = rows.len() as u64 * EVENTS_A_BATCH / (EVENTS_A_BATCH + 1);
    assert!((expected..=expected + 2 * EVENTS_A_BATCH).contains(&events), "{events} of {expected}");
}
