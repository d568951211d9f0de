//! Why a text is not good enough: stable names, and sentences for people.

/// The rule that a text breaks first; the order is that of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reason {
    /// Nothing but links, or links and handles.
    LinkOnly,
    /// Mostly hashtags, handles and links.
    TagSoup,
    /// A place holder that nobody filled in.
    Template,
    /// Characters that come from a wrong decoding.
    Encoding,
    /// One character over and over.
    CharacterRun,
    /// One word over and over.
    WordRun,
    /// Too few different words.
    FewDistinctWords,
    /// Too few words.
    FewWords,
    /// Too many words.
    ManyWords,
    /// Words too short on average.
    ShortWords,
    /// Words too long on average.
    LongWords,
    /// Too many hash signs or ellipses per word.
    Symbols,
    /// Too many words without a letter.
    NoLetters,
    /// Too few stop words.
    StopWords,
    /// Too many lines that begin with a bullet.
    Bullets,
    /// Too many lines that end with an ellipsis.
    Ellipses,
    /// Too many repeated lines.
    DuplicateLines,
    /// Too much text in repeated lines.
    DuplicateLineText,
    /// Too many repeated paragraphs.
    DuplicateParagraphs,
    /// Too much text in repeated paragraphs.
    DuplicateParagraphText,
    /// One run of two, three or four words makes up too much.
    TopRun,
    /// Repeated runs of five to ten words make up too much.
    DuplicateRuns,
    /// Too few sentences.
    FewSentences,
    /// Too few lines that end a sentence.
    LineEnds,
    /// Too many short lines.
    ShortLines,
    /// Too many line breaks per word.
    LineBreaks,
    /// Filler text.
    LoremIpsum,
    /// A curly bracket: rather code than prose.
    CurlyBracket,
    /// A notice about JavaScript.
    Javascript,
    /// A notice about cookies, terms or privacy.
    Policy,
}

impl Reason {
    /// Every reason, in order.
    pub const ALL: [Self; 30] = [
        Self::LinkOnly,
        Self::TagSoup,
        Self::Template,
        Self::Encoding,
        Self::CharacterRun,
        Self::WordRun,
        Self::FewDistinctWords,
        Self::FewWords,
        Self::ManyWords,
        Self::ShortWords,
        Self::LongWords,
        Self::Symbols,
        Self::NoLetters,
        Self::StopWords,
        Self::Bullets,
        Self::Ellipses,
        Self::DuplicateLines,
        Self::DuplicateLineText,
        Self::DuplicateParagraphs,
        Self::DuplicateParagraphText,
        Self::TopRun,
        Self::DuplicateRuns,
        Self::FewSentences,
        Self::LineEnds,
        Self::ShortLines,
        Self::LineBreaks,
        Self::LoremIpsum,
        Self::CurlyBracket,
        Self::Javascript,
        Self::Policy,
    ];

    /// The stable name: in settings, reports and manifests.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.words().0
    }

    /// A sentence in English.
    #[must_use]
    pub const fn english(self) -> &'static str {
        self.words().1
    }

    /// A sentence in German.
    #[must_use]
    pub const fn german(self) -> &'static str {
        self.words().2
    }

    /// The reason with a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.code() == code)
    }

    const fn words(self) -> (&'static str, &'static str, &'static str) {
        WORDS[self as usize]
    }
}

/// Code, English and German sentence of each reason, in order.
const WORDS: [(&str, &str, &str); Reason::ALL.len()] = [
    ("spam.link_only", "It is only links.", "Es sind nur Links."),
    ("spam.tag_soup", "It is mostly hashtags, handles and links.", "Es sind vor allem Hashtags, Namen und Links."),
    ("spam.template", "A place holder was never filled in.", "Ein Platzhalter wurde nie ausgefüllt."),
    ("text.encoding", "Its characters were decoded wrongly.", "Seine Zeichen wurden falsch entschlüsselt."),
    ("spam.character_run", "One character is repeated over and over.", "Ein Zeichen wiederholt sich immerzu."),
    ("spam.word_run", "One word is repeated over and over.", "Ein Wort wiederholt sich immerzu."),
    ("spam.few_distinct_words", "It has too few different words.", "Es hat zu wenige verschiedene Wörter."),
    ("gopher.few_words", "It has too few words.", "Es hat zu wenige Wörter."),
    ("gopher.many_words", "It has too many words.", "Es hat zu viele Wörter."),
    ("gopher.short_words", "Its words are too short on average.", "Seine Wörter sind im Mittel zu kurz."),
    ("gopher.long_words", "Its words are too long on average.", "Seine Wörter sind im Mittel zu lang."),
    (
        "gopher.symbols",
        "It has too many hash signs or ellipses for its words.",
        "Es hat für seine Wörter zu viele Rauten oder Auslassungspunkte.",
    ),
    ("gopher.no_letters", "Too many of its words have no letter.", "Zu viele seiner Wörter haben keinen Buchstaben."),
    (
        "gopher.stop_words",
        "It lacks the small words that sentences have.",
        "Ihm fehlen die kleinen Wörter, die Sätze haben.",
    ),
    ("gopher.bullets", "Almost every line is a bullet point.", "Fast jede Zeile ist ein Listenpunkt."),
    ("gopher.ellipses", "Too many lines end with an ellipsis.", "Zu viele Zeilen enden mit Auslassungspunkten."),
    ("gopher.duplicate_lines", "Too many lines are repeated.", "Zu viele Zeilen wiederholen sich."),
    (
        "gopher.duplicate_line_text",
        "Repeated lines make up too much of it.",
        "Wiederholte Zeilen machen zu viel davon aus.",
    ),
    ("gopher.duplicate_paragraphs", "Too many paragraphs are repeated.", "Zu viele Absätze wiederholen sich."),
    (
        "gopher.duplicate_paragraph_text",
        "Repeated paragraphs make up too much of it.",
        "Wiederholte Absätze machen zu viel davon aus.",
    ),
    (
        "gopher.top_run",
        "One run of two to four words makes up too much of it.",
        "Eine Folge von zwei bis vier Wörtern macht zu viel davon aus.",
    ),
    (
        "gopher.duplicate_runs",
        "Repeated runs of five to ten words make up too much of it.",
        "Wiederholte Folgen von fünf bis zehn Wörtern machen zu viel davon aus.",
    ),
    ("c4.few_sentences", "It has too few sentences.", "Es hat zu wenige Sätze."),
    ("fineweb.line_ends", "Too few lines end a sentence.", "Zu wenige Zeilen beenden einen Satz."),
    ("fineweb.short_lines", "Too many lines are short.", "Zu viele Zeilen sind kurz."),
    (
        "fineweb.line_breaks",
        "It has too many line breaks for its words.",
        "Es hat für seine Wörter zu viele Zeilenumbrüche.",
    ),
    ("c4.lorem_ipsum", "It is filler text.", "Es ist Blindtext."),
    ("c4.curly_bracket", "It has curly brackets, as code has.", "Es hat geschweifte Klammern wie Programmtext."),
    ("c4.javascript", "It is a notice about JavaScript.", "Es ist ein Hinweis zu JavaScript."),
    (
        "c4.policy",
        "It is a notice about cookies, terms or privacy.",
        "Es ist ein Hinweis zu Cookies, Bedingungen oder Datenschutz.",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_in_order() {
        let codes: BTreeSet<_> = Reason::ALL.iter().map(|r| r.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for (n, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!((reason as usize, Reason::from_code(reason.code())), (n, Some(reason)));
            assert!(reason.english().ends_with('.') && reason.german().ends_with('.'));
        }
    }
}
