//! Combinations of facts whose outcome changes, as cubes.
//!
//! Rules that both sets have need no attention: where one of them keeps a record out, it does so
//! before and after. So a change is a combination in which a rule that went fires, no rule that came
//! does, and none of the unchanged; a cube names only facts that the changed rules look at.

use serde::Serialize;

use crate::derive::Fact;
use crate::packs::Packs;
use crate::packs::check::assumptions;
use crate::packs::check::logic::{Clause, Cube, bits, solve};
use crate::table::{Facts, Rule};
use crate::vocab::{Profile, Reason, Verdict};

/// The most combinations that are listed for one rule.
const LIMIT: usize = 8;

/// What becomes of records with a combination of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlipKind {
    /// Out before, in after.
    ComesIn,
    /// In before, out after.
    FallsOut,
    /// In before and after, and somebody else's words are no longer cut out.
    NoLongerRedacted,
    /// In before and after, and somebody else's words are cut out.
    NowRedacted,
    /// On the same side as before, but no longer for this reason.
    LosesReason,
    /// On the same side as before, and for this reason as well.
    GainsReason,
}

impl FlipKind {
    /// Whether records change sides: out before and in after, or the other way round.
    #[must_use]
    pub const fn is_side(self) -> bool {
        matches!(self, Self::ComesIn | Self::FallsOut)
    }
}

/// One combination of facts whose outcome changes, where no unchanged rule decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flip {
    /// Under which profile.
    pub profile: Profile,
    /// What becomes of it.
    pub change: FlipKind,
    /// The rule that went or came.
    pub rule: String,
    /// The reason it gives.
    pub reason: Reason,
    /// The facts, each as a rule would write it.
    pub when: Vec<String>,
    /// Whether the rule has more such combinations than are listed.
    pub more: bool,
}

/// The combinations of facts that `new` decides otherwise than `old`; settings apart.
#[must_use]
pub fn flips(old: &Packs, new: &Packs) -> Vec<Flip> {
    let mut found = Vec::new();
    for profile in Profile::ALL {
        for (from, to, out, redacted, reason) in [
            (old, new, FlipKind::ComesIn, FlipKind::NoLongerRedacted, FlipKind::LosesReason),
            (new, old, FlipKind::FallsOut, FlipKind::NowRedacted, FlipKind::GainsReason),
        ] {
            let side = Side { profile: *profile, from, to };
            side.out(out, &mut found);
            side.redacted(redacted, &mut found);
            side.reasons(reason, &mut found);
        }
    }
    found
}

/// One direction under one profile: what only `from` has is looked for.
struct Side<'a> {
    profile: Profile,
    from: &'a Packs,
    to: &'a Packs,
}

