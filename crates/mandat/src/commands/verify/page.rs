//! A receipt as one page to read and print: no script, nothing from elsewhere, made from the JSON document alone.

use mandat_core::proof::Verified;
use mandat_core::receipt::kind_word;
use serde_json::Value;

use crate::ui::{Lang, instant};

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.25rem}\
dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere;font:.75rem/1.4 ui-monospace,monospace;\
border-left:.25rem solid #14532d;padding-left:.75rem}@media print{body{margin:0;max-width:none}a{color:inherit}}";

/// The page of a document that was verified.
pub(super) fn render(lang: Lang, document: &str, verified: &Verified) -> String {
    let value: Value = serde_json::from_str(document).expect("bug: a document is JSON");
    let t = |en: &'static str, de: &'static str| if lang == Lang::De { de } else { en };
    let code = if lang == Lang::De { "de" } else { "en" };
    let title = t("Receipt", "Quittung");
    let mut rows = String::new();
    let mut row = |name: &str, text: &str| rows.push_str(&format!("<dt>{}</dt><dd>{}</dd>\n", html(name), html(text)));
    row(t("What", "Was"), what(lang, &value, verified));
    let event = &value["events"][0];
    for (name, found) in [
        (t("When", "Wann"), event["event_time"].as_str()),
        (t("Account", "Konto"), value["pii_principal_id"].as_str()),
        (t("Notice", "Mitteilung"), value["processing"][0]["privacy_notice"].as_str()),
    ] {
        if let Some(found) = found {
            row(name, found);
        }
    }
    let purposes = last_words(&value["processing"], |block| block["purpose"].as_str());
    if !purposes.is_empty() {
        row(t("For", "Wofür"), &all(&purposes, t("every purpose", "jeden Zweck")));
    }
    let kinds = last_words(&value["processing"][0]["pii_information"], |info| info["pii_type"].as_str());
    if !kinds.is_empty() {
        row(t("Of what", "Welche Einträge"), &all(&kinds, t("everything", "alles")));
    }
    row(t("Log", "Protokoll"), verified.trusted.checkpoint.origin());
    let (index, size) = (verified.index, verified.trusted.checkpoint.size());
    row(t("Entry", "Eintrag"), &format!("{index} {} {size}", t("of", "von")));
    row(t("Hour of the entry", "Stunde des Eintrags"), &instant(super::hour(verified.hour)));
    row(t("Number", "Nummer"), value["receipt_id"].as_str().unwrap_or_default());
    let lacking: Vec<&str> = value["not_covered"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    format!(
        "<!doctype html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n<dl>\n{rows}</dl>\n<h2>{}</h2>\n<p>{}</p>\n<h2>{}</h2>\n<p>{} {}</p>\n<h2>{}</h2>\n<pre>{}</pre>\n<h2>{}</h2>\n<p>{}</p>\n<pre>{}</pre>\n</body>\n</html>\n",
        t("What this shows", "Was das zeigt"),
        t(
            "That exactly this was logged, at this place, in this hour, under a head that the log signed. It does not show that nothing came after it.",
            "Dass genau dies protokolliert wurde, an dieser Stelle, in dieser Stunde, unter einem Stand, den das Protokoll unterschrieben hat. Es zeigt nicht, dass danach nichts kam.",
        ),
        t("What it does not say", "Was es nicht sagt"),
        t(
            "A record of consent after ISO/IEC TS 27560 also names the following; the log holds none of it, so it is not stated here:",
            "Ein Einwilligungsnachweis nach ISO/IEC TS 27560 nennt auch Folgendes; das Protokoll enthält es nicht, darum steht es hier nicht:",
        ),
        html(&lacking.join(", ")),
        t("Word for word", "Im Wortlaut"),
        html(value["says"].as_str().unwrap_or_default()),
        t("Proof", "Nachweis"),
        t(
            "Copy these lines into <a href=\"verify.html\">verify.html</a>, or save them and run <code>mandat verify</code>, with the public key of the log from a place other than this page. Without that, a page proves nothing: anybody can make one.",
            "Kopiere diese Zeilen in <a href=\"verify.html\">verify.html</a> oder speichere sie und rufe <code>mandat verify</code> auf, mit dem öffentlichen Schlüssel des Protokolls von einem anderen Ort als dieser Seite. Ohne das beweist eine Seite nichts: jeder kann eine machen.",
        ),
        html(value["proof"].as_str().unwrap_or_default()),
    )
}

/// What happened, in words.
fn what(lang: Lang, value: &Value, verified: &Verified) -> &'static str {
    let t = |en: &'static str, de: &'static str| if lang == Lang::De { de } else { en };
    let word = last_word(value["events"][0]["event_type"].as_str().unwrap_or_default());
    match word {
        "OptingInToProcess" => t("You agreed", "Du hast zugestimmt"),
        "OptingOutFromProcess" => t("You refused", "Du hast abgelehnt"),
        "WithdrawingFromProcess" => t("You withdrew your consent", "Du hast deine Zustimmung widerrufen"),
        "ObjectingToProcess" => t("You objected", "Du hast widersprochen"),
        "A17" if verified.kind == mandat_core::proof::EntryKind::Tombstone => {
            t("Your secret was destroyed", "Dein Geheimnis wurde vernichtet")
        }
        "A17" => t("You asked for erasure", "Du hast Löschung verlangt"),
        "A18" => t("You asked for restriction", "Du hast Einschränkung verlangt"),
        "notice_delivered" => t("A notice was delivered", "Eine Mitteilung wurde zugestellt"),
        _ => kind_word(verified.kind),
    }
}

fn last_words<'a>(list: &'a Value, of: impl Fn(&'a Value) -> Option<&'a str>) -> Vec<&'a str> {
    list.as_array().into_iter().flatten().filter_map(of).map(last_word).collect()
}

/// The word behind an IRI's last `#`.
fn last_word(iri: &str) -> &str {
    iri.rsplit('#').next().unwrap_or(iri)
}

fn all(words: &[&str], everything: &str) -> String {
    if words.contains(&"*") { everything.to_owned() } else { words.join(", ") }
}

/// Text as it stands in a page.
fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
