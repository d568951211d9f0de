//! What reads like a postal address: a street and its number, and what belongs to it before and behind.
//!
//! Everything begins at a number of at most five digits. Around it stand, by country: a word that ends as streets end
//! (`Lindenweg 4`), a word that streets begin with (`Via Roma 3`, `ul. Długa 7`), a number and names before a kind of
//! street (`12 Baker Street`, `5 rue Haute`), a box (`Postfach 12 34`), a postcode that cannot be anything else.

use super::Kind;
use super::number::run_end;
use super::scan::{Scan, word_byte};
use super::words::{contains, word_before};

/// How far an address reaches to either side of its number, in bytes.
const REACH: usize = 64;

/// Ends of street names, German and Dutch; whole words too (`Lange Straße 5`).
const STREET_ENDS: &[&str] = &[
    "strasse",
    "straße",
    "str",
    "weg",
    "gasse",
    "platz",
    "allee",
    "damm",
    "ufer",
    "chaussee",
    "steig",
    "promenade",
    "straat",
    "laan",
    "plein",
    "gracht",
    "kade",
    "dijk",
    "singel",
    "steeg",
    "vägen",
    "gatan",
    "vej",
    "gade",
];

/// Words of these ends that are no streets.
const NO_STREET: &[&str] = &[
    "weg",
    "damm",
    "platz",
    "ufer",
    "unterweg",
    "hinweg",
    "durchweg",
    "keineswegs",
    "heimweg",
    "rückweg",
    "ausweg",
    "vorweg",
    "arbeitsplatz",
    "arbeitsweg",
    "umweg",
    "tabellenplatz",
    "sitzplatz",
    "stellplatz",
    "parkplatz",
    "spielplatz",
    "str",
    "laan",
];

/// Words that streets begin with and whose number comes last: Italian, Spanish, Polish, Portuguese, French.
const STREET_STARTS: &[&str] = &[
    "via",
    "viale",
    "vicolo",
    "piazza",
    "piazzale",
    "corso",
    "calle",
    "avenida",
    "avda",
    "paseo",
    "plaza",
    "carrer",
    "camino",
    "ul",
    "ulica",
    "al",
    "aleja",
    "aleje",
    "pl",
    "plac",
    "os",
    "osiedle",
    "rua",
    "rue",
    "boulevard",
    "chemin",
    "quai",
];

/// Kinds of streets behind a number and names: English.
const STREET_KINDS: &[&str] = &[
    "street",
    "st",
    "avenue",
    "ave",
    "road",
    "rd",
    "boulevard",
    "blvd",
    "lane",
    "ln",
    "drive",
    "dr",
    "court",
    "ct",
    "terrace",
    "square",
    "sq",
    "close",
    "crescent",
    "gardens",
    "parkway",
    "pkwy",
    "highway",
    "hwy",
    "mews",
    "row",
    "way",
    "place",
];

/// Kinds of streets between a number and the name: French.
const FRENCH_KINDS: &[&str] = &[
    "rue",
    "avenue",
    "av",
    "boulevard",
    "bd",
    "place",
    "chemin",
    "impasse",
    "quai",
    "allée",
    "route",
    "cours",
    "square",
];

/// Words before a number of a box.
const BOXES: &[&str] = &["postfach", "postbus", "apartado", "skrytka"];

/// An address around the number from `at` to `run`.
pub(super) fn number(scan: &mut Scan<'_>, at: usize, run: usize) -> Option<usize> {
    if !scan.kinds.has(Kind::Address) || run - at > 5 || at < scan.url_end || !scan.starts_word(at) {
        return None;
    }
    let house = house_end(scan, run)?;
    let (start, end) = if let Some(start) = street_before(scan, at).or_else(|| box_before(scan, at)) {
        (start, house)
    } else if run - at <= 5
        && let Some(end) = street_behind(scan, house)
    {
        (at, end)
    } else {
        return None;
    };
    let end = with_town(scan, end);
    scan.push(start, end, Kind::Address)
}

