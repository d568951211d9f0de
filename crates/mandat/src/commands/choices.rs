use std::path::PathBuf;

use clap::Subcommand;
use mandat_core::event::EventLine;
use serde_json::json;

use crate::commands::context::Context;
use crate::commands::lines::{self, Lines, Rejected};
use crate::commands::people::nothing_taken;
use crate::failure::{Exit, Outcome, from_library};
use crate::ui::{Table, count};

/// Take in what people decided: notices delivered, consents, objections, erasures, orders
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mandat choices import choices.jsonl\n  mandat choices batches\n  mandat choices undo 1"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Import(Import),
    Batches(Batches),
    Undo(Undo),
}

/// Take in files of events, one JSON object a line, as a batch that can be undone
///
/// An event whose event_id is there already changes nothing. A consent needs its notice and its
/// method as evidence; what can only take records out is never refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mandat choices import choices.jsonl --platform mastodon")]
struct Import {
    /// Files of JSON Lines; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Platform of lines that name none
    #[arg(long)]
    platform: Option<String>,
}

/// List the batches of imported choices
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mandat choices batches --json")]
struct Batches {}

/// Make a batch of imported choices void
///
/// Permissions go, denials stay: a wrong import must not bring anybody back in.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mandat choices undo 1")]
struct Undo {
    /// Number of the batch
    batch: u64,
    /// Make denials void as well
    #[arg(long)]
    with_denials: bool,
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    match &args.what {
        What::Import(args) => import(ctx, args),
        What::Batches(_) => batches(ctx),
        What::Undo(args) => undo(ctx, args),
    }
}

fn import(ctx: &mut Context, args: &Import) -> Outcome {
    let open = ctx.open()?;
    let mut ledger = open.ledger()?;
    let platform = open.platform(args.platform.as_deref());
    let (mut accepted, mut duplicates, mut unknown) = (0, 0, 0);
    let (mut numbers, mut rejected): (Vec<u64>, Vec<Rejected>) = (Vec::new(), Vec::new());
    for file in &args.files {
        let mut read: Lines<EventLine> = Lines::open(file)?;
        let mut events = read.by_ref().map(|mut event| {
            event.platform = event.platform.or_else(|| platform.map(str::to_owned));
            event
        });
        let import = ledger.import_choices(&mut events, ctx.now()).map_err(|e| from_library(Exit::Refused, &e))?;
        for (index, why) in import.report.rejected {
            read.reject(index, why.to_string());
        }
        accepted += import.report.accepted;
        duplicates += import.report.duplicates;
        unknown += import.report.unknown_accounts;
        numbers.extend(import.batch);
        rejected.extend(read.finish()?);
    }
    let ui = &ctx.ui;
    let batch = numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    ui.line(&format!(
        "{} {} {batch}",
        count(accepted),
        ui.t("events taken in, batch", "Ereignisse aufgenommen, Stapel")
    ));
    for (number, english, german) in [
        (duplicates, "were there already", "waren schon da"),
        (unknown, "name an account that nobody has seen yet", "nennen ein Konto, das noch niemand gesehen hat"),
    ] {
        if number > 0 {
            ui.line(&format!("{} {}", count(number), ui.t(english, german)));
        }
    }
    lines::report(ui, &rejected);
    ui.answer(&json!({"accepted": accepted, "duplicates": duplicates, "unknown_accounts": unknown,
        "batches": numbers, "rejected": rejected}));
    nothing_taken(accepted + duplicates, &rejected)
}

fn batches(ctx: &mut Context) -> Outcome {
    let open = ctx.open()?;
    let batches = open.ledger()?.import_batches().map_err(|e| from_library(Exit::Refused, &e))?;
    let ui = &ctx.ui;
    let mut table = Table::new(&[
        ui.t("batch>", "Stapel>"),
        ui.t("rows>", "Zeilen>"),
        ui.t("void>", "nichtig>"),
        ui.t("taken in", "aufgenommen"),
    ]);
    for batch in &batches {
        table.row([batch.batch.to_string(), count(batch.rows), count(batch.voided), batch.appended.to_string()]);
    }
    if table.is_empty() {
        ui.line(ui.t("no choices were imported yet", "noch wurden keine Entscheidungen importiert"));
    } else {
        ui.table(&table);
    }
    let lines =
        batches.iter().map(|b| json!({"batch": b.batch, "rows": b.rows, "void": b.voided, "appended_at": b.appended}));
    ui.answer(&lines.collect::<Vec<_>>());
    Ok(())
}

fn undo(ctx: &mut Context, args: &Undo) -> Outcome {
    let open = ctx.open()?;
    let report = open
        .ledger()?
        .void_import(args.batch, args.with_denials, ctx.now())
        .map_err(|e| from_library(Exit::Refused, &e))?;
    let ui = &ctx.ui;
    ui.line(&format!("{} {}", count(report.voided), ui.t("events are void", "Ereignisse sind nichtig")));
    if report.kept > 0 {
        ui.line(&format!(
            "{} {}",
            count(report.kept),
            ui.t("denials stay; --with-denials takes them too", "Ablehnungen bleiben; --with-denials nimmt auch sie")
        ));
    }
    ui.answer(&json!({"voided": report.voided, "kept": report.kept}));
    Ok(())
}
