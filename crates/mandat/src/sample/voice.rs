//! How a text gets its person: openings, moods, hashtags, emoji, typos, numbers and addresses.

use super::cast::{Style, Tongue};
use super::grammar::{Bound, Grammar};
use super::rng::Rng;

const EMOJI: [&str; 20] = [
    "😂", "🙈", "🌱", "☕", "🚆", "🍅", "🎶", "🥾", "💪", "❤️", "🤷", "🐈", "🌧️", "🙏", "🔧", "📚", "🥧", "😴", "🎉",
    "👀",
];

/// One sentence or a few, in a person's way of writing.
pub(crate) fn say(
    grammar: &Grammar,
    theme: &str,
    key: &str,
    style: &Style,
    bound: &mut Bound,
    rng: &mut Rng,
) -> String {
    let mut text = grammar.sentence(theme, key, bound, rng);
    if key == "chain" {
        return text;
    }
    if key == "post" && rng.chance(30.0) {
        // Those who have more to say stay with their subject: the slots are bound.
        let more = grammar.sentence(theme, key, bound, rng);
        if !same_start(&text, &more) {
            text = format!("{text} {more}");
        }
    }
    if key == "post" && rng.chance(18.0) {
        let open = grammar.one(theme, "open", rng).unwrap_or_default();
        text = format!("{open}: {text}");
    }
    if key == "post" && rng.chance(16.0) {
        let close = grammar.one(theme, "close", rng).unwrap_or_default();
        text = format!("{text} {close}");
    }
    if key == "post" && rng.chance(5.0) {
        let mood = grammar.one(theme, "mood", rng).unwrap_or_default();
        text = format!("{text} ({mood})");
    }
    if style.lowercase {
        text = text.to_lowercase();
    }
    if rng.chance(style.typos) {
        text = typo(&text, rng);
    }
    if rng.chance(style.emoji) {
        text = format!("{text} {}", rng.pick(&EMOJI));
    }
    if key == "post" && rng.chance(style.tags) {
        let tag = grammar.one(theme, "tag", rng).unwrap_or("heute");
        text = format!("{text} #{tag}");
    }
    text
}

/// Whether two sentences begin alike, so that one after the other would sound like an echo.
fn same_start(one: &str, other: &str) -> bool {
    one.chars().take(8).eq(other.chars().take(8))
}

/// One slip of the finger inside a longer word.
fn typo(text: &str, rng: &mut Rng) -> String {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let index = rng.below(words.len());
    let mut letters: Vec<char> = words[index].chars().collect();
    if letters.len() < 5 || !letters.iter().all(|c| c.is_alphabetic()) {
        return text.to_owned();
    }
    let at = 1 + rng.below(letters.len() - 2);
    match rng.below(3) {
        0 => letters.swap(at, at + 1),
        1 => drop(letters.remove(at)),
        _ => letters.insert(at, letters[at]),
    }
    words[index] = letters.into_iter().collect();
    words.join(" ")
}

/// Binds an invented address, number and account to the slots that ask for them.
pub(crate) fn bind_contact(bound: &mut Bound, handle: &str, tongue: Tongue, rng: &mut Rng) {
    let name: String = handle.chars().filter(char::is_ascii_alphanumeric).collect();
    bound.set("email", format!("{name}@{}", rng.pick(&["example.org", "example.com", "example.net"])));
    bound.set("phone", phone(tongue, rng));
    bound.set("iban", iban(tongue, rng));
}

/// A number from the ranges that regulators keep for films and books.
fn phone(tongue: Tongue, rng: &mut Rng) -> String {
    let last = rng.below(1000);
    match (tongue, rng.below(3)) {
        (Tongue::German, 0) => format!("030 23125 {last:03}"),
        (Tongue::German, 1) => format!("+49 89 99998 {last:03}"),
        (Tongue::German, _) => format!("0221 4710 {last:03}"),
        (Tongue::English, 0) => format!("020 7946 0{last:03}"),
        (Tongue::English, 1) => format!("+44 7700 900{last:03}"),
        (Tongue::English, _) => format!("(212) 555-01{:02}", last % 100),
    }
}

/// An account number that checks out and belongs to no bank: its bank code is all zeros.
fn iban(tongue: Tongue, rng: &mut Rng) -> String {
    let (country, bban) = match tongue {
        Tongue::German => ("DE", format!("00000000{:010}", rng.below(9_999_999_999))),
        Tongue::English => ("IE", format!("ZZZZ000000{:08}", rng.below(99_999_999))),
    };
    let digits = |text: &str| -> u32 {
        text.bytes().fold(0, |rest, byte| match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
        })
    };
    let check = 98 - digits(&format!("{bban}{country}00"));
    let plain = format!("{country}{check:02}{bban}");
    let groups: Vec<String> = plain.as_bytes().chunks(4).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_numbers_check_out() {
        let mut rng = Rng::new(3, "test");
        for tongue in [Tongue::German, Tongue::English] {
            let plain: String = iban(tongue, &mut rng).split(' ').collect();
            let moved = format!("{}{}", &plain[4..], &plain[..4]);
            let digits: String = moved.chars().map(|c| c.to_digit(36).unwrap().to_string()).collect();
            assert_eq!(digits.parse::<u128>().unwrap() % 97, 1, "{plain}");
        }
    }
}
