//! Against `pymerkle`, and the derivations against Python's own `hmac` and `hashlib`.

use std::process::Command;

use mandat_proof::{
    Digest, EntryKind, LogSecret, MemberSecret, Opening, SubjectSecret, base64, leaf_hash, unbase64, verify_inclusion,
};

use super::tool;
use super::{Log, SIZES, entry, flipped, probes};

const MISSING: &str = "pymerkle is not installed for the Python that MANDAT_PYTHON names (or `python3`); \
    run the tests with `cargo xtask ci`, which installs it";

/// The interpreter with the wheels; `MANDAT_PYTHON` names it where it is not `python3`.
fn python() -> Command {
    Command::new(std::env::var_os("MANDAT_PYTHON").unwrap_or_else(|| "python3".into()))
}

fn peer() -> Option<Command> {
    let mut probe = python();
    probe.args(["-c", "import pymerkle"]);
    tool::find(probe, MISSING)?;
    let mut peer = python();
    peer.arg(tool::source("peer.py"));
    Some(peer)
}

#[test]
fn pymerkle_makes_the_same_roots_and_proofs_and_refuses_the_same() {
    let Some(peer) = peer() else { return };
    let log = Log::new(1023);
    let (mut requests, mut expected) = (vec!["grow 1023".to_owned()], vec!["ok".to_owned()]);
    for size in SIZES {
        requests.push(format!("root {size}"));
        expected.push(base64(&log.root(size).0));
        for index in probes(size) {
            let (root, leaf) = (log.root(size), leaf_hash(&entry(index)));
            let own = log.inclusion(index, size);
            requests.push(format!("prove {size} {index}"));
            expected.push(joined(&own));
            let mut check = |path: &[Digest]| {
                requests.push(format!("check {size} {} {index} {} {}", base64(&root.0), base64(&leaf.0), joined(path)));
                let held = verify_inclusion(&leaf, index, size, path, &root).is_ok();
                expected.push(if held { "ok" } else { "refused" }.to_owned());
            };
            check(&own);
            (0..own.len()).for_each(|at| check(&flipped(&own, at)));
        }
    }
    let answers = tool::ask(peer, "pymerkle", &requests);
    for ((request, answer), expected) in requests.iter().zip(&answers).zip(&expected) {
        assert_eq!(answer, expected, "{request}");
    }
}

fn joined(path: &[Digest]) -> String {
    if path.is_empty() { "-".to_owned() } else { path.iter().map(|hash| base64(&hash.0)).collect::<Vec<_>>().join(",") }
}

#[test]
fn the_derivations_follow_from_their_description() {
    let mut probe = python();
    probe.args(["-c", "import hmac, hashlib"]);
    if tool::find(probe, "no Python").is_none() {
        return;
    }
    let mut peer = python();
    peer.arg(tool::source("derive.py"));
    let (mut requests, mut expected) = (Vec::new(), Vec::new());
    for byte in 0..20 {
        let secret = SubjectSecret([byte; 32]);
        let (origin, n) = (format!("log.example/{byte}"), u64::from(byte) << 33);
        let log = LogSecret::new(&secret, &origin);
        let content = vec![byte; usize::from(byte) * 7];
        let commitment = log.opening(n).commit(EntryKind::Delivery, &content);
        requests.push(format!(
            "log {} {origin} {n} {} {}",
            base64(&secret.0),
            EntryKind::Delivery as u8,
            dash(&content)
        ));
        expected.push(format!("{} {} {}", base64(&log.0), base64(&log.mark(n).0), base64(&commitment.0)));
        let revision = Digest([byte + 1; 32]);
        let record = Digest([byte + 2; 32]);
        for (member, record) in [
            (MemberSecret::of_person(&secret, &revision), "-".to_owned()),
            (MemberSecret::of_record(&secret, &revision, &record), base64(&record.0)),
        ] {
            requests.push(format!("member {} {} {record} 5", base64(&secret.0), base64(&revision.0)));
            let row = member.member(5);
            expected.push(format!("{} {} {}", base64(&member.0), base64(&row.token.0), row.value));
        }
    }
    assert_eq!(tool::ask(peer, "derive", &requests), expected);
    assert_eq!(unbase64(&base64(&Opening::PUBLIC.0)), Some(vec![0; 32]));
}

fn dash(content: &[u8]) -> String {
    if content.is_empty() { "-".to_owned() } else { base64(content) }
}
