//! Columns of the three files of a run, filled row by row.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{
    BooleanBuilder, FixedSizeBinaryBuilder, Int64Builder, StringBuilder, UInt8Builder, UInt32Builder, UInt64Builder,
};
use mandat_core::proof::KEY_BYTES;

use super::format;
use crate::ingest::row::{Named, Row};

fn keys() -> FixedSizeBinaryBuilder {
    FixedSizeBinaryBuilder::new(KEY_BYTES as i32)
}

fn push_key(builder: &mut FixedSizeBinaryBuilder, key: Option<u128>) {
    match key {
        Some(key) => builder.append_value(key.to_be_bytes()).expect("bug: a key has its width"),
        None => builder.append_null(),
    }
}

/// Rows of `decide` on their way to the encoder.
pub(super) struct DecideRows {
    person: FixedSizeBinaryBuilder,
    created_at: Int64Builder,
    traits: UInt64Builder,
    collected_at: Int64Builder,
    id: StringBuilder,
    record: FixedSizeBinaryBuilder,
    version: FixedSizeBinaryBuilder,
    edited_at: Int64Builder,
    retain_until: Int64Builder,
    org: FixedSizeBinaryBuilder,
    lang: StringBuilder,
}

impl Default for DecideRows {
    fn default() -> Self {
        Self {
            person: keys(),
            created_at: Int64Builder::new(),
            traits: UInt64Builder::new(),
            collected_at: Int64Builder::new(),
            id: StringBuilder::new(),
            record: keys(),
            version: FixedSizeBinaryBuilder::new(format::VERSION_BYTES as i32),
            edited_at: Int64Builder::new(),
            retain_until: Int64Builder::new(),
            org: keys(),
            lang: StringBuilder::new(),
        }
    }
}

impl DecideRows {
    pub(super) fn push(&mut self, row: &Row<'_>) {
        push_key(&mut self.person, Some(row.person.0));
        self.created_at.append_value(row.created_at);
        self.traits.append_value(row.traits.0);
        self.collected_at.append_value(row.collected_at);
        self.id.append_value(row.id);
        push_key(&mut self.record, Some(row.record.0));
        self.version.append_value(row.version).expect("bug: a version has its width");
        self.edited_at.append_option(row.edited_at);
        self.retain_until.append_option(row.retain_until);
        push_key(&mut self.org, row.org);
        self.lang.append_option(row.lang);
    }

    pub(super) fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.person.finish()),
            Arc::new(self.created_at.finish()),
            Arc::new(self.traits.finish()),
            Arc::new(self.collected_at.finish()),
            Arc::new(self.id.finish()),
            Arc::new(self.record.finish()),
            Arc::new(self.version.finish()),
            Arc::new(self.edited_at.finish()),
            Arc::new(self.retain_until.finish()),
            Arc::new(self.org.finish()),
            Arc::new(self.lang.finish()),
        ]
    }
}

/// Rows of `text` on their way to the encoder.
#[derive(Default)]
pub(super) struct TextRows {
    text: StringBuilder,
    extra: StringBuilder,
}

impl TextRows {
    pub(super) fn push(&mut self, row: &Row<'_>) {
        self.text.append_option(row.text);
        self.extra.append_option(row.extra);
    }

    pub(super) fn finish(&mut self) -> Vec<ArrayRef> {
        vec![Arc::new(self.text.finish()), Arc::new(self.extra.finish())]
    }
}

/// Rows of `others` on their way to the encoder.
pub(super) struct OtherRows {
    row: UInt32Builder,
    role: UInt8Builder,
    person: FixedSizeBinaryBuilder,
    record: FixedSizeBinaryBuilder,
    handle: FixedSizeBinaryBuilder,
    start: UInt32Builder,
    end: UInt32Builder,
    redactable: BooleanBuilder,
}

impl Default for OtherRows {
    fn default() -> Self {
        Self {
            row: UInt32Builder::new(),
            role: UInt8Builder::new(),
            person: keys(),
            record: keys(),
            handle: keys(),
            start: UInt32Builder::new(),
            end: UInt32Builder::new(),
            redactable: BooleanBuilder::new(),
        }
    }
}

impl OtherRows {
    pub(super) fn push(&mut self, row: u32, named: &Named) {
        self.row.append_value(row);
        self.role.append_value(u8::try_from(named.role.index()).expect("few roles"));
        push_key(&mut self.person, named.person.map(|k| k.0));
        push_key(&mut self.record, named.record.map(|k| k.0));
        push_key(&mut self.handle, named.handle);
        self.start.append_option(named.span.map(|s| s.0));
        self.end.append_option(named.span.map(|s| s.1));
        self.redactable.append_value(named.redactable);
    }

    pub(super) fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.row.finish()),
            Arc::new(self.role.finish()),
            Arc::new(self.person.finish()),
            Arc::new(self.record.finish()),
            Arc::new(self.handle.finish()),
            Arc::new(self.start.finish()),
            Arc::new(self.end.finish()),
            Arc::new(self.redactable.finish()),
        ]
    }
}
