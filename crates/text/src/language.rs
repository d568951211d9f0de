//! Which language a text is in: by script where one language alone uses it, else by its n-grams of letters.
//!
//! Naive Bayes over n-grams of one to four letters within words, for 62 languages that share a script with others, and the
//! script alone for 21 more. The model (`model.bin`, made by `bench/language_model`) is drawn from the frequency tables of
//! lingua's language models (Apache-2.0, counted in Leipzig Corpora, CC BY). How it compares with other detectors, and what
//! it confuses, is in `docs/curation.md`.

mod model;
mod script;

use std::sync::LazyLock;

use model::{MOST, Model};
use script::Scripts;

/// Letters that are looked at; more do not make the answer surer.
const MOST_LETTERS: usize = 300;
/// Letters after which an answer that is certain stands: most texts need no more.
const FIRST_LETTERS: usize = 64;
/// The confidence that is certain.
const CERTAIN: f32 = 0.999;
/// Fewer letters say nothing.
const LEAST_LETTERS: usize = 3;
/// Below this confidence the answer is `und`.
const SURE: f32 = 0.5;
/// Steps of the model that make one unit of log odds; n-grams overlap, so one of them counts for less than its face value.
const STEPS: f32 = 24.0 * 3.0;
/// What a language stated by the platform is worth, in steps.
const PRIOR: u32 = 24 * 10;

/// Languages so close that a short text does not tell them apart; together they are sure, the likeliest is named.
const CLOSE: [&[&str]; 5] = [&["bs", "hr", "sr"], &["id", "ms"], &["nb", "nn"], &["xh", "zu"], &["st", "tn"]];

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::read(include_bytes!("language/model.bin")));

/// What a text's language is, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detected {
    /// BCP 47 code, `und` when unsure.
    pub code: &'static str,
    /// From 0 to 1: the estimated chance that the code is right; for `und`, that of the best guess.
    pub confidence: f32,
}

/// Detects languages; cheap to make after the first, shared by all threads.
#[derive(Debug, Clone, Copy, Default)]
pub struct Detector;

impl Detector {
    /// Makes a detector and, the first time in a process, unpacks the model (some milliseconds, 6 MB).
    #[must_use]
    pub fn new() -> Self {
        LazyLock::force(&MODEL);
        Self
    }

    /// The language of a text; handles, links and hashtags in it do not count.
    #[must_use]
    pub fn detect(&self, text: &str) -> Detected {
        self.detect_with(text, None)
    }

    /// The language of a text whose platform says that it is `stated`: believed where the text leaves it open.
    #[must_use]
    pub fn detect_with(&self, text: &str, stated: Option<&str>) -> Detected {
        let (first, letters) = Self::read(text, stated, FIRST_LETTERS);
        let alone = !CLOSE.iter().any(|group| group.contains(&first.code)) && first.code != "und";
        if letters < FIRST_LETTERS || first.confidence >= CERTAIN && alone {
            return first;
        }
        Self::read(text, stated, MOST_LETTERS).0
    }

    /// What so many letters say, and how many there were.
    fn read(text: &str, stated: Option<&str>, most: usize) -> (Detected, usize) {
        let mut scripts = Scripts::default();
        let mut scores = [0u32; MOST];
        MODEL.score(text, most, &mut scripts, &mut scores);
        let letters = scripts.letters();
        if letters < LEAST_LETTERS {
            return (Detected { code: "und", confidence: 0.0 }, letters);
        }
        if let Some((code, share)) = scripts.telling() {
            return (Detected { code, confidence: share }, letters);
        }
        let stated = stated.and_then(|code| MODEL.index(code)).filter(|index| scores[*index] > 0);
        if let Some(index) = stated {
            scores[index] += PRIOR;
        }
        let Some((index, confidence)) = best(&scores) else {
            return (Detected { code: "und", confidence: 0.0 }, letters);
        };
        let sure = confidence >= SURE || stated == Some(index);
        (Detected { code: if sure { MODEL.codes()[index] } else { "und" }, confidence }, letters)
    }
}

/// The likeliest language, and the chance that it or one close to it is right; none if no n-gram is known.
fn best(scores: &[u32; MOST]) -> Option<(usize, f32)> {
    let codes = MODEL.codes();
    let first = (0..codes.len()).max_by_key(|&index| (scores[index], std::cmp::Reverse(index)))?;
    let code = codes[first];
    let close = CLOSE.iter().find(|group| group.contains(&code)).copied().unwrap_or_default();
    let (mut all, mut ours) = (0.0, 0.0);
    for (score, other) in scores.iter().zip(codes) {
        let odds = ((*score as f32 - scores[first] as f32) / STEPS).exp();
        all += odds;
        ours += if *other == code || close.contains(other) { odds } else { 0.0 };
    }
    (scores[first] > 0).then_some((first, ours / all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(text: &str, code: &str) {
        assert_eq!(Detector::new().detect(text).code, code, "{text}");
    }

    #[test]
    fn sentences() {
        is("Morgen früh gehen wir mit dem Hund am Fluss spazieren.", "de");
        is("We are going for a walk along the river tomorrow.", "en");
        is("Demain matin nous irons nous promener avec le chien.", "fr");
        is("Domani mattina andiamo a passeggiare lungo il fiume.", "it");
        is("Mañana por la mañana vamos a pasear con el perro.", "es");
        is("Morgen gaan we met de hond langs de rivier wandelen.", "nl");
        is("Jutro rano idziemy z psem na spacer nad rzekę.", "pl");
        is("Amanhã de manhã vamos passear com o cão.", "pt");
        is("Yarın sabah köpekle nehir kenarında yürüyüşe çıkıyoruz.", "tr");
        is("Завтра утром мы пойдём гулять с собакой.", "ru");
        is("Завтра вранці ми підемо гуляти з собакою.", "uk");
        is("Tänään kävelemme koiran kanssa joen rannalla.", "fi");
        is("Holnap reggel sétálni megyünk a kutyával.", "hu");
    }

    #[test]
    fn scripts_of_one_language() {
        is("Αύριο το πρωί", "el");
        is("明日の朝、犬と散歩します", "ja");
        is("明天早上我们去散步", "zh");
        is("내일 아침에 산책해요", "ko");
        is("ხვალ დილით", "ka");
        is("พรุ่งนี้เช้า", "th");
    }

    #[test]
    fn nothing_to_go_by() {
        for text in ["", "12:30 😀!!", "ok", "@kim https://host.example/weg #abendrot", "\u{10FFFF}\u{301}"] {
            is(text, "und");
        }
    }

    #[test]
    fn what_the_platform_says_is_a_prior() {
        let detector = Detector::new();
        let alone = detector.detect("super normal").code;
        let with = |stated: &&str| detector.detect_with("super normal", Some(*stated)).code;
        let stated = ["de", "en", "es", "fr", "ca", "pt", "ro", "sv", "fi", "vi", "ru"];
        assert!(stated.iter().all(|code| [*code, alone, "und"].contains(&with(code))));
        let believed: Vec<_> = stated.iter().filter(|code| with(code) == **code).collect();
        assert!(believed.len() > 2, "{believed:?}");
        assert_ne!(with(&"ru"), "ru");
        let clear = "We are going for a walk along the river tomorrow.";
        assert_eq!(detector.detect_with(clear, Some("de")).code, "en");
        assert_eq!(detector.detect_with(clear, Some("xx")).code, "en");
    }

    #[test]
    fn long_texts_and_long_words_end() {
        is(&"und dann gingen wir weiter ".repeat(40_000), "de");
        is(&"x".repeat(1_000_000), "und");
    }
}
