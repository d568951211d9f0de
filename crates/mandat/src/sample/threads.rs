//! What people post: threads that start somewhere, answers, quotes, reposts, copies, edits, deletions.

use std::collections::BTreeMap;

use mandat_core::record::{Media, QuotedSpan, Record};
use mandat_core::time::{DAY, Micros};
use mandat_core::vocab::{Audience, Category, Flag, Provenance, Special};

use super::cast::{COMPANY, Kind, Member, Tongue, Trait};
use super::grammar::{Bound, Grammar};
use super::rng::Rng;
use super::voice::{bind_contact, say};
use super::{Options, PLATFORM};

/// How a record refers to another one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Link {
    Reply(usize),
    Repost(usize),
    Quote(usize),
}

/// A record whose id, and that of what it refers to, is not fixed yet.
pub(super) struct Draft {
    pub(super) record: Record,
    pub(super) author: usize,
    pub(super) link: Option<Link>,
    theme: &'static str,
}

/// A record with the fields that every one has.
pub(super) fn blank(member: &Member, category: Category, created: Micros) -> Record {
    Record {
        id: String::new(),
        platform: PLATFORM.into(),
        account: member.account.clone(),
        handle: Some(member.handle.clone()),
        category,
        audience: if member.private { Audience::Followers } else { Audience::Public },
        created_at: created,
        collected_at: Some(Micros(created.0 + 2_000_000)),
        edited_at: None,
        deleted_at: None,
        participants: Vec::new(),
        provenance: Provenance::SelfPosted,
        text: None,
        lang: Some(member.tongue.tag().into()),
        in_reply_to: None,
        repost_of: None,
        quote_of: None,
        mentions: Vec::new(),
        quoted_text: Vec::new(),
        media: Vec::new(),
        org: None,
        flags: Vec::new(),
        special: Vec::new(),
    }
}

/// Writes threads until there are as many records as wanted.
pub(super) struct Threads<'a> {
    pub(super) options: &'a Options,
    pub(super) members: &'a [Member],
    pub(super) grammars: &'a [Grammar; 2],
    pub(super) drafts: Vec<Draft>,
    pub(super) rng: Rng,
    pub(super) weights: Vec<f64>,
}

impl<'a> Threads<'a> {
    pub(super) fn new(options: &'a Options, members: &'a [Member], grammars: &'a [Grammar; 2]) -> Self {
        let mut sum = 0.0;
        let weights = members.iter().map(|m| {
            sum += m.weight;
            sum
        });
        let weights = weights.collect();
        Self { options, members, grammars, drafts: Vec::new(), rng: Rng::new(options.seed, "threads"), weights }
    }

    /// Starts threads until `wanted` drafts exist.
    pub(super) fn write(&mut self, wanted: usize) {
        while self.drafts.len() < wanted {
            let at = self.moment();
            let author = self.author(at);
            self.thread(author, at, wanted);
        }
    }

