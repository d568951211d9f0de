//! Invented facts, notices and choices for the real authors of somebody's file, so that a run on
//! real posts has something to decide.

use mandat_core::event::{EventKind, EventLine};
use mandat_core::time::{DAY, Micros};
use serde_json::{Value, json};

use super::register::{NOTICE, RANKING_NOTICE, notices};
use super::rng::Rng;
use super::stance::{Setting, Stance};

/// An author found in the data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Author {
    pub(crate) platform: String,
    pub(crate) account: String,
}

/// What is laid over the authors.
pub(crate) struct Overlay {
    pub(crate) people: Vec<Value>,
    pub(crate) notices: Vec<Value>,
    pub(crate) choices: Vec<EventLine>,
}

/// More than half say yes; the rest differ.
const STANCES: &[(Stance, u32)] = &[
    (Stance::Consent, 520),
    (Stance::ConsentExplicit, 40),
    (Stance::Silent, 130),
    (Stance::Objected, 80),
    (Stance::Refused, 50),
    (Stance::Withdrawn, 50),
    (Stance::NoNotice, 40),
    (Stance::OtherPurpose, 30),
    (Stance::PreTicked, 20),
    (Stance::Expired, 20),
    (Stance::Erased, 10),
    (Stance::Gpc, 10),
];

/// Invents what is known about each author and what they decided.
pub(crate) fn overlay(authors: &[Author], seed: u64, until: Micros) -> Overlay {
    let mut people = Vec::with_capacity(authors.len());
    let mut choices: Vec<EventLine> = Vec::new();
    for author in authors {
        // One stream per author: another file beside this one changes nothing for them.
        let mut rng = Rng::new(seed, &format!("overlay {} {}", author.platform, author.account));
        people.push(person(author, &mut rng));
        let setting = Setting {
            platform: &author.platform,
            account: &author.account,
            language: "en",
            notice: NOTICE,
            other_notice: RANKING_NOTICE,
            told: Micros::parse("2025-03-02T08:00:00Z").expect("a fixed time"),
            until,
        };
        choices.extend(setting.events(rng.weighted(STANCES), &mut rng));
    }
    choices.sort_by_key(|e| e.received);
    for (index, event) in choices.iter_mut().enumerate() {
        event.id = Some(format!("e{:06}", index + 1));
    }
    Overlay { people, notices: notices(&["de", "en"]), choices }
}

fn person(author: &Author, rng: &mut Rng) -> Value {
    let country = rng.weighted(&[("DE", 40), ("IE", 15), ("NL", 10), ("FR", 10), ("US", 15), ("GB", 10)]);
    let mut line = json!({"platform": author.platform, "account": author.account, "country": country,
        "languages": ["en", "de"]});
    let day = |days: i64| -> String { Micros(days * DAY).to_string().chars().take(10).collect() };
    match rng.below(100) {
        0..6 => {}
        6..9 => line["born"] = day(rng.between(14_900, 16_500)).into(),
        _ => line["born"] = day(rng.between(-10_000, 5_500)).into(),
    }
    line
}

/// The objection that arrives in the demo.
pub(crate) fn objection(author: &Author, at: Micros) -> EventLine {
    let setting = Setting {
        platform: &author.platform,
        account: &author.account,
        language: "en",
        notice: NOTICE,
        other_notice: RANKING_NOTICE,
        told: at,
        until: at,
    };
    let mut event = setting.plain(EventKind::Object, at);
    event.purposes = Some(mandat_core::event::Words::one("ai_training"));
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_is_the_same_whoever_else_is_there() {
        let author = |account: &str| Author { platform: "x".into(), account: account.into() };
        let until = Micros::parse("2026-09-01").unwrap();
        let both = overlay(&[author("a"), author("b")], 7, until);
        let alone = overlay(&[author("b")], 7, until);
        assert_eq!(both.people[1], alone.people[0]);
        let of_b = both.choices.iter().filter(|e| e.account.as_deref() == Some("b")).count();
        assert_eq!(of_b, alone.choices.len());
    }
}
