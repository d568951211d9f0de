//! Shingles: the overlapping pieces of a text whose sets are compared.
//!
//! Words are runs of letters, digits and underscores of the [normal form](crate::normal); a character of a script that
//! is written without blanks (Han, kana, Thai, Lao, Khmer, Burmese) is a word of its own. Texts with fewer words than a
//! shingle has are cut into runs of characters, punctuation and pictograms included; texts shorter than that are one.

use crate::hash;

/// How long shingles are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Words of a shingle; the usual five, as in the MinHash pipelines of FineWeb and Dolma.
    pub words: usize,
    /// Characters of a shingle in texts with fewer words than that.
    pub chars: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self { words: 5, chars: 5 }
    }
}

/// An odd multiplier for polynomials over words.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
/// What sets pieces of characters apart from pieces of words.
const CHARS: u64 = 0x6368_6172;

/// Appends the hashes of the shingles of a normal form, in the order of the text; returns the number of words.
pub(crate) fn shingles(normal: &str, shape: Shape, key: u64, words: &mut Vec<u64>, out: &mut Vec<u32>) -> usize {
    words.clear();
    split(normal, |word| words.push(hash::bytes(key, word)));
    if words.len() >= shape.words.max(1) {
        roll(words, shape.words.max(1), key, |run| out.push((run >> 32) as u32));
    } else if !normal.is_empty() {
        let chars = hash::scramble(key ^ CHARS);
        let count = words.len();
        words.clear();
        words.extend(normal.chars().map(|c| hash::scramble(chars ^ u64::from(c))));
        roll(words, shape.chars.max(1).min(words.len()), chars, |run| out.push((run >> 32) as u32));
        return count;
    }
    words.len()
}

/// Hashes of all runs of `n` pieces, as values of a polynomial that rolls along.
pub(crate) fn roll(pieces: &[u64], n: usize, key: u64, mut run: impl FnMut(u64)) {
    let leave = (0..n).fold(1u64, |power, _| power.wrapping_mul(BASE));
    let mut value = 0u64;
    for (at, piece) in pieces.iter().enumerate() {
        value = value.wrapping_mul(BASE).wrapping_add(*piece);
        if at >= n {
            value = value.wrapping_sub(pieces[at - n].wrapping_mul(leave));
        }
        if at + 1 >= n {
            run(hash::scramble(value ^ key));
        }
    }
}

/// Calls back with the bytes of each word.
pub(crate) fn split<'a>(normal: &'a str, mut word: impl FnMut(&'a [u8])) {
    let raw = normal.as_bytes();
    let (mut at, mut start) = (0, None);
    while at < raw.len() {
        let byte = raw[at];
        let (len, kind) = if byte < 0x80 { (1, ascii(byte)) } else { other(&normal[at..]) };
        match (kind, start) {
            (Kind::Inside, None) => start = Some(at),
            (Kind::Inside, Some(_)) => {}
            (Kind::Outside, Some(from)) => {
                word(&raw[from..at]);
                start = None;
            }
            (Kind::Outside, None) => {}
            (Kind::Alone, _) => {
                if let Some(from) = start.take() {
                    word(&raw[from..at]);
                }
                word(&raw[at..at + len]);
            }
        }
        at += len;
    }
    if let Some(from) = start {
        word(&raw[from..]);
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Inside,
    Outside,
    Alone,
}

#[inline]
fn ascii(byte: u8) -> Kind {
    if byte.is_ascii_alphanumeric() || byte == b'_' { Kind::Inside } else { Kind::Outside }
}

fn other(rest: &str) -> (usize, Kind) {
    let c = rest.chars().next().expect("a text ends between characters");
    let kind = match c {
        'ß'..='ö' | 'ø'..='ž' => Kind::Inside,
        '\u{0e00}'..='\u{0eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}'
            if c.is_alphanumeric() =>
        {
            Kind::Alone
        }
        _ if c.is_alphanumeric() => Kind::Inside,
        _ => Kind::Outside,
    };
    (c.len_utf8(), kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let mut found = Vec::new();
        split(text, |w| found.push(std::str::from_utf8(w).unwrap()));
        found
    }

    fn pieces(text: &str) -> (usize, Vec<u32>) {
        let mut out = Vec::new();
        let count = shingles(text, Shape::default(), 1, &mut Vec::new(), &mut out);
        (count, out)
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(words("it's größer_als 3.5 €, ja"), ["it", "s", "größer_als", "3", "5", "ja"]);
        assert_eq!(words("ok 日本語です。ไทย"), ["ok", "日", "本", "語", "で", "す", "ไ", "ท", "ย"]);
        assert_eq!(words("❤ !?"), Vec::<&str>::new());
    }

    #[test]
    fn short_texts_are_cut_into_characters() {
        assert_eq!(pieces(""), (0, vec![]));
        assert_eq!((pieces("ok").0, pieces("ok").1.len()), (1, 1));
        assert_eq!((pieces("ok then!").0, pieces("ok then!").1.len()), (2, 4));
        assert_eq!((pieces("❤❤").0, pieces("❤❤").1.len()), (0, 1));
        assert_eq!((pieces("a b c d e").0, pieces("a b c d e").1.len()), (5, 1));
        assert_eq!((pieces("a b c d e f").0, pieces("a b c d e f").1.len()), (6, 2));
    }

    #[test]
    fn the_same_words_are_the_same_shingle_wherever_they_stand() {
        let (_, all) = pieces("x y z eins zwei drei vier fünf u v w");
        assert_eq!(pieces("eins zwei drei vier fünf").1[..], all[3..4]);
    }
}