    pub(super) const fn grammar(&self, tongue: Tongue) -> &'a Grammar {
        match tongue {
            Tongue::German => &self.grammars[0],
            Tongue::English => &self.grammars[1],
        }
    }

    /// A moment of the three years, more of them lately, hardly any at night.
    pub(super) fn moment(&mut self) -> Micros {
        let days = self.options.until_day() - self.options.first_day() - 3;
        let share = self.rng.unit().max(self.rng.unit() * 0.8);
        let day = self.options.first_day() + (share * days as f64) as i64;
        let hour = self.rng.weighted(&[
            (0, 1),
            (6, 4),
            (7, 8),
            (8, 7),
            (10, 6),
            (12, 9),
            (15, 6),
            (18, 10),
            (20, 14),
            (22, 7),
        ]);
        Micros(day * DAY + (hour * 3600 + self.rng.between(0, 7000)) * 1_000_000)
    }

    fn author(&mut self, at: Micros) -> usize {
        let total = self.weights.last().copied().unwrap_or(0.0);
        for _ in 0..64 {
            let point = self.rng.unit() * total;
            let index = self.weights.partition_point(|w| *w <= point).min(self.members.len() - 1);
            if self.members[index].joined <= at.0 / DAY {
                return index;
            }
        }
        0
    }

    fn thread(&mut self, author: usize, at: Micros, wanted: usize) {
        let member = &self.members[author];
        let grammar = self.grammar(member.tongue);
        let theme = *self.rng.pick(&member.themes);
        let mut bound = Bound::default();
        bind_contact(&mut bound, &member.handle, member.tongue, &mut self.rng);
        let key = self.rng.weighted(&[("post", 965), ("contact", 22), ("chain", 13)]);
        let mut text = say(grammar, theme, key, &member.style, &mut bound, &mut self.rng);
        let mut record = blank(member, Category::Post, at);
        if key == "post" && self.rng.chance(2.0) {
            text = self.pasted(text);
        }
        if key == "post" && self.rng.chance(7.0) {
            self.name_friend(author, &mut record, &mut text);
        }
        record.text = Some(text);
        self.colour(author, theme, &mut record);
        self.drafts.push(Draft { record, author, link: None, theme });
        self.answers(self.drafts.len() - 1, &mut bound, wanted);
    }

    /// Somebody else's public post, pasted as one's own.
    fn pasted(&mut self, own: String) -> String {
        let copied = self.rng.below(self.drafts.len());
        let record = &self.drafts[copied].record;
        let public = record.category == Category::Post && record.audience == Audience::Public;
        record.text.clone().filter(|_| public).unwrap_or(own)
    }

    /// Adds a friend at the end, as people do.
    fn name_friend(&mut self, author: usize, record: &mut Record, text: &mut String) {
        let Some(friend) = self.friend(author) else { return };
        let friend = &self.members[friend];
        let word = match self.members[author].tongue {
            Tongue::German => self.rng.pick(&["mit", "Gruß an", "danke"]),
            Tongue::English => self.rng.pick(&["with", "hi", "thanks"]),
        };
        text.push_str(&format!(" {word} @{}", friend.handle));
        record.mentions.push(friend.account.clone());
    }

    fn friend(&mut self, of: usize) -> Option<usize> {
        let friends = &self.members[of].friends;
        if friends.is_empty() { None } else { Some(*self.rng.pick(friends)) }
    }

    /// Audience, language, special categories, organisation: what the platform knows beside the text.
    fn colour(&mut self, author: usize, theme: &str, record: &mut Record) {
        let member = &self.members[author];
        let audience = self.rng.weighted(&[
            (None, 950),
            (Some(Audience::Followers), 28),
            (Some(Audience::Private), 12),
            (Some(Audience::Unknown), 10),
        ]);
        if let Some(audience) = audience {
            record.audience = audience;
        }
        if self.rng.chance(9.0) {
            record.lang = None;
        }
        let special: Option<Special> =
            self.grammar(member.tongue).one(theme, "special", &mut self.rng).and_then(|word| word.parse().ok());
        if let Some(special) = special.filter(|_| self.rng.chance(70.0)) {
            record.special.push(special);
            record.flags.push(Flag::Art9);
        }
        if member.quality == Trait::Staff && self.rng.chance(30.0) || member.kind == Kind::Page {
            record.org = Some(COMPANY.into());
        }
        if member.quality == Trait::AgeUnknown && self.rng.chance(20.0) {
            record.flags.push(Flag::MinorSuspected);
        }
    }

    fn answers(&mut self, root: usize, bound: &mut Bound, wanted: usize) {
        let mut last = root;
        while self.rng.chance(54.0) && self.drafts.len() < wanted {
            let parent = if self.rng.chance(55.0) { root } else { last };
            let kind = self.rng.weighted(&[("reply", 84), ("repost", 8), ("quote", 8)]);
            let Some(draft) = self.answer(parent, kind, bound) else { return };
            self.drafts.push(draft);
            if kind == "reply" {
                last = self.drafts.len() - 1;
            }
        }
    }

    fn answer(&mut self, parent: usize, kind: &str, bound: &mut Bound) -> Option<Draft> {
        let asked = self.drafts[parent].author;
        let author = self.friend(asked)?;
        let created = self.drafts[parent].record.created_at;
        let at = Micros(created.0 + self.rng.between(40, 60 * 60 * 20) * 1_000_000);
        let member = &self.members[author];
        if member.joined > at.0 / DAY {
            return None;
        }
        let theme = self.drafts[parent].theme;
        // A German in an English thread has their own words for it.
        let (theme, mut own) = if member.tongue == self.members[asked].tongue {
            (theme, bound.clone())
        } else {
            (*self.rng.pick(&member.themes), Bound::default())
        };
        let category = match kind {
            "repost" => Category::Repost,
            "quote" => Category::Quote,
            _ if self.members[asked].kind == Kind::Page => Category::Comment,
            _ => Category::Reply,
        };
        let mut record = blank(member, category, at);
        match kind {
            "repost" => self.repost(parent, &mut record),
            _ => {
                let text = say(self.grammar(member.tongue), theme, kind, &member.style, &mut own, &mut self.rng);
                record.text = Some(self.address(parent, text, &mut record));
                self.colour(author, theme, &mut record);
            }
        }
        *bound = if member.tongue == self.members[asked].tongue { own } else { bound.clone() };
        let link = match kind {
            "repost" => Link::Repost(parent),
            "quote" => Link::Quote(parent),
            _ => Link::Reply(parent),
        };
        Some(Draft { record, author, link: Some(link), theme })
    }

    fn repost(&self, parent: usize, record: &mut Record) {
        let original = &self.drafts[parent].record;
        let head = format!("RT @{}: ", self.members[self.drafts[parent].author].handle);
        let text = original.text.clone().unwrap_or_default();
        record.quoted_text.push(span(&head, &text, &original.account));
        record.lang.clone_from(&original.lang);
        record.text = Some(head + &text);
    }

    /// Says whom an answer is for, and sometimes cites what it answers.
    fn address(&mut self, parent: usize, text: String, record: &mut Record) -> String {
        let asked = &self.members[self.drafts[parent].author];
        if self.rng.chance(18.0) {
            record.mentions.push(asked.account.clone());
            return format!("@{} {text}", asked.handle);
        }
        if self.rng.chance(4.0) {
            let original = self.drafts[parent].record.text.clone().unwrap_or_default();
            let cited: String = original.chars().take(60).collect();
            record.quoted_text.push(span("„", &cited, &asked.account));
            return format!("„{cited}“ – {text}");
        }
        text
    }
}

