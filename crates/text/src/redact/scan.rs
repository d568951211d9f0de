//! The one pass: what may begin something is shown to the rules of its kind.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::view::View;
use super::{Kind, Kinds, Span, address, email, number, phone, url};

/// Bytes that make a text worth scanning, and those that may (an escape, a bracketed `at`, wide or foreign digits).
const SURE: u8 = 1;
const PERHAPS: u8 = 2;

const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        class[digit as usize] = SURE;
        digit += 1;
    }
    class[b'@' as usize] = SURE;
    class[b'/' as usize] = SURE;
    let perhaps = [b'&', b'(', b'[', b'{', 0xD9, 0xDB, 0xE0, 0xEF, 0xF0];
    let mut at = 0;
    while at < perhaps.len() {
        class[perhaps[at] as usize] = PERHAPS;
        at += 1;
    }
    class
};

/// Bytes at which a rule may begin.
const TRIGGER: [bool; 256] = {
    let mut trigger = [false; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        trigger[digit as usize] = true;
        digit += 1;
    }
    let others = *b"@+([{:/<";
    let mut at = 0;
    while at < others.len() {
        trigger[others[at] as usize] = true;
        at += 1;
    }
    trigger
};

static DOT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(" dot "));
static PUNKT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(" punkt "));

/// Whether a text can hold anything at all; false for most texts, in one cheap look at each byte.
pub(super) fn worth_it(text: &str) -> bool {
    let seen = text.bytes().fold(0, |seen, byte| seen | CLASS[usize::from(byte)]);
    if seen & SURE != 0 {
        return true;
    }
    let bytes = text.as_bytes();
    (seen & PERHAPS != 0 && unusual(bytes)) || DOT.find(bytes).is_some() || PUNKT.find(bytes).is_some()
}

/// Whether one of the bytes that may matter does: an escape, a short bracketed word, wide digits or signs.
fn unusual(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().any(|(at, byte)| match byte {
        b'&' => bytes.get(at + 1).is_some_and(|b| *b == b'#' || b.is_ascii_alphabetic()),
        b'(' | b'[' | b'{' => bytes[at + 1..].iter().take(6).any(|b| matches!(b, b')' | b']' | b'}')),
        0xD9 | 0xDB => true,
        0xE0 => bytes.get(at + 1) == Some(&0xA5),
        0xEF => matches!(bytes.get(at + 1), Some(0xB9 | 0xBC | 0xBD)),
        0xF0 => bytes.get(at + 1) == Some(&0x9D),
        _ => false,
    })
}

