//! Building who-is-in trees, beside `akd` (a key directory) and `jmt` (a sparse Merkle tree), in the same run.
//!
//! `cargo run --release --manifest-path crates/proof/peers/Cargo.toml [KEYS]` prints one JSON object a line. Rounds
//! alternate; the median and the worst ratio are given. The work differs and that is the point: `akd` and `jmt` can be
//! changed afterwards, a revision never is. All three start from 32-byte secrets and end at a root.

use std::time::Instant;

use akd::append_only_zks::AzksParallelismConfig;
use akd::directory::Directory;
use akd::ecvrf::HardCodedAkdVRF;
use akd::storage::StorageManager;
use akd::storage::memory::AsyncInMemoryDatabase;
use akd::{AkdLabel, AkdValue};
use jmt::mock::MockTreeStore;
use jmt::storage::TreeWriter;
use jmt::{JellyfishMerkleTree, KeyHash};
use mandat_proof::{
    Member, MemberBlock, MemberProof, MemberSecret, MemberTree, MembersBuilder, MembersRoot, Membership, ROW_BYTES,
    SubjectSecret, Tile, Token, build_members, sha256,
};

type Jmt<'a> = JellyfishMerkleTree<'a, MockTreeStore, sha2::Sha256>;
type Config = akd::WhatsAppV1Configuration;

const ROUNDS: usize = 3;
const JMT_BATCH: usize = 50_000;

fn main() {
    let keys = std::env::args().nth(1).map_or(20_000, |arg| arg.parse::<u64>().expect("a number of keys"));
    let secrets: Vec<SubjectSecret> = (0..keys).map(|i| SubjectSecret(sha256(&i.to_be_bytes()).0)).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime");
    let (mut ours, mut of_jmt, mut of_akd) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(rate(keys, || drop(members(&secrets))));
        of_jmt.push(rate(keys, || drop(sparse(&secrets))));
        of_akd.push(rate(keys, || runtime.block_on(directory(&secrets))));
    }
    for (peer, rates) in [("jmt", &of_jmt), ("akd", &of_akd)] {
        let mut ratios: Vec<f64> = ours.iter().zip(rates).map(|(a, b)| a / b).collect();
        ratios.sort_by(f64::total_cmp);
        println!(
            "{{\"what\":\"members\",\"n\":{keys},\"per_s\":{:.0},\"peer\":\"{peer}\",\"peer_per_s\":{:.0},\"ratio\":{:.1},\
             \"worst\":{:.1}}}",
            median(&ours),
            median(rates),
            ratios[ROUNDS / 2],
            ratios[0]
        );
    }
    absence(&secrets);
}

fn rate(n: u64, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    n as f64 / start.elapsed().as_secs_f64()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn own(secret: &SubjectSecret) -> MemberSecret {
    MemberSecret::of_person(secret, &sha256(b"revision"))
}

/// Derive and hash on all threads, sort on one.
fn members(secrets: &[SubjectSecret]) -> (MembersRoot, Vec<Member>) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = secrets.len().div_ceil(threads).max(1);
    // The sentinel sorts first.
    let mut rows = vec![Member::SENTINEL; secrets.len() + 1];
    std::thread::scope(|scope| {
        for (secrets, rows) in secrets.chunks(share).zip(rows[1..].chunks_mut(share)) {
            scope.spawn(move || rows.iter_mut().zip(secrets).for_each(|(row, secret)| *row = own(secret).member(1)));
        }
    });
    rows.sort_unstable();
    let block = rows.len().div_ceil(threads).next_multiple_of(256);
    let blocks: Vec<MemberBlock> = std::thread::scope(|scope| {
        let rows = &rows;
        let hash = move |at: usize| {
            let end = rows.len().min(at + block);
            MemberBlock::hash(&rows[at..end], rows.get(end).map_or(Token::HIGH, |row| row.token)).expect("sorted")
        };
        let running: Vec<_> = (0..rows.len()).step_by(block).map(|at| scope.spawn(move || hash(at))).collect();
        running.into_iter().map(|thread| thread.join().expect("a block")).collect()
    });
    let mut builder = MembersBuilder::new();
    blocks.iter().for_each(|block| builder.push(block, &mut |_, _| {}).expect("in order"));
    let root = builder.finish(&mut |_, _| {}).expect("complete");
    rows.remove(0);
    (root, rows)
}

