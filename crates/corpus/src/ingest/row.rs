//! One version of a record on its way into the vault, and its encoding while it is sorted.

use std::cmp::Ordering;

use mandat_core::proof::{KEY_BYTES, PersonKey, RecordKey};
use mandat_core::traits::{Mark, Traits};
use mandat_core::vocab::Role;

use crate::vault::format::VERSION_BYTES;

/// Another person in a record, as it is written to `others`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// What they are to it.
    pub role: Role,
    /// Who, if an account id was given.
    pub person: Option<PersonKey>,
    /// The record that names them, for a repost, quote or reply.
    pub record: Option<RecordKey>,
    /// Tag of the handle that names them.
    pub handle: Option<u128>,
    /// Where in the text, in code points.
    pub span: Option<(u32, u32)>,
    /// Whether taking out the span leaves a text that stands alone.
    pub redactable: bool,
}

/// One version of a record; what a run stores, and the account's names on their way to the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'a> {
    /// The author.
    pub person: PersonKey,
    /// Microseconds; part of the sort order.
    pub created_at: i64,
    /// The platform's id.
    pub id: &'a str,
    /// Key of platform and id.
    pub record: RecordKey,
    /// Head of the SHA-256 over the whole canonical record.
    pub version: [u8; VERSION_BYTES],
    /// Packed facts.
    pub traits: Traits,
    /// When it was collected; the time of creation if that is not known.
    pub collected_at: i64,
    /// When it was edited.
    pub edited_at: Option<i64>,
    /// When it must be gone.
    pub retain_until: Option<i64>,
    /// Key of the organisation's account.
    pub org: Option<u128>,
    /// BCP 47.
    pub lang: Option<&'a str>,
    /// What was written.
    pub text: Option<&'a str>,
    /// Other fields as JSON.
    pub extra: Option<&'a str>,
    /// The platform.
    pub platform: &'a str,
    /// The author's account id.
    pub account: &'a str,
    /// The name shown.
    pub handle: Option<&'a str>,
    /// Encoded [`Named`]s.
    pub others: &'a [u8],
}

/// Which of two versions is newer: a deletion first of all, then times, then content; never arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionOrder {
    /// Deletion is sticky: it outranks every other version.
    pub deleted: bool,
    /// The later of creation and edit.
    pub changed_at: i64,
    /// When it was collected.
    pub collected_at: i64,
    /// Content.
    pub version: [u8; VERSION_BYTES],
}

/// Bytes of an encoded [`Named`].
pub const NAMED_BYTES: usize = 2 + 3 * KEY_BYTES + 8;
const ABSENT: u32 = u32::MAX;
const NONE_TIME: i64 = i64::MIN;
const HEAD: usize = 9 * 4 + KEY_BYTES * 2 + VERSION_BYTES + 4 * 8;

impl Row<'_> {
    /// Its place among the versions of its record.
    #[must_use]
    pub fn order(&self) -> VersionOrder {
        VersionOrder {
            deleted: self.traits.has(Mark::Deleted),
            changed_at: self.edited_at.map_or(self.created_at, |e| e.max(self.created_at)),
            collected_at: self.collected_at,
            version: self.version,
        }
    }

    /// Appends the encoding to a buffer; [`PersonKey`] and time stand outside it, beside the sort key.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let size = |t: Option<&str>| t.map_or(ABSENT, |t| u32::try_from(t.len()).expect("a line is below 4 GiB"));
        let others = u32::try_from(self.others.len()).expect("a line is below 4 GiB");
        let strings =
            [Some(self.id), self.lang, self.text, self.extra, Some(self.platform), Some(self.account), self.handle];
        for text in strings {
            out.extend(size(text).to_le_bytes());
        }
        out.extend(others.to_le_bytes());
        out.extend(u32::from(self.org.is_some()).to_le_bytes());
        out.extend(self.record.to_bytes());
        out.extend(self.org.unwrap_or(0).to_be_bytes());
        out.extend(self.version);
        out.extend(self.traits.0.to_le_bytes());
        out.extend(self.collected_at.to_le_bytes());
        out.extend(self.edited_at.unwrap_or(NONE_TIME).to_le_bytes());
        out.extend(self.retain_until.unwrap_or(NONE_TIME).to_le_bytes());
        for text in strings.into_iter().flatten() {
            out.extend(text.as_bytes());
        }
        out.extend(self.others);
    }

    /// The other people.
    pub fn named(&self) -> impl Iterator<Item = Named> {
        self.others.chunks_exact(NAMED_BYTES).map(decode_named)
    }
}

