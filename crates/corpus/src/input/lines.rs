//! Cuts a byte stream into pieces of whole lines, however long the lines are.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memrchr};

use super::reject::Reason;

/// Bytes kept of a line that is too long or cut off: enough to find its ids.
const HEAD: usize = 1 << 16;

/// Part of a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Whole lines; the last one may lack its end.
    Lines {
        /// Number of the first, counted from one.
        first: u64,
        /// Their bytes.
        data: Vec<u8>,
    },
    /// A line that cannot be handed over whole.
    Bad {
        /// Its number.
        line: u64,
        /// Why.
        reason: Reason,
        /// How it begins.
        head: Vec<u8>,
    },
}

/// Limits of reading lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineLimits {
    /// Bytes of the longest line.
    pub line: usize,
    /// Bytes of a piece, unless a line is longer.
    pub piece: usize,
}

/// Cuts a stream.
pub struct Lines<R> {
    stream: R,
    limits: LineLimits,
    carry: Vec<u8>,
    line: u64,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Start,
    Open,
    Ended,
    Broken(Reason),
    Done,
}

impl<R: Read> Lines<R> {
    /// A cutter at the start of a stream.
    pub const fn new(stream: R, limits: LineLimits) -> Self {
        Self { stream, limits, carry: Vec::new(), line: 1, state: State::Start }
    }

    /// Reads until the buffer holds a piece, or the stream ends.
    fn fill(&mut self, buffer: &mut Vec<u8>, target: usize) {
        while buffer.len() < target && matches!(self.state, State::Start | State::Open) {
            let more = (target - buffer.len()) as u64;
            match self.stream.by_ref().take(more).read_to_end(buffer) {
                Ok(0) => self.state = State::Ended,
                Ok(_) if self.state == State::Start => {
                    if buffer.starts_with(b"\xEF\xBB\xBF") {
                        buffer.drain(..3);
                    }
                    self.state = State::Open;
                }
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => self.state = State::Broken(Reason::Truncated),
                Err(_) => self.state = State::Broken(Reason::Damaged),
            }
        }
    }

    fn lines(&mut self, data: Vec<u8>) -> Piece {
        let first = self.line;
        self.line += memchr_iter(b'\n', &data).count() as u64;
        Piece::Lines { first, data }
    }

    /// Passes over a line that is too long.
    fn skip(&mut self, mut buffer: Vec<u8>) -> Piece {
        let head = buffer[..buffer.len().min(HEAD)].to_vec();
        let line = self.line;
        loop {
            if let Some(end) = memchr(b'\n', &buffer) {
                self.carry = buffer.split_off(end + 1);
                self.line += 1;
                return Piece::Bad { line, reason: Reason::TooLong, head };
            }
            buffer.clear();
            self.fill(&mut buffer, self.limits.piece);
            if buffer.is_empty() {
                return Piece::Bad { line, reason: Reason::TooLong, head };
            }
        }
    }

    /// What is left when the stream has ended, well or badly.
    fn rest(&mut self, buffer: Vec<u8>) -> Option<Piece> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Broken(reason) => {
                let head = buffer[..buffer.len().min(HEAD)].to_vec();
                Some(Piece::Bad { line: self.line, reason, head })
            }
            _ if buffer.is_empty() => None,
            _ => Some(self.lines(buffer)),
        }
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if self.state == State::Done {
            return None;
        }
        let mut buffer = std::mem::take(&mut self.carry);
        let mut target = self.limits.piece;
        loop {
            self.fill(&mut buffer, target);
            if let Some(end) = memrchr(b'\n', &buffer) {
                self.carry = buffer.split_off(end + 1);
                return Some(self.lines(buffer));
            }
            if buffer.len() > self.limits.line {
                return Some(self.skip(buffer));
            }
            if !matches!(self.state, State::Start | State::Open) {
                return self.rest(buffer);
            }
            target = buffer.len() + self.limits.piece;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(bytes: &[u8], line: usize, piece: usize) -> Vec<Piece> {
        Lines::new(bytes, LineLimits { line, piece }).collect()
    }

    fn lines(first: u64, data: &str) -> Piece {
        Piece::Lines { first, data: data.into() }
    }

    #[test]
    fn any_piece_size_gives_the_same_lines() {
        let text = "a\nbb\n\nccc\r\ndddddddddd\ne";
        for piece in 1..30 {
            let mut next = 1;
            let mut whole = Vec::new();
            for part in cut(text.as_bytes(), 100, piece) {
                let Piece::Lines { first, data } = part else { panic!("no line is bad") };
                assert_eq!(first, next);
                next += memchr_iter(b'\n', &data).count() as u64;
                whole.extend(data);
            }
            assert_eq!(whole, text.as_bytes());
        }
    }

    #[test]
    fn a_line_beyond_the_limit_is_passed_over() {
        let bad = |line, head: &str| Piece::Bad { line, reason: Reason::TooLong, head: head.into() };
        assert_eq!(cut(b"a\nxxxxxxxxxxxx\nb\n", 4, 2), [lines(1, "a\n"), bad(2, "xxxxxx"), lines(3, "b\n")]);
        assert_eq!(cut(b"xxxxxxxx", 4, 2), [bad(1, "xxxxxx")]);
    }

    #[test]
    fn a_broken_stream_ends_with_a_bad_line() {
        struct Broken(bool);
        impl Read for Broken {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                buf[..3].copy_from_slice(b"a\nb");
                Ok(3)
            }
        }
        let pieces: Vec<Piece> = Lines::new(Broken(false), LineLimits { line: 10, piece: 8 }).collect();
        assert_eq!(pieces, [lines(1, "a\n"), Piece::Bad { line: 2, reason: Reason::Truncated, head: b"b".into() }]);
    }

    #[test]
    fn a_byte_order_mark_is_dropped() {
        assert_eq!(cut(b"\xEF\xBB\xBFa\n", 9, 9), [lines(1, "a\n")]);
        assert_eq!(cut(b"", 9, 9), []);
    }
}
