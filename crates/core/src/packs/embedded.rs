//! The packs that come with Mandat.

/// Name and text of every built-in pack.
const PACKS: [(&str, &str); 14] = [
    ("core", include_str!("../../../../packs/core.toml")),
    ("eu-gdpr", include_str!("../../../../packs/eu-gdpr.toml")),
    ("eu-practice-li-2025", include_str!("../../../../packs/eu-practice-li-2025.toml")),
    ("de-hh-2025", include_str!("../../../../packs/de-hh-2025.toml")),
    ("nl-ap-strict", include_str!("../../../../packs/nl-ap-strict.toml")),
    ("br-anpd-2024", include_str!("../../../../packs/br-anpd-2024.toml")),
    ("us-ca", include_str!("../../../../packs/us-ca.toml")),
    ("us-il-bipa", include_str!("../../../../packs/us-il-bipa.toml")),
    ("us-coppa-2026", include_str!("../../../../packs/us-coppa-2026.toml")),
    ("x-2023", include_str!("../../../../packs/x-2023.toml")),
    ("x-2024-07", include_str!("../../../../packs/x-2024-07.toml")),
    ("meta-2025-05", include_str!("../../../../packs/meta-2025-05.toml")),
    ("linkedin-2025-11", include_str!("../../../../packs/linkedin-2025-11.toml")),
    ("bench", include_str!("../../../../packs/bench.toml")),
];

/// The packs that apply where nothing else is named.
pub const DEFAULT: [&str; 2] = ["core", "eu-gdpr"];

/// The text of a built-in pack.
#[must_use]
pub fn embedded(name: &str) -> Option<&'static str> {
    PACKS.iter().find(|(n, _)| *n == name).map(|(_, text)| *text)
}

/// The names of the built-in packs.
pub fn names() -> impl Iterator<Item = &'static str> {
    PACKS.iter().map(|(name, _)| *name)
}

/// Names and texts of the default packs, ready for [`crate::packs::Packs::load`].
#[must_use]
pub fn default_packs() -> Vec<(&'static str, &'static str)> {
    DEFAULT.iter().filter_map(|name| embedded(name).map(|text| (*name, text))).collect()
}
