mod page;
mod reason;
mod trust;

use std::path::{Path, PathBuf};

use mandat_core::proof::{EntryKind, Membership, Receipt, TlogProof, Trusted, Verified, unhex, verify_receipt};
use mandat_core::receipt::{
    About, MembershipError, MembershipFile, kind_word, read_receipt_document, receipt_document,
};
use mandat_core::time::Micros;
use serde_json::{Value, json};

use crate::commands::Context;
use crate::failure::{Exit, Failure, OrFail, Outcome};
use crate::ui::{Ui, instant};

use reason::{Refused, refused};
pub(crate) use trust::Keys;

/// The longest file that is read, in bytes.
const LIMIT: u64 = 16 << 20;

/// Check a receipt, or a proof that somebody is in a revision or not, offline
///
/// Needs no home and no network: only the file, and a public key from a place other than the file. A receipt may be the
/// text that was handed out or its JSON document.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mandat verify receipt.json --key log-key.pub\n  mandat verify receipt.txt --key policy.txt --page receipt.html --lang de\n  \
    mandat verify proof.json --key log-key.pub\n  mandat verify proof.json --revision corpora/own-model/3\n\n\
    Exit codes: 0 verified, 1 not verified, 3 the file cannot be read as any of these"
)]
pub(crate) struct Args {
    /// Receipt (text or JSON), proof of membership, tlog-proof or checkpoint
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The log's public key, a file that holds it, or a C2SP tlog-policy file with witnesses
    #[arg(long, value_name = "KEY|FILE")]
    key: Option<String>,
    /// Folder with the revision's content.json and revision.json, for a proof of membership
    #[arg(long, value_name = "FOLDER")]
    revision: Option<PathBuf>,
    /// The entry that a bare tlog-proof is about, as a file
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,
    /// Write the receipt as a JSON document
    #[arg(long, value_name = "OUT")]
    document: Option<PathBuf>,
    /// Write the receipt as a page to read and print
    #[arg(long, value_name = "OUT")]
    page: Option<PathBuf>,
}

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    let text = read(&ctx.path(&args.file), &ctx.ui)?;
    let told = match check(ctx, args, &text) {
        Ok(told) => told,
        Err(refused) => {
            if refused.exit == Exit::Refused {
                ctx.ui.answer(&json!({"verified": false, "reason": refused.code, "why": refused.failure.message}));
            }
            return Err(refused.failure);
        }
    };
    told.lines.iter().for_each(|line| ctx.ui.line(line));
    ctx.ui.answer(&told.answer);
    Ok(())
}

/// What was found to hold.
struct Told {
    lines: Vec<String>,
    answer: Value,
}

fn check(ctx: &Context, args: &Args, text: &str) -> Result<Told, Refused> {
    let ui = &ctx.ui;
    if text.starts_with('{') {
        return match serde_json::from_str::<Value>(text) {
            Ok(value) if value["format"].is_string() => membership(ctx, args, text),
            Ok(_) => receipt(ctx, args, &read_receipt_document(text).map_err(|e| refused(ui, e.into()))?),
            Err(_) => Err(unknown(ui)),
        };
    }
    if text.starts_with("c2sp.org/tlog-proof") {
        return match &args.entry {
            Some(entry) => bare(ctx, args, text, entry),
            None => receipt(ctx, args, &text.parse().map_err(|e| refused(ui, reason::Why::Receipt(e)))?),
        };
    }
    checkpoint(ctx, args, text)
}

fn receipt(ctx: &Context, args: &Args, receipt: &Receipt) -> Result<Told, Refused> {
    let ui = &ctx.ui;
    let keys = Keys::read(ctx, args.key.as_deref())?;
    let trust = keys.trust(ui, receipt.proof.checkpoint.text())?;
    let verified = verify_receipt(receipt, &trust).map_err(|e| refused(ui, reason::Why::Receipt(e)))?;
    let document = receipt_document(receipt).map_err(|e| refused(ui, e.into()))?;
    if let Some(path) = &args.document {
        write(&ctx.path(path), &document)?;
    }
    if let Some(path) = &args.page {
        write(&ctx.path(path), &page::render(ui.lang, &document, &verified))?;
    }
    let says = String::from_utf8_lossy(&receipt.content);
    let mut lines = vec![ui.t("verified", "geprüft und echt").to_owned(), place(ui, &verified)];
    lines.extend(witnesses(ui, &verified.trusted));
    lines.push(format!("{}\n  {}", ui.t("it says:", "darin steht:"), says.trim_end().replace('\n', "\n  ")));
    let answer = json!({"verified": true, "what": "receipt", "kind": kind_word(verified.kind), "index": verified.index,
        "hours_since_1970": verified.hour, "log": head(&verified.trusted), "says": says});
    Ok(Told { lines, answer })
}

