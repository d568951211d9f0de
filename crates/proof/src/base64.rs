//! Base64 as RFC 4648 section 4 has it: padded, and one spelling for any bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Standard base64 with padding.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Bytes from standard base64; `None` unless the text is what [`base64()`] writes for them.
///
/// Missing padding, white space and bits that are cut off are refused, so that a signed text cannot be
/// spelled in two ways.
#[must_use]
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_vectors_of_rfc_4648() {
        for (plain, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), text);
            assert_eq!(unbase64(text).as_deref(), Some(plain.as_bytes()));
        }
    }

    #[test]
    fn refuses_every_second_spelling() {
        for text in [
            "Zg",
            "Zg=",
            "Zh==",
            "Zm9=",
            "Z===",
            "====",
            "Zg==Zg==",
            "Zm8=\n",
            " Zm8",
            "Zm-_",
            "Zm8==",
            "A",
            "=",
            "Zm8=Zm8=",
            "Zm\u{e9}a",
        ] {
            assert_eq!(unbase64(text), None, "{text:?}");
        }
    }
}
