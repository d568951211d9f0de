use mandat_core::packs::first_gap;
use mandat_corpus::build::{Built, Difference, Order, Rules, Store, build, compare, difference};
use serde_json::json;

use crate::barrier::LedgerBarrier;
use crate::commands::plan::head;
use crate::commands::report::funnel;
use crate::commands::{Context, Open};
use crate::failure::{Exit, Failure, Outcome, from_library};
use crate::report;
use crate::revisions::Published;
use crate::rules::{Tested, compile, kept};
use crate::ui::{Bar, bytes, count, duration};
use crate::work::{Work, ledger_continues};

/// Build and publish a revision of a corpus
///
/// Refuses rules that did not pass `mandat packs test`, and a purpose or profile whose assessment is
/// not on file in mandat.toml, section `controller`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mandat packs test && mandat build own-model\n  mandat build own-model --json")]
pub(crate) struct Args {
    /// Name of a recipe in recipes/
    #[arg(value_name = "RECIPE")]
    recipe: String,
    /// Ask about this moment instead of now; denials known today count all the same
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    let open = ctx.open()?;
    let work = Work::open(&open, &args.recipe, args.at.as_deref(), ctx.now())?;
    may_build(&open, &work)?;
    let ui = &ctx.ui;
    let bar = ui.bar(ui.t("building", "baue"));
    let built = publish(ctx, &open, &work, &bar)?;
    let took = bar.elapsed();
    drop(bar);
    let summary = built.tally.summary();
    ui.line(&head(ui, &work));
    let words = ui.t("revision", "Revision");
    ui.line(&format!("{words} {}: {}", built.revision.revision, built.path.display()));
    ui.line("");
    report::show(ui, &summary);
    if let Some(curated) = &built.curated {
        funnel(ui, curated);
    }
    let (rows, size) = (count(built.content.records.rows), bytes(built.content.shards.iter().map(|s| s.bytes).sum()));
    let files = built.content.shards.len();
    ui.line(&format!("\n{rows} {} {files} {}, {size}", ui.t("rows in", "Zeilen in"), ui.t("files", "Dateien")));
    let since = since_parent(&open, &work, &built)?;
    if let Some(since) = &since {
        ui.heading(&format!("{} {}", ui.t("Since revision", "Seit Revision"), since.from));
        report::difference(ui, since);
    }
    ui.say(&format!("{} {}", ui.t("built in", "gebaut in"), duration(took)));
    ui.answer(&json!({"corpus": work.recipe.name, "revision": built.revision.revision, "path": built.path,
        "content_sha256": built.revision.content_sha256, "rows": built.content.records.rows, "retries": built.retries,
        "summary": summary, "curation": built.curated, "difference": since}));
    Ok(())
}

/// Writes the revision into the log, and its parent where a kill came before that, and publishes the log.
fn log_revision(ctx: &Context, open: &Open, built: &Built) -> Outcome {
    let store = Store::new(&open.home.store());
    let (corpus, revision) = (&built.revision.corpus, built.revision.revision);
    for number in built.revision.parent.into_iter().chain([revision]) {
        Published::open(&store, corpus, Some(number))?.logged(open, ctx.now())?;
    }
    open.publish(ctx.now()).map(drop)
}

/// What the revision has that its parent has not.
fn since_parent(open: &Open, work: &Work, built: &Built) -> Outcome<Option<Difference>> {
    let Some(parent) = built.revision.parent else { return Ok(None) };
    difference(&Store::new(&open.home.store()), &work.recipe.name, parent, built.revision.revision)
        .map(Some)
        .map_err(|e| from_library(Exit::BadInput, &e))
}

