//! The pass: one walk over the admitted texts of one shard.
//!
//! Takes the rows of a shard and gives the same rows with what stays of their texts, why the others
//! are dropped, and the signals by which copies find each other. It knows nothing of other shards:
//! what needs them all comes afterwards, from the signals ([`super::settle`]).

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, BinaryArray, RecordBatch, UInt8Array, UInt32Array};
use arrow_schema::{DataType, Field, Schema};
use mandat_core::proof::sha256;
use mandat_text::decontaminate::{Asker, Lengths, Set};
use mandat_text::fingerprint::{BYTES, Fingerprint, Fingerprinter};
use mandat_text::language::Detector;
use mandat_text::quality::{Judge, Settings};
use mandat_text::redact::{self, Kind, Redactor, Span};

use super::settle::{EXACT, Place, exact_entry};
use super::spec::{Curation, Duplicates, Language, Quality};
use super::why::Why;
use crate::build::BuildError;
use crate::build::gather::Gathered;
use crate::members::{Name, mark_redacted};

/// The stage, ready to work: its specification with everything it looks up.
pub(crate) struct Stage {
    spec: Curation,
    redactor: Option<Redactor>,
    detector: Option<Detector>,
    rules: Option<Settings>,
    evaluation: Set,
}

/// What the pass made of one shard.
pub(crate) struct Passed {
    /// One row for each admitted record, in order: the columns of [`Gathered::pack`] (a dropped row has an
    /// empty text), and `why` (see [`Why::index`]), `chars` (code points before), `spans` (pairs of kind
    /// and number of what was redacted).
    pub(crate) rows: RecordBatch,
    /// Entries by which equal texts meet.
    pub(crate) exact: Vec<[u8; EXACT]>,
    /// Row and fingerprint of each text that may be a copy.
    pub(crate) prints: Vec<[u8; PRINT]>,
}

/// Bytes of a row's fingerprint.
pub(crate) const PRINT: usize = 4 + BYTES;
/// Fingerprints are compared within one build alone, so their key hides nothing.
pub(super) const KEY: u64 = 0;

/// Whose fingerprint an entry is, and the fingerprint.
pub(super) fn print_of(shard: u32, entry: &[u8; PRINT]) -> (Place, Fingerprint) {
    let (row, _) = entry.split_first_chunk::<4>().expect("an entry begins with a row");
    let (_, print) = entry.split_last_chunk::<BYTES>().expect("and ends with a fingerprint");
    (Place { shard, row: u32::from_be_bytes(*row) }, Fingerprint::from_bytes(print))
}

/// The columns of a row while it is looked at.
struct Columns<'a> {
    judge: Option<Judge>,
    evaluation: Asker<'a>,
    text: StringBuilder,
    lang: StringBuilder,
    why: Vec<u8>,
    chars: Vec<u32>,
    spans: BinaryBuilder,
    found: Vec<Span>,
    pairs: Vec<u8>,
    exact: Vec<[u8; EXACT]>,
    prints: Vec<[u8; PRINT]>,
    maker: Fingerprinter,
}

impl Stage {
    /// Makes the stage ready.
    pub(crate) fn new(spec: &Curation) -> Self {
        let kinds: Vec<Kind> = spec.redact.iter().map(|r| r.kind()).collect();
        let find = redact::Settings { kinds, ..redact::Settings::default() };
        let redactor = (!spec.redact.is_empty()).then(|| Redactor::new(&find));
        let rules = match spec.quality {
            Quality::Off => None,
            Quality::Short => Some(Settings { toxicity: false, ..Settings::short() }),
            Quality::Long => Some(Settings { toxicity: false, ..Settings::long() }),
        };
        let evaluation = Set::build(&spec.items, Lengths::default());
        let detector = (spec.language == Language::Detected).then(Detector::new);
        Self { spec: spec.clone(), redactor, detector, rules, evaluation }
    }

    /// What the recipe asks for.
    pub(crate) const fn spec(&self) -> &Curation {
        &self.spec
    }

    /// Walks over the texts of one shard.
    ///
    /// # Errors
    /// When the rows are not those of a shard.
    pub(crate) fn pass(&self, shard: u32, gathered: &Gathered) -> Result<Passed, BuildError> {
        let rows = &gathered.rows;
        let column = |name: &'static str| rows.column_by_name(name).ok_or(BuildError::Layout(name));
        let text = column("text")?.as_string_opt::<i32>().ok_or(BuildError::Layout("text"))?;
        let lang = column("lang")?.as_string_opt::<i32>().ok_or(BuildError::Layout("lang"))?;
        let created = column("created_at")?
            .as_primitive_opt::<TimestampMicrosecondType>()
            .ok_or(BuildError::Layout("created_at"))?;
        let mut out = Columns::new(self, rows.num_rows(), text.value_data().len());
        for row in 0..rows.num_rows() {
            let place = Place { shard, row: u32::try_from(row).expect("a shard has at most u32 rows") };
            let given = lang.is_valid(row).then(|| lang.value(row));
            self.row(text.value(row), given, created.value(row), place, &mut out);
        }
        out.finish(&gathered.pack()?)
    }

