//! Counts of a text, from one pass over it: what all rules are thresholds on.

use super::repeat::Word;
use super::words::is_stop_word;
use crate::hash;

/// What was counted. Pieces are what stands between blanks: links, handles, hashtags, words, or signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Bytes.
    pub bytes: u32,
    /// Pieces between blanks.
    pub pieces: u32,
    /// Links.
    pub links: u32,
    /// Handles.
    pub handles: u32,
    /// Hashtags.
    pub hashtags: u32,
    /// Words: pieces with a letter or digit that are none of these; each character of scripts without blanks.
    pub words: u32,
    /// Characters of the words, signs around them left out.
    pub word_chars: u32,
    /// Words with a letter.
    pub letter_words: u32,
    /// Words that are one character of a script without blanks, or of another script than Latin.
    pub foreign_words: u32,
    /// Stop words of ten languages in Latin script.
    pub stop_words: u32,
    /// Words with characters that a wrong decoding leaves.
    pub broken_words: u32,
    /// Hash signs.
    pub hash_signs: u32,
    /// Ellipses: `…`, or three dots.
    pub ellipses: u32,
    /// Lines that are not empty.
    pub lines: u32,
    /// Line breaks.
    pub line_breaks: u32,
    /// Lines that begin with a bullet.
    pub bullet_lines: u32,
    /// Lines that end with an ellipsis.
    pub ellipsis_lines: u32,
    /// Lines that end with a sentence's mark.
    pub ended_lines: u32,
    /// Lines of at most 30 bytes.
    pub short_lines: u32,
    /// Pieces that end a sentence; at least one if there are words.
    pub sentences: u32,
    /// Longest run of one character; 1 if all are shorter than five.
    pub character_run: u32,
    /// Longest run of one word.
    pub word_run: u32,
    /// Curly brackets.
    pub curly_brackets: u32,
}

/// Bytes of a line from which it is not short.
const SHORT_LINE: usize = 30;

/// Reads a text; appends its words.
pub(super) fn read(text: &str, words: &mut Vec<Word>) -> Stats {
    let mut reader = Reader { stats: Stats::default(), words, last: 0, run: 0 };
    reader.stats.bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut start = 0;
    for line in text.split('\n') {
        reader.line(line, start);
        start += line.len() + 1;
    }
    let stats = &mut reader.stats;
    stats.line_breaks = text.bytes().filter(|b| *b == b'\n').count() as u32;
    stats.character_run = longest_run(text);
    if stats.words > 0 {
        stats.sentences = stats.sentences.max(1);
    }
    reader.stats
}

struct Reader<'a> {
    stats: Stats,
    words: &'a mut Vec<Word>,
    last: u64,
    run: u32,
}