/// The end of a house number: `12`, `12a`, `12/3`, `12-14`; none if more digits or a unit hang on it.
fn house_end(scan: &Scan<'_>, run: usize) -> Option<usize> {
    let mut end = run;
    if scan.get(end).is_some_and(|b| b.is_ascii_alphabetic()) {
        end += 1;
    } else if matches!(scan.get(end), Some(b'/' | b'-')) {
        let more = run_end(scan.bytes, end + 1, scan.high);
        if (1..=3).contains(&(more - end - 1)) {
            end = more;
        }
    }
    let decimal =
        matches!(scan.get(end), Some(b'.' | b',' | b':')) && scan.get(end + 1).is_some_and(|b| b.is_ascii_digit());
    (scan.ends_word(end) && !decimal && !matches!(scan.get(end), Some(b'%' | b'$'))).then_some(end)
}

/// The start of a street whose number follows here.
fn street_before(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let floor = scan.low.max(at.saturating_sub(REACH));
    let (last, last_start) = word_before(scan.bytes, floor, at)?;
    if !beside(&scan.bytes[last_start + last.len()..at]) {
        return None;
    }
    if capital(last) && ends_like_street(last) {
        return Some(with_first_names(scan, floor, last_start));
    }
    starts_like_street(scan, floor, at)
}

/// Only spaces, a stop after an abbreviation, a comma, or a sign for «number» stand between.
fn beside(between: &[u8]) -> bool {
    matches!(between, b" " | b". " | b", " | b"." | b" n. " | b", n. ")
        || between == " nº ".as_bytes()
        || between == ", nº ".as_bytes()
}

fn ends_like_street(word: &[u8]) -> bool {
    let lower = |list: &[&str]| list.iter().any(|e| word.len() >= e.len() && ends_with(word, e.as_bytes()));
    lower(STREET_ENDS) && !contains(NO_STREET, word)
}

fn ends_with(word: &[u8], end: &[u8]) -> bool {
    word[word.len() - end.len()..].eq_ignore_ascii_case(end)
}

/// Names in front of a word that is a street by itself: `Lange Straße`, `Karl-Marx-Allee`, `Rosa Parks Straße`.
fn with_first_names(scan: &Scan<'_>, floor: usize, start: usize) -> usize {
    let mut start = start;
    for _ in 0..3 {
        let Some((word, from)) = word_before(scan.bytes, floor, start) else { break };
        let joined = &scan.bytes[from + word.len()..start] == b"-";
        let alone = contains(
            &["straße", "strasse", "str", "allee", "promenade"],
            &scan.bytes[start..start + word_len(scan, start)],
        );
        if !capital(word) || !(joined || (alone && &scan.bytes[from + word.len()..start] == b" ")) {
            break;
        }
        start = from;
    }
    start
}

fn word_len(scan: &Scan<'_>, at: usize) -> usize {
    scan.bytes[at..scan.high].iter().take_while(|b| word_byte(**b)).count()
}

/// A word that streets begin with, then one to four words, the last before the number here with a capital.
fn starts_like_street(scan: &Scan<'_>, floor: usize, at: usize) -> Option<usize> {
    let mut end = at;
    let mut capitals = 0;
    for count in 0..5 {
        let (word, start) = word_before(scan.bytes, floor, end)?;
        let between = &scan.bytes[start + word.len()..end];
        if contains(STREET_STARTS, word) && count > 0 && capitals > 0 && (between == b" " || between == b". ") {
            let short = word.len() < 3 || word.eq_ignore_ascii_case(b"via") || word.eq_ignore_ascii_case(b"al");
            let abbreviated = between == b". " || capital(word) || !short;
            return (abbreviated && capital(&scan.bytes[end..end + word_len(scan, end)]) || count > 1).then_some(start);
        }
        if count > 0 && between != b" " && between != b". " && between != b"-" && between != b"'" {
            return None;
        }
        if !capital(word) && !contains(&["de", "del", "della", "di", "la", "le", "des", "du", "y", "i"], word) {
            return None;
        }
        capitals += usize::from(capital(word));
        end = start;
    }
    None
}

