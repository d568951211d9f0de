//! Redacts a file of texts for the benches: `redact_lines FILE REPEAT`.
//!
//! FILE holds one JSON string a line. Prints one JSON array a line, `[[start, end, kind], …]` in code points. All texts
//! are scanned REPEAT times, so that a caller who takes the CPU time of two runs can leave out reading and printing.

use std::io::Write;

use anyhow::{Context, Result};
use mandat_text::redact::{Counts, Redactor, Settings, code_points};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().context("usage: redact_lines FILE REPEAT")?;
    let repeat: usize = arguments.next().unwrap_or_default().parse().context("REPEAT is a number")?;
    let lines = std::fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
    let texts: Vec<String> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let redactor = Redactor::new(&Settings::default());
    let (mut spans, mut counts) = (Vec::new(), Counts::default());
    for text in texts.iter().cycle().take(texts.len() * repeat.saturating_sub(1)) {
        redactor.spans_into(text, &[], &mut spans);
        counts.add(&spans);
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for text in &texts {
        redactor.spans_into(text, &[], &mut spans);
        let places = code_points(text, &spans);
        let line: Vec<_> = spans.iter().zip(places).map(|(s, (from, to))| (from, to, s.kind.name())).collect();
        writeln!(out, "{}", serde_json::to_string(&line)?)?;
    }
    Ok(())
}
