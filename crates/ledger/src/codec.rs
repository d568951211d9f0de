//! The bytes of an event inside its sealed payload.
//!
//! Canonical encoding, version 1. Kind and times stand in the row's own columns; the payload is
//!
//! ```text
//! payload = mask, field*        mask: which optional fields follow, bit n = field n below
//! ```
//!
//! with the mask as a variable-length integer and each field in postcard's wire format, in the order
//! of its bit. Bits are a file format: new fields get new bits, none is ever given away again. A bit that this
//! version does not know makes the row unreadable rather than half read.

use mandat_core::event::{EventKind, EventLine};
use mandat_core::history::Sequenced;
use mandat_core::time::Micros;

use crate::row::Row;

/// Bytes that are not an event of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Undecodable;

/// Kinds by their stored number; append only.
pub(crate) const KINDS: [EventKind; 24] = [
    EventKind::NoticeDelivered,
    EventKind::Consent,
    EventKind::Refuse,
    EventKind::Withdraw,
    EventKind::Object,
    EventKind::Verification,
    EventKind::Erase,
    EventKind::Restrict,
    EventKind::Lift,
    EventKind::Link,
    EventKind::Unlink,
    EventKind::Guardian,
    EventKind::OrgPolicy,
    EventKind::Order,
    EventKind::LegalHold,
    EventKind::Directive,
    EventKind::Signal,
    EventKind::AccountStatus,
    EventKind::Age,
    EventKind::Move,
    EventKind::Compromised,
    EventKind::Visibility,
    EventKind::Deleted,
    EventKind::Edited,
];

/// The number a kind is stored under.
pub(crate) fn kind_number(kind: EventKind) -> u8 {
    let at = KINDS.iter().position(|k| *k == kind).expect("bug: every kind has a number");
    u8::try_from(at).expect("bug: fewer than 256 kinds")
}

/// The kind stored under a number.
pub(crate) fn kind_of(number: u8) -> Option<EventKind> {
    KINDS.get(usize::from(number)).copied()
}

/// Mask bit 0: the time asserted was given rather than taken from the receipt.
const ASSERTED: u64 = 1;

/// Writes `put`, `take` and `clear` for the optional fields: `fields!(1 id, 2 platform)` gives a function
/// that sets bit n and appends the field for each that is there, one that reads them back, and one
/// that empties them again.
macro_rules! fields {
    ($($bit:literal $name:ident)*) => {
        fn put(line: &EventLine, mask: &mut u64, out: &mut Vec<u8>) {
            // Without `..`, so that a new field cannot be forgotten here.
            let EventLine { event: _, received: _, asserted, $($name),* } = line;
            if asserted.is_some() {
                *mask |= ASSERTED;
            }
            $(if let Some(value) = $name {
                *mask |= 1 << $bit;
                put_field(value, out);
            })*
        }

        fn take(line: &mut EventLine, mask: u64, mut bytes: &[u8]) -> Result<(), Undecodable> {
            const KNOWN: u64 = ASSERTED $(| 1 << $bit)*;
            if mask & !KNOWN != 0 {
                return Err(Undecodable);
            }
            $(if mask & 1 << $bit != 0 {
                line.$name = Some(take_field(&mut bytes)?);
            })*
            if bytes.is_empty() { Ok(()) } else { Err(Undecodable) }
        }

        fn clear(line: &mut EventLine, mask: u64) {
            line.asserted = None;
            $(if mask & 1 << $bit != 0 {
                line.$name = None;
            })*
        }
    };
}

fields! {
    1 id 2 platform 3 account 4 by 5 purposes 6 categories 7 recipients 8 records 9 created 10 notice
    11 method 12 explicit 13 names 14 expires 15 bundled 16 term 17 channel 18 language
    19 separate_objection 20 bounced 21 opened 22 verified 23 of 24 result 25 claimant_told 26 told
    27 accounts 28 act 29 org 30 order 31 regions 32 processed 33 lifted 34 released 35 source 36 raw
    37 entity 38 device 39 auth 40 status 41 born 42 country 43 region 44 evidence 45 from 46 to
    47 record 48 audience 49 unlawful 50 text 51 flags 52 special
}

fn put_field<T: serde::Serialize>(value: &T, out: &mut Vec<u8>) {
    let taken = std::mem::take(out);
    *out = postcard::to_extend(value, taken).expect("bug: fields of an event have a wire form");
}

