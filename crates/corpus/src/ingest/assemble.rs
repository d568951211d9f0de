//! From fields as read to a row of the vault: checks, keys, traits, content hash.

use mandat_core::history::org_key;
use mandat_core::proof::{Keyer, sha256};
use mandat_core::record::FIELDS;
use mandat_core::traits::{Mark, Traits};
use mandat_core::vocab::{Audience, Category, Flag, Provenance, Special};
use serde::Serialize;

use super::row::Row;
use super::sort::Rows;
use crate::input::raw::Raw;
use crate::input::{Field, Reason};
use crate::map::Map;
use crate::screen;
use crate::vault::entries::Hold;
use crate::vault::format::VERSION_BYTES;

/// Label of the content hash.
const LABEL: &[u8] = b"mandat/record-version/v1";

/// Turns records into rows; buffers are reused.
pub(crate) struct Assembler<'a> {
    /// Derives keys.
    pub keyer: &'a Keyer,
    /// The map.
    pub map: &'a Map,
    others: Vec<u8>,
    content: Vec<u8>,
}

/// Times of a record, in microseconds.
struct Times {
    created: i64,
    collected: Option<i64>,
    edited: Option<i64>,
    deleted: Option<i64>,
}

impl<'a> Assembler<'a> {
    /// An assembler.
    #[must_use]
    pub(crate) const fn new(keyer: &'a Keyer, map: &'a Map) -> Self {
        Self { keyer, map, others: Vec::new(), content: Vec::new() }
    }

    /// The record that a bad line is about, if its platform and id can be read, and of when the line is.
    ///
    /// Times that cannot be read do not count: what is left is then the earliest that the line can be of.
    #[must_use]
    pub(crate) fn hold(&self, raw: &Raw<'_>) -> Option<Hold> {
        let whole = |field| raw.get(field).filter(|t| !t.contains(['\u{FFFD}', '\0']));
        let record = self.keyer.record(whole(Field::Platform)?, whole(Field::Id)?);
        let time = |field| raw.time(field, self.map).ok().flatten();
        let [created, edited, collected] = [Field::CreatedAt, Field::EditedAt, Field::CollectedAt].map(time);
        let (changed, any) = (created.max(edited), Hold::ANY);
        Some(Hold { record, since: (changed.unwrap_or(any.0), collected.or(created).unwrap_or(any.1)) })
    }

    /// Checks a record and adds its row.
    ///
    /// # Errors
    /// The reason for rejecting it.
    pub(crate) fn add(&mut self, raw: &Raw<'_>, out: &mut Rows) -> Result<(), Reason> {
        let required = |field| raw.get(field).ok_or(Reason::Missing(field));
        let (platform, account, id) = (required(Field::Platform)?, required(Field::Account)?, required(Field::Id)?);
        let times = self.times(raw)?;
        if !screen::spans_fit(raw) {
            return Err(Reason::BadSpan);
        }
        let traits = traits(raw, times.deleted.is_some())?;
        self.others.clear();
        let screened = screen::screen(raw, platform, self.keyer, &mut self.others);
        let traits = traits
            .with_if(Mark::Others, screened.others)
            .with_if(Mark::Unresolved, screened.unresolved)
            .with_if(Mark::QuotesUnknown, screened.quotes_unknown)
            .with_screened(raw.get(Field::Text).map_or(0, screen::special));
        let extra = extra(raw);
        out.push(&Row {
            person: self.keyer.person(platform, account),
            created_at: times.created,
            id,
            record: self.keyer.record(platform, id),
            version: self.version(raw, &times),
            traits,
            collected_at: times.collected.unwrap_or(times.created),
            edited_at: times.edited,
            retain_until: None,
            org: raw.get(Field::Org).map(|org| org_key(self.keyer, org).0),
            lang: raw.get(Field::Lang),
            text: raw.get(Field::Text),
            extra: extra.as_deref(),
            platform,
            account,
            handle: raw.get(Field::Handle),
            others: &self.others,
        });
        Ok(())
    }

    fn times(&self, raw: &Raw<'_>) -> Result<Times, Reason> {
        let time = |field| raw.time(field, self.map);
        Ok(Times {
            created: time(Field::CreatedAt)?.ok_or(Reason::Missing(Field::CreatedAt))?,
            collected: time(Field::CollectedAt)?,
            edited: time(Field::EditedAt)?,
            deleted: time(Field::DeletedAt)?,
        })
    }

