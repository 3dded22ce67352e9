//! Walking through parsed TOML: fields are taken by name, and every mistake is noted with its place.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::RangeInclusive;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use crate::config::error::{ConfigError, Position, Problem, expected};
use crate::config::quantity::{self, InvalidQuantity};

/// Mistakes that are kept; who made more needs only the first ones.
const MAX_ERRORS: usize = 100;
/// Characters of an unknown name that are shown.
const MAX_SHOWN: usize = 64;

/// The mistakes so far, and what turns bytes into places.
#[derive(Debug)]
pub(super) struct Walk<'t> {
    text: &'t str,
    /// Where each line begins.
    starts: Vec<usize>,
    errors: Vec<ConfigError>,
}

/// A table, or the absence of one, in which no field is found.
#[derive(Debug)]
pub(super) struct Section<'a> {
    table: Option<&'a DeTable<'a>>,
    /// The byte where it begins.
    pub(super) at: usize,
    path: String,
}

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    pub(super) value: &'a DeValue<'a>,
    /// The byte where it begins.
    pub(super) at: usize,
    pub(super) path: String,
}

impl<'t> Walk<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts, errors: Vec::new() }
    }

    /// The place of a byte.
    pub(super) fn position(&self, at: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts[line - 1];
        let before = self.text.get(start..at.min(self.text.len())).unwrap_or_default();
        Position { line, column: before.chars().count() + 1 }
    }

    /// Notes a mistake.
    pub(super) fn note(&mut self, at: usize, field: impl Into<String>, problem: Problem) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(ConfigError { position: self.position(at), field: field.into(), problem });
        }
    }

    /// Notes a mistake of the text as a whole.
    pub(super) fn note_file(&mut self, problem: Problem) {
        self.errors.push(ConfigError { position: Position::FILE, field: String::new(), problem });
    }

    /// Notes that a value is refused.
    pub(super) fn refuse(&mut self, field: &Field<'_>, reason: impl fmt::Display) {
        self.note(field.at, &field.path, Problem::Value(reason.to_string()));
    }

    /// The value, or none once its refusal was noted.
    pub(super) fn checked<T, E: fmt::Display>(
        &mut self,
        field: &Field<'_>,
        value: Result<T, E>,
    ) -> Option<T> {
        value.map_err(|reason| self.refuse(field, reason)).ok()
    }

    pub(super) fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    pub(super) fn into_errors(self) -> Vec<ConfigError> {
        self.errors
    }
}

impl<'a> Section<'a> {
    /// The whole document.
    pub(super) fn root(table: &'a DeTable<'a>) -> Self {
        Self { table: Some(table), at: 0, path: String::new() }
    }

    /// Notes the fields that aren't among `known`.
    pub(super) fn only(self, walk: &mut Walk<'_>, known: &[&'static str]) -> Self {
        for key in self.table.into_iter().flat_map(|table| table.keys()) {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                walk.note(key.span().start, self.path_of(name), Problem::Unknown(similar(name, known)));
            }
        }
        self
    }

    /// The path of a field in it.
    pub(super) fn path_of(&self, name: &str) -> String {
        let name = shown(name);
        if self.path.is_empty() { name } else { format!("{}.{name}", self.path) }
    }

    /// The field of this name, if it is there.
    pub(super) fn field(&self, name: &str) -> Option<Field<'a>> {
        let value = self.table?.get(name)?;
        Some(Field { value: value.get_ref(), at: value.span().start, path: self.path_of(name) })
    }

    /// The field of this name; its absence is noted with an example.
    pub(super) fn require(
        &self,
        walk: &mut Walk<'_>,
        name: &str,
        example: &'static str,
    ) -> Option<Field<'a>> {
        let field = self.field(name);
        if field.is_none() {
            walk.note(self.at, self.path_of(name), Problem::Missing(example));
        }
        field
    }

    /// The table of this name; an empty one where it isn't there or no table.
    pub(super) fn section(&self, walk: &mut Walk<'_>, name: &str) -> Self {
        self.field(name).and_then(|field| field.section(walk)).unwrap_or_else(|| Self {
            table: None,
            at: self.at,
            path: self.path_of(name),
        })
    }

    /// All fields with their names and where the names stand.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'a str, usize, Field<'a>)> {
        self.table.into_iter().flatten().map(|(key, value)| {
            let name: &str = key.get_ref();
            let field = Field { value: value.get_ref(), at: value.span().start, path: self.path_of(name) };
            (name, key.span().start, field)
        })
    }
}

