//! Numbering plans: which digits are a telephone number in which country.
//!
//! `regions.tsv` is Google's libphonenumber metadata, patterns of all kinds of numbers, written by
//! `bench/peers/phone_rules.py`. The patterns know digits, classes, groups, alternatives and counts; matching runs all
//! alternatives at once over a set of positions (a bit each), so it is linear and allocates nothing.

use std::sync::LazyLock;

/// Most digits a number has with its country's code (E.164: 15), and room for a prefix.
const MAX_DIGITS: usize = 17;

static REGIONS: LazyLock<Vec<Region>> = LazyLock::new(|| {
    let lines = include_str!("regions.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| Region::parse(line).expect("regions.tsv is written by bench/peers/phone_rules.py")).collect()
});

struct Region {
    name: [u8; 2],
    code: u16,
    prefix: &'static [u8],
    plan: Node,
}

/// A piece of a pattern.
enum Node {
    /// One digit of a set (bit n for n).
    Digit(u16),
    /// One piece after the other.
    Sequence(Vec<Self>),
    /// Any of them.
    Any(Vec<Self>),
    /// The piece, at least and at most so often.
    Repeat(Box<Self>, u8, u8),
}

impl Region {
    fn parse(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        let name = fields.next()?.as_bytes().try_into().ok()?;
        let code = fields.next()?.parse().ok()?;
        let prefix = fields.next()?.as_bytes();
        let mut pattern = Pattern { rest: fields.next()?.as_bytes() };
        let plan = pattern.any()?;
        pattern.rest.is_empty().then_some(Self { name, code, prefix, plan })
    }

    /// Whether the digits are a number of the region, with or without the prefix for calls within the country.
    fn holds(&self, digits: &[u8]) -> bool {
        self.plan.matches(digits)
            || (!self.prefix.is_empty() && digits.strip_prefix(self.prefix).is_some_and(|rest| self.plan.matches(rest)))
    }
}

impl Node {
    fn matches(&self, digits: &[u8]) -> bool {
        if digits.len() > MAX_DIGITS {
            return false;
        }
        self.step(digits, 1) & (1 << digits.len()) != 0
    }

    /// The positions (a bit each) that the piece may end at when it begins at one of `from`.
    fn step(&self, digits: &[u8], from: u32) -> u32 {
        if from == 0 {
            return 0;
        }
        match self {
            Self::Digit(set) => {
                let at = |(place, digit): (usize, &u8)| u32::from(set >> (digit - b'0') & 1) << place;
                (digits.iter().enumerate().map(at).fold(0, |all, one| all | one) & from) << 1
            }
            Self::Sequence(nodes) => nodes.iter().fold(from, |from, node| node.step(digits, from)),
            Self::Any(nodes) => nodes.iter().fold(0, |all, node| all | node.step(digits, from)),
            Self::Repeat(node, least, most) => {
                let (mut now, mut all) = (from, if *least == 0 { from } else { 0 });
                for count in 1..=*most {
                    now = node.step(digits, now);
                    if count >= *least {
                        all |= now;
                    }
                }
                all
            }
        }
    }
}

/// What is left to read of a pattern.
struct Pattern {
    rest: &'static [u8],
}

impl Pattern {
    fn eat(&mut self, sign: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn any(&mut self) -> Option<Node> {
        let mut branches = vec![self.sequence()?];
        while self.eat(b"|") {
            branches.push(self.sequence()?);
        }
        Some(if branches.len() == 1 { branches.pop()? } else { Node::Any(branches) })
    }

    fn sequence(&mut self) -> Option<Node> {
        let mut nodes = Vec::new();
        while !matches!(self.rest.first(), None | Some(b'|' | b')')) {
            let one = self.one()?;
            nodes.push(self.counted(one)?);
        }
        Some(Node::Sequence(nodes))
    }

    fn one(&mut self) -> Option<Node> {
        if self.eat(b"(?:") {
            let inner = self.any()?;
            return self.eat(b")").then_some(inner);
        }
        if self.eat(b"\\d") {
            return Some(Node::Digit(0x3FF));
        }
        if self.eat(b"[") {
            return self.class();
        }
        Some(Node::Digit(1 << self.digit()?))
    }

    fn class(&mut self) -> Option<Node> {
        let mut set = 0;
        while !self.eat(b"]") {
            let first = self.digit()?;
            let last = if self.eat(b"-") { self.digit()? } else { first };
            set |= (first..=last).fold(0, |set, digit| set | 1 << digit);
        }
        Some(Node::Digit(set))
    }

    fn counted(&mut self, node: Node) -> Option<Node> {
        if self.eat(b"?") {
            return Some(Node::Repeat(Box::new(node), 0, 1));
        }
        if !self.eat(b"{") {
            return Some(node);
        }
        let least = self.count()?;
        let most = if self.eat(b",") { self.count()? } else { least };
        self.eat(b"}").then(|| Node::Repeat(Box::new(node), least, most))
    }

    fn count(&mut self) -> Option<u8> {
        let mut value = self.digit()?;
        while self.rest.first().is_some_and(u8::is_ascii_digit) {
            value = value * 10 + self.digit()?;
        }
        Some(value)
    }

    fn digit(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        first.is_ascii_digit().then(|| first - b'0')
    }
}

/// Whether the digits, with the country's code in front, are a number of that country.
pub(super) fn international(digits: &[u8]) -> bool {
    (1..=3.min(digits.len())).any(|len| {
        let (code, rest) = digits.split_at(len);
        let code = number(code);
        REGIONS.iter().filter(|r| r.code == code).any(|r| r.holds(rest))
    })
}

/// Whether the digits begin with the code of a country and what follows could be a number there.
pub(super) fn has_country_code(digits: &[u8]) -> bool {
    (1..=3.min(digits.len())).any(|len| {
        let (code, rest) = digits.split_at(len);
        let code = number(code);
        rest.len() >= 6 && rest.first() != Some(&b'0') && REGIONS.iter().any(|r| r.code == code)
    })
}

/// Whether the digits are a number of the region as dialled within it.
pub(super) fn national(digits: &[u8], region: [u8; 2]) -> bool {
    REGIONS.iter().find(|r| r.name == region).is_some_and(|r| r.holds(digits))
}

/// Whether the digits, which begin with the prefix 0, are a number as dialled within any country.
pub(super) fn with_trunk_zero(digits: &[u8]) -> bool {
    let zero = digits.strip_prefix(b"0");
    zero.is_some_and(|rest| REGIONS.iter().any(|r| r.prefix == b"0" && r.plan.matches(rest)))
        || national(digits, *b"IT")
}

fn number(digits: &[u8]) -> u16 {
    digits.iter().fold(0, |value, digit| value * 10 + u16::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_of_all_regions_are_read() {
        assert!(REGIONS.len() > 240);
        assert!(REGIONS.iter().all(|r| r.code > 0));
    }

    // Expected values: `phonenumbers.is_valid_number` 9.0.43.
    #[test]
    fn numbers_are_held_to_their_plan() {
        for valid in ["4930123456", "41446681800", "390612345678", "33123456789", "12015550123", "447911123456"] {
            assert!(international(valid.as_bytes()), "{valid}");
        }
        for invalid in ["4910", "12005550123", "33023456789", "999123456789", "4412", "1", ""] {
            assert!(!international(invalid.as_bytes()), "{invalid}");
        }
        assert!(national(b"0446681800", *b"CH") && national(b"446681800", *b"CH"));
        assert!(!national(b"0146681800", *b"CH"));
        assert!(with_trunk_zero(b"0612345678") && !with_trunk_zero(b"0000000"));
    }

    #[test]
    fn long_input_is_no_number() {
        assert!(!national(&[b'5'; 4000], *b"DE"));
    }
}
