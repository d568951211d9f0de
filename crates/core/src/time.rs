//! Instants as microseconds since 1970-01-01T00:00:00Z, and the calendar arithmetic the rules need.
//!
//! Accepted spellings: RFC 3339 (`2024-03-01T09:00:00Z`, with offset) and a bare date, which is
//! midnight UTC. Years outside 1900–2200 are refused: a record from the year 9999 is a data error.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Microseconds in one day of exactly 24 hours.
pub const DAY: i64 = 86_400_000_000;

/// An instant: signed microseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micros(pub i64);

/// Text that is not an instant Mandat accepts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not RFC 3339 and not a date.
    #[error("not a time; write RFC 3339 such as `2024-03-01T09:00:00Z`, or a date such as `2024-03-01`")]
    Syntax,
    /// Outside 1900–2200.
    #[error("the year is outside 1900 to 2200")]
    Range,
}

const MIN: i64 = -2_208_988_800_000_000;
const MAX: i64 = 7_289_654_400_000_000;

impl Micros {
    /// Before every instant that can be read.
    pub const DISTANT_PAST: Self = Self(i64::MIN);
    /// After every instant that can be read.
    pub const NEVER: Self = Self(i64::MAX);

    /// Reads RFC 3339 or a bare date (midnight UTC).
    ///
    /// # Errors
    /// [`TimeError`] when the text is neither, or outside 1900–2200.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        if text.len() == 10 {
            return Self::from_date(text.parse().map_err(|_| TimeError::Syntax)?);
        }
        let timestamp: jiff::Timestamp = text.parse().map_err(|_| TimeError::Syntax)?;
        Self::checked(timestamp.as_microsecond())
    }

    /// Midnight UTC of a calendar date.
    ///
    /// # Errors
    /// [`TimeError::Range`] outside 1900–2200.
    pub fn from_date(date: Date) -> Result<Self, TimeError> {
        let zoned = date.to_zoned(TimeZone::UTC).map_err(|_| TimeError::Range)?;
        Self::checked(zoned.timestamp().as_microsecond())
    }

    /// An instant that is inside the accepted range.
    ///
    /// # Errors
    /// [`TimeError::Range`] outside 1900–2200.
    pub fn checked(micros: i64) -> Result<Self, TimeError> {
        if (MIN..MAX).contains(&micros) { Ok(Self(micros)) } else { Err(TimeError::Range) }
    }

    /// This instant plus whole days of 24 hours, saturating.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(DAY)))
    }

    /// The same calendar day and time of day `years` later; 29 February becomes 28 February.
    #[must_use]
    pub fn plus_years(self, years: i16) -> Self {
        self.plus_span(jiff::Span::new().years(years))
    }

    /// Adds a calendar span in UTC, saturating at [`Micros::NEVER`].
    #[must_use]
    pub fn plus_span(self, span: jiff::Span) -> Self {
        jiff::Timestamp::from_microsecond(self.0)
            .ok()
            .and_then(|t| t.to_zoned(TimeZone::UTC).checked_add(span).ok())
            .map_or(Self::NEVER, |z| Self(z.timestamp().as_microsecond()))
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => write!(f, "{timestamp}"),
            Err(_) if self.0 < 0 => f.write_str("-"),
            Err(_) => f.write_str("never"),
        }
    }
}

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { s.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Micros;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time in RFC 3339, or a date")
            }
            fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<Micros, E> {
                // As it is shown: the clock of a ledger that nothing was added to.
                if v == "-" { Ok(Micros(i64::MIN)) } else { Micros::parse(v).map_err(E::custom) }
            }
        }
        if d.is_human_readable() { d.deserialize_str(Visitor) } else { i64::deserialize(d).map(Self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_and_rfc_3339() {
        assert_eq!(Micros::parse("1970-01-02").unwrap(), Micros(DAY));
        assert_eq!(Micros::parse("1970-01-01T01:00:00+01:00").unwrap(), Micros(0));
        assert_eq!(Micros::parse("yesterday"), Err(TimeError::Syntax));
        assert_eq!(Micros::parse("9999-01-01T00:00:00Z"), Err(TimeError::Range));
        assert_eq!(Micros::parse("2024-02-29").unwrap().plus_years(18).to_string(), "2042-02-28T00:00:00Z");
    }
}
