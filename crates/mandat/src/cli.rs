//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands;
use crate::ui::Lang;

/// Turn what people post into training data that holds only what each person allows
#[derive(Debug, Parser)]
#[command(name = "mandat", version, max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "Examples:\n  mandat demo                     see everything once, with invented people\n  \
    mandat init && mandat ingest posts.jsonl.zst && mandat plan own-model\n\n\
    Exit codes: 0 done, 1 refused or not verified, 2 usage, 3 bad input, 255 our bug")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Work in this home (default: MANDAT_HOME, or the folder here or above that has a mandat.toml)
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) home: Option<PathBuf>,
    /// Answer with one JSON document on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Speak German or English (default: the home's setting, or the system's language)
    #[arg(long, global = true, value_name = "de|en", hide_possible_values = true)]
    pub(crate) lang: Option<Lang>,
}

/// Every command is a file in `commands/`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(commands::init::Args),
    Demo(commands::demo::Args),
    Ingest(commands::ingest::Args),
    People(commands::people::Args),
    Notices(commands::notices::Args),
    Choices(commands::choices::Args),
    Log(commands::log::Args),
    Packs(commands::packs::Args),
    Plan(commands::plan::Args),
    Build(commands::build::Args),
    Export(commands::export::Args),
    Report(commands::report::Args),
    Explain(commands::explain::Args),
    Prove(commands::prove::Args),
    Verify(commands::verify::Args),
    Ledger(commands::ledger::Args),
    Audit(commands::audit::Args),
    Config(commands::config::Args),
    Doctor(commands::doctor::Args),
    Bench(commands::bench::Args),
}
