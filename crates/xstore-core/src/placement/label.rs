//! What a configuration says about a backend: names with values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The labels of one backend, such as `provider`, `account`, `jurisdiction` or `site`: names with values. They mean
/// what the [rules](super::Rule) make of them.
///
/// A name is 1 to 64 of the characters `a-z 0-9 . _ -`. A value is 1 to 128 bytes without control characters; upper
/// and lower case differ.
///
/// ```
/// use xstore_core::placement::Labels;
/// let labels = Labels::new([("provider", "aws"), ("jurisdiction", "eu")])?;
/// assert_eq!(labels.value("jurisdiction"), Some("eu"));
/// assert!(Labels::new([("Provider", "aws")]).is_err());
/// # Ok::<(), xstore_core::placement::InvalidLabel>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(BTreeMap<String, String>);

/// Why a label is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidLabel {
    /// The name is none.
    Name,
    /// The value is none.
    Value,
    /// One name is given twice.
    Twice,
}

impl Labels {
    /// Characters that a name may have at most.
    pub const MAX_NAME: usize = 64;
    /// Bytes that a value may have at most.
    pub const MAX_VALUE: usize = 128;

    /// Checks labels.
    ///
    /// # Errors
    /// [`InvalidLabel`] for the first one that is refused.
    pub fn new<N, V>(labels: impl IntoIterator<Item = (N, V)>) -> Result<Self, InvalidLabel>
    where
        N: Into<String>,
        V: Into<String>,
    {
        let mut checked = BTreeMap::new();
        for (name, value) in labels {
            if checked.insert(name_of(name.into())?, value_of(value.into())?).is_some() {
                return Err(InvalidLabel::Twice);
            }
        }
        Ok(Self(checked))
    }

    /// The value under this name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All names with their values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Checks a label's name.
pub(super) fn name_of(name: String) -> Result<String, InvalidLabel> {
    let is_good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    let fits = (1..=Labels::MAX_NAME).contains(&name.len());
    if fits && name.bytes().all(is_good) { Ok(name) } else { Err(InvalidLabel::Name) }
}

/// Checks a label's value.
pub(super) fn value_of(value: String) -> Result<String, InvalidLabel> {
    let fits = (1..=Labels::MAX_VALUE).contains(&value.len());
    if fits && !value.chars().any(char::is_control) { Ok(value) } else { Err(InvalidLabel::Value) }
}

/// Checks several values of a label.
pub(super) fn values_of<V: Into<String>>(
    values: impl IntoIterator<Item = V>,
) -> Result<BTreeSet<String>, InvalidLabel> {
    values.into_iter().map(|value| value_of(value.into())).collect()
}

impl fmt::Display for InvalidLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "a label's name is 1 to 64 of the characters a-z 0-9 . _ -",
            Self::Value => "a label's value is 1 to 128 bytes without control characters",
            Self::Twice => "a label is given twice: a backend has one value under each name",
        })
    }
}

impl std::error::Error for InvalidLabel {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_have_limits() {
        for good in ["a", "0", ".", "-x_", &"z".repeat(64)] {
            assert_eq!(Labels::new([(good, "v")]).unwrap().value(good), Some("v"));
        }
        for bad in ["", "A", "a b", "é", "a\n", &"z".repeat(65)] {
            assert_eq!(Labels::new([(bad, "v")]), Err(InvalidLabel::Name), "{bad:?}");
        }
        for good in ["x", "Zürich 2", " ", &"v".repeat(128)] {
            assert_eq!(Labels::new([("n", good)]).unwrap().value("n"), Some(good));
        }
        for bad in ["", "a\tb", "\u{85}", &"v".repeat(129), &"é".repeat(65)] {
            assert_eq!(Labels::new([("n", bad)]), Err(InvalidLabel::Value), "{bad:?}");
        }
        assert_eq!(Labels::new([("n", "1"), ("n", "1")]), Err(InvalidLabel::Twice));
        assert_eq!(Labels::default().value("n"), None);
    }

    #[test]
    fn they_are_listed_by_name() {
        let labels = Labels::new([("b", "2"), ("a", "1")]).unwrap();
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
    }
}
