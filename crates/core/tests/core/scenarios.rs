//! Scenario files: the project's own and, where they lie beside the checkout, the shared ones.

use std::path::{Path, PathBuf};

use mandat_core::derive::Fact;
use mandat_core::scenario;
use mandat_core::vocab::Profile;

/// Every file of a folder and of the folders in it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|e| e.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// Runs every `*.yaml` below a folder and returns how many there were and what failed.
fn run_folder(folder: &Path) -> (usize, Vec<String>) {
    let mut files = files_below(folder);
    files.retain(|f| f.extension().is_some_and(|e| e == "yaml"));
    files.sort();
    let mut failures = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let scenario = match scenario::read(&name, &text) {
            Ok(scenario) => scenario,
            Err(found) => {
                failures.extend(found.iter().map(ToString::to_string));
                continue;
            }
        };
        let result = match scenario::run(&scenario, &|_| None) {
            Ok(result) => result,
            Err(found) => {
                failures.extend(found.iter().map(|f| format!("{name}: {f}")));
                continue;
            }
        };
        for case in result.cases.iter().filter(|c| c.failure.is_some()) {
            let why = case.failure.clone().unwrap_or_default();
            failures.push(format!(
                "{name}: {} #{} {} {}: {why}; expected {}, got {}",
                result.scenario, case.question, case.record, case.profile, case.expected, case.got
            ));
        }
    }
    (files.len(), failures)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What is wrong with a scenario, as `line:column: message`.
fn complaints(text: &str) -> Vec<String> {
    let found = scenario::read("s.yaml", text).expect_err("a wrong scenario");
    found.iter().map(|d| d.to_string().strip_prefix("s.yaml:").unwrap().to_string()).collect()
}

/// A scenario that is right but for one part.
fn story(people: &str, events: &str, rest: &str) -> String {
    format!(
        "format: 1\nscenario: S\npeople: {{anna: {people}}}\nevents:\n{events}\nrecords:\n  p1: {{by: anna, created: 2024-01-01}}\n{rest}\n"
    )
}

const ASK: &str = "ask: {purpose: train_generative, at: 2024-06-01}\nexpect:\n  p1: {verdict: exclude}";

#[test]
fn what_cannot_be_read_is_told_with_line_column_and_what_is_allowed() {
    let none = "  []";
    let object = "  - {received: 2024-02-01, event: object, account: anna}";
    let cases = [
        (story("{contry: NL}", none, ASK), "3:", "unknown field `contry`"),
        (story("{country: NL, country: DE}", none, ASK), "3:", "duplicate"),
        (story("{country: Norway}", none, ASK), "3:", "`Norway` is not a place"),
        (story("{born: 1985-13-01}", none, ASK), "3:", "not a time"),
        (story("{born: 1700-01-01}", none, ASK), "3:", "year"),
        (
            story("{}", "  - {received: 2024-02-01, event: objected, account: anna}", ASK),
            "5:",
            "unknown variant `objected`",
        ),
        (story("{}", "  - {received: 2024-02-01, event: object, account: ann}", ASK), "5:", "no person named `ann`"),
        (story("{}", "  - {received: 2024-02-01, event: object}", ASK), "5:", "needs `account` or `by`"),
        (
            story("{}", &format!("  - {{received: 2024-03-01, event: erase, account: anna}}\n{object}"), ASK),
            "6:",
            "out of order",
        ),
        (
            story("{}", "  - {received: 2024-02-01, event: lift, account: anna, of: e9}", ASK),
            "5:",
            "no earlier event `e9`",
        ),
        (
            story("{}", "  - {received: 2024-02-01, event: consent, account: anna, purposes: [x], notice: n1}", ASK),
            "5:",
            "no notice named `n1`",
        ),
        (
            story("{}", "  - {received: 2024-02-01, event: consent, account: anna, purposes: [x], expires: soon}", ASK),
            "5:",
            "`soon` is no end",
        ),
        (
            story("{}", none, "ask: {purpose: x, at: 2024-06-01}\nexpect:\n  p2: {verdict: exclude}"),
            "10:",
            "no record named `p2`",
        ),
        (
            story("{}", none, "ask: {purpose: x, at: 2024-06-01}\nexpect:\n  p1@2: {verdict: exclude}"),
            "10:",
            "no version `2`",
        ),
        (
            story("{}", none, "ask: {purpose: x, at: 2024-06-01}\nexpect:\n  p1: {verdict: out}"),
            "10:",
            "`out` is not a known verdict",
        ),
        (
            story("{}", none, "ask: {purpose: x, at: 2024-06-01}\nexpect:\n  p1: {reasons: [NO]}"),
            "10:",
            "`NO` is not a known reason code",
        ),
        (story("{}", none, "ask: {purpose: x, at: 2024-06-01}\nexpect: {}"), "", "nothing is expected"),
        (story("{}", none, ""), "2:", "a scenario without a question"),
        ("format: 2\nscenario: S\n".into(), "1:", "format 2 is not known"),
        ("scenario: S\n".into(), "", "missing field `format`"),
    ];
    for (text, place, message) in cases {
        let found = complaints(&text);
        assert!(found.iter().any(|f| f.starts_with(place) && f.contains(message)), "{message}: {found:?}\n{text}");
    }
}

