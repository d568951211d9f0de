use std::path::PathBuf;

use clap::ValueEnum;
use mandat_corpus::build::Store;
use mandat_corpus::export::{Export, ExportError, Format, export};
use serde_json::json;

use crate::commands::Context;
use crate::failure::{Exit, Failure, Outcome, from_library};
use crate::ui::{bytes, count};

/// Write a revision in the form that a training loop reads
///
/// The revision's files are checked against their digests first. The folder is there only when
/// everything is in it; card and manifest go along. Rows lie by person: pass --shuffle, or shuffle
/// while loading.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mandat export --format jsonl.zst --out corpus/\n  mandat export 2 --recipe own-model --format megatron-bin --shuffle 1 --out tokens/"
)]
pub(crate) struct Args {
    /// Which revision (default: the last)
    #[arg(value_name = "REVISION")]
    revision: Option<u64>,
    /// Of which recipe (default: the only one, or own-model)
    #[arg(long)]
    recipe: Option<String>,
    /// In which form
    #[arg(long)]
    format: Form,
    /// Folder to write; it must not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Shuffle all rows by this seed
    #[arg(long, value_name = "SEED")]
    shuffle: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// Parquet, for `datasets`, DuckDB, Polars, pandas
    Hf,
    /// JSON Lines under zstd
    #[value(name = "jsonl.zst")]
    JsonlZst,
    /// MosaicML streaming
    Mds,
    /// tar files for WebDataset
    Webdataset,
    /// Bytes as tokens (uint16), with Megatron's index, to be memory-mapped
    MegatronBin,
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    let open = ctx.open()?;
    let recipe = open.recipe(args.recipe.as_deref())?;
    let store = Store::new(&open.home.store());
    let revision = open.revision(&store, &recipe, args.revision)?;
    let format = match args.format {
        Form::Hf => Format::Hf,
        Form::JsonlZst => Format::JsonlZst,
        Form::Mds => Format::Mds,
        Form::Webdataset => Format::Webdataset,
        Form::MegatronBin => Format::MegatronBin,
    };
    let out = ctx.path(&args.out);
    let what = Export { corpus: &recipe, revision, format, seed: args.shuffle, out: &out };
    let exported = export(&store, &what).map_err(|e| {
        let exit =
            if matches!(e, ExportError::Exists(_) | ExportError::Io { .. }) { Exit::Refused } else { Exit::BadInput };
        Failure { ..from_library(exit, &e) }
    })?;
    let ui = &ctx.ui;
    let rows = ui.t("rows in", "Zeilen in");
    ui.line(&format!(
        "{recipe}, {} {revision}: {} {rows} {} {}, {}",
        ui.t("revision", "Revision"),
        count(exported.rows),
        count(exported.files),
        ui.t("files", "Dateien"),
        bytes(exported.bytes),
    ));
    if exported.tokens > 0 {
        ui.line(&format!("{} {}", count(exported.tokens), ui.t("tokens", "Token")));
    }
    ui.line(&args.out.display().to_string());
    ui.answer(&json!({"corpus": recipe, "revision": revision, "out": args.out, "shuffle": args.shuffle,
        "written": exported}));
    Ok(())
}
