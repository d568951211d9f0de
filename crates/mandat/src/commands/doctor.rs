use mandat_corpus::build::Store;
use mandat_corpus::vault::{Problem, Vault};
use mandat_ledger::Ledger;
use serde_json::{Value, json};

use crate::commands::{Context, Open, log};
use crate::failure::{Exit, Failure, Outcome, from_library};
use crate::home::check_rights;
use crate::rules::{RuleBook, Tested};
use crate::surroundings::{available_memory, processors};
use crate::ui::{Table, bytes, count};
use crate::work::{ledger_continues, read_recipe, snapshot};

/// Check the home: keys, ledger, log, vault, recipes, rules
///
/// Looks whether every file of the vault and of every revision is there and of its length, and whether the
/// ledger is the one that the revisions were made with and the log was published from. Ends with 1 if something is wrong. With --deep every
/// file is read and compared with its SHA-256, every entry of the log hashed anew, and every event replayed and compared with the snapshot.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mandat doctor\n  mandat doctor --deep --json")]
pub(crate) struct Args {
    /// Read every file and replay every event, and compare
    #[arg(long)]
    deep: bool,
}

/// What was looked at, and what was found.
struct Checks {
    lines: Vec<(String, Result<String, Failure>)>,
}

impl Checks {
    fn add(&mut self, what: impl Into<String>, found: Outcome<String>) {
        self.lines.push((what.into(), found));
    }

    fn wrong(&self) -> usize {
        self.lines.iter().filter(|(_, found)| found.is_err()).count()
    }
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    let open = ctx.open()?;
    let mut checks = Checks { lines: Vec::new() };
    let ui = &ctx.ui;
    checks.add(ui.t("machine", "Maschine"), Ok(format!("{} CPU, {}", processors(), bytes(available_memory()))));
    checks.add(ui.t("home", "Home"), Ok(open.home.root.display().to_string()));
    keys(ctx, &open, &mut checks);
    ledger(ctx, &open, &mut checks, args.deep);
    vault(ctx, &open, &mut checks, args.deep);
    revisions(ctx, &open, &mut checks, args.deep);
    recipes(ctx, &open, &mut checks);
    show(ctx, &checks);
    match checks.wrong() {
        0 => Ok(()),
        wrong => Err(Failure::refused(format!("{wrong} {}", ui.t("things are wrong", "Dinge stimmen nicht")))
            .hint(ui.t("the lines marked WRONG say what to do", "die Zeilen mit FALSCH sagen, was zu tun ist"))),
    }
}

fn keys(ctx: &Context, open: &Open, checks: &mut Checks) {
    let what = ctx.ui.t("keys", "Schlüssel");
    if ctx.around.person_secret.is_some() && ctx.around.seal_secret.is_some() {
        let found = check_rights(&open.home.root.join("keys/log.key"));
        return checks.add(what, found.map(|()| ctx.ui.t("from the environment", "aus der Umgebung").into()));
    }
    let folder = open.home.root.join("keys");
    let found = ["person.key", "seal.key", "log.key"].iter().try_for_each(|name| check_rights(&folder.join(name)));
    checks.add(what, found.map(|()| ctx.ui.t("only you can read them", "nur Sie können sie lesen").into()));
}

fn ledger(ctx: &Context, open: &Open, checks: &mut Checks, deep: bool) {
    let ui = &ctx.ui;
    let found = open.ledger();
    let ledger = match found {
        Ok(ledger) => ledger,
        Err(failure) => return checks.add(ui.t("ledger", "Kontobuch"), Err(failure)),
    };
    checks.add(ui.t("database of the ledger", "Datenbank des Kontobuchs"), database(ctx, &ledger));
    let store = Store::new(&open.home.store());
    checks.add(ui.t("ledger", "Kontobuch"), ledger_continues(&ledger, &store).and_then(|()| counts(ctx, &ledger)));
    checks.add(ui.t("log", "Protokoll"), log::published(ctx, open, &ledger, deep));
    if deep {
        checks.add(ui.t("snapshot = replay", "Schnappschuss = Wiedergabe"), replay(ctx, open, &ledger));
    }
}

/// What it lies in; a superuser who writes it could undo what keeps it append-only.
fn database(ctx: &Context, ledger: &Ledger) -> Outcome<String> {
    let found = ledger.database().map_err(|e| from_library(Exit::BadInput, &e))?;
    if found.all_powerful {
        return Err(Failure::refused(format!(
            "{}: the ledger is written by a superuser, who may change every row",
            found.name
        ))
        .hint("let a role of its own, without SUPERUSER, own the schema and be named in the URL"));
    }
    let where_ = ctx.ui.t("at", "unter");
    Ok(format!("{}, {}, {where_} {}", found.name, bytes(found.bytes), ledger.place()))
}

fn counts(ctx: &Context, ledger: &Ledger) -> Outcome<String> {
    let counts = ledger.counts().map_err(|e| crate::failure::from_library(crate::failure::Exit::BadInput, &e))?;
    let ui = &ctx.ui;
    Ok(format!(
        "{} {}, {} {}, {} {}, {} {}",
        count(counts.events),
        ui.t("events", "Ereignisse"),
        count(counts.accounts),
        ui.t("accounts", "Konten"),
        count(counts.notices),
        ui.t("notices", "Mitteilungen"),
        count(counts.erased),
        ui.t("erased", "gelöscht"),
    ))
}

