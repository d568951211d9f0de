//! What public entries say: a few lines of text that have one spelling.

use std::fmt;
use std::str::FromStr;

use crate::base64::base64;
use crate::checkpoint::decimal;
use crate::digest::Digest;
use crate::members::MembersRoot;
use crate::note::is_text;
use crate::tlog_proof::hash;

const REVISION: &str = "mandat-revision-entry/1";
const MARKS: &str = "mandat-marks-entry/1";

/// Text that is no statement of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the content of the entry is not in the form of its kind; it was written by another version")]
pub struct StatementError;

/// What is logged of a revision; one line each: form, corpus, number, digest of its inputs, digest of `content.json`,
/// position of the ledger whose choices it respects, and for persons and for records how many and the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionStatement {
    /// The corpus.
    pub corpus: String,
    /// Its number.
    pub number: u64,
    /// Digest of what it was built from: what member secrets are derived for.
    pub inputs: Digest,
    /// Digest of `content.json`.
    pub content: Digest,
    /// Position of the ledger up to which choices are respected.
    pub position: u64,
    /// Persons in it.
    pub persons: MembersRoot,
    /// Records in it.
    pub records: MembersRoot,
}

impl fmt::Display for RevisionStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{REVISION}\n{}\n{}\n{}\n{}\n{}",
            self.corpus, self.number, self.inputs, self.content, self.position
        )?;
        writeln!(f, "persons {} {}", self.persons.members, base64(&self.persons.root.0))?;
        writeln!(f, "records {} {}", self.records.members, base64(&self.records.root.0))
    }
}

impl FromStr for RevisionStatement {
    type Err = StatementError;

    fn from_str(text: &str) -> Result<Self, StatementError> {
        let lines = lines::<8>(text)?;
        let [REVISION, corpus, number, inputs, content, position, persons, records] = lines else {
            return Err(StatementError);
        };
        if corpus.is_empty() {
            return Err(StatementError);
        }
        let number = decimal(number).ok_or(StatementError)?;
        let position = decimal(position).ok_or(StatementError)?;
        let (persons, records) = (root(persons, "persons ")?, root(records, "records ")?);
        let (inputs, content) = (digits(inputs)?, digits(content)?);
        Ok(Self { corpus: corpus.to_owned(), number, inputs, content, position, persons, records })
    }
}

/// What is logged of all marks up to a size of the log: the indexed sorted tree over them, for showing that an act is
/// a person's latest. Anyone can make it anew from the log and compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarksStatement {
    /// Entries of the log that are covered.
    pub size: u64,
    /// The marks.
    pub marks: MembersRoot,
}

impl fmt::Display for MarksStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{MARKS}\n{}\nmarks {} {}", self.size, self.marks.members, base64(&self.marks.root.0))
    }
}

impl FromStr for MarksStatement {
    type Err = StatementError;

    fn from_str(text: &str) -> Result<Self, StatementError> {
        let [MARKS, size, marks] = lines::<3>(text)? else { return Err(StatementError) };
        Ok(Self { size: decimal(size).ok_or(StatementError)?, marks: root(marks, "marks ")? })
    }
}

fn lines<const N: usize>(text: &str) -> Result<[&str; N], StatementError> {
    let body = text.strip_suffix('\n').filter(|_| is_text(text)).ok_or(StatementError)?;
    body.split('\n').collect::<Vec<_>>().try_into().map_err(|_| StatementError)
}

/// Hexadecimal digits, lower case only.
fn digits(text: &str) -> Result<Digest, StatementError> {
    let digest: Digest = text.parse().map_err(|_| StatementError)?;
    if digest.to_string() == text { Ok(digest) } else { Err(StatementError) }
}

fn root(line: &str, label: &str) -> Result<MembersRoot, StatementError> {
    let (members, root) = line.strip_prefix(label).and_then(|rest| rest.split_once(' ')).ok_or(StatementError)?;
    let members = decimal(members).filter(|n| *n < crate::merkle::MAX_TREE_SIZE).ok_or(StatementError)?;
    Ok(MembersRoot { members, root: hash(root).ok_or(StatementError)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;

    fn revision() -> RevisionStatement {
        let root = |n| MembersRoot { members: n, root: sha256(b"root") };
        RevisionStatement {
            corpus: "own-model".to_owned(),
            number: 3,
            inputs: sha256(b"inputs"),
            content: sha256(b"content"),
            position: 77,
            persons: root(400),
            records: root(20_000),
        }
    }

    #[test]
    fn statements_come_back() {
        assert_eq!(revision().to_string().parse(), Ok(revision()));
        let marks = MarksStatement { size: 1000, marks: revision().persons };
        assert_eq!(marks.to_string().parse(), Ok(marks));
    }

    #[test]
    fn other_texts_are_refused() {
        let good = revision().to_string();
        for wrong in [
            String::new(),
            good.trim_end().to_owned(),
            format!("{good}\n"),
            format!("{good}more\n"),
            good.replace("entry/1", "entry/2"),
            good.replace("own-model", ""),
            good.replace("own-model", "own\nmodel"),
            good.replace("own-model", "own\tmodel"),
            good.replace("\n77\n", "\n077\n"),
            good.replace("\n3\n", "\n-3\n"),
            good.replace("persons 400", "persons  400"),
            good.replace("persons 400", "records 400"),
            good.replace("400", "9223372036854775807"),
            good.replace(&revision().inputs.to_string(), &revision().inputs.to_string().to_uppercase()),
            good.replace('=', ""),
        ] {
            assert_eq!(wrong.parse::<RevisionStatement>(), Err(StatementError), "{wrong:?}");
            assert_eq!(wrong.parse::<MarksStatement>(), Err(StatementError));
        }
    }
}
