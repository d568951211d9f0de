//! The words that the rules look for: stop words, place holders, notices.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::hash;

/// The most frequent small words of ten languages in Latin script, ours, in small letters.
const STOP: &str = "the be to of and that have with is was are for on you it this not but they we at by from or an as i a in \
    der die das und ist nicht ich ein eine einen dem den des mit auf für von zu im sich auch es an er sie wir ihr aber wie bei \
    le la les et est pas que qui dans pour une un des du sur avec il elle nous vous je ce ne \
    el los las y es no por con para una del se lo su como pero \
    il di che e non per una del della sono con gli ma più \
    o os as um uma não com da do em ao mais \
    het een en van niet dat op te zijn met voor ik je maar ook \
    i w nie na się z do jest to że jak ale po \
    och att det som är på inte jag en för med \
    og ikke jeg er til af de den har";

/// Hashes of the stop words, sorted.
static STOP_WORDS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut hashes: Vec<u64> = STOP.split_whitespace().map(|w| hash::bytes(0, w.as_bytes())).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
});

/// No stop word has more bytes.
const LONGEST: usize = 6;

/// Whether a word of some length, hashed in small letters, is a stop word.
pub(super) fn is_stop_word(hash: u64, bytes: usize) -> bool {
    bytes <= LONGEST && STOP_WORDS.binary_search(&hash).is_ok()
}

/// What a phrase shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Mark {
    Template,
    Lorem,
    Javascript,
    Policy,
    Promotion,
    Automatic,
}

const PHRASES: [(Mark, &[&str]); 6] = [
    (
        Mark::Template,
        &[
            "{{",
            "}}",
            "${",
            "<%",
            "[name]",
            "[first name]",
            "[firstname]",
            "[your name]",
            "[username]",
            "[insert ",
            "{name}",
            "{username}",
            "{first_name}",
            "{user}",
            "<name>",
            "<first name>",
            "[vorname]",
            "[nachname]",
            "[name einfügen]",
            "[platzhalter]",
            "[object object]",
            "%1$s",
            "%%name%%",
            "#value!",
            "[[title]]",
            "[link einfügen]",
        ],
    ),
    (Mark::Lorem, &["lorem ipsum"]),
    (
        Mark::Javascript,
        &[
            "enable javascript",
            "javascript aktivieren",
            "javascript is disabled",
            "javascript must be enabled",
            "requires javascript",
            "javascript ist deaktiviert",
        ],
    ),
    (
        Mark::Policy,
        &[
            "terms of use",
            "privacy policy",
            "cookie policy",
            "uses cookies",
            "use of cookies",
            "use cookies",
            "nutzungsbedingungen",
            "datenschutzerklärung",
            "cookie-richtlinie",
            "verwendet cookies",
            "verwenden cookies",
            "cookies zustimmen",
        ],
    ),
    (
        Mark::Promotion,
        &[
            "link in bio",
            "link in der bio",
            "promo code",
            "rabattcode",
            "gutscheincode",
            "discount code",
            "use code",
            "mit dem code",
            "giveaway",
            "gewinnspiel",
            "follow me",
            "follow back",
            "followback",
            "follow for follow",
            "folgt mir",
            "buy now",
            "jetzt kaufen",
            "shop now",
            "order now",
            "jetzt bestellen",
            "dm to order",
            "limited offer",
            "nur noch heute",
            "click here",
            "klick hier",
            "klickt hier",
            "sign up now",
            "jetzt anmelden",
            "make money",
            "geld verdienen",
            "passive income",
            "free shipping",
            "kostenloser versand",
            "% off",
            "% rabatt",
            "airdrop",
            "whatsapp me",
            "onlyfans.com",
        ],
    ),
    (
        Mark::Automatic,
        &[
            "#nowplaying",
            "#np ",
            "i just earned",
            "i just unlocked",
            "i'm at ",
            "i posted a new photo to facebook",
            "i liked a @youtube video",
            "i added a video to a @youtube",
            "auf einem @youtube-video",
            "ich mag das @youtube-video",
            "just completed a ",
            "checked in at",
            "unfollowed me",
            "people followed me",
            "neuer blogeintrag:",
            "new blog post:",
            "my daily stats",
            "via @",
            "auto-post",
            "this is an automated",
            "dies ist eine automatische",
            "i am a bot",
            "ich bin ein bot",
            "daily horoscope",
            "current weather",
            "aktuelles wetter:",
        ],
    ),
];

static SEARCH: LazyLock<(AhoCorasick, Vec<Mark>)> = LazyLock::new(|| {
    let patterns: Vec<&str> = PHRASES.iter().flat_map(|(_, phrases)| phrases.iter().copied()).collect();
    let marks = PHRASES.iter().flat_map(|(mark, phrases)| phrases.iter().map(|_| *mark)).collect();
    let mut builder = AhoCorasick::builder();
    builder.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA));
    (builder.build(patterns).expect("a few phrases fit"), marks)
});

/// The marks that a text has phrases of: bit *n* for the *n*-th [`Mark`]; of phrases that overlap, the first counts.
pub(super) fn marks(text: &str) -> u8 {
    let (search, marks) = &*SEARCH;
    search.find_iter(text).fold(0, |bits, hit| bits | 1 << marks[hit.pattern().as_usize()] as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_and_phrases() {
        assert!(is_stop_word(hash::bytes(0, b"the"), 3) && !is_stop_word(hash::bytes(0, b"mandate"), 7));
        assert!(STOP.split_whitespace().all(|w| w.len() <= LONGEST));
        assert_eq!(marks("Hello [NAME], terms of USE"), 1 << Mark::Template as u8 | 1 << Mark::Policy as u8);
        assert_eq!(marks("hello"), 0);
    }
}
