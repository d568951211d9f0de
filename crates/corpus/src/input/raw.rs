//! One record as it was read: canonical fields, not yet checked; strings borrowed from the input.

use std::borrow::Cow;

use hashbrown::HashMap;
use mandat_core::record::{FIELDS, Media, QuotedSpan};

use super::field::{Field, Kind};
use super::reject::Reason;
use crate::map::{Map, Piece};

/// Fields as read; reused from line to line.
#[derive(Default)]
pub struct Raw<'a> {
    text: [Option<Cow<'a, str>>; FIELDS.len()],
    /// Times that came as instants, in microseconds.
    instants: [Option<i64>; FIELDS.len()],
    lists: [Vec<Cow<'a, str>>; FIELDS.len()],
    /// Texts for templates and value maps.
    pub(crate) slots: Vec<Option<Cow<'a, str>>>,
    /// Quoted spans.
    pub spans: Vec<QuotedSpan>,
    /// Attachments.
    pub media: Vec<Media>,
    /// The first thing wrong with it.
    pub problem: Option<Reason>,
    seen: u32,
}

impl<'a> Raw<'a> {
    /// Forgets the last record.
    pub fn clear(&mut self, map: &Map) {
        self.text = Default::default();
        self.instants = [None; FIELDS.len()];
        self.lists.iter_mut().for_each(Vec::clear);
        self.slots.clear();
        self.slots.resize(map.slots, None);
        self.spans.clear();
        self.media.clear();
        self.problem = None;
        self.seen = 0;
    }

    /// Notes a problem unless there already is one.
    pub fn fail(&mut self, reason: Reason) {
        self.problem.get_or_insert(reason);
    }

    /// Notes that a field is given; twice is a problem.
    pub fn see(&mut self, field: Field) {
        if self.seen & 1 << field as u8 != 0 {
            self.fail(Reason::Twice(field));
        }
        self.seen |= 1 << field as u8;
    }

    /// Sets a single value.
    pub fn set(&mut self, field: Field, text: Cow<'a, str>) {
        // A borrowed string holds no escapes, so no `\u0000` either; the line was searched for plain ones.
        if matches!(&text, Cow::Owned(t) if t.contains('\0')) {
            self.fail(Reason::Nul);
        }
        self.text[field as usize] = Some(text);
    }

    /// Sets an instant.
    pub fn set_instant(&mut self, field: Field, micros: i64) {
        self.instants[field as usize] = Some(micros);
    }

    /// Adds to a list.
    pub fn push(&mut self, field: Field, text: Cow<'a, str>) {
        if text.contains('\0') {
            self.fail(Reason::Nul);
        }
        self.lists[field as usize].push(text);
    }

    /// A single value that is not empty.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&str> {
        self.text[field as usize].as_deref().filter(|t| !t.is_empty())
    }

    /// A list.
    #[must_use]
    pub fn list(&self, field: Field) -> &[Cow<'a, str>] {
        &self.lists[field as usize]
    }

    /// A time in microseconds.
    ///
    /// # Errors
    /// The reason for rejecting it.
    pub fn time(&self, field: Field, map: &Map) -> Result<Option<i64>, Reason> {
        use mandat_core::time::{Micros, TimeError};
        let checked = match (self.instants[field as usize], self.get(field)) {
            (Some(micros), _) => Micros::checked(micros),
            (None, Some(text)) => map.time(text),
            (None, None) => return Ok(None),
        };
        checked.map(|m| Some(m.0)).map_err(|e| match e {
            TimeError::Syntax => Reason::BadTime(field),
            TimeError::Range => Reason::TimeRange(field),
        })
    }

    /// Fills what the record does not say from value maps, templates and constants, in this order.
    pub fn complete(&mut self, map: &Map) {
        for values in &map.values {
            let Some(theirs) = self.slots[values.slot].as_deref() else { continue };
            match values.map.get(theirs).or(values.default.as_ref()) {
                Some(ours) if self.absent(values.to) => self.set(values.to, Cow::Owned(ours.clone())),
                Some(_) => {}
                None => self.fail(Reason::UnknownWord(values.to)),
            }
        }
        for template in &map.templates {
            if self.absent(template.to)
                && let Some(text) = self.fill(&template.parts)
            {
                self.set(template.to, Cow::Owned(text));
            }
        }
        for (field, value) in &map.constants {
            if self.absent(*field) {
                self.set(*field, Cow::Owned(value.clone()));
            }
        }
    }

    fn absent(&self, field: Field) -> bool {
        self.text[field as usize].is_none() && self.instants[field as usize].is_none()
    }

    /// A template's text; none if a field that it names is missing or empty.
    fn fill(&self, parts: &[Piece]) -> Option<String> {
        let mut out = String::new();
        for part in parts {
            match part {
                Piece::Text(text) => out.push_str(text),
                Piece::Slot(slot) => out.push_str(self.slots[*slot].as_deref().filter(|t| !t.is_empty())?),
            }
        }
        Some(out)
    }
}

/// Names of unknown fields and how often they came.
#[derive(Debug, Default)]
pub struct Names {
    known: HashMap<String, (Class, u64)>,
}

/// What an unknown field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Accepted and counted.
    Extra,
    /// Probably a misspelling.
    Near(Field),
}

/// Names kept per file; what comes beyond is counted together.
pub const MAX_NAMES: usize = 1000;
/// Under which name the rest is counted.
pub const OTHER_NAMES: &str = "(others)";
/// Under which name those are counted that could themselves tell something of a person.
pub const HIDDEN_NAME: &str = "a name that is not shown";
/// Bytes of the longest name that is shown.
const SHOWN: usize = 40;

impl Names {
    /// Counts an unknown field and classifies it.
    pub fn meet(&mut self, name: &str, map: &Map) -> Class {
        if let Some((class, count)) = self.known.get_mut(name) {
            *count += 1;
            return *class;
        }
        let class = map.near_miss(name).map_or(Class::Extra, Class::Near);
        let full = self.known.len() >= MAX_NAMES;
        let kept = match is_plain(name) {
            _ if full => OTHER_NAMES,
            true => name,
            false => HIDDEN_NAME,
        };
        // Names that share a place are counted there only if they are no misspellings.
        if kept == name || class == Class::Extra {
            self.known.entry(kept.to_owned()).or_insert((class, 0)).1 += 1;
        }
        class
    }

    /// The names and counts, sorted; misspellings are rejections, not names.
    #[must_use]
    pub fn sorted(self) -> Vec<(String, u64)> {
        let extra = self.known.into_iter().filter(|(_, (class, _))| *class == Class::Extra);
        let mut names: Vec<(String, u64)> = extra.map(|(name, (_, count))| (name, count)).collect();
        names.sort_unstable();
        names
    }
}

/// Whether a name looks like that of a field rather than like content.
fn is_plain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    (1..=SHOWN).contains(&name.len()) && name.bytes().all(plain)
}

/// Whether a field takes a single value.
#[must_use]
pub const fn is_single(field: Field) -> bool {
    matches!(field.kind(), Kind::Text | Kind::Time)
}
