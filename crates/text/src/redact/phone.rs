//! Telephone numbers: what looks like one, in which words it stands, and whether a numbering plan knows it.

mod plan;

use super::Kind;
use super::number::run_end;
use super::scan::Scan;
use super::words::{self, Lists};

/// Most digits of a candidate: E.164's 15 and an exit code `00`.
const MAX_DIGITS: usize = 17;
const MAX_GROUPS: usize = 9;

/// Digits in groups, as far as they could be one number.
struct Candidate {
    plus: bool,
    digits: [u8; MAX_DIGITS],
    count: usize,
    /// Behind each group: how many digits so far, and where it ends in the view.
    groups: [(usize, usize); MAX_GROUPS],
    group_count: usize,
    /// The sign between groups (the last that is not a space or bracket, else a space).
    sign: u8,
    bracket: bool,
}

/// A telephone number that begins here with `+`, `(` or a digit.
pub(super) fn number(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    if !scan.kinds.has(Kind::Phone) || at < scan.url_end || !may_begin(scan, at) {
        return None;
    }
    if let Some(end) = masked(scan, at) {
        return scan.push(at, end, Kind::Phone);
    }
    let mut candidate = gather(scan, at)?;
    while candidate.count >= 7 {
        let end = candidate.end();
        if may_end(scan, end) && accepted(scan, at, &candidate) {
            // A bracket that the number does not close is around it, not in it.
            let count = |sign| scan.bytes[at..end].iter().filter(|b| **b == sign).count();
            let around = scan.bytes[at] == b'(' && count(b'(') > count(b')');
            return scan.push(at + usize::from(around), with_extension(scan, end), Kind::Phone);
        }
        candidate.drop_group()?;
    }
    None
}

/// The end of a number with some digits hidden, `138****5678` or `+86-138-XXXX-5678`: what is left still points at someone.
fn masked(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let rest = &scan.bytes[at..scan.high.min(at + 20)];
    let part = |b: &&u8| b.is_ascii_digit() || b"xX*-+".contains(b);
    let token = &rest[..rest.iter().take_while(part).count()];
    let digits = token.iter().filter(|b| b.is_ascii_digit()).count();
    let hidden = token.iter().filter(|b| b"xX*".contains(b)).count();
    let first = *token.iter().find(|b| b"xX*".contains(b))?;
    let uniform = token.iter().all(|b| *b == first || !b"xX*".contains(b));
    let shape = token[0] != b'-' && digits >= 3 && hidden >= 4 && (10..=14).contains(&(digits + hidden)) && uniform;
    (shape && scan.ends_word(at + token.len())).then_some(at + token.len())
}

/// Whether the sign in front lets a number begin here.
fn may_begin(scan: &Scan<'_>, at: usize) -> bool {
    let Some(before) = scan.before(at) else { return true };
    let in_number = || at > scan.low + 1 && scan.bytes[at - 2].is_ascii_digit();
    match before {
        b'#' | b'$' | b'@' | b'_' | b'%' | b'\\' | b'&' | b'^' | b'*' | b'+' => false,
        b'.' | b',' | b'-' | b'/' | b':' | b'\'' => !in_number(),
        _ if before.is_ascii() => !before.is_ascii_alphanumeric(),
        _ => !scan.text[scan.low..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || "€£¥₹§".contains(c)),
    }
}

/// Whether what follows lets a number end here: no letter, no further digits, no unit.
fn may_end(scan: &Scan<'_>, end: usize) -> bool {
    let rest = &scan.bytes[end..scan.high];
    let next = rest.first().copied().unwrap_or(b' ');
    let then = rest.get(1).copied().unwrap_or(b' ');
    if matches!(next, b'.' | b',' | b':' | b'/' | b'-') && then.is_ascii_digit() {
        return false;
    }
    if next == b'x' {
        return then.is_ascii_digit();
    }
    let word = rest.strip_prefix(b" ").unwrap_or(rest);
    let units: [&[u8]; 9] =
        [b"%", "€".as_bytes(), b"$", "£".as_bytes(), b"EUR", b"USD", b"CHF", b"Euro", "°".as_bytes()];
    scan.ends_word(end) && next != b'@' && !units.iter().any(|unit| word.starts_with(unit))
}

