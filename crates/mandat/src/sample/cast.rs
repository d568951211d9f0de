//! The people of the invented network: where they live, how old they are, what they talk about,
//! what they have decided, and how they write.

use super::Options;
use super::rng::Rng;
use super::stance::{STANCES, Stance};

/// The language a person writes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tongue {
    German,
    English,
}

impl Tongue {
    /// BCP 47.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::German => "de",
            Self::English => "en",
        }
    }
}

/// What the account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Natural,
    /// The page of a company, run by its staff.
    Page,
    /// The town.
    Authority,
    /// It posts the weather.
    Bot,
    /// One account of two people.
    Joint,
}

/// What is particular about a person, beside the choice they made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trait {
    None,
    /// Under 18 today.
    Minor,
    /// Turned 18 during the three years.
    GrewUp,
    /// Nobody knows how old.
    AgeUnknown,
    Deceased,
    Deactivated,
    /// Moved from Ireland to the United States.
    Moved,
    /// Works for the company and sometimes posts as it.
    Staff,
}

/// How a person writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) lowercase: bool,
    pub(crate) emoji: f64,
    pub(crate) typos: f64,
    pub(crate) tags: f64,
}

/// One account.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) account: String,
    pub(crate) handle: String,
    pub(crate) tongue: Tongue,
    pub(crate) country: &'static str,
    /// Days since 1970; `None` where unknown or no natural person.
    pub(crate) born: Option<i64>,
    pub(crate) kind: Kind,
    pub(crate) quality: Trait,
    pub(crate) stance: Stance,
    /// Days since 1970.
    pub(crate) joined: i64,
    pub(crate) weight: f64,
    pub(crate) themes: Vec<&'static str>,
    pub(crate) friends: Vec<usize>,
    pub(crate) private: bool,
    pub(crate) style: Style,
}

/// The company whose page and staff are in the sample.
pub(crate) const COMPANY: &str = "quendelhof";
/// A second organisation, which forbids everything.
pub(crate) const CLUB: &str = "krumbachtal";

const FIRST_DE: &str = "anna ben carla deniz emre frieda gesa hannes ida jonas katrin lars mira nils olga paul quirin \
    ronja sefa tobi ulla veit wanda yara zoe bernd heike juergen monika uwe";
const FIRST_EN: &str = "aoife bram ciara dylan ella fergus grace hugh iris jack keira liam maeve noah orla peter \
    quinn ruby sean tara una victor willa xander yusuf zara gordon brenda colin maureen";
const ENDS: &str = "wald stieg roth moor hain brink aster quill marrow fen thistle bramble wick tinker plover";
const HEADS: &str = "kies tann flieder distel muehl eis kappen salz hexen moos sorrel larch umber heron cobble";

/// Makes a member what the story needs.
type Part = fn(&mut Member);

/// The cast: a handful with a part to play, then everybody else.
pub(crate) fn cast(options: &Options, themes: (&[&'static str], &[&'static str])) -> Vec<Member> {
    let mut rng = Rng::new(options.seed, "cast");
    let mut members: Vec<Member> = (0..options.people).map(|index| member(index, options, themes, &mut rng)).collect();
    let parts: [(usize, Part); 16] = [
        (0, |m| page(m, COMPANY, Kind::Page)),
        (1, |m| page(m, "wrackelfingen", Kind::Authority)),
        (2, |m| page(m, "wetterfrosch", Kind::Bot)),
        (3, |m| play(m, Kind::Joint, Trait::None, Stance::Consent)),
        (4, |m| play(m, Kind::Natural, Trait::Minor, Stance::Consent)),
        (5, |m| play(m, Kind::Natural, Trait::AgeUnknown, Stance::Consent)),
        (6, |m| play(m, Kind::Natural, Trait::Deceased, Stance::Consent)),
        (7, |m| play(m, Kind::Natural, Trait::Moved, Stance::Consent)),
        (8, |m| play(m, Kind::Natural, Trait::Deactivated, Stance::Consent)),
        (9, |m| play(m, Kind::Natural, Trait::Staff, Stance::Consent)),
        (10, |m| play(m, Kind::Natural, Trait::Staff, Stance::Consent)),
        (11, |m| play(m, Kind::Natural, Trait::Staff, Stance::Objected)),
        (12, |m| play(m, Kind::Natural, Trait::None, Stance::Consent)),
        (13, |m| play(m, Kind::Natural, Trait::None, Stance::Erased)),
        (14, |m| play(m, Kind::Natural, Trait::None, Stance::Restricted)),
        (15, |m| play(m, Kind::Natural, Trait::None, Stance::ObjectionByOther)),
    ];
    for (index, part) in parts.into_iter().filter(|(index, _)| *index < options.people) {
        part(&mut members[index]);
        dress(&mut members[index], options, &mut rng);
    }
    befriend(&mut members, &mut rng);
    members
}

