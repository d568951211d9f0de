//! What a change must pass and what a release is measured by, as one small tool.
//!
//! `cargo xtask ci` is exactly what continuous integration runs; the other verbs are parts of it or
//! take too long for it:
//!
//! - `ci [--no-install] [--only STEP]`: what is missing, format, lints, tidy, tests, the built
//!   corpus in DuckDB, Polars, pandas and datasets, the demo on real posts, the README's commands;
//! - `tidy`: the crate edges and the house rules that no lint knows;
//! - `demos [--write]`: the demo on every real file that lies beside the checkout;
//! - `nightly`: the same tests with many more cases, and the fuzz targets;
//! - `bench [plan|build|ingest|ledger|all]`: figures beside DuckDB and Polars, in the same run.
//!
//! It depends on no Mandat crate and builds in seconds. Start at [`ci::run`].

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "talking to the person who ran it is what xtask does")]

mod bench;
mod ci;
mod counts;
mod demos;
mod install;
mod nightly;
mod place;
mod postgres;
mod readme;
mod shell;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "usage: cargo xtask VERB

  ci [--no-install] [--only STEP]   everything a change must pass; STEP is one of the names it prints
  tidy                              crate edges, sizes, words, licences, links
  demos [--write]                   the demo on the real files beside the checkout; --write puts counts into README.md
  nightly                           many more cases, fuzzing where cargo-fuzz is installed
  bench [plan|build|ingest|ledger|all] [--records N] [--runs N] [--write]
                                    figures beside the peers (ledger: beside pgbench); --write puts the table into README.md";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(err) => {
            eprintln!("xtask: {err:#}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(args: &[String]) -> Result<bool> {
    let Some((verb, rest)) = args.split_first() else { bail!("no verb\n{USAGE}") };
    match verb.as_str() {
        "ci" => ci::run(rest),
        "tidy" => tidy::run(rest),
        "demos" => demos::run(rest),
        "nightly" => nightly::run(rest),
        "bench" => bench::run(rest),
        "--help" | "-h" | "help" => {
            println!("{USAGE}");
            Ok(true)
        }
        other => bail!("unknown verb `{other}`\n{USAGE}"),
    }
}