impl Reader<'_> {
    fn line(&mut self, line: &str, start: usize) {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            return;
        }
        let stats = &mut self.stats;
        stats.lines += 1;
        stats.bullet_lines += u32::from(trimmed.starts_with(['•', '-', '*', '‣', '◦', '▪', '–', '●']));
        stats.ellipsis_lines += u32::from(trimmed.ends_with('…') || trimmed.ends_with("..."));
        stats.ended_lines += u32::from(ends_sentence(trimmed));
        stats.short_lines += u32::from(trimmed.len() <= SHORT_LINE);
        let mut from = None;
        for (at, byte) in line.bytes().enumerate() {
            match (byte.is_ascii_whitespace(), from) {
                (false, None) => from = Some(at),
                (true, Some(begin)) => {
                    self.piece(&line[begin..at], start + begin);
                    from = None;
                }
                _ => {}
            }
        }
        if let Some(begin) = from {
            self.piece(&line[begin..], start + begin);
        }
    }

    fn piece(&mut self, piece: &str, start: usize) {
        let stats = &mut self.stats;
        stats.pieces += 1;
        let first = piece.as_bytes()[0];
        if first == b'h' && (piece.starts_with("http://") || piece.starts_with("https://"))
            || first == b'w' && piece.starts_with("www.")
        {
            stats.links += 1;
            return;
        }
        if piece.len() > 1 && (first == b'@' || first == b'#') {
            stats.handles += u32::from(first == b'@');
            stats.hashtags += u32::from(first == b'#');
            stats.hash_signs += u32::from(first == b'#');
            return;
        }
        self.word(piece, start);
    }

    fn word(&mut self, piece: &str, start: usize) {
        let seen = piece.bytes().fold(0, |seen, byte| seen | KINDS[usize::from(byte)]);
        let stats = &mut self.stats;
        if seen & (SIGN | DOT | HIGH) != 0 {
            let count = |sign: &[u8]| piece.bytes().filter(|b| sign.contains(b)).count() as u32;
            if seen & SIGN != 0 {
                stats.hash_signs += count(b"#");
                stats.curly_brackets += count(b"{}");
            }
            let dots = seen & DOT != 0 && piece.as_bytes().windows(3).any(|w| w == b"...");
            stats.ellipses += u32::from(dots || seen & HIGH != 0 && piece.contains('…'));
        }
        if seen & HIGH != 0 {
            stats.broken_words += u32::from(broken(piece));
            if piece.chars().any(without_blanks) {
                self.alone(piece, start);
                return;
            }
        }
        stats.sentences += u32::from(ends_sentence(piece));
        let bare =
            if seen & HIGH == 0 { trim_ascii(piece) } else { piece.trim_matches(|c: char| !c.is_alphanumeric()) };
        if bare.is_empty() {
            return;
        }
        let offset = bare.as_ptr() as usize - piece.as_ptr() as usize;
        let hash = small_hash(bare);
        stats.words += 1;
        stats.word_chars += if seen & HIGH != 0 { bare.chars().count() } else { bare.len() } as u32;
        let letter = seen & LETTER != 0 || seen & HIGH != 0 && bare.chars().any(char::is_alphabetic);
        stats.letter_words += u32::from(letter);
        stats.foreign_words += u32::from(seen & HIGH != 0 && bare.chars().any(|c| c > '\u{24f}' && c.is_alphabetic()));
        stats.stop_words += u32::from(is_stop_word(hash, bare.len()));
        self.add(hash, start + offset, bare.len());
    }

    /// A piece in a script without blanks: each of its letters is a word.
    fn alone(&mut self, piece: &str, start: usize) {
        for (at, c) in piece.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
            self.stats.words += 1;
            self.stats.word_chars += 1;
            self.stats.letter_words += u32::from(c.is_alphabetic());
            self.stats.foreign_words += 1;
            self.add(hash::scramble(u64::from(c)), start + at, c.len_utf8());
        }
        self.stats.sentences += piece.chars().filter(|c| matches!(c, '。' | '！' | '？')).count() as u32;
    }

    fn add(&mut self, hash: u64, start: usize, len: usize) {
        self.run = if hash == self.last { self.run + 1 } else { 1 };
        self.last = hash;
        self.stats.word_run = self.stats.word_run.max(self.run);
        self.words.push(Word { hash, start: start as u32, end: (start + len) as u32 });
    }
}

const LETTER: u8 = 1;
const DIGIT: u8 = 2;
const HIGH: u8 = 4;
const SIGN: u8 = 8;
const DOT: u8 = 16;

/// What kind of character a byte is.
const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'0'..=b'9' => DIGIT,
            b'#' | b'{' | b'}' => SIGN,
            b'.' => DOT,
            0x80.. => HIGH,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};

/// An ASCII piece without the signs around it.
fn trim_ascii(piece: &str) -> &str {
    let inside = |byte: &u8| KINDS[usize::from(*byte)] & (LETTER | DIGIT) != 0;
    let start = piece.as_bytes().iter().position(inside).unwrap_or(piece.len());
    let end = piece.as_bytes().iter().rposition(inside).map_or(start, |at| at + 1);
    &piece[start..end]
}

/// The hash of a word with small ASCII letters.
fn small_hash(word: &str) -> u64 {
    let bytes = word.as_bytes();
    let mut small = [0; 32];
    match small.get_mut(..bytes.len()) {
        Some(small) => {
            small.copy_from_slice(bytes);
            small.make_ascii_lowercase();
            hash::bytes(0, small)
        }
        None => hash::bytes(0, &bytes.to_ascii_lowercase()),
    }
}

/// Whether a line or piece ends with a sentence's mark, perhaps inside quotes or brackets.
fn ends_sentence(text: &str) -> bool {
    match text.as_bytes().last() {
        Some(b'.' | b'!' | b'?') => true,
        Some(byte) if byte.is_ascii_alphanumeric() => false,
        _ => text
            .trim_end_matches(['"', '\'', ')', ']', '“', '”', '’', '»', '«'])
            .ends_with(['.', '!', '?', '。', '！', '？', '…']),
    }
}

