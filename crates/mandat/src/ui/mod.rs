//! The only printer. stdout is data, stderr is talk; readable without colour.

mod number;
mod progress;
mod table;

use std::io::Write;
use std::sync::{Arc, Mutex};

use clap::ValueEnum;
use serde::Serialize;

use crate::failure::Failure;
use crate::surroundings::Surroundings;

pub(crate) use number::{bytes, count, duration, instant};
pub(crate) use progress::Bar;
pub(crate) use table::Table;

/// The languages in which people are spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// Deutsch
    De,
    /// English
    En,
}

impl Lang {
    /// The sentence in this language.
    pub(crate) const fn pick<'a>(self, english: &'a str, german: &'a str) -> &'a str {
        match self {
            Self::De => german,
            Self::En => english,
        }
    }
}

/// Where everything that a person or a script reads goes through.
#[derive(Debug, Clone)]
pub(crate) struct Ui {
    pub(crate) lang: Lang,
    /// The answer goes out as one JSON document.
    pub(crate) json: bool,
    pub(crate) width: usize,
    stdout_colour: bool,
    stderr_colour: bool,
    bars: bool,
    /// The answer for a script, kept until the command has ended: a failure belongs into the same document.
    answer: Arc<Mutex<Option<String>>>,
}

impl Ui {
    /// A printer for these surroundings.
    pub(crate) fn new(around: &Surroundings, lang: Lang, json: bool) -> Self {
        Self {
            width: around.width,
            stdout_colour: around.stdout_colour,
            stderr_colour: around.stderr_colour,
            bars: around.stderr_terminal,
            ..Self::plain(lang, json)
        }
    }

    /// A printer that knows nothing of where it prints.
    pub(crate) fn plain(lang: Lang, json: bool) -> Self {
        let answer = Arc::default();
        Self { lang, json, width: 80, stdout_colour: false, stderr_colour: false, bars: false, answer }
    }

    /// The sentence in the language spoken.
    pub(crate) const fn t<'a>(&self, english: &'a str, german: &'a str) -> &'a str {
        self.lang.pick(english, german)
    }

    /// A line of the answer.
    pub(crate) fn line(&self, text: &str) {
        if !self.json {
            // A reader that has gone away, such as `head`, is no failure.
            let _gone = writeln!(std::io::stdout(), "{text}");
        }
    }

    /// A heading of the answer.
    pub(crate) fn heading(&self, text: &str) {
        self.line(&if self.stdout_colour { format!("\n\x1b[1m{text}\x1b[0m") } else { format!("\n{text}") });
    }

    /// A table of the answer.
    pub(crate) fn table(&self, table: &Table) {
        self.line(table.render(self.width).trim_end());
    }

    /// The answer for a script; it goes out when the command ends.
    pub(crate) fn answer<T: Serialize>(&self, value: &T) {
        if self.json {
            let text = serde_json::to_string_pretty(value).expect("bug: an answer serialises");
            *self.answer.lock().expect("no thread panicked") = Some(text);
        }
    }

    /// Ends the command: a script gets its answer, and why the command failed, as one document.
    pub(crate) fn end(&self, failure: Option<&Failure>) {
        if let Some(failure) = failure {
            self.fail(failure);
        }
        let answer = self.answer.lock().expect("no thread panicked").take();
        let document = if self.json { document(answer, failure) } else { None };
        if let Some(text) = document {
            let _gone = writeln!(std::io::stdout(), "{text}");
        }
    }

    /// Says something beside the answer.
    pub(crate) fn say(&self, text: &str) {
        let _gone = writeln!(std::io::stderr(), "{text}");
    }

    /// Warns about something that does not end the command.
    pub(crate) fn warn(&self, text: &str) {
        let word = self.t("warning", "Warnung");
        self.say(&self.tinted("33", word, text));
    }

    /// Says why the command failed and what can be done.
    fn fail(&self, failure: &Failure) {
        let word = self.t("error", "Fehler");
        self.say(&self.tinted("31", word, &failure.message));
        for cause in &failure.causes {
            self.say(&format!("  {}: {cause}", self.t("cause", "Ursache")));
        }
        if let Some(hint) = &failure.hint {
            self.say(&self.tinted("36", self.t("hint", "Hinweis"), hint));
        }
    }

    /// A progress bar that shows itself only when the work takes long and somebody is watching.
    pub(crate) fn bar(&self, label: &str) -> Bar {
        Bar::new(label, self.bars && !self.json)
    }

    fn tinted(&self, colour: &str, word: &str, text: &str) -> String {
        if self.stderr_colour { format!("\x1b[1;{colour}m{word}:\x1b[0m {text}") } else { format!("{word}: {text}") }
    }
}

/// What a script reads: the answer, with the failure as its `error`. An answer that is a list stays the list.
fn document(answer: Option<String>, failure: Option<&Failure>) -> Option<String> {
    let Some(failure) = failure else { return answer };
    let mut whole = match answer.as_deref().map(serde_json::from_str::<serde_json::Value>) {
        Some(Ok(value)) if !value.is_object() => return answer,
        Some(Ok(value)) => value,
        _ => serde_json::json!({}),
    };
    whole["error"] = serde_json::json!({
        "exit": failure.exit as u8, "message": failure.message, "causes": failure.causes, "hint": failure.hint,
    });
    serde_json::to_string_pretty(&whole).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_after_the_answer_is_part_of_it() {
        let failure = Failure::bad_input("2 lines were rejected");
        let whole = document(Some(r#"{"accepted": 1}"#.into()), Some(&failure)).unwrap();
        let whole: serde_json::Value = serde_json::from_str(&whole).unwrap();
        assert_eq!((&whole["accepted"], &whole["error"]["exit"]), (&1.into(), &3.into()));
        assert!(document(None, Some(&failure)).unwrap().contains("rejected"));
        assert_eq!(document(Some("[1]".into()), Some(&failure)).as_deref(), Some("[1]"));
        assert_eq!(document(Some("{}".into()), None).as_deref(), Some("{}"));
    }
}
