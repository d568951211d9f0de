//! Choices that cannot be read to the letter: a denial among them is taken in as wide as it may be meant.

use mandat_core::event::{EventKind, EventLine};
use mandat_core::time::Micros;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The widest denial that an object can mean; `None` if it is no denial, or does not say whose.
///
/// A time of receipt that cannot be read is `now`. A signal whose source cannot be read is an objection.
pub(super) fn denial(object: &Map<String, Value>, now: Micros) -> Option<EventLine> {
    let kind: EventKind = read(object, "event")?;
    let guardian = kind == EventKind::Guardian && text(object, "act").is_some_and(|act| act != "consent");
    if !kind.is_restrictive() && !guardian {
        return None;
    }
    let received = read(object, "received_at").or_else(|| read(object, "received")).unwrap_or(now);
    let mut line = EventLine::new(kind, received);
    line.account = Some(name(object, "account")?);
    line.platform = match object.get("platform") {
        None | Some(Value::Null) => None,
        Some(_) => Some(text(object, "platform")?),
    };
    line.id = text(object, "event_id").or_else(|| text(object, "id"));
    line.asserted = read(object, "asserted_at").or_else(|| read(object, "asserted"));
    line.act = guardian.then(|| "object".to_owned());
    match kind {
        EventKind::Deleted => line.record = Some(name(object, "record")?),
        EventKind::Signal => match read(object, "source") {
            Some(source) => (line.source, line.raw) = (Some(source), text(object, "raw")),
            None => line.event = EventKind::Object,
        },
        _ => {}
    }
    Some(line)
}

fn read<T: DeserializeOwned>(object: &Map<String, Value>, name: &str) -> Option<T> {
    T::deserialize(object.get(name)?).ok()
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    object.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// An account or a record: some programs write a number.
fn name(object: &Map<String, Value>, field: &str) -> Option<String> {
    text(object, field).or_else(|| object.get(field)?.as_number().filter(|n| !n.is_f64()).map(ToString::to_string))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<EventLine> {
        denial(serde_json::from_str::<Value>(line).unwrap().as_object().unwrap(), Micros(7))
    }

    #[test]
    fn a_denial_that_cannot_be_read_is_the_widest_of_its_kind() {
        let line = of(
            r#"{"event":"object","received_at":"2026-01-01","platform":"x","account":"1","purpose":"train_ranking","categories":["art"]}"#,
        );
        let mut widest = EventLine::new(EventKind::Object, Micros::parse("2026-01-01").unwrap());
        (widest.platform, widest.account) = (Some("x".into()), Some("1".into()));
        assert_eq!(line, Some(widest));
        let line = of(r#"{"event":"refuse","received_at":"soon","account":4,"platform":"x"}"#).unwrap();
        assert_eq!((line.received, line.account.as_deref()), (Micros(7), Some("4")));
        assert_eq!(of(r#"{"event":"guardian","act":"object","account":"1","by":7}"#).unwrap().act.unwrap(), "object");
        let signal = of(r#"{"event":"signal","source":"a_new_one","account":"1"}"#).unwrap();
        assert_eq!(signal.event, EventKind::Object);
    }

    #[test]
    fn what_is_no_denial_or_names_nobody_is_not_guessed() {
        for line in [
            r#"{"event":"consent","account":"1","purpose":"train_ranking"}"#,
            r#"{"event":"guardian","act":"consent","account":"1","purpose":"x"}"#,
            r#"{"event":"object","account":{},"purpose":"x"}"#,
            r#"{"event":"object","account":""}"#,
            r#"{"event":"object","account":"1","platform":5}"#,
            r#"{"event":"objekt","account":"1"}"#,
            r#"{"event":"deleted","account":"1","what":"x"}"#,
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
