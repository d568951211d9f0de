//! Reading the index of holds, also that of units written when a hold was only the key of a record.

use std::io;
use std::path::Path;

use mandat_core::proof::RecordKey;

use super::entries::{HOLD, Hold};
use super::fixed::Cursor;

/// Name of the index in a unit's folder; units with `holds.idx` have keys alone.
pub(crate) const FILE: &str = "holds-since.idx";

/// A place in an index of holds; only moves forward.
pub(crate) enum HoldCursor {
    Keys(Cursor<16>),
    Since(Cursor<HOLD>),
}

impl HoldCursor {
    /// Opens an index at its first entry.
    ///
    /// # Errors
    /// As [`Cursor::open`].
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let keys = path.file_name().is_some_and(|name| name == "holds.idx");
        Ok(if keys { Self::Keys(Cursor::open(path)?) } else { Self::Since(Cursor::open(path)?) })
    }

    /// As [`Cursor::peek`].
    pub(crate) fn peek(&mut self) -> io::Result<Option<Hold>> {
        Ok(match self {
            Self::Keys(cursor) => cursor.peek()?.map(any),
            Self::Since(cursor) => cursor.peek()?.map(|e| Hold::from_bytes(&e)),
        })
    }

    /// As [`Cursor::seek`].
    pub(crate) fn seek(&mut self, key: &[u8]) -> io::Result<()> {
        match self {
            Self::Keys(cursor) => cursor.seek(key),
            Self::Since(cursor) => cursor.seek(key),
        }
    }

    /// As [`Cursor::next_if`].
    pub(crate) fn next_if(&mut self, key: &[u8]) -> io::Result<Option<Hold>> {
        Ok(match self {
            Self::Keys(cursor) => cursor.next_if(key)?.map(any),
            Self::Since(cursor) => cursor.next_if(key)?.map(|e| Hold::from_bytes(&e)),
        })
    }
}

fn any(record: [u8; 16]) -> Hold {
    Hold { record: RecordKey::from_bytes(record), since: Hold::ANY }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_of_keys_is_read_as_holds_of_any_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("holds.idx");
        std::fs::write(&path, [RecordKey(3).to_bytes(), RecordKey(8).to_bytes()].concat()).unwrap();
        let mut cursor = HoldCursor::open(&path).unwrap();
        cursor.seek(&RecordKey(4).to_bytes()).unwrap();
        let hold = Hold { record: RecordKey(8), since: Hold::ANY };
        assert_eq!(
            (cursor.peek().unwrap(), cursor.next_if(&hold.record.to_bytes()).unwrap()),
            (Some(hold), Some(hold))
        );
        assert_eq!(cursor.peek().unwrap(), None);
    }
}
