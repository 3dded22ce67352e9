//! Calendar dates in the one form that a key file holds.

use std::fmt;
use std::str::FromStr;

use jiff::civil;

/// A calendar date in UTC, written `YYYY-MM-DD`. Years 0 to 9999.
///
/// This crate never reads a clock: whoever changes a key's state says when.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// The date of a year (0 to 9999), a month (1 to 12) and a day of that month (from 1).
    ///
    /// # Errors
    /// [`DateError`] when there is no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, DateError> {
        // Four digits are all that the text form has room for.
        if year < 0 {
            return Err(DateError);
        }
        civil::Date::new(year, month, day).map(Self).map_err(|_| DateError)
    }
}

impl FromStr for Date {
    type Err = DateError;

    /// Reads exactly `YYYY-MM-DD`: ten ASCII characters, nothing before, between or after.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let [y3, y2, y1, y0, b'-', m1, m0, b'-', d1, d0] = text.as_bytes() else {
            return Err(DateError);
        };
        let two = |tens: &u8, ones: &u8| Some(digit(*tens)? * 10 + digit(*ones)?);
        let year = || Some(i16::from(two(y3, y2)?) * 100 + i16::from(two(y1, y0)?));
        match (year(), two(m1, m0), two(d1, d0)) {
            (Some(year), Some(month), Some(day)) => Self::new(year, month, day),
            _ => Err(DateError),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text isn't a date of the form `YYYY-MM-DD`, or there is no such day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date of the form YYYY-MM-DD, or no such day")]
pub struct DateError;

fn digit(byte: u8) -> Option<i8> {
    byte.is_ascii_digit().then(|| (byte - b'0').cast_signed())
}
