//! Personal data in a text: where it stands, and the text without it.
//!
//! One pass over the bytes; only what can begin something (`@`, a digit, `:`, `/`, a bracket) is looked at closely, and
//! what is found is checked (Luhn, IBAN check digits and length, numbering plans) before it counts. The rules, their
//! sources and their limits are in `docs/curation.md`.

mod address;
mod apply;
mod email;
mod names;
mod number;
mod phone;
mod scan;
mod url;
mod view;
mod words;

use std::borrow::Cow;
use std::fmt;

use names::Names;
use scan::Scan;
use view::View;

/// What kind of personal data a span holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An e-mail address, also one spelled around (`name (at) host dot de`).
    Email,
    /// A telephone number, by the numbering plans of all countries.
    Phone,
    /// An international bank account number: length of its country and check digits.
    Iban,
    /// A payment card number: issuer's range, length and Luhn digit.
    Card,
    /// An IPv4 or IPv6 address.
    Ip,
    /// Something that reads like a postal address: a street with its number, and the town behind it.
    Address,
    /// An account's name: `@name`, `@name@host`, `u/name`.
    Handle,
    /// A person's name, given by the caller.
    Name,
    /// Somebody else's words, given by the caller.
    Quote,
    /// The part of a URL that says whose page or account it is.
    UrlId,
}

impl Kind {
    /// Every kind, in the order of [`Kind`].
    pub const ALL: [Self; 10] = [
        Self::Email,
        Self::Phone,
        Self::Iban,
        Self::Card,
        Self::Ip,
        Self::Address,
        Self::Handle,
        Self::Name,
        Self::Quote,
        Self::UrlId,
    ];

    /// The kind as placeholders and counts name it: `EMAIL`, `PHONE`, `URL`, ….
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Phone => "PHONE",
            Self::Iban => "IBAN",
            Self::Card => "CARD",
            Self::Ip => "IP",
            Self::Address => "ADDRESS",
            Self::Handle => "HANDLE",
            Self::Name => "NAME",
            Self::Quote => "QUOTE",
            Self::UrlId => "URL",
        }
    }

    /// Of two spans that overlap, the one with the lower rank gives the union its kind.
    fn rank(self) -> u8 {
        match self {
            Self::Quote => 0,
            Self::Iban => 1,
            Self::Card => 2,
            Self::Email => 3,
            Self::UrlId => 4,
            Self::Phone => 5,
            Self::Ip => 6,
            Self::Address => 7,
            Self::Handle => 8,
            Self::Name => 9,
        }
    }
}

/// A piece of a text, in bytes of it; both ends stand between characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
}

/// What to look for.
#[derive(Clone)]
pub struct Settings {
    /// The kinds to find and to take over from the caller's spans; all by default.
    pub kinds: Vec<Kind>,
    /// Names to find wherever they stand as whole words, whatever the case of ASCII letters; none by default.
    pub names: Vec<String>,
    /// Only these handles (without `@`, whatever the case) rather than every handle; by default every handle.
    pub handles: Option<Vec<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { kinds: Kind::ALL.to_vec(), names: Vec::new(), handles: None }
    }
}

/// Names and handles are people: only how many there are is shown.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("kinds", &self.kinds)
            .field("names", &self.names.len())
            .field("handles", &self.handles.as_ref().map(Vec::len))
            .finish()
    }
}

/// How often each kind was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([u64; Kind::ALL.len()]);

impl Counts {
    /// Counts the spans of one more text.
    pub fn add(&mut self, spans: &[Span]) {
        for span in spans {
            self.0[span.kind as usize] += 1;
        }
    }

    /// Adds what another counter has seen.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    /// How often a kind was found.
    #[must_use]
    pub fn of(&self, kind: Kind) -> u64 {
        self.0[kind as usize]
    }
}

/// How often a text with finds is scanned: a find can show what stood too close to it, as its placeholder would.
const ROUNDS: usize = 4;

/// Finds and replaces personal data; made once, shared by all threads.
pub struct Redactor {
    kinds: Kinds,
    names: Option<Names>,
    handles: Option<Vec<String>>,
}

