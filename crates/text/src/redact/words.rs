//! Words that say what a number near them is.

use super::scan::{Scan, word_byte};

/// How far in front of a number its word may stand, in bytes.
const REACH: usize = 48;

/// Which words.
#[derive(Clone, Copy)]
pub(super) enum Lists {
    /// A payment card follows.
    Card,
    /// A version number follows.
    Version,
    /// A telephone number follows.
    Phone,
    /// A telephone number follows if it is written like one.
    PerhapsPhone,
    /// Some other number follows: an order, a book, a case.
    Other,
}

const CARD: &[&str] = &[
    "amex",
    "card",
    "cards",
    "carta",
    "carte",
    "cc",
    "credit",
    "diners",
    "jcb",
    "karta",
    "karte",
    "kaart",
    "kartennummer",
    "kreditkarte",
    "maestro",
    "mastercard",
    "tarjeta",
    "visa",
];

const VERSION: &[&str] = &[
    "build",
    "driver",
    "firmware",
    "kernel",
    "paragraph",
    "release",
    "section",
    "ver",
    "version",
    "versions",
    "wersja",
];

const PHONE: &[&str] = &[
    "anrufen",
    "answering",
    "appeler",
    "appelez",
    "bel",
    "bellen",
    "call",
    "called",
    "calling",
    "cell",
    "cellphone",
    "cellulare",
    "chiama",
    "chiamami",
    "desk",
    "dial",
    "durchwahl",
    "dzwoń",
    "dzwonić",
    "erreichbar",
    "fax",
    "fon",
    "fixe",
    "gsm",
    "handy",
    "handynummer",
    "hotline",
    "komórka",
    "komórkowy",
    "llama",
    "llame",
    "llámame",
    "mob",
    "mobiel",
    "mobil",
    "mobile",
    "mobilnummer",
    "móvil",
    "movil",
    "natel",
    "phone",
    "phones",
    "portable",
    "ring",
    "rufen",
    "rufnummer",
    "signal",
    "sms",
    "tel",
    "telefax",
    "telefon",
    "telefonnummer",
    "telefono",
    "telefonu",
    "telefoon",
    "telefoonnummer",
    "telephone",
    "teléfono",
    "text",
    "tél",
    "téléphone",
    "viber",
    "whatsapp",
    "zadzwoń",
];

const PERHAPS_PHONE: &[&str] = &[
    "contact",
    "kontakt",
    "message",
    "messages",
    "numer",
    "numero",
    "numéro",
    "number",
    "nummer",
    "número",
    "office",
    "reach",
    "registered",
];

const OTHER: &[&str] = &[
    "account",
    "aktenzeichen",
    "art",
    "artikel",
    "arxiv",
    "asin",
    "az",
    "bestellnummer",
    "bestellung",
    "case",
    "code",
    "doi",
    "ean",
    "fallnummer",
    "id",
    "invoice",
    "isbn",
    "issn",
    "issue",
    "item",
    "iteration",
    "konto",
    "kontonummer",
    "no",
    "nr",
    "order",
    "pmid",
    "rechnung",
    "rechnungsnummer",
    "ref",
    "reference",
    "serial",
    "sendungsnummer",
    "sku",
    "ssn",
    "steuer",
    "steuernummer",
    "ticket",
    "timestamp",
    "tracking",
    "transaction",
    "version",
    "zip",
];

impl Lists {
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Card => CARD,
            Self::Version => VERSION,
            Self::Phone => PHONE,
            Self::PerhapsPhone => PERHAPS_PHONE,
            Self::Other => OTHER,
        }
    }

    /// How many words back the list's word may stand.
    fn distance(self) -> usize {
        match self {
            Self::Card | Self::Phone => 6,
            Self::PerhapsPhone | Self::Other => 2,
            Self::Version => 1,
        }
    }
}

/// Whether a word of the list stands in front of the position, with nothing found in between.
pub(super) fn near(scan: &Scan<'_>, at: usize, list: Lists) -> bool {
    let floor = scan.low.max(at.saturating_sub(REACH));
    let mut end = at;
    for _ in 0..list.distance() {
        let Some((word, start)) = word_before(scan.bytes, floor, end) else { return false };
        // A word cut by the reach is not known.
        let cut = start == floor && start > scan.low && word_byte(scan.bytes[start - 1]);
        if !cut && contains(list.words(), word) {
            return true;
        }
        end = start;
    }
    false
}

/// Whether the word right behind a number (`0123 office`, `0123-Fax`) says that it is a telephone.
pub(super) fn phone_behind(scan: &Scan<'_>, at: usize) -> bool {
    let rest = &scan.bytes[at..scan.high.min(at + 20)];
    let start = rest.iter().take(3).position(|b| b.is_ascii_alphabetic());
    let Some(start) = start.filter(|s| *s > 0 && rest[..*s].iter().all(|b| b" -(,".contains(b))) else { return false };
    let len = rest[start..].iter().take_while(|b| word_byte(**b)).count();
    let word = &rest[start..start + len];
    start + len < 20
        && contains(
            &["cell", "fax", "handy", "home", "mobil", "mobile", "office", "phone", "privat", "whatsapp", "work"],
            word,
        )
}

/// The last word that begins at or behind the floor and ends before `end`, and its start.
pub(super) fn word_before(bytes: &[u8], floor: usize, end: usize) -> Option<(&[u8], usize)> {
    let last = bytes[floor..end].iter().rposition(|b| word_byte(*b))? + floor;
    let start = bytes[floor..last].iter().rposition(|b| !word_byte(*b)).map_or(floor, |p| floor + p + 1);
    Some((&bytes[start..=last], start))
}

/// Whether a word is in a list, whatever the case of its ASCII letters.
pub(super) fn contains(list: &[&str], word: &[u8]) -> bool {
    list.iter().any(|listed| listed.as_bytes().eq_ignore_ascii_case(word))
}
