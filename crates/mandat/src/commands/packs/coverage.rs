//! What the scenarios show: cases, rules and reasons, and the cases that are processes.

use mandat_core::scenario::{Coverage, Covered};
use serde_json::{Value, json};

use crate::ui::{Table, Ui, count};

/// Which of S01–S58, of the rules and of the reasons have a scenario, and what is tested elsewhere.
pub(super) fn show(ui: &Ui, coverage: &Coverage) {
    ui.heading(ui.t("What the scenarios show", "Was die Fälle zeigen"));
    let heads =
        [ui.t("shown>", "gezeigt>"), ui.t("of>", "von>"), ui.t("what", "was"), ui.t("without a scenario", "ohne Fall")];
    let mut table = Table::new(&heads);
    let rows = [
        (ui.t("cases", "Sachverhalte"), &coverage.cases),
        (ui.t("rules", "Regeln"), &coverage.rules),
        (ui.t("reasons", "Gründe"), &coverage.reasons),
    ];
    for (what, all) in rows {
        let open = without(all);
        let missing = if open.is_empty() { "–".to_owned() } else { open.join(", ") };
        table.row([&count((all.len() - open.len()) as u64), &count(all.len() as u64), what, &missing]);
    }
    ui.table(&table);
    listed(ui, ui.t("Cases", "Sachverhalte"), &coverage.cases);
    listed(ui, ui.t("Rules", "Regeln"), &coverage.rules);
    listed(ui, ui.t("Reasons", "Gründe"), &coverage.reasons);
    processes(ui, coverage);
}

/// Each thing and the scenarios that show it.
fn listed(ui: &Ui, heading: &str, all: &[Covered]) {
    ui.heading(heading);
    let mut table = Table::new(&[ui.t("what", "was"), ui.t("shown by", "gezeigt von")]);
    for one in all {
        let shown = match &one.scenarios[..] {
            [] => ui.t("no scenario", "keinem Fall").to_owned(),
            [first, rest @ ..] if rest.len() > 2 => format!("{first}; {} {}", rest.len(), ui.t("more", "weiteren")),
            few => few.join("; "),
        };
        table.row([one.name.as_str(), &shown]);
    }
    ui.table(&table);
}

/// What no single decision shows, and where it is tested instead.
fn processes(ui: &Ui, coverage: &Coverage) {
    ui.heading(ui.t("Processes: no single decision shows them", "Abläufe: keine einzelne Entscheidung zeigt sie"));
    let mut table = Table::new(&[
        ui.t("case", "Fall"),
        ui.t("what must happen, and where it is tested", "was geschehen muss, und wo es geprüft wird"),
    ]);
    for process in &coverage.processes {
        table.row([process.id.as_str(), &format!("{} – {}", process.what, process.tested_by)]);
    }
    ui.table(&table);
}

fn without(all: &[Covered]) -> Vec<&str> {
    all.iter().filter(|c| c.scenarios.is_empty()).map(|c| c.name.as_str()).collect()
}

/// The same for a script.
pub(super) fn as_json(coverage: &Coverage) -> Value {
    let mut answer = serde_json::to_value(coverage).expect("bug: a coverage serialises");
    answer["whole"] = json!(coverage.is_whole());
    answer["without_scenario"] = json!({"cases": without(&coverage.cases), "rules": without(&coverage.rules),
        "reasons": without(&coverage.reasons)});
    answer
}
