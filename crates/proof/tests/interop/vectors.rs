//! Frozen samples, `tests/vectors/log.json`: what a verifier must accept and what it must refuse. They are what the
//! second verifier is held to, and they must be read for ever.

use std::collections::BTreeMap;

use mandat_proof::{
    BatchItem, BatchStep, Checkpoint, Digest, Entry, EntryKind, Frontier, LogSecret, MarksStatement, Member,
    MemberKind, MemberProof, MemberSecret, MemberTree, MembersRoot, Membership, NoteKey, NoteSigner, Opening, Quorum,
    ROW_BYTES, Receipt, RevisionStatement, SignedNote, StoredTree, SubjectSecret, Tile, TileEdge, TlogProof, Token,
    Trust, base64, build_members, hex, leaf_hash, prove_inclusion, sha256, unbase64, unhex, verify_latest,
    verify_membership, verify_receipt,
};
use serde_json::{Value, json};

use super::tool;

const ORIGIN: &str = "log.example/plaza";
const HOUR: u32 = 495_000;

fn log_secret(n: u8) -> LogSecret {
    LogSecret::new(&SubjectSecret([n; 32]), ORIGIN)
}

fn signer(n: u8) -> NoteSigner {
    NoteSigner::from_seed(ORIGIN, &[n; 32]).unwrap()
}

fn cosigner(n: u8) -> NoteSigner {
    NoteSigner::cosigner(&format!("witness.example/{n}"), &[n; 32]).unwrap()
}

/// Everything that stands in the sample log, and the log over it.
struct Sample {
    entries: Vec<Entry>,
    deliveries: Vec<BatchItem>,
    members: Vec<Member>,
    marks: Vec<Member>,
    statement: RevisionStatement,
    marks_statement: MarksStatement,
}

const CHOICE: usize = 5;
const BATCH: usize = 6;
const REVISION: usize = 300;
const MARKS: usize = 301;
const CONTENT: &str = r#"{"event":"object","purposes":["train_generative"],"note":"Größe"}"#;

fn sample() -> Sample {
    let revision = sha256(b"inputs of revision 3");
    let secret = |n: u8| SubjectSecret([n; 32]);
    let mut members: Vec<_> =
        (0..40).map(|n| MemberSecret::of_person(&secret(n), &revision).member(u32::from(n) * 1000)).collect();
    members.sort_unstable();
    let persons = build_members(members.iter().copied(), &mut |_, _| {}).unwrap();
    let records = build_members([], &mut |_, _| {}).unwrap();
    let content = sha256(b"content.json");
    let corpus = "own-model".to_owned();
    let statement = RevisionStatement { corpus, number: 3, inputs: revision, content, position: 77, persons, records };
    let mut marks: Vec<_> = (0..4).map(|n| Member { token: Token(log_secret(7).mark(n).0), value: 0 }).collect();
    marks.sort_unstable();
    let root = build_members(marks.iter().copied(), &mut |_, _| {}).unwrap();
    let marks_statement = MarksStatement { size: 300, marks: root };
    let item = |n: u8| BatchItem::new(EntryKind::Delivery, &log_secret(n), 0, b"notice n1").unwrap();
    let deliveries: Vec<_> = (0..21).map(item).collect();
    let other = |n: u64| Entry::personal(EntryKind::Choice, &log_secret(99), n, b"other", HOUR).unwrap();
    let mut entries: Vec<_> = (0..310).map(other).collect();
    entries[CHOICE] = Entry::personal(EntryKind::Choice, &log_secret(7), 3, CONTENT.as_bytes(), HOUR).unwrap();
    let leaves: Vec<_> = deliveries.iter().map(BatchItem::leaf).collect();
    entries[BATCH] = Entry::batch(21, root_of(&leaves), HOUR).unwrap();
    entries[REVISION] = Entry::public(EntryKind::Revision, statement.to_string().as_bytes(), HOUR).unwrap();
    entries[MARKS] = Entry::public(EntryKind::Marks, marks_statement.to_string().as_bytes(), HOUR).unwrap();
    Sample { entries, deliveries, members, marks, statement, marks_statement }
}

fn root_of(leaves: &[Digest]) -> Digest {
    let mut tree = Frontier::new();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree.root()
}

