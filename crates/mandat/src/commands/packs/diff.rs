use mandat_core::manifest::PackRef;
use mandat_core::packs::{Change, Flip, FlipKind, Packs, diff, flips};
use mandat_corpus::build::{Comparison, Moved, Order, Rules, Store, compare};
use serde_json::json;

use crate::commands::Context;
use crate::failure::{Exit, Failure, Outcome, from_library};
use crate::home::Home;
use crate::rules::{RuleBook, compile, kept, sources_of};
use crate::ui::{Table, Ui, count};
use crate::work::{Work, read_recipe};

/// Show what other packs would change: rules, combinations of facts, and people of a home
///
/// OLD and NEW are packs in layering order, separated by commas: names or files. OLD may be the number of a
/// revision of the recipe, which stands for the packs it was decided by; NEW is then what the recipe names now.
/// With a recipe every record of the home's vault is decided by both, and whoever would come in without having
/// been told is listed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mandat packs diff core,eu-gdpr core,eu-gdpr,de-hh-2025\n  \
    mandat packs diff core,eu-gdpr core,packs/own.toml --recipe own-model-opt-out --json\n  \
    mandat packs diff 3 --recipe own-model")]
pub(super) struct Args {
    /// The packs in use, or the number of a revision
    #[arg(value_name = "OLD")]
    old: String,
    /// The packs that would take their place
    #[arg(value_name = "NEW", required_unless_present = "recipe")]
    new: Option<String>,
    /// Decide the home's vault for this recipe by both
    #[arg(long, value_name = "NAME")]
    recipe: Option<String>,
}

pub(super) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    let home = Home::find(ctx.global.home.as_deref(), &ctx.around).ok();
    let named = recipe(ctx, home.as_ref(), args)?;
    let old = match args.old.parse::<u64>() {
        Ok(revision) => of_revision(ctx, named.as_deref(), revision)?,
        Err(_) => load(ctx, home.as_ref(), &args.old)?,
    };
    let new = match &args.new {
        Some(new) => load(ctx, home.as_ref(), new)?,
        None => of_recipe(ctx, named.as_deref())?,
    };
    let (rules, turned) = (diff(&old, &new), flips(&old, &new));
    let vault = match named {
        Some(recipe) => Some(on_vault(ctx, &recipe, &old, &new)?),
        None => None,
    };
    let ui = &ctx.ui;
    let mut table = Table::new(&[
        ui.t("change", "Änderung"),
        ui.t("rule or setting", "Regel oder Einstellung"),
        ui.t("reads", "lautet"),
    ]);
    for one in &rules {
        let (word, text) = match one.change {
            Change::Added => ("+", one.after.clone()),
            Change::Removed => ("-", one.before.clone()),
            Change::Changed => ("~", one.before.clone().zip(one.after.clone()).map(|(a, b)| format!("{a} → {b}"))),
        };
        table.row([word.to_owned(), one.rule.clone(), text.unwrap_or_default()]);
    }
    if table.is_empty() {
        ui.line(ui.t("the rules are the same", "die Regeln sind gleich"));
    } else {
        ui.table(&table);
        if !turned.iter().any(|t| t.change.is_side()) {
            let same = "no combination of facts changes sides: where a changed rule fires, others decide the same";
            let german = "keine Verbindung von Tatsachen wechselt die Seite: wo eine geänderte Regel greift, entscheiden andere ebenso";
            ui.line(ui.t(same, german));
        }
    }
    show_flips(ui, &turned);
    if let Some(found) = &vault {
        show_vault(ui, found);
    }
    ui.answer(&json!({"old": old.ids, "new": new.ids, "rules": rules, "combinations": turned, "vault": vault}));
    Ok(())
}

fn load(ctx: &Context, home: Option<&Home>, list: &str) -> Outcome<Packs> {
    compile(&sources_of(ctx, home, list)?)
}

/// The packs that a revision was decided by, as they were then.
fn of_revision(ctx: &mut Context, recipe: Option<&str>, revision: u64) -> Outcome<Packs> {
    let Some(recipe) = recipe else {
        return Err(Failure::usage(format!("which recipe is revision {revision} of?")).hint("add --recipe NAME"));
    };
    let open = ctx.open()?;
    let corpus = read_recipe(&open, recipe)?.name;
    let store = Store::new(&open.home.store());
    let known = store.revisions(&corpus).map_err(|e| from_library(Exit::BadInput, &e))?;
    if !known.contains(&revision) {
        let list: Vec<String> = known.iter().map(u64::to_string).collect();
        return Err(Failure::usage(format!("`{corpus}` has no revision {revision}"))
            .hint(format!("there are: {}", list.join(", "))));
    }
    let refs = store.content(&corpus, revision).map_err(|e| from_library(Exit::BadInput, &e))?.packs;
    match kept(&open.home, &refs)? {
        Some(sources) => compile(&sources),
        None => {
            Err(Failure::refused(format!("the packs of revision {revision} were not kept by the version that made it"))
                .hint("name them: mandat packs diff OLD NEW"))
        }
    }
}

