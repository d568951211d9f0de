//! Signed notes: a short text and who vouches for it, in the C2SP signed-note v1.0.0 format.
//!
//! A note is UTF-8 text that ends in a newline, an empty line, and one line a signature:
//! `— NAME BASE64(key id ‖ signature)`. The signature is Ed25519 (RFC 8032) over the text alone. A
//! key id is the first four bytes of SHA-256(NAME ‖ 0x0A ‖ 0x01 ‖ public key); a public key is
//! written `NAME+key id in hexadecimal+BASE64(0x01 ‖ public key)`.
//!
//! Verification is strict (RFC 8032 5.1.7, no weak keys, no malleable signatures), a signature line
//! by an unknown key proves nothing, and one by a known key must hold. Keys are made elsewhere:
//! seeds are handed in.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _};

use crate::digest::{hex, sha256, unhex};

/// The signature type of the format: Ed25519.
const ED25519: u8 = 1;
/// The longest note that is looked at, in bytes.
const NOTE_LIMIT: usize = 1 << 20;
/// The most signature lines that are looked at.
const SIGNATURES_LIMIT: usize = 100;

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
    /// Not a public key in the form of the format.
    #[error("not a public key; expected NAME+8 hexadecimal digits+base64")]
    Key,
    /// No signature by any of the keys that are trusted.
    #[error("no key that is trusted here signed it; sign it, or trust the signer's key")]
    Untrusted,
    /// A signature that does not hold.
    #[error("the signature does not hold: the text was changed after it was signed; sign it again")]
    Broken,
}

/// Signs notes under a name.
#[derive(Clone)]
pub struct NoteSigner {
    key: ed25519_dalek::SigningKey,
    public: NoteKey,
}

/// A public key and the name it goes by.
#[derive(Clone, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    id: [u8; 4],
    key: ed25519_dalek::VerifyingKey,
}

/// A note whose signature holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened<'a> {
    /// What was signed, with its last newline.
    pub text: &'a str,
    /// By whom: the first of the trusted keys that signed it.
    pub signer: &'a str,
}

impl NoteSigner {
    /// A signer from a 256-bit seed.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = NoteKey::new(name, key.verifying_key())?;
        Ok(Self { key, public })
    }

    /// The key that verifies what this signs.
    #[must_use]
    pub const fn public(&self) -> &NoteKey {
        &self.public
    }

    /// Signs a text; the result is the whole note.
    ///
    /// # Errors
    /// [`NoteError::Text`].
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        if !text.ends_with('\n') || text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(NoteError::Text);
        }
        let mut blob = self.public.id.to_vec();
        blob.extend(self.key.sign(text.as_bytes()).to_bytes());
        Ok(format!("{text}\n— {} {}\n", self.public.name, STANDARD.encode(blob)))
    }
}

impl NoteKey {
    fn new(name: &str, key: ed25519_dalek::VerifyingKey) -> Result<Self, NoteError> {
        if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+') {
            return Err(NoteError::Name);
        }
        let mut preimage = name.as_bytes().to_vec();
        preimage.extend([b'\n', ED25519]);
        preimage.extend(key.as_bytes());
        let digest = sha256(&preimage).0;
        Ok(Self { name: name.to_owned(), id: [digest[0], digest[1], digest[2], digest[3]], key })
    }

    /// The signer's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn holds(&self, text: &str, signature: &[u8; 64]) -> bool {
        self.key.verify_strict(text.as_bytes(), &Signature::from_bytes(signature)).is_ok()
    }
}

/// Opens a note that one of these keys signed.
///
/// # Errors
/// [`NoteError`]: not a note, no signature by a trusted key, or one that does not hold.
pub fn open_note<'a>(note: &'a str, trusted: &[NoteKey]) -> Result<Opened<'a>, NoteError> {
    let (text, lines) = split(note)?;
    let mut signer = None;
    for line in lines {
        let (name, id, signature) = signature_line(line).ok_or(NoteError::Form)?;
        let Some(key) = trusted.iter().find(|k| k.name == name && k.id == id) else { continue };
        let signature = signature.try_into().map_err(|_| NoteError::Form)?;
        if !key.holds(text, &signature) {
            return Err(NoteError::Broken);
        }
        signer = signer.or(Some(name));
    }
    signer.map(|signer| Opened { text, signer }).ok_or(NoteError::Untrusted)
}

/// The text of a note and its signature lines.
fn split(note: &str) -> Result<(&str, Vec<&str>), NoteError> {
    if note.len() > NOTE_LIMIT || note.chars().any(|c| c.is_control() && c != '\n') {
        return Err(NoteError::Form);
    }
    let at = note.rfind("\n\n").ok_or(NoteError::Form)?;
    let (text, rest) = (&note[..=at], &note[at + 2..]);
    let lines: Vec<_> = rest.strip_suffix('\n').ok_or(NoteError::Form)?.split('\n').collect();
    if lines.len() > SIGNATURES_LIMIT { Err(NoteError::Form) } else { Ok((text, lines)) }
}

