//! Folding for word lists: what a reader takes for the same word becomes the same bytes.
//!
//! Lower case; umlauts in two letters (`ä` is `ae`, `ß` is `ss`), other accents gone; compatibility forms (full width,
//! mathematical letters) as the letters they show; invisible characters gone; everything between words one space, also
//! where a hashtag begins a new word with a capital; each pictogram a word of its own. Begins and ends with a space.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use crate::normal::invisible;

/// Changes when the same text folds to other bytes, so that stored results are known to be old.
pub(crate) const VERSION: u64 = 1;

/// Appends the folded form of a text to an empty buffer.
pub(crate) fn fold(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b' ');
    let raw = text.as_bytes();
    let mut at = 0;
    while at < raw.len() {
        let plain = raw[at..].iter().position(|b| *b >= 0x80 || *b == b'#').unwrap_or(raw.len() - at);
        plain_ascii(&raw[at..at + plain], out);
        at += plain;
        if at == raw.len() {
            break;
        }
        if raw[at] == b'#' {
            gap(out);
            at += 1 + hashtag(&text[at + 1..], out);
        } else {
            let c = text[at..].chars().next().expect("a text ends between characters");
            at += c.len_utf8();
            foreign(c, out);
        }
    }
    gap(out);
}

/// Small letters and digits as they are, everything else a space; what follows a space after a space is written over it.
fn plain_ascii(raw: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + raw.len(), 0);
    let mut last = if start > 0 { out[start - 1] } else { b' ' };
    let mut len = 0;
    let room = &mut out[start..];
    for byte in raw {
        let folded = FOLDED[usize::from(*byte)];
        room[len] = folded;
        len += usize::from(folded != b' ' || last != b' ');
        last = folded;
    }
    out.truncate(start + len);
}

const FOLDED: [u8; 128] = {
    let mut folded = [b' '; 128];
    let mut byte = 0u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            folded[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    folded
};

/// Folds the word after a hash sign, a space before each capital that follows a small letter; says how long it was.
fn hashtag(text: &str, out: &mut Vec<u8>) -> usize {
    let mut lower = false;
    for (at, c) in text.char_indices() {
        if c == '#' || c.is_ascii() && !c.is_ascii_alphanumeric() {
            return at;
        }
        if lower && c.is_uppercase() {
            out.push(b' ');
        }
        if !invisible(c) {
            lower = c.is_lowercase();
        }
        if c.is_ascii() { out.push(c.to_ascii_lowercase() as u8) } else { foreign(c, out) }
    }
    text.len()
}

fn gap(out: &mut Vec<u8>) {
    if out.last() != Some(&b' ') {
        out.push(b' ');
    }
}

fn foreign(c: char, out: &mut Vec<u8>) {
    match c {
        'ä' | 'Ä' => out.extend(b"ae"),
        'ö' | 'Ö' => out.extend(b"oe"),
        'ü' | 'Ü' => out.extend(b"ue"),
        'ß' | 'ẞ' => out.extend(b"ss"),
        '\u{308}' if matches!(out.last(), Some(b'a' | b'o' | b'u')) => out.push(b'e'),
        _ if invisible(c) || is_combining_mark(c) => {}
        _ if c.is_alphanumeric() => decompose_compatible(c, |part| {
            if part.is_alphanumeric() && !is_combining_mark(part) {
                part.to_lowercase().for_each(|l| push(l, out));
            }
        }),
        // Arrows, signs and pictograms: a word each. Below are blanks and punctuation.
        '\u{2190}'.. => {
            gap(out);
            push(c, out);
            out.push(b' ');
        }
        _ => gap(out),
    }
}

fn push(c: char, out: &mut Vec<u8>) {
    out.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut out = Vec::new();
        fold(text, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn folds_what_reads_alike() {
        check("", " ");
        check("Größe, Café!", " groesse cafe ");
        check("U\u{308}bergewicht", " uebergewicht ");
        check("De\u{200b}pres\u{ad}sion", " depression ");
        check("𝗱𝗲𝗽𝗿𝗲𝘀𝘀𝗶𝗼𝗻 ＨＩＶ", " depression hiv ");
        check("#IchBinSchwul iPhone", " ich bin schwul iphone ");
        check("#BrustKrebsÄrzte", " brust krebs aerzte ");
        check("gut💉so", " gut 💉 so ");
        check("🏳️‍🌈", " 🏳 🌈 ");
        check("self-harm_now ver.di", " self harm now ver di ");
    }

    proptest! {
        #[test]
        fn any_text_folds_to_text_with_single_spaces(text in "\\PC*") {
            let mut out = Vec::new();
            fold(&text, &mut out);
            let folded = String::from_utf8(out).unwrap();
            prop_assert!(folded.starts_with(' ') && folded.ends_with(' ') && !folded.contains("  "));
        }
    }
}
