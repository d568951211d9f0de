//! How fast the log and the tree of members are, beside `ct-merkle` in the same run.
//!
//! `cargo run --release -p mandat-proof --example speed [ENTRIES [MEMBERS]]` prints one JSON object a line. Rounds
//! alternate between the sides, so that whatever else the machine does hits both; the median and the worst round are
//! given.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program that prints figures")]

use std::hint::black_box;
use std::time::Instant;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use mandat_proof::{
    Digest, Frontier, Member, MemberBlock, MemberProof, MemberSecret, MemberTree, MembersBuilder, MembersRoot,
    Membership, ROW_BYTES, Shelf, SubjectSecret, Tile, TileEdge, Token, leaf_hash, sha256,
};
use sha2::Sha256;

const ROUNDS: usize = 5;
/// Rows that a thread hashes at a time: a multiple of 256.
const BLOCK: usize = 64 * 1024;

fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>().expect("a number"));
    let entries = args.next().unwrap_or(300_000);
    let members = args.next().unwrap_or(1_000_000);
    append(entries);
    membership(members);
}

/// An entry as long as those of the log.
fn entry(index: u64) -> [u8; 70] {
    let mut entry = [7; 70];
    entry[..8].copy_from_slice(&index.to_be_bytes());
    entry
}

fn append(n: u64) {
    let (mut ours, mut tiles, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut tree = Frontier::new();
        (0..n).for_each(|i| tree.push(leaf_hash(&entry(i))));
        let root = tree.root();
        ours.push(rate(n, start));

        let start = Instant::now();
        let mut edge = TileEdge::new();
        let mut full = 0;
        (0..n).for_each(|i| edge.push(leaf_hash(&entry(i)), &mut |_, hashes| full += black_box(hashes.len())));
        assert_eq!(edge.root(), root);
        tiles.push(rate(n, start));

        let start = Instant::now();
        let mut tree = MemoryBackedTree::<Sha256, [u8; 70]>::new();
        (0..n).for_each(|i| tree.push(entry(i)));
        assert_eq!(tree.root().as_bytes().as_slice(), root.0);
        theirs.push(rate(n, start));
    }
    report("append", n, &[("frontier", &ours), ("tiles", &tiles)], ("ct-merkle", &theirs));
}

fn rate(n: u64, start: Instant) -> f64 {
    n as f64 / start.elapsed().as_secs_f64()
}

