//! Recipes: what a corpus is, as a TOML file that a person writes (`recipes/NAME.toml`).

use mandat_core::event::Categories;
use mandat_core::manifest::canonical;
use mandat_core::proof::{Digest, sha256};
use mandat_core::vocab::{FIRST_PARTY, Profile};
use serde::{Deserialize, Serialize};

use crate::curate::Curation;

/// What a corpus is for, and what may go into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Name of the corpus: letters, digits, `-` and `_`.
    pub name: String,
    /// What the data will be used for, such as `train_generative`.
    pub purpose: String,
    /// How that is justified.
    #[serde(default = "consent")]
    pub profile: Profile,
    /// Who receives it: `first_party`, or a licensee's name.
    #[serde(default = "first_party")]
    pub recipient: String,
    /// Which records are asked for; default all.
    #[serde(default = "everything")]
    pub categories: Categories,
    /// Rule packs, layered in this order.
    #[serde(default = "packs")]
    pub packs: Vec<String>,
    /// What is done to admitted texts; without this section they go in as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curation: Option<Curation>,
}

const fn consent() -> Profile {
    Profile::Consent
}

fn first_party() -> String {
    FIRST_PARTY.into()
}

const fn everything() -> Categories {
    Categories::ALL
}

fn packs() -> Vec<String> {
    vec!["core".into(), "eu-gdpr".into()]
}

/// A recipe that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// Not a recipe; the message names line and column.
    #[error("not a recipe: {0}")]
    Syntax(#[from] toml::de::Error),
    /// A name that cannot be a folder.
    #[error("`{0}` cannot name a corpus; use letters, digits, `-` and `_`")]
    Name(String),
}

impl Recipe {
    /// A recipe with every setting at its default.
    #[must_use]
    pub fn new(name: &str, purpose: &str) -> Self {
        Self {
            name: name.into(),
            purpose: purpose.into(),
            profile: consent(),
            recipient: first_party(),
            categories: everything(),
            packs: packs(),
            curation: None,
        }
    }

    /// Reads a recipe.
    ///
    /// # Errors
    /// [`RecipeError`] with line and column for a wrong key or word.
    pub fn parse(text: &str) -> Result<Self, RecipeError> {
        let recipe: Self = toml::from_str(text)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if recipe.name.is_empty() || recipe.name.len() > 100 || !recipe.name.chars().all(plain) {
            return Err(RecipeError::Name(recipe.name));
        }
        Ok(recipe)
    }

    /// Digest of the recipe in canonical form: comments and order of keys do not count.
    #[must_use]
    pub fn digest(&self) -> Digest {
        sha256(&canonical(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_strict_and_wrong_keys_are_named() {
        let recipe = Recipe::parse("name = \"grow\"\npurpose = \"train_generative\"").unwrap();
        assert_eq!(recipe, Recipe::new("grow", "train_generative"));
        let err = Recipe::parse("name = \"a\"\npurpos = \"x\"").unwrap_err();
        assert!(err.to_string().contains("line 2") && err.to_string().contains("purpos"), "{err}");
        assert!(matches!(Recipe::parse("name = \"../x\"\npurpose = \"p\""), Err(RecipeError::Name(_))));
    }
}
