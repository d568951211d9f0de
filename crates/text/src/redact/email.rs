//! E-mail addresses and handles around `@`, and addresses spelled around it.

use super::Kind;
use super::scan::{Scan, word_byte};
use super::words;

/// Longest local part that is taken, in bytes (RFC 5321 allows 64; a bound keeps the pass linear).
const LOCAL: usize = 256;
/// Longest domain (RFC 1035).
const DOMAIN: usize = 255;
/// Longest handle, without `@`.
const HANDLE: usize = 64;

/// Ends of names that a bare `host dot de` is believed with.
const ENDS: &[&str] = &[
    "ai", "app", "at", "be", "biz", "ch", "cloud", "co", "com", "cz", "de", "dev", "dk", "edu", "es", "eu", "fi", "fr",
    "gov", "gr", "hu", "ie", "info", "io", "it", "li", "lu", "me", "mil", "name", "net", "nl", "no", "online", "org",
    "pl", "pt", "ro", "ru", "se", "tv", "uk", "us",
];

/// Words in front of a bare `at` that are no mailbox.
const NOT_LOCAL: &[&str] = &[
    "a",
    "am",
    "and",
    "are",
    "available",
    "be",
    "book",
    "him",
    "her",
    "here",
    "i",
    "is",
    "it",
    "look",
    "looked",
    "looking",
    "me",
    "meet",
    "more",
    "order",
    "read",
    "see",
    "shop",
    "site",
    "them",
    "there",
    "us",
    "visit",
    "was",
    "website",
    "work",
    "works",
    "you",
];

/// Handles that address everybody, and what code writes behind `@`.
const NOBODY: &[&str] = &[
    "all",
    "channel",
    "charset",
    "deprecated",
    "everyone",
    "font-face",
    "here",
    "import",
    "keyframes",
    "media",
    "override",
    "param",
    "return",
    "returns",
    "supports",
    "throws",
    "todos",
    "you",
];

/// What a sign `@` begins or divides; returns where to go on.
pub(super) fn at_sign(scan: &mut Scan<'_>, at: usize) -> usize {
    let start = local_start(scan, at, scan.gap);
    let found = if start < at { email(scan, start, at + 1) } else { None };
    // What was found before does not count as a mailbox's name for a handle: after redaction it is gone.
    let found = found.or_else(|| if local_start(scan, at, scan.low) == at { handle(scan, at) } else { None });
    found.unwrap_or(at + 1)
}

fn email(scan: &mut Scan<'_>, start: usize, host: usize) -> Option<usize> {
    let end = domain(scan, host, true)?;
    scan.push(start, end, Kind::Email)
}

/// Where the mailbox's name begins that ends here; `end` itself if there is none.
fn local_start(scan: &Scan<'_>, end: usize, floor: usize) -> usize {
    let floor = floor.max(end.saturating_sub(LOCAL));
    let text = &scan.text[scan.text.ceil_char_boundary(floor)..end];
    let kept = text.trim_end_matches(|c: char| c.is_alphanumeric() || "._%+-'=".contains(c) || mark(c));
    let name = text[kept.len()..].trim_start_matches(['.', '\'', '=', '%', '-', '+']);
    let name = name.rsplit_once('=').map_or(name, |(_, value)| value);
    if name.contains(char::is_alphanumeric) { end - name.len() } else { end }
}

/// A combining accent.
fn mark(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36F)
}

/// The end of a domain that begins here: labels with dots (or words for them) between, the last not a number.
fn domain(scan: &Scan<'_>, at: usize, bare: bool) -> Option<usize> {
    if scan.get(at) == Some(b'[') {
        let inside = &scan.bytes[at + 1..scan.high.min(at + 48)];
        let close = inside.iter().position(|b| *b == b']')?;
        let literal = std::str::from_utf8(&inside[..close]).ok()?;
        return literal.trim_start_matches("IPv6:").parse::<std::net::IpAddr>().ok().map(|_| at + close + 2);
    }
    let (mut end, mut labels, mut spelled) = (label(scan, at)?, 1, false);
    while end - at < DOMAIN
        && let Some((next, word)) = dot(scan, end, bare)
        && let Some(stop) = label(scan, next)
    {
        let known = || words::contains(ENDS, &scan.bytes[next..stop]);
        if word && !known() && dot(scan, stop, bare).is_none() {
            break;
        }
        spelled |= word;
        (end, labels) = (stop, labels + 1);
    }
    let last = scan.bytes[at..end].rsplit(|b| !word_byte(*b) && *b != b'-').next()?;
    let number = last.iter().all(u8::is_ascii_digit) || last.len() < 2;
    (labels > 1 && (!number || spelled) && !last.contains(&b'_')).then_some(end)
}

/// The end of a domain's label that begins here: letters, digits, hyphens inside.
fn label(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let rest = &scan.text[at..scan.text.floor_char_boundary(scan.high.min(at + DOMAIN))];
    let label = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || mark(c);
    let all = rest.find(|c| !label(c)).map_or(rest, |len| &rest[..len]);
    let kept = all.trim_end_matches(['-', '_']);
    (!kept.is_empty() && !kept.starts_with('-')).then_some(at + kept.len())
}

