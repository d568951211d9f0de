//! Texts of people who did not agree, as fingerprints that hold no text, and who repeats them.
//!
//! A text of another person that was written first and may not be used takes its repetitions out.
//! A denied copy that is later than the record takes nothing out, or objecting to a copy would be a
//! weapon against its original (DESIGN 8.13); neither does an earlier text of the same person, who
//! decided about each record.

use mandat_text::denied::{ESTIMATE, WORDS};
use mandat_text::fingerprint::{BYTES, Fingerprint, Fingerprinter};
use mandat_text::near::band_hashes;

use super::pass::KEY;

/// Bytes of a denied text on disk: time (as `settle::order` sorts it), person, fingerprint.
pub(crate) const DENIED: usize = 8 + 16 + BYTES;

/// The shortest text of [`WORDS`] words: letters with blanks between them.
const LEAST_BYTES: usize = 2 * WORDS as usize - 1;

/// The entry of a denied text; `None` if it is too short to be anybody's own.
pub(crate) fn entry(maker: &mut Fingerprinter, text: &str, created: i64, person: u128) -> Option<[u8; DENIED]> {
    if text.len() < LEAST_BYTES {
        return None;
    }
    let print = maker.fingerprint(text);
    let mut entry = [0; DENIED];
    entry[..8].copy_from_slice(&created.to_be_bytes());
    entry[8..24].copy_from_slice(&person.to_be_bytes());
    entry[24..].copy_from_slice(&print.to_bytes());
    (print.words >= WORDS).then_some(entry)
}

/// A fingerprinter for [`entry`].
pub(crate) fn maker() -> Fingerprinter {
    Fingerprinter::new(KEY)
}

/// Denied texts, ready to be asked.
pub(super) struct Denied {
    texts: Vec<[u8; DENIED]>,
    index: Vec<(u64, u32)>,
}

impl Denied {
    /// Takes entries in any order.
    pub(super) fn new(mut texts: Vec<[u8; DENIED]>) -> Self {
        texts.sort_unstable();
        let mut index = Vec::new();
        for (n, text) in (0..).zip(&texts) {
            index.extend(band_hashes(&print(text)).map(|hash| (hash, n)));
        }
        index.sort_unstable();
        Self { texts, index }
    }

    /// Whether a text repeats one that somebody else wrote before and that may not be used.
    pub(super) fn repeated(&self, asked: &Fingerprint, created: i64, person: u128) -> bool {
        if asked.words < WORDS {
            return false;
        }
        band_hashes(asked).any(|hash| {
            let start = self.index.partition_point(|(h, _)| *h < hash);
            let bucket = self.index[start..].iter().take_while(|(h, _)| *h == hash);
            bucket.into_iter().any(|(_, n)| {
                let text = &self.texts[*n as usize];
                let (when, rest) = text.split_first_chunk::<8>().expect("an entry begins with a time");
                let (who, _) = rest.split_first_chunk::<16>().expect("then a person");
                let earlier = i64::from_be_bytes(*when) <= created && u128::from_be_bytes(*who) != person;
                earlier && print(text).estimate(asked) >= ESTIMATE
            })
        })
    }
}

fn print(text: &[u8; DENIED]) -> Fingerprint {
    let (_, print) = text.split_last_chunk::<BYTES>().expect("an entry ends with a fingerprint");
    Fingerprint::from_bytes(print)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_text_of_somebody_else_takes_its_repetition_out_and_nothing_else_does() {
        let text = |from: usize| (from..from + 80).map(|n| format!("word{n} ")).collect::<String>();
        let mut maker = maker();
        let denied = Denied::new(vec![entry(&mut maker, &text(0), 100, 1).unwrap()]);
        let mut asks = |from, created, person| denied.repeated(&maker.fingerprint(&text(from)), created, person);
        assert!(asks(0, 101, 2) && asks(2, 100, 2), "equal, and nearly");
        assert!(!asks(0, 99, 2), "the record is the original");
        assert!(!asks(0, 101, 1), "their own earlier text");
        assert!(!asks(60, 101, 2), "another text");
        assert!(entry(&mut self::maker(), "too short to be anybody's", 1, 1).is_none());
    }
}
