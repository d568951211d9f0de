//! Trust policies (C2SP tlog-policy): which logs, which witnesses, and which of them together are enough.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::checkpoint::Trust;
use crate::sign::{KeyKind, NoteKey};

/// Logs, witnesses and groups that are looked at, each.
const LIMIT: usize = 64;
/// The longest policy, in bytes.
const BYTES_LIMIT: usize = 1 << 20;

/// Why a policy is refused, and on which line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the policy: {why}")]
pub struct PolicyError {
    /// The line, from 1; one past the last where something is missing.
    pub line: usize,
    /// What is wrong.
    pub why: &'static str,
}

/// Which witnesses together are enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quorum {
    /// This one, by its place among the witnesses.
    Witness(usize),
    /// So many of these.
    Group {
        /// How many.
        needed: usize,
        /// Of what.
        members: Vec<Self>,
    },
}

impl Quorum {
    /// No witness is asked for.
    #[must_use]
    pub const fn none() -> Self {
        Self::Group { needed: 0, members: Vec::new() }
    }

    /// Any `needed` of the first `count` witnesses.
    #[must_use]
    pub fn any(needed: usize, count: usize) -> Self {
        Self::Group { needed, members: (0..count).map(Self::Witness).collect() }
    }

    /// Whether these witnesses are enough.
    #[must_use]
    pub fn is_met(&self, signed: &[usize]) -> bool {
        match self {
            Self::Witness(place) => signed.contains(place),
            Self::Group { needed, members } => members.iter().filter(|m| m.is_met(signed)).count() >= *needed,
        }
    }

    /// The fewest witnesses that can be enough; more than there are when none can.
    #[must_use]
    pub fn least(&self) -> usize {
        match self {
            Self::Witness(_) => 1,
            Self::Group { needed, members } => {
                let mut least: Vec<_> = members.iter().map(Self::least).collect();
                least.sort_unstable();
                if *needed > least.len() { usize::MAX } else { least.iter().take(*needed).sum() }
            }
        }
    }
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Keys of logs; the name of a key is the origin of its log.
    pub logs: Vec<NoteKey>,
    /// Keys of witnesses.
    pub witnesses: Vec<NoteKey>,
    /// Which of them together are enough.
    pub quorum: Quorum,
}

impl Policy {
    /// What the policy says about one log; `None` if it does not know it.
    #[must_use]
    pub fn trust(&self, origin: &str) -> Option<Trust> {
        let log: Vec<_> = self.logs.iter().filter(|key| key.name() == origin).cloned().collect();
        let Self { witnesses, quorum, .. } = self.clone();
        (!log.is_empty()).then(|| Trust { origin: origin.to_owned(), log, witnesses, quorum })
    }
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    logs: Vec<NoteKey>,
    witnesses: Vec<NoteKey>,
    /// Witnesses and groups by name, and whether they are a member already: nobody counts in two ways.
    names: BTreeMap<String, (Quorum, bool)>,
    quorum: Option<Quorum>,
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let at = |line: usize| move |why| PolicyError { line, why };
        let allowed = |b: u8| b == b'\t' || b == b'\n' || b >= b' ' && b != 0x7f;
        if text.len() > BYTES_LIMIT || !(text.is_empty() || text.ends_with('\n')) || !text.bytes().all(allowed) {
            return Err(at(1)("it is too long, does not end in a newline, or holds control characters"));
        }
        let mut reader = Reader::default();
        for (number, line) in text.lines().enumerate() {
            let words: Vec<_> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            reader.line(&words).map_err(at(number + 1))?;
        }
        let quorum = reader.quorum.ok_or(at(text.lines().count() + 1)("a `quorum` line is missing"))?;
        Ok(Self { logs: reader.logs, witnesses: reader.witnesses, quorum })
    }
}

