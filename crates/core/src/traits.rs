//! Traits: what a decision needs to know about a record itself, packed into 64 bits.
//!
//! The vault stores this word as one column beside the times, so that admission reads no text.
//! Bit positions are a file format: append, never move.

use crate::vocab::{Audience, Category, Flag, Provenance, Special};

/// Packed record facts.
///
/// Bits 0–4 category, 5–7 audience, 8–10 provenance, 11–20 [`Flag`]s, 21–28 [`Special`]s as the platform names them,
/// 29–46 the marks below, 47–54 [`Special`]s as a screen of the text finds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Traits(pub u64);

/// One-bit marks of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Mark {
    /// It has text that could be trained on.
    Text = 29,
    /// Rows about other people stand beside it (quoted, mentioned, tagged, …).
    Others = 30,
    /// It reposts or quotes a record that has not arrived: an unknown person is named.
    Unresolved = 31,
    /// It makes no sense without what it quotes or answers.
    Dependent = 32,
    /// It was posted as an organisation; the `org` column says which.
    Org = 33,
    /// Its author or the platform deleted it; sticky.
    Deleted = 34,
    /// An earlier version was public and this one is not.
    AudienceNarrowed = 35,
    /// A later line for it was rejected: on hold until a good version arrives.
    OnHold = 36,
    /// It has a retention date; the `retain_until` column says which.
    Retention = 37,
    /// It belongs to an account with several holders.
    Joint = 38,
    /// The author shows that the rights in it are theirs.
    Rightsholder = 39,
    /// It shows a child.
    DepictsChild = 40,
    /// It shows somebody nobody has named.
    DepictsUnknown = 41,
    /// A marked span in it is reserved by somebody else's text and data mining reservation.
    ReservedSpan = 42,
    /// It is the platform's word-for-word copy of an erased record, by the suppression list.
    Suppressed = 43,
    /// It was unlawful content and removed as such.
    Unlawful = 44,
    /// Somebody else's marked words stand in it, and whose is not known.
    QuotesUnknown = 45,
    /// A later edit replaced it.
    Superseded = 46,
}

impl Traits {
    /// Traits of a record with no flags, specials or marks.
    #[must_use]
    pub const fn new(category: Category, audience: Audience, provenance: Provenance) -> Self {
        Self(category.index() as u64 | (audience.index() as u64) << 5 | (provenance.index() as u64) << 8)
    }

    /// With a flag set.
    #[must_use]
    pub const fn with_flag(self, flag: Flag) -> Self {
        Self(self.0 | 1 << (11 + flag.index()))
    }

    /// With a special category set.
    #[must_use]
    pub const fn with_special(self, special: Special) -> Self {
        Self(self.0 | 1 << (21 + special.index()))
    }

    /// With a mark set.
    #[must_use]
    pub const fn with(self, mark: Mark) -> Self {
        Self(self.0 | 1 << (mark as u8))
    }

    /// With a mark set if `on`.
    #[must_use]
    pub const fn with_if(self, mark: Mark, on: bool) -> Self {
        if on { self.with(mark) } else { self }
    }

    /// With another audience.
    #[must_use]
    pub const fn with_audience(self, audience: Audience) -> Self {
        Self(self.0 & !(7 << 5) | (audience.index() as u64) << 5)
    }

    /// Whether a mark is set.
    #[must_use]
    pub const fn has(self, mark: Mark) -> bool {
        self.0 >> (mark as u8) & 1 == 1
    }

    /// Whether a flag is set.
    #[must_use]
    pub const fn has_flag(self, flag: Flag) -> bool {
        self.0 >> (11 + flag.index()) & 1 == 1
    }

    /// With what a screen found in the text, in place of what an earlier one did: bit *n* is the *n*-th special category.
    #[must_use]
    pub const fn with_screened(self, specials: u8) -> Self {
        Self(self.0 & !(0xff << 47) | (specials as u64) << 47)
    }

    /// Whether a special category is set, by the platform or by a screen.
    #[must_use]
    pub const fn has_special(self, special: Special) -> bool {
        (self.0 >> (21 + special.index()) | self.0 >> (47 + special.index())) & 1 == 1
    }

    /// Position of the category in [`Category::ALL`]; the hot path's table index.
    #[must_use]
    pub const fn category_index(self) -> usize {
        (self.0 & 31) as usize
    }

    /// The category; `None` if the bits were written by a newer version.
    #[must_use]
    pub fn category(self) -> Option<Category> {
        Category::from_index(self.category_index())
    }

    /// The audience; bits that no version wrote read as unknown.
    #[must_use]
    pub fn audience(self) -> Audience {
        Audience::from_index((self.0 >> 5 & 7) as usize).unwrap_or(Audience::Unknown)
    }

    /// The provenance; bits that no version wrote read as third party.
    #[must_use]
    pub fn provenance(self) -> Provenance {
        Provenance::from_index((self.0 >> 8 & 7) as usize).unwrap_or(Provenance::ThirdParty)
    }

    /// Whether deciding it needs more than the person's slice: the slow path of the build.
    #[must_use]
    pub const fn needs_lookup(self) -> bool {
        const SLOW: u64 =
            1 << Mark::Others as u8 | 1 << Mark::Org as u8 | 1 << Mark::Retention as u8 | 1 << Mark::Joint as u8;
        self.0 & SLOW != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_reads_back() {
        for category in Category::ALL {
            for audience in Audience::ALL {
                let t = Traits::new(*category, *audience, Provenance::Observed)
                    .with_flag(Flag::AssetDenied)
                    .with_special(Special::Biometric)
                    .with(Mark::Superseded);
                assert_eq!(
                    (t.category(), t.audience(), t.provenance()),
                    (Some(*category), *audience, Provenance::Observed)
                );
                assert!(t.has_flag(Flag::AssetDenied) && !t.has_flag(Flag::Art9));
                assert!(t.has_special(Special::Biometric) && !t.has_special(Special::Health));
                assert!(t.has(Mark::Superseded) && !t.has(Mark::Text) && !t.needs_lookup());
                let screened = t.with_screened(1 << Special::Union.index());
                assert!(screened.has_special(Special::Union) && screened.has_special(Special::Biometric));
                assert_eq!(screened.with_screened(0), t);
            }
        }
    }
}
