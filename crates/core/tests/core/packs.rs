//! Reading packs: what is wrong is told with file, line and column; layers only tighten.

use mandat_core::packs::{Packs, diff, embedded};
use mandat_core::time::Micros;

const HEAD: &str = "id = \"own\"\nversion = \"1\"\n";

/// A pack of one rule, from its fourth line on.
fn pack(rule: &str) -> String {
    format!("{HEAD}[[rule]]\n{rule}")
}

const RULE: &str =
    "id = \"r\"\nwhen = [\"objection.ever\"]\nverdict = \"exclude\"\nreason = \"OBJECTED\"\narticles = [\"GDPR 21\"]\n";

#[test]
fn what_is_wrong_is_told_with_line_and_column() {
    let cases = [
        (pack(&RULE.replace("objection.ever", "objection.evr")), "own.toml:5:9", "unknown fact `objection.evr`"),
        (pack(&RULE.replace("\"objection.ever\"", "\"erased\", \"!erased\"")), "own.toml:5:19", "never fires"),
        (pack(&RULE.replace("\"objection.ever\"", "")), "own.toml:5:8", "without a condition"),
        (pack(&RULE.replace("exclude", "include")), "own.toml:6:11", "a rule cannot include"),
        (pack(&RULE.replace("exclude", "deny")), "own.toml:6:11", "`deny` is not a known verdict"),
        (pack(&RULE.replace("OBJECTED", "NO")), "own.toml:7:10", "`NO` is not a known reason code"),
        (pack(&RULE.replace("\"GDPR 21\"", "")), "own.toml:8:12", "a rule without an article"),
        (pack(&format!("{RULE}when_not = []\n")), "own.toml:9:1", "unknown field `when_not`"),
        (pack(&format!("{RULE}profiles = [\"both\"]\n")), "own.toml:9:13", "`both` is not a known profile"),
        (pack(&format!("{RULE}[[rule]]\n{RULE}")), "own.toml:10:6", "rule `own/r` exists already at own.toml:4"),
        (format!("{HEAD}valid_from = \"soon\"\n"), "own.toml:3:14", "not a time"),
        ("id = \"Own\"\nversion = \"1\"\n".into(), "own.toml:1:6", "`Own` is not a pack id"),
        (format!("{HEAD}[settings]\nnotice_window_days = -1\n"), "own.toml:4:1", "outside 0 to 3650"),
        ("id = ".into(), "own.toml:1:", "string values must be quoted"),
    ];
    for (text, place, message) in cases {
        let found = Packs::load(&[("own.toml", &text)]).expect_err(message);
        let told: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|t| t.starts_with(place) && t.contains(message)), "{place} {message}: {told:?}");
    }
    let near = Packs::load(&[("own.toml", &pack(&RULE.replace("objection.ever", "objection.evr")))]).unwrap_err();
    assert_eq!(near[0].hint.as_deref(), Some("did you mean `objection.ever`?"));
}

#[test]
fn layers_only_tighten() {
    let own =
        format!("{HEAD}[settings]\nnotice_window_days = 7\nmin_training_age = 21\nrecords_from = \"2024-01-01\"\n");
    let other = own.replace("\"own\"", "\"other\"").replace("= 7", "= 60").replace("2024", "2023").replace("21", "16");
    let core = embedded("core").unwrap();
    let packs = Packs::load(&[("core", core), ("own", &own), ("other", &other)]).unwrap();
    assert_eq!((packs.settings.notice_window_days, packs.settings.min_training_age), (60, 21));
    assert_eq!(packs.settings.records_from, Some(Micros::parse("2024-01-01").unwrap()));
    let alone = Packs::load(&[("core", core), ("own", &own)]).unwrap();
    assert_eq!(alone.settings.notice_window_days, 30, "a layer cannot shorten the window");
}

#[test]
fn a_replay_stands_alone() {
    let found = Packs::embedded(&["core", "x-2023"]).unwrap_err();
    assert!(found[0].message.contains("`x-2023` stands alone"), "{found:?}");
    assert!(Packs::embedded(&["x-2023"]).unwrap().is_replay());
    let unknown = Packs::embedded(&["gdpr"]).unwrap_err();
    assert!(unknown[0].hint.as_ref().unwrap().contains("eu-gdpr"));
}

#[test]
fn the_hash_covers_what_decides_and_nothing_else() {
    let hash = |text: &str| Packs::load(&[("own.toml", text)]).unwrap().hash;
    let plain = pack(RULE);
    let commented =
        format!("# a word\n{}", plain.replace("id = \"own\"\nversion = \"1\"", "version = \"1\"\nid = \"own\""));
    assert_eq!(hash(&plain), hash(&commented));
    for (old, new) in
        [("ever", "standing"), ("exclude", "hold"), ("OBJECTED", "ERASED"), ("GDPR 21", "GDPR 6"), ("\"1\"", "\"2\"")]
    {
        assert_ne!(hash(&plain), hash(&plain.replace(old, new)), "{old}");
    }
    let default = Packs::embedded(&mandat_core::packs::DEFAULT).unwrap();
    assert!(diff(&default, &default).is_empty());
}
