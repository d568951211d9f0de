//! What the demo says, for somebody who has never heard of Mandat.

use std::path::Path;

use mandat_core::vocab::Category;
use mandat_corpus::admit::Summary;
use serde_json::{Value, json};

use super::steps::{RECIPE, Shown};
use crate::commands::explain::{Explained, show_record};
use crate::report::{self, difference};
use crate::ui::{Table, Ui, bytes, count, duration};
use crate::work::Work;

/// Reasons shown before "and more".
const MOST: usize = 12;

/// The plan: in, out, why.
pub(super) fn planned(ui: &Ui, work: &Work, summary: &Summary) {
    ui.line("");
    ui.line(ui.t(
        "The question: which records may train a language model, asking only people who said yes?",
        "Die Frage: welche Einträge dürfen ein Sprachmodell trainieren, wenn nur zählt, wer Ja gesagt hat?",
    ));
    let kinds: Vec<&str> =
        Category::ALL.iter().filter(|c| work.recipe.categories.has(**c)).map(|c| c.as_str()).collect();
    if kinds.len() < Category::ALL.len() {
        let asked = ui.t("The recipe asks for", "Das Rezept fragt nach");
        let rest = ui.t(
            "; messages, photos and careers are no candidates.",
            "; Nachrichten, Fotos und Lebensläufe stehen nicht zur Wahl.",
        );
        ui.line(&format!("{asked} {}{rest}", kinds.join(", ")));
    }
    ui.line("");
    report::verdicts(ui, summary);
    report::reasons(ui, summary, MOST);
    ui.line(ui.t(
        "A record may be out for several reasons; `only this` counts those for which this is the one.",
        "Ein Eintrag kann aus mehreren Gründen draußen sein; „nur dieser“ zählt die, bei denen es der einzige ist.",
    ));
    ui.line("");
}

/// One exclusion, from the choice to the article.
pub(super) fn explained(ui: &Ui, work: &Work, example: Option<&Explained>) {
    ui.line("");
    match example {
        Some(example) => show_record(ui, work, example),
        None => ui.line(ui.t(
            "nobody is out yet: see what one objection does",
            "noch ist niemand draußen: sehen Sie, was ein Widerspruch bewirkt",
        )),
    }
    ui.line("");
}

/// What changed, what it took, and what to try next.
pub(super) fn goodbye(ui: &Ui, home: &Path, shown: &Shown) {
    changed(ui, shown);
    times(ui, shown);
    let home = home.display();
    let size = shown.second.content.shards.iter().map(|s| s.bytes).sum();
    let path = shown.second.path.display();
    ui.heading(ui.t("What you have now", "Was Sie jetzt haben"));
    ui.line(&format!(
        "{} {path} ({})",
        ui.t("a corpus in Parquet that opens anywhere:", "einen Korpus in Parquet, den alles öffnet:"),
        bytes(size)
    ));
    ui.line(&format!(
        "{} {} {}",
        ui.t("a signed log of all choices,", "ein signiertes Protokoll aller Entscheidungen,"),
        count(shown.logged),
        ui.t(
            "entries that name nobody; `mandat choices receipt ACCOUNT` proves to each what was logged",
            "Einträge, die niemanden nennen; `mandat choices receipt KONTO` beweist jedem, was darin steht"
        )
    ));
    if let Some(map) = &shown.loaded.map {
        let words = ui.t(
            "; people, notices and choices are invented, the posts are yours",
            "; Menschen, Mitteilungen und Entscheidungen sind erfunden, die Beiträge sind Ihre",
        );
        ui.line(&format!("{} {map}{words}", ui.t("read through the map", "gelesen durch die Karte")));
    }
    ui.heading(ui.t("Try next", "Versuchen Sie als Nächstes"));
    let record = shown.objected.as_deref().or(shown.example.as_deref()).unwrap_or("RECORD");
    ui.line(&format!("  mandat explain {record} --home {home}"));
    ui.line(&format!("  mandat plan {RECIPE}-opt-out --home {home}"));
    ui.line(&format!("  mandat config --home {home}"));
}

fn changed(ui: &Ui, shown: &Shown) {
    let (before, after) = (&shown.first.content, &shown.second.content);
    ui.heading(ui.t("One person objected. What changed?", "Eine Person hat widersprochen. Was hat sich geändert?"));
    let mut table = Table::new(&["", ui.t("before>", "vorher>"), ui.t("after>", "nachher>")]);
    let (first, second) = (shown.first.tally.summary(), shown.second.tally.summary());
    table.row([
        ui.t("revision", "Revision"),
        &shown.first.revision.revision.to_string(),
        &shown.second.revision.revision.to_string(),
    ]);
    table.row([ui.t("records in", "Einträge drin"), &count(inside(&first)), &count(inside(&second))]);
    table.row([
        ui.t("records redacted", "Einträge geschwärzt"),
        &count(first.include_redacted),
        &count(second.include_redacted),
    ]);
    table.row([ui.t("people in", "Personen dabei"), &count(first.people_in), &count(second.people_in)]);
    table.row([ui.t("rows", "Zeilen"), &count(before.records.rows), &count(after.records.rows)]);
    ui.table(&table);
    difference(ui, &shown.difference);
    ui.line(ui.t(
        "The same inputs give the same bytes again, on any machine: content.json says from what it was made.",
        "Gleiche Eingaben ergeben wieder die gleichen Bytes, auf jeder Maschine: content.json sagt, woraus.",
    ));
}

fn times(ui: &Ui, shown: &Shown) {
    ui.heading(ui.t("Times", "Zeiten"));
    let mut table = Table::new(&[ui.t("step", "Schritt"), ui.t("time>", "Zeit>")]);
    for (name, time) in &shown.times {
        table.row([(*name).to_owned(), duration(*time)]);
    }
    ui.table(&table);
    let report = &shown.loaded.records;
    let words = ui.t("records read", "Einträge gelesen");
    let rejected = report.rejected_total();
    let bad =
        if rejected > 0 { format!(", {} {}", count(rejected), ui.t("rejected", "abgewiesen")) } else { String::new() };
    ui.line(&format!(
        "{} {words} ({}){bad}; {} {}",
        count(report.accepted),
        bytes(report.bytes),
        count(shown.loaded.events),
        ui.t("choices", "Entscheidungen")
    ));
}

const fn inside(summary: &Summary) -> u64 {
    summary.include + summary.include_redacted
}

/// The whole demo for a script.
pub(super) fn as_json(home: &Path, shown: &Shown) -> Value {
    let plan = &shown.plan;
    let times: serde_json::Map<String, Value> =
        shown.times.iter().map(|(name, time)| ((*name).to_owned(), json!(time.as_secs_f64()))).collect();
    let revision = |built: &mandat_corpus::build::Built| {
        json!({"revision": built.revision.revision, "rows": built.content.records.rows, "path": built.path,
            "content_sha256": built.revision.content_sha256, "summary": built.tally.summary()})
    };
    json!({"home": home, "records": plan.candidates, "people": plan.people, "admitted": inside(plan),
        "redacted": plan.include_redacted, "excluded": plan.exclude, "held": plan.hold, "reasons": plan.reasons,
        "invented_people": shown.loaded.people, "rejected_lines": shown.loaded.records.rejected_total(), "events": shown.loaded.events, "map": shown.loaded.map,
        "explained": shown.example, "objected": shown.objected, "before": revision(&shown.first),
        "after": revision(&shown.second), "difference": shown.difference, "logged": shown.logged, "seconds": times})
}
