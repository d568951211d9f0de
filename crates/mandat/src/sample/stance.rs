//! What a person decided about training, and the events that say so.

use mandat_core::event::{Categories, EventKind, EventLine, Range, Verified, Words};
use mandat_core::time::{DAY, Micros};
use mandat_core::vocab::{Category, Method, SignalAuth, SignalSource, Special};

use super::rng::Rng;

/// A choice, or the lack of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stance {
    /// A valid yes to everything.
    Consent,
    /// A valid yes to public posts, replies and quotes.
    ConsentPosts,
    /// A valid yes that names health and politics too.
    ConsentExplicit,
    /// Yes, but to ranking.
    OtherPurpose,
    PreTicked,
    Expired,
    Bundled,
    /// Told, and silent.
    Silent,
    /// Never told.
    NoNotice,
    /// The mail came back.
    Bounced,
    /// Told in a language they do not use.
    WrongLanguage,
    Refused,
    Withdrawn,
    Objected,
    ObjectionPending,
    /// Somebody without an account objects for what is said about them.
    ObjectionByOther,
    /// Yes, but not these months.
    ObjectedSpan,
    Erased,
    Restricted,
    /// Their browser sends Global Privacy Control.
    Gpc,
}

/// How often each is chosen, in a thousand.
pub(crate) const STANCES: &[(Stance, u32)] = &[
    (Stance::Consent, 500),
    (Stance::ConsentPosts, 60),
    (Stance::ConsentExplicit, 40),
    (Stance::OtherPurpose, 30),
    (Stance::PreTicked, 25),
    (Stance::Expired, 25),
    (Stance::Bundled, 10),
    (Stance::Silent, 110),
    (Stance::NoNotice, 25),
    (Stance::Bounced, 8),
    (Stance::WrongLanguage, 8),
    (Stance::Refused, 35),
    (Stance::Withdrawn, 30),
    (Stance::Objected, 48),
    (Stance::ObjectionPending, 8),
    (Stance::ObjectedSpan, 12),
    (Stance::Erased, 8),
    (Stance::Restricted, 6),
    (Stance::Gpc, 12),
];

/// Whom and what the events of one account are about.
pub(crate) struct Setting<'a> {
    pub(crate) platform: &'a str,
    pub(crate) account: &'a str,
    pub(crate) language: &'a str,
    /// Id of the notice.
    pub(crate) notice: &'a str,
    /// Id of a notice that only covers ranking.
    pub(crate) other_notice: &'a str,
    /// When the notice was sent at the earliest.
    pub(crate) told: Micros,
    /// No event is received after this.
    pub(crate) until: Micros,
}

