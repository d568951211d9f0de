//! JSON Lines that are not records: people, notices, choices. One bad line never ends an import.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use mandat_core::time::Micros;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::failure::{Failure, OrFail, Outcome};
use crate::ui::{Table, Ui, count};

/// The longest line that is looked at.
const LINE_LIMIT: u64 = 4 << 20;

/// What some programs write before the text.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// A line that was not taken in, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Rejected {
    pub(crate) file: PathBuf,
    pub(crate) line: u64,
    pub(crate) reason: String,
}

/// The values of a file one by one; notes the line of each, and the lines that are none.
pub(crate) struct Lines<T> {
    path: PathBuf,
    input: BufReader<Box<dyn Read>>,
    line: u64,
    buffer: Vec<u8>,
    /// Line of each value handed out.
    pub(crate) numbers: Vec<u64>,
    pub(crate) rejected: Vec<Rejected>,
    failure: Option<std::io::Error>,
    check: Check<T>,
    rescue: Option<Rescue<T>>,
    /// Lines that only the rescue could read.
    pub(crate) rescued: Vec<u64>,
}

/// Looks at a value before it is handed out, and may reject it.
type Check<T> = Box<dyn FnMut(&mut T, u64) -> Result<(), String>>;

/// Reads what can be read of an object that is no `T`.
type Rescue<T> = (fn(&Map<String, Value>, Micros) -> Option<T>, Micros);

impl<T: DeserializeOwned> Lines<T> {
    /// Opens a file of JSON Lines; `-` is standard input.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(crate) fn open(path: &Path) -> Outcome<Self> {
        let input: Box<dyn Read> = if path == Path::new("-") {
            Box::new(std::io::stdin())
        } else {
            Box::new(File::open(path).or_bad_input(|| format!("cannot read `{}`", path.display()))?)
        };
        Ok(Self {
            path: path.to_owned(),
            input: BufReader::with_capacity(1 << 20, input),
            line: 0,
            buffer: Vec::new(),
            numbers: Vec::new(),
            rejected: Vec::new(),
            failure: None,
            check: Box::new(|_, _| Ok(())),
            rescue: None,
            rescued: Vec::new(),
        })
    }

    /// Looks at each value, with its line, before it is handed out.
    pub(crate) fn checked(mut self, check: impl FnMut(&mut T, u64) -> Result<(), String> + 'static) -> Self {
        self.check = Box::new(check);
        self
    }

    /// Gives lines that are no `T` a second reading.
    pub(crate) fn rescued_by(mut self, rescue: fn(&Map<String, Value>, Micros) -> Option<T>, now: Micros) -> Self {
        self.rescue = Some((rescue, now));
        self
    }

    /// Rejects a value that was handed out, by its index.
    pub(crate) fn reject(&mut self, index: usize, reason: String) {
        self.rejected.push(Rejected { file: self.path.clone(), line: self.numbers[index], reason });
    }

    /// The rejected lines, once all values are out.
    ///
    /// # Errors
    /// When reading ended before the file did.
    pub(crate) fn finish(mut self) -> Outcome<Vec<Rejected>> {
        if let Some(error) = self.failure {
            return Err(Failure::bad_input(format!("cannot read `{}` to its end", self.path.display())).because(&error));
        }
        self.rejected.sort_by_key(|r| r.line);
        Ok(self.rejected)
    }

    /// The next line that is not blank: its value, or what is wrong with it; `None` at the end.
    fn step(&mut self) -> std::io::Result<Option<Result<T, String>>> {
        loop {
            self.buffer.clear();
            self.line += 1;
            if self.input.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut self.buffer)? == 0 {
                return Ok(None);
            }
            if self.buffer.len() as u64 == LINE_LIMIT && !self.buffer.ends_with(b"\n") {
                skip_line(&mut self.input)?;
                return Ok(Some(Err("the line is longer than 4 MiB".to_owned())));
            }
            if self.line == 1 && self.buffer.starts_with(BOM) {
                self.buffer.drain(..BOM.len());
            }
            if !self.buffer.trim_ascii().is_empty() {
                return Ok(Some(self.read()));
            }
        }
    }

    /// The value of the line in the buffer.
    fn read(&mut self) -> Result<T, String> {
        let (mut value, rescued) = match serde_json::from_slice(&self.buffer) {
            Ok(value) => (value, false),
            Err(error) => {
                let object = serde_json::from_slice(&self.buffer).ok();
                let rescue = self.rescue.zip(object.as_ref()).and_then(|((rescue, now), object)| rescue(object, now));
                let field = || object.as_ref().and_then(|object| culprit::<T>(object, &error));
                (rescue.ok_or_else(|| without_content(&error, field().as_deref()))?, true)
            }
        };
        (self.check)(&mut value, self.line)?;
        if rescued {
            self.rescued.push(self.line);
        }
        Ok(value)
    }
}

impl<T: DeserializeOwned> Iterator for Lines<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        loop {
            match self.step() {
                Ok(None) => return None,
                Ok(Some(Ok(value))) => {
                    self.numbers.push(self.line);
                    return Some(value);
                }
                Ok(Some(Err(reason))) => {
                    self.rejected.push(Rejected { file: self.path.clone(), line: self.line, reason });
                }
                Err(error) => {
                    self.failure = Some(error);
                    return None;
                }
            }
        }
    }
}

