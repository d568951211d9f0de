mod check;
mod coverage;
mod diff;
mod sign;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use mandat_core::packs::{Diagnostic, Packs, embedded};
use mandat_core::scenario::{Scenario, ScenarioResult, read, run as run_scenario};
use serde_json::json;

use crate::commands::Context;
use crate::failure::{Failure, OrFail, Outcome};
use crate::home::Home;
use crate::rules::{Passed, RuleBook, Tested, complain};
use crate::ui::{Table, Ui, count};

/// Look after the rule packs
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mandat packs test scenarios")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Check(check::Args),
    Test(Test),
    Diff(diff::Args),
    Sign(sign::Args),
}

/// Run scenario files: facts, then what must be decided
///
/// Ends with 0 if every expectation holds, 1 if some do not, 3 if a file cannot be read. Rules that pass
/// may be built with; a changed rule has to pass anew. Without a path the scenarios that come with Mandat run.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mandat packs test\n  mandat packs test --coverage\n  mandat packs test scenarios S06-objection.yaml --json"
)]
struct Test {
    /// Scenario files, and folders that hold *.yaml
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Say which cases, rules and reasons have a scenario, and which cases are processes that are tested elsewhere
    #[arg(long)]
    coverage: bool,
}

/// Scenarios that come with the program: those of the repository, by `build.rs`.
const BUILT_IN: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// What a test run found.
pub(crate) struct Tests {
    results: Vec<ScenarioResult>,
    /// Hash of the packs of each scenario.
    hashes: Vec<String>,
    /// The packs by their hash.
    packs: BTreeMap<String, Packs>,
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    match &args.what {
        What::Check(args) => check::run(ctx, args),
        What::Test(args) => run_tests(ctx, args),
        What::Diff(args) => diff::run(ctx, args),
        What::Sign(args) => sign::run(ctx, args),
    }
}

fn run_tests(ctx: &mut Context, args: &Test) -> Outcome {
    let home = Home::find(ctx.global.home.as_deref(), &ctx.around).ok();
    let scenarios = if args.paths.is_empty() { built_in()? } else { read_all(ctx, &args.paths)? };
    let tests = test(home.as_ref(), &scenarios)?;
    if let Some(home) = &home {
        tests.note(home, ctx)?;
    }
    let ui = &ctx.ui;
    tests.show(ui);
    let mut answer = json!({"passed": tests.failed() == 0, "scenarios": tests.results.len(),
        "expectations": tests.expectations(), "failed": tests.failed(), "results": tests.results,
        "rules": tests.rules().iter().map(|(packs, passed)| json!({"packs": packs.ids, "sha256": packs.hash.to_string(),
            "scenarios": passed.0, "expectations": passed.1})).collect::<Vec<_>>()});
    if args.coverage {
        let packs: Vec<Packs> = tests.packs.values().cloned().collect();
        let found = mandat_core::scenario::coverage(&tests.results, &packs);
        coverage::show(ui, &found);
        answer["coverage"] = coverage::as_json(&found);
    }
    ui.answer(&answer);
    match tests.failed() {
        0 => Ok(()),
        failed => Err(Failure::refused(format!("{} not hold", counted(failed, "expectation does", "expectations do")))
            .hint("the table above says what was expected and what was decided")),
    }
}

/// `1 thing`, `2 things`.
fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number as u64), if number == 1 { one } else { many })
}

/// Runs the built-in scenarios and notes the rules that pass them; for the demo.
pub(crate) fn test_built_in(ctx: &Context, home: &Home) -> Outcome<(usize, usize)> {
    let tests = test(Some(home), &built_in()?)?;
    tests.note(home, ctx)?;
    match tests.failed() {
        0 => Ok((tests.results.len(), tests.expectations())),
        failed => Err(Failure::refused(format!(
            "{} of the built-in scenarios not holding",
            counted(failed, "expectation", "expectations")
        ))
        .hint("mandat packs test")),
    }
}

fn built_in() -> Outcome<Vec<Scenario>> {
    collect(BUILT_IN.iter().map(|(name, text)| read(name, text)))
}

fn read_all(ctx: &Context, paths: &[PathBuf]) -> Outcome<Vec<Scenario>> {
    let mut files = Vec::new();
    for path in paths {
        let before = files.len();
        gather(&ctx.path(path), &mut files).or_bad_input(|| format!("cannot read `{}`", path.display()))?;
        if files.len() == before {
            return Err(Failure::bad_input(format!("there is no scenario in `{}`", path.display()))
                .hint("scenarios are *.yaml files; see scenarios/FORMAT.md"));
        }
    }
    let mut texts = Vec::with_capacity(files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).or_bad_input(|| format!("cannot read `{}`", file.display()))?;
        texts.push((file.display().to_string(), text));
    }
    collect(texts.iter().map(|(name, text)| read(name, text)))
}

/// Files in the order of their names.
fn gather(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return path.metadata().map(drop);
    }
    let mut inside = std::fs::read_dir(path)?.map(|e| e.map(|e| e.path())).collect::<std::io::Result<Vec<_>>>()?;
    inside.sort();
    for path in inside {
        if path.is_dir() || path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            gather(&path, files)?;
        }
    }
    Ok(())
}

