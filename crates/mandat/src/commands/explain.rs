mod which;

use mandat_core::decide::{Decision, Evidence, decide};
use mandat_core::derive::Context as Question;
use mandat_core::event::EventKind;
use mandat_core::proof::PersonKey;
use mandat_core::table::{Outcome as Verdicts, Reasons};
use mandat_core::vocab::Verdict;
use mandat_corpus::admit::SnapshotPeople;
use mandat_corpus::admit::find::{Found, of_person};
use mandat_corpus::build::{BuildError, Store, verdicts};
use mandat_corpus::curate::dropped_for;
use mandat_ledger::Entry;
use serde_json::{Value, json};

use crate::commands::{Context, Open};
use crate::failure::{Exit, Failure, Outcome, from_library};
use crate::sentence::{dropped, fix, sentence};
use crate::ui::{Table, Ui, count, instant};
use crate::work::Work;

use which::Meant;

/// Say why a record or an account is in or out: from the choice to the rule to the article
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mandat explain p004711\n  mandat explain https://example.org/posts/p004711 --lang de\n  \
    mandat explain @anna --platform mastodon\n  mandat explain p004711 --revision 1"
)]
pub(crate) struct Args {
    /// Id of a record, id or @handle of an account, or a URL that is one or ends in one
    #[arg(value_name = "RECORD|ACCOUNT|URL")]
    what: String,
    /// For which recipe (default: the only one, or own-model)
    #[arg(long)]
    recipe: Option<String>,
    /// Platform of the record or account (default: the home's setting, then the one platform of the vault that has it)
    #[arg(long)]
    platform: Option<String>,
    /// What a published revision decided, beside what holds now
    #[arg(long, value_name = "N", conflicts_with = "at")]
    revision: Option<u64>,
    /// Ask about this moment instead of now; denials known today count all the same
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    let open = ctx.open()?;
    let recipe = open.recipe(args.recipe.as_deref())?;
    let work = Work::open(&open, &recipe, args.at.as_deref(), ctx.now())?;
    let (meant, id) = which::meant(&open, &work, &args.what, args.platform.as_deref())?;
    if id != args.what {
        let words = ctx.ui.t("taken from the end of the address:", "dem Ende der Adresse entnommen:");
        ctx.ui.line(&format!("{words} {id}"));
    }
    let answer = match meant {
        Meant::Record(current) => {
            let explained = explain_record(&work, &current);
            show_record(&ctx.ui, &work, &explained);
            let mut answer = explained.as_json(&ctx.ui);
            if let Some(curation) = curation_says(ctx, &open, &work, &current)? {
                answer["curation"] = curation;
            }
            if let Some(revision) = args.revision {
                answer["revision"] = revision_says(ctx, &open, &work, &current, revision)?;
            }
            answer
        }
        Meant::Account(person) => explain_person(ctx, &work, person)?,
    };
    ctx.ui.answer(&answer);
    Ok(())
}

/// A record and what is decided about it.
pub(crate) struct Explained {
    pub(crate) id: String,
    category: String,
    created: String,
    /// Whether the recipe asks for records of this kind at all.
    asked: bool,
    pub(crate) decision: Decision,
}

/// Decides one record with everything known now.
pub(crate) fn explain_record(work: &Work, found: &Found) -> Explained {
    let order = work.order();
    let ask = order.ask(&work.snapshot);
    let question = Question::new(&ask, &work.snapshot.shared, order.rules.settings);
    let people = SnapshotPeople::new(&work.snapshot, &question);
    let history = mandat_core::snapshot::Snapshot::person(&work.snapshot, found.person()).unwrap_or_default();
    let view = found.view();
    Explained {
        id: found.id.clone(),
        category: found.category().map_or_else(|| "?".to_owned(), |c| c.to_string()),
        created: instant(view.created),
        asked: found.category().is_some_and(|c| work.recipe.categories.has(c)),
        decision: decide(&view, &history, &question, &people, order.rules.table),
    }
}

impl Explained {
    fn as_json(&self, ui: &Ui) -> Value {
        let reasons = self.decision.reasons.iter().map(|r| {
            json!({"reason": r.reason, "verdict": r.verdict, "rule": r.rule, "articles": r.articles, "evidence": r.evidence,
                "sentence": sentence(r.reason, ui.lang), "fix": fix(r.reason, ui.lang)})
        });
        json!({"record": self.id, "category": self.category, "created_at": self.created, "asked_for": self.asked, "verdict": self.decision.verdict,
            "reasons": reasons.collect::<Vec<_>>(), "basis": self.decision.basis})
    }
}

