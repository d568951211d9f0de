//! How a command ends when it does not end well: an exit code, a sentence, its causes, a way out.

use std::error::Error;
use std::fmt;

/// Exit codes are an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Refused, or not verified.
    Refused = 1,
    /// The command was called in a way it does not understand.
    Usage = 2,
    /// A file or a setting cannot be used as it is.
    BadInput = 3,
}

/// Our bug: the exit code of a panic.
pub(crate) const BUG: u8 = 255;

/// What went wrong, for a person to read.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    pub(crate) hint: Option<String>,
}

/// What a command gives back.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// The command understood and says no.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self { exit: Exit::Refused, message: message.into(), causes: Vec::new(), hint: None }
    }

    /// The command was called wrongly.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::refused(message) }
    }

    /// Something read cannot be used.
    pub(crate) fn bad_input(message: impl Into<String>) -> Self {
        Self { exit: Exit::BadInput, ..Self::refused(message) }
    }

    /// With advice on what to do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With the error underneath, and those underneath it.
    #[must_use]
    pub(crate) fn because(mut self, error: &dyn Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.causes.iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

/// Gives an error its sentence.
pub(crate) trait OrFail<T> {
    /// The input is at fault.
    fn or_bad_input(self, message: impl FnOnce() -> String) -> Outcome<T>;
    /// The command cannot do it.
    fn or_refuse(self, message: impl FnOnce() -> String) -> Outcome<T>;
}

impl<T, E: Error> OrFail<T> for Result<T, E> {
    fn or_bad_input(self, message: impl FnOnce() -> String) -> Outcome<T> {
        self.map_err(|error| Failure::bad_input(message()).because(&error))
    }

    fn or_refuse(self, message: impl FnOnce() -> String) -> Outcome<T> {
        self.map_err(|error| Failure::refused(message()).because(&error))
    }
}

/// Splits `what went wrong; what to do about it`, the form in which our crates write errors.
pub(crate) fn from_library(exit: Exit, error: &dyn Error) -> Failure {
    let text = error.to_string();
    let (message, hint) = match text.rsplit_once("; ") {
        Some((message, hint)) => (message.to_owned(), Some(hint.to_owned())),
        None => (text, None),
    };
    let mut failure = Failure { exit, message, causes: Vec::new(), hint };
    if let Some(source) = error.source() {
        failure = failure.because(source);
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_error_is_split_into_message_and_hint() {
        let error = std::io::Error::other("no ledger at `x`; make a home first");
        let failure = from_library(Exit::BadInput, &error);
        assert_eq!(
            (failure.message.as_str(), failure.hint.as_deref()),
            ("no ledger at `x`", Some("make a home first"))
        );
    }
}
