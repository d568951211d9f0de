//! How fast choices go in: a bulk import, and appends by many clients who share transactions.
//!
//! `cargo run --release -p mandat-ledger --example import_speed -- [CHOICES [FOLDER|URL]]`: an SQLite file in a folder, or a
//! schema of a PostgreSQL server. The last line is JSON, for `cargo xtask bench ledger`.

#![expect(clippy::print_stdout, reason = "an example prints its figures")]
#![expect(clippy::expect_used, reason = "an example that fails says why and ends")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use mandat_core::event::{EventKind, EventLine, Words};
use mandat_core::time::Micros;
use mandat_ledger::{Committer, Keys, Ledger, Place, PostgresUrl, Sighting};

/// 2026-01-01.
const START: i64 = 1_767_225_600_000_000;
/// Who appends at once.
const CLIENTS: u64 = 64;

fn line(n: u64, accounts: u64) -> EventLine {
    let kind = if n.is_multiple_of(3) { EventKind::Withdraw } else { EventKind::Object };
    let mut line = EventLine::new(kind, Micros(START + n.cast_signed()));
    line.platform = Some("x".into());
    line.account = Some(format!("account-{}", n.wrapping_mul(7919) % accounts));
    line.purposes = Some(Words::one("train_generative"));
    line.id = Some(format!("event-{n}"));
    line
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let choices: u64 = arguments.next().map_or(200_000, |n| n.parse().expect("a number of choices"));
    let given = arguments.next().unwrap_or_else(|| std::env::temp_dir().to_string_lossy().into_owned());
    let on_a_server = PostgresUrl::is(&given);
    let parent = if on_a_server { std::env::temp_dir() } else { given.clone().into() };
    let folder = tempfile::tempdir_in(parent).expect("a folder");
    let place = if on_a_server {
        Place::Postgres { url: PostgresUrl::parse(&given).expect("a URL"), files: folder.path().join("snapshot") }
    } else {
        Place::File(folder.path().join("ledger.sqlite"))
    };
    let accounts = choices / 4;
    let mut ledger = Ledger::create_at(&place, Keys::new(&[1; 32], &[2; 32]), None).expect("a new ledger");
    let keyer = ledger.keys().keyer().clone();
    let mut seen = (0..accounts).map(|n| {
        let account = format!("account-{n}");
        let person = keyer.person("x", &account);
        Sighting { person, platform: "x".into(), account, handle: None, from: None }
    });
    let started = Instant::now();
    let _ = ledger.observe_accounts(&mut seen, Micros(START)).expect("accounts");
    let observed = accounts as f64 / started.elapsed().as_secs_f64();
    println!("{accounts} accounts: {observed:.0}/s");
    let now = Micros(START + 1_000_000_000);
    let lines: Vec<_> = (0..choices).map(|n| line(n, accounts)).collect();
    let started = Instant::now();
    let import = ledger.import_choices(&mut lines.into_iter(), now).expect("an import");
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(import.report.accepted, choices, "every choice is new");
    let imported = choices as f64 / seconds;
    println!("import {choices}: {seconds:.2} s, {imported:.0}/s");
    let (appended, p99) = together(ledger, choices, accounts, now);
    println!("{CLIENTS} clients, each waiting for the disk: {appended:.0}/s, p99 {p99:.1} ms");
    println!(
        "{{\"accounts\":{observed:.0},\"imported\":{imported:.0},\"appended\":{appended:.0},\"p99_ms\":{p99:.1}}}"
    );
}

/// Clients append one choice after the other, for some seconds: appends a second, and how long the slowest hundredth waits.
fn together(ledger: Ledger, first: u64, accounts: u64, now: Micros) -> (f64, f64) {
    let committer = Committer::start(ledger, 1024);
    let next = AtomicU64::new(first);
    let started = Instant::now();
    let mut waits: Vec<f64> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    let mut waits = Vec::new();
                    while started.elapsed().as_secs() < 10 {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        let begun = Instant::now();
                        let report = committer.append(vec![line(n, accounts)], now).expect("a choice");
                        assert_eq!(report.accepted, 1, "every choice is new");
                        waits.push(begun.elapsed().as_secs_f64() * 1000.0);
                    }
                    waits
                })
            })
            .collect();
        clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
    });
    let seconds = started.elapsed().as_secs_f64();
    waits.sort_by(f64::total_cmp);
    (waits.len() as f64 / seconds, waits.get(waits.len() * 99 / 100).copied().unwrap_or(0.0))
}
