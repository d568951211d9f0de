//! What a network holds beside posts: messages, photos, profiles, careers, guesses, a face template.

use mandat_core::record::Record;
use mandat_core::time::{DAY, Micros};
use mandat_core::vocab::{Audience, Category, Flag, Provenance, Special};

use super::cast::{Kind, Member, Tongue};
use super::grammar::Bound;
use super::threads::{Threads, blank, draft, photo};
use super::voice::say;

impl Threads<'_> {
    /// Everything that is not part of a public thread.
    pub(super) fn write_rare(&mut self) {
        let scale = self.options.records;
        self.conversations(scale / 60, Category::DirectMessage);
        self.conversations(scale / 130, Category::GroupMessage);
        self.photos(scale / 50);
        for author in 0..self.members.len() {
            self.profile(author);
        }
        for author in (0..self.members.len()).step_by(5) {
            self.career(author);
        }
        for author in (1..self.members.len()).step_by(9) {
            self.guess(author);
        }
        self.face(12.min(self.members.len() - 1));
    }

    fn conversations(&mut self, count: usize, category: Category) {
        let (key, audience) = match category {
            Category::GroupMessage => ("group", Audience::Group),
            _ => ("dm", Audience::Private),
        };
        for _ in 0..count {
            let at = self.moment();
            let author = self.rng.below(self.members.len());
            let member = &self.members[author];
            if member.kind != Kind::Natural || member.joined > at.0 / DAY || member.friends.is_empty() {
                continue;
            }
            let others = if key == "dm" { 1 } else { 3 };
            let mut record = blank(member, category, at);
            let text = say(self.grammar(member.tongue), "*", key, &member.style, &mut Bound::default(), &mut self.rng);
            (record.text, record.audience) = (Some(text), audience);
            record.participants = std::iter::once(author)
                .chain(member.friends.iter().copied().take(others))
                .map(|index| self.members[index].account.clone())
                .collect();
            self.drafts.push(draft(record, author));
        }
    }

    fn photos(&mut self, count: usize) {
        for number in 0..count {
            let at = self.moment();
            let author = self.rng.below(self.members.len());
            let member = &self.members[author];
            if member.joined > at.0 / DAY || member.friends.is_empty() {
                continue;
            }
            let category = if number % 2 == 0 { Category::Photo } else { Category::Caption };
            let mut record = blank(member, category, at);
            let theme = *self.rng.pick(&member.themes);
            let text =
                say(self.grammar(member.tongue), theme, "post", &member.style, &mut Bound::default(), &mut self.rng);
            let tagged =
                if self.rng.chance(30.0) { vec![self.members[member.friends[0]].account.clone()] } else { vec![] };
            record.text = Some(text);
            record.media.push(photo(&mut self.rng, tagged));
            self.drafts.push(draft(record, author));
        }
    }

    fn profile(&mut self, author: usize) {
        let member = &self.members[author];
        let joiner = if member.tongue == Tongue::German { "Hier geht es um" } else { "Mostly about" };
        let text = format!("{joiner} {}. @{}", member.themes.join(", "), member.handle);
        self.provide(author, Category::Profile, Provenance::Provided, text, member.joined);
    }

    fn career(&mut self, author: usize) {
        if self.members[author].kind != Kind::Natural {
            return;
        }
        let jobs = match self.members[author].tongue {
            Tongue::German => ["Lagerlogistik", "Röstmeisterin", "Pflegefachkraft", "Busfahrer", "Erzieherin"],
            Tongue::English => ["warehouse lead", "nurse", "bus driver", "roaster", "primary teacher"],
        };
        let joined = self.members[author].joined;
        let from = 2008 + self.rng.below(10);
        let text = format!("{from}–{}: {}", from + 2 + self.rng.below(8), self.rng.pick(&jobs));
        self.provide(author, Category::CareerPosition, Provenance::Provided, text, joined + 3);
        if self.rng.chance(50.0) {
            let skill = (*self.rng.pick(&["Excel", "first aid", "forklift", "Gebärdensprache", "barista"])).to_owned();
            self.provide(author, Category::CareerSkill, Provenance::Provided, skill, joined + 3);
        }
    }

    fn guess(&mut self, author: usize) {
        let text = format!("interest: {}", self.members[author].themes[0]);
        let joined = self.members[author].joined;
        self.provide(author, Category::Inferred, Provenance::Inferred, text, joined + 60);
        let record = self.drafts.last_mut().expect("just added");
        record.record.audience = Audience::Private;
    }

    fn face(&mut self, author: usize) {
        let mut record = self.at_day(author, self.members[author].joined + 10, Category::BiometricFace);
        (record.audience, record.provenance, record.lang) = (Audience::Private, Provenance::Observed, None);
        record.flags.push(Flag::Biometric);
        record.special.push(Special::Biometric);
        self.drafts.push(draft(record, author));
    }

    fn provide(&mut self, author: usize, category: Category, provenance: Provenance, text: String, day: i64) {
        let mut record = self.at_day(author, day, category);
        (record.provenance, record.text) = (provenance, Some(text));
        self.drafts.push(draft(record, author));
    }

    fn at_day(&mut self, author: usize, day: i64, category: Category) -> Record {
        let day = day.clamp(self.options.first_day(), self.options.until_day() - 2);
        let at = Micros(day * DAY + self.rng.between(8 * 3600, 20 * 3600) * 1_000_000);
        blank(&self.members[author], category, at)
    }

    /// Later versions of some records: a corrected text, or a deletion.
    pub(super) fn versions(&mut self, records: &[Record], members: &[Member]) -> Vec<Record> {
        let mut later = Vec::new();
        for record in records.iter().filter(|r| matches!(r.category, Category::Post | Category::Reply)) {
            let age = self.rng.between(120, 60 * 60 * 30) * 1_000_000;
            let at = Micros((record.created_at.0 + age).min(self.options.until.0 - 1_000_000));
            let mut version = record.clone();
            version.collected_at = Some(Micros(at.0 + 2_000_000));
            match self.rng.weighted(&[(0, 980), (1, 12), (2, 8)]) {
                1 => {
                    let author = members.iter().find(|m| m.account == record.account).expect("written by a member");
                    let grammar = self.grammar(author.tongue);
                    let note = grammar.sentence("*", "edit", &mut Bound::default(), &mut self.rng);
                    version.text = Some(format!("{} {note}", record.text.as_deref().unwrap_or_default()));
                    version.edited_at = Some(at);
                }
                2 => {
                    (version.text, version.deleted_at) = (None, Some(at));
                    version.quoted_text.clear();
                }
                _ => continue,
            }
            later.push(version);
        }
        later
    }
}
