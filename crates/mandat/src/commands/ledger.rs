use mandat_ledger::CopyReport;
use serde_json::json;

use crate::commands::Context;
use crate::failure::{Exit, Failure, Outcome, from_library};
use crate::home::place_of;
use crate::ui::count;

/// Move the ledger to another database, or write it anew after erasures
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mandat ledger copy --to 'postgresql:///mandat?host=/run/postgresql'")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Copy(Copy),
    /// Write the tables that hold secrets anew, so that no older image of an erased one is left in them
    ///
    /// Every erasure does this by itself as long as those tables are small and nobody reads; on a large PostgreSQL ledger it takes
    /// minutes and nobody can read meanwhile. The server's write-ahead log, its standbys and backups keep older images as
    /// long as you let them.
    #[command(after_help = "Example:\n  mandat ledger scrub")]
    Scrub,
}

/// Copy the ledger, from SQLite to PostgreSQL or back
///
/// Every row is copied to the byte, positions and seals included, and read back: rows, SHA-256, head and a full replay must agree,
/// or it ends with 1. Nothing can be written to this home's ledger meanwhile. The home goes on with the old ledger until
/// `ledger` in mandat.toml, or MANDAT_LEDGER_URL, names the new one; from then on the old one must not be written to.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mandat ledger copy --to 'postgresql:///mandat?host=/run/postgresql'")]
struct Copy {
    /// A file, relative to the home, or a postgresql:// URL; there must be no ledger
    #[arg(long, value_name = "FILE|URL")]
    to: String,
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    match &args.verb {
        Verb::Copy(args) => copy(ctx, args),
        Verb::Scrub => scrub(ctx),
    }
}

fn copy(ctx: &mut Context, args: &Copy) -> Outcome {
    let open = ctx.open()?;
    let to = place_of(&open.home.root, &args.to)?;
    let report = open.ledger()?.copy_to(&to, open.keys.clone()).map_err(|e| from_library(Exit::Refused, &e))?;
    let CopyReport { rows, head, digest, people } = &report;
    let ui = &ctx.ui;
    let all: u64 = rows.iter().map(|(_, rows)| rows).sum();
    ui.line(&format!(
        "{} {}, {} {}: {} {to}",
        count(all),
        ui.t("rows", "Zeilen"),
        count(*people),
        ui.t("people as in a full replay", "Personen wie bei voller Wiedergabe"),
        ui.t("copied to", "kopiert nach"),
    ));
    ui.line(&format!("SHA-256 {digest}, {} {head}", ui.t("head", "Ende")));
    ui.say(ui.t(
        "next: name the new place as `ledger` in mandat.toml, and put the old ledger away: never write to both",
        "Weiter: das neue Ziel als `ledger` in mandat.toml eintragen und das alte Kontobuch wegschließen: nie in beide schreiben",
    ));
    let rows: serde_json::Map<_, _> = rows.iter().map(|(table, rows)| ((*table).to_owned(), json!(rows))).collect();
    ui.answer(&json!({"to": to.to_string(), "rows": rows, "head": head, "sha256": digest, "people": people}));
    Ok(())
}

fn scrub(ctx: &mut Context) -> Outcome {
    let open = ctx.open()?;
    let done = open.ledger()?.scrub_all().map_err(|e| from_library(Exit::BadInput, &e))?;
    let ui = &ctx.ui;
    if !done {
        return Err(Failure::refused(
            "somebody reads an older state of the ledger, or the tables may not be rewritten",
        )
        .hint("run it again when nobody reads, as the role that owns the tables"));
    }
    ui.line(ui.t(
        "no older image of a secret is left in the database",
        "kein altes Abbild eines Geheimnisses ist mehr in der Datenbank",
    ));
    ui.answer(&json!({"scrubbed": true}));
    Ok(())
}
