//! Ed25519 over notes: who vouches for a text.
//!
//! A key id is the first four bytes of SHA-256(NAME ‖ 0x0A ‖ type ‖ public key). A public key is written
//! `NAME+key id in hexadecimal+BASE64(type ‖ public key)`, a secret one `PRIVATE+KEY+` and the same over its seed.
//! Type 0x01 signs the text of a note, type 0x04 is a witness that signs what it saw, and when
//! ([`crate::Checkpoint`]). One key is of one type.
//!
//! Verification is strict (RFC 8032 5.1.7, no weak keys, no malleable signatures), a signature line
//! by an unknown key proves nothing, and one by a known key must hold. Keys are made elsewhere:
//! seeds are handed in.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, Signer as _};

use crate::base64::{base64, unbase64};
use crate::digest::{hex, sha256, unhex};
use crate::note::{NoteError, SignatureLine, SignedNote, is_name, is_text};

/// What begins the text form of a secret key.
const SECRET_PREFIX: &str = "PRIVATE+KEY+";

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// The text of a note (type 0x01).
    Note,
    /// What a witness saw of a log, and when (type 0x04).
    Cosigner,
}

impl KeyKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Note => 1,
            Self::Cosigner => 4,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Note),
            4 => Some(Self::Cosigner),
            _ => None,
        }
    }
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
    kind: KeyKind,
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

/// A key whose signature on a note holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vouch<'a> {
    /// The key.
    pub key: &'a NoteKey,
    /// When a witness signed, in seconds since 1970; what the others sign says no time.
    pub time: Option<u64>,
}

impl NoteSigner {
    /// A signer from a 256-bit seed.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        Self::of_kind(KeyKind::Note, name, seed)
    }

    /// A witness from a 256-bit seed, which must not be that of another key: what a witness signs does not
    /// hold its name.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn cosigner(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        Self::of_kind(KeyKind::Cosigner, name, seed)
    }

    fn of_kind(kind: KeyKind, name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = NoteKey::new(kind, name, key.verifying_key())?;
        Ok(Self { key, public })
    }

    /// The key that verifies what this signs.
    #[must_use]
    pub const fn public(&self) -> &NoteKey {
        &self.public
    }

    /// The secret key as text: for a file that nobody else can read.
    #[must_use]
    pub fn secret_text(&self) -> String {
        let NoteKey { name, kind, id, .. } = &self.public;
        let blob = [&[kind.byte()][..], self.key.as_bytes()].concat();
        format!("{SECRET_PREFIX}{name}+{}+{}", hex(id), base64(&blob))
    }

    /// Reads what [`Self::secret_text`] wrote.
    ///
    /// # Errors
    /// [`NoteError::Key`].
    pub fn from_secret_text(text: &str) -> Result<Self, NoteError> {
        let (name, kind, id, seed) = fields(text.strip_prefix(SECRET_PREFIX).ok_or(NoteError::Key)?)?;
        let signer = Self::of_kind(kind, name, &seed).map_err(|_| NoteError::Key)?;
        if signer.public.id == id { Ok(signer) } else { Err(NoteError::Key) }
    }

    /// Signs a text; the result is the whole note.
    ///
    /// # Errors
    /// [`NoteError::Text`], or [`NoteError::Key`] for the key of a witness.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        Ok(SignedNote::new(text, vec![self.sign_line(text)?])?.to_string())
    }

    /// The line that this key puts under a text.
    ///
    /// # Errors
    /// [`NoteError::Text`], or [`NoteError::Key`] for the key of a witness.
    pub fn sign_line(&self, text: &str) -> Result<SignatureLine, NoteError> {
        if self.public.kind != KeyKind::Note {
            return Err(NoteError::Key);
        }
        if !is_text(text) {
            return Err(NoteError::Text);
        }
        Ok(self.line(self.key.sign(text.as_bytes()).to_bytes().to_vec()))
    }

    /// The line that a witness puts under the text of a checkpoint at a time in seconds since 1970.
    ///
    /// # Errors
    /// [`NoteError::Text`] for a text or time that cannot be signed, [`NoteError::Key`] for another kind of key.
    pub fn cosign_line(&self, text: &str, time: u64) -> Result<SignatureLine, NoteError> {
        if self.public.kind != KeyKind::Cosigner {
            return Err(NoteError::Key);
        }
        if !is_text(text) || i64::try_from(time).is_err() {
            return Err(NoteError::Text);
        }
        let signature = self.key.sign(cosigned(text, time).as_bytes()).to_bytes();
        Ok(self.line([&time.to_be_bytes()[..], &signature].concat()))
    }

    fn line(&self, signature: Vec<u8>) -> SignatureLine {
        SignatureLine { name: self.public.name.clone(), id: self.public.id, signature }
    }
}

