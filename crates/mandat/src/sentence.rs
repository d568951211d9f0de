//! What a person is told about a reason, and what can be done, in their language.

use mandat_core::explain::{Language, text};
use mandat_core::vocab::Reason;

use crate::ui::Lang;

/// The sentence for the person it is about.
pub(crate) fn sentence(reason: Reason, lang: Lang) -> &'static str {
    text(reason).sentence(language(lang))
}

/// What would mend it.
pub(crate) fn fix(reason: Reason, lang: Lang) -> &'static str {
    text(reason).fix(language(lang))
}

const fn language(lang: Lang) -> Language {
    match lang {
        Lang::De => Language::De,
        Lang::En => Language::En,
    }
}
