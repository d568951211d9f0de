//! Entries in bundles: each behind its length as a big-endian u16.

/// Bytes of the longest entry.
pub const ENTRY_LIMIT: usize = u16::MAX as usize;

/// Bytes that are no bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// An entry that no bundle can hold.
    #[error("an entry of {0} bytes; 65,535 is the limit of the format")]
    Entry(usize),
    /// Ends inside an entry.
    #[error("the bundle ends inside entry {0}; restore it from a copy")]
    Cut(usize),
    /// Not as many entries as the tile is wide.
    #[error("the bundle holds {found} entries or more where {expected} belong")]
    Width {
        /// How many belong there.
        expected: u16,
        /// How many there are.
        found: usize,
    },
}

/// The bytes of a bundle.
///
/// # Errors
/// [`BundleError`] when an entry is too long, or there are none or more than 256.
pub fn write_bundle(entries: &[&[u8]]) -> Result<Vec<u8>, BundleError> {
    if !(1..=256).contains(&entries.len()) {
        return Err(BundleError::Width { expected: 256, found: entries.len() });
    }
    let mut out = Vec::with_capacity(entries.iter().map(|e| e.len() + 2).sum());
    for entry in entries {
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::Entry(entry.len()))?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(entry);
    }
    Ok(out)
}

/// The entries of a bundle that must hold `width` of them.
///
/// # Errors
/// [`BundleError`] when it holds fewer or more, or ends inside one.
pub fn read_bundle(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::with_capacity(usize::from(width.min(256)));
    let mut rest = bytes;
    while !rest.is_empty() {
        if entries.len() == usize::from(width) {
            return Err(BundleError::Width { expected: width, found: entries.len() + 1 });
        }
        let cut = BundleError::Cut(entries.len());
        let (length, tail) = rest.split_first_chunk().ok_or(cut)?;
        let (entry, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(cut)?;
        entries.push(entry);
        rest = tail;
    }
    if entries.len() < usize::from(width) {
        return Err(BundleError::Width { expected: width, found: entries.len() });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back() {
        let long = vec![7; ENTRY_LIMIT];
        let bytes = write_bundle(&[b"", b"one", &long]).unwrap();
        assert_eq!(bytes[..7], *b"\0\0\0\x03one");
        assert_eq!(read_bundle(&bytes, 3).unwrap(), [&b""[..], b"one", &long]);
    }

    #[test]
    fn what_is_no_bundle_is_refused() {
        assert_eq!(write_bundle(&[&vec![0; ENTRY_LIMIT + 1]]), Err(BundleError::Entry(65_536)));
        assert!(write_bundle(&[]).is_err());
        assert!(write_bundle(&[&b""[..]; 257]).is_err());
        let bytes = write_bundle(&[b"one", b"two"]).unwrap();
        for length in 0..bytes.len() {
            assert!(read_bundle(&bytes[..length], 2).is_err(), "{length}");
        }
        assert!(read_bundle(&bytes, 1).is_err());
        assert!(read_bundle(&bytes, 3).is_err());
        assert!(read_bundle(&[&bytes[..], &[0]].concat(), 2).is_err());
        assert!(read_bundle(&[&bytes[..], &[0, 0]].concat(), 2).is_err());
    }
}
