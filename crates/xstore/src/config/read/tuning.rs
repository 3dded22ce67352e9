//! Times, repetitions and limits.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use xstore_core::Settings;
use xstore_core::backend::layer::{Limits, Timeouts};
use xstore_core::backend::retry::RetryPolicy;

use crate::config::read::schema;
use crate::config::walk::{Section, Walk};

/// Operations at once on one backend, where limits are set but not this one.
pub(in crate::config) const CONCURRENCY: NonZeroUsize = NonZeroUsize::new(16).unwrap();
/// The default of `timeouts.attempt`.
const ATTEMPT: Duration = Duration::from_secs(30);
/// The default of `timeouts.min-rate`, in bytes a second.
const MIN_RATE: NonZeroU64 = NonZeroU64::new(64 << 10).unwrap();
/// No single wait is longer.
const DAY: Duration = Duration::from_secs(86_400);
/// Parts that a put has under way at once: so many shares wait for the line of one backend.
const PARTS_AT_ONCE: u64 = 2;

/// Reads all that says when and how often something is done.
pub(super) fn tune(walk: &mut Walk<'_>, root: &Section<'_>, settings: &mut Settings) {
    timeouts(walk, root, settings);
    retry(walk, root, settings);
    hedge(walk, root, settings);
    breaker(walk, root, settings);
}

fn timeouts(walk: &mut Walk<'_>, root: &Section<'_>, settings: &mut Settings) {
    let section = root.section(walk, "timeouts").only(walk, schema::TIMEOUTS);
    let attempt = duration(walk, &section, "attempt").unwrap_or(ATTEMPT);
    let rate = section.field("min-rate").and_then(|field| field.rate(walk)).unwrap_or(MIN_RATE);
    settings.timeouts = Timeouts::new(attempt, rate);
    set(&mut settings.share_deadline, duration(walk, &section, "share"));
    set(&mut settings.grace, duration(walk, &section, "grace"));
}

fn retry(walk: &mut Walk<'_>, root: &Section<'_>, settings: &mut Settings) {
    let section = root.section(walk, "retry").only(walk, schema::RETRY);
    let default = settings.retry;
    let attempts = section.field("attempts").and_then(|field| field.integer(walk, 1..=100));
    let factor = section.field("factor").and_then(|field| field.integer(walk, 1..=100));
    let initial = duration(walk, &section, "initial-delay");
    let longest = duration(walk, &section, "max-delay");
    let policy = RetryPolicy::new(
        attempts.unwrap_or(default.max_attempts()),
        initial.unwrap_or(default.initial_delay()),
        factor.unwrap_or(default.factor()),
        longest.unwrap_or(default.max_delay()),
    );
    match policy {
        Ok(policy) => settings.retry = policy,
        // The numbers are in order, so it is one of the delays.
        Err(reason) => {
            if let Some(field) = section.field("initial-delay").or_else(|| section.field("max-delay")) {
                walk.refuse(&field, reason);
            }
        }
    }
}

fn hedge(walk: &mut Walk<'_>, root: &Section<'_>, settings: &mut Settings) {
    let section = root.section(walk, "hedge").only(walk, schema::HEDGE);
    let hedge = &mut settings.hedge;
    set(&mut hedge.initial, duration(walk, &section, "initial"));
    set(&mut hedge.min, duration(walk, &section, "min"));
    set(&mut hedge.max, duration(walk, &section, "max"));
    set(&mut hedge.factor, section.field("factor").and_then(|field| field.positive(walk)));
    if hedge.min > hedge.max
        && let Some(field) = section.field("min").or_else(|| section.field("max"))
    {
        walk.refuse(&field, "hedge.min is at most hedge.max");
    }
}

fn breaker(walk: &mut Walk<'_>, root: &Section<'_>, settings: &mut Settings) {
    let section = root.section(walk, "breaker").only(walk, schema::BREAKER);
    let breaker = &mut settings.breaker;
    set(&mut breaker.threshold, section.field("threshold").and_then(|field| field.integer(walk, 1..=1000)));
    set(&mut breaker.cool_down, duration(walk, &section, "cool-down"));
    set(&mut breaker.max_cool_down, duration(walk, &section, "max-cool-down"));
    if breaker.cool_down > breaker.max_cool_down
        && let Some(field) = section.field("cool-down").or_else(|| section.field("max-cool-down"))
    {
        walk.refuse(&field, "breaker.cool-down is at most breaker.max-cool-down");
    }
}

/// Reads what each backend may be asked at most; none where nothing is said.
pub(super) fn limits(walk: &mut Walk<'_>, root: &Section<'_>) -> Option<Limits> {
    let section = root.section(walk, "limits").only(walk, schema::LIMITS);
    let concurrency = section.field("concurrency").and_then(|field| field.integer(walk, 1..=1000_u16));
    let concurrency = concurrency.and_then(|number| NonZeroUsize::new(number.into()));
    let up = section.field("up").and_then(|field| field.rate(walk));
    let down = section.field("down").and_then(|field| field.rate(walk));
    if concurrency.is_none() && up.is_none() && down.is_none() {
        return None;
    }
    let mut limits = Limits::new(concurrency.unwrap_or(CONCURRENCY));
    if let Some(up) = up {
        limits = limits.with_upload(up);
    }
    if let Some(down) = down {
        limits = limits.with_download(down);
    }
    Some(limits)
}

/// Refuses a line so narrow that every put would run out of time on it.
pub(super) fn require_time_to_upload(walk: &mut Walk<'_>, root: &Section<'_>, settings: &Settings) {
    if !walk.is_clean() {
        return;
    }
    let Some(field) = root.section(walk, "limits").field("up") else { return };
    let Some(rate) = field.rate(walk) else { return };
    // A share is about as long as its part.
    let seconds = (u64::from(settings.part) * PARTS_AT_ONCE).div_ceil(rate.get());
    if Duration::from_secs(seconds) > settings.share_deadline {
        let reason = format!(
            "at this rate it takes {seconds} s to send the shares of two parts, and timeouts.share is {} s: allow more \
             of either, or make part-size smaller",
            settings.share_deadline.as_secs()
        );
        walk.refuse(&field, reason);
    }
}

/// A duration of up to a day.
fn duration(walk: &mut Walk<'_>, section: &Section<'_>, name: &str) -> Option<Duration> {
    let field = section.field(name)?;
    let time = field.duration(walk)?;
    walk.checked(&field, if time <= DAY { Ok(time) } else { Err("it is at most a day") })
}

fn set<T>(to: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *to = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_a_store() {
        assert_eq!(Timeouts::new(ATTEMPT, MIN_RATE), Timeouts::default());
    }
}
