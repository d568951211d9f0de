//! The specification: one record, one question, a verdict with every reason and what it rests on.

use serde::Serialize;

use crate::ask::{Ask, Mode};
use crate::derive::{Context, People, RecordView, Witness, basis, full_facts, witnesses};
use crate::event::EventKind;
use crate::history::PersonHistory;
use crate::table::{DecisionTable, Facts};
use crate::time::Micros;
use crate::vocab::{Reason, Verdict};

/// What is decided about one record, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The most restrictive verdict of the rules that fired; include if none did.
    pub verdict: Verdict,
    /// Every rule that fired, in table order.
    pub reasons: Vec<ReasonDetail>,
    /// Whether the record existed at T; one made later is no candidate and is never included.
    pub candidate: bool,
    /// In an audit: whether a denial known now, but not in force at T, would take the record out.
    pub denied_now: bool,
    /// For an included record: what its permission rests on.
    pub basis: Vec<Evidence>,
    /// The facts it was judged by.
    #[serde(skip)]
    pub facts: Facts,
}

/// One rule that fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonDetail {
    /// Its reason code.
    pub reason: Reason,
    /// What it alone decides.
    pub verdict: Verdict,
    /// `pack/rule`.
    pub rule: String,
    /// The articles it rests on.
    pub articles: Vec<String>,
    /// The events it rests on.
    pub evidence: Vec<Evidence>,
}

/// An event that a reason or a permission rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Evidence {
    /// Its number in the ledger.
    pub position: u64,
    /// What kind of event.
    pub event: EventKind,
    /// When it was received.
    pub received: Micros,
    /// The notice it was made under, if any.
    pub notice: Option<String>,
}

impl Decision {
    /// The reason codes, without repetition, in code order.
    #[must_use]
    pub fn codes(&self) -> Vec<Reason> {
        let mut codes: Vec<_> = self.reasons.iter().map(|r| r.reason).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

/// Decides one record.
#[must_use]
pub fn decide(
    record: &RecordView<'_>,
    history: &PersonHistory,
    ctx: &Context<'_>,
    people: &dyn People,
    table: &DecisionTable,
) -> Decision {
    let candidate = record.created <= ctx.ask.at;
    // Of what did not exist at T nothing is known, and nothing known is no basis: that alone is said.
    let facts = if candidate { full_facts(record, history, ctx, people) } else { Facts::default() };
    let firing = table.firing(ctx.ask.profile, facts).filter(|r| candidate || r.reason == Reason::NoBasis);
    let reasons: Vec<_> = firing
        .map(|rule| ReasonDetail {
            reason: rule.reason,
            verdict: rule.verdict,
            rule: rule.id.clone(),
            articles: rule.articles.clone(),
            evidence: evidence(witnesses(rule.reason, record, history, ctx)),
        })
        .collect();
    let verdict = reasons.iter().map(|r| r.verdict).max().unwrap_or(Verdict::Include);
    let verdict = if candidate { verdict } else { Verdict::Exclude };
    let included = verdict < Verdict::Hold;
    Decision {
        verdict,
        reasons,
        candidate,
        denied_now: included && ctx.ask.mode == Mode::Audit && denied_now(record, history, ctx, people, table),
        basis: if included { evidence(basis(record, history, ctx)) } else { Vec::new() },
        facts,
    }
}

fn evidence(witnesses: Vec<Witness<'_>>) -> Vec<Evidence> {
    let evidence = witnesses.into_iter().map(|w| Evidence {
        position: w.position,
        event: w.event,
        received: w.received,
        notice: w.notice.map(str::to_string),
    });
    evidence.collect()
}

/// Whether what an audit includes is denied by something received after T and known at K.
fn denied_now(
    record: &RecordView<'_>,
    history: &PersonHistory,
    ctx: &Context<'_>,
    people: &dyn People,
    table: &DecisionTable,
) -> bool {
    let known_at = Some(ctx.ask.known_at.unwrap_or(ctx.ask.at));
    let ask = Ask { mode: Mode::Build, now: ctx.ask.at, known_at, ..ctx.ask.clone() };
    let now = Context::new(&ask, ctx.shared, ctx.settings);
    table.outcome(ask.profile, full_facts(record, history, &now, people)).verdict >= Verdict::Hold
}
