//! One schema, two spellings: what scenario files say and what the choices file says is one type.

use mandat_core::event::{EventKind, EventLine};
use mandat_core::scenario;
use serde_json::{Value, json};

/// The names a strict reader accepts, as it tells them.
fn fields() -> Vec<String> {
    let wrong = json!({"event": "object", "received": "2024-01-01", "no_such_field": 1});
    let message = serde_json::from_value::<EventLine>(wrong).unwrap_err().to_string();
    message.split('`').skip(3).step_by(2).map(str::to_string).collect()
}

#[test]
fn both_spellings_read_as_one_event() {
    let scenario =
        json!({"event": "object", "received": "2024-02-01", "asserted": "2024-01-31", "id": "e1", "account": "a"});
    let choices = json!({"event": "object", "received_at": "2024-02-01", "asserted_at": "2024-01-31", "event_id": "e1", "account": "a"});
    let read = |line: Value| serde_json::from_value::<EventLine>(line).unwrap();
    assert_eq!(read(scenario), read(choices));
}

#[test]
fn the_page_of_the_format_names_every_field_and_every_event() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/FORMAT.md")).unwrap();
    let words: std::collections::BTreeSet<&str> =
        page.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    // The other spelling, and the platform, which a scenario states for the person.
    let elsewhere = ["received_at", "asserted_at", "event_id", "platform"];
    let fields = fields();
    assert!(fields.len() > 40, "{fields:?}");
    for field in fields.iter().filter(|f| !elsewhere.contains(&f.as_str())) {
        assert!(words.contains(field.as_str()), "{field}");
    }
    let told = serde_json::from_value::<EventKind>(json!("no such event")).unwrap_err().to_string();
    let kinds: Vec<_> = told.split('`').skip(3).step_by(2).collect();
    assert_eq!(kinds.len(), 24, "{told}");
    for kind in kinds {
        assert!(words.contains(kind), "{kind}");
    }
}

#[test]
fn the_page_of_the_format_is_itself_a_scenario() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/FORMAT.md")).unwrap();
    let yaml = page.split("```yaml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let scenario = scenario::read("FORMAT.md", yaml).unwrap_or_else(|found| panic!("{found:?}"));
    let result = scenario::run(&scenario, &|_| None).unwrap();
    assert!(result.passed(), "{:?}", result.cases);
}
