//! Quality of a text: Gopher, C4 and FineWeb-style rules, spam and signs of bots, and labels.
//!
//! One pass over the text counts everything ([`Stats`]); each rule is a threshold on the counts ([`Settings`]); the
//! first rule that a text breaks is its [`Reason`]. [`Labels`] say something about a text and drop nothing.
//!
//! ```
//! use mandat_text::quality::{Judge, Reason, Settings};
//!
//! let mut judge = Judge::new(&Settings::short());
//! assert_eq!(judge.judge("Endlich Feierabend, ab an den See!").reason, None);
//! assert_eq!(judge.judge("https://example.org/a https://example.org/b").reason, Some(Reason::LinkOnly));
//! ```

pub use reason::Reason;
pub use settings::Settings;
pub use stats::Stats;

use crate::fold::fold;
use crate::lists::{Lists, Matcher};
use repeat::{Repeats, Word};
use words::Mark;

mod reason;
mod repeat;
mod settings;
mod stats;
mod words;

/// The list of insults, slurs and threats that comes with Mandat: German and English.
pub const TOXICITY: &str = include_str!("../../../../packs/lists/toxicity-de-en.toml");

/// Changes when the same text under the same settings may be judged otherwise.
pub const VERSION: u32 = 1;

/// What a text may be labelled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Label {
    /// It has a word of insult or contempt.
    Insult,
    /// It has a slur against a group.
    Slur,
    /// It has words of violence against somebody.
    Threat,
    /// It advertises.
    Promotion,
    /// A program seems to have written it.
    Automatic,
}

impl Label {
    /// Every label, in order.
    pub const ALL: [Self; 5] = [Self::Insult, Self::Slur, Self::Threat, Self::Promotion, Self::Automatic];

    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Insult => "insult",
            Self::Slur => "slur",
            Self::Threat => "threat",
            Self::Promotion => "promotion",
            Self::Automatic => "automatic",
        }
    }
}

/// A set of labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Labels(u8);

impl Labels {
    /// The set as bits: bit *n* is the *n*-th of [`Label::ALL`].
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether a label is in it.
    #[must_use]
    pub const fn has(self, label: Label) -> bool {
        self.0 >> label as u8 & 1 == 1
    }

    /// Whether it has a label of toxicity: insult, slur or threat.
    #[must_use]
    pub const fn is_toxic(self) -> bool {
        self.0 & 0b111 != 0
    }
}

/// What is to be said of one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// The first rule it breaks; none for a text that is good enough.
    pub reason: Option<Reason>,
    /// What else can be said about it.
    pub labels: Labels,
    /// What was counted.
    pub stats: Stats,
}

/// Judges texts; keeps its buffers from text to text, so each thread has its own.
#[derive(Debug, Clone)]
pub struct Judge {
    settings: Settings,
    toxicity: Option<Matcher>,
    words: Vec<Word>,
    folded: Vec<u8>,
    repeats: Repeats,
}

