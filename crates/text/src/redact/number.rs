//! Numbers that prove themselves: IBAN (length of its country, check digits), cards (issuer, length, Luhn), IP addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Kind;
use super::scan::Scan;
use super::words::{self, Lists};

/// Length of an IBAN by country: the SWIFT registry (ISO 13616), release 99.
const IBAN_LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 \
DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 \
KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 \
QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

/// Digits of a card in one go may be these many; other counts need a word such as `card` in front.
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 12..=19;

/// The end of the digits that begin here.
pub(super) fn run_end(bytes: &[u8], at: usize, high: usize) -> usize {
    bytes[at..high].iter().position(|b| !b.is_ascii_digit()).map_or(high, |len| at + len)
}

/// An IBAN whose first check digit stands here.
pub(super) fn iban(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    let gap = usize::from(scan.before(at) == Some(b' '));
    let start = at.checked_sub(2 + gap).filter(|start| *start >= scan.low)?;
    let country = &scan.bytes[start..start + 2];
    if !country.iter().all(u8::is_ascii_alphabetic) || !scan.starts_word(start) {
        return None;
    }
    let length = iban_length(country)?;
    let mut signs = [0; 34];
    signs[..2].copy_from_slice(country);
    let mut count = 2;
    let mut end = at;
    while count < length {
        let byte = scan.get(end)?;
        if byte.is_ascii_alphanumeric() {
            signs[count] = byte;
            count += 1;
        } else if !matches!(byte, b' ' | b'-' | b'.') || !scan.get(end + 1)?.is_ascii_alphanumeric() {
            return None;
        }
        end += 1;
    }
    if !scan.ends_word(end) || !check_digits(&signs[..length]) {
        return None;
    }
    scan.push(start, end, Kind::Iban)
}

fn iban_length(country: &[u8]) -> Option<usize> {
    let entry = IBAN_LENGTHS.split(' ').find(|entry| entry.as_bytes()[..2].eq_ignore_ascii_case(country))?;
    entry[2..].parse().ok()
}

/// ISO 7064 MOD 97-10 over the account, then country and check digits; letters count 10 to 35.
fn check_digits(signs: &[u8]) -> bool {
    let rest = signs[4..].iter().chain(&signs[..4]).try_fold(0u32, |rest, &sign| {
        let value = char::from(sign).to_digit(36)?;
        Some((rest * if value < 10 { 10 } else { 100 } + value) % 97)
    });
    rest == Some(1) && signs[2..4].iter().all(u8::is_ascii_digit)
}

/// A card number that begins here, in one go or in the groups that cards print.
pub(super) fn card(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    if !scan.starts_word(at) || matches!(scan.before(at), Some(b'.' | b'#' | b'$')) || glued(scan, at) {
        return None;
    }
    let run = run_end(scan.bytes, at, scan.high);
    let end = if run - at >= *CARD_DIGITS.start() { whole_card(scan, at, run)? } else { grouped_card(scan, at, run)? };
    scan.push(at, end, Kind::Card)
}

/// Whether a digit and a sign stand directly in front: the middle of something longer.
fn glued(scan: &Scan<'_>, at: usize) -> bool {
    matches!(scan.before(at), Some(b'-' | b'/' | b',' | b':'))
        && scan.before(at - 1).is_some_and(|b| b.is_ascii_digit())
}

fn whole_card(scan: &Scan<'_>, at: usize, end: usize) -> Option<usize> {
    let digits = &scan.bytes[at..end];
    let followed = scan.get(end) == Some(b'.') && scan.get(end + 1).is_some_and(|b| b.is_ascii_digit());
    if !CARD_DIGITS.contains(&digits.len()) || !scan.ends_word(end) || followed || !luhn(digits) {
        return None;
    }
    let common = matches!(issuer(digits), Issuer::Common);
    let named = || words::near(scan, at, Lists::Card);
    (common || (!matches!(issuer(digits), Issuer::Unknown) && named())).then_some(end)
}

fn grouped_card(scan: &Scan<'_>, at: usize, first_end: usize) -> Option<usize> {
    const SHAPES: [&[usize]; 5] = [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 4, 4, 3], &[4, 4, 4, 1]];
    let sign = scan.get(first_end).filter(|b| matches!(b, b' ' | b'-' | b'.'))?;
    SHAPES.iter().find_map(|shape| {
        let mut digits = [0; 19];
        let (mut count, mut end) = (0, at);
        for (nth, &len) in shape.iter().enumerate() {
            if nth > 0 {
                (scan.get(end)? == sign).then_some(())?;
                end += 1;
            }
            let group = scan.bytes.get(end..end + len).filter(|_| end + len <= scan.high)?;
            group.iter().all(u8::is_ascii_digit).then_some(())?;
            digits[count..count + len].copy_from_slice(group);
            (count, end) = (count + len, end + len);
        }
        let known = !matches!(issuer(&digits[..count]), Issuer::Unknown);
        (scan.ends_word(end) && known && luhn(&digits[..count])).then_some(end)
    })
}

/// How sure a number's first digits and length are to mean a card.
enum Issuer {
    /// A card of the length that its issuer prints today.
    Common,
    /// A range or length seldom seen, or shared with other numbers.
    Rare,
    Unknown,
}

