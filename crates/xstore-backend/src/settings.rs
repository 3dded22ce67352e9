//! The settings of one backend, taken one by one by its adapter.

use crate::Secret;
use std::collections::BTreeMap;
use std::fmt;

/// A value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setting {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Flag(bool),
    /// Something that was read from an environment variable or a file, as secrets have to be.
    Secret(Secret),
}

impl Setting {
    const fn noun(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Flag(_) => "true or false",
            Self::Secret(_) => "a secret",
        }
    }
}

/// The settings of one backend by name. An adapter takes what it knows and then [`finish`](Self::finish)es, so that
/// nothing unknown goes unnoticed.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    values: BTreeMap<String, Setting>,
}

/// What is wrong with a setting. Its value isn't printed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingError {
    /// The name of the setting, so that a configuration can show where it stands.
    pub name: String,
    /// What is wrong.
    pub problem: SettingProblem,
}

/// See [`SettingError`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingProblem {
    /// The adapter has no such setting. These were taken or asked for.
    Unknown,
    /// It has to be there.
    Missing,
    /// It has another type.
    Type {
        /// What is wanted.
        expected: &'static str,
        /// What is there.
        actual: &'static str,
    },
    /// A secret stands in the configuration itself.
    Plain,
    /// Its value is refused, with the reason.
    Value(String),
}

impl Settings {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a setting or replaces it.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: Setting) -> Self {
        self.values.insert(name.into(), value);
        self
    }

    /// Takes a text.
    ///
    /// # Errors
    /// [`SettingProblem::Type`].
    pub fn text(&mut self, name: &str) -> Result<Option<String>, SettingError> {
        match self.values.remove(name) {
            None => Ok(None),
            Some(Setting::Text(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(name, "text", &other)),
        }
    }

    /// Takes a number from `min` to `max`.
    ///
    /// # Errors
    /// [`SettingProblem::Type`], [`SettingProblem::Value`].
    pub fn integer(&mut self, name: &str, min: i64, max: i64) -> Result<Option<i64>, SettingError> {
        match self.values.remove(name) {
            None => Ok(None),
            Some(Setting::Integer(value)) if (min..=max).contains(&value) => Ok(Some(value)),
            Some(Setting::Integer(_)) => Err(SettingError::value(name, format!("it must be {min} to {max}"))),
            Some(other) => Err(wrong_type(name, "a whole number", &other)),
        }
    }

    /// Takes a yes or no.
    ///
    /// # Errors
    /// [`SettingProblem::Type`].
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, SettingError> {
        match self.values.remove(name) {
            None => Ok(None),
            Some(Setting::Flag(value)) => Ok(Some(value)),
            Some(other) => Err(wrong_type(name, "true or false", &other)),
        }
    }

    /// Takes a secret.
    ///
    /// # Errors
    /// [`SettingProblem::Plain`] where it stands in the configuration as text.
    pub fn secret(&mut self, name: &str) -> Result<Option<Secret>, SettingError> {
        match self.values.remove(name) {
            None => Ok(None),
            Some(Setting::Secret(secret)) => Ok(Some(secret)),
            Some(_) => Err(SettingError::plain(name)),
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`SettingProblem::Unknown`] where something was not taken.
    pub fn finish(self) -> Result<(), SettingError> {
        match self.values.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(SettingError { name, problem: SettingProblem::Unknown }),
        }
    }
}

impl SettingError {
    /// A setting that has to be there isn't.
    #[must_use]
    pub fn missing(name: &str) -> Self {
        Self { name: name.to_owned(), problem: SettingProblem::Missing }
    }

    /// A secret stands where anybody can read it.
    #[must_use]
    pub fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), problem: SettingProblem::Plain }
    }

    /// A setting's value is refused for this reason.
    #[must_use]
    pub fn value(name: &str, reason: impl Into<String>) -> Self {
        Self { name: name.to_owned(), problem: SettingProblem::Value(reason.into()) }
    }
}

fn wrong_type(name: &str, expected: &'static str, actual: &Setting) -> SettingError {
    SettingError { name: name.to_owned(), problem: SettingProblem::Type { expected, actual: actual.noun() } }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.problem {
            SettingProblem::Unknown => write!(f, "there is no setting {name} for this kind of backend"),
            SettingProblem::Missing => write!(f, "the setting {name} is missing"),
            SettingProblem::Type { expected, actual } => write!(f, "{name} must be {expected}, not {actual}"),
            SettingProblem::Plain => write!(
                f,
                "{name} is a secret: write {name} = {{ env = \"VARIABLE\" }} or {{ file = \"PATH\" }}, never the \
                 secret itself"
            ),
            SettingProblem::Value(reason) => write!(f, "{name} is refused: {reason}"),
        }
    }
}

impl std::error::Error for SettingError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_is_refused() {
        let mut settings = Settings::new().with("a", Setting::Integer(3)).with("b", Setting::Flag(true));
        assert_eq!(settings.integer("a", 0, 5), Ok(Some(3)));
        assert_eq!(settings.text("c"), Ok(None));
        let left = settings.finish().unwrap_err();
        assert_eq!((left.name.as_str(), &left.problem), ("b", &SettingProblem::Unknown));
    }

    #[test]
    fn types_and_bounds() {
        let all = || Settings::new().with("x", Setting::Text("1".into()));
        assert!(matches!(all().integer("x", 0, 5).unwrap_err().problem, SettingProblem::Type { .. }));
        assert!(matches!(all().flag("x").unwrap_err().problem, SettingProblem::Type { .. }));
        let mut six = Settings::new().with("x", Setting::Integer(6));
        assert!(matches!(six.integer("x", 0, 5).unwrap_err().problem, SettingProblem::Value(_)));
    }

    #[test]
    fn a_plain_secret_is_refused_and_no_secret_is_printed() {
        let error = Settings::new().with("key", Setting::Text("hunter2".into())).secret("key").unwrap_err();
        assert_eq!(error.problem, SettingProblem::Plain);
        assert!(!error.to_string().contains("hunter2"));
        let settings = Settings::new().with("key", Setting::Secret(Secret::new("hunter2".into())));
        assert!(!format!("{settings:?}").contains("hunter2"));
        let mut settings = settings;
        assert_eq!(settings.secret("key").unwrap().unwrap().expose(), "hunter2");
    }
}
