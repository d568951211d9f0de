//! The part of a URL that says whose page it is: accounts on platforms, user names in paths and queries.

use super::Kind;
use super::email;
use super::scan::{Scan, placeholder_end};
use super::words;

/// Hosts whose first path segment is an account.
const PLATFORMS: &[&str] = &[
    "about.me",
    "behance.net",
    "cash.app",
    "dribbble.com",
    "facebook.com",
    "fb.com",
    "fb.me",
    "github.com",
    "gitlab.com",
    "instagram.com",
    "instagr.am",
    "keybase.io",
    "ko-fi.com",
    "last.fm",
    "linktr.ee",
    "m.me",
    "medium.com",
    "ok.ru",
    "onlyfans.com",
    "patreon.com",
    "paypal.me",
    "pinterest.com",
    "pinterest.de",
    "snapchat.com",
    "soundcloud.com",
    "t.me",
    "telegram.me",
    "threads.com",
    "threads.net",
    "tiktok.com",
    "tumblr.com",
    "twitch.tv",
    "twitter.com",
    "venmo.com",
    "vimeo.com",
    "vk.com",
    "wa.me",
    "x.com",
    "youtube.com",
];

/// First segments there that are no account.
const NO_ACCOUNT: &[&str] = &[
    "about",
    "ads",
    "add",
    "api",
    "apps",
    "blog",
    "business",
    "channel",
    "collections",
    "directory",
    "docs",
    "download",
    "events",
    "explore",
    "features",
    "feed",
    "gaming",
    "groups",
    "hashtag",
    "help",
    "home",
    "i",
    "id",
    "intent",
    "jobs",
    "legal",
    "live",
    "login",
    "marketplace",
    "messages",
    "notifications",
    "p",
    "pages",
    "people",
    "photo",
    "playlist",
    "policies",
    "posts",
    "pricing",
    "privacy",
    "profile",
    "profile.php",
    "reel",
    "reels",
    "results",
    "search",
    "settings",
    "share",
    "share.php",
    "sharer",
    "sharer.php",
    "shorts",
    "sponsors",
    "stories",
    "story.php",
    "tag",
    "tos",
    "topics",
    "trending",
    "tv",
    "user",
    "videos",
    "watch",
];

/// Segments behind which an account stands, on any host.
const BEFORE_ACCOUNT: &[&str] = &[
    "add", "author", "authors", "c", "channel", "id", "in", "member", "members", "nutzer", "people", "profil",
    "profile", "profiles", "pub", "u", "user", "users",
];

/// Query keys whose value tells who it is.
const KEYS: &[&str] = &[
    "access_token",
    "account",
    "auth",
    "email",
    "e-mail",
    "fbclid",
    "fbid",
    "gclid",
    "igshid",
    "igsh",
    "mail",
    "member",
    "msisdn",
    "nick",
    "phone",
    "profile_id",
    "screen_name",
    "session",
    "session_id",
    "sessionid",
    "sid",
    "tel",
    "token",
    "uid",
    "user",
    "user_id",
    "userid",
    "username",
];

/// What a slash begins: the rest of a URL, a page on a platform, `u/name`; returns where to go on.
pub(super) fn slash(scan: &mut Scan<'_>, at: usize) -> usize {
    if at < scan.url_end {
        return at + 1;
    }
    let found = if scan.get(at + 1) == Some(b'/') && scan.before(at) == Some(b':') {
        with_scheme(scan, at + 2)
    } else {
        bare_host(scan, at).or_else(|| email::reddit(scan, at))
    };
    found.unwrap_or(at + 1)
}

/// A URL whose authority begins here.
fn with_scheme(scan: &mut Scan<'_>, start: usize) -> Option<usize> {
    let end = url_end(scan, start);
    let length = seek(scan, start, end, b"/?#") - start;
    (scan.url_end, scan.authority_end) = (end, start + length);
    let mut host = start;
    if let Some(sign) = scan.bytes[start..start + length].iter().rposition(|b| *b == b'@') {
        host = start + sign + 1;
        if sign > 0 {
            scan.push(start, start + sign, Kind::UrlId);
        }
    }
    let path = start + length;
    // The host itself may be an IP address.
    scan.through(host, path.min(scan.high));
    let ids = account(scan, path, end, is_platform(&scan.bytes[host..path]));
    Some(ids.map_or(path.max(start), |ids| redacted(scan, path, ids)))
}

/// Redacts parts of a path and query (in order); returns the end of the last.
fn redacted(scan: &mut Scan<'_>, path: usize, ids: Ids) -> usize {
    let ends = ids.0.into_iter().flatten().map(|(start, end)| scan.push(start, end, Kind::UrlId));
    ends.flatten().last().unwrap_or(path + 1)
}

