//! Why something was not verified, in a sentence for the person who asked.

use mandat_core::proof::{CheckpointError, MembersError, NoteError, ReceiptError, TlogProofError};
use mandat_core::receipt::{MembershipError, ReceiptDocumentError};

use crate::failure::{Exit, Failure};
use crate::ui::Ui;

/// A refusal: with 1 it is a finding, with anything else the question could not be asked.
pub(crate) struct Refused {
    pub(super) exit: Exit,
    /// A word for scripts.
    pub(super) code: &'static str,
    pub(crate) failure: Failure,
}

impl Refused {
    pub(super) fn no(code: &'static str, failure: Failure) -> Self {
        Self { exit: Exit::Refused, code, failure }
    }

    pub(super) fn usage(failure: Failure) -> Self {
        Self { exit: Exit::Usage, code: "usage", failure }
    }

    pub(super) fn unreadable(failure: Failure) -> Self {
        Self { exit: Exit::BadInput, code: "unreadable", failure }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self { exit: failure.exit, code: "unreadable", failure }
    }
}

/// What a verifier said.
pub(super) enum Why {
    Receipt(ReceiptError),
    Log(TlogProofError),
    Checkpoint(CheckpointError),
    Document(ReceiptDocumentError),
    Membership(MembershipError),
}

impl From<TlogProofError> for Why {
    fn from(error: TlogProofError) -> Self {
        Self::Log(error)
    }
}

impl From<CheckpointError> for Why {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(error)
    }
}

impl From<ReceiptDocumentError> for Why {
    fn from(error: ReceiptDocumentError) -> Self {
        match error {
            ReceiptDocumentError::Receipt(error) => Self::Receipt(error),
            other => Self::Document(other),
        }
    }
}

/// The refusal, with the exit code that fits and a way out.
pub(super) fn refused(ui: &Ui, why: Why) -> Refused {
    let Some((code, en, de)) = sentence(&why) else {
        let words = ui.t("the file is not what it should be", "die Datei ist nicht, was sie sein sollte");
        return Refused::unreadable(Failure::bad_input(words).because(why.error()));
    };
    let words = format!("{}: {}", ui.t("not verified", "nicht echt"), ui.t(en, de));
    Refused::no(code, Failure::refused(words).because(why.error()))
}

impl Why {
    fn error(&self) -> &dyn std::error::Error {
        match self {
            Self::Receipt(error) => error,
            Self::Log(error) => error,
            Self::Checkpoint(error) => error,
            Self::Document(error) => error,
            Self::Membership(error) => error,
        }
    }
}

type Sentence = Option<(&'static str, &'static str, &'static str)>;

/// A word for scripts and a sentence in English and German; `None` where the file could not even be read.
fn sentence(why: &Why) -> Sentence {
    match why {
        Why::Receipt(error) => receipt(error),
        Why::Log(error) => log(error),
        Why::Checkpoint(error) => checkpoint(error),
        Why::Document(ReceiptDocumentError::Changed) => Some((
            "document_changed",
            "the document says something that the proof inside it does not cover; it was changed after it was handed out",
            "das Dokument sagt etwas, das der Nachweis darin nicht deckt; es wurde nach der Aushändigung verändert",
        )),
        Why::Document(_) => None,
        Why::Membership(error) => membership(error),
    }
}

fn receipt(error: &ReceiptError) -> Sentence {
    match error {
        ReceiptError::Form(_) => None,
        ReceiptError::Content => Some((
            "content",
            "what it says is not what was logged; it was changed, or belongs to another entry",
            "was darin steht, ist nicht, was protokolliert wurde; es wurde verändert oder gehört zu einem anderen Eintrag",
        )),
        ReceiptError::Batch(_) => Some((
            "batch",
            "the batch of the entry does not hold this act",
            "der Stapel des Eintrags enthält diese Entscheidung nicht",
        )),
        ReceiptError::Log(error) => log(error),
        ReceiptError::Statement(_) => Some((
            "statement",
            "the entry of the revision is not in a form that is known",
            "der Eintrag der Revision hat keine bekannte Form",
        )),
        ReceiptError::Members(error) => members(*error),
        _ => Some(("refused", "it does not hold", "sie hält nicht")),
    }
}

fn log(error: &TlogProofError) -> Sentence {
    match error {
        TlogProofError::Form(_) => None,
        TlogProofError::Checkpoint(error) => checkpoint(error),
        _ => Some((
            "inclusion",
            "the log whose head was signed does not hold this entry at this place",
            "das Protokoll, dessen Stand unterschrieben ist, enthält diesen Eintrag nicht an dieser Stelle",
        )),
    }
}

fn checkpoint(error: &CheckpointError) -> Sentence {
    Some(match error {
        CheckpointError::Form | CheckpointError::Note(NoteError::Form | NoteError::Text) => return None,
        CheckpointError::Origin { .. } => (
            "other_log",
            "it was signed for another log than the key is for",
            "sie wurde für ein anderes Protokoll unterschrieben als das des Schlüssels",
        ),
        CheckpointError::Note(NoteError::Untrusted) => (
            "untrusted",
            "the key that you trust did not sign it",
            "der Schlüssel, dem du vertraust, hat sie nicht unterschrieben",
        ),
        CheckpointError::Witnesses { .. } => (
            "witnesses",
            "too few of the witnesses that the policy asks for have signed it",
            "zu wenige der Zeugen, die die Richtlinie verlangt, haben sie unterschrieben",
        ),
        _ => (
            "signature",
            "the signature does not hold; what was signed was changed",
            "die Unterschrift hält nicht; was unterschrieben wurde, ist verändert",
        ),
    })
}

fn membership(error: &MembershipError) -> Sentence {
    match error {
        MembershipError::Form => None,
        MembershipError::Receipt(error) => receipt(error),
        MembershipError::Members(error) => members(*error),
        MembershipError::NoReceipt => Some((
            "no_receipt",
            "it holds no receipt of the revision, so that the log says nothing about it",
            "er enthält keine Quittung der Revision, so dass das Protokoll nichts dazu sagt",
        )),
        MembershipError::Manifest => Some((
            "other_manifests",
            "the manifests are not those of the revision that it is about",
            "die Manifeste sind nicht die der Revision, um die es geht",
        )),
        _ => Some((
            "other_revision",
            "it speaks of one revision and proves something about another",
            "er spricht von einer Revision und weist etwas über eine andere nach",
        )),
    }
}

fn members(error: MembersError) -> Sentence {
    Some(match error {
        MembersError::NotAbout => {
            ("not_about", "it is about somebody or something else", "er handelt von jemand oder etwas anderem")
        }
        _ => (
            "path",
            "it does not lead to what the revision commits to",
            "er führt nicht zu dem, worauf die Revision sich festlegt",
        ),
    })
}
