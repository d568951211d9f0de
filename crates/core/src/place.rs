//! Places: countries and their subdivisions, and what follows from them.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A country (`DE`), a subdivision (`US-CA`) or a union (`EU`, `EEA`): ASCII capitals, digits, hyphens.
///
/// Eight bytes, so that a person's slice stays small.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(NonZeroU64);

/// Text that is not a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a place; write a country such as `DE`, a region such as `US-CA`, `EU` or `EEA`")]
pub struct NotAPlace(String);

/// Age from which a child's own consent counts (GDPR Art 8(1), COPPA, LGPD 14); 16 where nothing is listed.
const fn consent_age(country: [u8; 2]) -> u8 {
    match &country {
        b"US" | b"BE" | b"DK" | b"EE" | b"FI" | b"LV" | b"MT" | b"PT" | b"SE" | b"GB" | b"NO" | b"IS" => 13,
        b"AT" | b"BG" | b"CY" | b"IT" | b"LT" | b"ES" => 14,
        b"CZ" | b"FR" | b"GR" | b"SI" => 15,
        b"BR" => 18,
        _ => 16,
    }
}

/// Members of the European Union, and the word for it.
const fn in_eu(country: [u8; 2]) -> bool {
    matches!(
        &country,
        b"EU"
            | b"AT"
            | b"BE"
            | b"BG"
            | b"HR"
            | b"CY"
            | b"CZ"
            | b"DK"
            | b"EE"
            | b"FI"
            | b"FR"
            | b"DE"
            | b"GR"
            | b"HU"
            | b"IE"
            | b"IT"
            | b"LV"
            | b"LT"
            | b"LU"
            | b"MT"
            | b"NL"
            | b"PL"
            | b"PT"
            | b"RO"
            | b"SK"
            | b"SI"
            | b"ES"
            | b"SE"
    )
}

impl Place {
    /// The two letters of the country; nothing for a word that is none.
    const fn country(self) -> Option<[u8; 2]> {
        match self.bytes() {
            [a, b, 0 | b'-', ..] => Some([a, b]),
            _ => None,
        }
    }

    /// Whether it lies in the European Union (or is the word for it).
    #[must_use]
    pub const fn in_eu(self) -> bool {
        matches!(self.country(), Some(country) if in_eu(country))
    }

    /// Whether it lies in the European Economic Area.
    #[must_use]
    pub fn in_eea(self) -> bool {
        self.in_eu() || self.is("EEA") || matches!(self.country().as_ref(), Some(b"IS" | b"LI" | b"NO"))
    }

    /// Whether it is exactly this word.
    #[must_use]
    pub fn is(self, word: &str) -> bool {
        let bytes = self.bytes();
        bytes.get(..word.len()) == Some(word.as_bytes()) && bytes.get(word.len()).is_none_or(|b| *b == 0)
    }

    /// Whether it is this country or lies in it.
    #[must_use]
    pub fn country_is(self, word: &str) -> bool {
        let bytes = self.bytes();
        bytes.get(..word.len()) == Some(word.as_bytes()) && bytes.get(word.len()).is_none_or(|b| matches!(b, 0 | b'-'))
    }

    /// Whether it lies in `region`: the same place, its country, or a union it belongs to.
    #[must_use]
    pub fn within(self, region: Self) -> bool {
        if self == region {
            return true;
        }
        match (region.is("EU"), region.is("EEA")) {
            (true, _) => self.in_eu(),
            (_, true) => self.in_eea(),
            _ => {
                let bytes = region.bytes();
                let word = bytes.split(|b| *b == 0).next().unwrap_or(&bytes);
                std::str::from_utf8(word).is_ok_and(|word| self.country_is(word))
            }
        }
    }

    /// Whether it may lie in `region`: it does, or what is known of it is not exact enough to tell.
    #[must_use]
    pub fn may_lie_in(self, region: Self) -> bool {
        let inexact = self.country() == region.country() && !self.bytes().contains(&b'-');
        self.within(region) || inexact || self.is("EU") && region.in_eu()
    }

    /// The age from which a child's own consent counts here.
    #[must_use]
    pub fn consent_age(self) -> u8 {
        self.country().map_or(16, consent_age)
    }

    /// The word as a number, for files of fixed width; never 0.
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        self.0.get()
    }

    /// The place of such a number; `None` if it is none.
    #[must_use]
    pub fn from_u64(packed: u64) -> Option<Self> {
        let bytes = packed.to_be_bytes();
        let word = bytes.split(|b| *b == 0).next().unwrap_or(&bytes);
        std::str::from_utf8(word).ok()?.parse().ok().filter(|place: &Self| place.to_u64() == packed)
    }

    const fn bytes(self) -> [u8; 8] {
        self.0.get().to_be_bytes()
    }
}

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let plain = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'-';
        let bytes = text.as_bytes();
        let starts = bytes.len() >= 2 && bytes[..2].iter().all(u8::is_ascii_uppercase);
        if bytes.len() > 8 || !starts || !bytes.iter().all(plain) {
            return Err(NotAPlace(text.chars().take(20).collect()));
        }
        let mut packed = [0; 8];
        packed[..bytes.len()].copy_from_slice(bytes);
        NonZeroU64::new(u64::from_be_bytes(packed)).map(Self).ok_or_else(|| NotAPlace(String::new()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes().iter().take_while(|b| **b != 0).try_for_each(|b| write!(f, "{}", *b as char))
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Place;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a country or region such as `DE` or `US-CA`")
            }
            fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<Place, E> {
                v.parse().map_err(E::custom)
            }
        }
        d.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_hold_their_members() {
        let place = |t: &str| t.parse::<Place>().unwrap();
        assert!(place("IE").within(place("EU")) && place("NO").within(place("EEA")));
        assert!(!place("NO").within(place("EU")) && !place("US-NY").within(place("EU")));
        assert!(place("US").may_lie_in(place("US-CA")) && !place("US-NY").may_lie_in(place("US-CA")));
        assert!(place("EU").may_lie_in(place("DE")) && !place("FR").may_lie_in(place("DE")));
        assert!(place("US-CA").within(place("US")) && !place("US").within(place("US-CA")));
        assert_eq!((place("DE").consent_age(), place("AT").consent_age(), place("BR").consent_age()), (16, 14, 18));
        for wrong in ["", "D", "de", "Deutschland", "US CA"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
