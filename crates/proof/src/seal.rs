//! Sealing a ledger row under the secret of the person it concerns.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};

/// Why sealed bytes could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed bytes do not open: wrong key, wrong place, or changed")]
pub struct SealError;

/// A 256-bit secret; destroying it makes what it sealed unreadable.
#[derive(Clone, PartialEq, Eq)]
pub struct SubjectSecret(pub [u8; 32]);

impl SubjectSecret {
    /// Seals `plain`, bound to `nonce` and `context`.
    ///
    /// The nonce must never repeat under one secret: rows use their ledger position, wrapped
    /// secrets their subject handle.
    #[must_use]
    pub fn seal(&self, nonce: u64, context: &[u8], plain: &[u8]) -> Vec<u8> {
        self.cipher()
            .encrypt(&nonce_of(nonce), Payload { msg: plain, aad: context })
            .expect("a ledger row is far below the cipher's length limit")
    }

    /// Opens what [`Self::seal`] made under the same nonce and context.
    ///
    /// # Errors
    /// [`SealError`] when the key, nonce, context or a single byte differs.
    pub fn open(&self, nonce: u64, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        self.cipher().decrypt(&nonce_of(nonce), Payload { msg: sealed, aad: context }).map_err(|_| SealError)
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&self.0.into())
    }
}

fn nonce_of(counter: u64) -> Nonce {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&counter.to_be_bytes());
    nonce.into()
}

impl fmt::Debug for SubjectSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_with_the_same_key_nonce_context_and_bytes() {
        let secret = SubjectSecret([7; 32]);
        let sealed = secret.seal(3, b"row", b"object");
        assert_eq!(secret.open(3, b"row", &sealed).unwrap(), b"object");
        assert_eq!(SubjectSecret([8; 32]).open(3, b"row", &sealed), Err(SealError));
        assert_eq!(secret.open(4, b"row", &sealed), Err(SealError));
        assert_eq!(secret.open(3, b"raw", &sealed), Err(SealError));
        for i in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[i] ^= 1;
            assert_eq!(secret.open(3, b"row", &flipped), Err(SealError));
        }
    }
}