fn span(before: &str, quoted: &str, account: &str) -> QuotedSpan {
    let count = |text: &str| u32::try_from(text.chars().count()).expect("a post is short");
    QuotedSpan { start: count(before), end: count(before) + count(quoted), account: Some(account.into()) }
}

/// Puts drafts in order of time and gives ids, so that a later record has a later id.
pub(super) fn settle(drafts: Vec<Draft>) -> Vec<Record> {
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|i| (drafts[*i].record.created_at, *i));
    let ids: BTreeMap<usize, String> = order.iter().enumerate().map(|(n, i)| (*i, format!("p{:06}", n + 1))).collect();
    let mut records: Vec<Record> = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.into_iter().enumerate() {
        let mut record = draft.record;
        record.id.clone_from(&ids[&index]);
        match draft.link {
            Some(Link::Reply(parent)) => record.in_reply_to = Some(ids[&parent].clone()),
            Some(Link::Repost(parent)) => record.repost_of = Some(ids[&parent].clone()),
            Some(Link::Quote(parent)) => record.quote_of = Some(ids[&parent].clone()),
            None => {}
        }
        records.push(record);
    }
    records.sort_by(|a, b| a.id.cmp(&b.id));
    records
}

/// A picture, its caption and who is tagged.
pub(super) fn photo(rng: &mut Rng, tagged: Vec<String>) -> Media {
    Media {
        kind: "photo".into(),
        url: Some(format!("https://media.example.org/{:08x}.jpg", rng.next() as u32)),
        sha256: None,
        tagged,
    }
}

pub(super) fn draft(record: Record, author: usize) -> Draft {
    Draft { record, author, link: None, theme: "*" }
}
