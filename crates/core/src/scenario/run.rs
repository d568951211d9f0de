//! Running scenarios: every question under every profile asked, compared with what must be decided.

use serde::Serialize;

use crate::ask::{Ask, Mode};
use crate::decide::{Decision, decide};
use crate::derive::Context;
use crate::packs::{Diagnostic, Packs, embedded, unknown_pack};
use crate::scenario::expect::{AskFile, Expected};
use crate::scenario::read::{Question, Scenario};
use crate::scenario::world::{Everyone, World};
use crate::vocab::{FIRST_PARTY, Profile, Reason, Verdict};

/// How one scenario went.
#[derive(Debug, Clone, Serialize)]
pub struct ScenarioResult {
    /// Its name.
    pub scenario: String,
    /// Its file.
    pub file: String,
    /// The law it is about.
    pub law: Vec<String>,
    /// Every expectation, in file order.
    pub cases: Vec<Case>,
}

/// How one expectation went.
#[derive(Debug, Clone, Serialize)]
pub struct Case {
    /// Which question, from 1.
    pub question: usize,
    /// Which record; empty for a request that must be refused.
    pub record: String,
    /// Under which profile.
    pub profile: Profile,
    /// The reasons that were expected.
    pub wanted: Vec<Reason>,
    /// What was expected, in words.
    pub expected: String,
    /// What was decided, in words.
    pub got: String,
    /// Why it failed; `None` = it holds.
    pub failure: Option<String>,
    /// The decision, where one was made.
    pub decision: Option<Decision>,
}

impl ScenarioResult {
    /// Whether every expectation holds.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.cases.iter().all(|c| c.failure.is_none())
    }
}

/// Runs a scenario against the packs it names; `find` gives the text of packs that are not built in
/// or take their place.
///
/// # Errors
/// Packs that cannot be found or read.
pub fn run(scenario: &Scenario, find: &dyn Fn(&str) -> Option<String>) -> Result<ScenarioResult, Vec<Diagnostic>> {
    let mut texts = Vec::new();
    for name in &scenario.packs {
        match find(name).or_else(|| embedded(name).map(str::to_string)) {
            Some(text) => texts.push((name.as_str(), text)),
            None => return Err(vec![unknown_pack(name)]),
        }
    }
    let sources: Vec<_> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    Ok(run_with(scenario, &Packs::load(&sources)?))
}

/// Runs a scenario against packs that are loaded already, whatever it names.
#[must_use]
pub fn run_with(scenario: &Scenario, packs: &Packs) -> ScenarioResult {
    let world = World::new(&scenario.raw);
    let mut cases = Vec::new();
    for (i, question) in scenario.questions.iter().enumerate() {
        Runner { world: &world, packs, number: i + 1, question, cases: &mut cases }.question();
    }
    ScenarioResult { scenario: scenario.name.clone(), file: scenario.file.clone(), law: scenario.law.clone(), cases }
}

struct Runner<'a> {
    world: &'a World<'a>,
    packs: &'a Packs,
    number: usize,
    question: &'a Question,
    cases: &'a mut Vec<Case>,
}

