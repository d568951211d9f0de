//! What the demo works on: the sample, or somebody's file with invented people around its authors.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use mandat_core::event::{EventKind, EventLine};
use mandat_core::notice::Notice;
use mandat_core::person::PersonLine;
use mandat_core::proof::PersonKey;
use mandat_corpus::ingest::{Account, Accounts, IngestReport, ingest};
use mandat_corpus::input::Source;
use mandat_ledger::Ledger;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::maps::{self, Found};
use crate::accounts::LedgerAccounts;
use crate::commands::{Context, Open, ingest as command};
use crate::failure::{Exit, Failure, OrFail, Outcome, from_library};
use crate::sample::overlay::{Author, overlay};
use crate::sample::{Options, Sample, generate};

/// Where invented facts come from on real posts.
const SEED: u64 = 20_260_901;

/// People, notices, choices and records, taken in.
pub(super) struct Loaded {
    pub(super) people: u64,
    pub(super) events: u64,
    pub(super) records: IngestReport,
    /// Accounts that said yes and nothing against it since: whose objection would show.
    pub(super) willing: Vec<Author>,
    /// Accounts that objected: what to explain.
    pub(super) objected: Vec<Author>,
    /// Name of the map, where records came through one.
    pub(super) map: Option<String>,
}

impl Loaded {
    /// The platform of the records, as far as that is clear.
    pub(super) fn platform(&self) -> Option<&str> {
        self.willing.first().map(|a| a.platform.as_str())
    }
}

/// Takes the sample in, whose files stay in the home to look at.
pub(super) fn load_sample(ctx: &Context, open: &Open) -> Outcome<Loaded> {
    let sample = generate(&Options::default());
    let folder = open.home.root.join("sample");
    sample.write(&folder).or_refuse(|| format!("cannot write into `{}`", folder.display()))?;
    let Sample { people, notices, choices, .. } = sample;
    let mut ledger = open.ledger()?;
    let known = tell(ctx, &mut ledger, people, notices)?;
    let files = vec![folder.join("records.jsonl")];
    let records =
        command::load(ctx, open, &files, &command::read_map(None, None)?, &command::options(ctx, open, None))?;
    let (willing, objected) = sides(&choices);
    let events = import(ctx, &mut ledger, choices)?;
    Ok(Loaded { people: known, events, records, willing, objected, map: None })
}

/// Takes somebody's files in, then invents who the authors are and what they decided.
pub(super) fn load_data(ctx: &Context, open: &Open, files: &[PathBuf], map: Option<&Path>) -> Outcome<Loaded> {
    let files: Vec<PathBuf> = files.iter().map(|f| ctx.path(f)).collect();
    if let Some(missing) = files.iter().find(|f| !f.exists()) {
        return Err(Failure::bad_input(format!("there is no file `{}`", missing.display())).hint("check the path"));
    }
    let Found { name, map } = maps::fitting(open, &files, map)?;
    let mut authors = Authors { inner: LedgerAccounts::new(open.ledger()?, ctx.now()), seen: BTreeSet::new() };
    let bar = ctx.ui.bar(ctx.ui.t("taking in", "nehme auf"));
    bar.total(mandat_corpus::input::total_bytes(&files).unwrap_or(0));
    let sources = files.iter().cloned().map(Source::Path).collect();
    let options = command::options(ctx, open, None);
    let records = ingest(&mut open.vault()?, sources, &map, &options, &mut authors, &bar)
        .map_err(|e| from_library(Exit::Refused, &e))?;
    if records.accepted == 0 {
        return Err(Failure::bad_input("no line could be taken in")
            .hint("is it the right map? mandat ingest --dry-run shows more"));
    }
    let seen: Vec<Author> = authors.seen.into_iter().collect();
    let invented = overlay(&seen, SEED, Options::default().until);
    let mut ledger = open.ledger()?;
    let people = tell(ctx, &mut ledger, invented.people, invented.notices)?;
    let (willing, objected) = sides(&invented.choices);
    let events = import(ctx, &mut ledger, invented.choices)?;
    Ok(Loaded { people, events, records, willing, objected, map: Some(name) })
}

/// Notes who wrote, beside passing accounts on to the ledger.
struct Authors {
    inner: LedgerAccounts,
    seen: BTreeSet<Author>,
}

impl Accounts for Authors {
    fn observe(&mut self, accounts: &[Account]) -> Result<(), String> {
        let author = |a: &Account| Author { platform: a.platform.clone(), account: a.account.clone() };
        self.seen.extend(accounts.iter().map(author));
        self.inner.observe(accounts)
    }

    fn holder(&mut self, tag: u128) -> Option<PersonKey> {
        self.inner.holder(tag)
    }
}

fn tell(ctx: &Context, ledger: &mut Ledger, people: Vec<Value>, notices: Vec<Value>) -> Outcome<u64> {
    let refuse = |e: &dyn std::error::Error| from_library(Exit::Refused, e);
    let mut people = read::<PersonLine>(people).into_iter();
    let report = ledger.import_people(&mut people, None, ctx.now()).map_err(|e| refuse(&e))?;
    let mut notices = read::<Notice>(notices).into_iter();
    let taken = ledger.import_notices(&mut notices, ctx.now()).map_err(|e| refuse(&e))?;
    assert!(taken.refused.is_empty(), "bug: an invented notice was refused");
    Ok(report.accepted)
}

fn import(ctx: &Context, ledger: &mut Ledger, choices: Vec<EventLine>) -> Outcome<u64> {
    let import =
        ledger.import_choices(&mut choices.into_iter(), ctx.now()).map_err(|e| from_library(Exit::Refused, &e))?;
    match import.report.rejected.first() {
        None => Ok(import.report.accepted),
        Some((_, why)) => {
            Err(Failure::refused(format!("{} invented choices were refused: {why}", import.report.rejected.len()))
                .hint("is the clock of this machine right? the sample ends in September 2026"))
        }
    }
}

fn read<T: DeserializeOwned>(lines: Vec<Value>) -> Vec<T> {
    lines.into_iter().map(|line| serde_json::from_value(line).expect("bug: an invented line is canonical")).collect()
}

/// Accounts with a consent and no denial, and accounts that objected, each in order of their names.
fn sides(choices: &[EventLine]) -> (Vec<Author>, Vec<Author>) {
    let mut said: BTreeMap<Author, bool> = BTreeMap::new();
    let mut objected = BTreeSet::new();
    for event in choices {
        let (Some(platform), Some(account)) = (&event.platform, &event.account) else { continue };
        let author = Author { platform: platform.clone(), account: account.clone() };
        if event.event == EventKind::Object && event.records.is_none() && event.created.is_none() {
            objected.insert(author.clone());
        }
        match event.event {
            EventKind::Consent => drop(said.entry(author).or_insert(true)),
            EventKind::NoticeDelivered | EventKind::Visibility => {}
            _ => drop(said.insert(author, false)),
        }
    }
    let willing = said.into_iter().filter(|(_, yes)| *yes).map(|(author, _)| author).collect();
    (willing, objected.into_iter().collect())
}
