//! Detects languages for the benches: `language_lines FILE REPEAT`.
//!
//! FILE holds one JSON string a line. Prints one JSON array a line, `[code, confidence]`. All texts are looked at REPEAT
//! times, so that a caller who takes the CPU time of two runs can leave out reading and printing.

use std::io::Write;

use anyhow::{Context, Result};
use mandat_text::language::Detector;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().context("usage: language_lines FILE REPEAT")?;
    let repeat: usize = arguments.next().unwrap_or_default().parse().context("REPEAT is a number")?;
    let lines = std::fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
    let texts: Vec<String> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let detector = Detector::new();
    for text in texts.iter().cycle().take(texts.len() * repeat.saturating_sub(1)) {
        std::hint::black_box(detector.detect(text));
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for text in &texts {
        let found = detector.detect(text);
        writeln!(out, "{}", serde_json::to_string(&(found.code, found.confidence))?)?;
    }
    Ok(())
}