/// Prints the chain from event to article.
pub(crate) fn show_record(ui: &Ui, work: &Work, explained: &Explained) {
    let Explained { id, category, created, asked, decision } = explained;
    ui.line(&format!("{} {id} ({category}, {created}): {}", ui.t("record", "Eintrag"), word(ui, decision.verdict)));
    ui.line(&format!("  {}", super::plan::head(ui, work)));
    if !asked {
        let words = "  this recipe does not ask for records of this kind, whatever is decided about them";
        ui.line(ui.t(
            words,
            "  dieses Rezept fragt nicht nach Einträgen dieser Art, was auch immer über sie entschieden ist",
        ));
    }
    let mut told = Reasons::default();
    for detail in &decision.reasons {
        if told.has(detail.reason) {
            continue;
        }
        told.insert(detail.reason);
        ui.line(&format!("\n  {}: {}", detail.reason, sentence(detail.reason, ui.lang)));
        for line in detail.evidence.iter().map(|e| evidence(ui, e)) {
            ui.line(&format!("    {}  {line}", ui.t("event  ", "Ereignis")));
        }
        ui.line(&format!("    {}  {}", ui.t("rule   ", "Regel   "), detail.rule));
        ui.line(&format!("    {}  {}", ui.t("article", "Artikel "), detail.articles.join(", ")));
        ui.line(&format!("    {}  {}", ui.t("mending", "Abhilfe "), fix(detail.reason, ui.lang)));
    }
    for line in decision.basis.iter().map(|e| evidence(ui, e)) {
        ui.line(&format!("    {}  {line}", ui.t("rests on", "beruht auf")));
    }
}

fn evidence(ui: &Ui, evidence: &Evidence) -> String {
    let notice = evidence
        .notice
        .as_ref()
        .map_or_else(String::new, |n| format!(", {} {n}", ui.t("under notice", "nach Mitteilung")));
    let received = ui.t("received", "eingegangen");
    format!(
        "{} {received} {} ({} {}{notice})",
        event_word(evidence.event),
        instant(evidence.received),
        ui.t("ledger", "Kontobuch"),
        evidence.position
    )
}