/// The packs that a recipe names now.
fn of_recipe(ctx: &mut Context, recipe: Option<&str>) -> Outcome<Packs> {
    let Some(recipe) = recipe else { return Err(Failure::usage("which packs should take their place?")) };
    let open = ctx.open()?;
    let recipe = read_recipe(&open, recipe)?;
    Ok(RuleBook::load(Some(&open.home), &recipe.packs)?.packs)
}

/// The recipe to decide the vault for: the one named, or the only one of a home named with --home.
fn recipe(ctx: &Context, home: Option<&Home>, args: &Args) -> Outcome<Option<String>> {
    if args.recipe.is_some() || ctx.global.home.is_none() {
        return Ok(args.recipe.clone());
    }
    let known = home.map(Home::recipes).unwrap_or_default();
    match known.as_slice() {
        [only] => Ok(Some(only.clone())),
        _ => Err(Failure::usage("which recipe should the vault be decided for?")
            .hint(format!("add --recipe with one of: {}", known.join(", ")))),
    }
}

fn on_vault(ctx: &mut Context, recipe: &str, old: &Packs, new: &Packs) -> Outcome<Comparison> {
    let open = ctx.open()?;
    let work = Work::open(&open, recipe, None, ctx.now())?;
    let none: [PackRef; 0] = [];
    let order = |packs| Order { rules: rules(packs, &none), ..work.order() };
    let bar = ctx.ui.bar(ctx.ui.t("comparing", "vergleiche"));
    compare(&work.vault, &work.snapshot, &order(old), &order(new), &|done, of| {
        bar.total(of);
        bar.position(done);
    })
    .map_err(|e| from_library(Exit::BadInput, &e))
}

fn rules<'a>(packs: &'a Packs, refs: &'a [PackRef]) -> Rules<'a> {
    Rules { table: &packs.table, settings: packs.settings, packs: refs }
}

fn show_flips(ui: &Ui, turned: &[Flip]) {
    let words = |flip: &Flip| match flip.change {
        FlipKind::ComesIn => ui.t("comes in", "kommt herein").to_owned(),
        FlipKind::FallsOut => ui.t("falls out", "fällt heraus").to_owned(),
        FlipKind::NoLongerRedacted => ui.t("is no longer redacted", "wird nicht mehr geschwärzt").to_owned(),
        FlipKind::NowRedacted => ui.t("is redacted", "wird geschwärzt").to_owned(),
        FlipKind::LosesReason => format!("{} {}", ui.t("loses", "verliert"), flip.reason),
        FlipKind::GainsReason => format!("{} {}", ui.t("gains", "bekommt"), flip.reason),
    };
    if turned.is_empty() {
        return;
    }
    ui.heading(ui.t("Where no unchanged rule decides", "Wo keine unveränderte Regel entscheidet"));
    let heads = [
        ui.t("profile", "Profil"),
        ui.t("a record", "ein Eintrag"),
        ui.t("by rule", "durch Regel"),
        ui.t("when", "wenn"),
    ];
    let mut table = Table::new(&heads);
    for flip in turned {
        let more = if flip.more { " …" } else { "" };
        table.row([flip.profile.to_string(), words(flip), flip.rule.clone(), format!("{}{more}", flip.when.join(" "))]);
    }
    ui.table(&table);
}

fn show_vault(ui: &Ui, found: &Comparison) {
    let heading = ui.t("On this vault", "In diesem Bestand");
    ui.heading(&format!("{heading}: {} {}", count(found.records), ui.t("records", "Einträge")));
    moved(ui, ui.t("come in", "kommen herein"), ui.t("was out for", "war draußen wegen"), &found.comes_in);
    moved(ui, ui.t("fall out", "fallen heraus"), ui.t("would be out for", "wäre draußen wegen"), &found.falls_out);
    if found.untold.is_empty() {
        return;
    }
    let told = ui.t(
        "people would come in without having been told:",
        "Menschen kämen herein, ohne dass man es ihnen gesagt hat:",
    );
    ui.line(&format!("{} {told}", count(found.untold.len() as u64)));
    found.untold.iter().take(10).for_each(|key| ui.line(&format!("  {key}")));
    if found.untold.len() > 10 {
        ui.line(ui.t("  … all of them with --json", "  … alle mit --json"));
    }
}

fn moved(ui: &Ui, what: &str, head: &str, moved: &Moved) {
    let (of, people) = (ui.t("records of", "Einträge von"), ui.t("people", "Menschen"));
    ui.line(&format!("{} {of} {} {people} {what}", count(moved.records), count(moved.people)));
    let mut table = Table::new(&[ui.t("records>", "Einträge>"), ui.t("people>", "Menschen>"), head]);
    for (reason, by) in &moved.by_reason {
        table.row([count(by.records), count(by.people), reason.clone()]);
    }
    if !table.is_empty() {
        ui.table(&table);
    }
}
