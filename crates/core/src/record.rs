//! Records: the canonical input form of one thing a platform holds about a person.

use serde::{Deserialize, Serialize};

use crate::time::Micros;
use crate::vocab::{Audience, Category, Flag, Provenance, Special};

/// One version of a record as it comes in (DESIGN section 4). Unknown fields are the reader's business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The platform's id of the record.
    pub id: String,
    /// `x`, `facebook`, `instagram`, `linkedin`, `mastodon`, `bluesky`, or any other name.
    pub platform: String,
    /// The author's stable account id.
    pub account: String,
    /// The name shown at the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    #[serde(default = "post")]
    pub category: Category,
    #[serde(default = "unknown")]
    pub audience: Audience,
    pub created_at: Micros,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collected_at: Option<Micros>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Micros>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Micros>,
    /// Account ids of the people in a conversation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub participants: Vec<String>,
    #[serde(default = "self_posted")]
    pub provenance: Provenance,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// BCP 47, if the platform knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repost_of: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_of: Option<String>,
    /// Account ids of third parties named in the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quoted_text: Vec<QuotedSpan>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// The organisation's page or account that it was posted as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub special: Vec<Special>,
}

/// Words of somebody else inside a text: a span in Unicode code points and whose words they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotedSpan {
    /// First code point of the span.
    pub start: u32,
    /// One past the last code point.
    pub end: u32,
    /// Account id, if known; an unknown one is never permitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// A picture, film or sound attached to a record; only its description is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// `photo`, `video`, `audio`, …
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Account ids of the people tagged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tagged: Vec<String>,
}

/// Every field name of the canonical record, for near-miss checks and the schema test.
pub const FIELDS: [&str; 23] = [
    "id",
    "platform",
    "account",
    "handle",
    "category",
    "audience",
    "created_at",
    "collected_at",
    "edited_at",
    "deleted_at",
    "participants",
    "provenance",
    "text",
    "lang",
    "in_reply_to",
    "repost_of",
    "quote_of",
    "mentions",
    "quoted_text",
    "media",
    "org",
    "flags",
    "special",
];

const fn post() -> Category {
    Category::Post
}

const fn unknown() -> Audience {
    Audience::Unknown
}

const fn self_posted() -> Provenance {
    Provenance::SelfPosted
}
