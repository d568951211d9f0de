//! Hostile input: no reader panics, and whatever is read is written back to the byte, so that nothing has two
//! spellings.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::LazyLock;

use mandat_proof::{
    Checkpoint, Digest, Entry, EntryKind, LogSecret, MarksStatement, MemberProof, MembersRoot, NoteKey, NoteSigner,
    Opening, Receipt, RevisionStatement, SignedNote, SubjectSecret, Tile, TlogProof, build_members, leaf_hash,
    read_bundle, sha256, write_bundle,
};
use proptest::prelude::*;

static TEXTS: LazyLock<Vec<String>> = LazyLock::new(texts);

/// One valid text of every kind.
fn texts() -> Vec<String> {
    let signer = NoteSigner::from_seed("log.example/a", &[1; 32]).unwrap();
    let witness = NoteSigner::cosigner("witness.example/1", &[2; 32]).unwrap();
    let content = b"{\"event\":\"object\"}".to_vec();
    let secret = LogSecret::new(&SubjectSecret([3; 32]), "log.example/a");
    let entry = Entry::personal(EntryKind::Choice, &secret, 0, &content, 495_000).unwrap();
    let head = Checkpoint::new("log.example/a", 1, leaf_hash(&entry.to_bytes())).unwrap();
    let mut checkpoint = head.sign(&signer).unwrap();
    checkpoint.add(witness.cosign_line(checkpoint.text(), 1_795_000_000).unwrap()).unwrap();
    let proof = TlogProof { extra: None, index: 0, path: vec![sha256(b"a"), sha256(b"b")], checkpoint };
    let root = MembersRoot { members: 400, root: sha256(b"root") };
    let statement = RevisionStatement {
        corpus: "own-model".to_owned(),
        number: 3,
        inputs: sha256(b"inputs"),
        content: sha256(b"content"),
        position: 77,
        persons: root,
        records: root,
    };
    let marks = MarksStatement { size: 9, marks: root };
    let receipt = Receipt { content, opening: secret.opening(0), entry, batch: None, proof: proof.clone() };
    vec![
        signer.sign("text\n").unwrap(),
        signer.public().to_string(),
        witness.public().to_string(),
        head.to_string(),
        proof.to_string(),
        receipt.to_string(),
        statement.to_string(),
        marks.to_string(),
        "tile/0/x001/x234/067.p/8".to_owned(),
        "tile/entries/000".to_owned(),
    ]
}

fn canonical<T: FromStr + Display>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        assert_eq!(read.to_string(), text);
    }
}

fn read_as_everything(text: &str) {
    canonical::<NoteKey>(text);
    canonical::<Checkpoint>(text);
    canonical::<TlogProof>(text);
    canonical::<Receipt>(text);
    canonical::<RevisionStatement>(text);
    canonical::<MarksStatement>(text);
    canonical::<Tile>(text);
    if let Ok(note) = SignedNote::parse(text) {
        assert_eq!(note.to_string(), text);
    }
}

fn read_bytes_as_everything(bytes: &[u8], number: u64) {
    if let Ok(entry) = Entry::parse(bytes) {
        assert_eq!(entry.to_bytes(), bytes);
    }
    let width = u16::try_from(number % 300).unwrap();
    if let Ok(entries) = read_bundle(bytes, width)
        && !entries.is_empty()
    {
        assert_eq!(write_bundle(&entries).unwrap(), bytes);
    }
    let root = MembersRoot { members: number, root: Digest([0; 32]) };
    if let Ok(proof) = MemberProof::parse(bytes, &root) {
        assert_eq!(proof.to_bytes(&root), bytes);
        assert!(proof.verify_token(&proof.member.token, &root).is_err());
    }
}

#[test]
fn every_sample_is_read_by_its_own_reader() {
    let texts = &TEXTS;
    assert!(SignedNote::parse(&texts[0]).is_ok());
    assert!(texts[1].parse::<NoteKey>().is_ok() && texts[2].parse::<NoteKey>().is_ok());
    assert!(texts[3].parse::<Checkpoint>().is_ok() && texts[4].parse::<TlogProof>().is_ok());
    assert!(texts[5].parse::<Receipt>().is_ok() && texts[6].parse::<RevisionStatement>().is_ok());
    assert!(texts[7].parse::<MarksStatement>().is_ok());
    assert!(texts[8].parse::<Tile>().is_ok() && texts[9].parse::<Tile>().is_ok());
    assert_eq!(Opening::PUBLIC.0, [0; 32]);
    assert!(build_members([], &mut |_, _| {}).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn changed_texts_are_refused_or_have_one_spelling(
        which in 0_usize..10, at in any::<usize>(), value in any::<u8>(), how in 0_u8..5, length in 0_usize..40,
    ) {
        let mut bytes = TEXTS[which].clone().into_bytes();
        let at = at % bytes.len();
        let end = bytes.len().min(at + length);
        match how {
            0 => bytes[at] = value,
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..end)),
            3 => { let part = bytes[at..end].to_vec(); bytes.splice(at..at, part); }
            _ => bytes.insert(at, b"\n\0 +=/0-x"[usize::from(value) % 9]),
        }
        read_as_everything(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_text_is_refused_or_has_one_spelling(text in "(\\PC|\n|— |[0-9+/=]){0,200}") {
        read_as_everything(&text);
    }

    #[test]
    fn any_bytes_are_refused_or_have_one_spelling(
        bytes in proptest::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..400), number in prop_oneof![0_u64..400, any::<u64>()],
    ) {
        read_bytes_as_everything(&bytes, number);
    }
}
