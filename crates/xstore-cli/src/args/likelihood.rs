//! Probabilities, and whose they are.

use std::str::FromStr;
use xstore::plan::Odds;

/// A probability of one backend or of several.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Likelihood {
    pub(crate) whose: Whose,
    pub(crate) odds: Odds,
}

/// Whose a probability is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Of each backend that has none of its own.
    All,
    /// Of the backend with this name.
    Backend(String),
    /// Of what all backends with this label and value have in common.
    Value(String, String),
}

impl FromStr for Likelihood {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (whose, odds) = match text.rsplit_once('=') {
            None => (Whose::All, text),
            Some((whose, odds)) => match whose.split_once(':') {
                None if !whose.is_empty() => (Whose::Backend(whose.to_owned()), odds),
                Some((label, value)) if !label.is_empty() && !value.is_empty() => {
                    (Whose::Value(label.to_owned(), value.to_owned()), odds)
                }
                _ => return Err("write it as P, ID=P or LABEL:VALUE=P, such as red=0.999".to_owned()),
            },
        };
        let odds = odds.parse().map_err(|error: xstore::plan::InvalidOdds| error.to_string())?;
        Ok(Self { whose, odds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose() {
        let of = |text: &str| text.parse::<Likelihood>().map(|likelihood| likelihood.whose);
        assert_eq!(of("0.5"), Ok(Whose::All));
        assert_eq!(of("red=50%"), Ok(Whose::Backend("red".into())));
        assert_eq!(of("site:a=b:c=1"), Ok(Whose::Value("site".into(), "a=b:c".into())));
        for bad in ["", "red", "=1", "red=", ":x=1", "x:=1", "red=2", "1.5"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
