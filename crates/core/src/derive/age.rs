//! Ages: birthdays at midnight UTC, corrections, and what follows for consents.

use crate::derive::{Context, Fact};
use crate::history::{PersonHistory, What};
use crate::person::midnight;
use crate::table::Facts;
use crate::time::Micros;

/// What is known of a person's age at the time asked about and at the moment of execution.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Age {
    /// Nothing, or it was taken back.
    Unknown,
    /// Born on this day, counted from 1970-01-01.
    Born(i32),
    /// Certainly this old.
    AtLeast(u8),
}

/// Midnight UTC of a birthday; who was born on 29 February has it on 1 March in other years.
#[must_use]
pub(crate) fn birthday(born: i32, years: u8) -> Micros {
    let (year, month, day) = civil(i64::from(born));
    let year = year + i64::from(years);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (month, day) = if month == 2 && day == 29 && !leap { (3, 1) } else { (month, day) };
    midnight(i32::try_from(days(year, month, day)).unwrap_or(i32::MAX))
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
fn civil(day: i64) -> (i64, i64, i64) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

/// The inverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

impl Age {
    /// The stricter of what was known at T and what is known now.
    pub(crate) fn of(history: &PersonHistory, ctx: &Context<'_>) -> Self {
        let info = &history.info;
        let listed =
            info.born.map_or_else(|| info.age_band.map_or(Self::Unknown, |b| Self::AtLeast(b.at_least())), Self::Born);
        let (mut then, mut now) = (listed, listed);
        for act in history.acts().iter().filter(|a| ctx.knows(a)) {
            let What::Age(born) = act.what else { continue };
            now = born.map_or(Self::Unknown, Self::Born);
            if act.received <= ctx.from() {
                then = now;
            }
        }
        match (then, now) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Born(a), Self::Born(b)) => Self::Born(a.max(b)),
            // A band that a birth date replaced: whoever reaches fewer years certainly.
            (Self::AtLeast(_), born @ Self::Born(_)) | (born @ Self::Born(_), Self::AtLeast(_)) => born,
            (Self::AtLeast(a), Self::AtLeast(b)) => Self::AtLeast(a.min(b)),
        }
    }

    /// Whether this many years are certainly reached at an instant.
    pub(crate) fn reached(self, years: u8, at: Micros) -> bool {
        match self {
            Self::Unknown => false,
            Self::Born(day) => {
                // A year has 365 or 366 days; the birthday itself is asked for only where that leaves it open.
                let after = |days: i32| midnight(day.saturating_add(days * i32::from(years)));
                after(366) <= at || after(365) <= at && birthday(day, years) <= at
            }
            Self::AtLeast(least) => least >= years,
        }
    }

    /// Whether this many years are certainly reached at T.
    pub(crate) fn reached_now(self, years: u8, ctx: &Context<'_>) -> bool {
        match self {
            Self::Born(day) => ctx.ages.reached(day, years, ctx.from()),
            Self::Unknown | Self::AtLeast(_) => self.reached(years, ctx.from()),
        }
    }

    /// Whether a consent given at `given` by somebody this old counts at T.
    ///
    /// One given before the eighteenth birthday ends with it; before it, the person must have been
    /// old enough for an own consent, or a guardian must have given it.
    pub(crate) fn consent_counts(self, given: Micros, ctx: &Context<'_>, own_age: u8, by_guardian: bool) -> bool {
        match self {
            Self::Unknown => true,
            Self::Born(_) if self.reached_now(18, ctx) => self.reached(18, given),
            _ => by_guardian || self.reached(own_age, given),
        }
    }

    pub(crate) fn facts(self, ctx: &Context<'_>, own_age: u8, created: Micros) -> Facts {
        let mut facts = Facts::default();
        facts.insert_if(Fact::AgeKnown, !matches!(self, Self::Unknown));
        facts.insert_if(Fact::AgeTrainable, self.reached_now(ctx.training_age, ctx));
        facts.insert_if(Fact::AgeAdult, self.reached_now(18, ctx));
        facts.insert_if(Fact::AgeOwnConsent, self.reached_now(own_age, ctx));
        facts.insert_if(Fact::AgeOver13, self.reached_now(13, ctx));
        facts.insert_if(Fact::AgeOver16, self.reached_now(16, ctx));
        facts.insert_if(Fact::MadeTrainable, self.reached(ctx.training_age, created));
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::day_of;

    #[test]
    fn birthdays_are_at_midnight_and_leap_days_wait() {
        for (born, years, want) in [
            ("2008-05-01", 18, "2026-05-01"),
            ("2008-02-29", 18, "2026-03-01"),
            ("2008-02-29", 16, "2024-02-29"),
            ("1969-12-31", 13, "1982-12-31"),
        ] {
            let day = day_of(Micros::parse(born).unwrap());
            assert_eq!(birthday(day, years), Micros::parse(want).unwrap(), "{born} + {years}");
        }
    }

    #[test]
    fn an_age_is_reached_on_the_birthday_and_not_before() {
        for day in (-30_000..20_000).step_by(17).chain([-3_960, 60, 789, 11_016]) {
            for years in [0, 1, 4, 13, 16, 18, 99] {
                let at = birthday(day, years);
                let reached = |at| Age::Born(day).reached(years, at);
                assert!(reached(at) && !reached(Micros(at.0 - 1)), "{day} + {years}");
                assert!(reached(Micros::NEVER) && !reached(Micros::DISTANT_PAST), "{day} + {years}");
            }
        }
    }
}
