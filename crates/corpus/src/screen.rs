//! Screening at ingest: the other people in a record, from its fields and from its text, and special categories
//! of personal data in its text.
//!
//! What words were found is stored with the version of the lists; a vault that was screened with others is screened
//! again before anything is decided on it.
//!
//! Handles in texts become tags, not people: who holds one is looked up in the vault's table of
//! holders when rows are read, so that it does not matter which batch came first.

use std::sync::LazyLock;

use mandat_core::proof::Keyer;
use mandat_core::vocab::Role;
use mandat_text::screen::Screen;

use crate::ingest::handle_tag;
use crate::ingest::row::{Named, encode_named};
use crate::input::Field;
use crate::input::raw::Raw;

static SPECIAL: LazyLock<Screen> = LazyLock::new(Screen::built_in);

/// The special categories that a text has words of: bit *n* is the *n*-th of `Special::ALL`.
#[must_use]
pub fn special(text: &str) -> u8 {
    SPECIAL.hits(text).bits()
}

/// The version of the lists in use.
#[must_use]
pub fn version() -> String {
    SPECIAL.version().to_string()
}

/// A handle in a text: where it stands, in code points, and what it says without the `@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandleSpan<'a> {
    /// First code point, the `@`.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// The name.
    pub name: &'a str,
}

/// Finds the handles in a text; a mail address is none.
#[must_use]
pub fn handles<'a>(text: &'a str, platform: &str) -> Vec<HandleSpan<'a>> {
    let mut found = Vec::new();
    let (mut counted, mut points) = (0, 0);
    for at in memchr::memchr_iter(b'@', text.as_bytes()) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '@' | '.' | '-' | '/')) {
            continue;
        }
        let name = name_at(&text[at + 1..], platform != "x");
        if name.is_empty() {
            continue;
        }
        points += text[counted..at].chars().count();
        counted = at;
        let end = points + 1 + name.chars().count();
        found.push(HandleSpan { start: small(points), end: small(end), name });
    }
    found
}

/// The longest handle that a text begins with; elsewhere than on X it may have dots, hyphens and a host.
fn name_at(text: &str, hosts: bool) -> &str {
    let inside = |c: char| c.is_alphanumeric() || c == '_' || hosts && matches!(c, '.' | '-' | '@');
    let end = text.find(|c| !inside(c)).unwrap_or(text.len());
    text[..end].trim_end_matches(['.', '-', '@'])
}

fn small(n: usize) -> u32 {
    u32::try_from(n).expect("a line is below 4 GiB")
}

/// Whether all quoted spans lie inside the text and are not empty.
#[must_use]
pub fn spans_fit(raw: &Raw<'_>) -> bool {
    let Some(end) = raw.spans.iter().map(|s| s.end).max() else { return true };
    let text = raw.get(Field::Text).unwrap_or_default();
    // Code points are at most as many as bytes, so that most texts need no counting twice.
    let fits = end as usize <= text.len() && end as usize <= text.chars().count();
    fits && raw.spans.iter().all(|s| s.start < s.end)
}

/// What screening found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Screened {
    /// Somebody else has a say: anyone but the author of the record replied to.
    pub others: bool,
    /// A repost or quote, whose author is unknown until the vault has found them.
    pub unresolved: bool,
    /// Marked words of somebody unknown.
    pub quotes_unknown: bool,
}

/// Appends the other people of a record, in a fixed order.
pub fn screen(raw: &Raw<'_>, platform: &str, keyer: &Keyer, out: &mut Vec<u8>) -> Screened {
    let mut found = Screened::default();
    let mut add = |named: Named| {
        found.others |= named.role != Role::RepliedTo;
        encode_named(&named, out);
    };
    let person = |account: &str| Some(keyer.person(platform, account));
    let blank =
        Named { role: Role::Mentioned, person: None, record: None, handle: None, span: None, redactable: false };
    for (field, role) in
        [(Field::RepostOf, Role::Reposted), (Field::QuoteOf, Role::Quoted), (Field::InReplyTo, Role::RepliedTo)]
    {
        if let Some(id) = raw.get(field) {
            // Where the quoted words are marked, taking them out leaves the author's own.
            let redactable = role == Role::RepliedTo || role == Role::Quoted && !raw.spans.is_empty();
            add(Named { role, record: Some(keyer.record(platform, id)), redactable, ..blank });
        }
    }
    for span in &raw.spans {
        let person = span.account.as_deref().and_then(person);
        add(Named { role: Role::Quoted, person, span: Some((span.start, span.end)), redactable: true, ..blank });
    }
    for account in raw.list(Field::Participants) {
        add(Named { role: Role::Participant, person: person(account), ..blank });
    }
    for account in raw.media.iter().flat_map(|m| &m.tagged) {
        add(Named { role: Role::Tagged, person: person(account), redactable: true, ..blank });
    }
    let text = raw.get(Field::Text).unwrap_or_default();
    for named in mentioned(&handles(text, platform), raw, platform, keyer, blank) {
        add(named);
    }
    found.unresolved = raw.get(Field::RepostOf).is_some() || raw.get(Field::QuoteOf).is_some();
    found.quotes_unknown = raw.spans.iter().any(|s| s.account.is_none());
    found
}

/// People mentioned by account and by handle.
///
/// One account and one handle are the same person. Otherwise both are kept: which handle is whose is
/// not known, and an account can only be taken out of the text if there are handles enough for all.
fn mentioned(spans: &[HandleSpan<'_>], raw: &Raw<'_>, platform: &str, keyer: &Keyer, blank: Named) -> Vec<Named> {
    let accounts = raw.list(Field::Mentions);
    let by_handle = |h: &HandleSpan<'_>| {
        let handle = Some(handle_tag(keyer, platform, h.name));
        Named { handle, span: Some((h.start, h.end)), redactable: true, ..blank }
    };
    if let ([account], [span]) = (accounts, spans) {
        let person = Some(keyer.person(platform, account));
        return vec![Named { person, span: Some((span.start, span.end)), redactable: true, ..blank }];
    }
    let redactable = spans.len() >= accounts.len();
    let by_account =
        |a: &std::borrow::Cow<'_, str>| Named { person: Some(keyer.person(platform, a)), redactable, ..blank };
    accounts.iter().map(by_account).chain(spans.iter().map(by_handle)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, platform: &str, expected: &[(u32, u32, &str)]) {
        let found: Vec<_> = handles(text, platform).iter().map(|h| (h.start, h.end, h.name)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn the_bits_of_a_screen_are_those_of_special_categories() {
        use mandat_core::vocab::Special;
        use mandat_text::screen::Topic;
        let names = |words: Vec<String>| words.join(" ");
        let ours = Special::ALL.iter().map(ToString::to_string).collect();
        assert_eq!(names(ours), names(Topic::ALL.map(|t| t.as_str().to_owned()).to_vec()));
        assert_ne!(special("Nach der Chemotherapie"), 0);
        assert_eq!(special("Guten Morgen"), 0);
    }

    #[test]
    fn handles_are_found_by_code_point() {
        check("Grüße @anna, und @Ben_2!", "x", &[(6, 11, "anna"), (17, 23, "Ben_2")]);
        check("mail a@b.org or @ nobody @@x", "x", &[]);
        check("via @anna.bsky.social.", "bluesky", &[(4, 21, "anna.bsky.social")]);
        check("via @anna.What", "x", &[(4, 9, "anna")]);
        check("@a@mas.to hi", "mastodon", &[(0, 9, "a@mas.to")]);
        check("no one", "x", &[]);
    }
}
