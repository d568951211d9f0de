//! What a person is told about a reason, and what can be done, in their language.

use mandat_core::explain::{Language, text};
use mandat_core::vocab::Reason;
use mandat_corpus::curate::Step;
use mandat_text::quality::Reason as Quality;

use crate::ui::Lang;

/// The sentence for the person it is about.
pub(crate) fn sentence(reason: Reason, lang: Lang) -> &'static str {
    text(reason).sentence(language(lang))
}

/// What would mend it.
pub(crate) fn fix(reason: Reason, lang: Lang) -> &'static str {
    text(reason).fix(language(lang))
}

/// What it means that curation dropped a record for a reason.
pub(crate) fn dropped(reason: &str, lang: Lang) -> String {
    let sentence = match reason {
        "EMPTY" => lang.pick("no letter or digit in it", "kein Buchstabe und keine Ziffer darin"),
        "COPY_OF_DENIED" => lang.pick(
            "somebody else wrote it before, and it may not be used",
            "jemand anders schrieb es vorher, und es darf nicht genutzt werden",
        ),
        "DUPLICATE_NEAR" => {
            lang.pick("nearly the same text as an earlier record", "fast derselbe Text wie in einem früheren Eintrag")
        }
        "DUPLICATE_EXACT" => {
            lang.pick("the same text as an earlier record", "derselbe Text wie in einem früheren Eintrag")
        }
        "OTHER_LANGUAGE" => {
            lang.pick("of a language that the recipe does not name", "in einer Sprache, die das Rezept nicht nennt")
        }
        "EVALUATION_OVERLAP" => {
            lang.pick("it shares words with an evaluation set", "es teilt Wörter mit einem Prüfsatz")
        }
        _ => Quality::from_code(reason).map_or("", |rule| lang.pick(rule.english(), rule.german())),
    };
    sentence.to_owned()
}

/// A step of curation in words.
pub(crate) const fn step(step: Step, lang: Lang) -> &'static str {
    match step {
        Step::Empty => lang.pick("with text", "mit Text"),
        Step::Language => lang.pick("in a wanted language", "in gewünschter Sprache"),
        Step::Quality => lang.pick("good enough", "gut genug"),
        Step::Evaluation => lang.pick("in no evaluation set", "in keinem Prüfsatz"),
        Step::Denied => lang.pick("no denied copies", "ohne verwehrte Texte"),
        Step::Near => lang.pick("no near copies", "ohne fast gleiche Texte"),
        Step::Exact => lang.pick("no exact copies", "ohne gleiche Texte"),
    }
}

const fn language(lang: Lang) -> Language {
    match lang {
        Lang::De => Language::De,
        Lang::En => Language::En,
    }
}
