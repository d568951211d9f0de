use std::path::PathBuf;

use clap::Subcommand;
use mandat_corpus::ingest::{FileReport, IngestOptions, IngestReport, NoAccounts, ingest};
use mandat_corpus::input::raw::HIDDEN_NAME;
use mandat_corpus::input::{Field, Rejection, Source, total_bytes};
use mandat_corpus::map::Map;
use serde_json::json;

use crate::accounts::LedgerAccounts;
use crate::commands::{Context, Open};
use crate::failure::{Exit, Failure, OrFail, Outcome, from_library};
use crate::home::bytes_of;
use crate::surroundings::{available_memory, processors};
use crate::ui::{Table, Ui, bytes, count, duration};

/// Take records in: JSON Lines (plain, .gz, .zst) and Parquet, from files, folders or standard input
///
/// The same file again changes nothing; another file is one more batch. Bad lines are counted, listed
/// by --rejections without their content, and do not stop anything.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Examples:\n  mandat ingest posts.jsonl.zst\n  mandat ingest dump/ --map map.toml --dry-run\n  \
    mandat ingest --rejections\n  mandat ingest batches\n  mandat ingest undo 3f2a…\n\n\
    Maps say which of your fields is which: time_zone, ignore, [rename] theirs = \"ours\", [set] ours = \"constant\",\n\
    [template] ours = \"{theirs}\", [values.theirs] to = \"ours\", map = { … }; see samples/maps"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// Files and folders; - is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How the fields of these files become canonical ones
    #[arg(long, value_name = "MAP")]
    map: Option<PathBuf>,
    /// Platform of records that name none
    #[arg(long)]
    platform: Option<String>,
    /// Count and report, and keep nothing
    #[arg(long)]
    dry_run: bool,
    /// Reject a line that has a field nobody knows
    #[arg(long)]
    strict: bool,
    /// Memory for sorting, such as 2GB (default: a quarter of what there is)
    #[arg(long, value_name = "BYTES")]
    memory: Option<String>,
    /// End with 3 when more lines than this are rejected
    #[arg(long, value_name = "N")]
    max_rejections: Option<u64>,
    /// List the rejected lines of the last batch, without their content, instead of taking anything in
    #[arg(long, conflicts_with = "files")]
    rejections: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List what was taken in
    #[command(after_help = "Example:\n  mandat ingest batches --json")]
    Batches,
    /// Look for special categories again, with the word lists of this version
    ///
    /// Only needed after an update whose lists differ: plan and build then say so. Every ingest does it too.
    #[command(after_help = "Example:\n  mandat ingest rescreen")]
    Rescreen,
    /// Take a batch out again
    ///
    /// What the batch deleted stays deleted and what it put on hold stays on hold, unless --with-deletions
    /// is given.
    #[command(after_help = "Examples:\n  mandat ingest undo 3f2a9c01\n  mandat ingest undo 3f2a9c01 --with-deletions")]
    Undo {
        /// The batch, as `mandat ingest batches` names it
        batch: String,
        /// Also let come back what it deleted, and lift its holds
        #[arg(long)]
        with_deletions: bool,
    },
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    let open = ctx.open()?;
    match &args.what {
        Some(What::Batches) => batches(ctx, &open),
        Some(What::Rescreen) => rescreen(ctx, &open),
        Some(What::Undo { batch, with_deletions }) => undo(ctx, &open, batch, *with_deletions),
        None if args.rejections => rejections(ctx, &open),
        None => take_in(ctx, &open, args),
    }
}

fn rescreen(ctx: &Context, open: &Open) -> Outcome {
    let was = open.vault()?.manifest().is_screened();
    let memory = bytes_of(&open.home.settings.values.ingest.memory)?;
    load(ctx, open, &[], &Map::default(), &options(ctx, open, memory))?;
    let ui = &ctx.ui;
    ui.say(if was {
        ui.t("All texts were screened with these lists already.", "Alle Texte waren schon mit diesen Listen geprüft.")
    } else {
        ui.t(
            "All texts are screened with the lists of this version.",
            "Alle Texte sind mit den Listen dieser Version geprüft.",
        )
    });
    ui.answer(&json!({"screened_again": !was}));
    Ok(())
}