/// The inclusion proof of an entry, and the signed checkpoint over all.
fn logged(entries: &[Entry], at: usize) -> TlogProof {
    let (mut edge, mut tiles) = (TileEdge::new(), BTreeMap::new());
    let bytes = |hashes: &[Digest]| hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>();
    for entry in entries {
        edge.push(leaf_hash(&entry.to_bytes()), &mut |tile, hashes| drop(tiles.insert(tile, bytes(hashes))));
    }
    tiles.extend(edge.partial().iter().map(|(tile, hashes)| (*tile, bytes(hashes))));
    let (size, root) = (entries.len() as u64, edge.root());
    let mut read = |tile: &Tile| Ok(tiles.get(tile).cloned());
    let path = StoredTree::new(size, root, &mut read).inclusion(at as u64).unwrap().1;
    let mut checkpoint = Checkpoint::new(ORIGIN, size, root).unwrap().sign(&signer(1)).unwrap();
    for n in [2, 3] {
        checkpoint.add(cosigner(n).cosign_line(checkpoint.text(), 1_795_000_000).unwrap()).unwrap();
    }
    TlogProof { extra: None, index: at as u64, path, checkpoint }
}

fn batch_path(items: &[BatchItem], at: u64) -> Vec<Digest> {
    let leaves: Vec<_> = items.iter().map(BatchItem::leaf).collect();
    let mut nodes = |level: u32, index: u64| Ok(root_of(&leaves[(index << level) as usize..][..1 << level]));
    prove_inclusion(at, leaves.len() as u64, &mut nodes).unwrap()
}

impl Sample {
    fn public(&self, at: usize, content: &str) -> Receipt {
        let (content, entry) = (content.as_bytes().to_vec(), self.entries[at]);
        Receipt { content, opening: Opening::PUBLIC, entry, batch: None, proof: logged(&self.entries, at) }
    }

    fn choice(&self) -> Receipt {
        Receipt { opening: log_secret(7).opening(3), ..self.public(CHOICE, CONTENT) }
    }

    fn delivery(&self) -> Receipt {
        let path = batch_path(&self.deliveries, 7);
        let step = BatchStep { kind: EntryKind::Delivery, mark: self.deliveries[7].mark, index: 7, path };
        let opening = log_secret(7).opening(0);
        Receipt { opening, batch: Some(step), ..self.public(BATCH, "notice n1") }
    }

    fn prove(&self, rows: &[Member], root: &MembersRoot, token: &Token) -> Vec<u8> {
        let rows = [&[Member::SENTINEL], rows].concat();
        let bytes: Vec<u8> = rows.iter().flat_map(|row| row.to_bytes()).collect();
        let mut read =
            |first: u64, count: u64| Ok(bytes[first as usize * ROW_BYTES..][..count as usize * ROW_BYTES].to_vec());
        let mut none = |_: &Tile| Ok(None);
        MemberTree::new(*root, &mut read, &mut none).prove(token).unwrap().to_bytes(root)
    }
}

