//! The maps that come with Mandat, and which of them fits a file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use mandat_corpus::ingest::{IngestOptions, NoAccounts, NoProgress, ingest};
use mandat_corpus::input::Source;
use mandat_corpus::map::Map;

use crate::commands::Open;
use crate::failure::{Exit, Failure, OrFail, Outcome, from_library};

const MAPS: [(&str, &str); 4] = [
    ("de-politicians-tweets", include_str!("../../../../../samples/maps/de-politicians-tweets.toml")),
    ("us-presidents-tweets", include_str!("../../../../../samples/maps/us-presidents-tweets.toml")),
    ("de-bundestag", include_str!("../../../../../samples/maps/de-bundestag.toml")),
    ("irc-ubuntu", include_str!("../../../../../samples/maps/irc-ubuntu.toml")),
];

/// As much of a file as is looked at.
const TASTE: u64 = 256 << 10;

/// A map and what it is called.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) map: Map,
}

/// The map that fits the first file: the one named, or the one that leaves the fewest fields unknown.
///
/// # Errors
/// When the named map cannot be used, or none fits.
pub(super) fn fitting(open: &Open, files: &[PathBuf], named: Option<&Path>) -> Outcome<Found> {
    if let Some(path) = named {
        let text =
            std::fs::read_to_string(path).or_bad_input(|| format!("cannot read the map `{}`", path.display()))?;
        let map = Map::parse(&text).map_err(|e| from_library(Exit::BadInput, &e))?;
        return Ok(Found { name: path.display().to_string(), map });
    }
    let Some(first) = files.iter().find(|f| f.is_file() && f.extension().is_none_or(|e| e != "parquet")) else {
        return Ok(Found { name: "canonical".into(), map: Map::default() });
    };
    let mut best: Option<(u64, u64, Found)> = None;
    for (name, source) in [("canonical", "")].into_iter().chain(MAPS) {
        let map = Map::parse(source).map_err(|e| from_library(Exit::BadInput, &e))?;
        let (accepted, unknown) = taste(open, first, &map)?;
        let better = best.as_ref().is_none_or(|(_, least, _)| unknown < *least);
        if accepted > 0 && better {
            best = Some((accepted, unknown, Found { name: name.into(), map }));
        }
    }
    best.map(|(_, _, found)| found).ok_or_else(|| {
        Failure::bad_input(format!("no map of ours fits `{}`", first.display()))
            .hint("write one, starting from the nearest in samples/maps, and name it with --map")
    })
}

/// How many lines of the beginning a map takes in, and how many fields it does not know.
fn taste(open: &Open, file: &Path, map: &Map) -> Outcome<(u64, u64)> {
    let head = File::open(file).or_bad_input(|| format!("cannot read `{}`", file.display()))?.take(TASTE);
    let source = Source::Stream { name: "head".into(), stream: Box::new(head) };
    let options = IngestOptions { dry_run: true, ..IngestOptions::default() };
    let report = ingest(&mut open.vault()?, vec![source], map, &options, &mut NoAccounts, &NoProgress)
        .map_err(|e| from_library(Exit::BadInput, &e))?;
    let unknown = report.files.iter().map(|f| f.unknown_fields.len() as u64).sum();
    Ok((report.accepted, unknown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_map_is_a_map() {
        for (name, source) in MAPS {
            assert!(Map::parse(source).is_ok(), "{name}");
        }
    }
}
