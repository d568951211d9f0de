//! Parses one part of an input: a pure function of its bytes, the map and the key secret.

use mandat_core::proof::Keyer;
use memchr::memchr;

use super::assemble::Assembler;
use super::sort::Rows;
use crate::input::json::Reader;
use crate::input::raw::{Names, Raw};
use crate::input::table::TableReader;
use crate::input::{Part, Piece, Reason};
use crate::map::Map;
use crate::vault::entries::Hold;

/// What parsing needs.
pub(crate) struct Parser<'a> {
    /// Derives keys.
    pub keyer: &'a Keyer,
    /// The map.
    pub map: &'a Map,
    /// Unknown fields reject.
    pub strict: bool,
    /// Bytes of the longest line.
    pub max_line: usize,
}

/// A line that did not go in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rejected {
    /// Its number, unless it is about the whole file.
    pub line: Option<u64>,
    /// Why.
    pub reason: Reason,
    /// The record it is about, and from when on a version of it counts as a better one.
    pub hold: Option<Hold>,
}

/// What a part gave.
#[derive(Default)]
pub(crate) struct Parsed {
    /// Accepted rows.
    pub rows: Rows,
    /// Rejected lines, in order.
    pub rejected: Vec<Rejected>,
    /// Unknown fields.
    pub names: Names,
}

impl Parser<'_> {
    /// Parses a part.
    pub(crate) fn parse(&self, part: &Part) -> Parsed {
        let mut out = Parsed::default();
        match part {
            Part::Lines(Piece::Lines { first, data }) => self.lines(*first, data, &mut out),
            Part::Lines(Piece::Bad { line, reason, head }) => out.rejected.push(self.bad(*line, *reason, head)),
            Part::Rows { first, rows } => {
                let table = TableReader::new(rows, self.map, self.strict, &mut out.names);
                self.table(*first, &table, &mut out);
            }
            Part::Broken { line, reason } => {
                out.rejected.push(Rejected { line: *line, reason: *reason, hold: None });
            }
        }
        out
    }

    fn lines(&self, first: u64, data: &[u8], out: &mut Parsed) {
        // One check for the whole piece spares one for each string.
        let text = std::str::from_utf8(data).ok().filter(|_| memchr(0, data).is_none());
        let mut assembler = Assembler::new(self.keyer, self.map);
        let reader = Reader { map: self.map, strict: self.strict };
        let mut raw = Raw::default();
        let (mut at, mut line) = (0, first);
        while at < data.len() {
            let end = memchr(b'\n', &data[at..]).map_or(data.len(), |n| at + n);
            let bytes = &data[at..end];
            if !bytes.trim_ascii().is_empty() {
                let checked = match text {
                    _ if bytes.len() > self.max_line => Err(Reason::TooLong),
                    Some(text) => Ok(&text[at..end]),
                    None => plain(bytes),
                };
                let read = checked.and_then(|text| {
                    reader.read(text, &mut raw, &mut out.names).and_then(|()| assembler.add(&raw, &mut out.rows))
                });
                if let Err(reason) = read {
                    out.rejected.push(self.bad(line, reason, bytes));
                }
            }
            (at, line) = (end + 1, line + 1);
        }
    }

    /// A rejected line, and the record that it is about if that can still be read.
    fn bad(&self, line: u64, reason: Reason, bytes: &[u8]) -> Rejected {
        let text = String::from_utf8_lossy(bytes);
        let mut raw = Raw::default();
        Reader { map: self.map, strict: false }.salvage(&text, &mut raw);
        let hold = Assembler::new(self.keyer, self.map).hold(&raw);
        Rejected { line: Some(line), reason, hold }
    }

    fn table(&self, first: u64, table: &TableReader<'_>, out: &mut Parsed) {
        let mut assembler = Assembler::new(self.keyer, self.map);
        let mut raw = Raw::default();
        for row in 0..table.rows() {
            let at = usize::try_from(row).expect("a batch fits in memory");
            let read = table.read(at, &mut raw).and_then(|()| assembler.add(&raw, &mut out.rows));
            if let Err(reason) = read {
                let hold = assembler.hold(&raw);
                out.rejected.push(Rejected { line: Some(first + row), reason, hold });
            }
        }
    }
}

fn plain(bytes: &[u8]) -> Result<&str, Reason> {
    if memchr(0, bytes).is_some() {
        return Err(Reason::Nul);
    }
    std::str::from_utf8(bytes).map_err(|_| Reason::InvalidUtf8)
}
