//! `mandat log`: what a stranger can check, and what watches over it.

mod show;
mod watch;

use clap::Subcommand;
use mandat_core::proof::EntryKind;

use crate::commands::Context;
use crate::failure::Outcome;

/// Look at the transparency log: every choice, notice and order as an entry that names nobody
///
/// The log is the folder log/ of the store: C2SP tlog-tiles that can be served as they are. Every command that takes
/// something in publishes it; receipts show single entries to whoever owns them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mandat log checkpoint\n  mandat log tail\n  mandat log fsck\n  \
                  mandat log monitor --log copy/log --key KEY --state seen.checkpoint")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Checkpoint(show::Checkpoint),
    Tail(show::Tail),
    Fsck(show::Fsck),
    Witness(watch::Witness),
    Monitor(watch::Monitor),
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    match &args.what {
        What::Checkpoint(args) => show::checkpoint(ctx, args),
        What::Tail(args) => show::tail(ctx, args),
        What::Fsck(args) => show::fsck(ctx, args),
        What::Witness(args) => watch::witness(ctx, args),
        What::Monitor(args) => watch::monitor(ctx, args),
    }
}

/// The word for what an entry is about.
pub(crate) const fn word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Choice => "choice",
        EntryKind::Delivery => "delivery",
        EntryKind::Tombstone => "tombstone",
        EntryKind::Batch => "batch",
        EntryKind::Notice => "notice",
        EntryKind::Order => "order",
        EntryKind::Revision => "revision",
        EntryKind::Exclusion => "exclusion",
        EntryKind::Packs => "packs",
        EntryKind::Marks => "marks",
        EntryKind::Note => "note",
    }
}

pub(crate) use show::published;