impl Setting<'_> {
    /// The events of a stance, in no particular order.
    pub(crate) fn events(&self, stance: Stance, rng: &mut Rng) -> Vec<EventLine> {
        let told = self.moment(self.told, 20, rng);
        let acted = self.moment(told.plus_days(1), 330, rng);
        let later = self.moment(acted.plus_days(7), 120, rng);
        let mut events = self.notice(stance, told);
        match stance {
            Stance::Silent | Stance::NoNotice | Stance::Bounced | Stance::WrongLanguage => {}
            Stance::Objected => {
                // Some had said yes before.
                events.extend(rng.chance(50.0).then(|| self.consent(acted)));
                events.push(self.restrictive(EventKind::Object, later));
            }
            Stance::ObjectionPending => {
                let mut event = self.restrictive(EventKind::Object, self.moment(self.until.plus_days(-20), 15, rng));
                event.verified = Some(Verified::Pending);
                events.extend([self.consent(acted), event]);
            }
            Stance::ObjectionByOther => {
                let mut event = self.restrictive(EventKind::Object, later);
                event.by = Some("a neighbour without an account".into());
                events.extend([self.consent(acted), event]);
            }
            Stance::Refused => events.push(self.restrictive(EventKind::Refuse, acted)),
            Stance::Withdrawn => events.extend([self.consent(acted), self.restrictive(EventKind::Withdraw, later)]),
            Stance::ObjectedSpan => {
                let mut event = self.restrictive(EventKind::Object, later);
                event.created = Some(Range { from: Some(told.plus_days(-200)), to: Some(told.plus_days(-80)) });
                events.extend([self.consent(acted), event]);
            }
            Stance::Erased => events.extend([self.consent(acted), self.plain(EventKind::Erase, later)]),
            Stance::Restricted => {
                let mut event = self.plain(EventKind::Restrict, later);
                event.by = Some("subject".into());
                events.extend([self.consent(acted), event]);
            }
            Stance::Gpc => events.extend([self.consent(acted), self.gpc(later)]),
            _ => events.push(self.variant(stance, acted)),
        }
        events
    }

    /// A consent and what may be wrong with it.
    fn variant(&self, stance: Stance, at: Micros) -> EventLine {
        let mut event = self.consent(at);
        match stance {
            Stance::ConsentPosts => {
                let posts = [Category::Post, Category::Reply, Category::Quote];
                event.categories = Some(Categories(posts.into_iter().fold(0, |set, c| set | Categories::one(c).0)));
            }
            Stance::ConsentExplicit => event.explicit = Some(vec![Special::Health, Special::Politics]),
            Stance::OtherPurpose => {
                event.purposes = Some(Words::one("train_ranking"));
                event.notice = Some(self.other_notice.into());
            }
            Stance::PreTicked => event.method = Some(Method::PreTicked),
            Stance::Expired => event.expires = Some("P30D".into()),
            Stance::Bundled => event.bundled = Some(true),
            _ => {}
        }
        event
    }

    fn notice(&self, stance: Stance, told: Micros) -> Vec<EventLine> {
        if stance == Stance::NoNotice {
            return Vec::new();
        }
        let mut event = self.plain(EventKind::NoticeDelivered, told);
        event.notice = Some(self.notice.into());
        event.channel = Some("email".into());
        let language = if stance == Stance::WrongLanguage { "fr" } else { self.language };
        event.language = Some(language.into());
        event.separate_objection = Some(true);
        event.bounced = (stance == Stance::Bounced).then_some(true);
        let mut events = vec![event];
        if stance == Stance::OtherPurpose {
            let mut other = events[0].clone();
            other.notice = Some(self.other_notice.into());
            other.received = Micros(other.received.0 + 1_000_000);
            events.push(other);
        }
        events
    }

    fn consent(&self, at: Micros) -> EventLine {
        let mut event = self.plain(EventKind::Consent, at);
        event.purposes = Some(Words::one("train_generative"));
        event.categories = Some(Categories::ALL);
        event.recipients = Some(Words::one("first_party"));
        event.notice = Some(self.notice.into());
        event.method = Some(Method::ActiveToggle);
        event
    }

    fn restrictive(&self, kind: EventKind, at: Micros) -> EventLine {
        let mut event = self.plain(kind, at);
        event.purposes = Some(Words::one("ai_training"));
        event
    }

    fn gpc(&self, at: Micros) -> EventLine {
        let mut event = self.plain(EventKind::Signal, at);
        event.source = Some(SignalSource::Gpc);
        event.raw = Some("Sec-GPC: 1".into());
        event.auth = Some(SignalAuth::Account);
        event
    }

    /// An event of this account with nothing else said.
    pub(crate) fn plain(&self, kind: EventKind, at: Micros) -> EventLine {
        let mut event = EventLine::new(kind, at);
        event.platform = Some(self.platform.into());
        event.account = Some(self.account.into());
        if matches!(kind, EventKind::Consent | EventKind::Object | EventKind::Refuse | EventKind::Withdraw) {
            event.channel = Some("web".into());
        }
        event
    }

    /// A moment within some days of another, before the end of the sample, on whole seconds.
    fn moment(&self, from: Micros, days: i64, rng: &mut Rng) -> Micros {
        let at = from.0 + rng.between(0, days * DAY / 1_000_000) * 1_000_000;
        Micros(at.min(self.until.0 - 60_000_000).max(self.told.0))
    }
}