/// The state of a pass over one text's view.
pub(super) struct Scan<'a> {
    view: &'a View<'a>,
    /// What the view shows.
    pub(super) text: &'a str,
    /// The same as bytes.
    pub(super) bytes: &'a [u8],
    pub(super) kinds: Kinds,
    /// Handles to find, sorted and in lower case; none: all.
    pub(super) handles: Option<&'a [String]>,
    /// Nothing in front of this is looked at: the end of what was found, given or replaced before.
    pub(super) low: usize,
    /// The start of the gap between given spans, which a late find may reach back to.
    pub(super) gap: usize,
    /// Nothing from here on is looked at: the start of the next given span.
    pub(super) high: usize,
    /// The end of the URL that the pass is in; digits in it are no telephone numbers.
    pub(super) url_end: usize,
    /// The end of the authority (`user@host`) of that URL.
    pub(super) authority_end: usize,
    /// The given spans, in the view: a URL goes on behind one.
    pub(super) barriers: Vec<(usize, usize)>,
    found: Vec<Span>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(view: &'a View<'a>, kinds: Kinds, handles: Option<&'a [String]>) -> Self {
        let (text, bytes) = (view.text(), view.text().as_bytes());
        let (low, gap, high, url_end, authority_end) = (0, 0, bytes.len(), 0, 0);
        Self {
            view,
            text,
            bytes,
            kinds,
            handles,
            low,
            gap,
            high,
            url_end,
            authority_end,
            barriers: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Scans what lies between the barriers (in order, not overlapping) and adds what it finds.
    pub(super) fn run(mut self, barriers: &[Span], out: &mut Vec<Span>) {
        std::mem::swap(&mut self.found, out);
        self.barriers = barriers.iter().map(|b| (self.view.position(b.start), self.view.position(b.end))).collect();
        let mut from = 0;
        for nth in 0..self.barriers.len() {
            let (start, end) = self.barriers[nth];
            self.gap(from, start);
            from = end;
        }
        self.gap(from, self.bytes.len());
        std::mem::swap(&mut self.found, out);
    }

    fn gap(&mut self, from: usize, to: usize) {
        let from = from.max(self.low);
        (self.low, self.gap, self.high) = (from, from, to.max(from));
        self.through(from, to);
        if self.kinds.has(Kind::Email) && from < to {
            self.spelled(from, to);
        }
    }

    /// Shows all positions to their rules.
    pub(super) fn through(&mut self, from: usize, to: usize) {
        let mut at = from;
        while at < to {
            if TRIGGER[usize::from(self.bytes[at])] {
                at = self.trigger(at);
            } else {
                at += 1;
            }
        }
    }

    /// Shows a position to its rules; returns where to go on.
    fn trigger(&mut self, at: usize) -> usize {
        let next = match self.bytes[at] {
            b'@' if at < self.authority_end => at + 1,
            b'@' => email::at_sign(self, at),
            b'+' => phone::number(self, at).unwrap_or(at + 1),
            b'(' => email::bracket(self, at).or_else(|| phone::number(self, at)).unwrap_or(at + 1),
            b'[' | b'{' => email::bracket(self, at).unwrap_or(at + 1),
            b':' => number::ipv6(self, at),
            b'/' => url::slash(self, at),
            b'<' => self.placeholder(at).unwrap_or(at + 1),
            _ => self.digits(at),
        };
        debug_assert!(next > at, "bug: the pass stands still");
        next
    }

    fn digits(&mut self, at: usize) -> usize {
        let run = number::run_end(self.bytes, at, self.high);
        if at < self.url_end {
            return number::ipv4(self, at).unwrap_or(run);
        }
        number::iban(self, at)
            .or_else(|| number::ipv4(self, at))
            .or_else(|| number::ipv6_from_digit(self, at, run))
            .or_else(|| number::card(self, at))
            .or_else(|| phone::number(self, at))
            .or_else(|| address::number(self, at, run))
            .or_else(|| address::british_postcode(self, at, run))
            .unwrap_or(run)
    }

    /// Addresses whose dot is a word: `name at host dot de`.
    fn spelled(&mut self, from: usize, to: usize) {
        let bytes = &self.bytes[..to];
        for finder in [&*DOT, &*PUNKT] {
            let mut done = from;
            for dot in finder.find_iter(&bytes[from..]).map(|found| from + found) {
                if dot >= done {
                    done = email::spelled(self, dot, from).unwrap_or(done);
                }
            }
        }
    }

    /// A placeholder of an earlier redaction is a wall: nothing reaches over it.
    fn placeholder(&mut self, at: usize) -> Option<usize> {
        let end = placeholder_end(&self.bytes[..self.high], at)?;
        self.low = end;
        Some(end)
    }

    /// Notes a find, if its kind is looked for; returns its end.
    pub(super) fn push(&mut self, start: usize, end: usize, kind: Kind) -> Option<usize> {
        if !self.kinds.has(kind) || placeholder_end(self.bytes, start) == Some(end) {
            return None;
        }
        let original = self.view.original(start..end);
        self.found.push(Span { start: original.start, end: original.end, kind });
        self.low = end;
        Some(end)
    }

    /// The byte in front of a position, if a rule may look at it.
    pub(super) fn before(&self, at: usize) -> Option<u8> {
        (at > self.low).then(|| self.bytes[at - 1])
    }

    /// The byte at a position, if a rule may look at it.
    pub(super) fn get(&self, at: usize) -> Option<u8> {
        (at < self.high).then(|| self.bytes[at])
    }

    /// Whether a word may begin here: the byte in front belongs to no word.
    pub(super) fn starts_word(&self, at: usize) -> bool {
        match self.before(at) {
            None => true,
            Some(byte) if byte.is_ascii() => !word_byte(byte),
            Some(_) => !self.text[self.low..at].chars().next_back().is_some_and(word_char),
        }
    }

    /// Whether a word may end here.
    pub(super) fn ends_word(&self, at: usize) -> bool {
        match self.get(at) {
            None => true,
            Some(byte) if byte.is_ascii() => !word_byte(byte),
            Some(_) => !self.text[at..].chars().next().is_some_and(word_char),
        }
    }
}

/// Letters, digits, and accents, which belong to the letter in front of them.
fn word_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(u32::from(c), 0x300..=0x36F | 0x1AB0..=0x1AFF | 0x20D0..=0x20FF)
}

/// Letters, digits, the low line and every byte beyond ASCII.
pub(super) fn word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The end of a placeholder (`<EMAIL_1>`) that begins here.
pub(super) fn placeholder_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?.strip_prefix(b"<")?;
    let name = Kind::ALL.iter().map(|k| k.name()).find(|name| rest.starts_with(name.as_bytes()))?;
    let digits = rest[name.len()..].strip_prefix(b"_")?;
    let count = digits.iter().take(10).take_while(|b| b.is_ascii_digit()).count();
    (count > 0 && digits.get(count) == Some(&b'>')).then(|| at + 1 + name.len() + 1 + count + 1)
}
