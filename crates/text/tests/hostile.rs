//! Texts made to be slow: each part reads forty kilobytes of them; what takes time by the square would not end.

use mandat_text::decontaminate::{Lengths, Set};
use mandat_text::fingerprint::Fingerprinter;
use mandat_text::quality::{Judge, Settings};
use mandat_text::screen::{Screen, Special, mentions};

const BYTES: usize = 40_000;

#[test]
fn every_part_is_through_with_hostile_texts() {
    let screen = Screen::built_in();
    let mut judges = [Judge::new(&Settings::short()), Judge::new(&Settings::long())];
    let mut maker = Fingerprinter::new(1);
    let set = Set::build(["a a a a a", "one two three four five six"], Lengths::default());
    let pieces = [
        "a",
        "a ",
        "ab ",
        "\n",
        "a\n",
        "\n\n",
        " ",
        "@",
        "@a",
        "#",
        "#aA",
        "{{",
        ".",
        "-",
        "\u{308}",
        "a\u{308}",
        "\u{200b}",
        "😂",
        "日",
        "ß",
        "ﬃ",
        "\u{fdfa}",
        "http://",
        "krankkrank",
        "[name",
        "Ã¤",
        "\u{0}",
        "\u{10ffff}",
    ];
    for piece in pieces {
        let text = piece.repeat(BYTES / piece.len());
        let _: Special = screen.hits(&text);
        for judge in &mut judges {
            assert_eq!(judge.judge(&text).stats.bytes as usize, text.len());
        }
        maker.read(&text);
        set.asker().overlap(&text);
        assert!(mentions(&text).count() <= text.len());
    }
}
