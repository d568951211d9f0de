use super::*;
use crate::packs::{embedded, names};

const HEAD: &str = "id = \"t\"\nversion = \"1\"\n";

fn rule(id: &str, when: &str, rest: &str) -> String {
    format!("[[rule]]\nid = \"{id}\"\nwhen = [{when}]\n{rest}\narticles = [\"a\"]\ntests = [\"S01\"]\n")
}

fn found(text: &str) -> Vec<Finding> {
    let packs = Packs::load(&[("t.toml", text)]).unwrap();
    rules::rules(&packs).into_iter().chain(rules::untested(&packs, None)).collect()
}

#[track_caller]
fn one(text: &str, kind: FindingKind, severity: Severity, line: usize, says: &str) {
    let all = found(text);
    assert_eq!(all.len(), 1, "{all:#?}");
    assert_eq!((all[0].kind, all[0].severity, all[0].line), (kind, severity, line), "{}", all[0].message);
    assert!(all[0].message.contains(says), "{}", all[0].message);
}

const OUT: &str = "verdict = \"exclude\"\nreason = \"ERASED\"";

#[test]
fn one_condition_with_two_verdicts_contradicts_itself() {
    let hold = "verdict = \"hold\"\nreason = \"ERASED\"";
    let text = [HEAD, &rule("a", "\"erased\"", OUT), &rule("b", "\"erased\"", hold)].concat();
    one(&text, FindingKind::Contradiction, Severity::Error, 11, "`t/b` decides hold where `t/a` at t.toml:4");
}

#[test]
fn the_same_rule_twice_is_one_too_many() {
    let text = [HEAD, &rule("a", "\"erased\"", OUT), &rule("b", "\"erased\"", OUT)].concat();
    one(&text, FindingKind::Duplicate, Severity::Error, 11, "`t/b` says again");
}

#[test]
fn a_condition_that_cannot_occur_is_named() {
    let both = rule("a", "\"author.bot\", \"author.natural\"", OUT);
    one(&[HEAD, &both].concat(), FindingKind::Impossible, Severity::Error, 4, "can never fire");
    let chain = rule("a", "\"age.adult\", \"!age.known\"", OUT);
    one(&[HEAD, &chain].concat(), FindingKind::Impossible, Severity::Error, 4, "can never fire");
}

#[test]
fn a_rule_that_others_cover_together_is_dead() {
    let text = [
        HEAD,
        &rule("wide", "\"erased\"", OUT),
        &rule("left", "\"restricted\", \"legal_hold\"", OUT),
        &rule("right", "\"restricted\", \"!legal_hold\"", OUT),
        &rule("both", "\"restricted\"", OUT),
    ]
    .concat();
    one(&text, FindingKind::Dead, Severity::Error, 25, "`t/both` never adds anything: `t/left` or `t/right`");
    let narrow = [HEAD, &rule("wide", "\"erased\"", OUT), &rule("narrow", "\"erased\", \"legal_hold\"", OUT)].concat();
    one(&narrow, FindingKind::Dead, Severity::Error, 11, "`t/narrow` never adds anything: `t/wide`");
}

#[test]
fn another_reason_a_milder_verdict_or_another_profile_keeps_a_rule_alive() {
    let consent = format!("profiles = [\"consent\"]\n{OUT}");
    for rest in [OUT.replace("ERASED", "DELETED"), OUT.to_owned()] {
        let wide = if rest == OUT { rule("wide", "\"erased\"", &consent) } else { rule("wide", "\"erased\"", OUT) };
        let text = [HEAD, &wide, &rule("narrow", "\"erased\", \"legal_hold\"", &rest)].concat();
        assert_eq!(found(&text), Vec::new());
    }
    let text = [
        HEAD,
        &rule("wide", "\"erased\"", "verdict = \"hold\"\nreason = \"ERASED\""),
        &rule("narrow", "\"erased\", \"legal_hold\"", OUT),
    ]
    .concat();
    assert_eq!(found(&text), Vec::new());
}

