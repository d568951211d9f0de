//! Against crates of other authors: `ct-merkle`, `signed_note` and `tlog_tiles`.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof};
use mandat_proof::{
    Checkpoint, Digest, NoteKey, NoteSigner, Tile, Trust, base64, open_note, sha256, verify_consistency,
    verify_inclusion,
};
use sha2::Sha256;
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};

use super::{Log, SIZES, entry, flipped, new_tiles, probes};

fn bytes(path: &[Digest]) -> Vec<u8> {
    path.iter().flat_map(|hash| hash.0).collect()
}

fn path(bytes: &[u8]) -> Vec<Digest> {
    bytes.chunks(32).map(|hash| Digest(hash.try_into().unwrap())).collect()
}

#[test]
fn ct_merkle_makes_the_same_roots_and_proofs_and_refuses_the_same() {
    let log = Log::new(1023);
    for size in SIZES {
        let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        (0..size).for_each(|index| tree.push(entry(index)));
        let root = tree.root();
        assert_eq!(root.as_bytes().as_slice(), log.root(size).0);
        for index in probes(size) {
            let own = log.inclusion(index, size);
            let theirs = tree.prove_inclusion(index as usize);
            assert_eq!(theirs.as_bytes(), bytes(&own), "{index} of {size}");
            let check = |proof: &[Digest]| {
                let proof = InclusionProof::try_from_bytes(bytes(proof)).unwrap();
                let ours = verify_inclusion(
                    &mandat_proof::leaf_hash(&entry(index)),
                    index,
                    size,
                    &path(proof.as_bytes()),
                    &log.root(size),
                );
                assert_eq!(root.verify_inclusion(&entry(index), index, &proof).is_ok(), ours.is_ok());
                ours.is_ok()
            };
            assert!(check(&own));
            (0..own.len()).for_each(|at| assert!(!check(&flipped(&own, at))));
        }
        for old in probes(size).into_iter().filter(|old| *old > 0) {
            let own = log.consistency(old, size);
            assert_eq!(tree.prove_consistency((size - old) as usize).as_bytes(), bytes(&own), "{old} to {size}");
            let old_root = ct_merkle::RootHash::new(log.root(old).0.into(), old);
            let check = |proof: &[Digest]| {
                let theirs = ConsistencyProof::try_from_bytes(bytes(proof)).unwrap();
                let ours = verify_consistency(old, size, proof, &log.root(old), &log.root(size));
                assert_eq!(root.verify_consistency(&old_root, &theirs).is_ok(), ours.is_ok());
                ours.is_ok()
            };
            assert!(check(&own));
            (0..own.len()).for_each(|at| assert!(!check(&flipped(&own, at))));
        }
    }
}

#[test]
fn tlog_tiles_names_the_same_tiles_and_checks_the_same_proofs() {
    for (old, new) in [(0, 1), (0, 256), (255, 257), (256, 256), (700, 70_000), (65_535, 65_537), (0, 1 << 24)] {
        let theirs = tlog_tiles::Tile::new_tiles(8, old, new);
        let theirs: Vec<_> = theirs.iter().map(|tile| tile.path().replacen("tile/8/", "tile/", 1)).collect();
        assert_eq!(new_tiles(old, new), theirs, "{old} to {new}");
    }
    for path in ["tile/0/x001/x234/067", "tile/2/000.p/1", "tile/0/000.p/256", "tile/0/00", "tile/0/x000/001"] {
        let theirs = tlog_tiles::Tile::from_path(&path.replacen("tile/", "tile/8/", 1)).is_ok();
        assert_eq!(path.parse::<Tile>().is_ok(), theirs, "{path}");
    }
    let log = Log::new(1023);
    let hash = |digest: Digest| tlog_tiles::Hash(digest.0);
    for size in SIZES {
        for index in probes(size) {
            let leaf = tlog_tiles::record_hash(&entry(index));
            let check = |proof: Vec<Digest>| {
                let proof = proof.into_iter().map(hash).collect();
                tlog_tiles::check_record(&proof, size, hash(log.root(size)), index, leaf).is_ok()
            };
            let own = log.inclusion(index, size);
            assert!(check(own.clone()));
            (0..own.len()).for_each(|at| assert!(!check(flipped(&own, at))));
            if index > 0 {
                let own = log.consistency(index, size).into_iter().map(hash).collect();
                let (new, old) = (hash(log.root(size)), hash(log.root(index)));
                assert!(tlog_tiles::check_tree(&own, size, new, index, old).is_ok());
            }
        }
    }
}