/// Reads groups of digits; between two of them stand at most three of ` .-/()`, one of them not a space or bracket.
fn gather(scan: &Scan<'_>, start: usize) -> Option<Candidate> {
    let mut candidate = Candidate {
        plus: false,
        digits: [0; MAX_DIGITS],
        count: 0,
        groups: [(0, 0); MAX_GROUPS],
        group_count: 0,
        sign: b' ',
        bracket: false,
    };
    let mut at = start;
    if scan.get(at) == Some(b'(') {
        candidate.bracket = true;
        at += 1;
    }
    if scan.get(at) == Some(b'+') {
        candidate.plus = true;
        at += 1;
    }
    loop {
        let end = run_end(scan.bytes, at, scan.high.min(at + MAX_DIGITS + 1));
        if end == at || candidate.group_count == MAX_GROUPS || candidate.count + (end - at) > MAX_DIGITS {
            break;
        }
        candidate.add(&scan.bytes[at..end], end);
        let Some(next) = candidate.separator(scan, end) else { break };
        at = next;
    }
    (candidate.count >= 7).then_some(candidate)
}

impl Candidate {
    fn end(&self) -> usize {
        self.groups[self.group_count - 1].1
    }

    fn add(&mut self, digits: &[u8], end: usize) {
        // The prefix in brackets of `+41 (0)44` is not dialled from abroad.
        if !(self.plus && self.count > 0 && digits == b"0" && self.bracket) {
            self.digits[self.count..self.count + digits.len()].copy_from_slice(digits);
            self.count += digits.len();
        }
        self.groups[self.group_count] = (self.count, end);
        self.group_count += 1;
    }

    fn separator(&mut self, scan: &Scan<'_>, at: usize) -> Option<usize> {
        let signs = scan.bytes[at..scan.high].iter().take(4).take_while(|b| b" .-/()".contains(b)).count();
        let run = &scan.bytes[at..at + signs];
        let strong = run.iter().filter(|b| b".-/".contains(b));
        if signs == 0 || signs > 3 || strong.clone().count() > 1 || run == b"  " || run == b"   " {
            return None;
        }
        self.sign = strong.copied().last().unwrap_or(self.sign);
        self.bracket |= run.contains(&b'(');
        Some(at + signs)
    }

    /// Leaves out the last group; none if it was the only one.
    fn drop_group(&mut self) -> Option<()> {
        self.group_count = self.group_count.checked_sub(1).filter(|count| *count > 0)?;
        self.count = self.groups[self.group_count - 1].0;
        Some(())
    }

    fn digits(&self) -> &[u8] {
        &self.digits[..self.count]
    }

    /// How many digits each group has.
    fn lens(&self) -> impl Iterator<Item = usize> + Clone {
        let ends = self.groups[..self.group_count].iter().map(|g| g.0);
        std::iter::once(0).chain(ends.clone()).zip(ends).map(|(from, to)| to - from)
    }

    fn is(&self, lens: &[usize]) -> bool {
        self.lens().eq(lens.iter().copied())
    }

    /// Thousands in groups of three: `1 234 567`, `25.000.000`.
    fn thousands(&self) -> bool {
        let mut lens = self.lens();
        lens.next().is_some_and(|first| first <= 3)
            && self.group_count > 2
            && lens.all(|len| len == 3)
            && self.sign != b'-'
    }

    /// A date, a year with one, a range of years, or `2024-11-05 14` and the like.
    fn date(&self) -> bool {
        let value = |from: usize, len: usize| {
            self.digits[from..from + len].iter().fold(0u32, |value, d| value * 10 + u32::from(d - b'0'))
        };
        let mut lens = self.lens();
        let (first, second, third) = (lens.next().unwrap_or(0), lens.next().unwrap_or(0), lens.next().unwrap_or(0));
        if self.sign == b' ' && !(first == 4 && second == 4) {
            return false;
        }
        let year = |from: usize| (1000..=2199).contains(&value(from, 4));
        let small = |from: usize, len: usize, most: u32| len <= 2 && len > 0 && value(from, len) <= most;
        (first == 4 && second == 4 && year(0) && year(4))
            || (first == 4 && year(0) && small(4, second, 12) && small(4 + second, third, 31))
            || (small(0, first, 31) && small(first, second, 31) && third == 4 && year(first + second))
            || (small(0, first, 31) && small(first, second, 12) && third == 2)
    }
}

