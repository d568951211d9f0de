//! The normal form of a text for exact fingerprints: what differs only in case, blanks and invisible characters is equal.
//!
//! In this order: invisible characters are taken out; compatibility characters become what they stand for (Unicode
//! normalisation form KC, [UAX 15](https://www.unicode.org/reports/tr15/)); letters become small letters; runs of
//! white space become one space, none at the ends. Punctuation and pictograms stay.

use unicode_normalization::UnicodeNormalization as _;

/// Characters that show nothing: zero widths, joiners, direction marks, soft hyphens, variation selectors, tags.
#[must_use]
pub fn invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// Writes the normal form of a text into a buffer, which is emptied first.
pub fn normalise(text: &str, out: &mut String) {
    out.clear();
    out.reserve(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let plain = rest.bytes().position(|b| b >= 0x80).unwrap_or(rest.len());
        // A mark after a letter may belong to it: the letter waits for what follows.
        let ready = if plain < rest.len() { plain.saturating_sub(1) } else { plain };
        ascii(&rest[..ready], out);
        rest = &rest[ready..];
        let end = stretch(rest);
        composed(&rest[..end], out);
        rest = &rest[end..];
    }
    if out.ends_with(' ') {
        out.pop();
    }
}

/// ASCII in small letters, each run of white space one space.
fn ascii(text: &str, out: &mut String) {
    let mut rest = text.as_bytes();
    let mut room = [0; 256];
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.len().min(room.len()));
        rest = later;
        let mut last = out.as_bytes().last().copied().unwrap_or(b' ');
        let mut len = 0;
        for byte in now {
            let small = SMALL[usize::from(*byte & 0x7f)];
            room[len] = small;
            len += usize::from(small != b' ' || last != b' ');
            last = small;
        }
        out.push_str(std::str::from_utf8(&room[..len]).expect("ASCII is UTF-8"));
    }
}

/// Small letters for capitals, a space for white space, and everything else as it is.
const SMALL: [u8; 128] = {
    let mut small = [0; 128];
    let mut byte = 0u8;
    while byte < 128 {
        small[byte as usize] = match byte {
            b'\t'..=b'\r' | b' ' => b' ',
            _ => byte.to_ascii_lowercase(),
        };
        byte += 1;
    }
    small
};

#[inline]
fn push(c: char, out: &mut String) {
    if !c.is_whitespace() {
        out.push(c);
    } else if !out.is_empty() && !out.ends_with(' ') {
        out.push(' ');
    }
}

/// How far a text goes until two ASCII characters follow each other.
fn stretch(text: &str) -> usize {
    let bytes = text.as_bytes();
    let pair = bytes.windows(2).skip(1).position(|w| w[0] < 0x80 && w[1] < 0x80);
    pair.map_or(bytes.len(), |at| at + 1)
}

/// Letters of Latin-1 and most of Latin Extended-A, which form KC leaves as they are and which no mark precedes.
fn stable(c: char) -> bool {
    matches!(c, '\0'..='\u{7f}' | 'À'..='ı' | 'Ĵ'..='ľ' | 'Ł'..='ň' | 'Ŋ'..='ž')
}

fn composed(text: &str, out: &mut String) {
    if text.chars().all(stable) {
        text.chars().flat_map(char::to_lowercase).for_each(|c| push(c, out));
    } else {
        let visible = text.chars().filter(|c| !invisible(*c));
        visible.nfkc().flat_map(char::to_lowercase).for_each(|c| push(c, out));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn normal(text: &str) -> String {
        let mut out = String::new();
        normalise(text, &mut out);
        out
    }

    #[test]
    fn equal_to_a_reader_is_equal() {
        assert_eq!(normal("  Hello\t\n WORLD  "), "hello world");
        assert_eq!(normal("Stra\u{200b}ße\u{ad}"), "straße");
        assert_eq!(normal("U\u{308}ber"), normal("Über"));
        assert_eq!(normal("ﬁne ＡＢＣ…"), "fine abc...");
        assert_eq!(normal("❤\u{fe0f} ja"), "❤ ja");
        assert_eq!(normal("a\u{a0}b"), "a b");
        assert_eq!(normal("x\u{200b}\u{308}y"), normal("ẍy"));
        assert_eq!(normal(""), "");
        assert_ne!(normal("so!"), normal("so?"));
    }

    proptest! {
        /// The shortcuts for plain text change nothing.
        #[test]
        fn is_form_kc_of_the_visible_text(text in "([a-zA-Zäßéſŉ \\n]|\\PC|[\u{300}-\u{310}\u{200b}-\u{200f}]){0,40}") {
            let kc: String = text.chars().filter(|c| !invisible(*c)).nfkc().flat_map(char::to_lowercase).collect();
            let expected = kc.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(normal(&text), expected);
        }

        #[test]
        fn case_and_blanks_do_not_count(words in prop::collection::vec("[a-zäöüé]{1,8}", 0..10)) {
            prop_assert_eq!(normal(&words.join("  \t").to_uppercase()), normal(&words.join(" ")));
        }
    }
}