/// Name, key id and signature of a line.
fn signature_line(line: &str) -> Option<(&str, [u8; 4], Vec<u8>)> {
    let (name, blob) = line.strip_prefix("— ")?.split_once(' ')?;
    let blob = STANDARD.decode(blob).ok()?;
    let (id, signature) = blob.split_first_chunk()?;
    (!name.is_empty() && !signature.is_empty()).then(|| (name, *id, signature.to_vec()))
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut blob = vec![ED25519];
        blob.extend(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, hex(&self.id), STANDARD.encode(blob))
    }
}

impl fmt::Debug for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteKey({self})")
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteSigner({})", self.public)
    }
}

impl FromStr for NoteKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(blob)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key);
        };
        let blob = STANDARD.decode(blob).map_err(|_| NoteError::Key)?;
        let Some((&ED25519, bytes)) = blob.split_first() else { return Err(NoteError::Key) };
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| NoteError::Key)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| NoteError::Key)?;
        let public = Self::new(name, key)?;
        if unhex(id) == Some(public.id) && !key.is_weak() { Ok(public) } else { Err(NoteError::Key) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Go's `golang.org/x/mod/sumdb/note`, from which the format comes.
    const EXAMPLE_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const EXAMPLE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem \
        is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn signer(name: &str, byte: u8) -> NoteSigner {
        NoteSigner::from_seed(name, &[byte; 32]).unwrap()
    }

    #[test]
    fn the_published_example_opens() {
        let key: NoteKey = EXAMPLE_KEY.parse().unwrap();
        assert_eq!(key.to_string(), EXAMPLE_KEY);
        assert_eq!(open_note(EXAMPLE, &[key]).unwrap().signer, "PeterNeumann");
    }

    #[test]
    fn a_signed_text_opens_with_the_right_key_only() {
        let (ours, theirs) = (signer("plaza", 1), signer("plaza", 2));
        let note = ours.sign("mandat-pack/1\neu-local\n").unwrap();
        let key: NoteKey = ours.public().to_string().parse().unwrap();
        let opened = open_note(&note, &[theirs.public().clone(), key]).unwrap();
        assert_eq!((opened.text, opened.signer), ("mandat-pack/1\neu-local\n", "plaza"));
        assert_eq!(open_note(&note, &[theirs.public().clone()]), Err(NoteError::Untrusted));
        assert_eq!(open_note(&note, &[]), Err(NoteError::Untrusted));
    }

    #[test]
    fn every_changed_byte_is_refused() {
        let signer = signer("plaza", 1);
        let note = signer.sign("one\n\ntwo\n").unwrap();
        for at in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(open_note(&changed, &[signer.public().clone()]).is_err(), "byte {at}");
        }
    }

    #[test]
    fn notes_that_are_none_are_refused() {
        let key = [signer("plaza", 1).public().clone()];
        let note = signer("plaza", 1).sign("text\n").unwrap();
        let long = format!("{}{note}", "x".repeat(NOTE_LIMIT));
        for wrong in
            ["", "\n", "text\n", "text\n\n", "text\n\n— plaza\n", "text\n\n— plaza !!\n", note.trim_end(), &long]
        {
            assert!(open_note(wrong, &key).is_err(), "{:?}", &wrong[..wrong.len().min(30)]);
        }
        let twice = format!("{note}— other AAAAAAAAAA==\n");
        assert!(open_note(&twice, &key).is_ok(), "a stranger's signature beside a good one changes nothing");
    }

    #[test]
    fn names_texts_and_keys_are_checked() {
        for name in ["", "a b", "a+b", "a\nb"] {
            assert_eq!(NoteSigner::from_seed(name, &[1; 32]).unwrap_err(), NoteError::Name);
        }
        for text in ["", "no newline", "tab\t\n"] {
            assert_eq!(signer("plaza", 1).sign(text), Err(NoteError::Text));
        }
        let good = signer("plaza", 1).public().to_string();
        let weak = format!("w+00000000+{}", STANDARD.encode([[ED25519].as_slice(), &[0; 32]].concat()));
        for wrong in
            ["", "plaza", "plaza+00000000+AAAA", &good.replace("plaza", "piazza"), &good[..good.len() - 2], &weak]
        {
            assert_eq!(wrong.parse::<NoteKey>(), Err(NoteError::Key), "{wrong}");
        }
    }

    #[test]
    fn secrets_do_not_show() {
        assert!(!format!("{:?}", signer("plaza", 7)).contains(&hex(&[7; 32])));
    }
}
