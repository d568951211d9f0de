//! Receipts for what people decided: text files that anybody can check, and only their owner can read.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use mandat_core::proof::Receipt as Proof;
use mandat_ledger::{Ledger, LogError, Receipts};
use serde_json::{Value, json};

use crate::commands::{Context, Open};
use crate::failure::{Exit, Failure, OrFail, Outcome, from_library};
use crate::ui::{Table, count};

/// Give the receipt of an event, or of everything a person did
///
/// A receipt is a text file that shows what was logged, when, and under which signed head of the log. It can be
/// checked without this home, and asked for again it is the same. It holds what the person said: hand it to
/// nobody else.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mandat choices receipt event-7 > event-7.receipt\n  \
                  mandat choices receipt account-17 --account --platform mastodon --out ../receipts\n  \
                  mandat choices receipt --position 42")]
pub(super) struct Receipt {
    /// Id of an event, or of an account
    #[arg(value_name = "EVENT|ACCOUNT", required_unless_present = "position")]
    what: Option<String>,
    /// It is the id of an event
    #[arg(long, conflicts_with_all = ["account", "position"])]
    event: bool,
    /// It is the id of an account
    #[arg(long, conflicts_with = "position")]
    account: bool,
    /// Platform of the account (default: the home's setting)
    #[arg(long)]
    platform: Option<String>,
    /// The row of the ledger at this position; also of an erasure
    #[arg(long, value_name = "NUMBER", conflicts_with = "what")]
    position: Option<u64>,
    /// Write POSITION.receipt files into this folder outside the home
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(super) fn run(ctx: &mut Context, args: &Receipt) -> Outcome {
    let open = ctx.open()?;
    let out = args.out.as_deref().map(|out| folder(ctx, &open, out)).transpose()?;
    let ledger = open.ledger()?;
    let positions = positions(&open, &ledger, args)?;
    // What a killed command left unpublished.
    open.publish(ctx.now())?;
    let publisher = open.publisher(&ledger)?;
    let mut receipts = ledger.receipts(publisher.files());
    let mut found = Vec::new();
    for position in positions {
        found.push((position, give(&mut receipts, position)?));
    }
    if let Some(out) = &out {
        for (position, receipt) in &found {
            write_one(out, *position, receipt)?;
        }
    }
    show(ctx, out.as_deref(), &found)
}

fn give(receipts: &mut Receipts<'_>, position: u64) -> Outcome<Proof> {
    receipts.of(position).map_err(|e| match e {
        LogError::Erased(_) => from_library(Exit::Refused, &e)
            .hint("only the person has what they were given; the receipt of the erasure is that of the last position"),
        _ => from_library(Exit::Refused, &e),
    })
}

/// The acts of an event or of an account; what could be either is refused, or one person got what is another's.
fn positions(open: &Open, ledger: &Ledger, args: &Receipt) -> Outcome<Vec<u64>> {
    if let Some(position) = args.position {
        return Ok(vec![position]);
    }
    let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
    let what = args.what.as_deref().unwrap_or_default();
    let event = if args.account { Vec::new() } else { ledger.positions_of_id(what).map_err(|e| refuse(&e))? };
    let account = if args.event { None } else { of_account(open, ledger, args, what)? };
    match (event.is_empty(), account) {
        (false, None) => Ok(event),
        (true, Some(found)) if !found.is_empty() => Ok(found),
        (true, Some(_)) => {
            Err(Failure::refused("this account did nothing that is logged").hint("nothing to give a receipt for"))
        }
        (false, Some(_)) => Err(Failure::refused("an event and an account have that id, maybe of two people")
            .hint("say which is meant with --event or --account")),
        (true, None) => Err(Failure::bad_input("neither an event nor an account of that id is known")
            .hint("check the id, and --platform")),
    }
}

fn of_account(open: &Open, ledger: &Ledger, args: &Receipt, account: &str) -> Outcome<Option<Vec<u64>>> {
    let Some(platform) = open.platform(args.platform.as_deref()) else { return Ok(None) };
    let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
    let Some(person) = ledger.person_of(platform, account).map_err(|e| refuse(&e))? else { return Ok(None) };
    ledger.positions_of(person).map_err(|e| refuse(&e)).map(Some)
}

fn show(ctx: &Context, out: Option<&Path>, found: &[(u64, Proof)]) -> Outcome {
    let ui = &ctx.ui;
    let lines = found.iter().map(|(position, receipt)| as_json(*position, receipt)).collect::<Vec<_>>();
    ui.answer(&lines);
    match (out, found) {
        (Some(out), found) => {
            let many = count(found.len() as u64);
            ui.line(&format!(
                "{many} {} {}",
                ui.t("receipts written into", "Quittungen geschrieben in"),
                out.display()
            ));
        }
        (None, [(_, receipt)]) => ui.line(receipt.to_string().trim_end()),
        (None, found) => {
            let mut table =
                Table::new(&[ui.t("position>", "Position>"), ui.t("entry>", "Eintrag>"), ui.t("what", "was")]);
            for (position, receipt) in found {
                table.row([position.to_string(), receipt.proof.index.to_string(), kind(receipt).to_owned()]);
            }
            ui.table(&table);
            ui.say(ui.t("--out FOLDER writes them", "--out ORDNER schreibt sie"));
        }
    }
    Ok(())
}

fn as_json(position: u64, receipt: &Proof) -> Value {
    json!({"position": position, "index": receipt.proof.index, "kind": kind(receipt), "receipt": receipt.to_string()})
}

/// The word for what a receipt is about.
fn kind(receipt: &Proof) -> &'static str {
    crate::commands::log::word(receipt.batch.as_ref().map_or(receipt.entry.kind(), |step| step.kind))
}

