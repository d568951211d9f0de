//! What an entry commits to: a line of JSON, made anew from the row whenever it is asked for.
//!
//! `{"form":"mandat-act/1","position":…,"appended_at":…,"how":[…],"event":{…}}`, without blanks, in this order; the
//! event in the order in which its type declares its fields. Changing any of it makes receipts of earlier rows
//! impossible, so the bytes are pinned by a test.

use std::io::Write;

use mandat_core::event::{EventKind, EventLine};
use mandat_proof::{CONTENT_LIMIT, EntryKind, hex, sha256};

use crate::codec::kind_number;
use crate::row::{Row, kind, mark};

/// Room for what stands around an event.
const AROUND: usize = 1024;

/// What a row is in the log; `None` for what is not logged.
pub(crate) fn entry_kind(row: &Row) -> Option<EntryKind> {
    match row.kind {
        kind::FACTS => None,
        kind::NOTICE => Some(EntryKind::Notice),
        kind::VOID => Some(EntryKind::Note),
        kind::ERASED => Some(EntryKind::Tombstone),
        number if row.subject.is_none() && number == kind_number(EventKind::Order) => Some(EntryKind::Order),
        number if number == kind_number(EventKind::NoticeDelivered) => Some(EntryKind::Delivery),
        _ => Some(EntryKind::Choice),
    }
}

/// The content of an act. One that is too long for a receipt stands there by its SHA-256.
pub(crate) fn act(row: &Row, line: &EventLine) -> Vec<u8> {
    // A denial from the future is taken as received now.
    let clamped = (line.received != row.received).then(|| EventLine { received: row.received, ..line.clone() });
    let event = serde_json::to_vec(clamped.as_ref().unwrap_or(line)).expect("bug: an event is JSON");
    if event.len() + AROUND > CONTENT_LIMIT {
        let digest = format!("\"{}\"", sha256(&event));
        return compose("mandat-act/1", row, None, Some(("event_sha256", digest.as_bytes())));
    }
    compose("mandat-act/1", row, None, Some(("event", &event)))
}

/// The content of an order: anyone who is shown it can check it, and nobody can guess it without the salt.
pub(crate) fn order(row: &Row, line: &EventLine, salt: [u8; 32]) -> Vec<u8> {
    let event = serde_json::to_vec(line).expect("bug: an event is JSON");
    let (name, value) = if event.len() + AROUND > CONTENT_LIMIT {
        ("event_sha256", format!("\"{}\"", sha256(&event)).into_bytes())
    } else {
        ("event", event)
    };
    compose("mandat-order/1", row, Some(salt), Some((name, &value)))
}

/// The content of a notice: `text` is its JSON.
pub(crate) fn notice(row: &Row, text: &[u8]) -> Vec<u8> {
    if text.len() + AROUND > CONTENT_LIMIT {
        let digest = format!("\"{}\"", sha256(text));
        return compose("mandat-notice/1", row, None, Some(("notice_sha256", digest.as_bytes())));
    }
    compose("mandat-notice/1", row, None, Some(("notice", text)))
}

/// The content of the undoing of a batch; `batch` is its number.
pub(crate) fn void(row: &Row, batch: &[u8]) -> Vec<u8> {
    compose("mandat-void/1", row, None, Some(("batch", batch)))
}

/// The content of a tombstone.
pub(crate) fn tombstone(row: &Row) -> Vec<u8> {
    compose("mandat-tombstone/1", row, None, None)
}

fn compose(form: &str, row: &Row, salt: Option<[u8; 32]>, rest: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut out = Vec::with_capacity(160 + rest.map_or(0, |(_, json)| json.len()));
    let mut put = |bytes: std::fmt::Arguments<'_>| out.write_fmt(bytes).expect("a vector takes every byte");
    put(format_args!("{{\"form\":\"{form}\",\"position\":{},\"appended_at\":\"{}\"", row.position, row.appended));
    if let Some(salt) = salt {
        put(format_args!(",\"salt\":\"{}\"", hex(&salt)));
    }
    let how = [
        (mark::IMPORTED, "imported"),
        (mark::CLAMPED, "received_in_future"),
        (mark::BY_HANDLE, "by_handle"),
        (mark::CARRIED, "carried_over"),
    ];
    if row.marks != 0 {
        let words: Vec<_> = how.iter().filter(|(bit, _)| row.marks & bit != 0).map(|(_, word)| *word).collect();
        put(format_args!(",\"how\":[\"{}\"]", words.join("\",\"")));
    }
    if let Some((name, json)) = rest {
        put(format_args!(",\"{name}\":"));
        out.extend_from_slice(json);
    }
    out.push(b'}');
    out
}

#[cfg(test)]
mod tests {
    use mandat_core::time::Micros;

    use super::*;
    use crate::codec::{Decoder, encode};
    use crate::snapshot::FULL_EVENT;

    const ROW: Row = Row {
        position: 7,
        kind: 4,
        marks: mark::IMPORTED | mark::BY_HANDLE,
        appended: Micros(1_767_225_600_000_000),
        received: Micros(1_767_225_500_000_000),
        asserted: Micros(1_767_225_500_000_000),
        subject: None,
    };

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_bytes_are_pinned() {
        let mut line = EventLine::new(EventKind::Object, ROW.received);
        line.account = Some("a\"b".into());
        assert_eq!(
            text(&act(&ROW, &line)),
            "{\"form\":\"mandat-act/1\",\"position\":7,\"appended_at\":\"2026-01-01T00:00:00Z\",\
             \"how\":[\"imported\",\"by_handle\"],\"event\":{\"event\":\"object\",\"received\":\"2025-12-31T23:58:20Z\",\
             \"account\":\"a\\\"b\"}}"
        );
        assert_eq!(
            text(&tombstone(&Row { marks: 0, ..ROW })),
            "{\"form\":\"mandat-tombstone/1\",\"position\":7,\"appended_at\":\"2026-01-01T00:00:00Z\"}"
        );
        let row = Row { marks: 0, ..ROW };
        assert_eq!(text(&void(&row, b"3")).split_once(",\"batch\"").unwrap().1, ":3}");
        assert!(text(&order(&row, &line, [9; 32])).contains(",\"salt\":\"0909"));
    }

    #[test]
    fn a_full_event_has_the_same_content_before_and_after_it_was_stored() {
        let line: EventLine = serde_json::from_str(FULL_EVENT).unwrap();
        let row = Row { kind: kind_number(line.event), received: line.received, asserted: line.asserted_at(), ..ROW };
        let mut decoder = Decoder::new();
        let stored = decoder.read(&row, &encode(&line)).unwrap();
        assert_eq!(text(&act(&row, &stored.line)), text(&act(&row, &line)));
        assert!(serde_json::from_slice::<serde_json::Value>(&act(&row, &line)).is_ok());
        assert_eq!(
            sha256(&act(&row, &line)).to_string(),
            "6eb7eccecc07d35d9581729bf7913dd0a43bd30c57b15445c2e78b88c232cb46"
        );
    }

    #[test]
    fn what_is_too_long_for_a_receipt_stands_there_by_its_digest() {
        let mut line = EventLine::new(EventKind::Object, ROW.received);
        line.records = Some((0..CONTENT_LIMIT / 8).map(|n| format!("{n:08}")).collect());
        let content = act(&ROW, &line);
        assert!(content.len() < 400 && text(&content).contains("event_sha256"));
    }
}
