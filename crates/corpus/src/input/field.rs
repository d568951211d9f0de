//! The fields of the canonical record, and what counts as a near miss of one.

use mandat_core::record::FIELDS;

/// A canonical field; `FIELDS[field as usize]` is its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[expect(missing_docs, reason = "each is the field of that name in the canonical record")]
pub enum Field {
    Id,
    Platform,
    Account,
    Handle,
    Category,
    Audience,
    CreatedAt,
    CollectedAt,
    EditedAt,
    DeletedAt,
    Participants,
    Provenance,
    Text,
    Lang,
    InReplyTo,
    RepostOf,
    QuoteOf,
    Mentions,
    QuotedText,
    Media,
    Org,
    Flags,
    Special,
}

use Field::{
    Account, Audience, Category, CollectedAt, CreatedAt, DeletedAt, EditedAt, Flags, Handle, Id, InReplyTo, Lang,
    Media, Mentions, Org, Participants, Platform, Provenance, QuoteOf, QuotedText, RepostOf, Special, Text,
};

/// All fields, in order.
pub const ALL: [Field; FIELDS.len()] = [
    Id,
    Platform,
    Account,
    Handle,
    Category,
    Audience,
    CreatedAt,
    CollectedAt,
    EditedAt,
    DeletedAt,
    Participants,
    Provenance,
    Text,
    Lang,
    InReplyTo,
    RepostOf,
    QuoteOf,
    Mentions,
    QuotedText,
    Media,
    Org,
    Flags,
    Special,
];

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A string or instant.
    Time,
    /// A list of strings.
    List,
    /// Spans.
    Spans,
    /// Attachments.
    Media,
}

impl Field {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        FIELDS[self as usize]
    }

    /// The field of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        FIELDS.iter().position(|f| *f == name).map(|i| ALL[i])
    }

    /// What it holds.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            CreatedAt | CollectedAt | EditedAt | DeletedAt => Kind::Time,
            Participants | Mentions | Flags | Special => Kind::List,
            QuotedText => Kind::Spans,
            Media => Kind::Media,
            Id | Platform | Account | Handle | Category | Audience | Provenance | Text | Lang | InReplyTo
            | RepostOf | QuoteOf | Org => Kind::Text,
        }
    }
}

/// The known name that an unknown one was probably meant to be.
///
/// Distance 1 from a name of four or five letters, 1 or 2 from a longer one, or the same but for case.
#[must_use]
pub fn near_miss<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known.into_iter().find(|k| {
        let allowed = match k.len() {
            0..=3 => 0,
            4 | 5 => 1,
            _ => 2,
        };
        name.eq_ignore_ascii_case(k) || name.len().abs_diff(k.len()) <= allowed && distance(name, k) <= allowed
    })
}

/// Edits between two short words: insert, delete, replace, swap neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_names_are_in_the_same_order() {
        for (i, field) in ALL.iter().enumerate() {
            assert_eq!(*field as usize, i);
            assert_eq!(Field::by_name(FIELDS[i]), Some(*field));
        }
        assert_eq!(Field::QuotedText.name(), "quoted_text");
        assert_eq!(Field::Special.name(), "special");
    }

    #[test]
    fn misspelt_names_are_caught_and_other_words_are_not() {
        let near = |name| near_miss(name, FIELDS.iter().copied());
        assert_eq!(near("audiance"), Some("audience"));
        assert_eq!(near("adience"), Some("audience"));
        assert_eq!(near("mention"), Some("mentions"));
        assert_eq!(near("ID"), Some("id"));
        assert_eq!(near("txet"), Some("text"));
        for other in ["kind", "party", "source", "likes", "url", "tags", "lang_hint", "retweets", "channel", "author"] {
            assert_eq!(near(other), None, "{other}");
        }
    }
}