/// What is wrong with a line that nothing says the platform of.
pub(super) const NO_PLATFORM: &str = "platform is missing: name it in the line, with --platform, or in mandat.toml";

/// Lists the first lines of a list by their numbers.
pub(super) fn numbers(lines: &[u64]) -> String {
    let first: Vec<_> = lines.iter().take(10).map(u64::to_string).collect();
    format!("{}{}", first.join(", "), if lines.len() > 10 { ", …" } else { "" })
}

/// Lists the first rejected lines.
pub(crate) fn report(ui: &Ui, rejected: &[Rejected]) {
    if rejected.is_empty() {
        return;
    }
    ui.line(&format!("{} {}", count(rejected.len() as u64), ui.t("lines rejected", "Zeilen abgewiesen")));
    let mut table = Table::new(&[ui.t("file", "Datei"), ui.t("line>", "Zeile>"), ui.t("reason", "Grund")]);
    for line in rejected.iter().take(10) {
        table.row([line.file.display().to_string(), line.line.to_string(), line.reason.clone()]);
    }
    ui.table(&table);
}

/// Drops the rest of a line.
fn skip_line(input: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            return Ok(());
        }
        let end = chunk.iter().position(|b| *b == b'\n');
        let used = end.map_or(chunk.len(), |at| at + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// What is wrong with a line, without the words that stand in it.
fn without_content(error: &serde_json::Error, field: Option<&str>) -> String {
    let text = error.to_string();
    let column = error.column();
    if error.is_eof() {
        return "the line breaks off".to_owned();
    }
    if error.is_syntax() {
        return format!("not JSON, column {column}");
    }
    let reason = if let Some(rest) = text.strip_prefix("missing field `") {
        let name = rest.split('`').next().unwrap_or_default();
        format!("`{}` is missing", if name == "received" { "received_at" } else { name })
    } else if text.starts_with("unknown field `") {
        "a field that is not known".to_owned()
    } else if let Some(at) = text.find("expected ") {
        let expected = text[at..].split(" at line").next().unwrap_or_default();
        format!("a value of the wrong kind, {expected}")
    } else if let Some(at) = text.find("is not a known ") {
        let kind = text[at..].split(';').next().unwrap_or_default();
        format!("a word that {kind}")
    } else {
        "a value that is not allowed".to_owned()
    };
    match field {
        Some(field) => format!("`{field}`: {reason}, column {column}"),
        None => format!("{reason}, column {column}"),
    }
}

/// The field without which a line would not fail as it does; only fields that `T` has are named.
fn culprit<T: DeserializeOwned>(object: &Map<String, Value>, error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    if ["unknown field", "missing field"].iter().any(|what| text.starts_with(what)) {
        return None;
    }
    let fails_alone = |name: &&String| {
        let alone = Map::from_iter([((*name).clone(), object[*name].clone())]);
        let reason = serde_json::from_value::<T>(Value::Object(alone)).err().map(|e| e.to_string());
        reason.is_some_and(|r| !r.starts_with("unknown field") && !r.starts_with("missing field"))
    };
    object.keys().find(fails_alone).cloned()
}

#[cfg(test)]
mod tests {
    use mandat_core::event::EventLine;

    use super::*;

    #[test]
    fn bad_lines_are_named_without_their_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("choices.jsonl");
        let secret = "Anna-Maria";
        let lines = [
            r#"{"event":"object","received_at":"2026-01-01T00:00:00Z","account":"1"}"#.to_owned(),
            format!(r#"{{"event":"{secret}","received_at":"2026-01-01T00:00:00Z"}}"#),
            format!(r#"{{"event":"object","received_at":"{secret}"}}"#),
            format!(r#"{{"event":"object","{secret}":1}}"#),
            format!(r#"{{"event":"consent","received_at":"2026-01-01","method":"{secret}"}}"#),
            format!(r#"{{"event":"object","account":"{secret}"}}"#),
            format!(r#"{{"event":"object","account":"{secret}"#),
            secret.to_owned(),
            String::new(),
        ];
        std::fs::write(&path, lines.join("\n")).unwrap();
        let mut read: Lines<EventLine> = Lines::open(&path).unwrap();
        assert_eq!(read.by_ref().count(), 1);
        let rejected = read.finish().unwrap();
        assert_eq!(rejected.len(), 7);
        for rejected in &rejected {
            assert!(!rejected.reason.contains(secret), "{}", rejected.reason);
        }
        assert_eq!(rejected[4].reason.split(',').next(), Some("`received_at` is missing"));
        assert!(rejected[1].reason.starts_with("`received_at`: "), "{}", rejected[1].reason);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.jsonl");
        std::fs::write(&path, "\u{feff}1\n2\n").unwrap();
        let mut read: Lines<u32> = Lines::open(&path).unwrap();
        assert_eq!(read.by_ref().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_line_beyond_the_limit_is_skipped_and_the_next_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.jsonl");
        std::fs::write(&path, format!("\"{}\"\n1\n", "a".repeat(5 << 20))).unwrap();
        let mut read: Lines<u32> = Lines::open(&path).unwrap();
        assert_eq!(read.by_ref().collect::<Vec<_>>(), [1]);
        assert_eq!((read.numbers.as_slice(), read.rejected.len()), ([2].as_slice(), 1));
    }
}
