//! The rows of a revision, one by one: in storage order, or shuffled by a seed.
//!
//! A shuffle gives each row a key, the head of SHA-256 over seed and record token, and sorts by it:
//! a row's place depends on nothing but the seed and which other rows there are. Rows go through
//! files cut by the top bits of the key, so that memory holds one cut at a time.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, RecordBatch};
use mandat_core::proof::sha256;

use crate::admit::AdmitError;
use crate::admit::columns::Columns;
use crate::build::BuildError;

/// Rows handed over at a time.
const BATCH: usize = 4096;
/// Bytes of compressed shards whose rows are shuffled in memory at a time, about.
const CUT_BYTES: u64 = 64 << 20;
/// Cuts at most; more would be more open files.
const MOST_CUTS: u64 = 256;

/// One row of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) record: [u8; 16],
    pub(super) text: String,
    pub(super) lang: Option<String>,
    pub(super) category: String,
    /// µs since 1970, UTC.
    pub(super) created: i64,
}

impl Row {
    /// The record token in hexadecimal.
    pub(super) fn token(&self) -> String {
        mandat_core::proof::hex(&self.record)
    }

    fn key(&self, seed: u64) -> [u8; 8] {
        let digest = sha256(&[&seed.to_be_bytes()[..], &self.record].concat());
        digest.0[..8].try_into().expect("a digest has 32 bytes")
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.record)?;
        out.write_all(&self.created.to_be_bytes())?;
        for text in [Some(&self.text), self.lang.as_ref(), Some(&self.category)] {
            let length = text.map_or(u32::MAX, |t| u32::try_from(t.len()).expect("a text is shorter than 4 GB"));
            out.write_all(&length.to_be_bytes())?;
            out.write_all(text.map_or(&[], |t| t.as_bytes()))?;
        }
        Ok(())
    }

    fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        let mut record = [0; 16];
        match from.read_exact(&mut record) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let mut created = [0; 8];
        from.read_exact(&mut created)?;
        let mut text = || -> io::Result<Option<String>> {
            let mut length = [0; 4];
            from.read_exact(&mut length)?;
            let length = u32::from_be_bytes(length);
            if length == u32::MAX {
                return Ok(None);
            }
            let mut bytes = vec![0; length as usize];
            from.read_exact(&mut bytes)?;
            String::from_utf8(bytes).map(Some).map_err(|_| io::ErrorKind::InvalidData.into())
        };
        let (words, lang, category) = (text()?, text()?, text()?);
        let (text, category) = (words.unwrap_or_default(), category.unwrap_or_default());
        Ok(Some(Self { record, text, lang, category, created: i64::from_be_bytes(created) }))
    }
}

/// What is done with each row.
type Visit<'a> = &'a mut dyn FnMut(&Row) -> Result<(), BuildError>;

/// Hands over every row of some shards.
///
/// # Errors
/// When a shard cannot be read, or what `visit` returns.
pub(super) fn each_row(shards: &[PathBuf], seed: Option<u64>, scratch: &Path, visit: Visit) -> Result<(), BuildError> {
    let Some(seed) = seed else {
        return shards.iter().try_for_each(|shard| in_order(shard, visit));
    };
    let bytes: u64 = shards.iter().filter_map(|s| s.metadata().ok()).map(|m| m.len()).sum();
    let bits = (bytes / CUT_BYTES).clamp(1, MOST_CUTS).next_power_of_two().ilog2();
    let failed = |source| BuildError::io("shuffle rows in", scratch, source);
    let path = |cut: usize| scratch.join(format!("cut-{cut:02x}"));
    let mut cuts = Vec::new();
    for cut in 0..1_usize << bits {
        cuts.push(BufWriter::new(File::create(path(cut)).map_err(failed)?));
    }
    for shard in shards {
        in_order(shard, &mut |row| {
            let cut = usize::from(row.key(seed)[0]) >> (8 - bits);
            row.write(&mut cuts[cut]).map_err(failed)
        })?;
    }
    for (cut, out) in cuts.into_iter().enumerate() {
        drop(out.into_inner().map_err(|e| failed(e.into_error()))?);
        let mut from = BufReader::new(File::open(path(cut)).map_err(failed)?);
        let mut rows = Vec::new();
        while let Some(row) = Row::read(&mut from).map_err(failed)? {
            rows.push(row);
        }
        rows.sort_by_cached_key(|row| (row.key(seed), row.record));
        rows.iter().try_for_each(&mut *visit)?;
        std::fs::remove_file(path(cut)).map_err(failed)?;
    }
    Ok(())
}

fn in_order(shard: &Path, visit: Visit) -> Result<(), BuildError> {
    let columns = Columns::open(shard).map_err(|source| AdmitError::parquet(shard, source))?;
    let names = ["record", "text", "lang", "category", "created_at"];
    for batch in columns.read((0..columns.groups()).collect(), &names, BATCH)? {
        rows_of(&batch?)?.iter().try_for_each(&mut *visit)?;
    }
    Ok(())
}

fn rows_of(batch: &RecordBatch) -> Result<Vec<Row>, BuildError> {
    let column = |name: &'static str| batch.column_by_name(name).ok_or(BuildError::Layout(name));
    let words = |name| column(name)?.as_string_opt::<i32>().ok_or(BuildError::Layout(name));
    let record = column("record")?.as_binary_opt::<i32>().ok_or(BuildError::Layout("record"))?;
    let (text, lang, category) = (words("text")?, words("lang")?, words("category")?);
    let created = column("created_at")?.as_primitive_opt::<TimestampMicrosecondType>();
    let created = created.ok_or(BuildError::Layout("created_at"))?;
    let row = |i| {
        Ok(Row {
            record: record.value(i).try_into().map_err(|_| BuildError::Layout("record"))?,
            text: text.value(i).to_owned(),
            lang: lang.is_valid(i).then(|| lang.value(i).to_owned()),
            category: category.value(i).to_owned(),
            created: created.value(i),
        })
    };
    (0..batch.num_rows()).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_back_and_a_cut_one_does_not() {
        let row = Row { record: [7; 16], text: "ä🎈".into(), lang: None, category: "post".into(), created: -5 };
        let mut bytes = Vec::new();
        row.write(&mut bytes).unwrap();
        assert_eq!(Row::read(&mut &bytes[..]).unwrap(), Some(row));
        assert_eq!(Row::read(&mut &[][..]).unwrap(), None);
        assert!(Row::read(&mut &bytes[..bytes.len() - 1]).is_err());
    }
}