fn take_in(ctx: &Context, open: &Open, args: &Args) -> Outcome {
    if args.files.is_empty() {
        return Err(Failure::usage("no file named").hint("mandat ingest FILE…, or - for standard input"));
    }
    let map = read_map(args.map.as_deref(), open.platform(args.platform.as_deref()))?;
    let settings = &open.home.settings.values.ingest;
    let memory = bytes_of(args.memory.as_deref().unwrap_or(&settings.memory))?;
    let options =
        IngestOptions { strict: args.strict || settings.strict, dry_run: args.dry_run, ..options(ctx, open, memory) };
    let started = std::time::Instant::now();
    let report = load(ctx, open, &args.files, &map, &options)?;
    let ui = &ctx.ui;
    show(ui, &report);
    let speed = report.bytes as f64 / started.elapsed().as_secs_f64().max(0.001);
    ui.say(&format!("{} {} ({}/s)", ui.t("took", "Dauer"), duration(started.elapsed()), bytes(speed as u64)));
    ui.answer(&as_json(&report));
    let limit = args.max_rejections.or_else(|| u64::try_from(settings.max_rejections).ok());
    judge(&report, limit)
}

/// Takes files in; accounts go to the ledger.
pub(crate) fn load(
    ctx: &Context,
    open: &Open,
    files: &[PathBuf],
    map: &Map,
    options: &IngestOptions,
) -> Outcome<IngestReport> {
    let mut vault = open.vault()?;
    let bar = ctx.ui.bar(ctx.ui.t("taking in", "nehme auf"));
    if let Some(total) = total_bytes(files).filter(|total| *total > 0) {
        bar.total(total);
    }
    let mut sources = Vec::with_capacity(files.len());
    for file in files {
        sources.push(source(ctx, file)?);
    }
    let refuse = |e: &dyn std::error::Error| from_library(Exit::Refused, e);
    if options.dry_run {
        return ingest(&mut vault, sources, map, options, &mut NoAccounts, &bar).map_err(|e| refuse(&e));
    }
    let mut accounts = LedgerAccounts::new(open.ledger()?, ctx.now());
    let report = ingest(&mut vault, sources, map, options, &mut accounts, &bar).map_err(|e| refuse(&e))?;
    // A denial by handle may have found whom it is about.
    open.publish(ctx.now())?;
    Ok(report)
}

fn source(ctx: &Context, file: &std::path::Path) -> Outcome<Source> {
    if file == std::path::Path::new("-") {
        return Ok(Source::Stream { name: "-".into(), stream: Box::new(std::io::stdin()) });
    }
    let path = ctx.path(file);
    if !path.exists() {
        return Err(Failure::bad_input(format!("there is no file `{}`", file.display())).hint("check the path"));
    }
    Ok(Source::Path(path))
}

/// The options of an ingest with the home's settings.
pub(crate) fn options(ctx: &Context, open: &Open, memory: Option<u64>) -> IngestOptions {
    let settings = &open.home.settings.values.ingest;
    let memory = memory.unwrap_or_else(|| available_memory() / 4).max(16 << 20);
    let threads = if settings.threads == 0 { processors() } else { settings.threads };
    let memory = usize::try_from(memory).unwrap_or(usize::MAX);
    IngestOptions { memory, threads, at: ctx.now(), ..IngestOptions::default() }
}

/// Reads a map file, or takes the empty map.
pub(crate) fn read_map(path: Option<&std::path::Path>, platform: Option<&str>) -> Outcome<Map> {
    let mut map = Map::default();
    if let Some(path) = path {
        let text =
            std::fs::read_to_string(path).or_bad_input(|| format!("cannot read the map `{}`", path.display()))?;
        map = Map::parse(&text).map_err(|e| from_library(Exit::BadInput, &e))?;
    }
    Ok(match platform {
        Some(platform) => map.with_constant(Field::Platform, platform),
        None => map,
    })
}

