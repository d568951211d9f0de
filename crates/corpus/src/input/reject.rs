//! Rejections: why a line did not go in. Never what stood in it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::field::Field;

/// Why a line, or the rest of a file, was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Not JSON.
    BadJson,
    /// JSON, but not an object.
    NotAnObject,
    /// Bytes that are not UTF-8.
    InvalidUtf8,
    /// A NUL character, plain or escaped.
    Nul,
    /// Longer than the limit for a line.
    TooLong,
    /// The same field twice, also through the map.
    Twice(Field),
    /// A field of another type.
    WrongType(Field),
    /// A required field that is absent or empty.
    Missing(Field),
    /// A word that its field does not know.
    UnknownWord(Field),
    /// Not a time.
    BadTime(Field),
    /// A time outside 1900–2200.
    TimeRange(Field),
    /// A quoted span that is empty or reaches beyond the text.
    BadSpan,
    /// A misspelling of a known field.
    NearMiss(Field),
    /// An unknown field, under `strict`.
    UnknownField,
    /// The file or stream ends in the middle.
    Truncated,
    /// The compressed stream or Parquet file is damaged from here on.
    Damaged,
    /// The file or folder cannot be read.
    Unreadable,
}

impl Reason {
    /// The word in reports and in the list of rejections.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BadJson => "bad_json",
            Self::NotAnObject => "not_an_object",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::Nul => "nul",
            Self::TooLong => "too_long",
            Self::Twice(_) => "field_twice",
            Self::WrongType(_) => "wrong_type",
            Self::Missing(_) => "missing",
            Self::UnknownWord(_) => "unknown_word",
            Self::BadTime(_) => "bad_time",
            Self::TimeRange(_) => "time_out_of_range",
            Self::BadSpan => "bad_span",
            Self::NearMiss(_) => "near_miss",
            Self::UnknownField => "unknown_field",
            Self::Truncated => "truncated",
            Self::Damaged => "damaged",
            Self::Unreadable => "unreadable",
        }
    }

    /// The canonical field it is about.
    #[must_use]
    pub const fn field(self) -> Option<Field> {
        match self {
            Self::Twice(f)
            | Self::WrongType(f)
            | Self::Missing(f)
            | Self::UnknownWord(f)
            | Self::BadTime(f)
            | Self::TimeRange(f)
            | Self::NearMiss(f) => Some(f),
            Self::BadSpan => Some(Field::QuotedText),
            _ => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field() {
            Some(field) => write!(f, "{} `{}`", self.word(), field.name()),
            None => f.write_str(self.word()),
        }
    }
}

/// One entry in the list of rejections of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    /// Name of the source.
    pub file: String,
    /// Line, or row of a Parquet file, counted from one; missing if it is about the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// [`Reason::word`].
    pub reason: String,
    /// The canonical field it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Rejection {
    /// An entry.
    #[must_use]
    pub fn new(file: &str, line: Option<u64>, reason: Reason) -> Self {
        let field = reason.field().map(|f| f.name().to_owned());
        Self { file: file.to_owned(), line, reason: reason.word().to_owned(), field }
    }
}
