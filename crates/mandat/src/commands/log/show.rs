//! The log of a home: its head, its last entries, and whether it is whole.

use mandat_core::proof::Entry;
use mandat_core::time::Micros;
use mandat_ledger::Ledger;
use serde_json::{Value, json};

use super::word;
use crate::commands::{Context, Open};
use crate::failure::{Exit, Failure, Outcome, from_library};
use crate::ui::{Table, count};

/// Print the newest checkpoint, after publishing what a killed command left behind
///
/// Three lines (name of the log, entries, root) and the signatures of the log and its witnesses. Beside it, on standard
/// error, the public key by which others check it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mandat log checkpoint > today.checkpoint")]
pub(super) struct Checkpoint {}

/// List the last entries
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mandat log tail -n 50 --json")]
pub(super) struct Tail {
    /// How many
    #[arg(short = 'n', long = "entries", default_value_t = 10, value_name = "NUMBER")]
    entries: u64,
}

/// Hash every entry anew, and compare with all tiles, the signed root, and the ledger
///
/// Ends with 1 and names the first file that is missing or was changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mandat log fsck")]
pub(super) struct Fsck {}

pub(super) fn checkpoint(ctx: &mut Context, _: &Checkpoint) -> Outcome {
    let open = ctx.open()?;
    let published = open.publish(ctx.now())?;
    let ledger = open.ledger()?;
    let publisher = open.witnessed(&ledger)?;
    let trusted = publisher.trust().open(&published.note).map_err(|e| from_library(Exit::Refused, &e));
    let key = publisher.trust().log.first().map(ToString::to_string).unwrap_or_default();
    let ui = &ctx.ui;
    ui.line(published.note.trim_end());
    ui.say(&format!("{} {key}", ui.t("public key:", "öffentlicher Schlüssel:")));
    ui.say(&format!("{} {}", ui.t("folder:", "Ordner:"), publisher.files().folder().display()));
    let witnesses = trusted.as_ref().map_or(0, |trusted| trusted.witnesses.len());
    let root = trusted.as_ref().map_or_else(|_| String::new(), |trusted| trusted.checkpoint.root().to_string());
    ui.answer(&json!({"origin": ledger.origin(), "size": published.size, "root": root, "new": published.new,
        "witnesses": witnesses, "key": key, "folder": publisher.files().folder(), "note": published.note}));
    trusted.map(drop).map_err(|failure| {
        failure.hint("it was published under other settings; the next entry is published under those of mandat.toml")
    })
}

pub(super) fn tail(ctx: &mut Context, args: &Tail) -> Outcome {
    let open = ctx.open()?;
    let ledger = open.ledger()?;
    let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
    let size = ledger.log_size().map_err(|e| refuse(&e))?;
    let published = ledger.continues(&open.publisher(&ledger)?).map_err(|e| refuse(&e))?.unwrap_or(0);
    let first = size.saturating_sub(args.entries);
    let entries = ledger.log_entries(first..size).map_err(|e| refuse(&e))?;
    let ui = &ctx.ui;
    let mut table = Table::new(&[
        ui.t("entry>", "Eintrag>"),
        ui.t("what", "was"),
        ui.t("acts>", "Handlungen>"),
        ui.t("hour (UTC)", "Stunde (UTC)"),
    ]);
    let mut lines = Vec::new();
    for (place, entry) in (first..).zip(&entries) {
        table.row([place.to_string(), word(entry.kind()).to_owned(), count(entry.count().unwrap_or(1)), hour(entry)]);
        lines.push(as_json(place, entry));
    }
    if table.is_empty() {
        ui.line(ui.t("the log is empty", "das Protokoll ist leer"));
    } else {
        ui.table(&table);
    }
    if published < size {
        ui.say(&format!(
            "{} {}",
            count(size - published),
            ui.t(
                "entries are not published yet: mandat log checkpoint",
                "Einträge sind noch nicht veröffentlicht: mandat log checkpoint"
            )
        ));
    }
    ui.answer(&lines);
    Ok(())
}