impl Reader {
    fn line(&mut self, words: &[&str]) -> Result<(), &'static str> {
        match words {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", key] | ["log", key, _] => Self::add(&mut self.logs, key, KeyKind::Note),
            ["witness", name, key] | ["witness", name, key, _] => {
                let place = self.witnesses.len();
                Self::add(&mut self.witnesses, key, KeyKind::Cosigner)?;
                self.name(name, Quorum::Witness(place))
            }
            ["group", name, needed, members @ ..] => {
                let group = self.group(needed, members)?;
                self.name(name, group)
            }
            ["quorum", name] => self.quorum(name),
            _ => Err("expected `log KEY`, `witness NAME KEY`, `group NAME K NAME…` or `quorum NAME`"),
        }
    }

    fn add(keys: &mut Vec<NoteKey>, key: &str, kind: KeyKind) -> Result<(), &'static str> {
        let key: NoteKey = key.parse().map_err(|_| "not a key")?;
        if key.kind() != kind {
            return Err("a log's key has type 1 and a witness's type 4");
        }
        if keys.iter().any(|other| other.public_bytes() == key.public_bytes()) {
            return Err("this key stands on an earlier line");
        }
        if keys.len() == LIMIT {
            return Err("too many keys");
        }
        keys.push(key);
        Ok(())
    }

    fn name(&mut self, name: &str, quorum: Quorum) -> Result<(), &'static str> {
        if name == "none" || self.names.contains_key(name) {
            return Err("this name is taken");
        }
        if self.names.len() == 2 * LIMIT {
            return Err("too many names");
        }
        self.names.insert(name.to_owned(), (quorum, false));
        Ok(())
    }

    fn group(&mut self, needed: &str, members: &[&str]) -> Result<Quorum, &'static str> {
        let decimal = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let needed = match needed {
            "any" => 1,
            "all" => members.len(),
            number => decimal(number).ok_or("expected `any`, `all` or a number")?,
        };
        if !(1..=members.len()).contains(&needed) {
            return Err("a group needs between one and all of its members");
        }
        let mut take = |name: &&str| {
            let (member, taken) = self.names.get_mut(*name).ok_or("a member is not defined on an earlier line")?;
            if std::mem::replace(taken, true) { Err("a member is in a group already") } else { Ok(member.clone()) }
        };
        let members = members.iter().map(&mut take).collect::<Result<_, _>>()?;
        Ok(Quorum::Group { needed, members })
    }

    fn quorum(&mut self, name: &str) -> Result<(), &'static str> {
        if self.quorum.is_some() {
            return Err("a second `quorum` line");
        }
        self.quorum = Some(match name {
            "none" => Quorum::none(),
            name => self.names.get(name).ok_or("the name is not defined on an earlier line")?.0.clone(),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::NoteSigner;

    fn log() -> NoteKey {
        NoteSigner::from_seed("log.example/a", &[1; 32]).unwrap().public().clone()
    }

    fn witness(n: u8) -> NoteKey {
        NoteSigner::cosigner(&format!("witness.example/{n}"), &[n; 32]).unwrap().public().clone()
    }

    /// The example of the specification, with keys.
    fn example() -> String {
        let mut text = format!("# who is believed\nlog {}\n\n", log());
        for (n, name) in (2..).zip(["X1", "X2", "X3", "Y1", "Y2", "Y3"]) {
            text.push_str(&format!("witness {name} {} https://{name}.example/\n", witness(n)));
        }
        text + "group X-witnesses 2 X1 X2 X3\n\tgroup Y-witnesses  any Y1\tY2 Y3 \n\
            group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
    }

    #[test]
    fn the_example_of_the_specification() {
        let policy: Policy = example().parse().unwrap();
        assert_eq!((policy.logs.len(), policy.witnesses.len(), policy.quorum.least()), (1, 6, 3));
        for (signed, enough) in [
            (&[][..], false),
            (&[0, 1, 2], false),
            (&[0, 3, 4, 5], false),
            (&[0, 2, 4], true),
            (&[0, 0, 4], false),
            (&[0, 1, 2, 3, 4, 5], true),
        ] {
            assert_eq!(policy.quorum.is_met(signed), enough, "{signed:?}");
        }
        assert_eq!(policy.trust("log.example/a").unwrap().log, [log()]);
        assert_eq!(policy.trust("log.example/b"), None);
    }

    #[test]
    fn small_policies() {
        let none: Policy = "quorum none\n".parse().unwrap();
        assert!(none.quorum.is_met(&[]) && none.quorum.least() == 0);
        let one: Policy = format!("witness W {}\nquorum W\n", witness(2)).parse().unwrap();
        assert!(one.quorum.is_met(&[0]) && !one.quorum.is_met(&[]));
        let (w1, w2) = (format!("witness A {}\n", witness(2)), format!("witness B {}\n", witness(3)));
        let beside: Policy = format!("{w1}{w2}group G all A B\nquorum B\n").parse().unwrap();
        assert!(beside.quorum.is_met(&[1]) && !beside.quorum.is_met(&[0]));
        assert!(!Quorum::any(3, 2).is_met(&[0, 1]), "more than there are");
        assert_eq!(Quorum::any(3, 2).least(), usize::MAX);
    }

    #[test]
    fn other_policies_are_refused_at_their_line() {
        let (log, one, two) = (log(), witness(2), witness(3));
        let (w1, w2) = (format!("witness A {one}\n"), format!("witness B {two}\n"));
        for (text, line) in [
            (String::new(), 1),
            (format!("log {log}\n"), 2),
            ("quorum none".to_owned(), 1),
            ("quorum none\r\n".to_owned(), 1),
            ("quorum none\nquorum none\n".to_owned(), 2),
            ("quorum A\n".to_owned(), 1),
            ("quorum\n".to_owned(), 1),
            ("quorums none\n".to_owned(), 1),
            (format!("log {log}\nlog {log}\nquorum none\n"), 2),
            (format!("log {one}\nquorum none\n"), 1),
            (format!("witness A {log}\nquorum A\n"), 1),
            ("log nonsense\nquorum none\n".to_owned(), 1),
            (format!("witness none {one}\nquorum none\n"), 1),
            (format!("{w1}witness A {two}\nquorum A\n"), 2),
            (format!("{w1}witness B {one}\nquorum A\n"), 2),
            (format!("quorum A\n{w1}"), 1),
            (format!("{w1}group G 1 A B\nquorum G\n{w2}"), 2),
            (format!("{w1}{w2}group G 0 A B\nquorum G\n"), 3),
            (format!("{w1}{w2}group G 3 A B\nquorum G\n"), 3),
            (format!("{w1}{w2}group G +1 A B\nquorum G\n"), 3),
            (format!("{w1}{w2}group G some A B\nquorum G\n"), 3),
            (format!("{w1}group G any\nquorum G\n"), 2),
            (format!("{w1}group G any none\nquorum G\n"), 2),
            (format!("{w1}group G any A A\nquorum G\n"), 2),
            (format!("{w1}group G any A\ngroup H any A\nquorum H\n"), 3),
            (format!("{w1}group G any G\nquorum G\n"), 2),
        ] {
            assert_eq!(text.parse::<Policy>().map_err(|err| err.line), Err(line), "{text}");
        }
    }
}
