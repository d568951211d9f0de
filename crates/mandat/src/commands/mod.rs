//! The commands, one file each: `Args` and `run`.

pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod choices;
pub(crate) mod config;
mod context;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod ingest;
pub(crate) mod init;
pub(crate) mod ledger;
mod lines;
pub(crate) mod log;
mod measure;
pub(crate) mod notices;
pub(crate) mod packs;
pub(crate) mod people;
pub(crate) mod plan;
pub(crate) mod prove;
mod raw_choices;
pub(crate) mod report;
mod strict;
pub(crate) mod verify;

use crate::cli::{Cli, Command};
use crate::failure::Outcome;
use crate::surroundings::Surroundings;
use crate::ui::Ui;

pub(crate) use context::{Context, Open};

/// Runs the command that was asked for.
pub(crate) fn run(ui: Ui, around: &Surroundings, cli: &Cli) -> Outcome {
    let mut ctx = Context { ui, around: around.clone(), global: cli.global.clone() };
    match &cli.command {
        Command::Init(args) => init::run(&ctx, args),
        Command::Demo(args) => demo::run(&mut ctx, args),
        Command::Ingest(args) => ingest::run(&mut ctx, args),
        Command::People(args) => people::run(&mut ctx, args),
        Command::Notices(args) => notices::run(&mut ctx, args),
        Command::Choices(args) => choices::run(&mut ctx, args),
        Command::Log(args) => log::run(&mut ctx, args),
        Command::Packs(args) => packs::run(&mut ctx, args),
        Command::Plan(args) => plan::run(&mut ctx, args),
        Command::Build(args) => build::run(&mut ctx, args),
        Command::Export(args) => export::run(&mut ctx, args),
        Command::Report(args) => report::run(&mut ctx, args),
        Command::Explain(args) => explain::run(&mut ctx, args),
        Command::Prove(args) => prove::run(&mut ctx, args),
        Command::Audit(args) => audit::run(&mut ctx, args),
        Command::Verify(args) => verify::run(&mut ctx, args),
        Command::Ledger(args) => ledger::run(&mut ctx, args),
        Command::Config(args) => config::run(&ctx, args),
        Command::Doctor(args) => doctor::run(&mut ctx, args),
        Command::Bench(args) => bench::run(&ctx, args),
    }
}