/// One entry for a script.
fn as_json(place: u64, entry: &Entry) -> Value {
    json!({"index": place, "kind": word(entry.kind()), "count": entry.count(), "hour": hour(entry),
        "mark": entry.mark().to_string(), "commitment": entry.commitment().to_string()})
}

fn hour(entry: &Entry) -> String {
    let text = Micros(i64::from(entry.hour()) * 3_600_000_000).to_string();
    text.replacen(":00:00Z", "h", 1).replacen('T', " ", 1)
}

pub(super) fn fsck(ctx: &mut Context, _: &Fsck) -> Outcome {
    let open = ctx.open()?;
    let ledger = open.ledger()?;
    let bar = ctx.ui.bar(ctx.ui.t("hashing", "rechne nach"));
    let found = whole(&open, &ledger, &mut || bar.advance(1))?;
    let ui = &ctx.ui;
    ui.line(&format!(
        "{} {}, {} {}",
        count(found.entries),
        ui.t("entries", "Einträge"),
        count(found.tiles),
        ui.t("files: whole, signed, and as in the ledger", "Dateien: vollständig, signiert und wie im Kontobuch")
    ));
    ui.answer(&json!({"entries": found.entries, "files": found.tiles}));
    Ok(())
}

/// Checks every file of the log, and every entry against the ledger.
fn whole(open: &Open, ledger: &Ledger, step: &mut dyn FnMut()) -> Outcome<mandat_core::proof::Fsck> {
    let refuse = |e: &dyn std::error::Error| from_library(Exit::Refused, e);
    let publisher = open.publisher(ledger)?;
    let trusted = publisher.files().trusted(publisher.trust()).map_err(|e| refuse(&e))?;
    let trusted = trusted.ok_or_else(|| Failure::refused("nothing was published yet").hint("mandat log checkpoint"))?;
    let mut own: Vec<Entry> = Vec::new();
    let mut differs = None;
    let found = publisher.files().check(&trusted, &mut |place, bytes| {
        if place.is_multiple_of(BLOCK) {
            own = ledger.log_entries(place..place + BLOCK).unwrap_or_default();
        }
        let same =
            usize::try_from(place % BLOCK).ok().and_then(|at| own.get(at)).is_some_and(|e| e.to_bytes() == bytes);
        if !same {
            differs.get_or_insert(place);
        }
        step();
    });
    let found =
        found.map_err(|e| refuse(&e).hint("remove log/checkpoint and the file named, then mandat log checkpoint"))?;
    match differs {
        None => Ok(found),
        Some(place) => Err(Failure::refused(format!("entry {place} is another one in the ledger"))
            .hint("restore the ledger that goes with this log from a backup")),
    }
}

/// Entries read from the ledger at once.
const BLOCK: u64 = 4096;

/// What `doctor` says of the log.
pub(crate) fn published(ctx: &Context, open: &Open, ledger: &Ledger, deep: bool) -> Outcome<String> {
    let ui = &ctx.ui;
    let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
    let size = ledger.log_size().map_err(|e| refuse(&e))?;
    let published = ledger.continues(&open.publisher(ledger)?).map_err(|e| refuse(&e))?;
    let Some(published) = published else {
        return Err(Failure::refused("nothing is published, and entries of the ledger are waiting")
            .hint("mandat log checkpoint; if the log folder was lost, restore it from a backup first"));
    };
    open.witnessed(ledger)?;
    if deep {
        let _found = whole(open, ledger, &mut || {})?;
    }
    let mut text = format!("{} {}", count(published), ui.t("entries published", "Einträge veröffentlicht"));
    if size > published {
        text.push_str(&format!(", {} {}", count(size - published), ui.t("waiting", "warten")));
    }
    Ok(text)
}
