//! Durations, sizes and rates as text: a whole number with its unit, such as `30s`, `8MiB` and `1MiB/s`.
//!
//! One number and one unit, without a sign, a fraction or a space: what a person reads is what is meant.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

/// The longest duration that is read: 100 years of 365 days.
pub const MAX_DURATION: Duration = Duration::from_secs(100 * 365 * DAY);

const DAY: u64 = 86_400;
const DURATIONS: [(&str, u64); 6] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", DAY * 1000), ("w", 7 * DAY * 1000)];
const SIZES: [(&str, u64); 5] =
    [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

/// Why a text is no duration, size or rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidQuantity {
    /// No duration.
    Duration,
    /// No size.
    Size,
    /// No rate.
    Rate,
    /// It is more than can be meant.
    TooMuch,
}

/// Reads a duration in `ms`, `s`, `m` (minutes), `h`, `d` or `w`.
///
/// ```
/// use std::time::Duration;
/// use xstore::config::quantity;
/// assert_eq!(quantity::duration("30d"), Ok(Duration::from_secs(30 * 86_400)));
/// assert!(quantity::duration("30").is_err());
/// ```
///
/// # Errors
/// [`InvalidQuantity`]; more than [`MAX_DURATION`] is too much.
pub fn duration(text: &str) -> Result<Duration, InvalidQuantity> {
    let (number, unit) = split(text).ok_or(InvalidQuantity::Duration)?;
    let millis = times(number, unit, &DURATIONS, InvalidQuantity::Duration)?;
    Some(Duration::from_millis(millis)).filter(|time| *time <= MAX_DURATION).ok_or(InvalidQuantity::TooMuch)
}

/// Reads a size in `B`, `KiB`, `MiB`, `GiB` or `TiB`; the bytes that it means.
///
/// ```
/// assert_eq!(xstore::config::quantity::size("8MiB"), Ok(8 << 20));
/// ```
///
/// # Errors
/// [`InvalidQuantity`].
pub fn size(text: &str) -> Result<u64, InvalidQuantity> {
    let (number, unit) = split(text).ok_or(InvalidQuantity::Size)?;
    times(number, unit, &SIZES, InvalidQuantity::Size)
}

/// Reads a rate, a size and `/s`; the bytes a second that it means, at least one.
///
/// ```
/// assert_eq!(xstore::config::quantity::rate("64KiB/s").map(|rate| rate.get()), Ok(64 << 10));
/// ```
///
/// # Errors
/// [`InvalidQuantity`].
pub fn rate(text: &str) -> Result<NonZeroU64, InvalidQuantity> {
    let bytes = text.strip_suffix("/s").ok_or(InvalidQuantity::Rate)?;
    let bytes = size(bytes).map_err(|error| match error {
        InvalidQuantity::Size => InvalidQuantity::Rate,
        other => other,
    })?;
    NonZeroU64::new(bytes).ok_or(InvalidQuantity::Rate)
}

/// Digits and what follows them.
fn split(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    (end > 0).then(|| text.split_at(end))
}

fn times(
    number: &str,
    unit: &str,
    units: &[(&str, u64)],
    unknown: InvalidQuantity,
) -> Result<u64, InvalidQuantity> {
    let (_, factor) = units.iter().find(|(name, _)| *name == unit).ok_or(unknown)?;
    // All are digits, so that a number which can't be read is too long.
    let number: u64 = number.parse().map_err(|_| InvalidQuantity::TooMuch)?;
    number.checked_mul(*factor).ok_or(InvalidQuantity::TooMuch)
}

impl fmt::Display for InvalidQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Duration => {
                "a duration is a whole number and ms, s, m, h, d or w without a space between, for example \"30s\""
            }
            Self::Size => {
                "a size is a whole number and B, KiB, MiB, GiB or TiB without a space between, for example \"8MiB\""
            }
            Self::Rate => "a rate is a size above zero and /s without a space between, for example \"1MiB/s\"",
            Self::TooMuch => "it is more than can be meant",
        })
    }
}

impl std::error::Error for InvalidQuantity {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, millis) in [
            ("0ms", 0),
            ("250ms", 250),
            ("1s", 1000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("30d", 2_592_000_000),
            ("1w", 604_800_000),
            ("007s", 7000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(duration("36500d"), Ok(MAX_DURATION));
        for text in ["36501d", "18446744073709551615w", "99999999999999999999999s"] {
            assert_eq!(duration(text), Err(InvalidQuantity::TooMuch), "{text}");
        }
        for text in
            ["", "s", "30", "-1s", "+1s", "1.5s", "1 s", " 1s", "1s ", "1S", "1min", "1h30m", "1µs", "١s"]
        {
            assert_eq!(duration(text), Err(InvalidQuantity::Duration), "{text:?}");
        }
    }

    #[test]
    fn sizes_and_rates() {
        for (text, bytes) in [("0B", 0), ("7B", 7), ("64KiB", 65_536), ("8MiB", 8 << 20), ("3GiB", 3 << 30)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        assert_eq!(size("16777215TiB"), Ok(16_777_215 << 40));
        assert_eq!(size("16777216TiB"), Err(InvalidQuantity::TooMuch));
        for text in ["", "8", "8M", "8MB", "8mib", "8 MiB", "1.5GiB", "MiB", "8MiB/s"] {
            assert_eq!(size(text), Err(InvalidQuantity::Size), "{text:?}");
        }
        assert_eq!(rate("1B/s").map(NonZeroU64::get), Ok(1));
        for text in ["", "1MiB", "0B/s", "/s", "1MB/s", "1MiB/h"] {
            assert_eq!(rate(text), Err(InvalidQuantity::Rate), "{text:?}");
        }
        assert_eq!(rate("16777216TiB/s"), Err(InvalidQuantity::TooMuch));
    }
}