fn report(what: &str, n: u64, own: &[(&str, &[f64])], peer: (&str, &[f64])) {
    for (name, rates) in own {
        let mut ratios: Vec<f64> = rates.iter().zip(peer.1).map(|(a, b)| a / b).collect();
        ratios.sort_by(f64::total_cmp);
        println!(
            "{{\"what\":\"{what}\",\"n\":{n},\"ours\":\"{name}\",\"per_s\":{:.0},\"peer\":\"{}\",\"peer_per_s\":{:.0},\
             \"ratio\":{:.2},\"worst\":{:.2}}}",
            median(rates),
            peer.0,
            median(peer.1),
            ratios[ratios.len() / 2],
            ratios[0]
        );
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Everything that a revision needs: derive, sort, hash; and then prove and verify.
fn membership(n: u64) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let revision = sha256(b"revision");
    let secret = |i: u64| MemberSecret::of_person(&SubjectSecret(sha256(&i.to_be_bytes()).0), &revision);
    let secrets: Vec<SubjectSecret> = (0..n).map(|i| SubjectSecret(sha256(&i.to_be_bytes()).0)).collect();
    let start = Instant::now();
    let mut rows = derive(&secrets, &revision, threads);
    let derived = start.elapsed();
    rows.sort_unstable();
    let sorted = start.elapsed();
    let mut tiles = std::collections::BTreeMap::new();
    let root = hash(&rows, threads, &mut |tile, hashes| {
        tiles.insert(tile, hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>());
    });
    let built = start.elapsed();
    println!(
        "{{\"what\":\"members\",\"n\":{n},\"threads\":{threads},\"per_s\":{:.0},\"derive_s\":{:.2},\"sort_s\":{:.2},\
         \"hash_s\":{:.2},\"disk_bytes_per_member\":{:.2}}}",
        n as f64 / built.as_secs_f64(),
        derived.as_secs_f64(),
        (sorted - derived).as_secs_f64(),
        (built - sorted).as_secs_f64(),
        ROW_BYTES as f64 + tiles.values().map(Vec::len).sum::<usize>() as f64 / n as f64
    );
    let bytes: Vec<u8> = rows.iter().flat_map(|row| row.to_bytes()).collect();
    let mut read_rows =
        |first: u64, count: u64| Ok(bytes[first as usize * ROW_BYTES..][..count as usize * ROW_BYTES].to_vec());
    let mut read_tiles = |tile: &Tile| Ok(tiles.get(tile).cloned().filter(|_| tile.shelf() != Shelf::Hashes(0)));
    let mut tree = MemberTree::new(root, &mut read_rows, &mut read_tiles);
    proofs("absence", n..n + 20_000, &secret, &mut tree, &root);
    proofs("presence", 0..n.min(20_000), &secret, &mut tree, &root);
}

/// Rows in the order of the secrets, behind the sentinel.
fn derive(secrets: &[SubjectSecret], revision: &Digest, threads: usize) -> Vec<Member> {
    let mut rows = vec![Member::SENTINEL; secrets.len() + 1];
    let share = secrets.len().div_ceil(threads);
    std::thread::scope(|scope| {
        for (secrets, rows) in secrets.chunks(share).zip(rows[1..].chunks_mut(share)) {
            scope.spawn(move || {
                for (secret, row) in secrets.iter().zip(rows) {
                    *row = MemberSecret::of_person(secret, revision).member(1);
                }
            });
        }
    });
    rows
}

fn hash(rows: &[Member], threads: usize, full: &mut dyn FnMut(Tile, &[Digest])) -> MembersRoot {
    let mut builder = MembersBuilder::new();
    for group in 0..rows.len().div_ceil(BLOCK * threads) {
        let begin = group * BLOCK * threads;
        let blocks: Vec<_> = std::thread::scope(|scope| {
            let starts = (0..threads).map(|at| begin + at * BLOCK).filter(|at| *at < rows.len());
            let running: Vec<_> = starts
                .map(|at| {
                    let end = rows.len().min(at + BLOCK);
                    let next = rows.get(end).map_or(Token::HIGH, |row| row.token);
                    scope.spawn(move || MemberBlock::hash(&rows[at..end], next).unwrap())
                })
                .collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        blocks.iter().for_each(|block| builder.push(block, full).unwrap());
    }
    builder.finish(full).unwrap()
}

fn proofs(
    what: &str,
    who: std::ops::Range<u64>,
    secret: &dyn Fn(u64) -> MemberSecret,
    tree: &mut MemberTree<'_>,
    root: &MembersRoot,
) {
    let count = who.end - who.start;
    let secrets: Vec<_> = who.map(secret).collect();
    let start = Instant::now();
    let made: Vec<_> = secrets.iter().map(|s| tree.prove(&s.token()).unwrap().to_bytes(root)).collect();
    let proving = start.elapsed();
    let start = Instant::now();
    for (secret, bytes) in secrets.iter().zip(&made) {
        let shown = MemberProof::parse(bytes, root).unwrap().verify(secret, root).unwrap();
        assert_eq!(shown == Membership::Absent, what == "absence");
    }
    let longest = made.iter().map(Vec::len).max().unwrap_or(0);
    println!(
        "{{\"what\":\"{what}\",\"n\":{},\"bytes\":{longest},\"prove_us\":{:.1},\"verify_us\":{:.1}}}",
        root.members,
        proving.as_secs_f64() * 1e6 / count as f64,
        start.elapsed().as_secs_f64() * 1e6 / count as f64
    );
}
