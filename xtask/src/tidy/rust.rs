//! Just enough of Rust's grammar to measure functions and leave tests out: no parser, no macros.

use std::ops::Range;

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function<'a> {
    pub(super) name: &'a str,
    /// Counted from one.
    pub(super) line: usize,
    pub(super) lines: usize,
}

/// The source with comments, strings and character literals blanked; every line and column stays.
pub(super) fn code_only(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = at + literal(&bytes[at..], at.checked_sub(1).map(|before| bytes[before]));
        if end == at {
            at += 1;
            continue;
        }
        out[at..end].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
        at = end;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The length of the comment or literal that starts here; 0 if none does.
fn literal(rest: &[u8], before: Option<u8>) -> usize {
    let in_word = before.is_some_and(is_word);
    match rest {
        [b'/', b'/', ..] => rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'r', b'"' | b'#', ..] if !in_word => raw_string(rest, 1),
        [b'b', b'r', b'"' | b'#', ..] if !in_word => raw_string(rest, 2),
        [b'"', ..] => quoted(rest, b'"'),
        [b'\'', b'\\', ..] => quoted(rest, b'\''),
        [b'\'', ..] => character(rest),
        _ => 0,
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at + 1 < rest.len() {
        match &rest[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn raw_string(rest: &[u8], prefix: usize) -> usize {
    let hashes = rest[prefix..].iter().take_while(|b| **b == b'#').count();
    if rest.get(prefix + hashes) != Some(&b'"') {
        return 0; // a raw identifier such as r#type
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let body = prefix + hashes + 1;
    let found = rest[body..].windows(close.len()).position(|w| w == close);
    found.map_or(rest.len(), |at| body + at + close.len())
}

fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += 1 + usize::from(rest[at] == b'\\');
    }
    (at + 1).min(rest.len())
}

/// `'x'` is a character, `'x` a lifetime.
fn character(rest: &[u8]) -> usize {
    let text = String::from_utf8_lossy(&rest[1..rest.len().min(9)]).into_owned();
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), Some('\'')) => 2 + c.len_utf8(),
        _ => 0,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The bytes of every `#[cfg(test)] mod … { … }`, in code without comments and strings.
pub(super) fn test_modules(code: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for (at, attribute) in code.match_indices("#[cfg(test)]") {
        let after = code[at + attribute.len()..].trim_start();
        let open = at + code[at..].find(['{', ';']).unwrap_or(0);
        if after.starts_with("mod ") && code.as_bytes()[open] == b'{' {
            ranges.push(at..block_end(code.as_bytes(), open));
        }
    }
    ranges
}

/// The code with its test modules blanked.
pub(super) fn without(code: &str, ranges: &[Range<usize>]) -> String {
    let mut out = code.as_bytes().to_vec();
    for range in ranges {
        out[range.clone()].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Every function with a body in code without comments and strings.
pub(super) fn functions(code: &str) -> Vec<Function<'_>> {
    let bytes = code.as_bytes();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        if at > 0 && is_word(bytes[at - 1]) {
            continue;
        }
        let name = code[at + 3..].trim_start();
        let name = &name[..name.bytes().take_while(|b| is_word(*b)).count()];
        let Some(open) = body_start(bytes, at) else { continue };
        if !name.is_empty() {
            let lines = |from: usize, to: usize| bytes[from..to].iter().filter(|b| **b == b'\n').count();
            let body = lines(at, block_end(bytes, open));
            found.push(Function { name, line: lines(0, at) + 1, lines: body + 1 });
        }
    }
    found
}

/// The `{` of a function's body; none for a signature that ends in `;`.
fn body_start(bytes: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0;
    for (offset, byte) in bytes[at..].iter().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(at + offset),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// One past the `}` that closes the `{` at `open`.
fn block_end(bytes: &[u8], open: usize) -> usize {
    let mut depth = 0;
    for (offset, byte) in bytes[open..].iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + offset + 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_comments_and_literals_but_not_lifetimes() {
        let check = |source: &str, expected: &str| {
            assert_eq!(code_only(source), expected);
            assert_eq!(code_only(source).len(), source.len());
        };
        check("a // {\nb", "a     \nb");
        check("a /* { /* } */ */ b", "a                 b");
        check(r#"x("{\"", y)"#, "x(     , y)");
        check(r##"x(r#"{"}"#, y)"##, "x(        , y)");
        check("'{' 'a '\\'' <'_>", "    'a      <'_>");
        check("r#type br\"{\"", "r#type      ");
    }

    #[test]
    fn finds_functions_and_their_lines() {
        let code = "trait T {\n fn no(&self, a: [u8; 4]);\n}\nfn yes<'a>(f: fn(u8)) -> [u8; 2] {\n  { }\n}\n";
        assert_eq!(functions(code), [Function { name: "yes", line: 4, lines: 3 }]);
    }

    #[test]
    fn leaves_test_modules_out() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() {}\n}\nfn c() {}\n";
        let kept = without(code, &test_modules(code));
        assert_eq!(functions(&kept).iter().map(|f| f.name).collect::<Vec<_>>(), ["a", "c"]);
    }
}
