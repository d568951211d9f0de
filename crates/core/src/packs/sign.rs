//! Signatures of packs: who vouches for which rules.
//!
//! A signature is a signed note (see [`crate::proof`]) over three lines: a version word, `id version`,
//! and the pack's digest. The digest covers what decides, so that comments may change and nothing
//! else. Packs that come with Mandat are part of the program and vouched for by its release; packs of
//! a home need a note by a key that the home trusts.

use crate::packs::Pack;
use crate::proof::{NoteError, NoteKey, NoteSigner, open_note};

/// The version word of the statement.
const VERSION: &str = "mandat-pack/1";

/// Why a pack does not count as signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The note.
    #[error("the signature of pack `{pack}` cannot be used")]
    Note {
        /// The pack's id.
        pack: String,
        /// Why.
        source: NoteError,
    },
    /// A good note about something else.
    #[error("the signature beside pack `{pack}` is for other rules; sign the pack again")]
    OtherRules {
        /// The pack's id.
        pack: String,
    },
}

/// What is signed of a pack.
#[must_use]
pub fn statement(pack: &Pack) -> String {
    format!("{VERSION}\n{} {}\n{}\n", pack.id, pack.version, pack.digest())
}

/// Signs a pack; the result is the note to be put beside it.
///
/// # Errors
/// [`NoteError`] if the version holds control characters.
pub fn sign(pack: &Pack, signer: &NoteSigner) -> Result<String, NoteError> {
    signer.sign(&statement(pack))
}

/// Who signed a pack, of the keys that are trusted.
///
/// # Errors
/// [`SignatureError`] if nobody did, the signature does not hold, or it is for other rules.
pub fn signer(pack: &Pack, note: &str, trusted: &[NoteKey]) -> Result<String, SignatureError> {
    let opened = open_note(note, trusted).map_err(|source| SignatureError::Note { pack: pack.id.clone(), source })?;
    if opened.text != statement(pack) {
        return Err(SignatureError::OtherRules { pack: pack.id.clone() });
    }
    Ok(opened.signer.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "id = \"own\"\nversion = \"2\"\n[[rule]]\nid = \"a\"\nwhen = [\"erased\"]\nverdict = \"exclude\"\n\
        reason = \"ERASED\"\narticles = [\"GDPR 17\"]\n";

    fn read(text: &str) -> Pack {
        Pack::read("own.toml", text).unwrap()
    }

    fn key(byte: u8) -> NoteSigner {
        NoteSigner::from_seed("plaza", &[byte; 32]).unwrap()
    }

    #[test]
    fn a_signature_binds_the_rules_and_not_the_comments() {
        let note = sign(&read(TEXT), &key(1)).unwrap();
        let trusted = [key(2).public().clone(), key(1).public().clone()];
        assert_eq!(signer(&read(TEXT), &note, &trusted).unwrap(), "plaza");
        assert_eq!(signer(&read(&format!("# why\n{TEXT}")), &note, &trusted).unwrap(), "plaza");
        for (from, to) in [("\"2\"", "\"3\""), ("erased", "restricted"), ("exclude", "hold"), ("own", "their")] {
            let changed = signer(&read(&TEXT.replace(from, to)), &note, &trusted);
            assert!(matches!(changed, Err(SignatureError::OtherRules { .. })), "{from}: {changed:?}");
        }
    }

    #[test]
    fn strangers_and_forgers_are_told_apart() {
        let pack = read(TEXT);
        let note = sign(&pack, &key(1)).unwrap();
        let trusted = [key(2).public().clone()];
        let refused = |note: &str, trusted: &[NoteKey]| match signer(&pack, note, trusted) {
            Err(SignatureError::Note { source, .. }) => source,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(&note, &trusted), NoteError::Untrusted);
        assert_eq!(refused(&note, &[]), NoteError::Untrusted);
        let forged = note.replace("own 2", "own 3");
        assert_eq!(refused(&forged, &[key(1).public().clone()]), NoteError::Broken);
        assert!(signer(&pack, "", &trusted).is_err());
    }
}
