//! A text as its reader sees it: escapes decoded, wide digits narrowed, invisible characters gone; with the way back.

use crate::normal::invisible;
use std::ops::Range;

/// A text to scan, and for each of its bytes where it stands in the original.
pub(super) enum View<'a> {
    /// The text holds nothing to undo (nearly every text): scanned in place.
    Plain(&'a str),
    /// A decoded copy.
    Decoded(Decoded),
}

/// What a reader sees, and the original range of the character that each byte comes from.
pub(super) struct Decoded {
    text: String,
    from: Vec<usize>,
    to: Vec<usize>,
}

impl<'a> View<'a> {
    /// Decodes the text if anything in it needs it.
    pub(super) fn new(text: &'a str) -> Self {
        match first_unusual(text) {
            None => Self::Plain(text),
            Some(at) => Self::Decoded(Decoded::new(text, at)),
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Decoded(decoded) => &decoded.text,
        }
    }

    /// The range of the original that a non-empty range of the view shows.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        match self {
            Self::Plain(_) => range,
            Self::Decoded(d) => d.from[range.start]..d.to[range.end - 1],
        }
    }

    /// The first position of the view that shows something at or after this offset of the original.
    pub(super) fn position(&self, offset: usize) -> usize {
        match self {
            Self::Plain(_) => offset,
            Self::Decoded(d) => d.from.partition_point(|&from| from < offset),
        }
    }
}

impl Decoded {
    fn new(text: &str, start: usize) -> Self {
        let room = text.len();
        let mut out =
            Self { text: String::with_capacity(room), from: Vec::with_capacity(room), to: Vec::with_capacity(room) };
        out.text.push_str(&text[..start]);
        out.from.extend(0..start);
        out.to.extend(1..=start);
        out.settle(text, start);
        let mut at = start;
        while let Some(c) = text[at..].chars().next() {
            let (shown, len) = decode(&text[at..], c);
            if let Some(shown) = shown {
                out.push(shown, at..at + len);
            }
            at += len;
        }
        out
    }

    /// Bytes of one character of the untouched beginning share its range.
    fn settle(&mut self, text: &str, start: usize) {
        for (at, c) in text[..start].char_indices().filter(|(_, c)| c.len_utf8() > 1) {
            let range = at..at + c.len_utf8();
            self.from[range.clone()].fill(range.start);
            self.to[range.clone()].fill(range.end);
        }
    }

    fn push(&mut self, c: char, range: Range<usize>) {
        self.text.push(c);
        self.from.resize(self.text.len(), range.start);
        self.to.resize(self.text.len(), range.end);
    }
}

/// Where the first character stands that the view would show otherwise.
fn first_unusual(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'&' if entity(&text[at..]).is_some() => return Some(at),
            0..=8 | 0xE..=0x1F | 0x7F | 0xC2 | 0xCD | 0xD8 | 0xD9 | 0xDB | 0xE0..=0xE3 | 0xEF | 0xF0 | 0xF3 => {
                let c = text[at..].chars().next()?;
                if narrow(c) != Some(c) {
                    return Some(at);
                }
                at += c.len_utf8();
            }
            _ => at += 1,
        }
    }
    None
}

/// The character shown for the beginning of the text, if any, and how many bytes stand for it.
fn decode(rest: &str, c: char) -> (Option<char>, usize) {
    if c == '&'
        && let Some((shown, len)) = entity(rest)
    {
        return (narrow(shown), len);
    }
    (narrow(c), c.len_utf8())
}

/// A character as ASCII where it is a mere variant of it; none where it is invisible.
fn narrow(c: char) -> Option<char> {
    let digit = |zero: u32| char::from_digit(u32::from(c) - zero, 10);
    match u32::from(c) {
        // The keycap, controls that are no white space, line and paragraph separators, the empty Braille cell, annotations, shorthand
        // and musical controls.
        0x20E3
        | 0..=8
        | 0xE..=0x1F
        | 0x7F..=0x84
        | 0x86..=0x9F
        | 0x2028
        | 0x2029
        | 0x2800
        | 0xFFF9..=0xFFFB
        | 0x1BCA0..=0x1BCA3
        | 0x1D173..=0x1D17A => None,
        _ if invisible(c) => None,
        0xA0 | 0x2000..=0x200A | 0x202F | 0x205F | 0x3000 => Some(' '),
        0x2010..=0x2015 | 0x2212 => Some('-'),
        0xFE6B => Some('@'),
        0x3002 | 0xFF61 => Some('.'),
        0x660..=0x669 => digit(0x660),
        0x6F0..=0x6F9 => digit(0x6F0),
        0x966..=0x96F => digit(0x966),
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0),
        math @ 0x1D7CE..=0x1D7FF => char::from_digit((math - 0x1D7CE) % 10, 10),
        _ => Some(c),
    }
}

/// The character an HTML escape stands for and its length; escapes of escapes (`&amp;amp;#64;`) are undone too.
fn entity(rest: &str) -> Option<(char, usize)> {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while bytes[at..].starts_with(b"amp;") {
        at += 4;
    }
    // Longest: eight digits or letters, then the semicolon.
    let end = bytes[at..].iter().take(9).position(|&b| b == b';').map(|p| at + p);
    match end.and_then(|end| Some((named(&rest[at..end])?, end + 1))) {
        Some(found) => Some(found),
        None if at > 1 => Some(('&', at)),
        None => None,
    }
}

fn named(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "commat" => '@',
        "period" => '.',
        "colon" => ':',
        "sol" => '/',
        "plus" => '+',
        "lowbar" => '_',
        "lpar" => '(',
        "rpar" => ')',
        "hyphen" | "dash" | "ndash" => '-',
        "shy" | "zwnj" | "zwj" => '\u{200B}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(text: &str, seen: &str) {
        assert_eq!(View::new(text).text(), seen, "{text}");
    }

    #[test]
    fn what_a_reader_sees() {
        shows("plain, „ÄÖ“ and 😀", "plain, „ÄÖ“ and 😀");
        shows("a&#64;b &amp;#x40; &amp;amp;commat;", "a@b @ @");
        shows("Q&A &amp; R&D", "Q&A & R&D");
        shows("٠١٢ ０１２ 𝟎𝟏 १", "012 012 01 1");
        shows("a\u{200B}b\u{AD}c 1\u{FE0F}\u{20E3}", "abc 1");
        shows("a\u{61C}b\u{2066}c\u{2069}d\u{7F}e\u{E0041}f\u{3164}g\u{180E}h\u{FFF9}i\u{2028}j\u{1}k", "abcdefghijk");
        shows("&#0; &#x110000; &unknown;", " &#x110000; &unknown;");
    }

    #[test]
    fn ranges_lead_back_to_the_original() {
        let text = "ä😀 x&#64;\u{200B}y";
        let view = View::new(text);
        let at = view.text().find('@').unwrap();
        assert_eq!(&text[view.original(at..at + 1)], "&#64;");
        assert_eq!(&text[view.original(at - 1..at + 2)], "x&#64;\u{200B}y");
        assert_eq!(&text[view.original(0..2)], "ä");
        assert_eq!(view.position(text.find('y').unwrap()), at + 1);
        assert_eq!(view.position(text.len()), view.text().len());
    }
}