fn show(ui: &Ui, report: &IngestReport) {
    if report.unchanged {
        ui.line(ui.t(
            "nothing new: these files are in the vault already",
            "nichts Neues: diese Dateien sind schon im Tresor",
        ));
        return;
    }
    let word =
        if report.dry_run { ui.t("would be taken in", "würden aufgenommen") } else { ui.t("taken in", "aufgenommen") };
    ui.line(&format!("{} {} {word}", count(report.accepted), ui.t("lines", "Zeilen")));
    if report.duplicates > 0 {
        ui.line(&format!(
            "{} {}",
            count(report.duplicates),
            ui.t("repeat another line", "wiederholen eine andere Zeile")
        ));
    }
    if let Some(batch) = &report.batch {
        ui.line(&format!("{} {batch}", ui.t("batch", "Stapel")));
    }
    report.files.iter().for_each(|file| warn_of(ui, file));
    if report.rejected_total() > 0 {
        let words = ui.t(
            "lines rejected; all of them: mandat ingest --rejections",
            "Zeilen abgewiesen; alle: mandat ingest --rejections",
        );
        ui.line(&format!("{} {words}", count(report.rejected_total())));
        list(ui, report.first_rejections.iter().take(10));
    }
}

/// What there is to know about a file beside its lines.
fn warn_of(ui: &Ui, file: &FileReport) {
    for (field, times) in &file.unknown_fields {
        let shown = match field.as_str() {
            HIDDEN_NAME => ui.t(HIDDEN_NAME, "ein Name, der nicht gezeigt wird").to_owned(),
            field => format!("`{field}`"),
        };
        let unknown = ui.t("unknown field", "unbekanntes Feld");
        ui.warn(&format!("{}: {unknown}: {shown}, {}×", file.name, count(*times)));
    }
    if file.rest_lost {
        let words = ui.t(
            "the file ends in the middle or is damaged; the rest of it was not taken in: get the file again",
            "die Datei bricht ab oder ist beschädigt; der Rest wurde nicht aufgenommen: die Datei neu beschaffen",
        );
        ui.warn(&format!("{}: {words}", file.name));
    }
}

fn list<'a>(ui: &Ui, rejections: impl Iterator<Item = &'a Rejection>) {
    let mut table =
        Table::new(&[ui.t("file", "Datei"), ui.t("line>", "Zeile>"), ui.t("reason", "Grund"), ui.t("field", "Feld")]);
    for rejection in rejections {
        let line = rejection.line.map_or_else(String::new, |l| l.to_string());
        table.row([
            rejection.file.clone(),
            line,
            rejection.reason.clone(),
            rejection.field.clone().unwrap_or_default(),
        ]);
    }
    ui.table(&table);
}

fn as_json(report: &IngestReport) -> serde_json::Value {
    let file = |f: &FileReport| {
        json!({"name": f.name, "bytes": f.bytes, "accepted": f.accepted, "rejected": f.rejected,
            "unknown_fields": f.unknown_fields, "unchanged": f.unchanged, "rest_lost": f.rest_lost})
    };
    json!({"batch": report.batch, "sequence": report.sequence, "unchanged": report.unchanged, "dry_run": report.dry_run,
        "accepted": report.accepted, "rows": report.rows, "duplicates": report.duplicates, "rejected": report.rejected,
        "first_rejections": report.first_rejections, "bytes": report.bytes,
        "files": report.files.iter().map(file).collect::<Vec<_>>()})
}

/// Exit 0 if anything was accepted, 3 if nothing was or too much was rejected.
fn judge(report: &IngestReport, limit: Option<u64>) -> Outcome {
    let rejected = report.rejected_total();
    if report.accepted == 0 && !report.unchanged {
        return Err(Failure::bad_input("no line could be taken in")
            .hint("does it need a map? see samples/maps and `mandat ingest --help`"));
    }
    match limit {
        Some(limit) if rejected > limit => {
            Err(Failure::bad_input(format!("{rejected} lines were rejected, more than {limit}"))
                .hint("the others are in; `mandat ingest undo` takes them out again"))
        }
        _ => Ok(()),
    }
}

