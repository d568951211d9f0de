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
    let (mut hashtag, mut lower) = (false, false);
    let mut at = 0;
    let raw = text.as_bytes();
    while at < raw.len() {
        let byte = raw[at];
        if byte < 0x80 {
            at += 1;
            if byte.is_ascii_alphanumeric() {
                if hashtag && lower && byte.is_ascii_uppercase() {
                    out.push(b' ');
                }
                lower = byte.is_ascii_lowercase();
                out.push(byte.to_ascii_lowercase());
            } else {
                gap(out);
                hashtag = byte == b'#';
                lower = false;
            }
        } else {
            let c = text[at..].chars().next().expect("a text ends between characters");
            at += c.len_utf8();
            if hashtag && lower && c.is_uppercase() {
                out.push(b' ');
            }
            if !invisible(c) {
                lower = c.is_lowercase();
            }
            foreign(c, out);
        }
    }
    gap(out);
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