/// A box whose number is here: `Postfach 12 34`, `P.O. Box 99`.
fn box_before(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let floor = scan.low.max(at.saturating_sub(16));
    let (word, start) = word_before(scan.bytes, floor, at)?;
    if &scan.bytes[start + word.len()..at] != b" " {
        return None;
    }
    if contains(BOXES, word) {
        return Some(start);
    }
    let front = &scan.bytes[floor..start];
    let shapes: [&[u8]; 3] = [b"P.O. ", b"PO ", b"P.O."];
    let shape = shapes.iter().find(|shape| front.ends_with(shape))?;
    word.eq_ignore_ascii_case(b"box").then_some(start - shape.len())
}

/// The end of a street whose number ends at `house`: `12 Baker Street`, `5 bis, rue Haute`.
fn street_behind(scan: &Scan<'_>, house: usize) -> Option<usize> {
    let mut at = house;
    let mut count = 0;
    for nth in 0..6 {
        at += match &scan.bytes[at..scan.high] {
            [b',', b' ', ..] if nth < 2 => 2,
            [b' ' | b'-' | b'\'', ..] => 1,
            _ => return None,
        };
        let len = word_len(scan, at);
        let word = &scan.bytes[at..at + len];
        if len == 0 || at > house + REACH {
            return None;
        }
        if nth <= 1 && contains(FRENCH_KINDS, word) && !capital(word) {
            return french_name(scan, at + len);
        }
        if count > 0 && contains(STREET_KINDS, word) && (capital(word) || word.len() > 3) {
            return Some(at + len);
        }
        let small = nth == 0 && contains(&["bis", "ter"], word);
        if !(capital(word) || small || word[0].is_ascii_digit()) {
            return None;
        }
        count += usize::from(!small);
        at += len;
    }
    None
}

/// The name of a French street: small words, then up to three with capitals.
fn french_name(scan: &Scan<'_>, from: usize) -> Option<usize> {
    let (mut at, mut named) = (from, None);
    for _ in 0..6 {
        if !matches!(scan.get(at), Some(b' ' | b'-' | b'\'')) {
            break;
        }
        let len = word_len(scan, at + 1);
        let word = &scan.bytes[at + 1..at + 1 + len];
        if capital(word) {
            named = Some(at + 1 + len);
        } else if !contains(&["de", "du", "des", "la", "le", "les", "l", "d", "en", "sur", "aux"], word) {
            break;
        }
        at += 1 + len;
    }
    named
}

/// The end behind a flat and a town with its postcode: `, Apt. 4`, `, 10115 Berlin`, `, Springfield, IL 62704`.
fn with_town(scan: &Scan<'_>, end: usize) -> usize {
    let mut end = end;
    if let Some(flat) = flat(scan, end) {
        end = flat;
    }
    postcode_and_town(scan, end).or_else(|| american_town(scan, end)).unwrap_or(end)
}

fn flat(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let from = at + separator(scan, at)?;
    let len = word_len(scan, from);
    let word = &scan.bytes[from..from + len];
    contains(&["apt", "apartment", "suite", "flat", "unit", "ste"], word).then_some(())?;
    let stop = usize::from(scan.get(from + len) == Some(b'.'));
    let digits = from + len + stop + 1;
    let run = run_end(scan.bytes, digits.min(scan.high), scan.high);
    (run > digits && run - digits <= 5).then_some(run)
}

/// `, ` or a line's end or a space.
fn separator(scan: &Scan<'_>, at: usize) -> Option<usize> {
    match &scan.bytes[at..scan.high] {
        [b',', b'\n', b' ', ..] => Some(3),
        [b',', b' ' | b'\n', ..] | [b'\n', b' ', ..] => Some(2),
        [b' ' | b'\n', ..] => Some(1),
        _ => None,
    }
}

