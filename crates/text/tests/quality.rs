//! Each rule of quality: a text that breaks it alone, the threshold it hangs on, and that any text can be judged.

use mandat_text::quality::{Judge, Label, Reason, Settings};
use proptest::prelude::*;

fn short(text: &str) -> Option<Reason> {
    Judge::new(&Settings::short()).judge(text).reason
}

#[test]
fn posts_are_kept() {
    for text in [
        "Endlich Feierabend, ab an den See!",
        "Danke dir!",
        "Was für ein Spiel gestern 😂😂😂 #bvb @anna",
        "I can't believe it's already November.",
        "Neuer Text von mir: https://example.org/text",
        "今日はいい天気ですね。散歩に行きましょう。",
        "Сегодня хорошая погода, пойдём гулять.",
        "nein nein nein, so geht das nicht",
        "Zutaten:\n- Mehl\n- Butter\n- Zucker\n\nAlles verrühren, eine Stunde backen.",
    ] {
        assert_eq!(short(text), None, "{text}");
    }
}

#[test]
fn posts_that_say_nothing_are_not() {
    let lines = "Gut so!\n".repeat(4);
    let runs = "jetzt mitmachen und gewinnen bei uns ".repeat(3);
    for (text, reason) in [
        ("https://example.org/1", Reason::LinkOnly),
        ("@anna https://example.org/1", Reason::LinkOnly),
        ("#a #b #c @d https://x.de gut", Reason::TagSoup),
        ("Hallo {{vorname}}, willkommen!", Reason::Template),
        ("Das ist schÃ¶n und grÃ¼n, nicht wahr", Reason::Encoding),
        ("jaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa super", Reason::CharacterRun),
        ("ha ha ha ha ha ha ha ha ha ha", Reason::WordRun),
        ("an aus an aus an aus an aus an aus an aus", Reason::FewDistinctWords),
        ("", Reason::FewWords),
        ("Hm", Reason::FewWords),
        ("a b c d", Reason::ShortWords),
        ("Donaudampfschifffahrtsgesellschaft Rindfleischetikettierung", Reason::LongWords),
        ("12 34 567 891 mal", Reason::NoLetters),
        (lines.as_str(), Reason::DuplicateLines),
        (runs.as_str(), Reason::DuplicateRuns),
        ("Lorem ipsum dolor sit amet, consetetur", Reason::LoremIpsum),
    ] {
        assert_eq!(short(text), Some(reason), "{text}");
    }
}

/// An article of different sentences, long enough for every rule.
fn article() -> String {
    let line = |n: usize| {
        format!(
            "In year{n} the house{n} of our town{n} was sold by hand{n} to folk{n} and stayed{n} with them for month{n}."
        )
    };
    (0..12).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn long_texts_meet_the_published_thresholds() {
    let long = |text: &str| Judge::new(&Settings::long()).judge(text).reason;
    let article = article();
    assert_eq!(long(&article), None);
    assert_eq!(long("The house is old."), Some(Reason::FewWords));
    assert_eq!(long(&article.replace("In ", "In # # ").replace("was", "# was")), Some(Reason::Symbols));
    assert_eq!(long(&article.replace("In", "- In")), Some(Reason::Bullets));
    assert_eq!(long(&article.replace('.', "...")), Some(Reason::Ellipses));
    assert_eq!(long(&article.replace('.', "")), Some(Reason::FewSentences));
    assert_eq!(long(&article.replace(' ', "\n")), Some(Reason::LineEnds));
    assert_eq!(long(&format!("{article}\n{}", "Go on!\n".repeat(30))), Some(Reason::ShortLines));
    assert_eq!(long(&article.replace('\n', &"\n".repeat(12))), Some(Reason::LineBreaks));
    assert_eq!(long(&format!("{article}\n{article}")), Some(Reason::DuplicateLines));
    assert_eq!(long(&format!("{article} {{}}")), Some(Reason::CurlyBracket));
    assert_eq!(long(&format!("{article} Please enable JavaScript.")), Some(Reason::Javascript));
    assert_eq!(long(&format!("{article} See our privacy policy.")), Some(Reason::Policy));
    let words = (0..80).map(|n| format!("noun{n}")).collect::<Vec<_>>();
    assert_eq!(long(&(words.join(" ") + ". One. Two.")), Some(Reason::StopWords));
    let top = (0..20).map(|n| format!("Best price for item{n} at our.")).collect::<Vec<_>>().join(" ");
    assert_eq!(long(&top), Some(Reason::TopRun));
}

#[test]
fn rules_can_be_switched_off_one_by_one() {
    let mut judge = Judge::new(&Settings::off());
    for text in ["", "https://x.de", "{{a}}", "ha ha ha ha ha ha ha ha ha ha", "Lorem ipsum"] {
        assert_eq!(judge.judge(text).reason, None, "{text}");
    }
    let only = Settings { min_words: Some(3), ..Settings::off() };
    assert_eq!(Judge::new(&only).judge("so what").reason, Some(Reason::FewWords));
}

#[test]
fn labels_drop_nothing() {
    let mut judge = Judge::new(&Settings::short());
    let insult = judge.judge("Du bist echt ein Vollidiot, weißt du das?");
    assert!(insult.labels.has(Label::Insult) && insult.labels.is_toxic() && insult.reason.is_none());
    let sale = judge.judge("Nur heute 20 % Rabatt, jetzt bestellen: https://example.org");
    assert!(sale.labels.has(Label::Promotion) && !sale.labels.is_toxic());
    assert!(judge.judge("This is an automated message from the weather station").labels.has(Label::Automatic));
    assert_eq!(judge.judge("Endlich Feierabend, ab an den See!").labels.bits(), 0);
}

proptest! {
    #[test]
    fn any_text_is_judged_the_same_twice(texts in prop::collection::vec(any::<String>(), 1..4)) {
        for settings in [Settings::short(), Settings::long()] {
            let mut judge = Judge::new(&Settings { toxicity: false, ..settings.clone() });
            let first: Vec<_> = texts.iter().map(|t| judge.judge(t)).collect();
            let again: Vec<_> = texts.iter().map(|t| judge.judge(t)).collect();
            prop_assert_eq!(first, again);
        }
    }

    /// A stricter threshold never lets through what a wider one stops.
    #[test]
    fn thresholds_are_monotone(text in "([a-c]{1,6}[ .\n]){0,60}", limit in 0.0f64..1.0, step in 0.0f64..0.5) {
        let kept = |limit: f64| {
            let settings = Settings { duplicate_line_text: Some(limit), short_lines: Some(limit), ..Settings::off() };
            Judge::new(&settings).judge(&text).reason.is_none()
        };
        prop_assert!(!kept(limit) || kept(limit + step));
    }

    #[test]
    fn settings_come_back_from_toml(words in 0u32..100, share in 0.0f64..1.0) {
        let settings = Settings { min_words: Some(words), tags: Some(share), ..Settings::short() };
        let text = toml::to_string(&settings).unwrap();
        prop_assert_eq!(toml::from_str::<Settings>(&text).unwrap(), settings);
    }
}
