//! The n-gram model: which languages an n-gram speaks for, and how much.

use super::script::Scripts;

/// Room for languages.
pub(super) const MOST: usize = 64;
/// From so many languages on, an n-gram has a row with a weight for each.
const DENSE: usize = 12;
/// Rows of 255 at most that a sum of 16 bits holds.
const ROWS: u32 = 256;

/// Where an n-gram's weights are.
#[derive(Clone, Copy, Default)]
struct Slot {
    /// Its letters, sixteen bits each; 0 for an empty slot.
    key: u64,
    at: u32,
    /// How many weights, 0 for a row.
    count: u32,
}

/// The unpacked model: a table of n-grams, open addressing.
pub(super) struct Model {
    codes: Vec<&'static str>,
    slots: Vec<Slot>,
    mask: usize,
    sparse: Vec<[u8; 2]>,
    rows: Vec<[u8; MOST]>,
}

impl Model {
    /// Unpacks what `bench/language_model` wrote.
    pub(super) fn read(bytes: &'static [u8]) -> Self {
        let bytes = bytes.strip_prefix(b"MLM1").expect("bug: model.bin is of another version");
        let (count, bytes) = (usize::from(bytes[0]), &bytes[1..]);
        let (codes, mut bytes) = bytes.split_at(2 * count);
        let text = |code: &'static [u8]| std::str::from_utf8(code).expect("bug: model.bin names a language in ASCII");
        let codes: Vec<_> = codes.chunks(2).map(text).collect();
        assert!(codes.len() <= MOST, "bug: model.bin holds too many languages");
        let mut model = Self { codes, slots: Vec::new(), mask: 0, sparse: Vec::new(), rows: Vec::new() };
        let (mut entries, mut key) = (Vec::new(), 0);
        while !bytes.is_empty() {
            key += varint(&mut bytes);
            let (count, rest) = (usize::from(bytes[0]), &bytes[1..]);
            let (weights, rest) = rest.split_at(2 * count);
            entries.push(model.keep(key, weights));
            bytes = rest;
        }
        model.slots = vec![Slot::default(); (entries.len() * 2).next_power_of_two()];
        model.mask = model.slots.len() - 1;
        for slot in entries {
            let mut at = hash(slot.key) & model.mask;
            while model.slots[at].key != 0 {
                at = (at + 1) & model.mask;
            }
            model.slots[at] = slot;
        }
        model
    }

    fn keep(&mut self, key: u64, weights: &[u8]) -> Slot {
        if weights.len() / 2 < DENSE {
            let at = self.sparse.len() as u32;
            self.sparse.extend(weights.chunks(2).map(|pair| [pair[0], pair[1]]));
            return Slot { key, at, count: weights.len() as u32 / 2 };
        }
        let mut row = [0; MOST];
        for pair in weights.chunks(2) {
            row[usize::from(pair[0])] = pair[1];
        }
        self.rows.push(row);
        Slot { key, at: self.rows.len() as u32 - 1, count: 0 }
    }

    /// The languages, by index.
    pub(super) fn codes(&self) -> &[&'static str] {
        &self.codes
    }

    pub(super) fn index(&self, code: &str) -> Option<usize> {
        self.codes.iter().position(|known| *known == code)
    }

    /// Counts the letters of a text by script and adds up what its n-grams say for each language.
    pub(super) fn score(&self, text: &str, most: usize, scripts: &mut Scripts, scores: &mut [u32; MOST]) {
        let mut sums = Sums { all: scores, rows: [0; MOST], count: 0 };
        let mut letters = 0;
        for word in text.split_ascii_whitespace().filter(|word| counts(word)) {
            let (mut window, mut run) = (0u64, (0, 0));
            for c in word.chars() {
                let lower = if c.is_ascii() { c.to_ascii_lowercase() } else { c.to_lowercase().next().unwrap_or(c) };
                let letter = u32::from(lower);
                if !(if c.is_ascii() { c.is_ascii_alphabetic() } else { c.is_alphabetic() || within(letter) }) {
                    window = 0;
                    continue;
                }
                // A letter drawn out (`soooo`) counts twice at most.
                run = if run.0 == letter { (letter, run.1 + 1) } else { (letter, 1) };
                if run.1 > 2 {
                    continue;
                }
                letters += 1;
                if !scripts.count(lower) || letter > 0xFFFF {
                    window = 0;
                    continue;
                }
                window = window << 16 | u64::from(letter);
                self.add(window, &mut sums);
                if letters >= most {
                    sums.flush();
                    return;
                }
            }
        }
        sums.flush();
    }

    /// Adds the n-grams that end with the last letter of the window.
    fn add(&self, window: u64, sums: &mut Sums<'_>) {
        for bits in [16, 32, 48, 64] {
            let key = if bits == 64 { window } else { window & ((1 << bits) - 1) };
            // A shorter word has no n-gram of this length.
            if key >> (bits - 16) == 0 {
                return;
            }
            let mut at = hash(key) & self.mask;
            while self.slots[at].key != 0 {
                let slot = &self.slots[at];
                if slot.key == key {
                    match slot.count {
                        0 => sums.row(&self.rows[slot.at as usize]),
                        count => sums.few(&self.sparse[slot.at as usize..(slot.at + count) as usize]),
                    }
                    break;
                }
                at = (at + 1) & self.mask;
            }
        }
    }
}

/// Whether a word says something of the language: no link, no account, no tag, no address.
fn counts(word: &str) -> bool {
    !(word.starts_with(['@', '#'])
        || word.starts_with("http") && word.contains("://")
        || word.starts_with("www.")
        || word.contains('@'))
}

/// Marks that stand within words of scripts with vowel signs.
fn within(letter: u32) -> bool {
    matches!(letter, 0x300..=0x36F | 0x900..=0xDFF | 0xE31..=0xE4E | 0xEB1..=0xEBC | 0x102B..=0x103E | 0x17B4..=0x17D3)
}

/// Weights added up: rows in sixteen bits, so that the compiler adds many at once.
struct Sums<'a> {
    all: &'a mut [u32; MOST],
    rows: [u16; MOST],
    count: u32,
}

impl Sums<'_> {
    fn row(&mut self, row: &[u8; MOST]) {
        for (sum, weight) in self.rows.iter_mut().zip(row) {
            *sum += u16::from(*weight);
        }
        self.count += 1;
        if self.count == ROWS {
            self.flush();
        }
    }

    fn few(&mut self, weights: &[[u8; 2]]) {
        for [language, weight] in weights {
            self.all[usize::from(*language)] += u32::from(*weight);
        }
    }

    fn flush(&mut self) {
        for (sum, part) in self.all.iter_mut().zip(&mut self.rows) {
            *sum += u32::from(std::mem::take(part));
        }
        self.count = 0;
    }
}

fn hash(key: u64) -> usize {
    (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize
}

/// Seven bits a byte, the lowest first.
fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    let mut shift = 0;
    while let Some((byte, rest)) = bytes.split_first() {
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}