/// Makes a folder for receipts. Inside the home they would outlive an erasure.
pub(super) fn folder(ctx: &Context, open: &Open, folder: &Path) -> Outcome<PathBuf> {
    let path = ctx.path(folder);
    let refuse = || format!("cannot make `{}`", folder.display());
    std::fs::create_dir_all(&path).or_refuse(refuse)?;
    let path = path.canonicalize().or_refuse(refuse)?;
    let inside = [&open.home.root, &open.home.store()]
        .into_iter()
        .any(|own| own.canonicalize().is_ok_and(|own| path.starts_with(own)));
    if inside {
        // It was made a moment ago, or holds something and stays.
        let _left = std::fs::remove_dir(&path);
        return Err(Failure::refused("receipts hold what people said, and an erasure would not find them in the home")
            .hint("name a folder outside the home, and hand them out from there"));
    }
    Ok(path)
}

/// Writes the receipts of an import and `receipts.jsonl`, which says for each line of the input which ones they are.
pub(super) fn write(
    ctx: &Context,
    open: &Open,
    ledger: &Ledger,
    places: &[(PathBuf, Vec<(u64, u64)>)],
    folder: &Path,
) -> Outcome<u64> {
    let bar = ctx.ui.bar(ctx.ui.t("writing receipts", "schreibe Quittungen"));
    bar.total(places.iter().map(|(_, lines)| lines.len() as u64).sum());
    let publisher = open.publisher(ledger)?;
    let mut receipts = ledger.receipts(publisher.files());
    let path = folder.join("receipts.jsonl");
    let refuse = || format!("cannot write `{}`", path.display());
    let mut index = BufWriter::new(File::create(&path).or_refuse(refuse)?);
    let mut written = 0;
    for (file, lines) in places {
        for (line, first) in lines {
            let positions = ledger.positions_with(*first).map_err(|e| from_library(Exit::Refused, &e))?;
            for position in positions.into_iter().filter(|position| position >= first) {
                match receipts.of(position) {
                    Ok(receipt) => write_one(folder, position, &receipt)?,
                    // A line that was taken in before, of somebody who was erased since.
                    Err(LogError::Erased(_)) => continue,
                    Err(e) => return Err(from_library(Exit::Refused, &e)),
                }
                let entry = json!({"file": file, "line": line, "position": position, "receipt": name(position)});
                writeln!(index, "{entry}").or_refuse(refuse)?;
                written += 1;
            }
            bar.advance(1);
        }
    }
    index.flush().and_then(|()| index.get_ref().sync_all()).or_refuse(refuse)?;
    Ok(written)
}

fn name(position: u64) -> String {
    format!("{position:010}.receipt")
}

fn write_one(folder: &Path, position: u64, receipt: &Proof) -> Outcome {
    let path = folder.join(name(position));
    std::fs::write(&path, receipt.to_string()).or_refuse(|| format!("cannot write `{}`", path.display()))
}