fn collect(read: impl Iterator<Item = Result<Scenario, Vec<Diagnostic>>>) -> Outcome<Vec<Scenario>> {
    let (mut scenarios, mut found) = (Vec::<Scenario>::new(), Vec::new());
    let mut names = BTreeSet::new();
    for scenario in read {
        match scenario {
            Ok(scenario) if names.insert(scenario.name.clone()) => scenarios.push(scenario),
            Ok(scenario) => found.push(Diagnostic {
                file: scenario.file,
                line: 2,
                column: 1,
                message: format!("another scenario is called `{}`", scenario.name),
                hint: Some("give it a name of its own".into()),
            }),
            Err(problems) => found.extend(problems),
        }
    }
    if found.is_empty() { Ok(scenarios) } else { Err(complain(&found)) }
}

fn test(home: Option<&Home>, scenarios: &[Scenario]) -> Outcome<Tests> {
    let own = |name: &str| {
        let path = home?.root.join("packs").join(format!("{name}.toml"));
        std::fs::read_to_string(path).ok().or_else(|| embedded(name).map(str::to_owned))
    };
    let mut known: BTreeMap<&[String], String> = BTreeMap::new();
    let mut tests = Tests { results: Vec::new(), hashes: Vec::new(), packs: BTreeMap::new() };
    for scenario in scenarios {
        tests.results.push(run_scenario(scenario, &own).map_err(|found| complain(&found))?);
        if !known.contains_key(scenario.packs.as_slice()) {
            let packs: Packs = RuleBook::load(home, &scenario.packs)?.packs;
            known.insert(&scenario.packs, packs.hash.to_string());
            tests.packs.insert(packs.hash.to_string(), packs);
        }
        tests.hashes.push(known[scenario.packs.as_slice()].clone());
    }
    Ok(tests)
}

impl Tests {
    fn expectations(&self) -> usize {
        self.results.iter().map(|r| r.cases.len()).sum()
    }

    fn failed(&self) -> usize {
        self.results.iter().flat_map(|r| &r.cases).filter(|c| c.failure.is_some()).count()
    }

    /// For each set of packs: scenarios and expectations that a build with it rests on, most first.
    fn rules(&self) -> Vec<(&Packs, (usize, usize))> {
        let mut rules = Vec::with_capacity(self.packs.len());
        for (hash, packs) in &self.packs {
            let of = self.results.iter().zip(&self.hashes).filter(|(_, h)| *h == hash);
            rules.push((packs, of.fold((0, 0), |sum, (r, _)| (sum.0 + 1, sum.1 + r.cases.len()))));
        }
        rules.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.ids.cmp(&b.0.ids)));
        rules
    }

    /// Notes the rules of which every scenario of this run passed.
    fn note(&self, home: &Home, ctx: &Context) -> Outcome {
        let hashes: BTreeSet<&String> = self.hashes.iter().collect();
        for hash in hashes {
            let of: Vec<_> =
                self.results.iter().zip(&self.hashes).filter(|(_, h)| *h == hash).map(|(r, _)| r).collect();
            if of.iter().all(|r| r.passed()) {
                let expectations = of.iter().map(|r| r.cases.len()).sum();
                Tested::note(home, hash, Passed { at: ctx.now(), scenarios: of.len(), expectations })?;
            }
        }
        Ok(())
    }

    fn show(&self, ui: &Ui) {
        let mut table = Table::new(&[ui.t("holds>", "hält>"), ui.t("of>", "von>"), ui.t("scenario", "Fall")]);
        for result in &self.results {
            let good = result.cases.iter().filter(|c| c.failure.is_none()).count();
            table.row([good.to_string(), result.cases.len().to_string(), result.scenario.clone()]);
        }
        ui.table(&table);
        for result in self.results.iter().filter(|r| !r.passed()) {
            ui.heading(&format!("{} ({})", result.scenario, result.file));
            ui.line(&format!("  {}", result.law.join(", ")));
            for case in result.cases.iter().filter(|c| c.failure.is_some()) {
                let why = case.failure.as_deref().unwrap_or_default();
                ui.line(&format!("  {} ({}): {why}", case.record, case.profile));
                ui.line(&format!("    {} {}", ui.t("expected", "erwartet"), case.expected));
                ui.line(&format!("    {} {}", ui.t("got", "entschieden"), case.got));
            }
        }
        self.totals(ui);
    }

    /// How many hold, of all and of each set of packs: a recipe rests on those of its own.
    fn totals(&self, ui: &Ui) {
        let all = self.expectations();
        let words = ui.t("expectations hold, in", "Erwartungen halten, in");
        ui.line(&format!(
            "\n{} / {} {words} {}",
            count((all - self.failed()) as u64),
            count(all as u64),
            scenarios(ui, self.results.len())
        ));
        let rules = self.rules();
        for (packs, (files, expectations)) in rules.iter().filter(|_| rules.len() > 1) {
            let names: Vec<&str> = packs.packs.iter().map(|p| p.id.as_str()).collect();
            ui.line(&format!("  {}: {}, {}", names.join(", "), wanted(ui, *expectations), scenarios(ui, *files)));
        }
    }
}

fn scenarios(ui: &Ui, number: usize) -> String {
    counted(number, ui.t("scenario", "Fall"), ui.t("scenarios", "Fällen"))
}

fn wanted(ui: &Ui, number: usize) -> String {
    counted(number, ui.t("expectation", "Erwartung"), ui.t("expectations", "Erwartungen"))
}