fn replay(ctx: &Context, open: &Open, ledger: &Ledger) -> Outcome<String> {
    let snapshot = snapshot(open, ledger)?;
    let check = ledger
        .verify_snapshot(&snapshot)
        .map_err(|e| crate::failure::from_library(crate::failure::Exit::BadInput, &e))?;
    if check.is_good() {
        return Ok(format!("{} {}", count(check.people), ctx.ui.t("people agree", "Personen stimmen überein")));
    }
    Err(Failure::refused(format!("{} people differ from a full replay", check.differing.len()))
        .hint("remove the folder of compiled files beside the ledger; it is made again"))
}

fn vault(ctx: &Context, open: &Open, checks: &mut Checks, deep: bool) {
    let ui = &ctx.ui;
    let found = open.vault();
    let files = found.as_ref().ok().map(|vault| vault_files(ctx, open, vault, deep));
    let found = found.map(|vault| {
        let rows: u64 = vault.batches().iter().map(|b| b.rows).sum();
        format!(
            "{} {}, {} {}",
            count(vault.batches().len() as u64),
            ui.t("batches", "Stapel"),
            count(rows),
            ui.t("rows", "Zeilen")
        )
    });
    checks.add(ui.t("vault", "Tresor"), found);
    if let Some(files) = files {
        checks.add(ui.t("files of the vault", "Dateien des Tresors"), files);
    }
}

fn vault_files(ctx: &Context, open: &Open, vault: &Vault, deep: bool) -> Outcome<String> {
    let problems = vault.verify_files(deep);
    if problems.is_empty() {
        let store = Store::new(&open.home.store());
        store.check_vault(vault, false).map_err(|e| from_library(Exit::BadInput, &e))?;
        return Ok(whole(ctx, deep));
    }
    Err(listed(&problems).hint("restore these files from a backup of the vault"))
}

fn revisions(ctx: &Context, open: &Open, checks: &mut Checks, deep: bool) {
    let store = Store::new(&open.home.store());
    let corpora = match store.corpora() {
        Ok(corpora) => corpora,
        Err(e) => return checks.add(ctx.ui.t("revisions", "Revisionen"), Err(from_library(Exit::BadInput, &e))),
    };
    for corpus in corpora {
        for revision in store.revisions(&corpus).unwrap_or_default() {
            let problems = store.verify_revision(&corpus, revision, deep);
            let found = if problems.is_empty() { Ok(whole(ctx, deep)) } else { Err(listed(&problems)) };
            let hint = "do not use this revision: restore it from a backup, or build a new one";
            checks.add(format!("{corpus}/{revision}"), found.map_err(|failure| failure.hint(hint)));
        }
    }
}

fn whole(ctx: &Context, deep: bool) -> String {
    let ui = &ctx.ui;
    if deep {
        ui.t("all there and as they were written", "alle da und wie geschrieben").into()
    } else {
        ui.t("all there", "alle da").into()
    }
}

/// Every file that is not as it was written.
fn listed(problems: &[Problem]) -> Failure {
    Failure::bad_input(problems.iter().map(Problem::to_string).collect::<Vec<_>>().join(", "))
}

fn recipes(ctx: &Context, open: &Open, checks: &mut Checks) {
    let ui = &ctx.ui;
    let store = Store::new(&open.home.store());
    for name in open.home.recipes() {
        let found = read_recipe(open, &name).and_then(|recipe| {
            let book = RuleBook::load(Some(&open.home), &recipe.packs)?;
            let tested = match Tested::read(&open.home)?.of(&book) {
                Some(passed) => format!(
                    "{} {} {}",
                    ui.t("rules passed", "Regeln bestanden"),
                    passed.expectations,
                    ui.t("expectations", "Erwartungen")
                ),
                None => ui
                    .t("rules not tested yet: mandat packs test", "Regeln noch nicht geprüft: mandat packs test")
                    .into(),
            };
            let revisions = store.revisions(&recipe.name).map_or(0, |r| r.len());
            Ok(format!("{}; {} {}", tested, revisions, ui.t("revisions", "Revisionen")))
        });
        checks.add(format!("{} {name}", ui.t("recipe", "Rezept")), found);
    }
}

fn show(ctx: &Context, checks: &Checks) {
    let ui = &ctx.ui;
    let mut table = Table::new(&["", ui.t("what", "was"), ui.t("found", "gefunden")]);
    let mut lines: Vec<Value> = Vec::new();
    for (what, found) in &checks.lines {
        let (word, text) = match found {
            Ok(text) => (ui.t("ok", "gut"), text.clone()),
            Err(failure) => {
                (ui.t("WRONG", "FALSCH"), format!("{failure} – {}", failure.hint.as_deref().unwrap_or_default()))
            }
        };
        lines.push(json!({"what": what, "ok": found.is_ok(), "found": text}));
        table.row([word.to_owned(), what.clone(), text]);
    }
    ui.table(&table);
    ui.answer(&lines);
}
