use std::path::{Path, PathBuf};

use mandat_corpus::build::Store;
use mandat_corpus::curate::{InOut, Left, Summary};
use serde_json::json;

use super::picture::{Bar, Picture};
use crate::commands::{Context, Open};
use crate::failure::{Exit, Failure, OrFail, Outcome, from_library};
use crate::sentence::{dropped, step};
use crate::ui::{Lang, Table, Ui, count};

/// Show what curation dropped and redacted in a revision, and why
///
/// The numbers are the operator's own, with nothing suppressed: hand on the revision's README.md instead.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mandat report curation\n  mandat report curation 2 --recipe own-model --pictures pictures/"
)]
pub(crate) struct Args {
    /// Which revision (default: the last)
    #[arg(value_name = "REVISION")]
    revision: Option<u64>,
    /// Of which recipe (default: the only one, or own-model)
    #[arg(long)]
    recipe: Option<String>,
    /// Draw funnel, languages, lengths and months as SVG into this folder
    #[arg(long, value_name = "FOLDER")]
    pictures: Option<PathBuf>,
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    let open = ctx.open()?;
    let recipe = open.recipe(args.recipe.as_deref())?;
    let (revision, summary) = read(&open, &recipe, args.revision)?;
    let ui = &ctx.ui;
    ui.line(&format!("{recipe}, {} {revision}", ui.t("revision", "Revision")));
    funnel(ui, &summary);
    redactions(ui, &summary);
    let by_language = by_size(&summary);
    groups(ui, ui.t("language", "Sprache"), &by_language[..by_language.len().min(MOST)]);
    groups(ui, ui.t("length in characters", "Länge in Zeichen"), &by_length(&summary));
    let pictures = args.pictures.as_deref().map(|dir| draw(ctx, &summary, dir)).transpose()?;
    ui.answer(&json!({"corpus": recipe, "revision": revision, "funnel": summary.funnel(), "summary": summary,
        "pictures": pictures}));
    Ok(())
}

/// Rows of a table and bars of a picture, at most; the rest is in `--json`.
const MOST: usize = 15;

/// The account of a revision, and its number.
fn read(open: &Open, recipe: &str, revision: Option<u64>) -> Outcome<(u64, Summary)> {
    let store = Store::new(&open.home.store());
    let revision = open.revision(&store, recipe, revision)?;
    let summary = store.curation(recipe, revision).map_err(|e| from_library(Exit::BadInput, &e))?;
    let summary = summary.ok_or_else(|| {
        Failure::bad_input(format!("revision {revision} of `{recipe}` was made without curation"))
            .hint(format!("add a section [curation] to recipes/{recipe}.toml and build again"))
    })?;
    Ok((revision, summary))
}

/// What each step left, and why it dropped the rest.
pub(crate) fn funnel(ui: &Ui, summary: &Summary) {
    ui.heading(ui.t("From admitted to kept", "Von zugelassen zu behalten"));
    let heads = [
        ui.t("step, reason", "Schritt, Grund"),
        ui.t("records>", "Einträge>"),
        ui.t("people>", "Personen>"),
        ui.t("meaning", "Bedeutung"),
    ];
    let mut table = Table::new(&heads);
    table.row([ui.t("admitted", "zugelassen"), &count(summary.admitted)]);
    for Left { reasons, .. } in summary.funnel() {
        for (reason, cell) in reasons {
            let records = format!("-{}", count(cell.records));
            table.row([&format!("  {reason}"), &records, &count(cell.people), &dropped(&reason, ui.lang)]);
        }
    }
    table.row([ui.t("kept", "behalten"), &count(summary.kept)]);
    ui.table(&table);
}

fn redactions(ui: &Ui, summary: &Summary) {
    if summary.redacted.is_empty() {
        return;
    }
    ui.heading(ui.t("What was taken out of kept texts", "Was aus behaltenen Texten genommen wurde"));
    let heads =
        [ui.t("kind", "Art"), ui.t("places>", "Stellen>"), ui.t("records>", "Einträge>"), ui.t("people>", "Personen>")];
    let mut table = Table::new(&heads);
    for (kind, cell) in &summary.redacted {
        table.row([kind.clone(), count(cell.spans), count(cell.records), count(cell.people)]);
    }
    ui.table(&table);
}

