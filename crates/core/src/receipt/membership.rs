//! A proof that a person or a record is in a revision, or that it is not, as a file.

use serde::{Deserialize, Serialize};

use crate::manifest::{Content, Revision};
use crate::proof::{
    Digest, MemberKind, MemberProof, MemberSecret, MembersError, MembersRoot, Membership, Receipt, ReceiptError,
    RevisionStatement, Trust, hex, sha256, unbase64, unhex, verify_membership,
};
use crate::receipt::sorted_json;

/// Version word of the file.
pub const MEMBERSHIP_FORMAT: &str = "mandat-membership/1";
/// The longest file that is looked at, in bytes.
const LIMIT: usize = 4 << 20;

/// Whom or what a proof is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A person: the number is how many of their records are in.
    Person,
    /// One record: the number is 1 for it as it is, 2 for it redacted.
    Record,
}

impl About {
    /// Whose tokens the tree holds.
    #[must_use]
    pub const fn kind(self) -> MemberKind {
        match self {
            Self::Person => MemberKind::Person,
            Self::Record => MemberKind::Record,
        }
    }
}

/// Why a proof of membership was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MembershipError {
    /// Not such a file.
    #[error("not a proof of membership; expected JSON of the form `mandat-membership/1`")]
    Form,
    /// No receipt of the revision is in it, so that the log cannot be asked.
    #[error("the proof holds no receipt of the revision; check it against the revision's manifests")]
    NoReceipt,
    /// It speaks of one revision and proves something about another.
    #[error("the proof is about another revision than it says; ask for it again")]
    Revision,
    /// The manifests are not those of the revision.
    #[error("the manifests are not those of the revision that the proof is about; look for the right ones")]
    Manifest,
    /// The receipt of the revision.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// The path.
    #[error(transparent)]
    Members(#[from] MembersError),
}

/// The file. Nothing in it is believed: every field is held against what the log or the manifests say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembershipFile {
    /// [`MEMBERSHIP_FORMAT`].
    pub format: String,
    /// Person or record.
    pub about: About,
    /// Name of the corpus.
    pub corpus: String,
    /// Number of the revision.
    pub revision: u64,
    /// SHA-256 of its `content.json`.
    pub content_sha256: String,
    /// What the token is made from: a secret for this one revision, as 64 hexadecimal digits.
    pub secret: String,
    /// A [`MemberProof`], base64.
    pub proof: String,
    /// The receipt of the revision's entry in the log, word for word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision_receipt: Option<String>,
}

impl MembershipFile {
    /// Reads a file; there is one spelling of it, as of everything here.
    ///
    /// # Errors
    /// [`MembershipError::Form`].
    pub fn parse(text: &str) -> Result<Self, MembershipError> {
        let file: Option<Self> = if text.len() > LIMIT { None } else { serde_json::from_str(text).ok() };
        let spelt = |file: &Self| {
            file.format == MEMBERSHIP_FORMAT
                && file.own().is_some_and(|own| hex(&own.0) == file.secret)
                && file.to_text() == text
        };
        file.filter(spelt).ok_or(MembershipError::Form)
    }

    /// The text of the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        sorted_json(&serde_json::to_value(self).expect("its fields are text and numbers"))
    }

    /// The secret for this revision; `None` where it is none.
    fn own(&self) -> Option<MemberSecret> {
        unhex(&self.secret).map(MemberSecret)
    }

    /// Whether the file is about the owner of this secret (and nobody else's is in it).
    #[must_use]
    pub fn is_of(&self, secret: &MemberSecret) -> bool {
        self.own().as_ref() == Some(secret)
    }

    /// Checks it through the log: the receipt of the revision, its statement, the path.
    ///
    /// # Errors
    /// [`MembershipError`] unless the log holds the revision and the path shows presence or absence.
    pub fn check_in_log(&self, trust: &Trust) -> Result<(Membership, RevisionStatement), MembershipError> {
        let receipt: Receipt = self.revision_receipt.as_deref().ok_or(MembershipError::NoReceipt)?.parse()?;
        let (own, proof) = (self.own().ok_or(MembershipError::Form)?, self.path()?);
        let (shown, statement) = verify_membership(&receipt, self.about.kind(), &proof, &own, trust)?;
        let says = (&statement.corpus, statement.number, statement.content.to_string());
        if says != (&self.corpus, self.revision, self.content_sha256.clone()) {
            return Err(MembershipError::Revision);
        }
        Ok((shown, statement))
    }

    /// Checks it against the bytes of `content.json` and `revision.json`, for whoever has the revision itself.
    ///
    /// # Errors
    /// [`MembershipError`] unless they are those of the revision and the path shows presence or absence.
    pub fn check_in_manifests(&self, content: &[u8], lineage: &[u8]) -> Result<Membership, MembershipError> {
        let other = MembershipError::Manifest;
        let digest = sha256(content).to_string();
        let Ok(lineage) = serde_json::from_slice::<Revision>(lineage) else { return Err(other) };
        let Ok(content) = serde_json::from_slice::<Content>(content) else { return Err(other) };
        let root = self.root_in(&content);
        let own = (&self.corpus, self.revision, &self.content_sha256);
        if own != (&lineage.corpus, lineage.revision, &lineage.content_sha256)
            || digest != self.content_sha256
            || content.corpus != self.corpus
        {
            return Err(other);
        }
        let root = root.ok_or(other)?;
        let secret = self.own().ok_or(MembershipError::Form)?;
        Ok(MemberProof::parse(&self.path()?, &root)?.verify(&secret, &root)?)
    }

    /// The root that a manifest names for this kind, if its tokens are scoped to what the manifest says.
    fn root_in(&self, content: &Content) -> Option<MembersRoot> {
        let members = content.members.as_ref().filter(|members| members.inputs == content.inputs().to_string())?;
        match self.about {
            About::Person => members.persons.root(),
            About::Record => members.records.root(),
        }
    }

    fn path(&self) -> Result<Vec<u8>, MembershipError> {
        unbase64(&self.proof).ok_or(MembershipError::Form)
    }
}

/// What a revision's entry in the log says of it; `None` for a revision that commits to no members.
#[must_use]
pub fn revision_statement(content: &Content, lineage: &Revision) -> Option<RevisionStatement> {
    let members = content.members.as_ref()?;
    let content_sha256: Digest = lineage.content_sha256.parse().ok()?;
    Some(RevisionStatement {
        corpus: lineage.corpus.clone(),
        number: lineage.revision,
        inputs: members.inputs.parse().ok()?,
        content: content_sha256,
        position: content.known.ledger,
        persons: members.persons.root()?,
        records: members.records.root()?,
    })
}
