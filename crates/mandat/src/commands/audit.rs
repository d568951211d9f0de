mod again;
mod inclusion;

use std::path::{Path, PathBuf};

use mandat_core::manifest::{Content, Revision};
use mandat_core::proof::MemberKind;
use mandat_corpus::build::{Store, counts_agree, manifests, shard_problems};
use mandat_corpus::members::MemberFiles;
use serde_json::json;

use crate::commands::{Context, Open};
use crate::failure::{Failure, Outcome};
use crate::revisions::Published;
use crate::ui::{Table, Ui, count};

/// Check a published revision again, from its bytes up to the choices that it respects
///
/// Reads every file anew: manifests, shards, the trees of persons and records, the log. In the home that built it, the
/// revision is also built again from the ledger as it was known then, and must give the same bytes. What could not be
/// checked is said.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mandat audit 3\n  mandat audit 3 --corpus own-model --json\n  \
    mandat audit delivered/own-model/3 --log copy/log --key log-key.pub\n\nExit codes: 0 nothing found, 1 something is wrong, 3 it cannot be read")]
pub(crate) struct Args {
    /// Number of a revision of this home, or the folder of one
    #[arg(value_name = "REVISION|FOLDER")]
    revision: String,
    /// Name of the corpus (default: the only recipe, or own-model)
    #[arg(long, value_name = "NAME")]
    corpus: Option<String>,
    /// Folder of the log, beside a folder
    #[arg(long, value_name = "FOLDER")]
    log: Option<PathBuf>,
    /// Folder with the revision's trees of members, beside a folder
    #[arg(long, value_name = "FOLDER")]
    members: Option<PathBuf>,
    /// The log's public key, a file that holds it, or a policy file
    #[arg(long, value_name = "KEY|FILE")]
    key: Option<String>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
enum Found {
    Holds,
    Wrong,
    NotChecked,
}

/// One check.
#[derive(Debug, serde::Serialize)]
struct Check {
    check: &'static str,
    found: Found,
    detail: String,
}

/// What was checked so far.
struct Report<'a> {
    ui: &'a Ui,
    checks: Vec<Check>,
}

impl Report<'_> {
    fn add(&mut self, check: &'static str, found: Found, detail: impl Into<String>) {
        self.checks.push(Check { check, found, detail: detail.into() });
    }

    /// Holds if nothing is named that is wrong.
    fn judge(&mut self, check: &'static str, wrong: Option<String>, holds: String) {
        match wrong {
            Some(wrong) => self.add(check, Found::Wrong, wrong),
            None => self.add(check, Found::Holds, holds),
        }
    }
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    match args.revision.parse::<u64>() {
        Ok(number) => {
            let open = ctx.open()?;
            let corpus = open.recipe(args.corpus.as_deref())?;
            let store = Store::new(&open.home.store());
            drop(Published::open(&store, &corpus, Some(number))?);
            let (dir, members) = (store.revision_dir(&corpus, number), store.members_dir(&corpus, number));
            audit(ctx, args, Some(&open), &dir, Some(&members))
        }
        Err(_) => audit(ctx, args, None, &ctx.path(Path::new(&args.revision)), args.members.as_deref()),
    }
}

fn audit(ctx: &Context, args: &Args, open: Option<&Open>, dir: &Path, members: Option<&Path>) -> Outcome {
    let ui = &ctx.ui;
    let mut report = Report { ui, checks: Vec::new() };
    match manifests(dir) {
        Ok((content, lineage)) => {
            report.add("manifests", Found::Holds, lineage.content_sha256.clone());
            files(&mut report, dir, &content, members);
            inclusion::check(&mut report, ctx, open, args, &content, &lineage)?;
            again::check(&mut report, ctx, open, dir, &content)?;
        }
        Err(problem) if dir.join("revision.json").is_file() => {
            report.add("manifests", Found::Wrong, problem.to_string());
        }
        Err(problem) => {
            return Err(Failure::bad_input(format!("`{}` is no revision: {problem}", dir.display()))
                .hint("name the folder that holds content.json and revision.json"));
        }
    }
    show(&report)
}