/// Issuer ranges of ISO/IEC 7812 as the schemes publish them.
fn issuer(digits: &[u8]) -> Issuer {
    let first = |n: usize| digits[..n].iter().fold(0u32, |value, d| value * 10 + u32::from(d - b'0'));
    let (two, three, four) = (first(2), first(3), first(4));
    match digits.len() {
        16 if first(1) == 4 || matches!(two, 51..=55) || matches!(four, 2221..=2720 | 3528..=3589) => Issuer::Common,
        16 if two == 65 || four == 6011 || matches!(three, 644..=649) || two == 62 => Issuer::Common,
        15 if matches!(two, 34 | 37) => Issuer::Common,
        13 | 19 if first(1) == 4 => Issuer::Rare,
        14 if matches!(two, 36 | 38 | 39) || matches!(three, 300..=305 | 309) => Issuer::Rare,
        15 if matches!(four, 1800 | 2131) => Issuer::Rare,
        12 if four == 604 => Issuer::Rare,
        16 if matches!(two, 35 | 36 | 38 | 39) || matches!(three, 300..=305) => Issuer::Rare,
        12..=19 if matches!(two, 50 | 56..=69) => Issuer::Rare,
        _ => Issuer::Unknown,
    }
}

/// ISO/IEC 7812-1, annex B.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits.iter().rev().enumerate().fold(0, |sum, (nth, d)| {
        let value = u32::from(d - b'0') << (nth % 2);
        sum + if value > 9 { value - 9 } else { value }
    });
    sum.is_multiple_of(10) && digits.iter().any(|d| *d != b'0')
}

/// An IPv4 address that begins here: not a version number, not a mask, not this machine.
pub(super) fn ipv4(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    let host = at < scan.url_end && matches!(scan.before(at), Some(b'/' | b'@'));
    let open = !host && (at < scan.url_end || matches!(scan.before(at), Some(b'.' | b'/' | b'-')));
    if open || !scan.starts_word(at) {
        return None;
    }
    let mut end = at;
    for part in 0..4 {
        if part > 0 {
            (scan.get(end)? == b'.').then_some(())?;
            end += 1;
        }
        let run = run_end(scan.bytes, end, scan.high.min(end + 4));
        matches!(run - end, 1..=3).then_some(())?;
        end = run;
    }
    let address: Ipv4Addr = std::str::from_utf8(&scan.bytes[at..end]).ok()?.parse().ok()?;
    // A host that goes on is a name.
    let goes_on = |b: u8| b.is_ascii_digit() || host && b.is_ascii_alphabetic();
    let more = scan.get(end) == Some(b'.') && scan.get(end + 1).is_some_and(goes_on);
    let [first, rest @ ..] = address.octets();
    let nobody = matches!(first, 0 | 127 | 255) || rest == [0, 0, 0];
    if more || nobody || !scan.ends_word(end) || words::near(scan, at, Lists::Version) {
        return None;
    }
    scan.push(at, end, Kind::Ip)
}

/// An IPv6 address whose first group begins with the digits here.
pub(super) fn ipv6_from_digit(scan: &mut Scan<'_>, at: usize, run: usize) -> Option<usize> {
    let hex = |b: &u8| b.is_ascii_hexdigit();
    let group = scan.bytes[at..scan.high].iter().take(5).take_while(|b| hex(b)).count();
    if run - at > 4 || scan.get(at + group) != Some(b':') || !scan.starts_word(at) {
        return None;
    }
    ipv6_at(scan, at).0
}

/// An IPv6 address around the colon here; returns where to go on.
pub(super) fn ipv6(scan: &mut Scan<'_>, at: usize) -> usize {
    let hex = |b: &u8| b.is_ascii_hexdigit();
    let next = scan.get(at + 1).is_some_and(|b| hex(&b) || b == b':');
    let front = scan.bytes[scan.low..at].iter().rev().take(5).take_while(|b| hex(b)).count();
    if !next || !matches!(front, 0..=4) {
        return at + 1;
    }
    let (found, end) = ipv6_at(scan, at - front);
    found.unwrap_or(end.max(at + 1))
}

/// The address that begins here, if any, and the end of all that could belong to one.
fn ipv6_at(scan: &mut Scan<'_>, start: usize) -> (Option<usize>, usize) {
    let part = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
    let len = scan.bytes[start..scan.high].iter().take_while(|b| part(b)).count();
    let all = start + len;
    let mut end = all;
    while end > start && (scan.bytes[end - 1] == b'.' || scan.bytes[start..end].ends_with(b":")) {
        if scan.bytes[start..end].ends_with(b"::") && scan.bytes[start..end - 2].contains(&b':') {
            break;
        }
        end -= 1;
    }
    let token = &scan.bytes[start..end];
    let groups = token.split(|b| *b == b':').filter(|g| !g.is_empty());
    let telling =
        token.iter().any(u8::is_ascii_digit) && groups.clone().count() > 1 && groups.clone().any(|g| g.len() > 2);
    let name = start < scan.url_end
        && scan.get(end) == Some(b'.')
        && scan.get(end + 1).is_some_and(|b| b.is_ascii_alphabetic());
    if token.len() > 45 || !telling || name || !scan.starts_word(start) || !scan.ends_word(end) {
        return (None, all);
    }
    let address = std::str::from_utf8(token).ok().and_then(|t| t.parse::<Ipv6Addr>().ok());
    (address.and_then(|_| scan.push(start, end, Kind::Ip)), all)
}
