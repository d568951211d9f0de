//! Machine-readable preferences, normalised (law reference, section 3.18).
//!
//! A denial is honoured even where it is badly authenticated; what cannot be read is never a
//! permission.

use crate::history::act::Says;
use crate::vocab::SignalSource;

/// What the raw text of a signal says about training.
#[must_use]
pub fn says(source: SignalSource, raw: &str) -> Says {
    let raw = raw.trim();
    match source {
        SignalSource::Gpc => {
            if raw == "1" || raw.eq_ignore_ascii_case("true") {
                Says::Deny
            } else {
                Says::Unknown
            }
        }
        SignalSource::ContentUsage => content_usage(raw),
        SignalSource::Tdmrep => tdmrep(raw),
        SignalSource::Cawg => cawg(raw),
        SignalSource::Lexicon => lexicon(raw),
        SignalSource::Rsl => rsl(raw),
        SignalSource::Drp => drp(raw),
    }
}

/// `train-ai=n`, as an unquoted token; older labels with `ai` in them count as well.
fn content_usage(raw: &str) -> Says {
    let mut found = Says::Unknown;
    for (label, value) in raw.split([',', ';', ' ']).filter_map(|part| part.trim().split_once('=')) {
        let label = label.trim().to_ascii_lowercase();
        if !label.split(['-', '_']).any(|word| matches!(word, "ai" | "genai" | "train")) {
            continue;
        }
        match value.trim() {
            "n" | "no" => return Says::Deny,
            "y" | "yes" => found = Says::Allow,
            _ => {}
        }
    }
    found
}

fn tdmrep(raw: &str) -> Says {
    let value = raw.rsplit(['=', ':']).next().unwrap_or(raw).trim().trim_end_matches('}').trim();
    match value {
        "1" => Says::Deny,
        "0" => Says::Allow,
        _ => Says::Unknown,
    }
}

fn cawg(raw: &str) -> Says {
    let text = raw.to_ascii_lowercase();
    if text.contains("notallowed") || text.contains("not_allowed") || text.contains("constrained") {
        Says::Deny
    } else if text.contains("allowed") {
        Says::Allow
    } else {
        Says::Unknown
    }
}

/// JSON (`{"training": {"allow": false}}`) or the short form `training=false`.
fn lexicon(raw: &str) -> Says {
    let text: String = raw.to_ascii_lowercase().chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
    let labels = ["training", "bulkdataset", "syntheticcontentgeneration"];
    let says = |value: &str| {
        labels.iter().any(|l| {
            ["=", ":", ".allow=", ".allow:", ":{allow:"].iter().any(|sep| text.contains(&format!("{l}{sep}{value}")))
        })
    };
    if says("false") {
        Says::Deny
    } else if says("true") {
        Says::Allow
    } else {
        Says::Unknown
    }
}

fn rsl(raw: &str) -> Says {
    let text = raw.to_ascii_lowercase();
    let training = ["ai-train", "ai-all", "train-ai"].iter().any(|w| text.contains(w))
        || text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|w| w == "all");
    let prohibits = text.contains("prohibit") || text.contains("deny");
    let permits = text.contains("permit") || text.contains("allow");
    match (training, prohibits, permits) {
        (true, true, _) => Says::Deny,
        (true, false, true) => Says::Allow,
        _ => Says::Unknown,
    }
}

/// A request of the Data Rights Protocol: an opt-out, a deletion, or our extension for training.
fn drp(raw: &str) -> Says {
    let text = raw.to_ascii_lowercase();
    if text.contains("training:consent") {
        // Only a consent event with its notice counts as one.
        Says::Unknown
    } else if text.contains("deletion") || text.contains("delete") {
        Says::Delete
    } else if text.contains("object") {
        Says::Object
    } else if text.contains("opt-out") || text.contains("opt_out") {
        Says::Deny
    } else {
        Says::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denials_are_read_and_what_is_unclear_is_no_permission() {
        let cases = [
            (SignalSource::Gpc, "1", Says::Deny),
            (SignalSource::Gpc, "0", Says::Unknown),
            (SignalSource::ContentUsage, "train-ai=n", Says::Deny),
            (SignalSource::ContentUsage, "train-ai=\"n\"", Says::Unknown),
            (SignalSource::ContentUsage, "search=y, train-ai=y", Says::Allow),
            (SignalSource::Tdmrep, "1", Says::Deny),
            (SignalSource::Tdmrep, "tdm-reservation: 1", Says::Deny),
            (SignalSource::Cawg, "cawg.ai_generative_training=notAllowed", Says::Deny),
            (SignalSource::Cawg, "cawg.ai_generative_training=allowed", Says::Allow),
            (SignalSource::Lexicon, "{\"training\": {\"allow\": false}}", Says::Deny),
            (SignalSource::Lexicon, "training.allow=true", Says::Allow),
            (SignalSource::Rsl, "<prohibits type=\"usage\">ai-train</prohibits>", Says::Deny),
            (SignalSource::Drp, "sale:opt-out", Says::Deny),
            (SignalSource::Drp, "x-mandat:training:object", Says::Object),
            (SignalSource::Drp, "x-mandat:training:consent", Says::Unknown),
        ];
        for (source, raw, want) in cases {
            assert_eq!(says(source, raw), want, "{source} {raw}");
        }
    }
}