fn member(
    index: usize,
    options: &Options,
    (german, english): (&[&'static str], &[&'static str]),
    rng: &mut Rng,
) -> Member {
    let tongue = if rng.chance(55.0) { Tongue::German } else { Tongue::English };
    let country = match tongue {
        Tongue::German => rng.weighted(&[("DE", 74), ("AT", 16), ("CH", 10)]),
        Tongue::English => rng.weighted(&[("IE", 38), ("GB", 26), ("US", 18), ("NL", 8), ("CA", 6), ("MT", 4)]),
    };
    let themes = match tongue {
        Tongue::German => german,
        Tongue::English => english,
    };
    let quality = rng.weighted(&[
        (Trait::None, 930),
        (Trait::Minor, 14),
        (Trait::GrewUp, 16),
        (Trait::AgeUnknown, 30),
        (Trait::Deceased, 3),
        (Trait::Deactivated, 7),
    ]);
    let interests = 2 + rng.below(4);
    let first_day = options.first_day() - 900;
    let latest = options.first_day() + if rng.chance(70.0) { 1 } else { 900 };
    let mut member = Member {
        account: format!("{}", 10_000_019 + index * 7_919 % 9_999_991),
        handle: handle(tongue, index, rng),
        tongue,
        country,
        born: None,
        kind: Kind::Natural,
        quality,
        stance: rng.weighted(STANCES),
        joined: rng.between(first_day, latest),
        weight: 1.0 / (1.0 + rng.unit() * 30.0),
        themes: (0..interests).map(|_| *rng.pick(themes)).collect(),
        friends: Vec::new(),
        private: rng.chance(6.0),
        style: style(rng),
    };
    dress(&mut member, options, rng);
    member
}

fn style(rng: &mut Rng) -> Style {
    Style {
        lowercase: rng.chance(12.0),
        emoji: rng.weighted(&[(0.0, 40), (12.0, 40), (55.0, 20)]),
        typos: rng.weighted(&[(0.0, 50), (6.0, 35), (25.0, 15)]),
        tags: rng.weighted(&[(3.0, 50), (25.0, 40), (80.0, 10)]),
    }
}

fn handle(tongue: Tongue, index: usize, rng: &mut Rng) -> String {
    let words = |list: &'static str| list.split_whitespace().collect::<Vec<_>>();
    let first = match tongue {
        Tongue::German => words(FIRST_DE),
        Tongue::English => words(FIRST_EN),
    };
    let first = *rng.pick(&first);
    let (head, end) = (*rng.pick(&words(HEADS)), *rng.pick(&words(ENDS)));
    match rng.below(4) {
        0 => format!("{first}_{head}{end}"),
        1 => format!("{first}.{head}{}", index % 97),
        2 => format!("{head}{end}_{index}"),
        _ => format!("{first}{}{end}", index % 83),
    }
}

/// Gives the particulars that follow from the part a person plays.
fn dress(member: &mut Member, options: &Options, rng: &mut Rng) {
    let today = options.until_day();
    let years = |years: f64| (years * 365.25) as i64;
    member.born = match (member.kind, member.quality) {
        (Kind::Page | Kind::Authority | Kind::Bot, _) | (_, Trait::AgeUnknown) => None,
        (_, Trait::Minor) => Some(today - years(14.0 + rng.unit() * 3.5)),
        (_, Trait::GrewUp) => Some(today - years(18.3 + rng.unit() * 1.8)),
        _ => Some(today - years(21.5 + rng.unit() * 55.0)),
    };
    if member.quality == Trait::Moved {
        (member.tongue, member.country) = (Tongue::English, "IE");
        member.themes = vec!["hills", "music", "kitchen"];
    }
    if member.quality == Trait::Staff {
        (member.tongue, member.country) = (Tongue::German, "DE");
        member.themes = vec!["arbeit", "kueche", "garten"];
    }
    if matches!(member.quality, Trait::Minor | Trait::GrewUp) {
        member.joined = member.joined.max(today - years(3.0));
    }
}

fn page(member: &mut Member, name: &str, kind: Kind) {
    member.handle = name.to_owned();
    play(member, kind, Trait::None, if kind == Kind::Page { Stance::Consent } else { Stance::Silent });
    (member.tongue, member.country) = (Tongue::German, "DE");
    member.themes = match kind {
        Kind::Page => vec!["kueche", "garten"],
        _ => vec!["politik", "bahn"],
    };
}

fn play(member: &mut Member, kind: Kind, quality: Trait, stance: Stance) {
    (member.kind, member.quality, member.stance) = (kind, quality, stance);
    (member.weight, member.private) = (0.5, false);
    member.joined = member.joined.min(19_400);
}

/// Circles of people with the same language; some know each other across.
fn befriend(members: &mut [Member], rng: &mut Rng) {
    for index in 0..members.len() {
        let wanted = 6 + rng.below(18);
        let mut friends = Vec::with_capacity(wanted);
        for _ in 0..wanted * 4 {
            let other = rng.below(members.len());
            let same = members[other].tongue == members[index].tongue;
            if other != index && (same || rng.chance(8.0)) && !friends.contains(&other) {
                friends.push(other);
            }
            if friends.len() == wanted {
                break;
            }
        }
        members[index].friends = friends;
    }
}
