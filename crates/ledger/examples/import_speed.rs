//! How fast choices go in: a bulk import, and appends of one choice each.
//!
//! `cargo run --release -p mandat-ledger --example import_speed -- [CHOICES [FOLDER]]`

#![expect(clippy::print_stdout, reason = "an example prints its figures")]
#![expect(clippy::expect_used, reason = "an example that fails says why and ends")]

use std::time::Instant;

use mandat_core::event::{EventKind, EventLine, Words};
use mandat_core::time::Micros;
use mandat_ledger::{Keys, Ledger, Sighting};

/// 2026-01-01.
const START: i64 = 1_767_225_600_000_000;

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
    let folder = arguments.next().map_or_else(std::env::temp_dir, Into::into);
    let folder = tempfile::tempdir_in(folder).expect("a folder");
    let accounts = choices / 4;
    let mut ledger =
        Ledger::create(&folder.path().join("ledger.sqlite"), Keys::new(&[1; 32], &[2; 32])).expect("a new ledger");
    let keyer = ledger.keys().keyer().clone();
    let mut seen = (0..accounts).map(|n| {
        let account = format!("account-{n}");
        let person = keyer.person("x", &account);
        Sighting { person, platform: "x".into(), account, handle: None, from: None }
    });
    let _ = ledger.observe_accounts(&mut seen, Micros(START)).expect("accounts");
    let now = Micros(START + 1_000_000_000);
    let lines: Vec<_> = (0..choices).map(|n| line(n, accounts)).collect();
    let started = Instant::now();
    let import = ledger.import_choices(&mut lines.into_iter(), now).expect("an import");
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(import.report.accepted, choices, "every choice is new");
    println!("import {choices}: {seconds:.2} s, {:.0}/s", choices as f64 / seconds);
    let singles = 200;
    let started = Instant::now();
    for n in 0..singles {
        let _ = ledger.append(&[line(choices + n, accounts)], now).expect("a choice");
    }
    let each = started.elapsed().as_secs_f64() * 1000.0 / singles as f64;
    println!("append one by one: {each:.2} ms each");
}
