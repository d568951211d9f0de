use mandat_corpus::build::{Moved, Store};
use mandat_corpus::since::{Answer, GONE, Incomparable, NEW, Since, Whole, since};
use serde_json::{Value, json};

use crate::commands::plan::head;
use crate::commands::{Context, Open};
use crate::failure::{Exit, Failure, Outcome, from_library};
use crate::sentence::sentence;
use crate::touched::touched;
use crate::ui::{Table, Ui, count};
use crate::work::{Work, ledger_continues};

/// Says what changed since a revision; `None` if that cannot be told row by row, and a full plan has to do.
pub(super) fn run(ctx: &Context, open: &Open, work: &Work, revision: u64, all: bool) -> Outcome<Option<Value>> {
    let store = Store::new(&open.home.store());
    let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
    let known = store.revisions(&work.recipe.name).map_err(|e| refuse(&e))?;
    if !known.contains(&revision) {
        let list: Vec<String> = known.iter().map(u64::to_string).collect();
        let hint = if list.is_empty() {
            format!("none was built yet: mandat build {}", work.recipe.name)
        } else {
            format!("there are: {}", list.join(", "))
        };
        return Err(Failure::usage(format!("`{}` has no revision {revision}", work.recipe.name)).hint(hint));
    }
    ledger_continues(&work.ledger, &store)?;
    let position = store.content(&work.recipe.name, revision).map_err(|e| refuse(&e))?.known.ledger;
    let touched = touched(&work.ledger, &work.snapshot, open.keys.keyer(), position).map_err(|e| refuse(&e))?;
    let ui = &ctx.ui;
    let answer = since(&work.vault, &store, revision, &work.snapshot, &work.order(), &touched, all);
    match answer.map_err(|e| refuse(&e))? {
        Answer::Changes(changes) => {
            ui.line(&head(ui, work));
            show(ui, &changes);
            Ok(Some(json!({"recipe": work.recipe.name, "at": work.at, "since": changes,
                "known": {"ledger": work.snapshot.position(), "vault": work.vault.sequence()}})))
        }
        Answer::Incomparable(why) => {
            ui.warn(&format!("{}; {}", incomparable(ui, why), ui.t("this is the full plan", "das ist der volle Plan")));
            Ok(None)
        }
    }
}

fn show(ui: &Ui, since: &Since) {
    ui.heading(&format!("{} {}", ui.t("Since revision", "Seit Revision"), since.revision));
    moved(ui, &since.comes_in, ui.t("come in", "kommen herein"), ui.t("was out for", "war draußen wegen"));
    moved(ui, &since.falls_out, ui.t("fall out", "fallen heraus"), ui.t("would be out for", "wäre draußen wegen"));
    if since.edited > 0 {
        let words = ui.t("records stay in, in another version", "Einträge bleiben drin, in anderer Fassung");
        ui.line(&format!("{} {words}", count(since.edited)));
    }
    if since.otherwise > 0 {
        let words = ui
            .t("records stay where they are, for other reasons", "Einträge bleiben, wo sie sind, aus anderen Gründen");
        ui.line(&format!("{} {words}", count(since.otherwise)));
    }
    let judged = ui.t("records of", "Einträge von");
    let people = ui.t("people were judged anew", "Menschen neu beurteilt");
    ui.line(&format!("\n{} {judged} {} {people}", count(since.records), count(since.people)));
    if let Some(why) = since.whole.filter(|why| *why != Whole::Asked) {
        ui.line(&format!(
            "{}: {}",
            ui.t("every record was compared", "jeder Eintrag wurde verglichen"),
            whole(ui, why)
        ));
    }
    ahead(ui, since);
}

fn moved(ui: &Ui, moved: &Moved, what: &str, head: &str) {
    let (of, people) = (ui.t("records of", "Einträge von"), ui.t("people", "Menschen"));
    ui.line(&format!("{} {of} {} {people} {what}", count(moved.records), count(moved.people)));
    let told = ui.t("what the person is told", "was der Person gesagt wird");
    let mut table = Table::new(&[head, ui.t("records>", "Einträge>"), ui.t("people>", "Menschen>"), told]);
    for (reason, by) in &moved.by_reason {
        let words = match reason.as_str() {
            NEW => ui.t("not there then", "damals nicht da"),
            GONE => ui.t("no longer there", "nicht mehr da"),
            code => code.parse().map_or("", |reason| sentence(reason, ui.lang)),
        };
        table.row([reason.as_str(), &count(by.records), &count(by.people), words]);
    }
    if !table.is_empty() {
        ui.table(&table);
    }
}

/// When time alone will change something.
fn ahead(ui: &Ui, since: &Since) {
    if since.ahead.values().all(|people| *people == 0) {
        return;
    }
    ui.heading(ui.t("What time alone may change", "Was allein die Zeit ändern kann"));
    let mut table = Table::new(&[ui.t("within days>", "in Tagen>"), ui.t("people>", "Menschen>")]);
    for (days, people) in &since.ahead {
        table.row([days.to_string(), count(*people)]);
    }
    ui.table(&table);
}

fn whole<'a>(ui: &Ui, why: Whole) -> &'a str {
    let (english, german) = match why {
        Whole::Asked => ("it was asked for", "so verlangt"),
        Whole::Recipe => ("the recipe is another", "das Rezept ist ein anderes"),
        Whole::Packs => ("the rule packs changed", "die Regelpakete haben sich geändert"),
        Whole::Controller => {
            ("what is on file in mandat.toml changed", "was in mandat.toml hinterlegt ist, hat sich geändert")
        }
        Whole::Notices => ("notices came in", "neue Hinweise sind da"),
        Whole::Orders => {
            ("orders or policies of organisations came in", "Anordnungen oder Richtlinien von Organisationen sind da")
        }
        Whole::Verifications => {
            ("identity checks that name no person came in", "Prüfungen ohne Angabe der Person sind da")
        }
        Whole::Undone => ("an import of choices was undone", "ein Import von Entscheidungen wurde zurückgenommen"),
        Whole::Date => ("a date passed that concerns everybody", "ein Datum ist verstrichen, das alle betrifft"),
        Whole::Earlier => {
            ("the moment asked about lies before that of the revision", "der Zeitpunkt liegt vor dem der Revision")
        }
        Whole::Version => {
            ("another version of Mandat made the revision", "eine andere Version von Mandat hat die Revision gebaut")
        }
    };
    ui.t(english, german)
}

fn incomparable<'a>(ui: &Ui, why: Incomparable) -> &'a str {
    match why {
        Incomparable::NoBasis => ui.t(
            "the revision was made by a version of Mandat that kept nothing to compare with",
            "die Revision stammt von einer Version von Mandat, die nichts zum Vergleich aufhob",
        ),
        Incomparable::Merged => ui.t(
            "batches that the revision was made from were merged or taken out since",
            "Stapel, aus denen die Revision entstand, wurden seither verschmolzen oder entfernt",
        ),
    }
}
