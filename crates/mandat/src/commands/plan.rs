mod since;

use std::path::{Path, PathBuf};

use mandat_core::vocab::Reason;
use mandat_corpus::admit::Summary;
use mandat_corpus::admit::find::with_reason;
use mandat_corpus::build::{Store, export_verdicts, plan};
use serde_json::{Value, json};

use crate::commands::{Context, Open};
use crate::failure::{Exit, Failure, Outcome, from_library};
use crate::report;
use crate::sentence::{fix, sentence};
use crate::ui::{Table, Ui, count};
use crate::work::Work;

/// Show who would be in, who would be out and why, without building anything
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mandat plan own-model\n  mandat plan own-model --reason OBJECTED --sample 3\n  mandat plan own-model --since 1\n  mandat plan own-model --at 2026-01-01 --json"
)]
pub(crate) struct Args {
    /// Name of a recipe in recipes/
    #[arg(value_name = "RECIPE")]
    recipe: String,
    /// Ask about this moment instead of now; denials known today count all the same
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// List records that have this reason, such as OBJECTED
    #[arg(long, value_name = "CODE")]
    reason: Option<Reason>,
    /// How many of them
    #[arg(long, value_name = "N", default_value_t = 10, requires = "reason")]
    sample: usize,
    /// Write the verdict of every record into a Parquet file: id, category, verdict, reasons
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Say what changed since this revision, and look only at what changed
    #[arg(long, value_name = "REVISION", conflicts_with_all = ["reason", "out"])]
    since: Option<u64>,
    /// Compare every record with the revision, which gives the same and takes longer
    #[arg(long, requires = "since")]
    whole: bool,
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    let open = ctx.open()?;
    let work = Work::open(&open, &args.recipe, args.at.as_deref(), ctx.now())?;
    let ui = &ctx.ui;
    for (pack, why) in &work.book.unsigned {
        ui.warn(&format!("{} `{pack}`: {why}", ui.t("nobody vouches for the pack", "niemand bürgt für das Paket")));
    }
    if let Some(revision) = args.since {
        let bar = ui.bar(ui.t("comparing", "vergleiche"));
        let found = since::run(ctx, &open, &work, revision, args.whole)?;
        let took = bar.elapsed();
        drop(bar);
        if let Some(answer) = found {
            ui.say(&format!("{} {}", ui.t("compared in", "verglichen in"), crate::ui::duration(took)));
            ui.answer(&answer);
            return Ok(());
        }
    }
    let bar = ui.bar(ui.t("deciding", "entscheide"));
    let tally = plan(&work.vault, &work.snapshot, &work.order(), &|done, of| {
        bar.total(of);
        bar.position(done);
    })
    .map_err(|e| from_library(Exit::BadInput, &e))?;
    let took = bar.elapsed();
    drop(bar);
    let summary = tally.summary();
    ui.line(&head(ui, &work));
    ui.line("");
    report::show(ui, &summary);
    groups(ui, &summary.categories, ui.t("category", "Art"));
    groups(ui, &summary.countries, ui.t("country", "Land"));
    if let Some((reason, records)) = report::first_to_mend(&summary) {
        ui.heading(ui.t("First thing to mend", "Was zuerst zu tun ist"));
        let words = ui.t("records are out for this reason alone.", "Einträge sind nur aus diesem Grund draußen.");
        ui.line(&format!("{reason}: {} {words} {}", count(records), fix(reason, ui.lang)));
    }
    let since = since_last(ui, &open, &work, &summary)?;
    let sample = args.reason.map(|reason| sample(ui, &work, reason, args.sample)).transpose()?;
    let written = args.out.as_deref().map(|out| export(ctx, &work, out)).transpose()?;
    ui.say(&format!("{} {}", ui.t("decided in", "entschieden in"), crate::ui::duration(took)));
    ui.answer(&json!({"recipe": work.recipe.name, "purpose": work.recipe.purpose, "profile": work.recipe.profile,
        "recipient": work.recipe.recipient, "at": work.at, "packs": work.book.packs.ids,
        "known": {"ledger": work.snapshot.position(), "vault": work.vault.sequence()}, "summary": summary,
        "last_revision": since, "sample": sample, "written": written}));
    Ok(())
}

/// What a build now would change against the last revision.
fn since_last(ui: &Ui, open: &Open, work: &Work, summary: &Summary) -> Outcome<Value> {
    let store = Store::new(&open.home.store());
    let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
    let Some(last) = store.revisions(&work.recipe.name).map_err(|e| refuse(&e))?.into_iter().max() else {
        return Ok(Value::Null);
    };
    let before = store.content(&work.recipe.name, last).map_err(|e| refuse(&e))?.records.rows;
    let now = summary.include + summary.include_redacted - summary.without_text;
    ui.heading(ui.t("Since the last revision", "Seit der letzten Revision"));
    let words = ui.t("rows in revision", "Zeilen in Revision");
    ui.line(&format!(
        "{} {words} {last}, {} {}",
        count(before),
        count(now),
        ui.t("if it were built now", "wenn jetzt gebaut würde")
    ));
    Ok(json!({"revision": last, "rows": before, "rows_now": now}))
}

/// Writes the verdict of every record; never over a file that is there.
fn export(ctx: &Context, work: &Work, out: &Path) -> Outcome<u64> {
    let path = ctx.path(out);
    if path.exists() {
        return Err(
            Failure::refused(format!("`{}` exists already", out.display())).hint("name another file with --out")
        );
    }
    let rows = export_verdicts(&work.vault, &work.snapshot, &work.order(), &path)
        .map_err(|e| from_library(Exit::Refused, &e))?;
    let ui = &ctx.ui;
    ui.line(&format!(
        "\n{} {} {}",
        count(rows),
        ui.t("verdicts written into", "Urteile geschrieben in"),
        out.display()
    ));
    Ok(rows)
}

/// Records that have a reason.
fn sample(ui: &Ui, work: &Work, reason: Reason, most: usize) -> Outcome<Vec<String>> {
    let ids = with_reason(&work.vault, &work.snapshot, &work.order(), reason, most)
        .map_err(|e| from_library(Exit::BadInput, &e))?;
    ui.heading(&format!("{reason}: {}", sentence(reason, ui.lang)));
    for id in &ids {
        ui.line(&format!("  mandat explain {id}"));
    }
    Ok(ids)
}

/// What was asked, in one line.
pub(super) fn head(ui: &Ui, work: &Work) -> String {
    let recipe = &work.recipe;
    let by = match recipe.profile {
        mandat_core::vocab::Profile::Consent => ui.t("by consent", "mit Einwilligung"),
        mandat_core::vocab::Profile::LegitimateInterest => ui.t("unless they object", "solange niemand widerspricht"),
    };
    let to = ui.t("for", "für");
    let at = crate::ui::instant(work.at);
    format!("{}: {} {by}, {to} {}, {} {at}", recipe.name, recipe.purpose, recipe.recipient, ui.t("as of", "Stand"))
}

fn groups(ui: &Ui, groups: &std::collections::BTreeMap<String, mandat_corpus::admit::InOut>, head: &str) {
    let mut table = Table::new(&[head, ui.t("in>", "drin>"), ui.t("out or on hold>", "draußen oder angehalten>")]);
    for (name, counts) in groups {
        table.row([name.clone(), count(counts.included), count(counts.left_out)]);
    }
    if !table.is_empty() {
        ui.line("");
        ui.table(&table);
    }
}