/// What the files alone show.
fn files(report: &mut Report, dir: &Path, content: &Content, members: Option<&Path>) {
    let ui = report.ui;
    let problems = shard_problems(dir, content);
    let first = problems.first().map(|problem| more(ui, &problem.to_string(), problems.len()));
    report.judge("shards", first, format!("{} {}", content.shards.len(), ui.t("files", "Dateien")));
    let wrong = ui.t("rows, records and persons do not agree", "Zeilen, Einträge und Personen passen nicht zusammen");
    let agree = counts_agree(content);
    let rows = format!("{} {}", count(content.records.rows), ui.t("rows", "Zeilen"));
    report.judge("counts", (!agree).then(|| wrong.to_owned()), rows);
    let Some(committed) = &content.members else {
        let none = ui.t("the revision commits to no members", "die Revision legt sich auf keine Mitglieder fest");
        return report.add("members", Found::NotChecked, none);
    };
    let inputs = content.inputs().to_string();
    let other = ui.t("tokens are scoped to something else", "die Marken gelten für etwas anderes");
    report.judge("scope", (committed.inputs != inputs).then(|| other.to_owned()), inputs);
    for (name, kind, root) in
        [("persons", MemberKind::Person, &committed.persons), ("records", MemberKind::Record, &committed.records)]
    {
        let Some(trusted) = root.root() else {
            report.add(name, Found::Wrong, ui.t("the root is none", "die Wurzel ist keine"));
            continue;
        };
        match members {
            None => {
                report.add(name, Found::NotChecked, ui.t("--members names no folder", "--members nennt keinen Ordner"));
            }
            Some(folder) => {
                let walked = MemberFiles::new(folder, kind, trusted).walk();
                let held =
                    format!("{} {}", count(root.members), ui.t("in order, to the root", "in Ordnung, bis zur Wurzel"));
                report.judge(name, walked.err().map(|fault| fault.to_string()), held);
            }
        }
    }
}

fn more(ui: &Ui, first: &str, of: usize) -> String {
    match of {
        1 => first.to_owned(),
        of => format!("{first}, {} {}", ui.t("and more:", "und mehr:"), of - 1),
    }
}

fn show(report: &Report) -> Outcome {
    let ui = report.ui;
    let mut table = Table::new(&[ui.t("check", "Prüfung"), ui.t("found", "Befund"), ui.t("detail", "Einzelheit")]);
    for Check { check, found, detail } in &report.checks {
        let word = match found {
            Found::Holds => ui.t("holds", "hält"),
            Found::Wrong => ui.t("WRONG", "FALSCH"),
            Found::NotChecked => ui.t("not checked", "nicht geprüft"),
        };
        table.row([name(ui, check), word, detail.as_str()]);
    }
    ui.table(&table);
    let wrong = report.checks.iter().find(|check| check.found == Found::Wrong);
    ui.answer(&json!({"holds": wrong.is_none(), "checks": report.checks}));
    match wrong {
        None => Ok(()),
        Some(check) => Err(Failure::refused(format!("{}: {}", name(ui, check.check), check.detail))),
    }
}

/// What a check is about.
fn name(ui: &Ui, check: &'static str) -> &'static str {
    match check {
        "manifests" => ui.t("manifests", "Manifeste"),
        "shards" => ui.t("bytes and rows of the shards", "Bytes und Zeilen der Dateien"),
        "counts" => ui.t("counts", "Zahlen"),
        "scope" => ui.t("scope of the tokens", "Geltung der Marken"),
        "persons" => ui.t("tree of persons", "Baum der Personen"),
        "records" => ui.t("tree of records", "Baum der Einträge"),
        "log" => ui.t("entry in the log", "Eintrag im Protokoll"),
        "choices" => ui.t("choices, built again", "Entscheidungen, neu gebaut"),
        "since" => ui.t("since then", "seither"),
        other => other,
    }
}

/// Where a revision stands among those of its corpus, for the log.
fn title(lineage: &Revision) -> String {
    format!("{} {}", lineage.corpus, lineage.revision)
}
