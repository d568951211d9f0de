//! Against `golang.org/x/mod/sumdb/tlog` and `note`, where these formats come from.

use std::process::Command;
use std::sync::OnceLock;

use mandat_proof::{
    Digest, NoteKey, NoteSigner, base64, hex, leaf_hash, open_note, unbase64, verify_consistency, verify_inclusion,
};

use super::tool;
use super::{Log, SIZES, entry, flipped, new_tiles, probes};

const MISSING: &str = "Go and golang.org/x/mod are not installed; install the Debian packages golang-go and \
    golang-golang-x-mod-dev (`cargo xtask ci --only install`)";

fn go() -> Command {
    let mut go = Command::new("go");
    // Debian's way of packaging: sources under one path, no modules, no network.
    go.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").env("GOFLAGS", "");
    go
}

/// The peer, built once.
fn peer() -> Option<Command> {
    static BUILT: OnceLock<bool> = OnceLock::new();
    let binary = tool::scratch().join("mandat-interop-peer");
    let built = *BUILT.get_or_init(|| {
        let mut probe = go();
        probe.args(["list", "golang.org/x/mod/sumdb/note", "golang.org/x/mod/sumdb/tlog"]);
        let found = tool::find(probe, MISSING).is_some();
        if found {
            let built = go().arg("build").arg("-o").arg(&binary).arg(tool::source("peer.go")).status().unwrap();
            assert!(built.success(), "the Go peer does not build");
        }
        found
    });
    built.then(|| Command::new(binary))
}

fn joined(path: &[Digest]) -> String {
    if path.is_empty() { "-".to_owned() } else { path.iter().map(|hash| base64(&hash.0)).collect::<Vec<_>>().join(",") }
}

fn hashes(text: &str) -> Vec<Digest> {
    let hash = |part: &str| Digest(unbase64(part).unwrap().try_into().unwrap());
    if text == "-" { Vec::new() } else { text.split(',').map(hash).collect() }
}

#[test]
fn go_makes_the_same_roots_proofs_and_tiles() {
    let Some(peer) = peer() else { return };
    let log = Log::new(1023);
    let (mut requests, mut expected) = (vec!["grow 1023".to_owned()], vec!["ok".to_owned()]);
    let mut expect = |request: String, answer: String| {
        requests.push(request);
        expected.push(answer);
    };
    for size in SIZES {
        expect(format!("root {size}"), base64(&log.root(size).0));
        for index in probes(size) {
            expect(format!("record {size} {index}"), joined(&log.inclusion(index, size)));
            if index > 0 {
                expect(format!("tree {size} {index}"), joined(&log.consistency(index, size)));
            }
        }
    }
    for (old, new) in [(0, 1), (0, 256), (255, 257), (700, 1023), (255, 70_000)] {
        expect(format!("newtiles {old} {new}"), new_tiles(old, new).join(","));
    }
    for path in new_tiles(0, 1023).iter().chain(&new_tiles(0, 700)) {
        expect(format!("tile {path}"), base64(&log.tiles[path]));
    }
    let answers = tool::ask(peer, "go-makes", &requests);
    for ((request, answer), expected) in requests.iter().zip(&answers).zip(&expected) {
        assert_eq!(answer, expected, "{request}");
    }
}

#[test]
fn go_accepts_our_proofs_and_refuses_what_we_refuse() {
    let Some(peer) = peer() else { return };
    let log = Log::new(1023);
    let (mut requests, mut expected) = (Vec::new(), Vec::new());
    for size in SIZES {
        for index in probes(size) {
            let root = log.root(size);
            let leaf = leaf_hash(&entry(index));
            let mut record = |path: &[Digest]| {
                let (root, leaf) = (base64(&root.0), base64(&leaf.0));
                requests.push(format!("checkrecord {size} {root} {index} {leaf} {}", joined(path)));
                let held = verify_inclusion(&hashes(&leaf)[0], index, size, path, &hashes(&root)[0]);
                expected.push(if held.is_ok() { "ok" } else { "refused" });
            };
            let own = log.inclusion(index, size);
            record(&own);
            (0..own.len()).for_each(|at| record(&flipped(&own, at)));
            record(&[&own[..], &[root]].concat());
            if !own.is_empty() {
                record(&own[1..]);
            }
            if index > 0 {
                let old = log.root(index);
                let mut tree = |path: &[Digest]| {
                    let (new, old64) = (base64(&root.0), base64(&old.0));
                    requests.push(format!("checktree {size} {new} {index} {old64} {}", joined(path)));
                    let held = verify_consistency(index, size, path, &old, &root);
                    expected.push(if held.is_ok() { "ok" } else { "refused" });
                };
                let own = log.consistency(index, size);
                tree(&own);
                (0..own.len()).for_each(|at| tree(&flipped(&own, at)));
                tree(&[&own[..], &[root]].concat());
            }
        }
    }
    let answers = tool::ask(peer, "go-checks", &requests);
    for ((request, answer), expected) in requests.iter().zip(&answers).zip(&expected) {
        assert_eq!(answer, expected, "{request}");
    }
    assert!(expected.contains(&"ok") && expected.contains(&"refused"));
}

#[test]
fn go_signs_the_same_notes_and_refuses_the_same() {
    let Some(peer) = peer() else { return };
    let own = NoteSigner::from_seed("log.example/a", &[3; 32]).unwrap();
    let text = "log.example/a\n5\nroot\n";
    let note = own.sign(text).unwrap();
    let key = own.public().to_string();
    let mut requests = vec![
        format!("genkey log.example/a {}", hex(&[3; 32])),
        format!("sign {} {}", own.secret_text(), base64(text.as_bytes())),
        format!("open {key} {}", base64(note.as_bytes())),
    ];
    let mut expected = vec![
        format!("{} {key}", own.secret_text()),
        base64(note.as_bytes()),
        format!("ok {}", base64(text.as_bytes())),
    ];
    let keys = [key.parse::<NoteKey>().unwrap()];
    for at in 0..note.len() {
        let mut changed = note.clone().into_bytes();
        changed[at] ^= 1;
        requests.push(format!("open {key} {}", base64(&changed)));
        let held = String::from_utf8(changed).is_ok_and(|note| open_note(&note, &keys).is_ok());
        assert!(!held, "byte {at}");
        expected.push("refused".to_owned());
    }
    assert_eq!(tool::ask(peer, "go-notes", &requests), expected);
}
