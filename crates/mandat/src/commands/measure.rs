//! Our side of `cargo xtask bench`: one piece of work in a fresh process, timed by itself.
//!
//! What is timed is said by each verb; digests and preparations are not. CPU time is that of all
//! threads, as the kernel accounts it.

use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::time::Instant;

use hashbrown::{DefaultHashBuilder, HashTable};
use mandat_core::event::{Categories, Range};
use mandat_core::history::{Act, Consent, Named, PersonHistory, Reach, Shared, Tag, What};
use mandat_core::manifest::{PackRef, Revision};
use mandat_core::members::Secrets;
use mandat_core::packs::Packs;
use mandat_core::person::PersonInfo;
use mandat_core::proof::{Keyer, PersonKey, SubjectSecret, sha256};
use mandat_core::snapshot::Snapshot;
use mandat_core::time::Micros;
use mandat_core::vocab::{Category, FIRST_PARTY, Method, Profile};
use mandat_corpus::admit::BucketDecision;
use mandat_corpus::build::{self, Barrier, BuildError, Commit, Order, Rules, Store};
use mandat_corpus::curate::{Curation, Duplicates, Redact};
use mandat_corpus::measure::{admitted_ids, each_choice, plan_folded, read_decisive, threads, write_folded};
use mandat_corpus::recipe::Recipe;
use mandat_corpus::vault::Vault;
use serde::Deserialize;
use serde_json::json;

use crate::commands::Context;
use crate::failure::{Exit, Failure, OrFail, Outcome, from_library};

/// The platform that generated records are on.
const PLATFORM: &str = "bench";

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
    let people = raw_people(&args.data, &bench.keyer)?;
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
    fn raw(&self, args: &Args) -> Outcome<serde_json::Value> {
        let clock = Clock::start();
        let people = raw_people(&args.data, &self.keyer)?;
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
                raw = raw_people(&args.data, &self.keyer)?;
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

/// People with their acts: one flat list, and who made which.
struct RawPeople {
    shared: Shared,
    acts: Vec<Act>,
    /// By key: the person, and where in `order` their acts start.
    people: Vec<(PersonKey, u32)>,
    /// Places in `acts`, by person, then as they came.
    order: Vec<u32>,
}

impl RawPeople {
    /// The acts of the person at a place, put into a list that is used again and again.
    fn history(&self, at: usize, mut acts: Vec<Act>) -> PersonHistory {
        let end = self.people.get(at + 1).map_or(self.order.len(), |p| p.1 as usize);
        acts.clear();
        acts.extend(self.order[self.people[at].1 as usize..end].iter().map(|i| self.acts[*i as usize].clone()));
        PersonHistory::with_acts(PersonInfo::default(), acts)
    }
}

impl Snapshot for RawPeople {
    fn position(&self) -> u64 {
        self.acts.len() as u64
    }

    fn appended(&self) -> Micros {
        Micros::DISTANT_PAST
    }

    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn each_in_bucket(&self, bits: u32, bucket: u64, visit: &mut dyn FnMut(PersonKey, &PersonHistory)) {
        let start = self.people.partition_point(|(key, _)| key.prefix(bits) < bucket);
        let end = self.people.partition_point(|(key, _)| key.prefix(bits) <= bucket);
        let mut acts = Vec::new();
        for at in start..end {
            let history = self.history(at, acts);
            visit(self.people[at].0, &history);
            acts = history.into_acts();
        }
    }

    fn person(&self, key: PersonKey) -> Option<PersonHistory> {
        let at = self.people.binary_search_by_key(&key, |(k, _)| *k).ok()?;
        Some(self.history(at, Vec::new()))
    }
}

/// Accounts by name, numbered as they come; names lie one behind the other.
#[derive(Default)]
struct Names {
    text: String,
    ends: Vec<u32>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Names {
    fn name(text: &str, ends: &[u32], number: u32) -> std::ops::Range<usize> {
        let start = number.checked_sub(1).map_or(0, |before| ends[before as usize] as usize);
        debug_assert!(ends[number as usize] as usize <= text.len(), "bug: a name ends behind the text");
        start..ends[number as usize] as usize
    }

    fn number(&mut self, account: &str) -> u32 {
        let hash = self.hasher.hash_one(account);
        let same = |n: &u32| &self.text[Self::name(&self.text, &self.ends, *n)] == account;
        if let Some(number) = self.table.find(hash, same) {
            return *number;
        }
        let number = u32::try_from(self.ends.len()).expect("fewer people than 2^32");
        self.text.push_str(account);
        self.ends.push(u32::try_from(self.text.len()).expect("names of a bench fit in 4 GB"));
        let (text, ends, hasher) = (&self.text, &self.ends, &self.hasher);
        self.table.insert_unique(hash, number, |n| hasher.hash_one(&text[Self::name(text, ends, *n)]));
        number
    }

    /// Person keys by number.
    fn keys(&self, keyer: &Keyer) -> Vec<PersonKey> {
        let numbers = 0..u32::try_from(self.ends.len()).expect("fewer people than 2^32");
        numbers.map(|n| keyer.person(PLATFORM, &self.text[Self::name(&self.text, &self.ends, n)])).collect()
    }
}

/// Raw events, in the order they came, by person.
fn raw_people(data: &Path, keyer: &Keyer) -> Outcome<RawPeople> {
    let mut names = Names::default();
    let (mut acts, mut persons) = (Vec::new(), Vec::new());
    let read = each_choice(&data.join("choices.parquet"), &mut |account, purpose, kind, category, record, at| {
        persons.push(names.number(account));
        let position = persons.len() as u64;
        let records = record.map(|id| keyer.record(PLATFORM, id).0).into_iter().collect();
        let categories = category.and_then(|c| c.parse::<Category>().ok()).map_or(Categories::ALL, Categories::one);
        let reach = Reach::new([purpose], categories, [FIRST_PARTY], records, Range::default());
        let what = match kind {
            "consent" => What::Consent(consent(reach)),
            "withdraw" => What::Withdraw(reach),
            _ => What::Object(reach, Default::default()),
        };
        let at = Micros(at);
        acts.push(Act { position, id: Tag::of_position(position), received: at, asserted: at, appended: at, what });
    });
    read.map_err(|e| from_library(Exit::BadInput, &e))?;
    let keys = names.keys(keyer);
    let mut by_person: Vec<(PersonKey, u32)> = (0..).zip(&persons).map(|(i, p)| (keys[*p as usize], i)).collect();
    by_person.sort_unstable();
    let mut people: Vec<(PersonKey, u32)> = Vec::with_capacity(keys.len());
    for (place, (key, _)) in (0..).zip(&by_person) {
        if people.last().is_none_or(|(last, _)| last != key) {
            people.push((*key, place));
        }
    }
    let order = by_person.into_iter().map(|(_, i)| i).collect();
    Ok(RawPeople { shared: Shared::default(), acts, people, order })
}

fn consent(reach: Reach) -> Consent {
    Consent {
        reach,
        notice: None,
        method: Method::ActiveToggle,
        explicit: 0,
        names: Named::default(),
        bundled: false,
        expires: None,
        term: None,
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
