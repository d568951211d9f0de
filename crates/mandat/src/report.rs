//! Counts of a plan or a build as a newcomer reads them.

use mandat_core::vocab::Reason;
use mandat_corpus::admit::Summary;
use mandat_corpus::build::Difference;

use crate::sentence::sentence;
use crate::ui::{Table, Ui, count};

/// Prints what is in and what is out, and why.
pub(crate) fn show(ui: &Ui, summary: &Summary) {
    verdicts(ui, summary);
    reasons(ui, summary, usize::MAX);
}

/// Records in, redacted, on hold, out.
pub(crate) fn verdicts(ui: &Ui, summary: &Summary) {
    let mut table =
        Table::new(&[ui.t("verdict", "Urteil"), ui.t("records>", "Einträge>"), ">", ui.t("meaning", "Bedeutung")]);
    let rows = [
        (ui.t("in", "drin"), summary.include, ui.t("as they are", "wie sie sind")),
        (
            ui.t("in, redacted", "drin, geschwärzt"),
            summary.include_redacted,
            ui.t("with other people's words or names cut out", "ohne Worte oder Namen anderer"),
        ),
        (
            ui.t("on hold", "angehalten"),
            summary.hold,
            ui.t("until a question is settled", "bis eine Frage geklärt ist"),
        ),
        (ui.t("out", "draußen"), summary.exclude, ui.t("for the reasons below", "aus den Gründen unten")),
    ];
    for (word, records, meaning) in rows {
        table.row([word, &count(records), &share(records, summary.candidates), meaning]);
    }
    ui.table(&table);
    ui.line(&format!(
        "{} {}; {} {} {}",
        count(summary.candidates),
        ui.t("records looked at", "Einträge geprüft"),
        count(summary.people_in),
        ui.t("people are in, of", "Personen sind dabei, von"),
        count(summary.people),
    ));
    if summary.without_text > 0 {
        let words = ui
            .t("of those in hold no text, so they give no row", "davon enthalten keinen Text und ergeben keine Zeile");
        ui.line(&format!("{} {words}", count(summary.without_text)));
    }
}

/// Why records are out, most frequent first.
pub(crate) fn reasons(ui: &Ui, summary: &Summary, most: usize) {
    if summary.reasons.is_empty() {
        return;
    }
    ui.heading(
        ui.t("Why records are out, on hold or redacted", "Warum Einträge draußen, angehalten oder geschwärzt sind"),
    );
    let heads = [
        ui.t("reason", "Grund"),
        ui.t("records>", "Einträge>"),
        ui.t("only this>", "nur dieser>"),
        ui.t("people>", "Personen>"),
        ui.t("what the person is told", "was der Person gesagt wird"),
    ];
    let mut table = Table::new(&heads);
    for row in summary.reasons.iter().take(most) {
        let told = sentence(row.reason, ui.lang);
        table.row([row.reason.as_str(), &count(row.any), &count(row.only), &count(row.people), told]);
    }
    ui.table(&table);
    if summary.reasons.len() > most {
        let more = ui.t("more reasons: mandat plan", "weitere Gründe: mandat plan");
        ui.line(&format!("… {} {more}", summary.reasons.len() - most));
    }
}

/// What one revision has that another has not.
pub(crate) fn difference(ui: &Ui, difference: &Difference) {
    let gone = ui.t("rows gone", "Zeilen weg");
    let new = ui.t("rows new", "Zeilen neu");
    ui.line(&format!("{} {gone}, {} {new}", count(difference.removed), count(difference.added)));
    let files = difference.shared_shards + difference.changed_shards;
    if files > 1 {
        let words = ui.t("files are the same bytes as before", "Dateien sind Byte für Byte wie zuvor");
        ui.line(&format!("{} / {} {words}", count(difference.shared_shards), count(files)));
    }
}

/// The reason whose mending would let in most, if anything would.
pub(crate) fn first_to_mend(summary: &Summary) -> Option<(Reason, u64)> {
    summary.reasons.iter().filter(|r| r.only > 0).max_by_key(|r| r.only).map(|r| (r.reason, r.only))
}

/// `31 %`.
fn share(part: u64, whole: u64) -> String {
    (part * 100 + whole / 2).checked_div(whole).map_or_else(String::new, |percent| format!("{percent} %"))
}
