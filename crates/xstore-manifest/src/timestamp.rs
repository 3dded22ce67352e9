//! Points in time as a manifest writes them.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::DateTime;

use crate::Problem;

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
/// 9999-12-31T23:59:59.999Z
const LAST: i64 = 253_402_300_799_999;
/// `0` stands for any digit.
const FORM: &[u8; 24] = b"0000-00-00T00:00:00.000Z";

/// Milliseconds since 1970-01-01T00:00:00Z, years 1970 to 9999, without leap seconds.
///
/// Its text is `YYYY-MM-DDTHH:MM:SS.mmmZ`, and no other form is read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time so many milliseconds after the epoch.
    ///
    /// # Errors
    /// [`Problem::Timestamp`] where the year isn't 1970 to 9999.
    pub const fn from_millis(millis: i64) -> Result<Self, Problem> {
        if millis < 0 || millis > LAST { Err(Problem::Timestamp) } else { Ok(Self(millis)) }
    }

    /// Milliseconds since the epoch, 0 to 253,402,300,799,999.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This time and so many seconds later, or `None` after the year 9999.
    #[must_use]
    pub fn checked_add_seconds(self, seconds: u64) -> Option<Self> {
        let millis = i64::try_from(seconds).ok()?.checked_mul(1000)?.checked_add(self.0)?;
        Self::from_millis(millis).ok()
    }
}

/// Reads `YYYY-MM-DDTHH:MM:SS.mmmZ`; anything else is [`Problem::Timestamp`].
impl FromStr for Timestamp {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        parse(text.as_bytes()).ok_or(Problem::Timestamp)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Zoned time ends a day early in this library; civil time covers the whole of the year 9999.
        let time = EPOCH.checked_add(SignedDuration::from_millis(self.0)).map_err(|_| fmt::Error)?;
        let (date, clock) = (time.date(), time.time());
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            date.year(),
            date.month(),
            date.day(),
            clock.hour(),
            clock.minute(),
            clock.second(),
            clock.millisecond()
        )
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

fn parse(text: &[u8]) -> Option<Timestamp> {
    let fits = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    if text.len() != FORM.len() || !text.iter().zip(FORM).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| {
        text[from..to].iter().fold(0_i16, |sum, digit| sum * 10 + i16::from(digit - b'0'))
    };
    let small = |from: usize| i8::try_from(number(from, from + 2)).ok();
    let time = DateTime::new(
        number(0, 4),
        small(5)?,
        small(8)?,
        small(11)?,
        small(14)?,
        small(17)?,
        i32::from(number(20, 23)) * 1_000_000,
    )
    .ok()?;
    let millis = time.duration_since(EPOCH).as_millis();
    Timestamp::from_millis(i64::try_from(millis).ok()?).ok()
}

#[cfg(test)]
mod tests;