/// What a witness signs (C2SP tlog-cosignature, Ed25519).
fn cosigned(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

impl NoteKey {
    fn new(kind: KeyKind, name: &str, key: ed25519_dalek::VerifyingKey) -> Result<Self, NoteError> {
        if !is_name(name) {
            return Err(NoteError::Name);
        }
        let preimage = [name.as_bytes(), &[b'\n', kind.byte()], key.as_bytes()].concat();
        let [a, b, c, d, ..] = sha256(&preimage).0;
        Ok(Self { name: name.to_owned(), kind, id: [a, b, c, d], key })
    }

    /// The signer's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the key signs.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The key itself: two names may stand for one.
    #[must_use]
    pub fn public_bytes(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// Whether a line names this key.
    #[must_use]
    pub fn is_of(&self, line: &SignatureLine) -> bool {
        self.name == line.name && self.id == line.id
    }

    /// Holds a line by this key against a text; for a witness, gives the time.
    ///
    /// # Errors
    /// [`NoteError::Untrusted`] for a line by another key, [`NoteError::Broken`] when it does not hold.
    pub fn verify(&self, text: &str, line: &SignatureLine) -> Result<Option<u64>, NoteError> {
        if !self.is_of(line) {
            return Err(NoteError::Untrusted);
        }
        match self.kind {
            KeyKind::Note => self.holds(text.as_bytes(), &line.signature).map(|()| None),
            KeyKind::Cosigner => {
                let (time, signature) = line.signature.split_first_chunk().ok_or(NoteError::Broken)?;
                let time = u64::from_be_bytes(*time);
                i64::try_from(time).map_err(|_| NoteError::Broken)?;
                self.holds(cosigned(text, time).as_bytes(), signature).map(|()| Some(time))
            }
        }
    }

    fn holds(&self, message: &[u8], signature: &[u8]) -> Result<(), NoteError> {
        let signature: [u8; 64] = signature.try_into().map_err(|_| NoteError::Broken)?;
        self.key.verify_strict(message, &Signature::from_bytes(&signature)).map_err(|_| NoteError::Broken)
    }
}

impl SignedNote {
    /// The keys among `trusted` that signed, each once, in the order of the note.
    ///
    /// # Errors
    /// [`NoteError::Broken`] when a line by one of them does not hold; [`NoteError::Untrusted`] when there is none.
    pub fn vouches<'k>(&self, trusted: &'k [NoteKey]) -> Result<Vec<Vouch<'k>>, NoteError> {
        let mut vouches: Vec<Vouch<'k>> = Vec::new();
        for line in self.lines() {
            for key in trusted.iter().filter(|key| key.is_of(line)) {
                let time = key.verify(self.text(), line)?;
                if !vouches.iter().any(|v| v.key == key) {
                    vouches.push(Vouch { key, time });
                }
            }
        }
        if vouches.is_empty() { Err(NoteError::Untrusted) } else { Ok(vouches) }
    }
}

/// Opens a note that one of these keys signed.
///
/// # Errors
/// [`NoteError`]: not a note, no signature by a trusted key, or one that does not hold.
pub fn open_note<'a>(note: &'a str, trusted: &'a [NoteKey]) -> Result<Opened<'a>, NoteError> {
    let parsed = SignedNote::parse(note)?;
    let first = parsed.vouches(trusted)?[0];
    Ok(Opened { text: &note[..parsed.text().len()], signer: first.key.name() })
}

/// Name, kind, key id and 32 bytes of a key in text.
type Fields<'a> = (&'a str, KeyKind, [u8; 4], [u8; 32]);

