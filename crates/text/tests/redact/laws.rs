//! What holds for every text, and that hostile ones cost no more than others.

use mandat_text::redact::{Kind, Redactor, Settings, Span};
use proptest::prelude::*;

fn redactor() -> Redactor {
    Redactor::new(&Settings { names: vec!["Kim".into(), "Erika Beispiel".into()], ..Settings::default() })
}

/// Pieces that rules begin, continue and end at, so that chance builds near misses and overlaps.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("@"),
        Just("kim"),
        Just("Kim"),
        Just("host"),
        Just(".de"),
        Just(".com"),
        Just(" dot "),
        Just(" at "),
        Just("(at)"),
        Just("+49"),
        Just("0171"),
        Just("030"),
        Just(" "),
        Just("-"),
        Just("/"),
        Just("."),
        Just("&"),
        Just("&#64;"),
        Just("&amp;"),
        Just("12"),
        Just("4111 1111 1111 1111"),
        Just("DE89370400440532013000"),
        Just("203.0.113.7"),
        Just("2001:db8::1"),
        Just("::"),
        Just("https://"),
        Just("x.com/"),
        Just("?uid="),
        Just("tel "),
        Just("card "),
        Just("Lindenweg "),
        Just("via Roma "),
        Just(" Street"),
        Just("<EMAIL_1>"),
        Just("<"),
        Just("😀"),
        Just("\u{301}"),
        Just("\u{200B}"),
        Just("１２"),
        Just("ü"),
        Just("\n"),
        Just(","),
        Just("1234567"),
        Just("u/"),
        Just("office"),
        Just("SW1A 1AA"),
        Just("xxxx"),
        Just("(0)"),
        Just("Postfach "),
        Just("rue "),
        Just("_"),
        Just("["),
        Just("]"),
        Just("="),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn given() -> impl Strategy<Value = Vec<Span>> {
    let kind = prop::sample::select(Kind::ALL.to_vec());
    let span = (0usize..80, 0usize..20, kind).prop_map(|(start, len, kind)| Span { start, end: start + len, kind });
    prop::collection::vec(span, 0..4)
}

fn holds(text: &str, given: &[Span]) -> Result<(), TestCaseError> {
    let redactor = redactor();
    let spans = redactor.spans(text, given);
    let mut before = 0;
    for span in &spans {
        prop_assert!(span.start >= before && span.start < span.end && span.end <= text.len());
        prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
        before = span.end;
    }
    prop_assert_eq!(&redactor.spans(text, given), &spans);
    // A placeholder is a new neighbour, by which a rule may see something in a contrived text that it did not see before: never for long.
    let mut out = redactor.apply(text, &spans).into_owned();
    let mut rounds = 0;
    loop {
        let again = redactor.spans(&out, &[]);
        if again.is_empty() {
            return Ok(());
        }
        rounds += 1;
        prop_assert!(rounds < 4, "{:?} -> {:?}", text, out);
        out = redactor.apply(&out, &again).into_owned();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text(text in any::<String>(), given in given()) {
        holds(&text, &given)?;
    }

    #[test]
    fn texts_of_pieces(text in pieces()) {
        holds(&text, &[])?;
    }

    #[test]
    fn texts_of_pieces_with_given_spans(text in pieces(), given in given()) {
        holds(&text, &given)?;
    }
}

/// Much of what each rule likes best. That it ends is the test: a rule that is not linear would take minutes.
#[test]
fn hostile_texts() {
    let long = |piece: &str| piece.repeat(100_000 / piece.len());
    for piece in [
        "7",
        "1 ",
        "a@",
        "@",
        "&amp;",
        "&",
        "&#64;",
        ":",
        "::",
        "1:",
        "/",
        "x.com/",
        "https://",
        "(",
        "(at)",
        "[at] ",
        " dot ",
        "at a dot ",
        "0171-",
        "4111 ",
        "DE89",
        "DE",
        "1.",
        "Weg 1 ",
        "via A ",
        "1 A ",
        "Kim",
        "<",
        "<EMAIL_1>",
        "<EMAIL_",
        "é",
        "\u{301}",
        "\u{200B}",
        "１",
        "?uid=",
        "https://a/?uid=1&",
        "1x",
        "u/",
        "a.",
        "a-",
        "=",
        "Postfach 1",
        "A1A 1AA ",
        "+",
        "+1",
        "00",
        "😀",
        "tel ",
        "1 rue ",
    ] {
        let text = long(piece);
        let redactor = redactor();
        let spans = redactor.spans(&text, &[]);
        assert!(redactor.apply(&text, &spans).len() <= text.len() * 12);
    }
}