    /// Head of the SHA-256 over all fields in the order of `FIELDS`.
    ///
    /// A single value is its length in bytes plus one (u64, big-endian; zero = absent) and its bytes;
    /// a time is its microseconds (i64, big-endian) as such a value; a list is its count, then its values; spans and media are
    /// their JSON.
    fn version(&mut self, raw: &Raw<'_>, times: &Times) -> [u8; VERSION_BYTES] {
        let content = &mut self.content;
        content.clear();
        content.extend(LABEL);
        for field in crate::input::field::ALL {
            let time = match field {
                Field::CreatedAt => Some(times.created),
                Field::CollectedAt => times.collected,
                Field::EditedAt => times.edited,
                Field::DeletedAt => times.deleted,
                _ => None,
            };
            match field {
                Field::CreatedAt | Field::CollectedAt | Field::EditedAt | Field::DeletedAt => {
                    value(content, time.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
                }
                Field::Participants | Field::Mentions | Field::Flags | Field::Special => {
                    content.extend((raw.list(field).len() as u64).to_be_bytes());
                    raw.list(field).iter().for_each(|item| value(content, Some(item.as_bytes())));
                }
                Field::QuotedText => json(content, &raw.spans),
                Field::Media => json(content, &raw.media),
                _ => value(content, raw.get(field).map(str::as_bytes)),
            }
        }
        let digest = sha256(content).0;
        *digest.first_chunk().expect("a version is shorter than a digest")
    }
}

const _: () = assert!(FIELDS.len() == 23, "a new field belongs into the content hash of a new label");

fn value(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    out.extend(bytes.map_or(0, |b| b.len() as u64 + 1).to_be_bytes());
    out.extend(bytes.unwrap_or_default());
}

fn json<T: Serialize>(out: &mut Vec<u8>, items: &[T]) {
    if items.is_empty() {
        return value(out, None);
    }
    value(out, Some(&serde_json::to_vec(items).expect("plain data is JSON")));
}

fn traits(raw: &Raw<'_>, deleted: bool) -> Result<Traits, Reason> {
    let category = word(raw, Field::Category, Category::Post)?;
    let audience = word(raw, Field::Audience, Audience::Unknown)?;
    let provenance = word(raw, Field::Provenance, Provenance::SelfPosted)?;
    let mut traits = Traits::new(category, audience, provenance)
        .with_if(Mark::Text, raw.get(Field::Text).is_some())
        .with_if(Mark::Org, raw.get(Field::Org).is_some())
        .with_if(Mark::Deleted, deleted);
    for flag in raw.list(Field::Flags) {
        traits = traits.with_flag(flag.parse::<Flag>().map_err(|_| Reason::UnknownWord(Field::Flags))?);
    }
    for special in raw.list(Field::Special) {
        traits = traits.with_special(special.parse::<Special>().map_err(|_| Reason::UnknownWord(Field::Special))?);
    }
    Ok(traits)
}

fn word<T: std::str::FromStr>(raw: &Raw<'_>, field: Field, default: T) -> Result<T, Reason> {
    raw.get(field).map_or(Ok(default), |w| w.parse().map_err(|_| Reason::UnknownWord(field)))
}

/// What is kept of a record beside its text and decision columns; names of people are not.
#[derive(Serialize)]
struct Extra<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    in_reply_to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repost_of: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quote_of: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media: Vec<ExtraMedia<'a>>,
}

#[derive(Serialize)]
struct ExtraMedia<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<&'a str>,
}

fn extra(raw: &Raw<'_>) -> Option<String> {
    let media =
        raw.media.iter().map(|m| ExtraMedia { kind: &m.kind, url: m.url.as_deref(), sha256: m.sha256.as_deref() });
    let extra = Extra {
        in_reply_to: raw.get(Field::InReplyTo),
        repost_of: raw.get(Field::RepostOf),
        quote_of: raw.get(Field::QuoteOf),
        media: media.collect(),
    };
    let empty = extra.in_reply_to.or(extra.repost_of).or(extra.quote_of).is_none() && extra.media.is_empty();
    (!empty).then(|| serde_json::to_string(&extra).expect("plain data is JSON"))
}