/// Publishes, with the ledger as barrier, and logs what was published.
pub(crate) fn publish(ctx: &Context, open: &Open, work: &Work, bar: &Bar) -> Outcome<Built> {
    let store = Store::new(&open.home.store());
    ledger_continues(&work.ledger, &store)?;
    work.book.keep(&open.home)?;
    let barrier = LedgerBarrier::new(open, &work.ledger);
    let built = build(&work.vault, &store, &work.snapshot, &work.order(), ctx.now(), &barrier, &|done, of| {
        bar.total(of);
        bar.position(done);
    })
    .map_err(|e| from_library(if e.is_damage() { Exit::BadInput } else { Exit::Refused }, &e))?;
    log_revision(ctx, open, &built)?;
    Ok(built)
}

/// Refuses what must not be built.
pub(crate) fn may_build(open: &Open, work: &Work) -> Outcome {
    let names = work.recipe.packs.join(" ");
    if work.book.packs.is_replay() {
        return Err(Failure::refused(format!(
            "`{names}` only shows what somebody claimed; it is no ground for a corpus"
        ))
        .hint("name other packs in the recipe, such as core and eu-gdpr"));
    }
    if let Some((pack, why)) = work.book.unsigned.first() {
        return Err(Failure::refused(format!("nobody vouches for the pack `{pack}`: {why}"))
            .hint(format!("mandat packs sign {pack}")));
    }
    let (recipe, list) = (&work.recipe, work.recipe.packs.join(","));
    if let Some(gap) = first_gap(&work.book.packs, recipe.profile) {
        let mut failure = Failure::refused(format!("the rules of `{names}` have a gap: {}", gap.message));
        let mut before = "core,eu-gdpr".to_owned();
        if let Some((revision, people)) = untold(open, work)? {
            let people = if people == 1 { "1 person".to_owned() } else { format!("{people} people") };
            let words = "would come in without having been told, beside the rules of revision";
            failure.causes.push(format!("{people} {words} {revision}"));
            before = revision.to_string();
        }
        return Err(failure.hint(format!(
            "mandat packs check {list} says when, mandat packs diff {before} {list} --recipe {} whom",
            recipe.name
        )));
    }
    if Tested::read(&open.home)?.of(&work.book).is_none() {
        return Err(Failure::refused(format!("the rules of `{names}` have not passed their tests as they stand"))
            .hint("mandat packs test"));
    }
    let controller = open.home.settings.values.controller.controller();
    let purpose = &recipe.purpose;
    if !controller.dpia.covers(purpose) {
        return Err(on_file("a data protection impact assessment (GDPR Art 35)", purpose, "dpia"));
    }
    let interest = recipe.profile == mandat_core::vocab::Profile::LegitimateInterest;
    if interest && !controller.has_lia(purpose, &recipe.recipient) {
        return Err(on_file("a legitimate interest assessment", purpose, "lia"));
    }
    Ok(())
}

/// How many people would come in who were never told, by these rules instead of those of the last revision;
/// `None` if there is none, or its packs were not kept.
fn untold(open: &Open, work: &Work) -> Outcome<Option<(u64, usize)>> {
    let store = Store::new(&open.home.store());
    let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
    let corpus = &work.recipe.name;
    let Some(last) = store.revisions(corpus).map_err(|e| refuse(&e))?.pop() else { return Ok(None) };
    let refs = store.content(corpus, last).map_err(|e| refuse(&e))?.packs;
    let Some(sources) = kept(&open.home, &refs)? else { return Ok(None) };
    let before = compile(&sources)?;
    let rules = Rules { table: &before.table, settings: before.settings, packs: &refs };
    let found = compare(&work.vault, &work.snapshot, &Order { rules, ..work.order() }, &work.order(), &|_, _| {});
    Ok(Some((last, found.map_err(|e| refuse(&e))?.untold.len())))
}

fn on_file(what: &str, purpose: &str, key: &str) -> Failure {
    Failure::refused(format!("`{purpose}` needs {what}, and none is on file"))
        .hint(format!("once you have one, write {key} = [\"{purpose}\"] into mandat.toml, section [controller]"))
}