fn take_field<'a, T: serde::Deserialize<'a>>(bytes: &mut &'a [u8]) -> Result<T, Undecodable> {
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(|_| Undecodable)?;
    *bytes = rest;
    Ok(value)
}

/// The payload of an event.
pub(crate) fn encode(line: &EventLine) -> Vec<u8> {
    let mut fields = Vec::with_capacity(96);
    let mut mask = 0;
    put(line, &mut mask, &mut fields);
    let mut out = Vec::with_capacity(fields.len() + 10);
    put_field(&mask, &mut out);
    out.extend_from_slice(&fields);
    out
}

/// Reads payloads, one after another into the same event: a fold allocates no event per row.
pub(crate) struct Decoder {
    event: Sequenced,
    mask: u64,
}

impl Decoder {
    pub(crate) fn new() -> Self {
        let line = EventLine::new(EventKind::Object, Micros(0));
        Self { event: Sequenced { position: 0, appended: Micros(0), line }, mask: 0 }
    }

    /// Reads one payload; position, kind and times come from the row.
    pub(crate) fn read(&mut self, row: &Row, mut bytes: &[u8]) -> Result<&Sequenced, Undecodable> {
        clear(&mut self.event.line, self.mask);
        let kind = kind_of(row.kind).ok_or(Undecodable)?;
        // Whatever is half read is cleared next time.
        self.mask = u64::MAX;
        let mask: u64 = take_field(&mut bytes)?;
        take(&mut self.event.line, mask, bytes)?;
        self.mask = mask;
        self.event.position = row.position;
        self.event.appended = row.appended;
        self.event.line.event = kind;
        self.event.line.received = row.received;
        self.event.line.asserted = (mask & ASSERTED != 0).then_some(row.asserted);
        Ok(&self.event)
    }
}

/// What an event without an id is identified by: kind, both times, payload.
pub(crate) fn canonical(line: &EventLine) -> Vec<u8> {
    let mut out = b"mandat-event/1".to_vec();
    out.push(kind_number(line.event));
    out.extend_from_slice(&line.received.0.to_be_bytes());
    out.extend_from_slice(&line.asserted_at().0.to_be_bytes());
    out.extend_from_slice(&encode(line));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::FULL_EVENT;

    fn row(kind: u8, received: Micros, asserted: Micros) -> Row {
        Row { position: 1, kind, marks: 0, appended: received, received, asserted, subject: None }
    }

    fn back(line: &EventLine) -> Result<EventLine, Undecodable> {
        let row = row(kind_number(line.event), line.received, line.asserted_at());
        Decoder::new().read(&row, &encode(line)).map(|event| event.line.clone())
    }

    #[test]
    fn every_field_reads_back() {
        let line: EventLine = serde_json::from_str(FULL_EVENT).unwrap();
        assert_eq!(back(&line), Ok(line.clone()));
        let given = serde_json::to_value(&line).unwrap().as_object().unwrap().len();
        assert_eq!(given, 55, "a new field of the event needs a line here");
        let bare = EventLine::new(EventKind::Consent, Micros(5));
        assert_eq!(back(&bare), Ok(bare));
    }

    #[test]
    fn payload_bytes_are_pinned() {
        let mut line = EventLine::new(EventKind::Object, Micros(1));
        line.account = Some("anna".into());
        line.bundled = Some(true);
        assert_eq!(encode(&line), b"\x88\x80\x02\x04anna\x01");
    }

    #[test]
    fn an_unknown_bit_a_short_or_a_long_payload_is_refused() {
        let head = row(4, Micros(1), Micros(1));
        let mut newer = Vec::new();
        put_field(&(1_u64 << 60), &mut newer);
        let mut decoder = Decoder::new();
        for bytes in [newer.as_slice(), b"", b"\x08\x04ann", b"\x08\x04annaa"] {
            assert_eq!(decoder.read(&head, bytes).err(), Some(Undecodable));
        }
        let event = decoder.read(&head, b"\x08\x04anna").unwrap();
        assert_eq!(event.line.account.as_deref(), Some("anna"));
        assert_eq!(decoder.read(&head, b"\x00").unwrap().line, EventLine::new(EventKind::Object, Micros(1)));
    }

    #[test]
    fn kinds_keep_their_numbers() {
        assert_eq!(kind_number(EventKind::NoticeDelivered), 0);
        assert_eq!(kind_number(EventKind::Object), 4);
        assert_eq!(kind_number(EventKind::Edited), 23);
        assert!((0..24).all(|n| kind_of(n).map(kind_number) == Some(n)) && kind_of(24).is_none());
    }
}