impl Judge {
    /// A judge by some settings; takes milliseconds, so it is made once per thread.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let toxicity = settings.toxicity.then(|| {
            let lists = Lists::parse(TOXICITY).expect("a test reads the built-in list");
            let index = |name: &str| Label::ALL[..3].iter().find(|l| l.as_str() == name).map(|l| *l as u8);
            lists.matcher(index, "insult slur threat").expect("a test compiles the built-in list")
        });
        Self {
            settings: settings.clone(),
            toxicity,
            words: Vec::new(),
            folded: Vec::new(),
            repeats: Repeats::default(),
        }
    }

    /// Judges one text, in time linear in its length.
    pub fn judge(&mut self, text: &str) -> Judgement {
        self.words.clear();
        let stats = stats::read(text, &mut self.words);
        let marks = words::marks(text);
        let has = |mark: Mark| marks >> mark as u8 & 1 == 1;
        let mut labels = 0;
        if let Some(matcher) = &self.toxicity {
            self.folded.clear();
            fold(text, &mut self.folded);
            labels |= matcher.bits(&self.folded) as u8;
        }
        if has(Mark::Promotion) && stats.links + stats.hashtags + stats.handles > 0 {
            labels |= 1 << Label::Promotion as u8;
        }
        if has(Mark::Automatic) {
            labels |= 1 << Label::Automatic as u8;
        }
        let reason = self
            .spam(&stats, marks)
            .or_else(|| self.shape(&stats))
            .or_else(|| self.lines(&stats))
            .or_else(|| self.repetition(text, &stats))
            .or_else(|| self.phrases(&stats, marks));
        Judgement { reason, labels: Labels(labels), stats }
    }

    fn spam(&mut self, stats: &Stats, marks: u8) -> Option<Reason> {
        let s = &self.settings;
        let tags = stats.links + stats.handles + stats.hashtags;
        let breaks = |limit: Option<u32>, run: u32| limit.is_some_and(|limit| run > limit);
        if s.link_only && stats.links > 0 && stats.words + stats.hashtags == 0 {
            Some(Reason::LinkOnly)
        } else if stats.pieces >= 5 && above(s.tags, tags, stats.pieces) {
            Some(Reason::TagSoup)
        } else if s.template && marks >> Mark::Template as u8 & 1 == 1 {
            Some(Reason::Template)
        } else if above(s.broken, stats.broken_words, stats.words) {
            Some(Reason::Encoding)
        } else if breaks(s.character_run, stats.character_run) {
            Some(Reason::CharacterRun)
        } else if breaks(s.word_run, stats.word_run) {
            Some(Reason::WordRun)
        } else if (10..=200).contains(&stats.words)
            && s.distinct.is_some_and(|least| self.repeats.distinct(&self.words) < least)
        {
            Some(Reason::FewDistinctWords)
        } else {
            None
        }
    }

    /// Gopher's rules on words.
    fn shape(&self, stats: &Stats) -> Option<Reason> {
        let s = &self.settings;
        let latin = stats.foreign_words * 2 < stats.words.max(1);
        let length = f64::from(stats.word_chars) / f64::from(stats.words.max(1));
        if s.min_words.is_some_and(|least| stats.words < least) {
            Some(Reason::FewWords)
        } else if s.max_words.is_some_and(|most| stats.words > most) {
            Some(Reason::ManyWords)
        } else if latin && s.min_word_length.is_some_and(|least| length < least) {
            Some(Reason::ShortWords)
        } else if s.max_word_length.is_some_and(|most| length > most) {
            Some(Reason::LongWords)
        } else if above(s.symbols, stats.hash_signs, stats.words) || above(s.symbols, stats.ellipses, stats.words) {
            Some(Reason::Symbols)
        } else if below(s.letters, stats.letter_words, stats.words) {
            Some(Reason::NoLetters)
        } else if latin && s.stop_words.is_some_and(|least| stats.stop_words < least) {
            Some(Reason::StopWords)
        } else {
            None
        }
    }

    /// Gopher's and FineWeb's rules on lines.
    fn lines(&self, stats: &Stats) -> Option<Reason> {
        let s = &self.settings;
        if above(s.bullets, stats.bullet_lines, stats.lines) {
            Some(Reason::Bullets)
        } else if above(s.ellipses, stats.ellipsis_lines, stats.lines) {
            Some(Reason::Ellipses)
        } else if s.min_sentences.is_some_and(|least| stats.sentences < least) {
            Some(Reason::FewSentences)
        } else if below(s.line_ends, stats.ended_lines, stats.lines) {
            Some(Reason::LineEnds)
        } else if above(s.short_lines, stats.short_lines, stats.lines) {
            Some(Reason::ShortLines)
        } else if above(s.line_breaks, stats.line_breaks, stats.words) {
            Some(Reason::LineBreaks)
        } else {
            None
        }
    }

    /// Gopher's rules on repetition.
    fn repetition(&mut self, text: &str, stats: &Stats) -> Option<Reason> {
        let s = &self.settings;
        if stats.lines > 1 {
            let lines = self.repeats.twice(text.split('\n'), text.len());
            let paragraphs = self.repeats.twice(text.split("\n\n"), text.len());
            for (limit, share, reason) in [
                (s.duplicate_lines, lines.number, Reason::DuplicateLines),
                (s.duplicate_line_text, lines.bytes, Reason::DuplicateLineText),
                (s.duplicate_paragraphs, paragraphs.number, Reason::DuplicateParagraphs),
                (s.duplicate_paragraph_text, paragraphs.bytes, Reason::DuplicateParagraphText),
            ] {
                if limit.is_some_and(|limit| share > limit) {
                    return Some(reason);
                }
            }
        }
        let exceeds = |limit: f64, bytes: u32| f64::from(bytes) > limit * text.len() as f64;
        for (n, limit) in (2..).zip(s.top_runs.into_iter().flatten()) {
            if exceeds(limit, self.repeats.top(&self.words, n)) {
                return Some(Reason::TopRun);
            }
        }
        // A text in which no run of five words repeats has no longer one that does.
        let shortest = s.duplicate_runs.map_or(0, |_| self.repeats.again(&self.words, 5));
        let longer = if shortest == 0 { None } else { s.duplicate_runs };
        for (n, limit) in (5..).zip(longer.into_iter().flatten()) {
            if exceeds(limit, self.repeats.again(&self.words, n)) {
                return Some(Reason::DuplicateRuns);
            }
        }
        None
    }

    /// C4's phrases.
    fn phrases(&self, stats: &Stats, marks: u8) -> Option<Reason> {
        let s = &self.settings;
        let has = |mark: Mark| marks >> mark as u8 & 1 == 1;
        if s.lorem_ipsum && has(Mark::Lorem) {
            Some(Reason::LoremIpsum)
        } else if s.curly_bracket && stats.curly_brackets > 0 {
            Some(Reason::CurlyBracket)
        } else if s.javascript && has(Mark::Javascript) {
            Some(Reason::Javascript)
        } else if s.policy && has(Mark::Policy) {
            Some(Reason::Policy)
        } else {
            None
        }
    }
}

/// Whether a share is above its limit.
fn above(limit: Option<f64>, part: u32, whole: u32) -> bool {
    limit.is_some_and(|limit| f64::from(part) > limit * f64::from(whole))
}

/// Whether a share is below its limit.
fn below(limit: Option<f64>, part: u32, whole: u32) -> bool {
    limit.is_some_and(|limit| f64::from(part) < limit * f64::from(whole))
}
