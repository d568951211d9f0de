//! `bench ledger`: choices into SQLite and into PostgreSQL, beside rows that pgbench inserts one in a transaction.
//!
//! The peer inserts a row of the size of ours under a random unique key and does nothing else; we check, seal, log and
//! number each choice. Every contender waits for the disk before it counts a row.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::place::Place;
use crate::postgres::Server;
use crate::shell::Cmd;

const EXAMPLE: &str = "import_speed";

/// What pgbench runs: 220 bytes under a random key of 16, as an event row has them.
const ROW: &str = "INSERT INTO peer(tag, payload) VALUES (decode(md5(random()::text || clock_timestamp()::text), 'hex'), \
                   decode(repeat(md5(random()::text), 13), 'hex'));";

/// Measures some rounds, prints the medians, and keeps every measurement.
pub(super) fn run(place: &Place, choices: u64, runs: usize) -> Result<bool> {
    Cmd::cargo(place, &format!("build --locked --release -p mandat-ledger --example {EXAMPLE}")).show()?;
    let server = Server::start(place)?.context("PostgreSQL is not installed: apt-get install postgresql")?;
    let mut rounds = Vec::new();
    for number in 1..=runs {
        println!("round {number} of {runs}");
        let folder = place.scratch("bench-ledger")?;
        let sqlite = ours(place, choices, &folder.to_string_lossy())?;
        let postgres = ours(place, choices, &format!("{}&schema=bench_{number}", server.url()))?;
        let peer = peer(place, &server, &folder)?;
        println!("  sqlite {sqlite}\n  postgres {postgres}\n  pgbench {peer:.0} rows/s");
        rounds.push(serde_json::json!({"sqlite": sqlite, "postgres": postgres, "pgbench_64_clients": peer}));
    }
    print(&rounds, choices);
    let folder = place.root.join("bench-out");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(format!("ledger-{choices}.json"));
    std::fs::write(&file, serde_json::to_string_pretty(&rounds)?)?;
    println!("every measurement: {}", file.display());
    Ok(true)
}

fn ours(place: &Place, choices: u64, target: &str) -> Result<Value> {
    let program = place.target.join("release").join("examples").join(EXAMPLE);
    let said = Cmd::new(place, program).arg(choices.to_string()).arg(target).read()?;
    let line = said.lines().last().context("the example printed nothing")?;
    serde_json::from_str(line).with_context(|| format!("`{line}` is no JSON"))
}

/// Rows a second that 64 clients insert, each in a transaction of its own.
fn peer(place: &Place, server: &Server<'_>, folder: &std::path::Path) -> Result<f64> {
    let script = folder.join("row.sql");
    std::fs::write(&script, ROW)?;
    let tool = |name: &str| -> Result<Cmd> { Ok(Cmd::new(place, name).env("PATH", server.path()?)) };
    let table =
        "DROP TABLE IF EXISTS peer; CREATE TABLE peer(id bigserial PRIMARY KEY, tag bytea UNIQUE, payload bytea)";
    tool("psql")?.args(["-X", "-q", "-c", table]).arg(server.url()).read()?;
    let said = tool("pgbench")?.args(["-n", "-c", "64", "-j", "2", "-T", "10", "-M", "prepared", "-f"]).arg(&script);
    let said = said.arg(server.url()).read()?;
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench names no rate")?;
    let rate = rate.split_whitespace().next().unwrap_or_default();
    rate.parse().with_context(|| format!("`{rate}` is no number"))
}

fn print(rounds: &[Value], choices: u64) {
    let median = |path: &str| {
        let mut all: Vec<f64> = rounds.iter().filter_map(|round| round.pointer(path)?.as_f64()).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(0.0)
    };
    let peer = median("/pgbench_64_clients");
    println!("\n| durable rows a second, {choices} choices, median of {} | SQLite | PostgreSQL |", rounds.len());
    println!("|---|---|---|");
    for (what, key) in
        [("64 clients, one choice each", "appended"), ("bulk import", "imported"), ("accounts seen", "accounts")]
    {
        let (sqlite, postgres) = (median(&format!("/sqlite/{key}")), median(&format!("/postgres/{key}")));
        println!("| {what} | {sqlite:.0} ({:.1}×) | {postgres:.0} ({:.1}×) |", sqlite / peer, postgres / peer);
    }
    println!("| p99 of the 64 clients, ms | {:.1} | {:.1} |", median("/sqlite/p99_ms"), median("/postgres/p99_ms"));
    println!("\n× is against pgbench, 64 clients, a bare row per transaction: {peer:.0}/s");
}
