use std::path::{Path, PathBuf};

use clap::Subcommand;
use mandat_core::members::record_digest;
use mandat_core::proof::{LogSecret, MemberSecret, Membership, PersonKey, Receipt, SubjectSecret, base64, hex};
use mandat_core::receipt::{About, MEMBERSHIP_FORMAT, MembershipFile, read_receipt_document};
use mandat_corpus::admit::find::versions;
use mandat_corpus::build::Store;
use mandat_ledger::Ledger;
use serde_json::json;

use crate::commands::{Context, Open};
use crate::failure::{Exit, Failure, OrFail, Outcome, from_library};
use crate::revisions::Published;

/// Write a proof that a person or a record is in a revision, or that it is not
///
/// Only for the person themselves. They show that they are who they say by a receipt that they were given, which nobody
/// else has; or the operator says with --identified that they were identified in another way (GDPR Art 12(6)). The file
/// shows nothing about anybody else, and is good for this revision alone.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mandat prove person anna --revision 3 --receipt anna.receipt --out proof.json\n  \
    mandat prove record p004711 --identified --out proof.json\n  mandat verify proof.json --key log-key.pub"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A person: whether any record of theirs is in, and how many
    #[command(after_help = "Example:\n  mandat prove person anna --revision 3 --receipt anna.receipt --out proof.json")]
    Person(Person),
    /// One record of a person
    #[command(after_help = "Example:\n  mandat prove record p004711 --account anna --identified --out proof.json")]
    Record(Record),
}

