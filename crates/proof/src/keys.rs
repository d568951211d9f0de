//! Keyed pseudonyms for persons and records.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::digest::{hex, unhex};

/// Bytes in a person or record key.
pub const KEY_BYTES: usize = 16;

/// Declares a 128-bit key that sorts by its big-endian bytes and prints as 32 hexadecimal digits.
macro_rules! key {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl $name {
            /// Big-endian bytes, so that byte order is key order.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; KEY_BYTES] { self.0.to_be_bytes() }

            /// From big-endian bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self { Self(u128::from_be_bytes(bytes)) }

            /// From 32 hexadecimal digits.
            #[must_use]
            pub fn from_hex(text: &str) -> Option<Self> { unhex(text).map(Self::from_bytes) }

            /// The top `bits` bits: the bucket or cut this key belongs to.
            #[must_use]
            pub const fn prefix(self, bits: u32) -> u64 {
                if bits == 0 { 0 } else { (self.0 >> (128 - bits)) as u64 }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(&hex(&self.to_bytes())) }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

key! {
    /// Pseudonym of one account on one platform; everything is laid out by it.
    PersonKey
}

key! {
    /// Pseudonym of one record id on one platform, whoever wrote it: what references resolve by.
    RecordKey
}

/// Derives keys under the operator's secret.
///
/// Preimage: a label (`mandat/person/v1`, `mandat/record/v1`), then platform and id, each behind
/// its length as a big-endian u64.
#[derive(Clone)]
pub struct Keyer {
    mac: Hmac<Sha256>,
}

impl Keyer {
    /// A keyer over a 256-bit secret.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self { mac: <Hmac<Sha256> as KeyInit>::new_from_slice(secret).expect("HMAC takes a key of any length") }
    }

    /// The key of an account.
    #[must_use]
    pub fn person(&self, platform: &str, account: &str) -> PersonKey {
        PersonKey(self.derive(b"mandat/person/v1", platform, account))
    }

    /// The key of a record id.
    #[must_use]
    pub fn record(&self, platform: &str, id: &str) -> RecordKey {
        RecordKey(self.derive(b"mandat/record/v1", platform, id))
    }

    /// A keyed 128-bit tag of any labelled pair, for handles, suppression and tokens.
    #[must_use]
    pub fn derive(&self, label: &[u8], scope: &str, value: &str) -> u128 {
        let mut mac = self.mac.clone();
        mac.update(label);
        for part in [scope, value] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut head = [0; KEY_BYTES];
        head.copy_from_slice(&full[..KEY_BYTES]);
        u128::from_be_bytes(head)
    }
}

impl fmt::Debug for Keyer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyer(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_depend_on_secret_platform_and_account() {
        let one = Keyer::new(&[1; 32]);
        let two = Keyer::new(&[2; 32]);
        assert_ne!(one.person("x", "anna"), two.person("x", "anna"));
        assert_ne!(one.person("x", "anna"), one.person("xa", "nna"));
        assert_ne!(one.person("x", "anna").0, one.record("x", "anna").0);
        let key = one.person("x", "anna");
        assert_eq!(PersonKey::from_hex(&key.to_string()), Some(key));
        assert_eq!(PersonKey(1 << 127).prefix(4), 8);
        assert_eq!(key.prefix(0), 0);
    }
}