fn receipts(sample: &Sample) -> Vec<Value> {
    let mut out = Vec::new();
    let mut add = |name: &str, receipt: Option<&Receipt>, text: String| {
        let expect = receipt.map_or(json!("refused"), |receipt| {
            let kind = receipt.batch.as_ref().map_or(receipt.entry.kind(), |step| step.kind) as u8;
            let content = String::from_utf8(receipt.content.clone()).unwrap();
            json!({"kind": kind, "hour": HOUR, "index": receipt.proof.index, "content": content})
        });
        out.push(json!({"name": name, "receipt": text, "expect": expect}));
    };
    let (choice, delivery) = (sample.choice(), sample.delivery());
    let revision = sample.public(REVISION, &sample.statement.to_string());
    for (name, receipt) in [("a choice", &choice), ("a delivery in a batch", &delivery), ("a revision", &revision)] {
        add(name, Some(receipt), receipt.to_string());
    }
    let mut more = choice.clone();
    let stranger = NoteSigner::from_seed("stranger.example", &[9; 32]).unwrap();
    more.proof.checkpoint.add(stranger.sign_line(choice.proof.checkpoint.text()).unwrap()).unwrap();
    add("a stranger's signature beside the others", Some(&more), more.to_string());
    let mut refuse = |name: &str, receipt: Receipt| add(name, None, receipt.to_string());
    refuse("another content", Receipt { content: CONTENT.replace("object", "accept").into_bytes(), ..choice.clone() });
    refuse("a longer content", Receipt { content: format!("{CONTENT} ").into_bytes(), ..choice.clone() });
    refuse("no content", Receipt { content: Vec::new(), ..choice.clone() });
    refuse("the opening of another act", Receipt { opening: log_secret(7).opening(4), ..choice.clone() });
    let later = Entry::personal(EntryKind::Choice, &log_secret(7), 3, CONTENT.as_bytes(), HOUR + 1).unwrap();
    refuse("another hour", Receipt { entry: later, ..choice.clone() });
    let never = Entry::personal(EntryKind::Choice, &log_secret(7), 4, CONTENT.as_bytes(), HOUR).unwrap();
    refuse("an act that was not logged", Receipt { entry: never, opening: log_secret(7).opening(4), ..choice.clone() });
    refuse("the step of a batch under a choice", Receipt { batch: delivery.batch.clone(), ..choice.clone() });
    refuse("a batch without its step", Receipt { batch: None, ..delivery.clone() });
    let step = delivery.batch.clone().unwrap();
    let stepped = |step: BatchStep| Receipt { batch: Some(step), ..delivery.clone() };
    refuse("another place in the batch", stepped(BatchStep { index: 6, ..step.clone() }));
    refuse("a place past the batch", stepped(BatchStep { index: 21, ..step.clone() }));
    refuse("another mark in the batch", stepped(BatchStep { mark: sample.deliveries[6].mark, ..step.clone() }));
    refuse("another kind in the batch", stepped(BatchStep { kind: EntryKind::Choice, ..step.clone() }));
    refuse("a public kind in the batch", stepped(BatchStep { kind: EntryKind::Revision, ..step.clone() }));
    refuse("a batch path cut short", stepped(BatchStep { path: step.path[1..].to_vec(), ..step }));
    let moved = |proof: TlogProof| Receipt { proof, ..choice.clone() };
    let good = &choice.proof;
    refuse("another index", moved(TlogProof { index: 4, ..good.clone() }));
    refuse("an index past the tree", moved(TlogProof { index: 310, ..good.clone() }));
    refuse("a path cut short", moved(TlogProof { path: good.path[1..].to_vec(), ..good.clone() }));
    refuse("a path too long", moved(TlogProof { path: [&good.path[..], &good.path[..1]].concat(), ..good.clone() }));
    let mut path = good.path.clone();
    path.swap(0, 1);
    refuse("a path out of order", moved(TlogProof { path, ..good.clone() }));
    for (name, checkpoint) in false_checkpoints(&good.checkpoint) {
        refuse(name, moved(TlogProof { checkpoint, ..good.clone() }));
    }
    for (name, text) in false_texts(&choice.to_string()) {
        add(name, None, text);
    }
    out
}

fn false_checkpoints(good: &SignedNote) -> Vec<(&'static str, SignedNote)> {
    let head: Checkpoint = good.text().parse().unwrap();
    let lines = good.lines();
    let with = |lines: Vec<_>| SignedNote::new(good.text(), lines).unwrap();
    let resigned = |head: Checkpoint, by: &NoteSigner| {
        let mut note = head.sign(by).unwrap();
        note.add(cosigner(2).cosign_line(note.text(), 1).unwrap()).unwrap();
        note
    };
    let larger = Checkpoint::new(ORIGIN, 600, *head.root()).unwrap();
    let elsewhere = Checkpoint::new("log.example/other", 310, *head.root()).unwrap();
    let mut flipped = lines.to_vec();
    flipped[0].signature[10] ^= 1;
    let mut late = lines.to_vec();
    late[1].signature[7] ^= 1;
    let mut malleable = lines.to_vec();
    add_order(&mut malleable[0].signature[32..64]);
    let alias = NoteSigner::cosigner("alias.example", &[2; 32]).unwrap().cosign_line(good.text(), 1).unwrap();
    let plain = NoteSigner::from_seed("witness.example/2", &[2; 32]).unwrap().sign_line(good.text()).unwrap();
    let text = good.text().replace("\n310\n", "\n309\n");
    vec![
        ("a signature with a flipped bit", with(flipped)),
        ("a signature with the order of the group added", with(malleable)),
        ("another size under the signatures", SignedNote::new(&text, lines.to_vec()).unwrap()),
        ("a signed size that the path does not fit", resigned(larger, &signer(1))),
        ("a checkpoint of another log", resigned(elsewhere, &signer(1))),
        ("a checkpoint signed by another key", resigned(head, &signer(8))),
        ("no witness", with(lines[..1].to_vec())),
        ("only the witnesses", with(lines[1..].to_vec())),
        ("one witness under an unknown name", with(vec![lines[0].clone(), alias])),
        ("a witness's key that signs the text alone", with(vec![lines[0].clone(), plain])),
        ("another time of a witness", with(late)),
    ]
}