/// `10115 Berlin`, `1012 AB Amsterdam`, `00-950 Warszawa`, `D-10115 Berlin`.
fn postcode_and_town(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let mut from = at + separator(scan, at)?;
    if let [country, b'-', ..] = &scan.bytes[from..scan.high]
        && country.is_ascii_uppercase()
    {
        from += 2;
    }
    let run = run_end(scan.bytes, from, scan.high);
    let code = match (run - from, scan.get(run)) {
        (2, Some(b'-')) if run_end(scan.bytes, run + 1, scan.high) == run + 4 => run + 4,
        (4 | 5, _) => run,
        _ => return None,
    };
    let rest = &scan.bytes[code..scan.high];
    let code = match rest {
        [b' ', a, b, b' ', ..] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => code + 3,
        _ => code,
    };
    let town = code + 1;
    let len = if scan.get(code) == Some(b' ') { word_len(scan, town) } else { 0 };
    (len > 1 && capital(&scan.bytes[town..town + len])).then_some(town + len)
}

/// `, Springfield, IL 62704`, `, London SW1A 1AA`.
fn american_town(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let mut from = at + separator(scan, at)?;
    for _ in 0..3 {
        let len = word_len(scan, from);
        if len < 2 || !capital(&scan.bytes[from..from + len]) {
            return None;
        }
        from += len;
        from += separator(scan, from)?;
        if let Some(end) = state_and_zip(scan, from).or_else(|| british_code(scan, from)) {
            return Some(end);
        }
    }
    None
}

fn state_and_zip(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let [a, b, b' ', ..] = &scan.bytes[at..scan.high] else { return None };
    let run = run_end(scan.bytes, at + 3, scan.high);
    (a.is_ascii_uppercase() && b.is_ascii_uppercase() && run - at == 8 && scan.ends_word(run)).then_some(run)
}

/// `SW1A 1AA` behind a town.
fn british_code(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let area = scan.bytes[at..scan.high].iter().take(3).take_while(|b| b.is_ascii_uppercase()).count();
    let run = run_end(scan.bytes, at + area, scan.high.min(at + area + 3));
    let letter = usize::from(scan.get(run).is_some_and(|b| b.is_ascii_uppercase()));
    let [b' ', digit, x, y, ..] = &scan.bytes[run + letter..scan.high] else { return None };
    let inward = digit.is_ascii_digit() && x.is_ascii_uppercase() && y.is_ascii_uppercase();
    (matches!(area, 1 | 2) && matches!(run - at - area, 1 | 2) && inward).then_some(run + letter + 4)
}

/// `SW1A 1AA`, whose first digits are here: one or two letters before, the inward code behind.
pub(super) fn british_postcode(scan: &mut Scan<'_>, at: usize, run: usize) -> Option<usize> {
    if !scan.kinds.has(Kind::Address) || at < scan.url_end {
        return None;
    }
    let area = scan.bytes[scan.low..at].iter().rev().take(3).take_while(|b| b.is_ascii_uppercase()).count();
    let letter = usize::from(run - at == 1 && scan.get(run).is_some_and(|b| b.is_ascii_uppercase()));
    let inward = run + letter;
    let start = at - area;
    let [b' ', digit, x, y, ..] = &scan.bytes[inward..scan.high] else { return None };
    let unit = |b: &u8| b.is_ascii_uppercase() && !b"CIKMOV".contains(b);
    let whole = matches!(area, 1 | 2) && run - at <= 2 && digit.is_ascii_digit() && unit(x) && unit(y);
    if !whole || !scan.starts_word(start) || !scan.ends_word(inward + 4) {
        return None;
    }
    scan.push(start, inward + 4, Kind::Address)
}

/// Whether a word begins with a capital letter (or any letter beyond ASCII's capitals that has a small form).
fn capital(word: &[u8]) -> bool {
    match word.first() {
        Some(byte) if byte.is_ascii() => byte.is_ascii_uppercase(),
        Some(_) => word.utf8_chunks().next().and_then(|c| c.valid().chars().next()).is_some_and(char::is_uppercase),
        None => false,
    }
}
