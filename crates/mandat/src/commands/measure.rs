//! Our side of `cargo xtask bench`: one piece of work in a fresh process, timed by itself.
//!
//! What is timed is said by each verb; digests and preparations are not. CPU time is that of all
//! threads, as the kernel accounts it.

use std::path::PathBuf;
use std::time::Instant;

use mandat_core::manifest::{PackRef, Revision};
use mandat_core::members::Secrets;
use mandat_core::packs::Packs;
use mandat_core::proof::{Keyer, PersonKey, SubjectSecret, sha256};
use mandat_core::snapshot::Snapshot;
use mandat_core::time::Micros;
use mandat_core::vocab::Profile;
use mandat_corpus::admit::BucketDecision;
use mandat_corpus::build::{self, Barrier, BuildError, Commit, Order, Rules, Store};
use mandat_corpus::curate::{Curation, Duplicates, Language, Redact};
use mandat_corpus::measure::{admitted_ids, plan_folded, read_decisive, threads, write_folded};
use mandat_corpus::recipe::Recipe;
use mandat_corpus::vault::Vault;
use serde::Deserialize;
use serde_json::json;

use crate::commands::Context;
use crate::commands::raw_choices::RawPeople;
use crate::failure::{Exit, Failure, OrFail, Outcome, from_library};

/// What to measure, and on which data.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder with `manifest.json` and `choices.parquet`
    #[arg(long)]
    data: PathBuf,
    /// From raw choice events, or from choices folded to one row a person
    #[arg(long, default_value = "raw")]
    form: String,
    #[arg(long, default_value = "consent")]
    profile: Profile,
    /// `bench`: the simple rule that the peers run; `full`: the default packs
    #[arg(long, default_value = "bench")]
    rules: String,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// What is done to admitted texts: `off`; `simple`, as the peers do it; `full`, every default
    #[arg(long, default_value = "off", value_parser = ["off", "simple", "full"])]
    curation: String,
    /// Folder that a build writes into
    #[arg(long, default_value = "bench-build")]
    out: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Manifest {
    records: u64,
    purpose: String,
    as_of: Micros,
}

/// Everything set up before the clock starts.
struct Bench {
    vault: Vault,
    keyer: Keyer,
    manifest: Manifest,
    packs: Packs,
    recipe: Recipe,
    /// The home's own people, notices and choices; the simple rule needs the choices alone.
    people: Option<mandat_ledger::Snapshot>,
}

impl Bench {
    fn open(ctx: &mut Context, args: &Args) -> Outcome<Self> {
        threads(args.threads).map_err(Failure::refused)?;
        let path = args.data.join("manifest.json");
        let text = std::fs::read(&path).or_bad_input(|| format!("cannot read `{}`", path.display()))?;
        let manifest: Manifest = serde_json::from_slice(&text)
            .or_bad_input(|| format!("`{}` is not what `xtask bench` writes", path.display()))?;
        let names: &[&str] = if args.rules == "full" { &["core", "eu-gdpr"] } else { &["bench"] };
        let packs = Packs::embedded(names).map_err(|d| Failure::bad_input(d[0].to_string()))?;
        let curation = curation(&args.curation);
        let recipe = Recipe { profile: args.profile, curation, ..Recipe::new("bench", &manifest.purpose) };
        let open = ctx.open()?;
        let people = match args.rules.as_str() {
            "full" => Some(open.ledger()?.snapshot().map_err(|e| from_library(Exit::BadInput, &e))?),
            _ => None,
        };
        Ok(Self { vault: open.vault()?, keyer: open.keys.keyer().clone(), manifest, packs, recipe, people })
    }

    fn order<'a>(&'a self, packs: &'a [PackRef]) -> Order<'a> {
        let rules = Rules { table: &self.packs.table, settings: self.packs.settings, packs };
        Order { recipe: &self.recipe, rules, at: self.manifest.as_of }
    }

    fn report(&self, name: &str, clock: &Spent, more: serde_json::Value) -> serde_json::Value {
        let mut line = json!({
            "bench": format!("mandat.{name}"),
            "records": self.manifest.records,
            "secs": clock.wall,
            "cpu_s": clock.cpu,
            "peak_rss_mb": status_kb("VmHWM:") / 1024,
        });
        if let (Some(line), Some(more)) = (line.as_object_mut(), more.as_object()) {
            line.extend(more.clone());
        }
        line
    }
}

fn curation(word: &str) -> Option<Curation> {
    let full = Curation::default();
    match word {
        "full" => Some(full),
        "simple" => Some(Curation {
            redact: vec![Redact::Email, Redact::Ip, Redact::Phone],
            language: Language::Given,
            denied_copies: false,
            duplicates: Duplicates::Exact,
            ..full
        }),
        _ => None,
    }
}

/// From choices and records to the list (raw) or the number (folded) of admitted records.
pub(crate) fn plan(ctx: &mut Context, args: &Args) -> Outcome {
    let bench = Bench::open(ctx, args)?;
    let line = if args.form == "raw" { bench.raw(args)? } else { bench.folded(args)? };
    ctx.ui.line(&line.to_string());
    Ok(())
}

