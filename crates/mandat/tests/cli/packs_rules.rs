use crate::start::{empty, filled, home};

/// A pack with a gap, a contradiction, a rule that cannot fire, and rules that no scenario shows.
const WRONG: &str = r#"id = "wrong"
version = "1"

[[rule]]
id = "gone"
when = ["erased"]
verdict = "hold"
reason = "ERASED"
articles = ["GDPR 17"]

[[rule]]
id = "gone-too"
when = ["erased"]
verdict = "exclude"
reason = "ERASED"
articles = ["GDPR 17"]

[[rule]]
id = "never"
when = ["author.bot", "author.natural"]
verdict = "exclude"
reason = "NO_BASIS"
articles = ["GDPR 6"]
"#;

/// A rule of a home: nothing that was observed.
const OWN: &str = r#"id = "own"
version = "1"

[[rule]]
id = "observed"
when = ["record.observed"]
verdict = "exclude"
reason = "PURPOSE_INCOMPATIBLE"
articles = ["GDPR 5(1)(b)"]
tests = ["S37"]
"#;

/// The rules of the default packs in which silence under legitimate interest needs no notice.
fn loose() -> String {
    let text = include_str!("../../../../packs/eu-gdpr.toml");
    let mut rules: Vec<&str> = text.split("[[rule]]").collect();
    let before = rules.len();
    rules.retain(|rule| !rule.contains("id = \"no-notice\""));
    assert_eq!(rules.len() + 1, before);
    rules.join("[[rule]]")
}

fn packs(cli: &mandat_testkit::Cli, name: &str, text: &str) {
    std::fs::create_dir_all(cli.folder().join("packs")).expect("a test can write into its folder");
    cli.write(&format!("packs/{name}.toml"), text);
}

#[test]
fn the_built_in_packs_have_no_errors() {
    let (cli, _folder) = empty();
    let answer = cli.run(&["packs", "check", "--json"]).done().json();
    assert_eq!(answer["errors"], 0);
    assert_eq!(answer["packs"].as_array().unwrap().len(), 14);
}

#[test]
fn every_rule_of_the_built_in_packs_is_shown_by_a_scenario_or_a_test() {
    let (cli, _folder) = empty();
    let scenarios = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios");
    drop(cli.run(&["packs", "check", "--strict", "--scenarios", scenarios]).done().says("0 warnings"));
}

#[test]
fn findings_name_file_line_and_what_to_do() {
    let (cli, _folder) = empty();
    cli.write("wrong.toml", WRONG);
    let ran = cli.run(&["packs", "check", "wrong.toml"]).ended(1);
    let ran = ran.says("wrong.toml:12:6: error: `wrong/gone-too` decides exclude where `wrong/gone` at wrong.toml:5");
    let ran = ran.says("keep the stricter of the two").says("wrong.toml:19:6: error: `wrong/never` can never fire");
    drop(ran.says("3 things to mend"));
    let answer = cli.run(&["packs", "check", "wrong.toml", "--json"]).ended(1);
    assert!(answer.stdout.contains("\"kind\": \"contradiction\"") && answer.stdout.contains("\"kind\": \"untested\""));
    cli.write("own.toml", OWN);
    drop(cli.run(&["packs", "check", "own.toml"]).done());
    cli.write("bad.toml", "id = \"bad\"\nversion = \"1\"\n[[rule]]\nid = \"a\"\nwhen = [\"erasd\"]\nverdict = \"hold\"\nreason = \"ERASED\"\narticles = [\"a\"]\n");
    drop(cli.run(&["packs", "check", "bad.toml"]).ended(3).says("bad.toml:5:9: unknown fact `erasd`").says("erased"));
    drop(cli.run(&["packs", "check", "nobody"]).ended(3).says("no pack named `nobody`"));
}