#[test]
fn tlog_tiles_reads_our_checkpoints_and_we_theirs() {
    let own = Checkpoint::new("log.example/a", 20_852_163, sha256(b"root")).unwrap();
    let theirs = tlog_tiles::Checkpoint::from_bytes(own.to_string().as_bytes()).unwrap();
    assert_eq!((theirs.origin(), theirs.size(), theirs.hash().0), (own.origin(), own.size(), own.root().0));
    assert_eq!(theirs.to_bytes(), own.to_string().into_bytes());
    let extended = tlog_tiles::Checkpoint::new("a", 0, tlog_tiles::EMPTY_HASH, "one\ntwo\n").unwrap().to_bytes();
    let text = String::from_utf8(extended).unwrap();
    assert_eq!(text.parse::<Checkpoint>().unwrap().to_string(), text);
    let root = base64(&[7; 32]);
    for text in
        [format!("a\n01\n{root}\n"), format!("a\n\n{root}\n"), format!("\n1\n{root}\n"), format!("a\n1\n{root}\n\n")]
    {
        assert!(text.parse::<Checkpoint>().is_err(), "{text:?}");
        assert!(tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).is_err(), "{text:?}");
    }
}

fn known(vkey: &str) -> VerifierList {
    VerifierList::new(vec![Box::new(StandardVerifier::new(vkey).unwrap())])
}

#[test]
fn signed_note_opens_our_notes_and_we_theirs() {
    let own = NoteSigner::from_seed("log.example/a", &[3; 32]).unwrap();
    let text = "log.example/a\n5\nroot\n\nmore\n";
    let theirs = StandardSigner::new(&own.secret_text()).unwrap();
    let mut note = Note::new(text.as_bytes(), &[]).unwrap();
    note.add_sigs(&[&theirs]).unwrap();
    assert_eq!(note.to_bytes(), own.sign(text).unwrap().into_bytes(), "Ed25519 leaves no room");
    let keys = [own.public().to_string().parse::<NoteKey>().unwrap()];
    assert_eq!(open_note(&own.sign(text).unwrap(), &keys).unwrap().text, text);
}

#[test]
fn signed_note_refuses_what_we_refuse() {
    let own = NoteSigner::from_seed("log.example/a", &[3; 32]).unwrap();
    let head = Checkpoint::new("log.example/a", 5, sha256(b"root")).unwrap();
    let mut note = head.sign(&own).unwrap();
    let stranger = NoteSigner::from_seed("stranger", &[4; 32]).unwrap();
    note.add(stranger.sign_line(note.text()).unwrap()).unwrap();
    let witness = NoteSigner::cosigner("witness", &[5; 32]).unwrap();
    note.add(witness.cosign_line(note.text(), 1).unwrap()).unwrap();
    let note = note.to_string().into_bytes();
    let (list, trust) = (known(&own.public().to_string()), Trust::in_log(own.public().clone()));
    let theirs = |bytes: &[u8]| Note::from_bytes(bytes).is_ok_and(|note| note.verify(&list).is_ok());
    let ours = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(|text| trust.open(text).is_ok());
    assert!(theirs(&note) && ours(&note));
    let mut accepted = 0;
    for at in 0..note.len() {
        for bit in 0..8 {
            let mut changed = note.clone();
            changed[at] ^= 1 << bit;
            assert_eq!(ours(&changed), theirs(&changed), "byte {at}, bit {bit}");
            accepted += u32::from(ours(&changed));
        }
        assert_eq!(ours(&note[..at]), theirs(&note[..at]), "cut at {at}");
        let cut = [&note[..at], &note[at + 1..]].concat();
        assert_eq!(ours(&cut), theirs(&cut), "without byte {at}");
        let double = [&note[..at], &note[at..=at], &note[at..]].concat();
        assert_eq!(ours(&double), theirs(&double), "byte {at} twice");
    }
    assert!(accepted > 0, "a stranger's line may change");
}