/// The end of a dot, or of a word for one, and whether it was a word.
fn dot(scan: &Scan<'_>, at: usize, bare: bool) -> Option<(usize, bool)> {
    let rest = &scan.bytes[at..scan.high.min(at + 16)];
    if rest.first() == Some(&b'.') {
        return Some((at + 1, false));
    }
    let is_dot = |word: &[u8]| words::contains(&["dot", "punkt", "point", "punto", "punt", "kropka", "."], word);
    if let Some((end, word)) = bracketed(rest) {
        return is_dot(word).then_some((at + end, true));
    }
    if !bare || rest.first() != Some(&b' ') {
        return None;
    }
    let len = rest[1..].iter().position(|b| *b == b' ')?;
    (is_dot(&rest[1..=len]) && len > 1).then_some((at + len + 2, true))
}

/// ` (word) `: its end and the word, spaces around being optional.
fn bracketed(rest: &[u8]) -> Option<(usize, &[u8])> {
    let spaces = |from: usize| usize::from(rest.get(from) == Some(&b' '));
    let open = spaces(0);
    let close = match rest.get(open)? {
        b'(' => b')',
        b'[' => b']',
        b'{' => b'}',
        _ => return None,
    };
    let inside = open + 1 + spaces(open + 1);
    let len = rest[inside..].iter().take(8).position(|b| *b == close)?;
    let end = inside + len + 1;
    Some((end + spaces(end), rest[inside..inside + len].trim_ascii_end()))
}

/// An address with a bracketed `at`: `name (at) host.de`, `name[at]host[dot]de`.
pub(super) fn bracket(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    let (len, word) = bracketed(&scan.bytes[at..scan.high.min(at + 16)])?;
    if !words::contains(&["at", "@", "ät", "bei", "a", "arroba", "chiocciola", "arobase", "małpa"], word) {
        return None;
    }
    let front = at - usize::from(scan.before(at) == Some(b' '));
    let start = local_start(scan, front, scan.gap);
    if start == front {
        return None;
    }
    email(scan, start, at + len)
}

/// An address around a bare ` dot `: `name at host dot de`. Believed only with a known end and a likely name.
pub(super) fn spelled(scan: &mut Scan<'_>, dot: usize, floor: usize) -> Option<usize> {
    let floor = floor.max(dot.saturating_sub(LOCAL));
    let (_, mut host) = words::word_before(scan.bytes, floor, dot).filter(|(word, start)| start + word.len() == dot)?;
    while host > floor + 1 && matches!(scan.bytes[host - 1], b'.' | b'-') && word_byte(scan.bytes[host - 2]) {
        host = words::word_before(scan.bytes, floor, host - 1)?.1;
    }
    let (word, at) = words::word_before(scan.bytes, floor, host)?;
    if at + word.len() + 1 != host || !words::contains(&["at", "ät"], word) || at == floor || scan.bytes[at - 1] != b' '
    {
        return None;
    }
    let start = local_start(scan, at - 1, floor);
    let local = &scan.bytes[start..at - 1];
    if local.len() < 2 || words::contains(NOT_LOCAL, local) {
        return None;
    }
    email(scan, start, host)
}

/// A handle that begins here: `@name`, `@name.bsky.social`, `@name@host`.
fn handle(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    if !scan.starts_word(at) || scan.before(at) == Some(b'@') || at < scan.url_end {
        return None;
    }
    let mut end = name_end(scan, at + 1)?;
    if scan.get(end) == Some(b'@')
        && let Some(host) = domain(scan, end + 1, false)
    {
        end = host;
    }
    if !scan.ends_word(end) || !listed(scan, at + 1, end) {
        return None;
    }
    scan.push(at, end, Kind::Handle)
}

/// A Reddit name (`u/name`) around the slash here.
pub(super) fn reddit(scan: &mut Scan<'_>, slash: usize) -> Option<usize> {
    let start = slash.checked_sub(1).filter(|u| *u >= scan.low && scan.bytes[*u] == b'u')?;
    let start = if scan.before(start) == Some(b'/') { start - 1 } else { start };
    let end = name_end(scan, slash + 1)?;
    if !scan.starts_word(start)
        || !scan.ends_word(end)
        || scan.get(end) == Some(b'/')
        || end - slash < 4
        || !listed(scan, slash + 1, end)
    {
        return None;
    }
    scan.push(start, end, Kind::Handle)
}

/// The end of an account's name: ASCII letters, digits, `_`, and `.` or `-` inside; at least one letter or low line.
fn name_end(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let rest = &scan.bytes[at..scan.high.min(at + HANDLE + 1)];
    let len = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"_.-".contains(b)).count();
    let len = rest[..len].iter().rposition(|b| *b != b'.' && *b != b'-')? + 1;
    let named = rest[..len].iter().any(|b| b.is_ascii_alphabetic() || *b == b'_');
    (len <= HANDLE && named && rest[0] != b'.' && rest[0] != b'-').then_some(at + len)
}

fn listed(scan: &Scan<'_>, start: usize, end: usize) -> bool {
    let name = &scan.bytes[start..end];
    let Some(list) = scan.handles else { return !words::contains(NOBODY, name) };
    let lower = |b: &u8| b.to_ascii_lowercase();
    list.binary_search_by(|h| h.bytes().cmp(name.iter().map(lower))).is_ok()
}