#[test]
fn a_pack_of_the_default_set_that_leaves_a_gap_is_refused() {
    let (cli, _folder) = home();
    packs(&cli, "eu-gdpr", &loose());
    let ran = cli.run(&["packs", "check", "eu-gdpr"]).ended(1);
    drop(ran.says("under legitimate_interest a record goes in without a ground when only").says("author.natural"));
    packs(&cli, "own", OWN);
    drop(cli.run(&["packs", "check", "own"]).ended(1).says("without a ground"));
    std::fs::remove_file(cli.folder().join("packs/eu-gdpr.toml")).unwrap();
    drop(cli.run(&["packs", "check", "own"]).done());
    drop(cli.run(&["packs", "check", "core,own"]).ended(1).says("packs/own.toml:1:1").says("without a ground"));
    drop(cli.run(&["packs", "check", ","]).ended(2));
}

#[test]
fn a_difference_shows_rules_and_combinations() {
    let (cli, _folder) = empty();
    let ran = cli.run(&["packs", "diff", "core,eu-gdpr", "core,eu-gdpr,us-il-bipa"]).done();
    drop(ran.says("us-il-bipa/never-sold").says("falls out").says("gains REGION_RULE"));
    drop(cli.run(&["packs", "diff", "core", "core"]).done().says("the rules are the same"));
    let covered = cli.run(&["packs", "diff", "core,eu-gdpr", "core,eu-gdpr,us-ca"]).done();
    drop(covered.says("us-ca/sale-untold").says("no combination of facts changes sides"));
    let answer = cli.run(&["packs", "diff", "core,eu-gdpr", "core,eu-gdpr,de-hh-2025", "--json"]).done().json();
    assert_eq!(
        (&answer["rules"][0]["rule"], &answer["rules"][0]["change"]),
        (&"settings/records_from".into(), &"added".into())
    );
    drop(cli.run(&["packs", "diff", "core", ","]).ended(2).says("no pack is named"));
    drop(cli.run(&["packs", "diff", "core", "nobody"]).ended(3));
}

#[test]
fn a_difference_on_a_vault_names_who_was_not_told() {
    let (cli, _folder) = filled();
    let untold = r#"{"id":"d1","platform":"x","account":"dora","audience":"public","created_at":"2024-03-01T12:00:00Z","text":"zon"}"#;
    cli.write("d.jsonl", &format!("{untold}\n"));
    cli.write("dp.jsonl", "{\"account\":\"dora\",\"platform\":\"x\",\"country\":\"NL\",\"born\":\"1983-05-01\"}\n");
    drop(cli.run(&["people", "import", "dp.jsonl"]).done());
    drop(cli.run(&["ingest", "d.jsonl"]).done());
    cli.write("loose.toml", &loose());
    let args = ["packs", "diff", "core,eu-gdpr", "core,loose.toml", "--recipe", "own-model-opt-out"];
    let ran = cli.run(&args).done();
    drop(
        ran.says("1 records of 1 people come in")
            .says("NO_NOTICE")
            .says("1 people would come in without having been told"),
    );
    let answer = cli.run(&[&args[..], &["--json"]].concat()).done().json();
    assert_eq!(answer["vault"]["untold"].as_array().unwrap().len(), 1);
    // Anna's post for friends comes in as well, and she was told.
    let bare = ["packs", "diff", "core,eu-gdpr", "core", "--recipe", "own-model-opt-out", "--json"];
    let answer = cli.run(&bare).done().json();
    assert_eq!(
        (&answer["vault"]["comes_in"]["people"], answer["vault"]["untold"].as_array().unwrap().len()),
        (&2.into(), 1)
    );
    let strict = ["packs", "diff", "core,eu-gdpr", "core,eu-gdpr,nl-ap-strict", "--recipe", "own-model-opt-out"];
    drop(cli.run(&strict).done().says("fall out").says("NO_BASIS").says("0 records of 0 people come in"));
    drop(cli.run(&["--home", ".", "packs", "diff", "core", "core"]).ended(2).says("--recipe"));
}

