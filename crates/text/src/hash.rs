//! Hashing whose values are a format: the same on every machine, in every version.
//!
//! Folded multiplication in the manner of [wyhash](https://github.com/wangyi-fudan/wyhash): fast for short words,
//! well mixed, and not cryptographic: where values are stored, they are computed under a key.

const K0: u64 = 0xa076_1d64_78bd_642f;
const K1: u64 = 0xe703_7ed1_a0b4_28db;
const K2: u64 = 0x8ebc_6af0_9c88_c6e3;

/// Both halves of a product, folded.
#[inline]
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ (product >> 64) as u64
}

/// A word of 64 bits from a number: every bit of it depends on every bit of the number.
#[inline]
pub(crate) fn scramble(n: u64) -> u64 {
    mix(n ^ K0, n.wrapping_mul(K1) ^ K2)
}

/// The hash of some bytes under a seed.
#[inline]
pub(crate) fn bytes(seed: u64, data: &[u8]) -> u64 {
    let len = data.len();
    let mut state = seed ^ K0;
    let (a, b) = if len > 16 {
        let mut rest = data;
        while rest.len() > 16 {
            state = mix(read8(rest) ^ K1, read8(&rest[8..]) ^ state);
            rest = &rest[16..];
        }
        (read8(&data[len - 16..]), read8(&data[len - 8..]))
    } else if len >= 8 {
        (read8(data), read8(&data[len - 8..]))
    } else if len >= 4 {
        (read4(data), read4(&data[len - 4..]))
    } else if len > 0 {
        (u64::from(data[0]) << 16 | u64::from(data[len / 2]) << 8 | u64::from(data[len - 1]), 0)
    } else {
        (0, 0)
    };
    mix(K2 ^ len as u64, mix(a ^ K1, b ^ state))
}

#[inline]
fn read8(data: &[u8]) -> u64 {
    u64::from_le_bytes(data[..8].try_into().expect("eight bytes"))
}

#[inline]
fn read4(data: &[u8]) -> u64 {
    u64::from(u32::from_le_bytes(data[..4].try_into().expect("four bytes")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Stored fingerprints and list versions depend on these values: a change is a change of format.
    #[test]
    fn values_are_a_format() {
        let got = [bytes(0, b""), bytes(7, b"mandate"), bytes(7, b"a text of more than sixteen bytes"), scramble(1)];
        let expected = [0xa550_6ff5_2926_ac13, 0x58cc_bf42_c3d1_a67f, 0x1ded_a365_17ac_89b2, 0x13da_3eca_8d9b_e8ba];
        assert_eq!(got, expected, "{got:#x?}");
    }

    #[test]
    fn every_length_and_byte_counts() {
        let mut seen = BTreeSet::new();
        for len in 0..80 {
            let mut data = vec![0u8; len];
            assert!(seen.insert(bytes(1, &data)), "length {len}");
            for at in 0..len {
                data[at] = 1;
                assert!(seen.insert(bytes(1, &data)), "byte {at} of {len}");
                data[at] = 0;
            }
        }
    }
}