#[test]
fn a_rule_without_scenario_is_named_and_so_is_its_reason() {
    let text = [HEAD, &rule("a", "\"erased\"", OUT)].concat().replace("tests = [\"S01\"]\n", "");
    let kinds: Vec<_> = found(&text).into_iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [FindingKind::Untested, FindingKind::UntestedReason]);
    let packs = Packs::load(&[("t.toml", &text)]).unwrap();
    assert_eq!(rules::untested(&packs, Some(&BTreeSet::from(["t/a".to_owned()]))), Vec::new());
    let named = [HEAD, &rule("a", "\"erased\"", OUT)].concat();
    let nothing = BTreeSet::new();
    let count = |text: &str| rules::untested(&Packs::load(&[("t.toml", text)]).unwrap(), Some(&nothing)).len();
    assert_eq!([count(&named), count(&named.replace("\"S01\"", "\"mandat::tests/cli/build.rs\""))], [2, 0]);
}

#[test]
fn a_pack_alone_has_gaps_and_the_default_packs_have_none() {
    let text = [HEAD, &rule("a", "\"erased\"", OUT)].concat();
    let packs = Packs::load(&[("t.toml", &text)]).unwrap();
    let all = check(&packs, None);
    assert!(all.iter().any(|f| f.kind == FindingKind::Gap && f.message.contains("no fact is set")));
    assert!(all.iter().any(|f| f.kind == FindingKind::Unguarded && f.message.contains("`restricted`")));
    for profile in Profile::ALL {
        assert_eq!(first_gap(&packs, *profile).map(|f| f.kind), Some(FindingKind::Gap));
        assert_eq!(first_gap(&Packs::embedded(&["core", "eu-gdpr"]).unwrap(), *profile), None);
    }
}

/// Every built-in pack, on what it is layered on, with no error.
#[test]
fn built_in_packs_have_no_errors() {
    for name in names() {
        let alone = Packs::load(&[(name, embedded(name).unwrap())]).unwrap();
        let layers: Vec<&str> = match name {
            "core" | "eu-gdpr" => vec!["core", "eu-gdpr"],
            _ if alone.is_replay() => vec![name],
            _ => vec!["core", "eu-gdpr", name],
        };
        let found = check(&Packs::embedded(&layers).unwrap(), None);
        let errors: Vec<_> = found.iter().filter(|f| f.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

mod brute {
    use proptest::prelude::*;

    use super::super::gaps::groundless;
    use super::super::{assumptions, grounds};
    use crate::derive::Fact;
    use crate::packs::check::logic::Cube;
    use crate::table::{DecisionTable, Facts, Rule};
    use crate::vocab::{Profile, Reason, Verdict};

    const FEW: [Fact; 8] = [
        Fact::AuthorNatural,
        Fact::AuthorBot,
        Fact::AuthorJoint,
        Fact::JointDenies,
        Fact::ConsentEvent,
        Fact::ConsentValid,
        Fact::ObjectionEver,
        Fact::ObjectionStanding,
    ];

    fn word(bits: u8) -> u128 {
        FEW.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).fold(0, |word, (_, f)| word | f.bit().0)
    }

    fn rule() -> impl Strategy<Value = Rule> {
        (1_u8.., any::<u8>(), 1..4_usize).prop_map(|(mask, value, verdict)| Rule {
            id: "t/a".into(),
            profiles: vec![Profile::Consent],
            mask: Facts(word(mask)),
            value: Facts(word(mask & value)),
            verdict: Verdict::ALL[verdict],
            reason: Reason::NoBasis,
            articles: Vec::new(),
        })
    }

    fn is_gap(table: &DecisionTable, facts: u128) -> bool {
        let can_occur = assumptions().iter().all(|c| c.set & facts != 0 || c.clear & !facts != 0);
        let ground = grounds(Profile::Consent).iter().any(|c: &Cube| facts & c.mask == c.value);
        can_occur && !ground && table.outcome(Profile::Consent, Facts(facts)).verdict <= Verdict::IncludeRedacted
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn the_plainest_gaps_are_those_that_trying_everything_finds(rules in proptest::collection::vec(rule(), 0..9)) {
            let table = DecisionTable { rules };
            let all: Vec<u128> = (0..=u8::MAX).map(word).filter(|w| is_gap(&table, *w)).collect();
            let smaller = |w: &u128| all.iter().any(|other| other != w && other & w == *other);
            let mut plain: Vec<u128> = all.iter().copied().filter(|w| !smaller(w)).collect();
            let mut found: Vec<u128> = groundless(&table, Profile::Consent, 100).iter().map(|f| f.0).collect();
            plain.sort_unstable();
            found.sort_unstable();
            prop_assert_eq!(found, plain);
        }
    }
}