/// Reads the part that secret and public keys share.
fn fields(text: &str) -> Result<Fields<'_>, NoteError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(blob)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteError::Key);
    };
    let blob = unbase64(blob).ok_or(NoteError::Key)?;
    let (kind, bytes) = blob.split_first().ok_or(NoteError::Key)?;
    let kind = KeyKind::from_byte(*kind).ok_or(NoteError::Key)?;
    let bytes = bytes.try_into().map_err(|_| NoteError::Key)?;
    // Upper-case digits would be a second spelling.
    let id = if id.bytes().any(|b| b.is_ascii_uppercase()) { None } else { unhex(id) };
    Ok((name, kind, id.ok_or(NoteError::Key)?, bytes))
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blob = [&[self.kind.byte()][..], self.key.as_bytes()].concat();
        write!(f, "{}+{}+{}", self.name, hex(&self.id), base64(&blob))
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
        let (name, kind, id, bytes) = fields(text)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| NoteError::Key)?;
        let public = Self::new(kind, name, key).map_err(|_| NoteError::Key)?;
        if id == public.id && !key.is_weak() { Ok(public) } else { Err(NoteError::Key) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Go's `golang.org/x/mod/sumdb/note`, from which the format comes.
    const EXAMPLE_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const EXAMPLE_SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const EXAMPLE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem \
        is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn signer(name: &str, byte: u8) -> NoteSigner {
        NoteSigner::from_seed(name, &[byte; 32]).unwrap()
    }

    #[test]
    fn the_published_example_opens_and_is_signed_again_to_the_byte() {
        let keys = [EXAMPLE_KEY.parse::<NoteKey>().unwrap()];
        assert_eq!(keys[0].to_string(), EXAMPLE_KEY);
        let opened = open_note(EXAMPLE, &keys).unwrap();
        assert_eq!(opened.signer, "PeterNeumann");
        let signer = NoteSigner::from_secret_text(EXAMPLE_SECRET).unwrap();
        assert_eq!(signer.secret_text(), EXAMPLE_SECRET);
        assert_eq!(signer.sign(opened.text).unwrap(), EXAMPLE);
    }

    #[test]
    fn a_signed_text_opens_with_the_right_key_only() {
        let (ours, theirs) = (signer("plaza", 1), signer("plaza", 2));
        let note = ours.sign("mandat-pack/1\neu-local\n").unwrap();
        let keys = [theirs.public().clone(), ours.public().to_string().parse().unwrap()];
        let opened = open_note(&note, &keys).unwrap();
        assert_eq!((opened.text, opened.signer), ("mandat-pack/1\neu-local\n", "plaza"));
        assert_eq!(open_note(&note, &keys[..1]), Err(NoteError::Untrusted));
        assert_eq!(open_note(&note, &[]), Err(NoteError::Untrusted));
    }

    #[test]
    fn every_changed_byte_is_refused() {
        let keys = [signer("plaza", 1).public().clone()];
        let note = signer("plaza", 1).sign("one\n\ntwo\n").unwrap();
        for at in 0..note.len() {
            for bit in 0..8 {
                let mut bytes = note.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                assert!(open_note(&changed, &keys).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn a_strangers_line_changes_nothing_and_a_false_line_of_ours_everything() {
        let keys = [signer("plaza", 1).public().clone()];
        let note = signer("plaza", 1).sign("text\n").unwrap();
        assert!(open_note(&format!("{note}— other AAAAAAAAAA==\n"), &keys).is_ok());
        let false_line = signer("plaza", 1).sign_line("other text\n").unwrap();
        assert_eq!(open_note(&format!("{note}{false_line}\n"), &keys), Err(NoteError::Broken));
        let short = SignatureLine { signature: vec![1; 63], ..false_line };
        assert_eq!(open_note(&format!("text\n\n{short}\n"), &keys), Err(NoteError::Broken));
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
        let weak = format!("w+00000000+{}", base64(&[[1].as_slice(), &[0; 32]].concat()));
        let shouted = EXAMPLE_KEY.replace("c74f20a3", "C74F20A3");
        for wrong in [
            "",
            "plaza",
            "plaza+00000000+AAAA",
            "plaza+00000000+",
            &good.replace("plaza", "piazza"),
            &good[..good.len() - 2],
            &weak,
            &shouted,
        ] {
            assert_eq!(wrong.parse::<NoteKey>(), Err(NoteError::Key), "{wrong}");
            assert!(NoteSigner::from_secret_text(&format!("PRIVATE+KEY+{wrong}")).is_err());
        }
        assert!(NoteSigner::from_secret_text(EXAMPLE_KEY).is_err());
    }

    #[test]
    fn a_witness_and_a_signer_do_not_stand_in_for_each_other() {
        let (signer, witness) = (signer("w", 1), NoteSigner::cosigner("w", &[1; 32]).unwrap());
        assert_ne!(signer.public().to_string(), witness.public().to_string());
        assert_eq!(witness.sign("text\n"), Err(NoteError::Key));
        assert_eq!(signer.cosign_line("text\n", 1), Err(NoteError::Key));
        assert_eq!(witness.cosign_line("text\n", 1 << 63), Err(NoteError::Text));
        let line = witness.cosign_line("text\n", 1_679_315_147).unwrap();
        assert_eq!(witness.public().verify("text\n", &line), Ok(Some(1_679_315_147)));
        assert_eq!(witness.public().verify("test\n", &line), Err(NoteError::Broken));
        assert_eq!(signer.public().verify("text\n", &line), Err(NoteError::Untrusted));
        for at in 0..line.signature.len() {
            let mut changed = line.clone();
            changed.signature[at] ^= 1;
            assert_eq!(witness.public().verify("text\n", &changed), Err(NoteError::Broken), "byte {at}");
        }
    }

    #[test]
    fn secrets_do_not_show() {
        let shown = format!("{:?}", signer("plaza", 7));
        assert!(!shown.contains(&hex(&[7; 32])) && !shown.contains(&base64(&[7; 32])[..20]));
    }
}
