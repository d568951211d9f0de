//! Redaction from outside: what must go, what must stay, what must hold for any text.

mod laws;
mod survive;
mod table;
mod unicode;

use mandat_text::redact::{Redactor, Settings};

/// The text as it is after redaction with the default settings.
fn redacted(text: &str) -> String {
    let redactor = Redactor::new(&Settings::default());
    redactor.apply(text, &redactor.spans(text, &[])).into_owned()
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(redacted(text), expected, "{text}");
}

/// Checks that a text comes out as it went in.
#[track_caller]
fn stays(text: &str) {
    check(text, text);
}
