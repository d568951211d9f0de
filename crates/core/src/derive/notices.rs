//! Notices as a ground for legitimate interest: delivered, understood, naming the recipient, and
//! the time to object over.

use crate::derive::person::{Kind, Subject};
use crate::derive::{Context, Fact};
use crate::history::{Act, Delivery, PersonHistory, What};
use crate::notice::{Notice, same_language};
use crate::table::Facts;
use crate::time::Micros;

const EARLIER: u8 = 1;
const WINDOW: u8 = 2;
const RECIPIENT: u8 = 4;
const LANGUAGE: u8 = 8;

/// Whether the delivery was in a language that the text and, where known, the person have.
pub(crate) fn language_fits(history: &PersonHistory, notice: &Notice, delivery: &Delivery) -> bool {
    let Some(language) = &delivery.language else { return false };
    let reads = history.info.languages();
    notice.speaks(language) && (reads.is_empty() || reads.iter().any(|l| same_language(l, language)))
}

/// What the best of all notices lacks.
pub(crate) fn facts(subject: &Subject<'_>) -> Facts {
    if !subject.any(Kind::NOTICE) {
        return Facts::default();
    }
    let best = subject.acts().filter_map(|act| lacks(subject, act)).min();
    let mut facts = Facts::default();
    let Some(lacks) = best else { return facts };
    facts.insert(Fact::NoticeDelivered);
    facts.insert_if(Fact::NoticeLanguageWrong, lacks & LANGUAGE != 0);
    facts.insert_if(Fact::NoticeOtherRecipient, lacks & RECIPIENT != 0);
    facts.insert_if(Fact::NoticeWindowRunning, lacks & WINDOW != 0);
    facts.insert_if(Fact::EarlierUntold, lacks & EARLIER != 0);
    facts.insert_if(Fact::NoticeComplete, lacks == 0);
    facts
}

/// Whether one delivery alone is a ground: it lacks nothing.
pub(crate) fn is_ground(subject: &Subject<'_>, act: &Act) -> bool {
    lacks(subject, act) == Some(0)
}

/// What a delivery lacks; `None` if it is no delivery about this use, or had not happened at T.
fn lacks(subject: &Subject<'_>, act: &Act) -> Option<u8> {
    let What::Notice(delivery) = &act.what else { return None };
    let ctx = subject.ctx;
    let told = act.starts();
    if !delivery.reached || !delivery.separate || told > ctx.from() || told < subject.reborn {
        return None;
    }
    let announced = ctx.notice(delivery.notice)?;
    let notice = announced.notice;
    if !announced.purpose || !notice.categories.has(subject.category) {
        return None;
    }
    let waits = window_end(ctx, notice, told) > ctx.from();
    let mut lacks = 0;
    lacks |= if waits { WINDOW } else { 0 };
    lacks |= if announced.recipient { 0 } else { RECIPIENT };
    lacks |= if language_fits(subject.history, notice, delivery) { 0 } else { LANGUAGE };
    if subject.created < announced.effective.max(told) {
        let argued = ctx.compatible && notice.covers_earlier_records && !waits;
        lacks |= if argued { 0 } else { EARLIER };
    }
    if subject.promised_since(told) {
        lacks |= EARLIER;
    }
    Some(lacks)
}

/// When the time to object is over: at that instant it is.
pub(crate) fn window_end(ctx: &Context<'_>, notice: &Notice, told: Micros) -> Micros {
    notice.effective().max(told.plus_days(ctx.settings.notice_window_days))
}
