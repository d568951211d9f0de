use std::path::PathBuf;

use clap::Subcommand;
use mandat_core::notice::Notice;
use serde_json::json;

use crate::commands::context::Context;
use crate::commands::lines::{self, Lines, Rejected};
use crate::commands::people::nothing_taken;
use crate::failure::{Exit, Outcome, from_library};
use crate::ui::count;

/// Keep the texts that people were shown
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mandat notices import notices.jsonl")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Import(Import),
}

/// Take in notices, one JSON object a line
///
/// Fields: id, published, effective, purposes, categories, recipients, covers_earlier_records,
/// languages, text (by language). A changed text needs a new id: people were told the old one.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mandat notices import notices.jsonl")]
struct Import {
    /// Files of JSON Lines; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    let What::Import(args) = &args.what;
    let open = ctx.open()?;
    let mut ledger = open.ledger()?;
    let (mut accepted, mut unchanged) = (0, 0);
    let mut rejected: Vec<Rejected> = Vec::new();
    for file in &args.files {
        let mut read: Lines<Notice> = Lines::open(file)?;
        let report = ledger.import_notices(&mut read, ctx.now()).map_err(|e| from_library(Exit::Refused, &e))?;
        accepted += report.accepted;
        unchanged += report.unchanged;
        for index in report.refused {
            read.reject(index, "another text has this id, or it has none; a changed text needs a new id".into());
        }
        rejected.extend(read.finish()?);
    }
    drop(ledger);
    open.publish(ctx.now())?;
    let ui = &ctx.ui;
    ui.line(&format!("{} {}", count(accepted), ui.t("notices taken in", "Mitteilungen aufgenommen")));
    if unchanged > 0 {
        ui.line(&format!("{} {}", count(unchanged), ui.t("were there already", "waren schon da")));
    }
    lines::report(ui, &rejected);
    ui.answer(&json!({"accepted": accepted, "unchanged": unchanged, "rejected": rejected}));
    nothing_taken(accepted + unchanged, &rejected)
}