fn groups(ui: &Ui, head: &str, rows: &[(String, InOut)]) {
    let mut table = Table::new(&[head, ui.t("admitted>", "zugelassen>"), ui.t("kept>", "behalten>")]);
    for (name, cell) in rows {
        table.row([name.clone(), count(cell.admitted), count(cell.kept)]);
    }
    if !table.is_empty() {
        ui.line("");
        ui.table(&table);
    }
}

/// Languages, the most frequent first.
fn by_size(summary: &Summary) -> Vec<(String, InOut)> {
    let mut rows: Vec<_> = summary.languages.iter().map(|(name, cell)| (name.clone(), *cell)).collect();
    rows.sort_by(|a, b| b.1.admitted.cmp(&a.1.admitted).then(a.0.cmp(&b.0)));
    rows
}

fn by_length(summary: &Summary) -> Vec<(String, InOut)> {
    let name = |from: u32| match from {
        0 | 1 => from.to_string(),
        _ => format!("{from}–{}", u64::from(from) * 2 - 1),
    };
    summary.lengths.iter().map(|(from, cell)| (name(*from), *cell)).collect()
}

/// Draws the four pictures; gives their files.
fn draw(ctx: &Context, summary: &Summary, dir: &Path) -> Outcome<Vec<PathBuf>> {
    let (ui, folder) = (&ctx.ui, ctx.path(dir));
    std::fs::create_dir_all(&folder).or_refuse(|| format!("cannot create `{}`", dir.display()))?;
    let months: Vec<(String, InOut)> = summary.months.iter().map(|(m, c)| (m.clone(), *c)).collect();
    let years = by_year(&months);
    let time = if months.len() > 36 { &years } else { &months };
    let languages = by_size(summary);
    let pictures = [
        ("funnel.svg", funnel_picture(ui.lang, summary)),
        ("languages.svg", both(ui, ui.t("Languages", "Sprachen"), &languages[..languages.len().min(MOST)])),
        ("lengths.svg", both(ui, ui.t("Length in characters", "Länge in Zeichen"), &by_length(summary))),
        ("time.svg", both(ui, ui.t("When it was written", "Wann es geschrieben wurde"), time)),
    ];
    let mut files = Vec::new();
    for (name, picture) in pictures {
        let path = folder.join(name);
        std::fs::write(&path, picture.svg()).or_refuse(|| format!("cannot write `{}`", path.display()))?;
        ui.line(&dir.join(name).display().to_string());
        files.push(dir.join(name));
    }
    Ok(files)
}

fn by_year(months: &[(String, InOut)]) -> Vec<(String, InOut)> {
    let mut years: Vec<(String, InOut)> = Vec::new();
    for (month, cell) in months {
        let year = month.split('-').next().unwrap_or(month);
        match years.last_mut().filter(|(name, _)| name == year) {
            Some((_, sum)) => sum.add(*cell),
            None => years.push((year.to_owned(), *cell)),
        }
    }
    years
}

fn funnel_picture(lang: Lang, summary: &Summary) -> Picture {
    let mut bars = vec![Bar::new(lang.pick("admitted", "zugelassen"), summary.admitted, None)];
    for Left { step: at, left, .. } in summary.funnel() {
        bars.push(Bar::new(step(at, lang), left, None));
    }
    Picture {
        title: lang.pick("Records left after each step", "Einträge nach jedem Schritt").into(),
        bars,
        legend: None,
    }
}

fn both(ui: &Ui, title: &str, rows: &[(String, InOut)]) -> Picture {
    let bars = rows.iter().map(|(name, cell)| Bar::new(name, cell.admitted, Some(cell.kept))).collect();
    let legend = Some([ui.t("dropped", "ausgeschieden").to_owned(), ui.t("kept", "behalten").to_owned()]);
    Picture { title: title.to_owned(), bars, legend }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_become_years_when_there_are_many() {
        let cell = InOut { admitted: 2, kept: 1 };
        let months = ["2024-11", "2024-12", "2025-01"].map(|m| (m.to_owned(), cell));
        let years = by_year(&months);
        assert_eq!(years[0], ("2024".to_owned(), InOut { admitted: 4, kept: 2 }));
        assert_eq!(years.len(), 2);
    }
}
