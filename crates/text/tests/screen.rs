//! What the built-in screen finds in sentences written for it, by category and language.

use mandat_text::screen::{Screen, Topic};

/// Sentences about somebody's special category: language, category, sentence.
const ABOUT: [(Topic, &str); 48] = [
    (Topic::Health, "Seit drei Jahren nehme ich Antidepressiva, und es hilft."),
    (Topic::Health, "Bei meiner Mutter wurde Brustkrebs festgestellt."),
    (Topic::Health, "Bin leider wieder krankgeschrieben, der Rücken."),
    (Topic::Health, "Nach dem Schlaganfall musste er alles neu lernen."),
    (Topic::Health, "My anxiety has been so bad this week."),
    (Topic::Health, "Two years sober today!"),
    (Topic::Health, "She was diagnosed with lupus in March."),
    (Topic::Health, "Got my second covid shot, arm hurts. #vaccinated"),
    (Topic::Religion, "Sonntag um zehn ist Gottesdienst, danach Kirchenkaffee."),
    (Topic::Religion, "Ich bin aus der Kirche ausgetreten."),
    (Topic::Religion, "Mein Kopftuch trage ich, weil ich es will."),
    (Topic::Religion, "Morgen fasten wir zu Jom Kippur."),
    (Topic::Religion, "Grew up Baptist, now I'm an atheist."),
    (Topic::Religion, "Eid Mubarak to all my friends!"),
    (Topic::Religion, "We light the menorah tonight, happy Hanukkah"),
    (Topic::Religion, "Our temple follows the Buddha's teaching."),
    (Topic::Politics, "Ich habe diesmal grün gewählt, die SPD kann mich mal."),
    (Topic::Politics, "Am Samstag Demo gegen rechts, kommt alle!"),
    (Topic::Politics, "Als Konservativer hat man es hier schwer."),
    (Topic::Politics, "Nie wieder Faschismus!"),
    (Topic::Politics, "Proud Republican since 1984."),
    (Topic::Politics, "I knocked on doors for her campaign."),
    (Topic::Politics, "Labour have lost my vote."),
    (Topic::Politics, "Defund this regime, join the protest"),
    (Topic::SexLife, "Ich bin lesbisch und das ist gut so."),
    (Topic::SexLife, "Mein Coming-out war mit 16."),
    (Topic::SexLife, "Wir leben in einer offenen Beziehung, polyamor eben."),
    (Topic::SexLife, "Sie ist eine trans Frau."),
    (Topic::SexLife, "My boyfriend and I are both bi"),
    (Topic::SexLife, "He came out as gay last year."),
    (Topic::SexLife, "Happy Pride Month 🏳️‍🌈"),
    (Topic::SexLife, "they're nonbinary, use their pronouns"),
    (Topic::Union, "Seit 1998 Mitglied der IG Metall."),
    (Topic::Union, "Wir streiken morgen wieder, Warnstreik im ÖPNV."),
    (Topic::Union, "Bin in den Betriebsrat gewählt worden."),
    (Topic::Union, "Bei ver.di organisiert, und du?"),
    (Topic::Union, "Joined the Teamsters last week."),
    (Topic::Union, "Our shop voted to unionize."),
    (Topic::Union, "See you on the picket line"),
    (Topic::Union, "My union rep told me not to sign."),
    (Topic::Ethnicity, "Meine Eltern kamen als Gastarbeiter aus der Türkei."),
    (Topic::Ethnicity, "Als Schwarze Frau in Sachsen erlebe ich das täglich."),
    (Topic::Ethnicity, "Wir Kurden haben kein Land."),
    (Topic::Ethnicity, "Wegen seiner Hautfarbe wurde er kontrolliert."),
    (Topic::Ethnicity, "As an Asian American I felt seen."),
    (Topic::Ethnicity, "She is Cherokee, proudly Native American."),
    (Topic::Ethnicity, "I'm half Nigerian, half Irish"),
    (Topic::Ethnicity, "mixed-race kid in a white town"),
];

/// Sentences without any.
const PLAIN: [&str; 16] = [
    "Der Zug hat wieder zwanzig Minuten Verspätung.",
    "Rezept für Apfelkuchen: 200 g Mehl, 100 g Butter.",
    "Heute Abend Training, wer ist dabei?",
    "Das Update hat meinen Drucker zerlegt.",
    "Schöner Sonnenuntergang am See.",
    "Suche Wohnung in Leipzig, zwei Zimmer.",
    "Neue Folge unseres Podcasts ist online.",
    "Die Tomaten werden dieses Jahr nichts.",
    "My cat knocked over the lamp again.",
    "Does anyone know how to mount an ISO file?",
    "Great game last night, what a goal!",
    "New blog post about Rust iterators.",
    "Coffee first, then email.",
    "Anyone selling two tickets for tonight?",
    "It rained all weekend.",
    "This keyboard is way too loud.",
];

#[test]
fn sentences_about_a_category_are_marked_and_others_are_not() {
    let screen = Screen::built_in();
    let missed: Vec<_> = ABOUT.iter().filter(|(topic, text)| !screen.hits(text).has(*topic)).collect();
    assert!(missed.is_empty(), "missed: {missed:#?}");
    let vain: Vec<_> = PLAIN.iter().filter(|text| !screen.hits(text).is_empty()).collect();
    assert!(vain.is_empty(), "marked in vain: {vain:#?}");
}

/// Words that stand in nearly every text.
const COMMON: &str = "der die das und in zu den ist nicht von sie mit dem sich des auf für als an es auch werden aus er hat dass eine nach wird bei einer \
um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde sei wenn ihm ihn ihr ihre dann unter wir soll ich \
eines kann gegen vom können schon hier alle wieder meine zwei dies ohne noch nun gut sehr immer ja nein mal heute morgen gestern jetzt da wo was wer warum \
mich dich uns euch mir dir machen gehen kommen sagen sehen wollen müssen sollen dürfen geben nehmen bleiben stehen liegen heißt weil denn doch etwas nichts \
viel wenig groß klein neu alt lange kurz jahr tag stunde std woche monat zeit mann frau kind haus auto stadt land welt leben arbeit frage uhr herr seite eid \
modi the of and to a in is it you that he was for on are with as his they be at one have this from or had by not but what all were we when your can said there \
use an each which she do how their if will up other about out many then them these so some her would make like him into time has look two more write go see \
number no way could people my than first been call who its now find long down day did get come made may part add ads ms dem std sind ill als sin";

#[test]
fn common_words_mark_nothing() {
    let screen = Screen::built_in();
    // `ill` and `sin` are words of the lists: a text of nothing else is about them.
    let vain: Vec<&str> =
        COMMON.split_whitespace().filter(|w| !matches!(*w, "ill" | "sin") && !screen.hits(w).is_empty()).collect();
    assert!(vain.is_empty(), "marked in vain: {vain:?}");
    assert!(screen.hits("Das Buch liegt auf dem Tisch, und wir sind im Garten.").is_empty());
}