/// Merely reads the columns that a plan reads.
pub(crate) fn read(ctx: &mut Context, args: &Args) -> Outcome {
    let bench = Bench::open(ctx, args)?;
    let clock = Clock::start();
    let (rows, sum) = read_decisive(&bench.vault).map_err(|e| from_library(Exit::Refused, &e))?;
    let line = bench.report("read", &clock.stop(), json!({ "rows": rows, "sum": sum }));
    ctx.ui.line(&line.to_string());
    Ok(())
}

/// From raw choices and records to a published revision.
pub(crate) fn build(ctx: &mut Context, args: &Args) -> Outcome {
    let bench = Bench::open(ctx, args)?;
    let store = Store::new(&args.out.join("mandat-store"));
    let clock = Clock::start();
    let people = bench.people_of(args)?;
    let order = bench.order(&[]);
    let built = build::build(&bench.vault, &store, &people, &order, bench.manifest.as_of, &NoBarrier, &|_, _| {});
    let built = built.map_err(|e| from_library(Exit::Refused, &e))?;
    let spent = clock.stop();
    let bytes: u64 = built.content.shards.iter().map(|s| s.bytes).sum();
    let line = bench.report(
        "build",
        &spent,
        json!({ "kept": built.content.records.rows, "bytes": bytes, "curation": built.curated.map(|c| c.dropped) }),
    );
    ctx.ui.line(&line.to_string());
    std::fs::remove_dir_all(args.out.join("mandat-store")).or_refuse(|| "cannot clear the build folder".into())
}

/// Nobody else writes while we measure.
struct NoBarrier;

/// Nobody's secret is in the made data: one that follows from the person's key costs the same to use.
impl Secrets for NoBarrier {
    fn secrets(&self, persons: &[PersonKey]) -> Result<Vec<Option<SubjectSecret>>, String> {
        Ok(persons.iter().map(|person| Some(SubjectSecret(sha256(&person.to_bytes()).0))).collect())
    }
}

impl Barrier for NoBarrier {
    fn commit(
        &self,
        position: u64,
        publish: &mut dyn FnMut(u64) -> Result<Revision, BuildError>,
    ) -> Result<Commit, BuildError> {
        publish(position).map(|revision| Commit::Done(Box::new(revision)))
    }
}

impl Bench {
    fn people_of(&self, args: &Args) -> Outcome<RawPeople> {
        RawPeople::read(&args.data, &self.keyer).map_err(|e| from_library(Exit::BadInput, &e))
    }

    fn raw(&self, args: &Args) -> Outcome<serde_json::Value> {
        let clock = Clock::start();
        let people = self.people_of(args)?;
        let folded = Clock::start();
        let lists = std::sync::Mutex::new(Vec::new());
        let order = self.order(&[]);
        build::each_bucket::<BuildError>(&self.vault, &people, &order, &|_, _| {}, |_, decision: BucketDecision| {
            let ids = admitted_ids(&decision)?;
            lists.lock().expect("no thread panicked").extend(ids);
            Ok(())
        })
        .map_err(|e| from_library(Exit::Refused, &e))?;
        let decided = folded.stop();
        let spent = clock.stop();
        let lists = lists.into_inner().expect("no thread panicked");
        let mut ids: Vec<&str> = lists.iter().flat_map(|list| list.iter().flatten()).collect();
        let kept = ids.len();
        ids.sort_unstable();
        let digest = sha256(ids.join("\n").as_bytes()).to_string();
        Ok(self.report("plan", &spent, json!({ "kept": kept, "digest": digest[..16], "decide_cpu_s": decided.cpu })))
    }

    /// Compiled people are written once, outside the clock; reading them back is timed.
    fn folded(&self, args: &Args) -> Outcome<serde_json::Value> {
        let raw;
        let people: &dyn Snapshot = match &self.people {
            Some(people) => people,
            None => {
                raw = self.people_of(args)?;
                &raw
            }
        };
        let order = self.order(&[]);
        let folder = args.data.join(format!("folded-{}-{}", args.rules, args.profile));
        write_folded(&self.vault, people, &order, &folder).map_err(|e| from_library(Exit::Refused, &e))?;
        let clock = Clock::start();
        let kept = plan_folded(&self.vault, people, &order, &folder).map_err(|e| from_library(Exit::Refused, &e))?;
        Ok(self.report("plan", &clock.stop(), json!({ "kept": kept })))
    }
}

/// Wall and CPU seconds.
struct Spent {
    wall: f64,
    cpu: f64,
}

struct Clock {
    wall: Instant,
    cpu: u64,
}

impl Clock {
    fn start() -> Self {
        Self { wall: Instant::now(), cpu: cpu_nanos() }
    }

    fn stop(&self) -> Spent {
        let cpu = cpu_nanos().saturating_sub(self.cpu);
        Spent { wall: self.wall.elapsed().as_secs_f64(), cpu: std::time::Duration::from_nanos(cpu).as_secs_f64() }
    }
}

/// Nanoseconds that all live threads of this process have run; ours live to the end.
fn cpu_nanos() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let ran = tasks.filter_map(|t| std::fs::read_to_string(t.path().join("schedstat")).ok());
    ran.filter_map(|text| text.split(' ').next()?.parse::<u64>().ok()).sum()
}

fn status_kb(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix(field));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
