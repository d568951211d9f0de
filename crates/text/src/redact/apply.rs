//! Writes a text with placeholders instead of what was found.

use std::borrow::Cow;
use std::collections::HashMap;

use super::view::View;
use super::{Kind, Span};

/// Replaces each span by its placeholder; equal values of a kind share a number, counted in order of appearance.
pub(super) fn apply<'a>(text: &'a str, spans: &[Span]) -> Cow<'a, str> {
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + spans.len() * 4);
    let mut numbers: HashMap<(Kind, String), u32> = HashMap::new();
    let mut last = [0u32; Kind::ALL.len()];
    let mut at = 0;
    for span in spans {
        out.push_str(&text[at..span.start]);
        let number = *numbers.entry((span.kind, value(&text[span.start..span.end], span.kind))).or_insert_with(|| {
            last[span.kind as usize] += 1;
            last[span.kind as usize]
        });
        out.push('<');
        out.push_str(span.kind.name());
        out.push('_');
        out.push_str(&number.to_string());
        out.push('>');
        at = span.end;
    }
    out.push_str(&text[at..]);
    Cow::Owned(out)
}

/// What makes two spellings the same value: their digits, their letters in lower case without spaces, or the words.
fn value(found: &str, kind: Kind) -> String {
    let view = View::new(found);
    let seen = view.text();
    match kind {
        Kind::Phone | Kind::Card => seen.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
        Kind::Iban => seen.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect(),
        Kind::Email | Kind::Handle | Kind::Ip | Kind::Name => seen.to_lowercase(),
        Kind::Address | Kind::Quote | Kind::UrlId => seen.to_owned(),
    }
}