fn membership(ctx: &Context, args: &Args, text: &str) -> Result<Told, Refused> {
    let ui = &ctx.ui;
    let file = MembershipFile::parse(text).map_err(|e| refused(ui, e.into()))?;
    let mut shown = None;
    let mut lines = vec![ui.t("verified", "geprüft und echt").to_owned()];
    let mut log = Value::Null;
    if let (Some(receipt), Some(_)) = (&file.revision_receipt, &args.key) {
        let receipt: Receipt = receipt.parse().map_err(|e| refused(ui, reason::Why::Receipt(e)))?;
        let trust = Keys::read(ctx, args.key.as_deref())?.trust(ui, receipt.proof.checkpoint.text())?;
        shown = Some(file.check_in_log(&trust).map_err(|e| refused(ui, e.into()))?.0);
        let verified = verify_receipt(&receipt, &trust).map_err(|e| refused(ui, reason::Why::Receipt(e)))?;
        lines.push(place(ui, &verified));
        log = head(&verified.trusted);
    }
    if let Some(folder) = &args.revision {
        let folder = ctx.path(folder);
        let (content, lineage) = (bytes(&folder.join("content.json"))?, bytes(&folder.join("revision.json"))?);
        shown = Some(file.check_in_manifests(&content, &lineage).map_err(|e| refused(ui, e.into()))?);
        lines.push(
            ui.t(
                "the revision's manifests are those that the proof is about",
                "die Manifeste der Revision sind die, um die es geht",
            )
            .to_owned(),
        );
    }
    let Some(shown) = shown else { return Err(nothing_to_hold_against(ui, &file)) };
    if log.is_null() {
        let words = ui.t(
            "held against these manifests alone, not against a log: somebody else may have been shown others",
            "nur an diesen Manifesten geprüft, nicht an einem Protokoll: anderen können andere gezeigt worden sein",
        );
        lines.push(words.to_owned());
    }
    lines.push(found(ui, &file, shown));
    lines.push(whose(ui).to_owned());
    let number = if let Membership::Present(number) = shown { Some(number) } else { None };
    let answer = json!({"verified": true, "what": "membership", "about": file.about, "corpus": file.corpus,
        "revision": file.revision, "present": number.is_some(), "number": number, "log": log});
    Ok(Told { lines, answer })
}

fn found(ui: &Ui, file: &MembershipFile, shown: Membership) -> String {
    let place = format!("{} {} {} {}", ui.t("revision", "Revision"), file.revision, ui.t("of", "von"), file.corpus);
    match (shown, file.about) {
        (Membership::Absent, About::Person) => {
            format!(
                "{} {place}",
                ui.t("the person whose token this is, is not in", "die Person, deren Kennwort dies ist, ist nicht in")
            )
        }
        (Membership::Absent, About::Record) => {
            format!(
                "{} {place}",
                ui.t(
                    "the record whose token this is, is not in",
                    "der Eintrag, dessen Kennwort dies ist, ist nicht in"
                )
            )
        }
        (Membership::Present(records), About::Person) => {
            format!(
                "{} {place}: {records} {}",
                ui.t("the person is in", "die Person ist in"),
                ui.t("records", "Einträge")
            )
        }
        (Membership::Present(how), About::Record) => {
            let how = match how {
                1 => ui.t("as it is", "wie er ist"),
                _ => ui.t("with something cut out", "mit Auslassungen"),
            };
            format!("{} {place}, {how}", ui.t("the record is in", "der Eintrag ist in"))
        }
    }
}

fn whose(ui: &Ui) -> &'static str {
    ui.t(
        "whose secret the proof holds can be told only by who has the person's own: take it from that person",
        "wessen Geheimnis der Nachweis enthält, weiß nur, wer das der Person kennt: nimm ihn von ihr selbst",
    )
}

fn nothing_to_hold_against(ui: &Ui, file: &MembershipFile) -> Refused {
    let failure =
        Failure::usage(ui.t("what shall the proof be held against?", "Woran soll der Nachweis geprüft werden?"));
    let hint = if file.revision_receipt.is_some() {
        "--key KEY with the public key of the log, or --revision FOLDER with the revision's manifests"
    } else {
        "--revision FOLDER with the revision's manifests: the proof holds no receipt of its revision"
    };
    Refused::usage(failure.hint(hint))
}

fn bare(ctx: &Context, args: &Args, text: &str, entry: &Path) -> Result<Told, Refused> {
    let ui = &ctx.ui;
    let proof: TlogProof = text.parse().map_err(|e: mandat_core::proof::TlogProofError| refused(ui, e.into()))?;
    let trust = Keys::read(ctx, args.key.as_deref())?.trust(ui, proof.checkpoint.text())?;
    let raw = bytes(&ctx.path(entry))?;
    let hexed = std::str::from_utf8(&raw).ok().and_then(|text| unhex::<70>(text.trim()));
    let entry = hexed.map_or(raw, |bytes| bytes.to_vec());
    let trusted = proof.verify(&entry, &trust).map_err(|e| refused(ui, e.into()))?;
    let words = ui.t("the log holds this entry as number", "das Protokoll enthält diesen Eintrag als Nummer");
    let size = trusted.checkpoint.size();
    let mut lines = vec![ui.t("verified", "geprüft und echt").to_owned()];
    lines.push(format!("{words} {} {} {size}", proof.index, ui.t("of", "von")));
    lines.extend(witnesses(ui, &trusted));
    let answer = json!({"verified": true, "what": "tlog-proof", "index": proof.index, "log": head(&trusted)});
    Ok(Told { lines, answer })
}

