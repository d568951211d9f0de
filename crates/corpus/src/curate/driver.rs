//! The local driver of what follows the pass: settles all shards, then finishes each on any thread.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use super::finish::finish;
use super::pass::kinds;
use super::settle::{Settle, of_shard};
use super::spec::Curation;
use super::spill::Spilled;
use super::summary::Summary;
use crate::build::stage::{Cuts, StagedBucket};
use crate::build::{BuildError, Store};

/// Memory that the exchange may take, beside one shard a thread.
const MEMORY: u64 = 1 << 29;

/// Brings every passed shard to its end. What an earlier call left in the buckets is replaced.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn curate(
    store: &Store,
    spec: &Curation,
    cuts: &Cuts,
    staged: &mut BTreeMap<u64, StagedBucket>,
) -> Result<Summary, BuildError> {
    let scratch = store.scratch("curate")?;
    let dir = scratch.parent().expect("a scratch file lies in a folder");
    let shards: Vec<&Spilled> = staged.values().flat_map(|b| &b.spilled).collect();
    let denied: Vec<&Path> = staged.values().filter_map(|b| b.denied.as_deref()).collect();
    let drops = Settle { spec, dir, shards: &shards, denied: &denied, memory: MEMORY }.run()?;
    let buckets: Vec<&mut StagedBucket> = staged.values_mut().collect();
    buckets.into_par_iter().try_for_each(|bucket| {
        let finished: Vec<_> = bucket
            .spilled
            .par_iter()
            .map(|spilled| {
                let finished = finish(spilled, of_shard(&drops, spilled.shard), &kinds())?;
                let written = finished.kept.as_ref().map(|rows| cuts.write(store, &spilled.name, rows)).transpose()?;
                Ok((written.flatten(), finished.write_dropped(store, &spilled.name)?, finished.summary))
            })
            .collect::<Result<_, BuildError>>()?;
        (bucket.shards, bucket.members) = (Vec::new(), Vec::new());
        (bucket.dropped, bucket.curated) = (Vec::new(), Summary::default());
        for (written, dropped, summary) in finished {
            if let Some((shard, members)) = written {
                bucket.shards.push(shard);
                bucket.members.push(members);
            }
            bucket.dropped.extend(dropped);
            bucket.curated.add(&summary);
        }
        Ok::<(), BuildError>(())
    })?;
    let mut total = Summary::default();
    staged.values().for_each(|b| total.add(&b.curated));
    Ok(total)
}