fn recipe(cli: &mandat_testkit::Cli, packs: &str) {
    let text =
        format!("name = \"r\"\npurpose = \"train_generative\"\nprofile = \"legitimate_interest\"\npacks = [{packs}]\n");
    cli.write("recipes/r.toml", &text);
}

const SCENARIO: &str = r#"format: 1
scenario: our rule
packs: [core, eu-gdpr, own]
people:
  anna: {country: NL, born: 1980-05-01}
records:
  p1: {by: anna, created: 2024-03-01, category: engagement}
ask: {purpose: train_generative, at: 2025-12-01T00:00:00Z}
expect:
  p1: {verdict: exclude, reasons: [PURPOSE_INCOMPATIBLE]}
"#;

#[test]
fn an_own_pack_is_used_once_it_is_signed_and_tested_and_not_after_it_changed() {
    let (cli, _folder) = filled();
    packs(&cli, "own", OWN);
    recipe(&cli, "\"core\", \"eu-gdpr\", \"own\"");
    drop(cli.run(&["plan", "r"]).done().says("nobody vouches for the pack `own`").says("RULEPACK_UNSIGNED"));
    drop(cli.run(&["build", "r"]).ended(1).says("there is no signature").says("mandat packs sign own"));
    drop(cli.run(&["packs", "sign", "own"]).done().says("signed own@1"));
    drop(cli.run(&["build", "r"]).ended(1).says("have not passed their tests"));
    cli.write("s.yaml", SCENARIO);
    drop(cli.run(&["packs", "test", "s.yaml"]).done());
    drop(cli.run(&["build", "r"]).done());
    packs(&cli, "own", &OWN.replace("observed\"]", "observed\", \"audience.public\"]"));
    drop(cli.run(&["build", "r"]).ended(1).says("for other rules"));
    drop(cli.run(&["packs", "sign", "own"]).done());
    drop(cli.run(&["build", "r"]).ended(1).says("have not passed their tests"));
}

#[test]
fn rules_that_let_in_who_was_not_told_are_never_built_with() {
    let (cli, _folder) = filled();
    packs(&cli, "eu-gdpr", &loose());
    recipe(&cli, "\"core\", \"eu-gdpr\"");
    drop(cli.run(&["packs", "sign", "eu-gdpr"]).done());
    let refused = cli
        .run(&["build", "r"])
        .ended(1)
        .says("have a gap: under legitimate_interest a record goes in without a ground");
    drop(refused.says("packs diff core,eu-gdpr core,eu-gdpr --recipe r"));
    // A denial that no rule of theirs looks at is a gap as well.
    std::fs::remove_file(cli.folder().join("packs/eu-gdpr.toml")).unwrap();
    let core = include_str!("../../../../packs/core.toml")
        .replace("when = [\"restricted\"]", "when = [\"restricted\", \"age.known\"]");
    packs(&cli, "core", &core);
    drop(cli.run(&["packs", "sign", "core"]).done());
    recipe(&cli, "\"core\", \"eu-gdpr\"");
    drop(cli.run(&["build", "r"]).ended(1).says("`restricted` does not keep a record out"));
}

#[test]
fn a_forged_signature_and_a_strangers_key_are_refused_until_trusted() {
    let (cli, _folder) = filled();
    let (other, _other) = home();
    for cli in [&cli, &other] {
        packs(cli, "own", OWN);
    }
    recipe(&cli, "\"core\", \"eu-gdpr\", \"own\"");
    drop(other.run(&["packs", "sign", "own"]).done());
    let note = std::fs::read_to_string(other.folder().join("packs/own.sig")).unwrap();
    cli.write("packs/own.sig", &note);
    drop(cli.run(&["build", "r"]).ended(1).says("no key that is trusted here signed it"));
    let key = other.run(&["packs", "sign", "--key"]).done().stdout;
    std::fs::create_dir_all(cli.folder().join("keys/trusted")).unwrap();
    cli.write("keys/trusted/lawyer.pub", &key);
    drop(cli.run(&["build", "r"]).ended(1).says("have not passed their tests"));
    cli.write("packs/own.sig", &note.replace("own 1", "own 2"));
    drop(cli.run(&["build", "r"]).ended(1).says("the signature does not hold"));
    cli.write("keys/trusted/lawyer.pub", "nonsense\n");
    drop(cli.run(&["build", "r"]).ended(3).says("holds no public key"));
}