#[test]
fn yaml_is_read_by_its_core_schema() {
    // Norway is no falsehood, and a position is an id as good as any.
    let events = "  - {received: 2024-02-01, event: object, account: anna, verified: pending}\n  - {received: 2024-02-02, event: verification, of: 1, result: verified}";
    let text = story(
        "{country: NO, born: 1985-01-01}",
        events,
        "ask: {purpose: train_generative, at: 2024-06-01}\nexpect:\n  p1: {verdict: exclude, reasons: [OBJECTED]}",
    );
    let scenario = scenario::read("s.yaml", &text).unwrap();
    let result = scenario::run(&scenario, &|_| None).unwrap();
    assert!(result.passed(), "{:?}", result.cases);
}

#[test]
fn a_reason_that_no_rule_gives_fails_and_says_so() {
    let text =
        story("{country: NL, born: 1985-01-01}", "  []", ASK).replace("exclude", "exclude, reasons: [REGION_RULE]");
    let result = scenario::run(&scenario::read("s.yaml", &text).unwrap(), &|_| None).unwrap();
    let failure = result.cases[0].failure.clone().unwrap();
    assert!(failure.starts_with("no rule in core@") && failure.contains("can give REGION_RULE"), "{failure}");
}

#[test]
fn a_build_never_replays_and_an_audit_never_gives_content() {
    let asks = "asks:\n  - {purpose: train_generative, at: 2024-06-01, known_at: 2024-07-01, expect: {refused: true}}\n  - {purpose: train_generative, at: 2024-06-01, mode: audit, content: true, expect: {p1: {refused: true}}}\n  - ask: {purpose: train_generative, at: 2024-06-01, mode: audit}\n    expect: {p1: {verdict: exclude}, exactly: false}";
    let text = story("{country: NL, born: 1985-01-01}", "  []", asks);
    let result = scenario::run(&scenario::read("s.yaml", &text).unwrap(), &|_| None).unwrap();
    assert!(result.passed(), "{:?}", result.cases);
    let wrong = text.replace("known_at: 2024-07-01, ", "");
    let result = scenario::run(&scenario::read("s.yaml", &wrong).unwrap(), &|_| None).unwrap();
    assert!(!result.passed());
}

#[test]
fn every_case_rule_and_reason_has_a_scenario() {
    let mut results = Vec::new();
    let mut packs: Vec<mandat_core::packs::Packs> = Vec::new();
    for file in files_below(&root().join("scenarios")).iter().filter(|f| f.extension().is_some_and(|e| e == "yaml")) {
        let text = std::fs::read_to_string(file).unwrap();
        let scenario = scenario::read(&file.display().to_string(), &text).unwrap();
        let names: Vec<_> = scenario.packs.iter().map(String::as_str).collect();
        packs.push(mandat_core::packs::Packs::embedded(&names).unwrap());
        results.push(scenario::run(&scenario, &|_| None).unwrap());
    }
    let coverage = scenario::coverage(&results, &packs);
    let open = |list: &[scenario::Covered]| -> Vec<String> {
        list.iter().filter(|c| c.scenarios.is_empty()).map(|c| c.name.clone()).collect()
    };
    assert_eq!(open(&coverage.cases), [""; 0]);
    // What no scenario can state: a broken line at ingest, packs without a signature, and the guard
    // against a consent of which nothing is known.
    let guards = ["core/newer-version-unreadable", "core/packs-unsigned", "eu-gdpr/consent-not-in-force"];
    assert_eq!(open(&coverage.rules), guards);
    assert_eq!(open(&coverage.reasons), ["RULEPACK_UNSIGNED"]);
    assert!(!coverage.is_whole() && coverage.processes.len() > 10);
    let table = mandat_core::packs::Packs::embedded(&mandat_core::packs::DEFAULT).unwrap().table;
    for (fact, guard) in [(Fact::RecordOnHold, guards[0]), (Fact::PacksUnsigned, guards[1])] {
        assert!(table.firing(Profile::Consent, fact.bit()).any(|rule| rule.id == guard));
    }
    let consent = Fact::AuthorNatural.bit() | Fact::ConsentEvent.bit();
    assert!(table.firing(Profile::Consent, consent).any(|rule| rule.id == guards[2]));
}

#[test]
fn the_projects_scenarios_hold() {
    let (_, failures) = run_folder(&root().join("scenarios"));
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_shared_scenarios_hold_where_they_lie_beside_the_checkout() {
    let folder = root().join("../shared/scenarios");
    if !folder.is_dir() {
        // Said where the test's output is shown; the project's own copies cover the same ground.
        let mut err = std::io::stderr();
        std::io::Write::write_all(&mut err, b"left out: no shared scenarios beside the checkout\n").unwrap();
        return;
    }
    let (count, failures) = run_folder(&folder);
    assert!(count >= 4, "found {count} scenarios");
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}
