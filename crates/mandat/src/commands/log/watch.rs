//! From outside: a witness signs what goes on from what it saw, a monitor reads everything.

use std::path::{Path, PathBuf};

use mandat_core::proof::{Entry, EntryKind, NoteKey, SignedNote, StoredTree, Tile, Trust, Trusted};
use mandat_ledger::{FileWitness, LogFiles};
use serde_json::json;

use super::word;
use crate::commands::Context;
use crate::failure::{Exit, Failure, OrFail, Outcome, from_library};
use crate::ui::count;

/// A log to look at: that of the home, or a copy of somebody else's.
#[derive(Debug, clap::Args)]
struct Source {
    /// Folder of the log (default: that of the home)
    #[arg(long, value_name = "FOLDER", requires = "key")]
    log: Option<PathBuf>,
    /// Public key of the log, as `mandat log checkpoint` says it
    #[arg(long, value_name = "KEY", requires = "log")]
    key: Option<String>,
}

/// Sign the newest checkpoint as a witness, if the log goes on from what the witness saw last
///
/// A witness is a folder with a key and a memory. Kept by somebody else, on another machine, it notices a log that
/// shows different people different histories. Name its folder in mandat.toml under `[log]` witnesses and it signs
/// every checkpoint before it is published.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mandat log witness ../witness --new witness.example.org\n  \
                  mandat log witness ../witness --log copy/log --key KEY > cosigned.checkpoint")]
pub(super) struct Witness {
    /// Folder of the witness
    folder: PathBuf,
    /// Make a new witness of this name
    #[arg(long, value_name = "NAME", conflicts_with_all = ["log", "key"])]
    new: Option<String>,
    #[command(flatten)]
    source: Source,
}

/// Read a whole log as an outsider: signature, every hash, and whether it goes on from what was seen last
///
/// Needs no home and no secret: a copy of the log folder and the public key. Ends with 1 if the log was changed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mandat log monitor --log copy/log --key log.example.org/choices+0a1b2c3d+AQ… --state seen.checkpoint"
)]
pub(super) struct Monitor {
    #[command(flatten)]
    source: Source,
    /// File that remembers the checkpoint seen last; made if it is not there
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

impl Source {
    fn open(&self, ctx: &mut Context) -> Outcome<(LogFiles, Trust)> {
        let (Some(log), Some(key)) = (&self.log, &self.key) else {
            let open = ctx.open()?;
            let publisher = open.publisher(&open.ledger()?)?;
            return Ok((publisher.files().clone(), publisher.trust().clone()));
        };
        let key: NoteKey = key.parse().map_err(|_| {
            Failure::usage("--key is no public key of a log").hint("expected NAME+8 hexadecimal digits+base64")
        })?;
        Ok((LogFiles::new(&ctx.path(log)), Trust::in_log(key)))
    }
}

fn newest(files: &LogFiles, trust: &Trust) -> Outcome<(Trusted, SignedNote)> {
    let refuse = |e: &dyn std::error::Error| from_library(Exit::Refused, e);
    let trusted = files.trusted(trust).map_err(|e| refuse(&e))?;
    let note = files.checkpoint().map_err(|e| refuse(&e))?.and_then(|note| SignedNote::parse(&note).ok());
    trusted.zip(note).ok_or_else(|| {
        Failure::bad_input(format!("there is no checkpoint in `{}`", files.folder().display())).hint("check the folder")
    })
}

pub(super) fn witness(ctx: &mut Context, args: &Witness) -> Outcome {
    let folder = ctx.path(&args.folder);
    let refuse = |e: &dyn std::error::Error| from_library(Exit::Refused, e);
    if let Some(name) = &args.new {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).or_refuse(|| "the system gives no random bytes for a key".into())?;
        let made = FileWitness::create(&folder, name, &seed).map_err(|e| refuse(&e))?;
        let ui = &ctx.ui;
        ui.line(&made.key().to_string());
        ui.say(&format!(
            "{} witnesses = [{:?}]",
            ui.t("in mandat.toml, under [log]:", "in mandat.toml, unter [log]:"),
            folder.display().to_string()
        ));
        ui.answer(&json!({"name": name, "key": made.key().to_string(), "folder": folder}));
        return Ok(());
    }
    let (files, trust) = args.source.open(ctx)?;
    let witness = FileWitness::open(&folder).map_err(|e| from_library(Exit::BadInput, &e))?;
    let (trusted, mut note) = newest(&files, &trust)?;
    let line = witness.look(&files, &trust, &note, ctx.now()).map_err(|e| refuse(&e))?;
    note.add(line.clone()).map_err(|e| refuse(&e))?;
    let ui = &ctx.ui;
    ui.line(note.to_string().trim_end());
    ui.answer(&json!({"origin": trust.origin, "size": trusted.checkpoint.size(), "line": line.to_string(),
        "note": note.to_string()}));
    Ok(())
}