/// Adds the order of the group to a scalar: some verifiers take the result for a second signature.
fn add_order(scalar: &mut [u8]) {
    let order = unhex::<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut carry = 0;
    for (byte, add) in scalar.iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = (sum & 255) as u8;
        carry = sum >> 8;
    }
}

fn false_texts(good: &str) -> Vec<(&'static str, String)> {
    let extra = good.lines().nth(1).unwrap();
    vec![
        ("another version of the proof", good.replace("@v1", "@v2")),
        ("no extra data", good.replace(&format!("{extra}\n"), "")),
        ("extra data that is cut", good.replace(extra, &extra[..100])),
        ("an index with a zero in front", good.replace("index 5", "index 05")),
        ("an index with a sign", good.replace("index 5", "index +5")),
        ("a carriage return", good.replace("index 5\n", "index 5\r\n")),
        ("no last newline", good.trim_end().to_owned()),
        ("one newline too many", format!("{good}\n")),
        ("base64 without padding", good.replace("=\n", "\n")),
        ("nothing", String::new()),
    ]
}

fn members(sample: &Sample) -> Vec<Value> {
    let persons = sample.statement.persons;
    let secret = |n: u8| MemberSecret::of_person(&SubjectSecret([n; 32]), &sample.statement.inputs);
    let prove = |n: u8| sample.prove(&sample.members, &persons, &secret(n).token());
    let revision = sample.public(REVISION, &sample.statement.to_string()).to_string();
    let mut out = Vec::new();
    let mut add = |name: &str, kind: &str, n: u8, proof: &[u8], expect: Value| {
        let (secret, proof) = (hex(&secret(n).0), base64(proof));
        out.push(json!({"name": name, "revision": revision, "kind": kind, "secret": secret, "proof": proof, "expect": expect}));
    };
    for n in [0, 7, 39] {
        add("somebody who is in", "person", n, &prove(n), json!({"present": u32::from(n) * 1000}));
    }
    for n in [40, 41, 200] {
        add("somebody who is not in", "person", n, &prove(n), json!("absent"));
    }
    let refused = json!("refused");
    add("a proof about somebody else", "person", 8, &prove(7), refused.clone());
    add("an absence of somebody else", "person", 8, &prove(200), refused.clone());
    add("a proof about persons for records", "record", 7, &prove(7), refused.clone());
    add("nothing", "person", 7, &[], refused.clone());
    add("a proof cut short", "person", 7, &prove(7)[..prove(7).len() - 32], refused.clone());
    add("a proof too long", "person", 7, &[prove(7), vec![0; 32]].concat(), refused.clone());
    for (name, at) in [("index", 0), ("token", 1), ("next token", 33), ("value", 68), ("path", 69)] {
        let mut proof = prove(7);
        proof[at] ^= 1;
        add(&format!("a flipped bit in the {name}"), "person", 7, &proof, refused.clone());
    }
    let reach = |n: u8, next: Token| {
        let own = MemberProof::parse(&prove(n), &persons).unwrap();
        let before = sample.prove(&sample.members, &persons, &sample.members[own.index as usize - 2].token);
        MemberProof { next, ..MemberProof::parse(&before, &persons).unwrap() }.to_bytes(&persons)
    };
    let next = MemberProof::parse(&prove(7), &persons).unwrap().next;
    add("a leaf that reaches over somebody", "person", 7, &reach(7, next), refused.clone());
    add("a leaf that reaches to the end", "person", 7, &reach(7, Token::HIGH), refused);
    out
}

