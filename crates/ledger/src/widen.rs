//! Denials that cannot be taken at their word are taken as wide as they may be meant.

use mandat_core::event::{Categories, EventKind, EventLine, Words};
use mandat_core::vocab::{AI_TRAINING, PURPOSES};

use crate::check::denies;

/// Widens a denial whose words narrow it to nothing: an empty list, a span that ends before it
/// begins, a purpose that nobody knows. `true` if it is wider now.
///
/// `configured` are the purposes that the operator's own rules name.
pub fn widen(line: &mut EventLine, configured: &[String]) -> bool {
    let narrows = matches!(
        line.event,
        EventKind::Object | EventKind::Refuse | EventKind::Withdraw | EventKind::Restrict | EventKind::Guardian
    );
    if !narrows || !denies(line) {
        return false;
    }
    let mut wider = false;
    let mut everything = |words: &mut Option<Words>, unclear: &dyn Fn(&Words) -> bool| {
        if words.as_ref().is_some_and(unclear) {
            *words = Some(Words::all());
            wider = true;
        }
    };
    everything(&mut line.purposes, &|words| words.0.is_empty() || words.iter().any(|w| !is_known(w, configured)));
    everything(&mut line.recipients, &|words| words.0.is_empty());
    if line.categories.is_some_and(|c| c.0 == 0) {
        line.categories = Some(Categories::ALL);
        wider = true;
    }
    if line.created.is_some_and(|span| span.is_reversed()) {
        line.created = None;
        wider = true;
    }
    wider
}

/// Whether a purpose word is built in, a group, the operator's own, or names a kind of training.
fn is_known(word: &str, configured: &[String]) -> bool {
    word == "*"
        || word == AI_TRAINING
        || PURPOSES.contains(&word)
        || configured.iter().any(|own| own == word)
        || word.strip_prefix("train_").is_some_and(|rest| !rest.is_empty()) && !is_near_miss(word)
}

/// Whether a word is a built-in purpose but for two letters: then it was meant.
fn is_near_miss(word: &str) -> bool {
    PURPOSES.iter().any(|purpose| distance(word, purpose) <= 2)
}

/// Letters to put in, take out or change (Levenshtein 1966).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.chars().enumerate() {
            let change = corner + usize::from(a != b);
            corner = row[j + 1];
            row[j + 1] = change.min(corner + 1).min(row[j] + 1);
        }
    }
    row[other.chars().count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(more: &str) -> EventLine {
        serde_json::from_str(&format!(r#"{{"received":"2026-01-01","account":"1",{more}}}"#)).unwrap()
    }

    #[test]
    fn a_denial_that_names_nothing_known_is_about_everything() {
        let all = Some(Words::all());
        for (purposes, wider) in [
            (r#"["train-generative"]"#, true),
            (r#"["training"]"#, true),
            (r#"["train_generativ"]"#, true),
            (r#"["train_clasifiers"]"#, true),
            (r#"["train_generative","typo"]"#, true),
            ("[]", true),
            (r#"["ai_training"]"#, false),
            (r#"["train_spam_filter","own_purpose","match_jobs"]"#, false),
        ] {
            for kind in ["object", "refuse", "withdraw", r#"guardian","act":"object"#] {
                let mut line = read(&format!(r#""event":"{kind}","purposes":{purposes}"#));
                assert_eq!(widen(&mut line, &["own_purpose".into()]), wider, "{purposes} {kind}");
                assert_eq!(line.purposes == all, wider, "{purposes} {kind}");
            }
        }
        let mut line = read(r#""event":"object","categories":[],"created":{"from":"2026-01-02","to":"2025-01-01"}"#);
        assert!(widen(&mut line, &[]) && line.categories == Some(Categories::ALL) && line.created.is_none());
    }

    #[test]
    fn a_permission_is_never_widened() {
        for kind in ["consent", r#"guardian","act":"consent"#] {
            let mut line = read(&format!(r#""event":"{kind}","purposes":["typo"],"categories":[]"#));
            let before = line.clone();
            assert!(!widen(&mut line, &[]) && line == before);
        }
    }
}
