//! Writes the n-gram model of the language detector, `crates/text/src/language/model.bin`.
//!
//! Source: the language models of the lingua crates (Apache-2.0; counted by their author in Leipzig Corpora, CC BY), which
//! cargo fetches as dependencies. Of each language the most frequent n-grams of one to four letters are kept, with the
//! logarithm of their frequency above a floor, in steps of 1/24.
//!
//! ```text
//! cd bench/language_model && cargo run --release -- ~/.cargo/registry/src/* ../../crates/text/src/language/model.bin
//! ```

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use fst::Streamer as _;

/// Languages whose script several of them share, by BCP 47 code and by lingua's crate.
const LANGUAGES: &str = "af afrikaans, ar arabic, az azerbaijani, be belarusian, bg bulgarian, bs bosnian, ca catalan, cs czech, \
cy welsh, da danish, de german, en english, eo esperanto, es spanish, et estonian, eu basque, fa persian, fi finnish, fr french, \
ga irish, hi hindi, hr croatian, hu hungarian, id indonesian, is icelandic, it italian, kk kazakh, la latin, lg ganda, \
lt lithuanian, lv latvian, mi maori, mk macedonian, mn mongolian, mr marathi, ms malay, nb bokmal, nl dutch, nn nynorsk, \
pl polish, pt portuguese, ro romanian, ru russian, sk slovak, sl slovene, sn shona, so somali, sq albanian, sr serbian, st sotho, \
sv swedish, sw swahili, tl tagalog, tn tswana, tr turkish, ts tsonga, uk ukrainian, ur urdu, vi vietnamese, xh xhosa, yo yoruba, \
zu zulu";

/// How many n-grams of each length are kept, and the logarithm of the frequency below which none is.
const KEPT: [(usize, f64); 4] = [(100, -9.0), (700, -9.5), (2500, -11.5), (4000, -12.5)];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: language-model REGISTRY_SOURCES MODEL";
    let (sources, out) = (arguments.next().context(usage)?, arguments.next().context(usage)?);
    let mut table: BTreeMap<u64, Vec<(u8, u8)>> = BTreeMap::new();
    let mut codes = Vec::new();
    for (index, language) in LANGUAGES.split(", ").enumerate() {
        let (code, name) = language.split_once(' ').context("a code and a name")?;
        codes.extend(code.as_bytes());
        let path = Path::new(&sources).join(format!("lingua-{name}-language-model-1.3.0/models/ngrams.fst"));
        for (key, weight) in frequent(&path)? {
            table.entry(key).or_default().push((u8::try_from(index)?, weight));
        }
    }
    let mut bytes = b"MLM1".to_vec();
    bytes.push(u8::try_from(codes.len() / 2)?);
    bytes.extend(&codes);
    let mut last = 0;
    for (key, entries) in &table {
        varint(key - last, &mut bytes);
        bytes.push(u8::try_from(entries.len())?);
        bytes.extend(entries.iter().flat_map(|(language, weight)| [*language, *weight]));
        last = *key;
    }
    std::fs::write(&out, bytes).with_context(|| format!("cannot write {out}"))
}

/// The n-grams of a language that are kept, packed, and their weights.
fn frequent(path: &Path) -> Result<Vec<(u64, u8)>> {
    let map = fst::Map::new(std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?)?;
    let mut conditional = HashMap::new();
    let mut stream = map.stream();
    while let Some((ngram, value)) = stream.next() {
        conditional.insert(std::str::from_utf8(ngram)?.to_owned(), f64::from_bits(value));
    }
    let mut by_length: [Vec<(f64, &str)>; 4] = Default::default();
    for ngram in conditional.keys() {
        // A model holds the frequency of each n-gram given all but its last letter.
        let ends = ngram.char_indices().map(|(at, c)| at + c.len_utf8());
        let parts: Option<Vec<f64>> = ends.map(|end| conditional.get(&ngram[..end]).copied()).collect();
        if let Some(parts) = parts.filter(|p| p.len() <= 4) {
            by_length[parts.len() - 1].push((parts.iter().sum(), ngram));
        }
    }
    let mut kept = Vec::new();
    for (ngrams, (most, floor)) in by_length.iter_mut().zip(KEPT) {
        ngrams.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        for (frequency, ngram) in ngrams.iter().take(most).filter(|(frequency, _)| *frequency > floor) {
            let weight = ((frequency - floor) * 24.0).round().clamp(1.0, 255.0);
            kept.push((packed(ngram)?, weight as u8));
        }
    }
    Ok(kept)
}

/// Sixteen bits a letter.
fn packed(ngram: &str) -> Result<u64> {
    ngram.chars().try_fold(0, |key, c| {
        ensure!(u32::from(c) < 0x1_0000, "a letter beyond the basic plane");
        Ok(key << 16 | u64::from(u32::from(c)))
    })
}

/// Seven bits a byte, the lowest first.
fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
