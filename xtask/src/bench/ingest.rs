//! Ingest as people run it: the real command, its wall time, and the most memory it held.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use super::measure::Measure;
use crate::place::Place;
use crate::shell::{Cmd, make_home};

/// The memory budget that the command is given, and what its peak is held against.
pub(super) const BUDGET: &str = "1GB";

/// Makes a fresh home and ingests the generated records into it.
pub(super) fn measure(place: &Place, data: &Path) -> Result<Measure> {
    let home = place.scratch("bench-ingest")?.join("home");
    make_home(place, &home)?;
    let input = data.join("records.jsonl");
    let bytes = std::fs::metadata(&input)?.len();
    let command = Cmd::new(place, place.binary()).args(["ingest", "--home"]).arg(&home).arg(&input);
    let log = home.with_extension("log");
    let start = Instant::now();
    let mut child = command.args(["--memory", BUDGET]).spawn_to(&log)?;
    let mut peak = 0;
    let status = loop {
        peak = peak.max(high_water_mark(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let secs = start.elapsed().as_secs_f64();
    ensure!(status.success(), "ingest ended with {status}; see `{}`", log.display());
    let line = json!({ "bench": "mandat.ingest", "bytes": bytes, "secs": secs, "peak_rss_mb": peak / 1024 });
    std::fs::remove_dir_all(&home)?;
    Measure::last_line("mandat", &line.to_string())
}

/// The most memory a process has held so far, in kB; 0 once it is gone.
fn high_water_mark(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse().ok()).unwrap_or(0)
}