/// Reads what [`Row::encode`] wrote.
///
/// # Panics
/// If the bytes are not from there: a bug, since spills never leave the process that wrote them.
#[must_use]
pub fn decode(person: PersonKey, created_at: i64, bytes: &[u8]) -> Row<'_> {
    let (head, mut rest) = bytes.split_at(HEAD);
    let u32_at = |i: usize| u32::from_le_bytes(head[4 * i..4 * i + 4].try_into().expect("four bytes"));
    let mut text = |i: usize| {
        let size = u32_at(i);
        if size == ABSENT {
            return None;
        }
        let (here, after) = rest.split_at(size as usize);
        rest = after;
        Some(std::str::from_utf8(here).expect("bug: a spilled string was UTF-8"))
    };
    let [id, lang, content, extra, platform, account, handle] = [0, 1, 2, 3, 4, 5, 6].map(&mut text);
    let required = "bug: a spilled row has its ids";
    let key = |at: usize| -> [u8; 16] { head[at..at + 16].try_into().expect("sixteen bytes") };
    let long = |at: usize| i64::from_le_bytes(head[at..at + 8].try_into().expect("eight bytes"));
    let time = |at: usize| Some(long(at)).filter(|t| *t != NONE_TIME);
    Row {
        person,
        created_at,
        id: id.expect(required),
        record: RecordKey::from_bytes(key(36)),
        version: key(68),
        traits: Traits(long(84).cast_unsigned()),
        collected_at: long(92),
        edited_at: time(100),
        retain_until: time(108),
        org: (u32_at(8) != 0).then(|| u128::from_be_bytes(key(52))),
        lang,
        text: content,
        extra,
        platform: platform.expect(required),
        account: account.expect(required),
        handle,
        others: rest,
    }
}

/// The order of rows in a run, for rows whose person and time are equal: id, then version.
#[must_use]
pub fn compare(created_at: i64, a: &[u8], b: &[u8]) -> Ordering {
    rank(created_at, a).cmp(&rank(created_at, b))
}

/// What [`compare`] looks at, without reading the rest.
fn rank(created_at: i64, bytes: &[u8]) -> (&[u8], u128, VersionOrder) {
    let (head, rest) = bytes.split_at(HEAD);
    let size = u32::from_le_bytes(head[..4].try_into().expect("four bytes")) as usize;
    let key = |at: usize| -> [u8; 16] { head[at..at + 16].try_into().expect("sixteen bytes") };
    let long = |at: usize| i64::from_le_bytes(head[at..at + 8].try_into().expect("eight bytes"));
    let order = VersionOrder {
        deleted: Traits(long(84).cast_unsigned()).has(Mark::Deleted),
        changed_at: created_at.max(long(100)),
        collected_at: long(92),
        version: key(68),
    };
    (&rest[..size], u128::from_be_bytes(key(36)), order)
}

/// Appends the encoding of another person to a buffer.
pub fn encode_named(named: &Named, out: &mut Vec<u8>) {
    let flags = u8::from(named.person.is_some())
        | u8::from(named.record.is_some()) << 1
        | u8::from(named.handle.is_some()) << 2
        | u8::from(named.span.is_some()) << 3
        | u8::from(named.redactable) << 4;
    out.extend([u8::try_from(named.role.index()).expect("few roles"), flags]);
    out.extend(named.person.map_or(0, |k| k.0).to_be_bytes());
    out.extend(named.record.map_or(0, |k| k.0).to_be_bytes());
    out.extend(named.handle.unwrap_or(0).to_be_bytes());
    let (start, end) = named.span.unwrap_or_default();
    out.extend(start.to_le_bytes());
    out.extend(end.to_le_bytes());
}

fn decode_named(bytes: &[u8]) -> Named {
    let flags = bytes[1];
    let key = |bit: u8, at: usize| {
        (flags >> bit & 1 == 1).then(|| u128::from_be_bytes(bytes[at..at + 16].try_into().expect("sixteen bytes")))
    };
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    Named {
        role: Role::from_index(bytes[0].into()).expect("bug: a spilled role was a role"),
        person: key(0, 2).map(PersonKey),
        record: key(1, 18).map(RecordKey),
        handle: key(2, 34),
        span: (flags >> 3 & 1 == 1).then(|| (u32_at(50), u32_at(54))),
        redactable: flags >> 4 & 1 == 1,
    }
}

#[cfg(test)]
mod tests {
    use mandat_core::vocab::{Audience, Category, Provenance};

    use super::*;

    fn row<'a>(others: &'a [u8]) -> Row<'a> {
        Row {
            person: PersonKey(3),
            created_at: 5,
            id: "17",
            record: RecordKey(9),
            version: [4; VERSION_BYTES],
            traits: Traits::new(Category::Quote, Audience::Public, Provenance::SelfPosted),
            collected_at: 8,
            edited_at: Some(7),
            retain_until: None,
            org: Some(2),
            lang: None,
            text: Some("grüße"),
            extra: Some("{}"),
            platform: "x",
            account: "a",
            handle: None,
            others,
        }
    }

    #[test]
    fn encoding_reads_back() {
        let named = Named {
            role: Role::Mentioned,
            person: None,
            record: Some(RecordKey(1)),
            handle: Some(5),
            span: Some((2, 6)),
            redactable: true,
        };
        let mut others = Vec::new();
        encode_named(&named, &mut others);
        let row = row(&others);
        let mut bytes = Vec::new();
        row.encode(&mut bytes);
        assert_eq!(rank(5, &bytes), (row.id.as_bytes(), row.record.0, row.order()));
        assert_eq!(decode(row.person, 5, &bytes), row);
        assert_eq!(row.named().collect::<Vec<_>>(), [named]);
    }

    #[test]
    fn a_deletion_outranks_a_later_edit() {
        let edited = row(&[]);
        let deleted = Row { traits: edited.traits.with(Mark::Deleted), edited_at: None, ..edited.clone() };
        assert!(deleted.order() > edited.order());
    }
}