fn batches(ctx: &Context, open: &Open) -> Outcome {
    let ui = &ctx.ui;
    let vault = open.vault()?;
    let mut table = Table::new(&[
        ui.t("batch", "Stapel"),
        ui.t("rows>", "Zeilen>"),
        ui.t("rejected>", "abgewiesen>"),
        ui.t("when", "wann"),
        ui.t("files", "Dateien"),
    ]);
    for batch in vault.batches() {
        let files: Vec<&str> = batch.sources.iter().map(|s| s.name.as_str()).collect();
        let rejected: u64 = batch.rejected.values().sum();
        let files = match files.is_empty() {
            true => ui.t("(deletions and holds that stay)", "(Löschungen und Sperren, die bleiben)").to_owned(),
            false => files.join(", "),
        };
        table.row([batch.id.clone(), count(batch.rows), count(rejected), batch.at.to_string(), files]);
    }
    if table.is_empty() {
        ui.line(ui.t("nothing was taken in yet", "noch wurde nichts aufgenommen"));
    } else {
        ui.table(&table);
    }
    ui.answer(&vault.batches());
    Ok(())
}

fn undo(ctx: &Context, open: &Open, batch: &str, deletions: bool) -> Outcome {
    let mut vault = open.vault()?;
    let id = whole_id(vault.batches().iter().map(|b| b.id.as_str()), batch)?;
    let memory = options(ctx, open, None).memory;
    let undone = vault.undo(&id, deletions, memory).map_err(|e| from_library(Exit::Refused, &e))?;
    let ui = &ctx.ui;
    let gone = undone.batch.rows - undone.deletions;
    ui.line(&format!("{} {}", count(gone), ui.t("rows taken out again", "Zeilen wieder herausgenommen")));
    if let Some(kept) = &undone.kept {
        let deleted = ui.t("deletions that stay", "Löschungen, die bleiben");
        let held = ui.t("records that stay on hold", "Beiträge, die angehalten bleiben");
        let more = ui.t("to undo these too", "auch das zurücknehmen");
        ui.warn(&format!(
            "{deleted}: {}; {held}: {}; {more}: mandat ingest undo {kept} --with-deletions",
            count(undone.deletions),
            count(undone.holds)
        ));
    }
    ui.answer(&json!({"batch": undone.batch.id, "rows": gone, "deletions_kept": undone.deletions,
        "holds_kept": undone.holds, "kept": undone.kept}));
    Ok(())
}

/// The batch that a name, or the beginning of one, stands for.
fn whole_id<'a>(ids: impl Iterator<Item = &'a str>, start: &str) -> Outcome<String> {
    let found: Vec<&str> = ids.filter(|id| id.starts_with(start)).collect();
    match found[..] {
        [one] => Ok(one.to_owned()),
        [] => Err(Failure::refused(format!("there is no batch `{start}`")).hint("mandat ingest batches")),
        _ => Err(Failure::usage(format!("several batches begin with `{start}`")).hint("name more of it")),
    }
}

fn rejections(ctx: &Context, open: &Open) -> Outcome {
    let ui = &ctx.ui;
    let vault = open.vault()?;
    let mut all = Vec::new();
    if let Some(last) = vault.batches().last() {
        for rejection in vault.rejections(&last.id).map_err(|e| from_library(Exit::BadInput, &e))? {
            all.push(rejection.map_err(|e| from_library(Exit::BadInput, &e))?);
        }
    }
    if all.is_empty() {
        ui.line(ui.t("the last batch rejected nothing", "der letzte Stapel hat nichts abgewiesen"));
    } else {
        list(ui, all.iter());
    }
    ui.answer(&all);
    Ok(())
}