pub(super) fn monitor(ctx: &mut Context, args: &Monitor) -> Outcome {
    let (files, trust) = args.source.open(ctx)?;
    let (trusted, note) = newest(&files, &trust)?;
    let state = args.state.as_deref().map(|path| ctx.path(path));
    let before = state.as_deref().map(|path| seen(path, &trust)).transpose()?.flatten();
    goes_on(&files, &trusted, before.as_ref())?;
    let from = before.as_ref().map_or(0, |seen| seen.checkpoint.size());
    let mut kinds = vec![(0_u64, 0_u64); EntryKind::ALL.len()];
    let mut unknown = 0_u64;
    let bar = ctx.ui.bar(ctx.ui.t("reading", "lese"));
    bar.total(trusted.checkpoint.size());
    let checked = files.check(&trusted, &mut |place, bytes| {
        bar.advance(1);
        match Entry::parse(bytes) {
            Ok(entry) if place >= from => {
                let at =
                    EntryKind::ALL.iter().position(|kind| *kind == entry.kind()).expect("bug: every kind is listed");
                kinds[at] = (kinds[at].0 + 1, kinds[at].1 + entry.count().unwrap_or(1));
            }
            Ok(_) => {}
            Err(_) => unknown += 1,
        }
    });
    let checked = checked.map_err(|e| from_library(Exit::Refused, &e))?;
    if unknown > 0 {
        return Err(
            Failure::refused(format!("{unknown} entries are none of this kind of log")).hint("ask the operator")
        );
    }
    if let Some(path) = &state {
        keep(path, &note)?;
    }
    let new = checked.entries - from;
    let ui = &ctx.ui;
    ui.line(&format!(
        "{} {}, {} {}",
        count(checked.entries),
        ui.t("entries hold", "Einträge stimmen"),
        count(new),
        ui.t("are new", "sind neu")
    ));
    let mut found = serde_json::Map::new();
    for (kind, (entries, acts)) in EntryKind::ALL.iter().zip(kinds).filter(|(_, (entries, _))| *entries > 0) {
        ui.line(&format!("  {} {} ({} {})", count(entries), word(*kind), count(acts), ui.t("acts", "Handlungen")));
        found.insert(word(*kind).to_owned(), json!({"entries": entries, "acts": acts}));
    }
    ui.answer(&json!({"origin": trust.origin, "size": checked.entries, "new": new,
        "root": trusted.checkpoint.root().to_string(), "kinds": found}));
    Ok(())
}

/// What was seen last; a state that cannot be read is not the same as none.
fn seen(path: &Path, trust: &Trust) -> Outcome<Option<Trusted>> {
    match std::fs::read_to_string(path) {
        Ok(note) => trust.open(&note).map(Some).map_err(|e| from_library(Exit::BadInput, &e)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Failure::bad_input(format!("cannot read `{}`", path.display())).because(&e)),
    }
}

/// Holds the log against what was seen last.
fn goes_on(files: &LogFiles, now: &Trusted, before: Option<&Trusted>) -> Outcome {
    let Some(before) = before else { return Ok(()) };
    let (old, new) = (&before.checkpoint, &now.checkpoint);
    let changed = || {
        Failure::refused(format!("the log does not go on from the {} entries that were seen", old.size()))
            .hint("keep both checkpoints: they are signed, and show that two histories were told")
    };
    if new.size() < old.size() {
        return Err(changed());
    }
    let mut read = |tile: &Tile| files.read(tile);
    let (root, _) = StoredTree::new(new.size(), *new.root(), &mut read)
        .consistency(old.size())
        .map_err(|e| from_library(Exit::Refused, &e))?;
    if root == *old.root() { Ok(()) } else { Err(changed()) }
}

fn keep(path: &Path, note: &SignedNote) -> Outcome {
    let text = note.to_string();
    mandat_ledger::durable::replace(path, &mut |out| out.write_all(text.as_bytes()))
        .or_refuse(|| format!("cannot write `{}`", path.display()))
}