impl Runner<'_> {
    fn question(&mut self) {
        let question = self.question;
        for profile in Profile::ALL {
            let asked = question.ask.profile.profiles().contains(profile);
            if question.expect.refused && asked {
                self.refusal(*profile);
            }
            for (name, expect) in &question.expect.records {
                match expect.under(*profile) {
                    Some(_) if !asked && !expect.names(*profile) => {}
                    Some(_) if !asked => self.push(&name.value, *profile, "a verdict", "not asked", not_asked(), None),
                    Some(expected) => self.record(&name.value, *profile, expected),
                    None if asked && expect.names(other(*profile)) => {}
                    None if asked => self.push(&name.value, *profile, "nothing", "-", says_nothing(), None),
                    None => {}
                }
            }
        }
    }

    fn push(
        &mut self,
        record: &str,
        profile: Profile,
        expected: &str,
        got: &str,
        failure: Option<String>,
        decision: Option<Decision>,
    ) {
        self.cases.push(Case {
            question: self.number,
            record: record.into(),
            profile,
            wanted: Vec::new(),
            expected: expected.into(),
            got: got.into(),
            failure,
            decision,
        });
    }

    fn refusal(&mut self, profile: Profile) {
        let refused = refused(&self.question.ask);
        let got = refused.unwrap_or("a request that can be answered");
        let failure = refused.is_none().then(|| "the request is not refused".to_string());
        self.push("", profile, "refused", got, failure, None);
    }

    fn record(&mut self, name: &str, profile: Profile, mut expected: Expected) {
        expected.exactly |= self.question.expect.exactly;
        if let Some(why) = refused(&self.question.ask) {
            let failure = (!expected.refused).then(|| format!("the request is refused: {why}"));
            self.push(name, profile, &in_words(&expected), "refused", failure, None);
            return;
        }
        let decision = self.decide(name, profile);
        let got = said(&decision);
        let failure = self.compare(&expected, &decision, profile);
        self.push(name, profile, &in_words(&expected), &got, failure, Some(decision));
        if let Some(case) = self.cases.last_mut() {
            case.wanted = expected.reasons;
        }
    }

    fn decide(&self, name: &str, profile: Profile) -> Decision {
        let ask = ask(&self.question.ask, profile, self.world);
        let ctx = Context::new(&ask, &self.world.shared, self.packs.settings);
        let prepared = self.world.prepare(name).expect("the reader checked that the record exists");
        let view = prepared.view();
        let nobody = crate::history::PersonHistory::default();
        let history = self.world.people.get(&view.person).unwrap_or(&nobody);
        decide(&view, history, &ctx, &Everyone { world: self.world, ctx: &ctx }, &self.packs.table)
    }

    fn compare(&self, expected: &Expected, decision: &Decision, profile: Profile) -> Option<String> {
        if expected.refused {
            return Some("the request is not refused".into());
        }
        let rules = || self.packs.table.rules.iter().filter(move |r| r.profiles.contains(&profile));
        if let Some(reason) = expected.reasons.iter().find(|want| !rules().any(|r| r.reason == **want)) {
            let packs = self.packs.ids.join(", ");
            return Some(format!("no rule in {packs} can give {reason} under {profile}"));
        }
        if let Some(verdict) = expected.verdict.filter(|v| *v != decision.verdict) {
            return Some(format!("expected {verdict}, got {}", decision.verdict));
        }
        let codes = decision.codes();
        let missing: Vec<_> = expected.reasons.iter().filter(|r| !codes.contains(r)).map(|r| r.as_str()).collect();
        if !missing.is_empty() {
            return Some(format!("missing {}", missing.join(", ")));
        }
        let extra: Vec<_> = codes.iter().filter(|r| !expected.reasons.contains(r)).map(|r| r.as_str()).collect();
        (expected.exactly && !extra.is_empty()).then(|| format!("not expected: {}", extra.join(", ")))
    }
}

fn not_asked() -> Option<String> {
    Some("the question does not ask about this profile".into())
}

fn says_nothing() -> Option<String> {
    Some("the expectation says nothing about this profile".into())
}

const fn other(profile: Profile) -> Profile {
    match profile {
        Profile::Consent => Profile::LegitimateInterest,
        Profile::LegitimateInterest => Profile::Consent,
    }
}

/// Why a request cannot be answered: content goes out only as known now (D3).
fn refused(ask: &AskFile) -> Option<&'static str> {
    match (ask.mode, ask.known_at, ask.content) {
        (Mode::Build, Some(_), _) => Some("a build knows what is known now; earlier knowledge is for audits"),
        (Mode::Audit, _, true) => Some("an audit gives verdicts, never content"),
        _ => None,
    }
}

fn ask(file: &AskFile, profile: Profile, world: &World<'_>) -> Ask {
    Ask {
        purpose: file.purpose.clone(),
        profile,
        recipient: file.recipient.clone().unwrap_or_else(|| FIRST_PARTY.into()),
        at: file.at,
        now: world.end.map_or(file.at, |end| end.max(file.at)),
        mode: file.mode,
        known_at: file.known_at,
    }
}

fn in_words(expected: &Expected) -> String {
    if expected.refused {
        return "refused".into();
    }
    let verdict = expected.verdict.map_or("any verdict", Verdict::as_str);
    let only = if expected.exactly { " and no other reason" } else { "" };
    format!("{verdict}{}{only}", codes(&expected.reasons))
}

fn said(decision: &Decision) -> String {
    format!("{}{}", decision.verdict, codes(&decision.codes()))
}

fn codes(reasons: &[Reason]) -> String {
    if reasons.is_empty() {
        return String::new();
    }
    let words: Vec<_> = reasons.iter().map(|r| r.as_str()).collect();
    format!(" [{}]", words.join(" "))
}