impl<'a> Field<'a> {
    pub(super) fn text(&self, walk: &mut Walk<'_>) -> Option<&'a str> {
        match self.value {
            DeValue::String(text) => Some(text),
            _ => self.mistyped(walk, expected::TEXT),
        }
    }

    pub(super) fn flag(&self, walk: &mut Walk<'_>) -> Option<bool> {
        match self.value {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.mistyped(walk, expected::FLAG),
        }
    }

    /// A whole number, if it isn't too long for the type.
    pub(super) fn any_integer(&self, walk: &mut Walk<'_>) -> Option<i64> {
        let DeValue::Integer(integer) = self.value else { return self.mistyped(walk, expected::INTEGER) };
        let value = i64::from_str_radix(integer.as_str(), integer.radix());
        walk.checked(self, value.map_err(|_| "it has more than 64 bits"))
    }

    /// A whole number within bounds.
    pub(super) fn integer<T>(&self, walk: &mut Walk<'_>, bounds: RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<i64> + PartialOrd + fmt::Display,
    {
        let value = self.any_integer(walk)?;
        let value = T::try_from(value).ok().filter(|value| bounds.contains(value));
        let reason = || match bounds.start() == bounds.end() {
            true => format!("it must be {}", bounds.start()),
            false => format!("it must be {} to {}", bounds.start(), bounds.end()),
        };
        walk.checked(self, value.ok_or_else(reason))
    }

    /// A number above zero, whole or not.
    pub(super) fn positive(&self, walk: &mut Walk<'_>) -> Option<f64> {
        let value = match self.value {
            DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
            DeValue::Integer(_) => {
                self.any_integer(walk).map(|value| i32::try_from(value).map_or(f64::NAN, f64::from))
            }
            _ => return self.mistyped(walk, expected::NUMBER),
        };
        let value = value.filter(|value| *value > 0.0 && *value <= 1000.0);
        walk.checked(self, value.ok_or("it must be above 0 and at most 1000"))
    }

    /// A duration above zero.
    pub(super) fn duration(&self, walk: &mut Walk<'_>) -> Option<Duration> {
        let time = self.quantity(walk, expected::DURATION, quantity::duration)?;
        walk.checked(self, if time.is_zero() { Err("it must be longer than nothing") } else { Ok(time) })
    }

    /// Bytes, more than none.
    pub(super) fn size(&self, walk: &mut Walk<'_>) -> Option<u64> {
        let bytes = self.quantity(walk, expected::SIZE, quantity::size)?;
        walk.checked(self, if bytes == 0 { Err("it must be more than nothing") } else { Ok(bytes) })
    }

    /// Bytes a second.
    pub(super) fn rate(&self, walk: &mut Walk<'_>) -> Option<NonZeroU64> {
        self.quantity(walk, expected::RATE, quantity::rate)
    }

    fn quantity<T>(
        &self,
        walk: &mut Walk<'_>,
        expected: &'static str,
        parse: fn(&str) -> Result<T, InvalidQuantity>,
    ) -> Option<T> {
        let DeValue::String(text) = self.value else { return self.mistyped(walk, expected) };
        parse(text).map_err(|error| walk.note(self.at, &self.path, Problem::Quantity(error))).ok()
    }

    pub(super) fn section(&self, walk: &mut Walk<'_>) -> Option<Section<'a>> {
        match self.value {
            DeValue::Table(table) => {
                Some(Section { table: Some(table), at: self.at, path: self.path.clone() })
            }
            _ => self.mistyped(walk, expected::TABLE),
        }
    }

    /// The tables of a list.
    pub(super) fn sections(&self, walk: &mut Walk<'_>) -> Vec<Section<'a>> {
        let entries = self.entries(walk, expected::TABLES);
        entries.iter().filter_map(|entry| entry.section(walk)).collect()
    }

    /// The texts of a list.
    pub(super) fn texts(&self, walk: &mut Walk<'_>) -> Vec<(Self, &'a str)> {
        let entries = self.entries(walk, expected::TEXTS);
        entries.into_iter().filter_map(|entry| entry.text(walk).map(|text| (entry, text))).collect()
    }

    fn entries(&self, walk: &mut Walk<'_>, expected: &'static str) -> Vec<Self> {
        let DeValue::Array(entries) = self.value else {
            return self.mistyped(walk, expected).unwrap_or_default();
        };
        let field = |(at, entry): (usize, &'a toml::Spanned<DeValue<'a>>)| Self {
            value: entry.get_ref(),
            at: entry.span().start,
            path: format!("{}[{at}]", self.path),
        };
        entries.iter().enumerate().map(field).collect()
    }

    pub(super) fn mistyped<T>(&self, walk: &mut Walk<'_>, expected: &'static str) -> Option<T> {
        let actual = match self.value {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        walk.note(self.at, &self.path, Problem::Type { expected, actual });
        None
    }
}

/// A name as TOML would have it, and no longer than it may be shown.
pub(super) fn shown(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.len() <= MAX_SHOWN && name.chars().all(is_bare) {
        name.to_owned()
    } else {
        format!("{:?}", name.chars().take(MAX_SHOWN).collect::<String>())
    }
}

/// The name that was probably meant: not more than every third character is wrong.
pub(super) fn similar(name: &str, known: &[&'static str]) -> Option<&'static str> {
    if name.len() > MAX_SHOWN {
        return None;
    }
    let plain = name.to_lowercase().replace(['_', ' '], "-");
    let distances = known.iter().map(|known| (strsim::osa_distance(&plain, known), *known));
    distances.filter(|(distance, known)| distance * 3 <= known.len()).min().map(|(_, known)| known)
}