impl Redactor {
    /// Prepares the lists of the settings.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let lower = |list: &Vec<String>| {
            let mut list: Vec<String> =
                list.iter().map(|h| h.trim_start_matches('@').to_ascii_lowercase()).filter(|h| !h.is_empty()).collect();
            list.sort_unstable();
            list
        };
        let kinds = Kinds::new(&settings.kinds);
        Self {
            kinds,
            names: if kinds.has(Kind::Name) { Names::new(&settings.names) } else { None },
            handles: settings.handles.as_ref().map(lower),
        }
    }

    /// The personal data of a text and the given spans of it, in order, none overlapping another.
    ///
    /// Spans that overlap become one: their union, of the kind that ranks first of quote, IBAN, card, e-mail, URL, phone,
    /// IP, address, handle, name. So nothing found is left half standing. A given span is widened to whole characters
    /// and cut to the text; one that is empty, or of a kind that is not looked for, is left out.
    #[must_use]
    pub fn spans(&self, text: &str, given: &[Span]) -> Vec<Span> {
        let mut out = Vec::new();
        self.spans_into(text, given, &mut out);
        out
    }

    /// [`Redactor::spans`] into a vector that the caller uses again for the next text.
    pub fn spans_into(&self, text: &str, given: &[Span], out: &mut Vec<Span>) {
        out.clear();
        out.extend(given.iter().filter(|s| self.kinds.has(s.kind)).filter_map(|s| whole(text, s)));
        if let Some(names) = &self.names {
            names.find(text, out);
        }
        if out.is_empty() && !scan::worth_it(text) {
            return;
        }
        settle(out);
        let view = View::new(text);
        for _ in 0..ROUNDS {
            let barriers = out.clone();
            Scan::new(&view, self.kinds, self.handles.as_deref()).run(&barriers, out);
            if out.len() == barriers.len() {
                return;
            }
            for span in &mut out[barriers.len()..] {
                span.end = with_marks(text, span.end);
            }
            settle(out);
        }
    }

    /// The text with a numbered placeholder for each span: `<EMAIL_1>`, the same value always the same number.
    ///
    /// The spans must be in order, not overlapping and on character boundaries, as [`Redactor::spans`] returns them.
    #[must_use]
    pub fn apply<'a>(&self, text: &'a str, spans: &[Span]) -> Cow<'a, str> {
        apply::apply(text, spans)
    }
}

/// The spans of a text in code points rather than bytes, for those who count characters.
#[must_use]
pub fn code_points(text: &str, spans: &[Span]) -> Vec<(usize, usize)> {
    let (mut at, mut count) = (0, 0);
    let mut step = |to: usize| {
        count += text[at..to].chars().count();
        at = to;
        count
    };
    spans.iter().map(|span| (step(span.start), step(span.end))).collect()
}

/// A set of kinds.
#[derive(Clone, Copy)]
struct Kinds(u16);

impl Kinds {
    fn new(kinds: &[Kind]) -> Self {
        Self(kinds.iter().fold(0, |set, &kind| set | 1 << kind as u16))
    }

    fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }
}

/// A given span cut to the text and widened to whole characters; none if nothing is left.
fn whole(text: &str, span: &Span) -> Option<Span> {
    let end = span.end.min(text.len());
    if span.start >= end {
        return None;
    }
    Some(Span { start: text.floor_char_boundary(span.start), end: text.ceil_char_boundary(end), kind: span.kind })
}

/// The end behind the variation selectors and keycap signs that follow: they belong to the digit that goes.
fn with_marks(text: &str, end: usize) -> usize {
    if text.as_bytes().get(end).is_none_or(u8::is_ascii) {
        return end;
    }
    let mark = |c: &char| matches!(u32::from(*c), 0xFE00..=0xFE0F | 0x20E3);
    end + text[end..].chars().take_while(mark).map(char::len_utf8).sum::<usize>()
}

/// Sorts, and makes one span of those that overlap.
fn settle(spans: &mut Vec<Span>) {
    spans.sort_unstable_by_key(|s| (s.start, s.end, s.kind.rank()));
    spans.dedup_by(|next, kept| {
        let overlap = next.start < kept.end;
        if overlap {
            kept.end = kept.end.max(next.end);
            if next.kind.rank() < kept.kind.rank() {
                kept.kind = next.kind;
            }
        }
        overlap
    });
}