/// One thread: derive, insert in batches, each a version.
fn sparse(secrets: &[SubjectSecret]) -> (MockTreeStore, u64) {
    let store = MockTreeStore::default();
    let mut version = 0;
    for (number, batch) in secrets.chunks(JMT_BATCH).enumerate() {
        version = number as u64;
        let values = batch.iter().map(|secret| (KeyHash(own(secret).token().0), Some(vec![1, 0, 0, 0])));
        let (_, update) = Jmt::new(&store).put_value_set(values, version).expect("a root");
        store.write_node_batch(&update.node_batch).expect("stored");
    }
    (store, version)
}

/// All threads there are: one epoch.
async fn directory(secrets: &[SubjectSecret]) {
    let storage = StorageManager::new_no_cache(AsyncInMemoryDatabase::new());
    let parallel = AzksParallelismConfig::default();
    let directory = Directory::<Config, _, _>::new(storage, HardCodedAkdVRF {}, parallel).await.expect("a directory");
    let labels = secrets.iter().map(|secret| (AkdLabel(secret.0.to_vec()), AkdValue(vec![1, 0, 0, 0]))).collect();
    directory.publish(labels).await.expect("a root");
}

/// Bytes and time of an absence proof, ours and that of `jmt`, at the same number of keys.
fn absence(secrets: &[SubjectSecret]) {
    const ASKED: u64 = 2000;
    let absent: Vec<MemberSecret> =
        (0..ASKED).map(|i| own(&SubjectSecret(sha256(&(1 << 40 | i).to_be_bytes()).0))).collect();
    let (root, rows) = members(secrets);
    let mut tiles = std::collections::BTreeMap::new();
    build_members(rows.iter().copied(), &mut |tile, hashes| {
        tiles.insert(tile, hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>());
    })
    .expect("sorted");
    let bytes: Vec<u8> = [Member::SENTINEL].iter().chain(&rows).flat_map(|row| row.to_bytes()).collect();
    let mut read =
        |first: u64, count: u64| Ok(bytes[first as usize * ROW_BYTES..][..count as usize * ROW_BYTES].to_vec());
    let mut read_tiles = |tile: &Tile| Ok(tiles.get(tile).cloned());
    let mut tree = MemberTree::new(root, &mut read, &mut read_tiles);
    let made: Vec<_> = absent.iter().map(|s| tree.prove(&s.token()).expect("a proof").to_bytes(&root)).collect();
    let own_rate = rate(ASKED, || {
        for (secret, bytes) in absent.iter().zip(&made) {
            let shown = MemberProof::parse(bytes, &root).expect("a proof").verify(secret, &root).expect("it holds");
            assert_eq!(shown, Membership::Absent);
        }
    });
    let (store, version) = sparse(secrets);
    let tree = Jmt::new(&store);
    let jmt_root = tree.get_root_hash(version).expect("a root");
    let theirs: Vec<_> = absent
        .iter()
        .map(|s| (KeyHash(s.token().0), tree.get_with_proof(KeyHash(s.token().0), version).expect("a proof").1))
        .collect();
    let jmt_rate = rate(ASKED, || {
        theirs.iter().for_each(|(key, proof)| proof.verify_nonexistence(jmt_root, *key).expect("it holds"));
    });
    let longest = made.iter().map(Vec::len).max().unwrap_or(0);
    let sizes = theirs.iter().map(|(_, proof)| borsh::to_vec(proof).expect("bytes").len());
    let mean = sizes.sum::<usize>() as f64 / ASKED as f64;
    println!(
        "{{\"what\":\"absence\",\"n\":{},\"bytes\":{longest},\"verify_us\":{:.1},\"peer\":\"jmt\",\"peer_bytes\":{mean:.0},\
         \"peer_verify_us\":{:.1}}}",
        secrets.len(),
        1e6 / own_rate,
        1e6 / jmt_rate
    );
}