#[test]
fn signing_refuses_what_is_no_pack_of_the_home_and_answers_as_json() {
    let (cli, _folder) = home();
    drop(cli.run(&["packs", "sign", "core"]).ended(3).says("there is no pack").says("need no signature"));
    packs(&cli, "wrong", WRONG);
    drop(cli.run(&["packs", "sign", "wrong"]).ended(1).says("packs/wrong.toml:12:6"));
    packs(&cli, "other", OWN);
    drop(cli.run(&["packs", "sign", "other"]).ended(3).says("holds the pack `own`"));
    packs(&cli, "own", OWN);
    let answer = cli.run(&["packs", "sign", "own", "--json"]).done().json();
    assert_eq!(answer["signed"][0]["pack"], "own");
    assert!(answer["key"].as_str().unwrap().starts_with("mandat-home+"));
    drop(cli.run(&["packs", "sign"]).ended(2));
}

#[test]
fn a_revision_is_compared_with_by_the_packs_it_was_decided_by() {
    let (cli, _folder) = filled();
    packs(&cli, "own", OWN);
    recipe(&cli, "\"core\", \"eu-gdpr\", \"own\"");
    drop(cli.run(&["packs", "sign", "own"]).done());
    cli.write("s.yaml", SCENARIO);
    drop(cli.run(&["packs", "test", "s.yaml"]).done());
    drop(cli.run(&["build", "r"]).done());
    drop(cli.run(&["packs", "diff", "1", "--recipe", "r"]).done().says("the rules are the same"));
    // The pack of today is another, and one of then is gone from the folder.
    packs(&cli, "own", &OWN.replace("record.observed", "record.inferred"));
    drop(cli.run(&["packs", "diff", "1", "--recipe", "r"]).done().says("record.observed").says("record.inferred"));
    drop(cli.run(&["packs", "diff", "1", "core", "--recipe", "r"]).done().says("own/observed"));
    drop(cli.run(&["packs", "diff", "7", "--recipe", "r"]).ended(2).says("there are: 1"));
    drop(cli.run(&["packs", "diff", "1", "core"]).ended(2).says("--recipe"));
    drop(cli.run(&["packs", "diff", "core"]).ended(2));
    // Whoever would come in untold is counted beside the rules of the last revision.
    cli.write("d.jsonl", "{\"id\":\"d1\",\"platform\":\"x\",\"account\":\"dora\",\"audience\":\"public\",\"created_at\":\"2024-03-01T12:00:00Z\",\"text\":\"zon\"}\n");
    cli.write("dp.jsonl", "{\"account\":\"dora\",\"platform\":\"x\",\"country\":\"NL\",\"born\":\"1983-05-01\"}\n");
    drop(cli.run(&["people", "import", "dp.jsonl"]).done());
    drop(cli.run(&["ingest", "d.jsonl"]).done());
    packs(&cli, "eu-gdpr", &loose());
    recipe(&cli, "\"core\", \"eu-gdpr\"");
    drop(cli.run(&["packs", "sign", "eu-gdpr"]).done());
    let refused = cli.run(&["build", "r"]).ended(1).says("1 person would come in without having been told");
    drop(refused.says("mandat packs diff 1 core,eu-gdpr --recipe r"));
    let kept = std::fs::read_dir(cli.folder().join("packs-used")).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&kept, "id = \"other\"\nversion = \"1\"\n").unwrap();
    drop(cli.run(&["packs", "diff", "1", "--recipe", "r"]).ended(3).says("is not what its name says"));
}
