//! The form of a signed note (C2SP signed-note v1.0.0), before anybody asks whether a signature holds.
//!
//! A note is UTF-8 text that ends in a newline, an empty line, and one line a signature:
//! `— NAME BASE64(key id ‖ signature)`. No control character but the newline may occur in it.

use crate::base64::{base64, unbase64};

/// The longest note that is looked at, in bytes.
pub const NOTE_LIMIT: usize = 1 << 20;
/// The most signature lines that are looked at; the format asks for at least 16.
pub const SIGNATURES_LIMIT: usize = 100;

/// Why a note, a key or a name is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// A signer's name with blanks, `+`, or nothing in it.
    #[error("a signer's name holds no blanks and no `+` and is not empty; choose another name")]
    Name,
    /// A text that cannot be signed.
    #[error("the text does not end in a newline, or holds control characters; sign plain lines")]
    Text,
    /// Not a note.
    #[error("not a signed note; sign the text again")]
    Form,
    /// Not a key in the form of the format.
    #[error("not a key of a signed note; expected NAME+8 hexadecimal digits+base64")]
    Key,
    /// No signature by any of the keys that are trusted.
    #[error("no key that is trusted here signed it; sign it, or trust the signer's key")]
    Untrusted,
    /// A signature that does not hold.
    #[error("the signature does not hold: the text was changed after it was signed; sign it again")]
    Broken,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    /// The name that the key goes by.
    pub name: String,
    /// Which of the name's keys.
    pub id: [u8; 4],
    /// What follows the key id: by the kind of key, a signature or a time and a signature.
    pub signature: Vec<u8>,
}

/// A text and the lines under it; nothing in it is to be believed before its signatures are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    lines: Vec<SignatureLine>,
}

impl SignedNote {
    /// A note of a text and its signature lines.
    ///
    /// # Errors
    /// [`NoteError`] when the text cannot be signed or the lines are none, too many, or malformed.
    pub fn new(text: &str, lines: Vec<SignatureLine>) -> Result<Self, NoteError> {
        if !is_text(text) {
            return Err(NoteError::Text);
        }
        if !(1..=SIGNATURES_LIMIT).contains(&lines.len()) || lines.iter().any(|line| line.signature.is_empty()) {
            return Err(NoteError::Form);
        }
        if !lines.iter().all(|line| is_name(&line.name)) {
            return Err(NoteError::Name);
        }
        Ok(Self { text: text.to_owned(), lines })
    }

    /// Reads a note.
    ///
    /// # Errors
    /// [`NoteError::Form`] when it is not one.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_LIMIT || !is_text(note) {
            return Err(NoteError::Form);
        }
        let at = note.rfind("\n\n").ok_or(NoteError::Form)?;
        let (text, rest) = (&note[..=at], &note[at + 2..]);
        let rest = rest.strip_suffix('\n').ok_or(NoteError::Form)?;
        if rest.bytes().filter(|b| *b == b'\n').count() >= SIGNATURES_LIMIT {
            return Err(NoteError::Form);
        }
        let lines: Option<Vec<_>> = rest.split('\n').map(SignatureLine::parse).collect();
        Self::new(text, lines.ok_or(NoteError::Form)?).map_err(|_| NoteError::Form)
    }

    /// What was signed, with its last newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in the order of the note.
    #[must_use]
    pub fn lines(&self) -> &[SignatureLine] {
        &self.lines
    }

    /// Adds a signature line, unless the same key already has one.
    ///
    /// # Errors
    /// [`NoteError::Form`] when there are too many.
    pub fn add(&mut self, line: SignatureLine) -> Result<(), NoteError> {
        if self.lines.iter().any(|l| l.name == line.name && l.id == line.id) {
            return Ok(());
        }
        if self.lines.len() == SIGNATURES_LIMIT {
            return Err(NoteError::Form);
        }
        self.lines.push(line);
        Ok(())
    }
}

impl std::fmt::Display for SignedNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl SignatureLine {
    /// Reads one line, without its newline.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (name, blob) = line.strip_prefix("— ")?.split_once(' ')?;
        let blob = unbase64(blob)?;
        let (id, signature) = blob.split_first_chunk()?;
        let whole = is_name(name) && !signature.is_empty();
        whole.then(|| Self { name: name.to_owned(), id: *id, signature: signature.to_vec() })
    }
}

impl std::fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "— {} {}", self.name, base64(&[&self.id, self.signature.as_slice()].concat()))
    }
}

/// Whether a text may be signed: lines that end in a newline, and no control character beside it.
pub(crate) fn is_text(text: &str) -> bool {
    text.ends_with('\n') && text.bytes().all(|b| b >= 0x20 || b == b'\n')
}

/// Whether a key may go by that name.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c < ' ' || c == '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example at the head of the C2SP document.
    const QUASIMODO: &str = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito \
        sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj\
        99ihAQwaqP3ZekRwNtIc=\n";

    #[test]
    fn the_published_example_reads_and_writes_back() {
        let note = SignedNote::parse(QUASIMODO).unwrap();
        assert!(note.text().ends_with("\n\ned è subito sera.\n"));
        assert_eq!(note.lines()[0].name, "quasimodo.example/salvatore");
        assert_eq!(note.lines()[0].signature.len(), 64);
        assert_eq!(note.to_string(), QUASIMODO);
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let line = "— a AAAAAAE=\n";
        for wrong in [
            String::new(),
            "\n".to_owned(),
            "\n\n".to_owned(),
            "text\n".to_owned(),
            "text\n\n".to_owned(),
            "text\n\n\n".to_owned(),
            format!("text\n{line}"),
            format!("text\r\n\n{line}"),
            format!("te\txt\n\n{line}"),
            format!("text\n\n{line}\n"),
            format!("text\n\n{line}x\n"),
            format!("text\n\n{}", line.trim_end()),
            "text\n\n- a AAAAAAE=\n".to_owned(),
            "text\n\n—a AAAAAAE=\n".to_owned(),
            "text\n\n—  AAAAAAE=\n".to_owned(),
            "text\n\n— a b AAAAAAE=\n".to_owned(),
            "text\n\n— a+b AAAAAAE=\n".to_owned(),
            "text\n\n— a\u{a0}b AAAAAAE=\n".to_owned(),
            "text\n\n— a AAAAAA==\n".to_owned(),
            "text\n\n— a AAAAAAE\n".to_owned(),
            "text\n\n— a AAAAAAF=\n".to_owned(),
            format!("text\n\n{}", line.repeat(SIGNATURES_LIMIT + 1)),
            format!("{}\n\n{line}", "x".repeat(NOTE_LIMIT)),
        ] {
            assert_eq!(SignedNote::parse(&wrong), Err(NoteError::Form), "{:?}", wrong.get(..40));
        }
        assert!(SignedNote::parse(&format!("text\n\n{}", line.repeat(SIGNATURES_LIMIT))).is_ok());
    }

    #[test]
    fn a_key_signs_a_note_once() {
        let line = SignatureLine { name: "a".to_owned(), id: [1; 4], signature: vec![1] };
        let mut note = SignedNote::new("text\n", vec![line.clone()]).unwrap();
        note.add(SignatureLine { signature: vec![2], ..line.clone() }).unwrap();
        assert_eq!(note.lines(), std::slice::from_ref(&line));
        note.add(SignatureLine { id: [2; 4], ..line.clone() }).unwrap();
        assert_eq!(note.lines().len(), 2);
        assert!(SignedNote::new("text", vec![line]).is_err());
        assert!(SignedNote::new("text\n", vec![]).is_err());
    }
}
