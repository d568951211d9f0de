use std::path::PathBuf;

use clap::Subcommand;

use crate::commands::{Context, measure};
use crate::failure::{OrFail, Outcome};
use crate::sample::{FILES, FastOptions, Options, generate, write_fast};

/// Write generated inputs for measurements
#[derive(Debug, clap::Args)]
#[command(
    hide = true,
    after_help = "Example:\n  mandat bench generate --out big --records 10000000 --people 1000000 --choices 2500000"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write people, notices, records and choices, without care for the text
    Generate(Generate),
    /// Write the sample of `mandat demo`, which reads like people
    Sample(Sample),
    /// Decide every record of the home's vault
    Plan(measure::Args),
    /// Read the columns that a plan reads
    Read(measure::Args),
    /// Build a revision
    Build(measure::Args),
}

#[derive(Debug, clap::Args)]
struct Generate {
    /// Folder to write into
    #[arg(long, default_value = "generated")]
    out: PathBuf,
    #[arg(long, default_value_t = 1_000_000)]
    records: usize,
    #[arg(long, default_value_t = 100_000)]
    people: usize,
    /// Notices delivered and choices made
    #[arg(long, default_value_t = 250_000)]
    choices: usize,
    #[arg(long, default_value_t = 20_260_801)]
    seed: u64,
}

#[derive(Debug, clap::Args)]
struct Sample {
    /// Folder to write into
    #[arg(long, default_value = "sample")]
    out: PathBuf,
    #[arg(long)]
    records: Option<usize>,
    #[arg(long)]
    people: Option<usize>,
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(ctx: &Context, args: &Args) -> Outcome {
    let out = match &args.what {
        What::Generate(args) => {
            let options = FastOptions {
                seed: args.seed,
                people: args.people.max(1),
                records: args.records,
                choices: args.choices,
            };
            write_fast(&options, &args.out).or_refuse(|| format!("cannot write into `{}`", args.out.display()))?;
            &args.out
        }
        What::Plan(args) => return measure::plan(&mut ctx.clone(), args),
        What::Read(args) => return measure::read(&mut ctx.clone(), args),
        What::Build(args) => return measure::build(&mut ctx.clone(), args),
        What::Sample(args) => {
            let base = Options::default();
            let options = Options {
                seed: args.seed.unwrap_or(base.seed),
                people: args.people.unwrap_or(base.people).max(20),
                records: args.records.unwrap_or(base.records),
                ..base
            };
            let sample = generate(&options);
            sample.write(&args.out).or_refuse(|| format!("cannot write into `{}`", args.out.display()))?;
            &args.out
        }
    };
    let files: Vec<PathBuf> = FILES.iter().map(|name| out.join(name)).collect();
    for file in &files {
        ctx.ui.line(&file.display().to_string());
    }
    ctx.ui.answer(&serde_json::json!({"files": files}));
    Ok(())
}
