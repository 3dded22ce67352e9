//! A probability that loses nothing near 1.

use std::fmt;

/// How probable it is that something is up, and that it isn't: both are kept, since 1 - 0.99999999999 is mostly
/// rounding.
///
/// ```
/// use xstore_core::plan::Odds;
/// let odds: Odds = "99.9%".parse()?;
/// assert_eq!((odds.up(), odds.down()), (0.999, 0.001));
/// assert_eq!("1e-11".parse::<Odds>()?.inverted().down(), 1e-11);
/// # Ok::<(), xstore_core::plan::InvalidOdds>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Odds {
    up: f64,
    down: f64,
}

/// A text that is no probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidOdds;

/// Digits behind the point that are read.
const MAX_DIGITS: usize = 18;

impl Odds {
    /// It is always up.
    pub const CERTAIN: Self = Self { up: 1.0, down: 0.0 };

    /// How probable it is that it is up.
    #[must_use]
    pub const fn up(&self) -> f64 {
        self.up
    }

    /// How probable it is that it isn't.
    #[must_use]
    pub const fn down(&self) -> f64 {
        self.down
    }

    /// The probability of the opposite: of keeping where this is one of losing.
    #[must_use]
    pub const fn inverted(self) -> Self {
        Self { up: self.down, down: self.up }
    }
}

/// A number from 0 to 1 with up to 18 digits behind the point, such as `0.999` or `1e-11`, or percent, such as
/// `99.9%`.
impl std::str::FromStr for Odds {
    type Err = InvalidOdds;

    fn from_str(text: &str) -> Result<Self, InvalidOdds> {
        let (number, percent) = text.strip_suffix('%').map_or((text, 0), |number| (number, 2));
        let (digits, exponent) = match number.split_once(['e', 'E']) {
            None => (number, 0),
            Some((digits, exponent)) => {
                let exponent = exponent.strip_prefix('-').filter(|e| e.bytes().all(|b| b.is_ascii_digit()));
                (digits, exponent.and_then(|e| e.parse::<usize>().ok()).ok_or(InvalidOdds)?)
            }
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let fits = whole.len() <= 3 && fraction.len() <= MAX_DIGITS && exponent <= MAX_DIGITS;
        if whole.is_empty() || !fits || !is_number(whole) || !is_number(fraction) {
            return Err(InvalidOdds);
        }
        let numerator: u128 = format!("{whole}{fraction}").parse().map_err(|_| InvalidOdds)?;
        let places = fraction.len() + exponent + percent;
        // At most 38 places, and 10^38 fits.
        let denominator = u32::try_from(places).ok().and_then(|places| 10_u128.checked_pow(places));
        let denominator = denominator.ok_or(InvalidOdds)?;
        let rest = denominator.checked_sub(numerator).ok_or(InvalidOdds)?;
        Ok(Self { up: numerator as f64 / denominator as f64, down: rest as f64 / denominator as f64 })
    }
}

impl fmt::Display for InvalidOdds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("write a probability as a number from 0 to 1, such as 0.999 or 1e-11, or as 99.9%")
    }
}

impl std::error::Error for InvalidOdds {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_percent() {
        for (text, up, down) in [
            ("0", 0.0, 1.0),
            ("1", 1.0, 0.0),
            ("1.000", 1.0, 0.0),
            ("0.5", 0.5, 0.5),
            ("100%", 1.0, 0.0),
            ("99.99%", 0.9999, 0.0001),
            ("0.99999999999", 0.999_999_999_99, 1e-11),
            ("25e-2", 0.25, 0.75),
            ("0.000000000000000001", 1e-18, 1.0),
        ] {
            let odds: Odds = text.parse().unwrap();
            assert_eq!((odds.up(), odds.down()), (up, down), "{text}");
        }
    }

    #[test]
    fn what_is_no_probability() {
        for text in [
            "",
            ".",
            ".5",
            "-0",
            "+1",
            "1.1",
            "101%",
            "2",
            "1e1",
            "1e+1",
            "1e-",
            "1e-99",
            "0x1",
            "nan",
            "inf",
            "0,5",
            " 1",
            "0.0000000000000000001",
            "1%%",
            "١",
        ] {
            assert_eq!(text.parse::<Odds>(), Err(InvalidOdds), "{text:?}");
        }
        assert!("0.5e-18%".parse::<Odds>().is_ok());
    }
}