fn latest(sample: &Sample) -> Vec<Value> {
    let root = sample.marks_statement.marks;
    let prove = |n: u64| base64(&sample.prove(&sample.marks, &root, &Token(log_secret(7).mark(n).0)));
    let (act, marks) =
        (sample.choice().to_string(), sample.public(MARKS, &sample.marks_statement.to_string()).to_string());
    let secret = hex(&log_secret(7).0);
    let case = |name: &str, n: u64, marks: &str, proof: String, expect: Value| json!({"name": name, "act": act, "n": n, "secret": secret, "marks": marks, "proof": proof, "expect": expect});
    vec![
        case("the latest act", 3, &marks, prove(4), json!(300)),
        case("the presence of the act itself", 3, &marks, prove(3), json!("refused")),
        case("another number of the act", 2, &marks, prove(4), json!("refused")),
        case("a receipt that is not of marks", 3, &act, prove(4), json!("refused")),
    ]
}

fn vectors() -> Value {
    let sample = sample();
    let witnesses: Vec<_> = [2, 3].map(|n| cosigner(n).public().to_string()).to_vec();
    json!({
        "format": "mandat-log-vectors/1",
        "trust": {"origin": ORIGIN, "log": [signer(1).public().to_string()], "witnesses": witnesses, "quorum": 1},
        "receipts": receipts(&sample),
        "members": members(&sample),
        "latest": latest(&sample),
    })
}

fn frozen() -> Value {
    let file = tool::source("../vectors/log.json");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[test]
fn the_frozen_samples_are_what_is_made_today() {
    let made = vectors();
    let file = tool::scratch().join("log.json");
    std::fs::write(&file, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
    let same = std::fs::exists(tool::source("../vectors/log.json")).unwrap() && frozen() == made;
    assert!(same, "the formats changed: old receipts must stay readable; if this is meant, see `{}`", file.display());
}

/// Whom the samples say to trust.
pub(crate) fn trust(vectors: &Value) -> Trust {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
    let keys = |key: &str| -> Vec<NoteKey> {
        vectors["trust"][key].as_array().unwrap().iter().map(|k| k.as_str().unwrap().parse().unwrap()).collect()
    };
    let quorum = Quorum::any(vectors["trust"]["quorum"].as_u64().unwrap() as usize, keys("witnesses").len());
    Trust { origin: text(&vectors["trust"], "origin"), log: keys("log"), witnesses: keys("witnesses"), quorum }
}

#[test]
fn every_frozen_sample_is_judged_as_it_says() {
    let vectors = frozen();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
    let trust = trust(&vectors);
    let (mut accepted, mut refused) = (0, 0);
    let mut judge = |case: &Value, found: Value| {
        assert_eq!(found, case["expect"], "{}", case["name"]);
        if found == "refused" { refused += 1 } else { accepted += 1 }
    };
    for case in vectors["receipts"].as_array().unwrap() {
        let found = text(case, "receipt").parse::<Receipt>().and_then(|receipt| {
            let shown = verify_receipt(&receipt, &trust)?;
            let content = String::from_utf8(receipt.content.clone()).unwrap();
            Ok(json!({"kind": shown.kind as u8, "hour": shown.hour, "index": shown.index, "content": content}))
        });
        judge(case, found.unwrap_or(json!("refused")));
    }
    for case in vectors["members"].as_array().unwrap() {
        let kind = if text(case, "kind") == "person" { MemberKind::Person } else { MemberKind::Record };
        let secret = MemberSecret(unhex(&text(case, "secret")).unwrap());
        let revision: Receipt = text(case, "revision").parse().unwrap();
        let found = verify_membership(&revision, kind, &unbase64(&text(case, "proof")).unwrap(), &secret, &trust);
        judge(
            case,
            match found {
                Ok((Membership::Present(number), _)) => json!({"present": number}),
                Ok((Membership::Absent, _)) => json!("absent"),
                Err(_) => json!("refused"),
            },
        );
    }
    for case in vectors["latest"].as_array().unwrap() {
        let receipt = |key: &str| text(case, key).parse::<Receipt>().unwrap();
        let secret = LogSecret(unhex(&text(case, "secret")).unwrap());
        let proof = unbase64(&text(case, "proof")).unwrap();
        let n = case["n"].as_u64().unwrap();
        let found = verify_latest(&receipt("act"), n, &secret, &receipt("marks"), &proof, &trust);
        judge(case, found.map_or(json!("refused"), |size| json!(size)));
    }
    assert!(refused > 2 * accepted, "{accepted} accepted, {refused} refused");
}
