mod curation;
mod picture;

use clap::Subcommand;

use crate::commands::Context;
use crate::failure::Outcome;

pub(crate) use curation::funnel;

/// Say what was done, in tables, JSON and pictures
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mandat report curation\n  mandat report curation 2 --pictures pictures/")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Curation(curation::Args),
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    match &args.what {
        What::Curation(args) => curation::run(ctx, args),
    }
}