fn checkpoint(ctx: &Context, args: &Args, text: &str) -> Result<Told, Refused> {
    let ui = &ctx.ui;
    if mandat_core::proof::SignedNote::parse(text).is_err() {
        return Err(unknown(ui));
    }
    let trust = Keys::read(ctx, args.key.as_deref())?.trust(ui, text)?;
    let trusted = trust.open(text).map_err(|e| refused(ui, e.into()))?;
    let head_of = &trusted.checkpoint;
    let mut lines = vec![ui.t("verified", "geprüft und echt").to_owned()];
    lines.push(format!("{}: {} {}", head_of.origin(), head_of.size(), ui.t("entries", "Einträge")));
    lines.extend(witnesses(ui, &trusted));
    let answer = json!({"verified": true, "what": "checkpoint", "log": head(&trusted)});
    Ok(Told { lines, answer })
}

fn unknown(ui: &Ui) -> Refused {
    let words = ui.t(
        "the file is no receipt, no proof and no checkpoint",
        "die Datei ist weder Quittung noch Nachweis noch Kontrollpunkt",
    );
    let hint = ui.t(
        "give it as it was handed out, from the first line to the last newline",
        "gib sie so an, wie sie ausgehändigt wurde, von der ersten Zeile bis zum letzten Zeilenende",
    );
    Refused::unreadable(Failure::bad_input(words).hint(hint))
}

/// Where in which log, and when.
fn place(ui: &Ui, verified: &Verified) -> String {
    let head = &verified.trusted.checkpoint;
    let hour = instant(hour(verified.hour));
    let kind = kind_in_words(ui, verified.kind);
    match ui.lang {
        crate::ui::Lang::En => format!(
            "the log {} holds {kind}, made in the hour from {hour}, as entry {} of {}",
            head.origin(),
            verified.index,
            head.size()
        ),
        crate::ui::Lang::De => format!(
            "das Protokoll {} enthält {kind}, in der Stunde ab {hour}, als Eintrag {} von {}",
            head.origin(),
            verified.index,
            head.size()
        ),
    }
}

/// The hour of an entry.
fn hour(hours: u32) -> Micros {
    Micros(i64::from(hours) * 3_600_000_000)
}

fn kind_in_words(ui: &Ui, kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Choice => ui.t("a choice", "eine Entscheidung"),
        EntryKind::Delivery => ui.t("the delivery of a notice", "die Zustellung einer Mitteilung"),
        EntryKind::Tombstone => ui.t("an erasure", "eine Löschung"),
        EntryKind::Batch => ui.t("a batch", "einen Stapel"),
        EntryKind::Notice => ui.t("a notice", "eine Mitteilung"),
        EntryKind::Order => ui.t("an order", "eine Anordnung"),
        EntryKind::Revision => ui.t("a revision", "eine Revision"),
        EntryKind::Exclusion => ui.t("people who must be left out", "Personen, die auszulassen sind"),
        EntryKind::Packs => ui.t("rule packs", "Regelpakete"),
        EntryKind::Marks => ui.t("all marks", "alle Marken"),
        EntryKind::Note => ui.t("a note of the operator", "einen Vermerk des Betreibers"),
    }
}

fn witnesses<'a>(ui: &'a Ui, trusted: &'a Trusted) -> impl Iterator<Item = String> + 'a {
    trusted.witnesses.iter().map(|(name, seconds)| {
        let at =
            i64::try_from(*seconds).ok().and_then(|s| s.checked_mul(1_000_000)).map_or(Micros::DISTANT_PAST, Micros);
        format!("{} {name}, {}", ui.t("seen by witness", "gesehen von Zeuge"), instant(at))
    })
}

fn head(trusted: &Trusted) -> Value {
    let names: Vec<&str> = trusted.witnesses.iter().map(|(name, _)| name.as_str()).collect();
    json!({"origin": trusted.checkpoint.origin(), "size": trusted.checkpoint.size(), "witnesses": names})
}

fn read(path: &Path, ui: &Ui) -> Outcome<String> {
    let failed = || format!("cannot read `{}`", path.display());
    let length = std::fs::metadata(path).or_bad_input(failed)?.len();
    if length > LIMIT {
        return Err(Failure::bad_input(failed()).hint("no receipt or proof is that long"));
    }
    let bytes = std::fs::read(path).or_bad_input(failed)?;
    String::from_utf8(bytes).map_err(|_| unknown(ui).failure)
}

fn bytes(path: &Path) -> Result<Vec<u8>, Refused> {
    std::fs::read(path).or_bad_input(|| format!("cannot read `{}`", path.display())).map_err(Refused::unreadable)
}

fn write(path: &Path, text: &str) -> Result<(), Refused> {
    let written = mandat_ledger::durable::replace(path, &mut |out| out.write_all(text.as_bytes()));
    written.or_refuse(|| format!("cannot write `{}`", path.display())).map(drop).map_err(Refused::usage)
}

impl From<MembershipError> for reason::Why {
    fn from(error: MembershipError) -> Self {
        Self::Membership(error)
    }
}
