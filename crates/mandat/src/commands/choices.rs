mod receipts;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Subcommand;
use mandat_core::event::EventLine;
use mandat_core::time::Micros;
use mandat_ledger::{Ledger, widen};
use serde::Serialize;
use serde_json::json;

use crate::commands::context::Context;
use crate::commands::lines::{self, Lines, Rejected};
use crate::commands::people::nothing_taken;
use crate::commands::strict;
use crate::failure::{Exit, Outcome, from_library};
use crate::ui::{Table, Ui, count};

/// Take in what people decided: notices delivered, consents, objections, erasures, orders
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mandat choices import choices.jsonl\n  mandat choices receipt account-17\n  \
                  mandat choices batches\n  mandat choices undo 1")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Import(Import),
    Receipt(receipts::Receipt),
    Batches(Batches),
    Undo(Undo),
}

/// Take in files of events, one JSON object a line, as a batch that can be undone
///
/// An event that is there already changes nothing. A consent names its purposes, and needs its notice
/// and its method as evidence. A denial is never lost: with an unknown purpose, an empty list or a key
/// that is not known it reaches everything, and its line is named.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mandat choices import choices.jsonl --platform mastodon\n  \
                  mandat choices import choices.jsonl --receipts ../receipts")]
struct Import {
    /// Files of JSON Lines; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Platform of lines that name none
    #[arg(long)]
    platform: Option<String>,
    /// Write a receipt for every event that is in the ledger then, new or not, into this folder outside the home
    #[arg(long, value_name = "FOLDER")]
    receipts: Option<PathBuf>,
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
        What::Receipt(args) => receipts::run(ctx, args),
        What::Batches(_) => batches(ctx),
        What::Undo(args) => undo(ctx, args),
    }
}

/// What became of the files of an import.
#[derive(Default, Serialize)]
struct Imported {
    accepted: u64,
    duplicates: u64,
    unknown_accounts: u64,
    /// Denials read wider than their words, which would have reached nothing.
    widened: Vec<u64>,
    /// Denials that could not be read in full, taken in as wide as they may be meant.
    taken_strictly: Vec<u64>,
    /// Denials taken in although their id belongs to another event.
    conflicts: Vec<u64>,
    batches: Vec<u64>,
    rejected: Vec<Rejected>,
    /// Receipts written; `None` if none were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipts: Option<u64>,
    /// Line and first position of the events that receipts are asked for, file by file.
    #[serde(skip)]
    places: Vec<(PathBuf, Vec<(u64, u64)>)>,
}

fn import(ctx: &mut Context, args: &Import) -> Outcome {
    let open = ctx.open()?;
    let folder = args.receipts.as_deref().map(|folder| receipts::folder(ctx, &open, folder)).transpose()?;
    let mut ledger = open.ledger()?;
    let platform = open.platform(args.platform.as_deref());
    let offers = open.home.settings.values.controller.controller().offers;
    let purposes: Vec<String> = offers.iter().flat_map(|offer| offer.purposes.iter().map(str::to_owned)).collect();
    let mut done = Imported { receipts: folder.as_ref().map(|_| 0), ..Imported::default() };
    for file in &args.files {
        import_file(&mut ledger, file, platform, &purposes, ctx.now(), &mut done)?;
    }
    open.publish(ctx.now())?;
    if let Some(folder) = &folder {
        done.receipts = Some(receipts::write(ctx, &open, &ledger, &done.places, folder)?);
    }
    tell(&ctx.ui, &done);
    nothing_taken(done.accepted + done.duplicates, &done.rejected)
}

fn import_file(
    ledger: &mut Ledger,
    file: &Path,
    platform: Option<&str>,
    purposes: &[String],
    now: Micros,
    done: &mut Imported,
) -> Outcome {
    let (platform, purposes) = (platform.map(str::to_owned), purposes.to_vec());
    let widened = Rc::new(RefCell::new(Vec::new()));
    let wider = Rc::clone(&widened);
    let check = move |event: &mut EventLine, line| {
        complete(event, platform.as_deref())?;
        if widen(event, &purposes) {
            wider.borrow_mut().push(line);
        }
        Ok(())
    };
    let mut read = Lines::open(file)?.checked(check).rescued_by(strict::denial, now);
    let mut places = Vec::new();
    let wanted = done.receipts.is_some();
    let mut note = |index, position| {
        if wanted {
            places.push((index, position));
        }
    };
    let import =
        ledger.import_choices_noting(&mut read, now, &mut note).map_err(|e| from_library(Exit::Refused, &e))?;
    let places = places.into_iter().map(|(index, position): (usize, u64)| (read.numbers[index], position));
    done.places.push((file.to_owned(), places.collect()));
    for (index, why) in import.report.rejected {
        read.reject(index, why.to_string());
    }
    done.accepted += import.report.accepted;
    done.duplicates += import.report.duplicates;
    done.unknown_accounts += import.report.unknown_accounts;
    done.conflicts.extend(import.report.conflicts.iter().map(|index| read.numbers[*index]));
    done.taken_strictly.append(&mut read.rescued);
    done.widened.append(&mut widened.borrow_mut());
    done.batches.extend(import.batch);
    done.rejected.extend(read.finish()?);
    Ok(())
}

/// Fills in the platform; refuses what nobody could find again.
fn complete(event: &mut EventLine, platform: Option<&str>) -> Result<(), String> {
    event.platform = event.platform.take().filter(|p| !p.is_empty()).or_else(|| platform.map(str::to_owned));
    let accounts = event.account.iter().chain(event.accounts.iter().flatten());
    if accounts.clone().any(|account| account.trim().is_empty()) {
        return Err("`account` is empty".into());
    }
    let named = accounts.count() > 0 || event.record.is_some() || event.records.is_some();
    if named && event.platform.is_none() {
        return Err(lines::NO_PLATFORM.into());
    }
    Ok(())
}

fn tell(ui: &Ui, done: &Imported) {
    let batch = done.batches.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    ui.line(&format!(
        "{} {} {batch}",
        count(done.accepted),
        ui.t("events taken in, batch", "Ereignisse aufgenommen, Stapel")
    ));
    for (number, english, german) in [
        (done.receipts.unwrap_or(0), "receipts written", "Quittungen geschrieben"),
        (done.duplicates, "were there already", "waren schon da"),
        (
            done.unknown_accounts,
            "name an account that nobody has seen yet",
            "nennen ein Konto, das noch niemand gesehen hat",
        ),
    ] {
        if number > 0 {
            ui.line(&format!("{} {}", count(number), ui.t(english, german)));
        }
    }
    for (numbers, english, german) in [
        (
            &done.widened,
            "denials with an empty list, an unknown purpose or a reversed span reach everything, lines",
            "Ablehnungen mit leerer Liste, unbekanntem Zweck oder verkehrter Spanne gelten für alles, Zeilen",
        ),
        (
            &done.taken_strictly,
            "denials could not be read in full and were taken in strictly, for everything, lines",
            "Ablehnungen waren nicht ganz lesbar und wurden streng aufgenommen, für alles, Zeilen",
        ),
        (
            &done.conflicts,
            "denials whose event_id belongs to another event were taken in under one of their own, lines",
            "Ablehnungen, deren event_id einem anderen Ereignis gehört, bekamen eine eigene, Zeilen",
        ),
    ] {
        if !numbers.is_empty() {
            let (many, lines) = (count(numbers.len() as u64), lines::numbers(numbers));
            ui.line(&format!("{many} {} {lines}", ui.t(english, german)));
        }
    }
    lines::report(ui, &done.rejected);
    ui.answer(done);
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
    open.publish(ctx.now())?;
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