    /// The language of a text as it was written; `None` if neither it nor the platform tells.
    fn language<'a>(&self, text: &str, given: Option<&'a str>) -> Option<&'a str> {
        let Some(detector) = &self.detector else { return given };
        match detector.detect_with(text, given).code {
            "und" => given,
            code => Some(code),
        }
    }

    /// Whether the recipe takes texts of that language: regions and scripts do not count, so `de` and `de-AT` are one.
    fn is_wanted(&self, lang: Option<&str>) -> bool {
        let wanted = &self.spec.languages;
        let primary = |code: &str| code.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        wanted.is_empty() || lang.map(primary).is_some_and(|lang| wanted.iter().any(|code| primary(code) == lang))
    }

    /// One text through all steps that need no other.
    fn row(&self, text: &str, lang: Option<&str>, created: i64, place: Place, out: &mut Columns<'_>) {
        out.chars.push(u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
        let lang = self.language(text, lang);
        out.lang.append_option(lang);
        let redacted = self.redactor.as_ref().and_then(|redactor| out.redact(redactor, text));
        let text = redacted.as_deref().unwrap_or(text);
        out.spans.append_value(&out.pairs);
        let why = out.why_not(text, self.is_wanted(lang));
        out.why.push(why.index());
        if why != Why::KEPT {
            out.text.append_value("");
            return;
        }
        out.text.append_value(text);
        if self.spec.duplicates >= Duplicates::Exact {
            out.exact.push(exact_entry(head(text), created, place));
        }
        if self.spec.duplicates >= Duplicates::Near || self.spec.denied_copies {
            let mut entry = [0; PRINT];
            entry[..4].copy_from_slice(&place.row.to_be_bytes());
            entry[4..].copy_from_slice(&out.maker.fingerprint(text).to_bytes());
            out.prints.push(entry);
        }
    }
}

/// Names of the kinds that a row's spans number.
pub(super) fn kinds() -> [&'static str; Kind::ALL.len()] {
    Kind::ALL.map(Kind::name)
}

/// The first half of a text's SHA-256: nobody can make a text that takes another's place.
fn head(text: &str) -> u128 {
    let digest = sha256(text.as_bytes());
    let (head, _) = digest.0.split_first_chunk::<16>().expect("a digest has 32 bytes");
    u128::from_be_bytes(*head)
}

impl<'a> Columns<'a> {
    fn new(stage: &'a Stage, rows: usize, bytes: usize) -> Self {
        Self {
            judge: stage.rules.as_ref().map(Judge::new),
            evaluation: stage.evaluation.asker(),
            text: StringBuilder::with_capacity(rows, bytes),
            lang: StringBuilder::with_capacity(rows, rows * 2),
            why: Vec::with_capacity(rows),
            chars: Vec::with_capacity(rows),
            spans: BinaryBuilder::with_capacity(rows, 0),
            found: Vec::new(),
            pairs: Vec::new(),
            exact: Vec::new(),
            prints: Vec::new(),
            maker: Fingerprinter::new(KEY),
        }
    }

    /// The text without personal data, if there was any; counts what was taken out.
    fn redact(&mut self, redactor: &Redactor, text: &str) -> Option<String> {
        redactor.spans_into(text, &[], &mut self.found);
        let mut counts = [0_u8; Kind::ALL.len()];
        for span in &self.found {
            let count = &mut counts[span.kind as usize];
            *count = count.saturating_add(1);
        }
        self.pairs.clear();
        for (kind, count) in (0_u8..).zip(counts).filter(|(_, count)| *count > 0) {
            self.pairs.extend([kind, count]);
        }
        (!self.found.is_empty()).then(|| redactor.apply(text, &self.found).into_owned())
    }

    /// What speaks against a text, if anything does that needs no other text.
    fn why_not(&mut self, text: &str, wanted: bool) -> Why {
        if !text.chars().any(char::is_alphanumeric) {
            return Why::EMPTY;
        }
        if !wanted {
            return Why::OTHER_LANGUAGE;
        }
        if let Some(reason) = self.judge.as_mut().and_then(|judge| judge.judge(text).reason) {
            return Why::quality(reason);
        }
        if self.evaluation.overlap(text).is_some() { Why::EVALUATION_OVERLAP } else { Why::KEPT }
    }

    fn finish(mut self, packed: &RecordBatch) -> Result<Passed, BuildError> {
        let mut fields: Vec<Arc<Field>> = packed.schema().fields().iter().cloned().collect();
        let mut columns = packed.columns().to_vec();
        let spans = self.spans.finish();
        for (field, column) in fields.iter().zip(&mut columns) {
            match field.name().as_str() {
                "member" => *column = Arc::new(members(column, &spans)?),
                "text" => *column = Arc::new(self.text.finish()),
                "lang" => *column = Arc::new(self.lang.finish()),
                _ => {}
            }
        }
        let more: [(&str, DataType, ArrayRef); 3] = [
            ("why", DataType::UInt8, Arc::new(UInt8Array::from(self.why))),
            ("chars", DataType::UInt32, Arc::new(UInt32Array::from(self.chars))),
            ("spans", DataType::Binary, Arc::new(spans)),
        ];
        for (name, data, column) in more {
            fields.push(Arc::new(Field::new(name, data, false)));
            columns.push(column);
        }
        let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        Ok(Passed { rows, exact: self.exact, prints: self.prints })
    }
}

/// What the tree of records holds of each row, of which some have something cut out of their text now.
fn members(column: &ArrayRef, spans: &BinaryArray) -> Result<BinaryArray, BuildError> {
    let names = column.as_binary_opt::<i32>().ok_or(BuildError::Layout("member"))?;
    let name = |(name, spans): (Option<&[u8]>, Option<&[u8]>)| {
        let mut name: Name = name.and_then(|n| n.try_into().ok()).ok_or(BuildError::Layout("member"))?;
        if spans.is_some_and(|s| !s.is_empty()) {
            mark_redacted(&mut name);
        }
        Ok(Some(name))
    };
    names.iter().zip(spans).map(name).collect()
}
