//! Offsets and disguises: escapes, wide digits, accents, emoji, invisible characters.

use mandat_text::redact::{Counts, Kind, Redactor, Settings, Span, code_points};

use crate::check;

#[test]
fn escapes_of_exports() {
    check("kim&#64;host.example &amp; co", "<EMAIL_1> &amp; co");
    check("kim&amp;#x40;host&period;example", "<EMAIL_1>");
    check("&lt;kim@host.example&gt; &amp;amp;#64;kim99", "&lt;<EMAIL_1>&gt; <HANDLE_1>");
    check("https://shop.example/?a=1&amp;uid=99&amp;b=2", "https://shop.example/?a=1&amp;uid=<URL_1>&amp;b=2");
}

#[test]
fn digits_of_other_widths() {
    check("Tel. ０３０ １２３４５６７", "Tel. <PHONE_1>");
    check("kim＠host．example", "<EMAIL_1>");
    check("هاتف +٤٩ ٣٠ ٢٣١٢٥ ٠٠٠", "هاتف <PHONE_1>");
    check("DE89\u{200B}3704\u{200B}0044\u{200B}0532\u{200B}0130\u{200B}00", "<IBAN_1>");
    check("+49\u{A0}30\u{202F}23125\u{2013}000", "<PHONE_1>");
    check("k\u{AD}im@ho\u{200D}st.example", "<EMAIL_1>");
    check("0️⃣3️⃣0️⃣ 1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣", "<PHONE_1>");
}

#[test]
fn accents_and_emoji_around() {
    check("📧kim@host.example📧", "📧<EMAIL_1>📧");
    check("jose\u{301}@host.example", "<EMAIL_1>");
    check("„kim@host.example“…", "„<EMAIL_1>“…");
    check("👩‍👩‍👧 @kim99 👩‍👩‍👧", "👩‍👩‍👧 <HANDLE_1> 👩‍👩‍👧");
}

#[test]
fn offsets_in_code_points() {
    let text = "e\u{301}😀 kim@host.example &#64;kim99";
    let spans = Redactor::new(&Settings::default()).spans(text, &[]);
    let points = code_points(text, &spans);
    let chars: Vec<char> = text.chars().collect();
    let shown: Vec<String> = points.iter().map(|&(from, to)| chars[from..to].iter().collect()).collect();
    assert_eq!(shown, ["kim@host.example", "&#64;kim99"]);
    assert_eq!(points, [(4, 20), (21, 31)]);
}

#[test]
fn given_spans_and_lists() {
    let settings = Settings { names: vec!["Jörg Beispiel".into(), "Kim".into()], ..Settings::default() };
    let redactor = Redactor::new(&settings);
    let text = "Kimberley, kim and Jörg Beispiel said „ruf 030 1234567 an“.";
    let from = text.find('„').unwrap();
    let given = [Span { start: from + 1, end: text.len() - 2, kind: Kind::Quote }];
    let spans = redactor.spans(text, &given);
    assert_eq!(redactor.apply(text, &spans), "Kimberley, <NAME_1> and <NAME_2> said <QUOTE_1>.");
    assert_eq!(redactor.spans("Jo\u{308}rg Beispiel", &[]).len(), 1);
    let mut counts = Counts::default();
    counts.add(&spans);
    assert_eq!((counts.of(Kind::Name), counts.of(Kind::Quote), counts.of(Kind::Phone)), (2, 1, 0));
}

#[test]
fn overlaps_become_one() {
    let redactor = Redactor::new(&Settings::default());
    let text = "von kim@host.example an";
    let at = text.find("host").unwrap();
    let spans = redactor.spans(text, &[Span { start: at, end: text.len(), kind: Kind::Name }]);
    assert_eq!(redactor.apply(text, &spans), "von kim@<NAME_1>");
    let both = [Span { start: 4, end: 10, kind: Kind::Name }, Span { start: 8, end: 20, kind: Kind::Quote }];
    assert_eq!(redactor.apply(text, &redactor.spans(text, &both)), "von <QUOTE_1> an");
}

#[test]
fn only_what_is_asked_for() {
    let text = "@kim99 @Bob kim@host.example";
    let listed = Settings { handles: Some(vec!["@bob".into()]), kinds: vec![Kind::Handle], ..Settings::default() };
    let redactor = Redactor::new(&listed);
    assert_eq!(redactor.apply(text, &redactor.spans(text, &[])), "@kim99 <HANDLE_1> kim@host.example");
    assert!(!format!("{listed:?}").contains("bob"));
}
