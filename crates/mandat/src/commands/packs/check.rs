use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use mandat_core::packs::{DEFAULT, Finding, Kind, Pack, Packs, Severity, check, names};
use mandat_core::scenario::{Scenario, run as run_scenario};
use serde_json::json;

use super::counted;
use crate::commands::Context;
use crate::failure::{Failure, Outcome};
use crate::home::Home;
use crate::rules::{Sources, compile, own_text, source, sources_of};

/// Look for gaps, contradictions, dead rules, and rules that no scenario shows
///
/// A pack is checked as it would be used: layered on core and eu-gdpr, or alone if it replays what
/// somebody claimed; names separated by commas are layered as they are. Without a name every built-in pack and every pack of the home is checked. Ends with 0 if
/// there are no errors, 1 if there are, 3 if a pack cannot be read.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mandat packs check\n  mandat packs check us-ca packs/own.toml --strict\n  mandat packs check core,own"
)]
pub(super) struct Args {
    /// Names of packs, and pack files
    #[arg(value_name = "PACK")]
    packs: Vec<String>,
    /// Scenario files, and folders that hold *.yaml (default: those that come with Mandat)
    #[arg(long, value_name = "PATH")]
    scenarios: Vec<std::path::PathBuf>,
    /// Take warnings for errors
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(ctx: &Context, args: &Args) -> Outcome {
    let home = Home::find(ctx.global.home.as_deref(), &ctx.around).ok();
    let scenarios = if args.scenarios.is_empty() { super::built_in()? } else { super::read_all(ctx, &args.scenarios)? };
    let named = if args.packs.is_empty() { everything(home.as_ref()) } else { args.packs.clone() };
    let mut found = Vec::new();
    let mut checked = Vec::new();
    let sets = named.iter().map(|names| sources_of(ctx, home.as_ref(), names)).collect::<Outcome<Vec<_>>>()?;
    let shown = shown(&scenarios, home.as_ref(), &sets.concat());
    for set in sets {
        let (packs, own) = layered(ctx, home.as_ref(), set)?;
        let files: BTreeSet<&String> =
            packs.packs[own.clone()].iter().flat_map(|p| &p.rules).map(|w| &w.file).collect();
        let about = |f: &Finding| f.rule.is_none() || files.contains(&f.file);
        found.extend(check(&packs, Some(&shown)).into_iter().filter(about));
        checked.extend_from_slice(&packs.ids[own]);
    }
    found.sort_by(|a, b| (&a.file, a.line, a.kind, &a.message).cmp(&(&b.file, b.line, b.kind, &b.message)));
    found.dedup();
    show(ctx, &found, checked.len());
    let count = |severity| found.iter().filter(|f| f.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    ctx.ui.answer(&json!({"packs": checked, "errors": errors, "warnings": warnings, "findings": found}));
    let bad = errors + if args.strict { warnings } else { 0 };
    match bad {
        0 => Ok(()),
        bad => Err(Failure::refused(format!("{} to mend in the packs", counted(bad, "thing", "things")))
            .hint("each line above says where and what to do")),
    }
}

fn everything(home: Option<&Home>) -> Vec<String> {
    let mut all: Vec<String> = names().map(str::to_owned).collect();
    if let Some(home) = home {
        all.extend(home.own_packs().into_iter().filter(|own| !names().any(|n| n == own)));
    }
    all
}

/// Packs as they would be used, and which of the layers are asked about: several names are layered as they are.
fn layered(ctx: &Context, home: Option<&Home>, mut set: Sources) -> Outcome<(Packs, Range<usize>)> {
    let alone = compile(&set)?;
    let id = alone.packs[0].id.as_str();
    if set.len() > 1 || alone.packs[0].kind == Kind::Replay {
        return Ok((alone, 0..set.len()));
    }
    let own = set.remove(0);
    let mut layers = Vec::new();
    for base in DEFAULT.iter().filter(|base| **base != id) {
        layers.push(source(ctx, home, base)?);
    }
    let at = DEFAULT.iter().position(|base| *base == id).unwrap_or(layers.len());
    layers.insert(at, own);
    Ok((compile(&layers)?, at..at + 1))
}

/// The rules that fire in some scenario, decided by the packs it names: those checked first.
fn shown(scenarios: &[Scenario], home: Option<&Home>, texts: &[(String, String)]) -> BTreeSet<String> {
    let ids = texts.iter().filter_map(|(name, text)| Pack::read(name, text).ok().map(|pack| (pack.id, text)));
    let ids: BTreeMap<String, &String> = ids.collect();
    let find = |name: &str| ids.get(name).map(|text| (*text).clone()).or_else(|| own_text(home, name));
    let mut shown = BTreeSet::new();
    for scenario in scenarios {
        // A scenario of packs that are not here shows nothing about these.
        let Ok(result) = run_scenario(scenario, &find) else { continue };
        let fired = result.cases.into_iter().filter_map(|c| c.decision).flat_map(|d| d.reasons);
        shown.extend(fired.map(|r| r.rule));
    }
    shown
}

fn show(ctx: &Context, found: &[Finding], packs: usize) {
    let ui = &ctx.ui;
    for one in found {
        let severity = match one.severity {
            Severity::Error => ui.t("error", "Fehler"),
            Severity::Warning => ui.t("warning", "Warnung"),
        };
        ui.line(&format!("{}:{}:{}: {severity}: {}", one.file, one.line, one.column, one.message));
        ui.line(&format!("    {}", one.hint));
    }
    let errors = found.iter().filter(|f| f.severity == Severity::Error).count();
    let checked = counted(packs, ui.t("pack checked", "Paket geprüft"), ui.t("packs checked", "Pakete geprüft"));
    let wrong = counted(errors, ui.t("error", "Fehler"), ui.t("errors", "Fehler"));
    let warned = counted(found.len() - errors, ui.t("warning", "Warnung"), ui.t("warnings", "Warnungen"));
    ui.line(&format!("{checked}: {wrong}, {warned}"));
}
