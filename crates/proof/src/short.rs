//! SHA-256 and HMAC of short inputs straight through the compression function.
//!
//! Trees hash 65 and 85 bytes at a time, hundreds of millions of times. The general interface copies through a buffer
//! and asks on every call what is in it; here the input already lies where the padding goes.

use sha2::block_api::compress256;

const IV: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Bytes that fit with SHA-256's padding into two blocks.
pub(crate) const TWO_BLOCKS: usize = 128 - 9;

/// Room for a short input; zeros wherever nothing was written.
pub(crate) struct Short {
    blocks: [[u8; 64]; 2],
    length: usize,
}

impl Short {
    /// The parts, one behind the other; at most [`TWO_BLOCKS`] bytes.
    #[inline]
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut short = Self { blocks: [[0; 64]; 2], length: 0 };
        let flat = short.blocks.as_flattened_mut();
        for part in parts {
            let end = short.length + part.len();
            flat[short.length..end].copy_from_slice(part);
            short.length = end;
        }
        debug_assert!(short.length <= TWO_BLOCKS, "bug: {} bytes and their padding need a third block", short.length);
        short
    }

    /// SHA-256 of the input.
    pub(crate) fn sha256(self) -> [u8; 32] {
        let mut state = IV;
        self.finish(&mut state, 0);
        bytes(state)
    }

    /// HMAC-SHA-256 of the input.
    pub(crate) fn hmac(self, key: &[u8; 32]) -> [u8; 32] {
        let mut state = IV;
        compress256(&mut state, &[padded(key, 0x36)]);
        self.finish(&mut state, 64);
        let inner = Self::of(&[&bytes(state)]);
        state = IV;
        compress256(&mut state, &[padded(key, 0x5c)]);
        inner.finish(&mut state, 64);
        bytes(state)
    }

    /// Pads and hashes behind `before` bytes that were hashed already.
    fn finish(mut self, state: &mut [u32; 8], before: usize) {
        let blocks = if self.length <= 64 - 9 { 1 } else { 2 };
        let flat = self.blocks.as_flattened_mut();
        flat[self.length] = 0x80;
        let bits = ((before + self.length) as u64 * 8).to_be_bytes();
        flat[blocks * 64 - 8..blocks * 64].copy_from_slice(&bits);
        compress256(state, &self.blocks[..blocks]);
    }
}

fn padded(key: &[u8; 32], pad: u8) -> [u8; 64] {
    let mut block = [pad; 64];
    block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
    block
}

fn bytes(state: [u32; 8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (bytes, word) in out.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn agrees_with_the_general_interface_at_every_length() {
        let input: Vec<u8> = (0..TWO_BLOCKS).map(|i| (i * 7) as u8).collect();
        for length in 0..=TWO_BLOCKS {
            let (head, tail) = input[..length].split_at(length / 3);
            let expected: [u8; 32] = Sha256::digest(&input[..length]).into();
            assert_eq!(Short::of(&[head, tail]).sha256(), expected, "{length}");
            let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&[9; 32]).unwrap();
            mac.update(&input[..length]);
            let expected: [u8; 32] = mac.finalize().into_bytes().into();
            assert_eq!(Short::of(&[head, tail]).hmac(&[9; 32]), expected, "{length}");
        }
    }
}
