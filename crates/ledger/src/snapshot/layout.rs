//! How histories are encoded, as a fingerprint: a compiled file of another encoding is never read.

use std::sync::OnceLock;

use mandat_core::event::{EventKind, EventLine};
use mandat_core::history::{PersonHistory, Sequenced};
use mandat_core::person::PersonLine;
use mandat_core::time::Micros;
use mandat_proof::{Keyer, sha256};

use crate::codec::KINDS;

/// An event that says everything an event can say.
pub(crate) const FULL_EVENT: &str = r#"{"event":"object","received":"2025-01-02T03:04:05Z",
"asserted":"2025-01-01T00:00:00Z","id":"e1","platform":"x","account":"a","by":"subject","purposes":["train_ranking","own"],
"categories":["post","career"],"recipients":["first_party","other"],"records":["r1","r2"],
"created":{"from":"2024-01-01","to":"2024-02-01"},"notice":"n","method":"active_toggle","explicit":["health"],
"names":["career"],"expires":"P2Y","bundled":true,"term":"2026-01-01","channel":"web","language":"de",
"separate_objection":true,"bounced":false,"opened":true,"verified":"pending","of":"e0","result":"failed",
"claimant_told":"2025-01-01","told":"2025-01-01","accounts":["a","c"],"act":"deny","org":"o","order":"q",
"regions":["EU"],"processed":{"from":"2024-01-01"},"lifted":"2025-01-01","released":"2025-01-01","source":"gpc",
"raw":"1","entity":"global","device":"d","auth":"account","status":"deceased","born":"2000-01-01","country":"DE",
"region":"DE-BE","evidence":"vpn","from":"2025-01-01","to":"2025-01-02","record":"r","audience":"public",
"unlawful":true,"text":"t","flags":["art9"],"special":["politics"]}"#;

const FULL_PERSON: &str = r#"{"account":"a","platform":"x","kind":"natural","holders":["b"],"country":"DE","region":"DE-BE",
"residence":[{"country":"DE","region":"DE-BE","from":"2020-01-01"}],"born":"1990-01-01","age_band":"adult","org":"o",
"status":"suspended","languages":["de"],"last_interaction":"2025-01-01","person":"p"}"#;

/// Fingerprint of the encoding: the head of the SHA-256 of a history that holds one full and one bare
/// event of each kind. A change of the types in `core` changes it, whatever the version says.
pub(crate) fn layout() -> [u8; 16] {
    static LAYOUT: OnceLock<[u8; 16]> = OnceLock::new();
    *LAYOUT.get_or_init(|| {
        let bytes = postcard::to_allocvec(&sample()).expect("bug: a history has a wire form");
        let digest = sha256(&bytes);
        digest.0[..16].try_into().expect("a digest has 32 bytes")
    })
}

fn sample() -> PersonHistory {
    let keyer = Keyer::new(&[0; 32]);
    let person: PersonLine = serde_json::from_str(FULL_PERSON).expect("bug: the sample is a person");
    let mut history = PersonHistory::new(person.info("x", &keyer));
    let full: EventLine = serde_json::from_str(FULL_EVENT).expect("bug: the sample is an event");
    let lines = KINDS.iter().flat_map(|kind| [of_kind(&full, *kind), EventLine::new(*kind, Micros(0))]);
    for (line, position) in lines.zip(1..) {
        history.apply(&Sequenced { position, appended: Micros(1), line }, &keyer);
    }
    history
}

fn of_kind(full: &EventLine, kind: EventKind) -> EventLine {
    let mut line = full.clone();
    line.event = kind;
    line.id = None;
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_holds_every_kind_a_person_can_have() {
        let acts = sample().acts().len();
        // Orders and policies of organisations concern no person; a bare record event names no record.
        assert!(acts >= 2 * (KINDS.len() - 2) - 6, "{acts} acts in the sample");
        assert_eq!(layout(), layout());
    }
}