impl<'a> Side<'a> {
    fn rules(&self, packs: &'a Packs, level: Verdict) -> Vec<&'a Rule> {
        let rules = packs.table.rules.iter();
        rules.filter(|r| r.verdict >= level && r.profiles.contains(&self.profile)).collect()
    }

    fn out(&self, change: FlipKind, found: &mut Vec<Flip>) {
        let level = Verdict::Hold;
        self.turn(self.rules(self.from, level), &self.rules(self.to, level), assumptions(), change, found);
    }

    /// Only where the record stays in on both sides.
    fn redacted(&self, change: FlipKind, found: &mut Vec<Flip>) {
        let out = self.rules(self.from, Verdict::Hold).into_iter().chain(self.rules(self.to, Verdict::Hold));
        let mut quiet = assumptions();
        quiet.extend(out.map(|r| Cube::of(r).negated()));
        let redacting = |packs| {
            let rules = self.rules(packs, Verdict::IncludeRedacted).into_iter();
            rules.filter(|r| r.verdict == Verdict::IncludeRedacted).collect::<Vec<_>>()
        };
        self.turn(redacting(self.from), &redacting(self.to), quiet, change, found);
    }

    /// Where sides stay as they are and a reason comes or goes.
    fn reasons(&self, change: FlipKind, found: &mut Vec<Flip>) {
        let mut turned = Vec::new();
        for reason in Reason::ALL {
            let giving = |packs| {
                let rules = self.rules(packs, Verdict::IncludeRedacted).into_iter();
                rules.filter(|r| r.reason == *reason).collect::<Vec<_>>()
            };
            self.turn(giving(self.from), &giving(self.to), assumptions(), change, &mut turned);
        }
        // What changes more than the reason is listed already.
        let known = |f: &Flip| {
            let same =
                |k: &&Flip| k.profile == f.profile && k.rule == f.rule && k.reason == f.reason && k.when == f.when;
            found.iter().any(|k| k.change < FlipKind::LosesReason && same(&k))
        };
        turned.retain(|f| !known(f));
        found.append(&mut turned);
    }

    /// Combinations in which a rule of `before` fires, and no rule of `after` does.
    fn turn(
        &self,
        before: Vec<&Rule>,
        after: &[&Rule],
        mut quiet: Vec<Clause>,
        change: FlipKind,
        found: &mut Vec<Flip>,
    ) {
        let in_both = |r: &&Rule, others: &[&Rule]| others.iter().any(|o| Cube::of(o) == Cube::of(r));
        let (kept, gone): (Vec<&Rule>, Vec<&Rule>) = before.into_iter().partition(|r| in_both(r, after));
        let came: Vec<&Rule> = after.iter().copied().filter(|r| !in_both(r, &kept)).collect();
        quiet.extend(kept.iter().map(|r| Cube::of(r).negated()));
        for rule in gone {
            let cubes = cubes(rule, &came, &quiet);
            let more = cubes.len() > LIMIT;
            for cube in cubes.into_iter().take(LIMIT) {
                let (profile, when) = (self.profile, words(cube));
                found.push(Flip { profile, change, rule: rule.id.clone(), reason: rule.reason, when, more });
            }
        }
    }
}

/// Cubes in which `rule` fires, no rule of `came` can, and something meets `quiet`.
fn cubes(rule: &Rule, came: &[&Rule], quiet: &[Clause]) -> Vec<Cube> {
    let own = Cube::of(rule);
    let looked_at = came.iter().fold(own.mask, |mask, r| mask | r.mask.0);
    let mut clauses = quiet.to_vec();
    clauses.extend(came.iter().map(|r| Cube::of(r).negated()));
    let mut found = Vec::new();
    while found.len() <= LIMIT {
        let Some(model) = solve(&clauses, own) else { break };
        // Facts that the search left open may be clear as well: then the combination is one of them.
        let cube = Cube { mask: looked_at, value: model.value & looked_at };
        let cube = widen(cube, own, came, quiet);
        clauses.push(cube.negated());
        found.push(cube);
    }
    found
}

/// Leaves out every literal that is not needed to keep the rules of `came` from firing.
fn widen(cube: Cube, own: Cube, came: &[&Rule], quiet: &[Clause]) -> Cube {
    let silent =
        |cube: Cube| came.iter().all(|r| Cube::of(r).and(cube).is_none_or(|both| solve(quiet, both).is_none()));
    let mut wide = cube;
    for bit in bits(cube.mask & !own.mask) {
        let wider = Cube { mask: wide.mask & !bit, value: wide.value & !bit };
        if silent(wider) {
            wide = wider;
        }
    }
    wide
}

fn words(cube: Cube) -> Vec<String> {
    let word = |fact: Fact| if cube.value & fact.bit().0 != 0 { fact.to_string() } else { format!("!{fact}") };
    Facts(cube.mask).iter().map(word).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "id = \"t\"\nversion = \"1\"\n";

    fn pack(rules: &[(&str, &str)]) -> Packs {
        let rule = |(when, verdict): &(&str, &str)| {
            let id: String = format!("{when}-{verdict}").chars().filter(char::is_ascii_alphanumeric).collect();
            let when: Vec<_> = when.split(' ').map(|w| format!("\"{w}\"")).collect();
            let when = when.join(", ");
            format!(
                "[[rule]]\nid = \"{id}\"\nwhen = [{when}]\nverdict = \"{verdict}\"\nreason = \"NO_BASIS\"\narticles = [\"a\"]\n"
            )
        };
        let text: String = [HEAD.to_owned()].into_iter().chain(rules.iter().map(rule)).collect();
        Packs::load(&[("t.toml", &text)]).unwrap()
    }

    fn of(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<(FlipKind, String)> {
        let all = flips(&pack(old), &pack(new));
        all.into_iter().filter(|f| f.profile == Profile::Consent).map(|f| (f.change, f.when.join(" "))).collect()
    }

    #[test]
    fn a_rule_that_goes_lets_in_what_no_other_keeps_out() {
        let (erased, held) = (("erased", "exclude"), ("legal_hold", "hold"));
        assert_eq!(of(&[erased, held], &[held]), [(FlipKind::ComesIn, "erased".into())]);
        assert_eq!(of(&[held], &[erased, held]), [(FlipKind::FallsOut, "erased".into())]);
        assert_eq!(of(&[erased, held], &[erased, held]), []);
    }

    #[test]
    fn a_narrower_rule_lets_in_the_rest() {
        let (wide, narrow) = (("erased", "exclude"), ("erased legal_hold", "exclude"));
        assert_eq!(of(&[wide], &[narrow]), [(FlipKind::ComesIn, "erased !legal_hold".into())]);
        assert_eq!(of(&[narrow], &[wide]), [(FlipKind::FallsOut, "erased !legal_hold".into())]);
    }

    #[test]
    fn what_another_rule_covers_does_not_change() {
        assert_eq!(
            of(&[("age.adult", "exclude")], &[("age.known", "exclude")]),
            [(FlipKind::FallsOut, "age.known !age.adult".into())]
        );
        assert_eq!(of(&[("erased", "exclude")], &[("erased", "hold")]), []);
        let covered = of(&[("age.known", "exclude")], &[("age.known", "exclude"), ("age.adult", "exclude")]);
        assert_eq!(covered, []);
    }

    #[test]
    fn redaction_counts_only_where_the_record_stays() {
        let (redact, out) = (("others.redact", "include_redacted"), ("erased", "exclude"));
        assert_eq!(of(&[out], &[redact, out]), [(FlipKind::NowRedacted, "others.redact".into())]);
        assert_eq!(of(&[redact], &[("others.redact", "exclude")]), [(FlipKind::FallsOut, "others.redact".into())]);
    }

    #[test]
    fn a_reason_that_comes_to_records_that_are_out_anyway_is_named() {
        let text = |reason: &str| {
            let rule = |id: &str, reason: &str| {
                format!(
                    "[[rule]]\nid = \"{id}\"\nwhen = [\"erased\"]\nverdict = \"exclude\"\nreason = \"{reason}\"\narticles = [\"a\"]\n"
                )
            };
            [HEAD.to_owned(), rule("a", "ERASED"), rule("b", reason)].concat()
        };
        let read = |text: &str| Packs::load(&[("t.toml", text)]).unwrap();
        let found = flips(&read(&text("DELETED")), &read(&text("RESTRICTED")));
        let consent = found.iter().filter(|f| f.profile == Profile::Consent);
        let found: Vec<_> = consent.map(|f| (f.change, f.reason, f.when.join(" "))).collect();
        let erased = || "erased".to_owned();
        let wanted =
            [(FlipKind::LosesReason, Reason::Deleted, erased()), (FlipKind::GainsReason, Reason::Restricted, erased())];
        assert_eq!(found, wanted);
    }

    const FEW: [&str; 5] = ["erased", "legal_hold", "restricted", "record.deleted", "depicts.child"];

    fn rule() -> impl Strategy<Value = (u8, u8)> {
        (1_u8..32, any::<u8>())
    }

    fn written(rules: &[(u8, u8)]) -> Vec<(String, &'static str)> {
        let words = |mask: u8, value: u8| {
            let sign = move |i: usize| if value >> i & 1 == 1 { "" } else { "!" };
            let named = FEW.iter().enumerate().filter(move |(i, _)| mask >> i & 1 == 1);
            named.map(|(i, name)| format!("{}{name}", sign(i))).collect::<Vec<_>>().join(" ")
        };
        let mut all: Vec<_> = rules.iter().map(|(mask, value)| (words(*mask, mask & value), "exclude")).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn packs_of(rules: &[(u8, u8)]) -> Packs {
        let written = written(rules);
        let numbered: Vec<_> = written.iter().enumerate().collect();
        let rule = |(i, (when, verdict)): &(usize, &(String, &str))| {
            let when: Vec<_> = when.split(' ').map(|w| format!("\"{w}\"")).collect();
            let when = when.join(", ");
            format!(
                "[[rule]]\nid = \"r{i}\"\nwhen = [{when}]\nverdict = \"{verdict}\"\nreason = \"NO_BASIS\"\narticles = [\"a\"]\n"
            )
        };
        let text: String = [HEAD.to_owned()].into_iter().chain(numbered.iter().map(rule)).collect();
        Packs::load(&[("t.toml", &text)]).unwrap()
    }

    fn has(when: &[String], facts: Facts) -> bool {
        when.iter().all(|word| match word.strip_prefix('!') {
            Some(name) => !facts.has(Fact::named(name).unwrap()),
            None => facts.has(Fact::named(word).unwrap()),
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// Every combination that changes lies in a cube, and a cube that no unchanged rule decides changes.
        #[test]
        fn flips_are_what_trying_everything_finds(
            old in proptest::collection::vec(rule(), 0..6),
            new in proptest::collection::vec(rule(), 0..6),
        ) {
            let (old, new) = (packs_of(&old), packs_of(&new));
            let found = flips(&old, &new);
            prop_assume!(found.iter().all(|f| !f.more));
            for bits in 0..1_u8 << FEW.len() {
                let set = FEW.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1);
                let facts = set.fold(Facts::default(), |f, (_, name)| f | Fact::named(name).unwrap().bit());
                let inside = |packs: &Packs| packs.table.outcome(Profile::Consent, facts).verdict <= Verdict::IncludeRedacted;
                let listed = |kind: FlipKind| {
                    found.iter().any(|f| f.profile == Profile::Consent && f.change == kind && has(&f.when, facts))
                };
                match (inside(&old), inside(&new)) {
                    (false, true) => prop_assert!(listed(FlipKind::ComesIn)),
                    (true, false) => prop_assert!(listed(FlipKind::FallsOut)),
                    (true, true) => prop_assert!(!listed(FlipKind::ComesIn) && !listed(FlipKind::FallsOut)),
                    (false, false) => {}
                }
                let gives = |packs: &Packs| packs.table.outcome(Profile::Consent, facts).reasons.has(Reason::NoBasis);
                match (gives(&old), gives(&new)) {
                    (true, false) => prop_assert!(listed(FlipKind::ComesIn) || listed(FlipKind::LosesReason)),
                    (false, true) => prop_assert!(listed(FlipKind::FallsOut) || listed(FlipKind::GainsReason)),
                    _ => {}
                }
            }
        }
    }
}
