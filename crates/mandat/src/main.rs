//! The `mandat` binary: command line, settings, keys, and the one place that prints.
//!
//! - [`cli`] is the command line; every command is a file under [`commands`] with its `Args` and `run`;
//! - [`home`] is the folder of settings, recipes, keys and ledger;
//! - [`sample`] invents the network that `mandat demo` shows;
//! - [`surroundings`] alone reads the environment and the clock, [`ui`] alone prints.
//!
//! Exit codes: 0 done, 1 refused or not verified, 2 usage, 3 bad input, 255 our bug.

mod accounts;
mod barrier;
mod cli;
mod commands;
mod failure;
mod home;
mod report;
mod revisions;
mod rules;
mod sample;
mod sentence;
mod signatures;
mod surroundings;
mod touched;
mod ui;
mod work;

use std::panic;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::failure::{BUG, Exit};
use crate::surroundings::Surroundings;
use crate::ui::{Lang, Ui};

fn main() -> ExitCode {
    panic::set_hook(Box::new(report_bug));
    panic::catch_unwind(run).unwrap_or_else(|_| ExitCode::from(BUG))
}

fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, everything else is a wrong call.
            let _gone = error.print();
            return if error.use_stderr() { ExitCode::from(Exit::Usage as u8) } else { ExitCode::SUCCESS };
        }
    };
    let around = match Surroundings::read() {
        Ok(around) => around,
        Err(failure) => {
            let ui = Ui::plain(cli.global.lang.unwrap_or(Lang::En), cli.global.json);
            ui.end(Some(&failure));
            return ExitCode::from(failure.exit as u8);
        }
    };
    let ui = Ui::new(&around, cli.global.lang.unwrap_or(around.lang), cli.global.json);
    let outcome = commands::run(ui.clone(), &around, &cli);
    ui.end(outcome.as_ref().err());
    outcome.map_or_else(|failure| ExitCode::from(failure.exit as u8), |()| ExitCode::SUCCESS)
}

/// Says where it happened and nothing of what was being worked on: that may be somebody's words.
#[expect(clippy::print_stderr, reason = "a panic may come from anywhere, also from inside the printer")]
fn report_bug(info: &panic::PanicHookInfo<'_>) {
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), |l| format!("{}:{}", l.file(), l.line()));
    eprintln!("error: this is a bug in mandat, at {place}");
    eprintln!("hint: nothing half-written is ever used; run the command again, and report the place named above");
}
