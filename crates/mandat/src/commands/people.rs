use std::path::PathBuf;

use clap::Subcommand;
use mandat_core::person::PersonLine;
use mandat_core::time::Micros;
use serde_json::json;

use crate::accounts::LedgerAccounts;
use crate::commands::context::{Context, Open};
use crate::commands::lines::{self, Lines, Rejected};
use crate::failure::{Exit, Failure, Outcome, from_library};
use crate::ui::count;

/// Tell Mandat who people are: country, age, kind of account
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mandat people import people.jsonl --platform mastodon")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Import(Import),
}

/// Take in files of people, one JSON object a line
///
/// Fields: account, platform, handles, kind, holders, country, region, residence, born or age_band,
/// born_source, org, status, languages, last_interaction. Unknown age is a minor, unknown country is
/// the EU. The same line again changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mandat people import people.jsonl --platform mastodon")]
struct Import {
    /// Files of JSON Lines; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Platform of lines that name none
    #[arg(long)]
    platform: Option<String>,
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    let What::Import(args) = &args.what;
    let open = ctx.open()?;
    let mut ledger = open.ledger()?;
    let platform = open.platform(args.platform.as_deref());
    let (mut accepted, mut unchanged, mut suppressed) = (0, 0, 0);
    let mut rejected: Vec<Rejected> = Vec::new();
    for file in &args.files {
        let default = platform.map(str::to_owned);
        let now = ctx.now();
        let check = move |line: &mut PersonLine, _| check(line, default.as_deref(), now);
        let mut read: Lines<PersonLine> = Lines::open(file)?.checked(check);
        let report =
            ledger.import_people(&mut read, platform, ctx.now()).map_err(|e| from_library(Exit::Refused, &e))?;
        rejected.extend(read.finish()?);
        accepted += report.accepted;
        unchanged += report.unchanged;
        suppressed += report.suppressed;
    }
    drop(ledger);
    refresh_handles(ctx, &open)?;
    open.publish(ctx.now())?;
    let ui = &ctx.ui;
    ui.line(&format!("{} {}", count(accepted), ui.t("people taken in", "Personen aufgenommen")));
    for (number, english, german) in [
        (unchanged, "said nothing new", "sagten nichts Neues"),
        (suppressed, "were erased and stay so", "wurden gelöscht und bleiben es"),
    ] {
        if number > 0 {
            ui.line(&format!("{} {}", count(number), ui.t(english, german)));
        }
    }
    lines::report(ui, &rejected);
    ui.answer(&json!({"accepted": accepted, "unchanged": unchanged, "suppressed": suppressed, "rejected": rejected}));
    nothing_taken(accepted + unchanged + suppressed, &rejected)
}

/// What a line of people must say; `platform` is that of lines that name none.
fn check(line: &mut PersonLine, platform: Option<&str>, now: Micros) -> Result<(), String> {
    line.platform = line.platform.take().filter(|p| !p.is_empty()).or_else(|| platform.map(str::to_owned));
    if line.account.trim().is_empty() {
        return Err("`account` is empty".into());
    }
    if line.platform.is_none() {
        return Err(lines::NO_PLATFORM.into());
    }
    if line.born.is_some_and(|born| born > now) {
        return Err("`born` lies in the future".into());
    }
    Ok(())
}

/// Names in texts may now belong to somebody.
fn refresh_handles(ctx: &Context, open: &Open) -> Outcome {
    let mut vault = open.vault()?;
    if vault.batches().is_empty() {
        return Ok(());
    }
    let mut accounts = LedgerAccounts::new(open.ledger()?, ctx.now());
    vault.refresh_handles(&mut accounts).map(drop).map_err(|e| from_library(Exit::Refused, &e))
}

/// An import that took nothing in, of lines that were there, is bad input.
pub(super) fn nothing_taken(taken: u64, rejected: &[Rejected]) -> Outcome {
    if taken == 0 && !rejected.is_empty() {
        return Err(Failure::bad_input("no line could be taken in").hint("the first rejected lines are listed above"));
    }
    Ok(())
}
