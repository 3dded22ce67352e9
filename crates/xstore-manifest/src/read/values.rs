//! Readers of strings, numbers and arrays.

use std::fmt;
use std::ops::RangeInclusive;

use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::context::{Context, Step};
use crate::body::in_range;
use crate::{Problem, hex, limits};

/// A JSON string that `parse` turns into a value.
pub(super) struct Text<'c, F>(pub(super) &'c Context, pub(super) F);

impl<'de, T, F: FnOnce(&str) -> Result<T, Problem>> de::DeserializeSeed<'de> for Text<'_, F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, tokens: D) -> Result<T, D::Error> {
        self.0.expect("a string");
        tokens.deserialize_str(self)
    }
}

impl<T, F: FnOnce(&str) -> Result<T, Problem>> Visitor<'_> for Text<'_, F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text).map_err(|problem| self.0.fail(problem))
    }
}

/// Bytes in lower-case hex.
pub(super) fn bytes<const N: usize>(
    context: &Context,
) -> Text<'_, impl FnOnce(&str) -> Result<[u8; N], Problem> + use<'_, N>> {
    Text(context, hex::decode::<N>)
}

/// One of a few words.
pub(super) fn word<'c, T: 'c>(
    context: &'c Context,
    allowed: &'static str,
    from_word: fn(&str) -> Option<T>,
) -> Text<'c, impl FnOnce(&str) -> Result<T, Problem> + use<'c, T>> {
    Text(context, move |text: &str| from_word(text).ok_or(Problem::Word { allowed }))
}

/// A JSON number that is an integer within limits and fits `T`, which the limits of every caller do.
pub(super) struct Integer<'c, T> {
    context: &'c Context,
    range: RangeInclusive<u64>,
    convert: fn(u64) -> Option<T>,
}

impl<'c, T: TryFrom<u64>> Integer<'c, T> {
    pub(super) fn new(context: &'c Context, range: RangeInclusive<u64>) -> Self {
        Self { context, range, convert: |value| T::try_from(value).ok() }
    }
}

impl<'de, T> de::DeserializeSeed<'de> for Integer<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, tokens: D) -> Result<T, D::Error> {
        self.context.expect("an integer");
        // Asking for `u64` keeps the tokenizer from its options for numbers, which another crate may have switched on.
        tokens.deserialize_u64(self)
    }
}

impl<T> Visitor<'_> for Integer<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<T, E> {
        if value > limits::INTEGER {
            return Err(self.context.fail(Problem::Integer));
        }
        let (min, max) = (*self.range.start(), *self.range.end());
        in_range(value, self.range).map_err(|problem| self.context.fail(problem))?;
        (self.convert)(value).ok_or_else(|| self.context.fail(Problem::OutOfRange { value, min, max }))
    }

    /// The tokenizer hands over negative numbers in this way.
    fn visit_i64<E: de::Error>(self, _: i64) -> Result<T, E> {
        Err(self.context.fail(Problem::Integer))
    }

    /// The tokenizer hands over fractions, exponents, `-0` and what is beyond 64 bits in this way.
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<T, E> {
        Err(self.context.fail(Problem::Integer))
    }
}

/// Null, or what the seed reads.
pub(super) struct Nullable<'c, S>(pub(super) &'c Context, pub(super) S);

impl<'de, S: de::DeserializeSeed<'de>> de::DeserializeSeed<'de> for Nullable<'_, S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, tokens: D) -> Result<Self::Value, D::Error> {
        self.0.expect("null or a value");
        tokens.deserialize_option(self)
    }
}

impl<'de, S: de::DeserializeSeed<'de>> Visitor<'de> for Nullable<'_, S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null or a value")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, tokens: D) -> Result<Self::Value, D::Error> {
        self.1.deserialize(tokens).map(Some)
    }
}

/// An array of at most so many entries, each read by the seed that `entry` makes.
pub(super) struct List<'c, F> {
    pub(super) context: &'c Context,
    pub(super) count: RangeInclusive<u64>,
    pub(super) entry: F,
}

impl<'de, S: de::DeserializeSeed<'de>, F: Fn() -> S> de::DeserializeSeed<'de> for List<'_, F> {
    type Value = Vec<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, tokens: D) -> Result<Self::Value, D::Error> {
        self.context.expect("an array");
        tokens.deserialize_seq(self)
    }
}

impl<'de, S: de::DeserializeSeed<'de>, F: Fn() -> S> Visitor<'de> for List<'_, F> {
    type Value = Vec<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut tokens: A) -> Result<Self::Value, A::Error> {
        let (min, max) = self.count.into_inner();
        let mut entries = Vec::new();
        let mut number = 0;
        while let Some(entry) =
            self.context.within(Step::Entry(number), || tokens.next_element_seed((self.entry)()))?
        {
            entries.push(entry);
            number += 1;
            // Counted while reading: an entry may take more memory than its text.
            if number as u64 > max {
                return Err(self.context.fail(Problem::Count { min, max }));
            }
        }
        if (number as u64) < min {
            return Err(self.context.fail(Problem::Count { min, max }));
        }
        entries.shrink_to_fit();
        Ok(entries)
    }
}