#[derive(Debug, clap::Args)]
struct Person {
    /// The account
    #[arg(value_name = "ACCOUNT")]
    account: String,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
struct Record {
    /// The platform's id of the record
    #[arg(value_name = "RECORD")]
    record: String,
    /// Account that wrote it (default: the one in the vault)
    #[arg(long)]
    account: Option<String>,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
struct How {
    /// Number of the revision (default: the newest)
    #[arg(long, value_name = "N")]
    revision: Option<u64>,
    /// Name of the corpus (default: the only recipe, or own-model)
    #[arg(long, value_name = "NAME")]
    corpus: Option<String>,
    /// Platform of the account (default: the home's setting)
    #[arg(long)]
    platform: Option<String>,
    /// A receipt of that person: only they have it
    #[arg(long, value_name = "FILE", required_unless_present = "identified", conflicts_with = "identified")]
    receipt: Option<PathBuf>,
    /// The person was identified in another way
    #[arg(long)]
    identified: bool,
    /// Write the proof here instead of to standard output
    #[arg(long, value_name = "OUT")]
    out: Option<PathBuf>,
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    let open = ctx.open()?;
    match &args.what {
        What::Person(args) => {
            let person = open.keys.keyer().person(platform(&open, &args.how)?, &args.account);
            prove(ctx, &open, &args.how, person, None)
        }
        What::Record(args) => {
            let person = author(&open, args)?;
            prove(ctx, &open, &args.how, person, Some(&args.record))
        }
    }
}

fn platform<'a>(open: &'a Open, how: &'a How) -> Outcome<&'a str> {
    open.platform(how.platform.as_deref())
        .ok_or_else(|| Failure::usage("on which platform?").hint("name it with --platform"))
}

/// Who wrote a record: as the vault has it, or as named where it has none.
fn author(open: &Open, args: &Record) -> Outcome<PersonKey> {
    let platform = platform(open, &args.how)?;
    let found = versions(&open.vault()?, open.keys.keyer().record(platform, &args.record));
    let found = found.map_err(|e| from_library(Exit::BadInput, &e))?;
    let latest = found.iter().find(|r| !r.superseded).or(found.last()).map(|record| record.person());
    let named = args.account.as_ref().map(|account| open.keys.keyer().person(platform, account));
    match (latest, named) {
        (Some(author), Some(named)) if !found.iter().any(|r| r.person() == named) && author != named => {
            Err(Failure::refused("somebody else wrote this record").hint("only its author can ask about it"))
        }
        (_, Some(named)) => Ok(named),
        (Some(author), None) => Ok(author),
        (None, None) => Err(Failure::bad_input("the vault holds no such record")
            .hint("name who wrote it with --account: absence can be shown all the same")),
    }
}

fn prove(ctx: &Context, open: &Open, how: &How, person: PersonKey, record: Option<&str>) -> Outcome {
    let ledger = open.ledger()?;
    let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
    let secret = ledger.secrets_of(&[person]).map_err(|e| refuse(&e))?.pop().flatten();
    let secret = secret.ok_or_else(|| {
        Failure::refused(
            "nobody can ask for this account any more, or yet: it is not known, or its secret was destroyed",
        )
        .hint("check the account and --platform")
    })?;
    if let Some(path) = &how.receipt {
        owns(&ledger, &ctx.path(path), person, &secret)?;
    }
    let corpus = open.recipe(how.corpus.as_deref())?;
    let store = Store::new(&open.home.store());
    let published = Published::open(&store, &corpus, how.revision)?;
    let (file, shown) = proof(&store, open, ctx, &published, &secret, record)?;
    let text = file.to_text();
    match &how.out {
        Some(path) => {
            let path = ctx.path(path);
            mandat_ledger::durable::replace(&path, &mut |out| out.write_all(text.as_bytes()))
                .or_refuse(|| format!("cannot write `{}`", path.display()))?;
            let present = matches!(shown, Membership::Present(_));
            let ui = &ctx.ui;
            let words = match present {
                true => ui.t("it is in; the proof stands in", "ist enthalten; der Nachweis steht in"),
                false => ui.t("it is not in; the proof stands in", "ist nicht enthalten; der Nachweis steht in"),
            };
            ui.line(&format!("{words} {}", path.display()));
            ui.answer(&json!({"corpus": corpus, "revision": file.revision, "about": file.about, "present": present, "path": path}));
        }
        None => {
            ctx.ui.line(text.trim_end());
            ctx.ui.answer(&file);
        }
    }
    Ok(())
}

/// Refuses unless the receipt opens an act of this person: the opening follows from their secret, and nobody can guess it.
fn owns(ledger: &Ledger, path: &Path, person: PersonKey, secret: &SubjectSecret) -> Outcome {
    let text = std::fs::read_to_string(path).or_bad_input(|| format!("cannot read `{}`", path.display()))?;
    let receipt: Option<Receipt> =
        if text.starts_with('{') { read_receipt_document(&text).ok() } else { text.parse().ok() };
    let receipt = receipt.ok_or_else(|| Failure::bad_input(format!("`{}` is no receipt", path.display())))?;
    let acts = ledger.positions_of(person).map_err(|e| from_library(Exit::BadInput, &e))?.len() as u64;
    let own = LogSecret::new(secret, ledger.origin());
    let mark = receipt.batch.as_ref().map_or(receipt.entry.mark(), |step| &step.mark);
    if (0..acts).any(|n| own.mark(n) == *mark && own.opening(n) == receipt.opening) {
        return Ok(());
    }
    Err(Failure::refused("the receipt is not one of this account; nobody can ask about others")
        .hint("take a receipt that this person was given for this account"))
}

/// The proof, checked before it is handed out.
fn proof(
    store: &Store,
    open: &Open,
    ctx: &Context,
    published: &Published,
    secret: &SubjectSecret,
    record: Option<&str>,
) -> Outcome<(MembershipFile, Membership)> {
    let (about, inputs) = (if record.is_some() { About::Record } else { About::Person }, published.content.inputs());
    let number = published.lineage.revision;
    let files = store.member_files(&published.content, number);
    let none =
        || Failure::refused(format!("revision {number} commits to no members")).hint("build it anew: mandat build");
    let (_, files) = files.into_iter().find(|(kind, _)| *kind == about.kind()).ok_or_else(none)?;
    let own = match record {
        Some(id) => MemberSecret::of_record(secret, &inputs, &record_digest(id)),
        None => MemberSecret::of_person(secret, &inputs),
    };
    let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
    let proof = files.prove(&own.token()).map_err(|e| refuse(&e))?;
    let shown = proof.verify(&own, files.root()).map_err(|e| refuse(&e))?;
    let file = MembershipFile {
        format: MEMBERSHIP_FORMAT.into(),
        about,
        corpus: published.lineage.corpus.clone(),
        revision: number,
        content_sha256: published.lineage.content_sha256.clone(),
        secret: hex(&own.0),
        proof: base64(&proof.to_bytes(files.root())),
        revision_receipt: published.receipt(open, ctx.now())?.map(|receipt| receipt.to_string()),
    };
    Ok((file, shown))
}