/// Scripts that are written without blanks between words.
fn without_blanks(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// UTF-8 read as Windows-1252 or Latin-1 (`Ã¤`, `â€™`) or Mac Roman (`‚Äô`), and the replacement character.
fn broken(piece: &str) -> bool {
    let mut before = ' ';
    for c in piece.chars() {
        let pair = matches!(
            (before, c),
            (
                'Ã' | 'Â',
                '\u{80}'
                    ..='\u{bf}'
                        | 'Ÿ'
                        | '€'
                        | '‚'
                        | 'ƒ'
                        | '„'
                        | '…'
                        | '†'
                        | '‡'
                        | 'Œ'
                        | 'œ'
                        | '–'
                        | '—'
                        | '“'
                        | '”'
                        | '™'
            ) | ('â', '€' | '\u{80}')
                | ('‚', 'Ä')
                | ('√', '\u{a1}'..)
        );
        if pair || c == '\u{fffd}' {
            return true;
        }
        before = c;
    }
    false
}

/// The longest run of one character, without those that rules and blanks are made of; 1 if all are shorter than five.
fn longest_run(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let mut longest = u32::from(!bytes.is_empty());
    let mut at = 0;
    // A run of five has a place divisible by three with two more of it behind.
    while at + 2 < bytes.len() {
        let byte = bytes[at];
        if byte == bytes[at + 1] && byte == bytes[at + 2] && byte < 0x80 {
            let before = bytes[..at].iter().rev().take_while(|b| **b == byte).count();
            let behind = bytes[at..].iter().take_while(|b| **b == byte).count();
            if before + behind >= 5 && !matches!(byte, b'=' | b'-' | b'_' | b'*' | b'.') && !byte.is_ascii_whitespace()
            {
                longest = longest.max((before + behind) as u32);
            }
            at += behind - behind % 3;
        }
        at += 3;
    }
    if text.is_ascii() { longest } else { longest.max(longest_wide(text)) }
}

fn longest_wide(text: &str) -> u32 {
    let (mut longest, mut at) = (1, 0);
    while let Some(next) = text.as_bytes()[at..].iter().position(|b| *b >= 0x80) {
        let rest = &text[at + next..];
        let c = rest.chars().next().expect("a text ends between characters");
        let run = rest.chars().take_while(|other| *other == c).count();
        longest = longest.max(if run >= 5 { run as u32 } else { 1 });
        at += next + run * c.len_utf8();
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(text: &str) -> Stats {
        read(text, &mut Vec::new())
    }

    #[test]
    fn pieces_are_told_apart() {
        let s = stats("Hallo @anna, das ist #super: https://a.de/x www.b.de — 3 Äpfel…");
        assert_eq!((s.pieces, s.links, s.handles, s.hashtags), (10, 2, 1, 1));
        assert_eq!((s.words, s.letter_words, s.stop_words), (5, 4, 2));
        assert_eq!((s.ellipses, s.word_chars), (1, 5 + 3 + 3 + 1 + 5));
    }

    #[test]
    fn lines_are_counted() {
        let s = stats("One line.\n\n- two\n* three…\n");
        assert_eq!((s.lines, s.line_breaks, s.bullet_lines, s.ellipsis_lines), (3, 4, 2, 1));
        assert_eq!((s.ended_lines, s.short_lines), (2, 3));
    }

    #[test]
    fn scripts_without_blanks_have_words() {
        let s = stats("日本語です。 ok");
        assert_eq!((s.words, s.foreign_words, s.sentences), (6, 5, 1));
    }

    #[test]
    fn runs_and_broken_characters() {
        for before in 0..4 {
            let text = format!("{}{}bb ======", "x".repeat(before), "a".repeat(7));
            assert_eq!(stats(&text).character_run, 7, "{text}");
        }
        assert_eq!(stats("ja 😂😂😂😂😂😂 ja").character_run, 6);
        assert_eq!(stats("aaaa 😂😂😂😂").character_run, 1);
        assert_eq!(stats("so so So what").word_run, 3);
        assert_eq!(stats("schÃ¶n itâ€™s don‚Äôt \u{fffd}x Ägypten Ã").broken_words, 4);
    }
}
