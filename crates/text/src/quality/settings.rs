//! The thresholds of the rules, with defaults for short posts and for long text.

use serde::{Deserialize, Serialize};

/// A threshold for each rule; what is absent is off. Shares are of 1.
///
/// Sources: *Gopher*, Rae et al., [Scaling language models](https://arxiv.org/abs/2112.11446), table A1;
/// *C4*, Raffel et al., [Exploring the limits of transfer learning](https://arxiv.org/abs/1910.10683), section 2.2;
/// *FineWeb*, Penedo et al., [The FineWeb datasets](https://arxiv.org/abs/2406.17557), section 3.6. What has no source
/// is ours, for posts. docs/curation.md says why each default is what it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Drops what holds no word beside links and handles.
    pub link_only: bool,
    /// Largest share of hashtags, handles and links among all pieces, from five pieces on.
    pub tags: Option<f64>,
    /// Drops what holds an unfilled place holder, such as `{{name}}`.
    pub template: bool,
    /// Largest share of words with wrongly decoded characters.
    pub broken: Option<f64>,
    /// Longest run of one character, blanks and `=-_*.` left out.
    pub character_run: Option<u32>,
    /// Longest run of one word.
    pub word_run: Option<u32>,
    /// Least share of different words, for texts of 10 to 200 words.
    pub distinct: Option<f64>,
    /// Fewest words (Gopher).
    pub min_words: Option<u32>,
    /// Most words (Gopher).
    pub max_words: Option<u32>,
    /// Least mean length of words in characters (Gopher).
    pub min_word_length: Option<f64>,
    /// Largest mean length of words (Gopher).
    pub max_word_length: Option<f64>,
    /// Most hash signs, and most ellipses, per word (Gopher).
    pub symbols: Option<f64>,
    /// Least share of words with a letter (Gopher).
    pub letters: Option<f64>,
    /// Fewest stop words; for Latin script only (Gopher).
    pub stop_words: Option<u32>,
    /// Largest share of lines that begin with a bullet (Gopher).
    pub bullets: Option<f64>,
    /// Largest share of lines that end with an ellipsis (Gopher).
    pub ellipses: Option<f64>,
    /// Largest share of repeated lines (Gopher).
    pub duplicate_lines: Option<f64>,
    /// Largest share of bytes in repeated lines (Gopher, FineWeb).
    pub duplicate_line_text: Option<f64>,
    /// Largest share of repeated paragraphs (Gopher).
    pub duplicate_paragraphs: Option<f64>,
    /// Largest share of bytes in repeated paragraphs (Gopher).
    pub duplicate_paragraph_text: Option<f64>,
    /// Largest share of bytes in the most frequent run of 2, 3 and 4 words (Gopher).
    pub top_runs: Option<[f64; 3]>,
    /// Largest share of bytes in repeated runs of 5, 6, 7, 8, 9 and 10 words (Gopher).
    pub duplicate_runs: Option<[f64; 6]>,
    /// Fewest sentences (C4).
    pub min_sentences: Option<u32>,
    /// Least share of lines that end with a sentence's mark (FineWeb).
    pub line_ends: Option<f64>,
    /// Largest share of lines of at most 30 bytes (FineWeb).
    pub short_lines: Option<f64>,
    /// Most line breaks per word (FineWeb).
    pub line_breaks: Option<f64>,
    /// Drops filler text (C4).
    pub lorem_ipsum: bool,
    /// Drops what has a curly bracket (C4).
    pub curly_bracket: bool,
    /// Drops notices about JavaScript (C4).
    pub javascript: bool,
    /// Drops notices about cookies, terms and privacy (C4).
    pub policy: bool,
    /// Labels insults, slurs and threats; drops nothing.
    pub toxicity: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self::short()
    }
}

impl Settings {
    /// Everything off.
    #[must_use]
    pub const fn off() -> Self {
        Self {
            link_only: false,
            tags: None,
            template: false,
            broken: None,
            character_run: None,
            word_run: None,
            distinct: None,
            min_words: None,
            max_words: None,
            min_word_length: None,
            max_word_length: None,
            symbols: None,
            letters: None,
            stop_words: None,
            bullets: None,
            ellipses: None,
            duplicate_lines: None,
            duplicate_line_text: None,
            duplicate_paragraphs: None,
            duplicate_paragraph_text: None,
            top_runs: None,
            duplicate_runs: None,
            min_sentences: None,
            line_ends: None,
            short_lines: None,
            line_breaks: None,
            lorem_ipsum: false,
            curly_bracket: false,
            javascript: false,
            policy: false,
            toxicity: false,
        }
    }

    /// For posts, comments and captions: what is made for web pages would drop most of them, so the rules on length,
    /// lines and stop words are off or wide, and those on spam are on.
    #[must_use]
    pub const fn short() -> Self {
        Self {
            link_only: true,
            tags: Some(0.6),
            template: true,
            broken: Some(0.2),
            character_run: Some(40),
            word_run: Some(8),
            distinct: Some(0.3),
            min_words: Some(2),
            max_words: Some(100_000),
            min_word_length: Some(2.0),
            max_word_length: Some(16.0),
            letters: Some(0.5),
            duplicate_lines: Some(0.5),
            duplicate_line_text: Some(0.5),
            duplicate_runs: Some([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]),
            lorem_ipsum: true,
            toxicity: true,
            ..Self::off()
        }
    }

    /// For articles and long posts: the published thresholds.
    #[must_use]
    pub const fn long() -> Self {
        Self {
            min_words: Some(50),
            min_word_length: Some(3.0),
            max_word_length: Some(10.0),
            symbols: Some(0.1),
            letters: Some(0.8),
            stop_words: Some(2),
            bullets: Some(0.9),
            ellipses: Some(0.3),
            duplicate_lines: Some(0.3),
            duplicate_line_text: Some(0.2),
            duplicate_paragraphs: Some(0.3),
            duplicate_paragraph_text: Some(0.2),
            top_runs: Some([0.20, 0.18, 0.16]),
            duplicate_runs: Some([0.15, 0.14, 0.13, 0.12, 0.11, 0.10]),
            min_sentences: Some(3),
            line_ends: Some(0.12),
            short_lines: Some(0.67),
            line_breaks: Some(0.3),
            distinct: None,
            curly_bracket: true,
            javascript: true,
            policy: true,
            ..Self::short()
        }
    }
}