/// An event kind as files write it.
fn event_word(kind: EventKind) -> String {
    serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A ledger row as files write it.
fn kind(entry: &Entry) -> String {
    match entry {
        Entry::Act(line) => event_word(line.event),
        Entry::Facts(_) => "person".into(),
        Entry::Notice(_) => "notice".into(),
        Entry::Void { .. } => "void".into(),
        Entry::Erased => "erased".into(),
        Entry::Destroyed => "destroyed".into(),
    }
}

/// A verdict in words.
pub(crate) fn word<'a>(ui: &Ui, verdict: Verdict) -> &'a str {
    match verdict {
        Verdict::Include => ui.t("IN", "DRIN"),
        Verdict::IncludeRedacted => ui.t("IN, with other people's words cut out", "DRIN, ohne die Worte anderer"),
        Verdict::Hold => ui.t("ON HOLD", "ANGEHALTEN"),
        Verdict::Exclude => ui.t("OUT", "DRAUSSEN"),
    }
}

fn explain_person(ctx: &Context, work: &Work, person: PersonKey) -> Outcome<Value> {
    let ui = &ctx.ui;
    let found = of_person(&work.vault, person).map_err(|e| from_library(Exit::BadInput, &e))?;
    let mut by_outcome = std::collections::BTreeMap::<Verdicts, (u64, String)>::new();
    for record in found.iter().filter(|r| !r.superseded) {
        let decision = explain_record(work, record).decision;
        let mut reasons = Reasons::default();
        decision.reasons.iter().for_each(|r| reasons.insert(r.reason));
        let entry = by_outcome.entry(Verdicts { verdict: decision.verdict, reasons }).or_insert((0, record.id.clone()));
        entry.0 += 1;
    }
    ui.line(&super::plan::head(ui, work));
    let heads = [
        ui.t("records>", "Einträge>"),
        ui.t("for example", "zum Beispiel"),
        ui.t("verdict", "Urteil"),
        ui.t("reasons", "Gründe"),
    ];
    let mut table = Table::new(&heads);
    let mut lines = Vec::new();
    for (outcome, (records, example)) in &by_outcome {
        let codes: Vec<&str> = outcome.reasons.iter().map(|r| r.as_str()).collect();
        table.row([&count(*records), example.as_str(), word(ui, outcome.verdict), &codes.join(", ")]);
        lines.push(json!({"records": records, "example": example, "verdict": outcome.verdict, "reasons": codes}));
    }
    if table.is_empty() {
        ui.line(ui.t("the vault holds no record of this account", "der Tresor enthält keinen Eintrag dieses Kontos"));
    } else {
        ui.table(&table);
    }
    let events = events(ctx, work, person)?;
    Ok(json!({"person": person.to_string(), "outcomes": lines, "events": events}))
}

/// What the ledger holds about a person: which kind of event, and when.
fn events(ctx: &Context, work: &Work, person: PersonKey) -> Outcome<Vec<Value>> {
    let ui = &ctx.ui;
    let events = work.ledger.events_of(person).map_err(|e| from_library(Exit::BadInput, &e))?;
    let mut table =
        Table::new(&[ui.t("ledger>", "Kontobuch>"), ui.t("received", "eingegangen"), ui.t("event", "Ereignis")]);
    let mut lines = Vec::new();
    for event in &events {
        let kind = kind(&event.entry);
        let kind = if event.voided { format!("{kind} ({})", ui.t("void", "nichtig")) } else { kind };
        table.row([event.position.to_string(), instant(event.received), kind.clone()]);
        lines.push(json!({"position": event.position, "received_at": event.received, "event": kind}));
    }
    if !table.is_empty() {
        ui.heading(ui.t("What is known of this account", "Was über dieses Konto bekannt ist"));
        ui.table(&table);
    }
    Ok(lines)
}

/// Whether the last revision left an admitted record out all the same.
fn curation_says(ctx: &Context, open: &Open, work: &Work, found: &Found) -> Outcome<Option<Value>> {
    let (ui, store) = (&ctx.ui, Store::new(&open.home.store()));
    let refuse = |e: BuildError| from_library(Exit::BadInput, &e);
    let Some(last) = store.revisions(&work.recipe.name).map_err(refuse)?.pop() else { return Ok(None) };
    let Some(reason) = dropped_for(&store, &work.recipe.name, last, found.view().key.0).map_err(refuse)? else {
        return Ok(None);
    };
    let words = ui.t("curation dropped it from revision", "die Kuratierung nahm ihn aus Revision");
    let meaning = dropped(&reason, ui.lang);
    ui.line(&format!("\n  {reason}: {words} {last}: {meaning}"));
    Ok(Some(json!({"revision": last, "reason": reason, "meaning": meaning})))
}

fn revision_says(ctx: &Context, open: &Open, work: &Work, found: &Found, revision: u64) -> Outcome<Value> {
    let ui = &ctx.ui;
    let store = Store::new(&open.home.store());
    let known = store.revisions(&work.recipe.name).map_err(|e| from_library(Exit::BadInput, &e))?;
    if !known.contains(&revision) {
        return Err(Failure::bad_input(format!("`{}` has no revision {revision}", work.recipe.name))
            .hint("mandat build makes one"));
    }
    let said = verdicts::read(&store, &work.recipe.name, revision, found.bucket, found.unit, found.row)
        .map_err(|e| from_library(Exit::BadInput, &e))?;
    let name = format!("{} {revision}", ui.t("revision", "Revision"));
    let Some(outcome) = said else {
        ui.line(&format!(
            "\n{name}: {}",
            ui.t("this version was no candidate then", "diese Fassung stand damals nicht zur Wahl")
        ));
        return Ok(json!({"revision": revision, "verdict": null}));
    };
    let codes: Vec<&str> = outcome.reasons.iter().map(|r| r.as_str()).collect();
    let dropped = dropped_for(&store, &work.recipe.name, revision, found.view().key.0);
    let dropped = dropped.map_err(|e| from_library(Exit::BadInput, &e))?;
    match &dropped {
        Some(reason) => {
            let words = ui.t(
                "NOT IN: admitted, and dropped by curation for",
                "NICHT DRIN: zugelassen, von der Kuratierung entfernt wegen",
            );
            ui.line(&format!("\n{name}: {words} {reason}"));
        }
        None => ui.line(&format!("\n{name}: {} {}", word(ui, outcome.verdict), codes.join(", "))),
    }
    Ok(json!({"revision": revision, "verdict": outcome.verdict, "reasons": codes, "dropped_by_curation": dropped}))
}
