//! Letters by script, and the scripts that one language alone is written in.

/// Scripts that say the language, Chinese and Japanese apart; the rest needs n-grams.
const CODES: [&str; 19] =
    ["el", "he", "th", "ko", "ka", "hy", "ta", "te", "gu", "pa", "bn", "ml", "kn", "si", "my", "km", "lo", "am", "or"];
const KANA: usize = CODES.len();
const HAN: usize = KANA + 1;
const OTHER: usize = HAN + 1;

/// How many letters of each script a text has.
#[derive(Default)]
pub(super) struct Scripts([u32; OTHER + 1]);

impl Scripts {
    /// Counts a letter; true if its script leaves the language open.
    pub(super) fn count(&mut self, letter: char) -> bool {
        let script = script(u32::from(letter));
        self.0[script] += 1;
        script == OTHER
    }

    /// Letters seen; a Chinese or Japanese sign tells as much as three.
    pub(super) fn letters(&self) -> usize {
        (self.0.iter().sum::<u32>() + 2 * (self.0[KANA] + self.0[HAN])) as usize
    }

    /// The language that most letters' script says, and their share.
    pub(super) fn telling(&self) -> Option<(&'static str, f32)> {
        let all: u32 = self.0.iter().sum();
        let east = self.0[KANA] + self.0[HAN];
        let most = (0..CODES.len()).max_by_key(|&script| self.0[script]).filter(|&script| self.0[script] > east);
        let (code, count) = match most {
            Some(script) => (CODES[script], self.0[script]),
            None if self.0[KANA] * 10 > east => ("ja", east),
            None => ("zh", east),
        };
        (count * 2 > all).then(|| (code, count as f32 / all as f32))
    }
}

/// The script of a letter by its block in Unicode.
fn script(letter: u32) -> usize {
    match letter {
        0x370..=0x3FF | 0x1F00..=0x1FFF => 0,
        0x590..=0x5FF => 1,
        0xE00..=0xE7F => 2,
        0x1100..=0x11FF | 0x3130..=0x318F | 0xAC00..=0xD7AF => 3,
        0x10A0..=0x10FF | 0x1C90..=0x1CBF => 4,
        0x530..=0x58F => 5,
        0xB80..=0xBFF => 6,
        0xC00..=0xC7F => 7,
        0xA80..=0xAFF => 8,
        0xA00..=0xA7F => 9,
        0x980..=0x9FF => 10,
        0xD00..=0xD7F => 11,
        0xC80..=0xCFF => 12,
        0xD80..=0xDFF => 13,
        0x1000..=0x109F => 14,
        0x1780..=0x17FF => 15,
        0xE80..=0xEFF => 16,
        0x1200..=0x139F => 17,
        0xB00..=0xB7F => 18,
        0x3040..=0x30FF | 0x31F0..=0x31FF | 0xFF66..=0xFF9D => KANA,
        0x2E80..=0x2FDF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF => HAN,
        _ => OTHER,
    }
}