/// Whether the candidate is a telephone number where it stands.
fn accepted(scan: &Scan<'_>, at: usize, c: &Candidate) -> bool {
    let digits = c.digits();
    if c.plus {
        return digits.len() <= 15
            && (plan::international(digits) || (!c.thousands() && plan::has_country_code(digits)));
    }
    if c.date() || digits.iter().all(|d| *d == digits[0]) {
        return false;
    }
    if let Some(abroad) = digits.strip_prefix(b"00")
        && plan::international(abroad)
    {
        return true;
    }
    let grouped = c.group_count > 1;
    let amount = c.thousands() && digits.len() < 8;
    if words::near(scan, at, Lists::Phone) && digits.len() <= 15 && !amount {
        return !words::near(scan, at, Lists::Other);
    }
    let behind = words::phone_behind(scan, c.end());
    let perhaps = behind || words::near(scan, at, Lists::PerhapsPhone);
    if perhaps && (grouped || (behind && digits.len() > 8)) && digits.len() <= 15 && !amount {
        return true;
    }
    !words::near(scan, at, Lists::Other)
        && !after_group(scan, at)
        && (american(c) || trunk_zero(c) || spanish_or_polish(c))
}

/// Whether a group of four digits stands in front: the tail of an account or card that did not prove itself.
fn after_group(scan: &Scan<'_>, at: usize) -> bool {
    let front = &scan.bytes[scan.low..at];
    front.strip_suffix(b" ").is_some_and(|f| f.len() >= 4 && f[f.len() - 4..].iter().all(u8::is_ascii_digit))
}

/// `(415) 555-0132`, `415-555-0132`, `415.555.0132`, `1-415-555-0132`.
fn american(c: &Candidate) -> bool {
    let (digits, lens_with_code) = (c.digits(), c.is(&[1, 3, 3, 4]));
    let shape = c.is(&[3, 3, 4]) || (lens_with_code && digits[0] == b'1') || (c.bracket && c.is(&[3, 7]));
    let area = digits[usize::from(lens_with_code)];
    shape && (c.sign != b' ' || c.bracket || plan::national(digits, *b"US")) && area >= b'2'
}

/// `030 1234567`, `01.23.45.67.89`, `06-12345678`, also without groups where a plan of Europe knows it.
fn trunk_zero(c: &Candidate) -> bool {
    const HOME: [[u8; 2]; 9] = [*b"DE", *b"AT", *b"CH", *b"FR", *b"IT", *b"NL", *b"GB", *b"BE", *b"SE"];
    let digits = c.digits();
    // A first group of one digit is a book's number or a score; 3-2-4 is a number of US social security.
    let first = c.lens().next().unwrap_or(0);
    if digits[0] != b'0' || digits[1] == b'0' || !(9..=13).contains(&digits.len()) || first < 2 || c.is(&[3, 2, 4]) {
        return false;
    }
    if c.group_count > 1 {
        return plan::with_trunk_zero(digits);
    }
    digits.len() >= 10 && HOME.iter().any(|region| plan::national(digits, *region))
}

/// Numbers without a prefix, in groups that no amount has: `91 123 45 67`, `612 34 56 78`, `512-345-678`.
fn spanish_or_polish(c: &Candidate) -> bool {
    let (digits, plain) = (c.digits(), [[2, 3, 2, 2], [3, 2, 2, 2]]);
    let shape = plain.iter().any(|lens| c.is(lens)) || (c.sign == b'-' && c.is(&[3, 3, 3]));
    let italian = c.is(&[3, 7]) || c.is(&[3, 3, 4]) || c.is(&[3, 6]);
    digits.len() >= 9
        && ((shape && (plan::national(digits, *b"ES") || plan::national(digits, *b"PL")))
            || (italian && digits[0] == b'3' && plan::national(digits, *b"IT")))
}

/// The end behind an extension: `x123`, ` ext. 123`.
fn with_extension(scan: &Scan<'_>, end: usize) -> usize {
    let rest = &scan.bytes[end..scan.high];
    let sign = [&b"x"[..], b" x", b" ext. ", b" ext ", b" ext.", b" Ext. ", b" Durchwahl "];
    let Some(sign) = sign.iter().find(|sign| rest.starts_with(sign)) else { return end };
    let from = end + sign.len();
    let to = run_end(scan.bytes, from, scan.high.min(from + 7));
    if (1..=6).contains(&(to - from)) && scan.ends_word(to) { to } else { end }
}