/// A page on a platform, written without `https://`: the slash ends its host.
fn bare_host(scan: &mut Scan<'_>, slash: usize) -> Option<usize> {
    let sign = |b: &u8| b.is_ascii_alphanumeric() || *b == b'.' || *b == b'-';
    let len = scan.bytes[scan.low..slash].iter().rev().take(40).take_while(|b| sign(b)).count();
    let host = &scan.bytes[slash - len..slash];
    if len > 32 || !host.contains(&b'.') || !is_platform(host) {
        return None;
    }
    let end = url_end(scan, slash);
    (scan.url_end, scan.authority_end) = (end, slash);
    let ids = account(scan, slash, end, true)?;
    Some(redacted(scan, slash, ids))
}

fn is_platform(host: &[u8]) -> bool {
    let host = host.split(|b| *b == b':').next().unwrap_or(host);
    let bare = host.iter().position(|b| *b == b'.').map_or(host, |dot| &host[dot + 1..]);
    words::contains(PLATFORMS, host) || words::contains(PLATFORMS, bare)
}

/// Up to four ranges that tell who it is: the path from the account on, and values of the query.
struct Ids([Option<(usize, usize)>; 4]);

fn account(scan: &Scan<'_>, path: usize, end: usize, platform: bool) -> Option<Ids> {
    let bytes = &scan.bytes[..end];
    let path_end = seek(scan, path, end, b"?#");
    let mut ids = [None; 4];
    ids[0] = in_path(scan, path, path_end, platform).map(|start| (start, path_end));
    let page = bytes[path..path_end].ends_with(b"profile.php");
    let mut count = 1;
    let mut at = path_end;
    while at < end && count < ids.len() {
        let stop = seek(scan, at + 1, end, b"&#;");
        let pair = &bytes[at + 1..stop];
        if let Some(sign) = pair.iter().position(|b| *b == b'=')
            && sign + 1 < pair.len()
            && pair[sign + 1] != b'<'
            && (words::contains(KEYS, &pair[..sign]) || (page && &pair[..sign] == b"id"))
        {
            ids[count] = Some((at + 2 + sign, stop));
            count += 1;
        }
        at = stop;
    }
    ids.iter().any(Option::is_some).then_some(Ids(ids))
}

/// Where the account begins in a path.
fn in_path(scan: &Scan<'_>, path: usize, end: usize, platform: bool) -> Option<usize> {
    let mut at = path;
    let mut before: &[u8] = b"";
    let mut first = true;
    while at < end {
        let start = at + 1;
        let stop = seek(scan, start.min(end), end, b"/");
        let segment = &scan.bytes[start.min(end)..stop];
        let named = segment.first().is_some_and(|b| *b != b'<') && segment.len() > 1;
        let marked = segment.len() > 1 && (segment[0] == b'@' || segment[0] == b'~');
        if named && (marked || words::contains(BEFORE_ACCOUNT, before)) {
            return Some(start);
        }
        if named
            && first
            && platform
            && !words::contains(NO_ACCOUNT, segment)
            && !words::contains(BEFORE_ACCOUNT, segment)
        {
            return Some(start);
        }
        (before, first, at) = (segment, false, stop);
    }
    None
}

/// The end of what belongs to a URL: up to a space, a quote, a bracket of markup; signs that end a sentence not counted.
/// Placeholders and given spans are inside it.
fn url_end(scan: &Scan<'_>, start: usize) -> usize {
    let (mut end, mut least) = (start, start);
    while let Some(&byte) = scan.bytes.get(end) {
        let behind = given_end(scan, end).or_else(|| placeholder_end(scan.bytes, end));
        if let Some(behind) = behind {
            (end, least) = (behind, behind);
        } else if byte <= b' ' || b"\"`{}|\\^<>".contains(&byte) {
            break;
        } else {
            end += 1;
        }
    }
    while end > least && b".,;:!?)]'*_~".contains(&scan.bytes[end - 1]) {
        end -= 1;
    }
    end
}

/// The first of the signs that is outside placeholders and given spans, or the end.
fn seek(scan: &Scan<'_>, from: usize, end: usize, signs: &[u8]) -> usize {
    let mut at = from;
    while at < end && !signs.contains(&scan.bytes[at]) {
        at = given_end(scan, at).or_else(|| placeholder_end(scan.bytes, at)).unwrap_or(at + 1);
    }
    at.min(end)
}

/// The end of a given span that begins here.
fn given_end(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let nth = scan.barriers.binary_search_by_key(&at, |b| b.0).ok()?;
    Some(scan.barriers[nth].1)
}
