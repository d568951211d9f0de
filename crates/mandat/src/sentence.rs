//! What a person is told about a reason, and what can be done, in their language.

use mandat_core::explain::{Language, text};
use mandat_core::vocab::Reason;
use mandat_corpus::curate::Step;

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
        "DUPLICATE_EXACT" => {
            lang.pick("the same text as an earlier record", "derselbe Text wie in einem früheren Eintrag")
        }
        _ => "",
    };
    sentence.to_owned()
}

/// A step of curation in words.
pub(crate) const fn step(step: Step, lang: Lang) -> &'static str {
    match step {
        Step::Empty => lang.pick("with text", "mit Text"),
        Step::Exact => lang.pick("no exact copies", "ohne gleiche Texte"),
    }
}

const fn language(lang: Lang) -> Language {
    match lang {
        Lang::De => Language::De,
        Lang::En => Language::En,
    }
}
