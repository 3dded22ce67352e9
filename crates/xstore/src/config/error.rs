//! Mistakes in a configuration: where, what, and what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use xstore_core::Code;
use xstore_core::backend::SettingProblem;

use crate::config::quantity::InvalidQuantity;

/// A place in the text of a configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1. 0 where no line is meant but the file.
    pub line: usize,
    /// The character in the line, from 1. 0 where no line is meant.
    pub column: usize,
}

impl Position {
    /// The file as a whole.
    pub const FILE: Self = Self { line: 0, column: 0 };
}

/// One mistake in a configuration. It shows no value, since a secret may stand in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigError {
    /// Where it is.
    pub position: Position,
    /// Which field it is about, such as `retry.attempts` or `backend[0].settings.region`, with entries of lists
    /// counted from 0; empty where no field is meant.
    pub field: String,
    /// What it is.
    pub problem: Problem,
}

/// What is wrong. The words that go with it are its [`Display`](fmt::Display); what to do about it is its
/// [`hint`](Self::hint).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The file can't be read.
    Unreadable(io::ErrorKind),
    /// The file, or a file with a secret, has more than this many bytes.
    TooLong(u64),
    /// The file, or a file with a secret, is no UTF-8 text.
    NotText,
    /// It is no TOML, with the parser's words.
    Syntax(String),
    /// There is no such field; this one is called almost so.
    Unknown(Option<&'static str>),
    /// It has to be there, for example in this way.
    Missing(&'static str),
    /// It has another type.
    Type {
        /// What is wanted.
        expected: &'static str,
        /// What is there.
        actual: &'static str,
    },
    /// It is no duration, size or rate.
    Quantity(InvalidQuantity),
    /// Its value is refused, with the reason as a sentence.
    Value(String),
    /// Another line says the same already, and it may be said only once.
    Repeated(usize),
    /// Two backends are one place; the other one has this name, or place in the list, and its URL stands in this line.
    SamePlace {
        /// The other backend.
        id: String,
        /// Its line.
        line: usize,
    },
    /// No adapter is there for the scheme of a URL.
    Scheme {
        /// The scheme.
        scheme: String,
        /// Those that are known.
        known: Vec<&'static str>,
        /// The one that is almost called so.
        similar: Option<&'static str>,
    },
    /// No layout of these backends obeys the rules, or there are too few of them, with the reason as a sentence.
    Layout(String),
    /// A backend's adapter refuses the URL, with its words.
    Url(String),
    /// A backend's adapter refuses a setting.
    Setting(SettingProblem),
    /// A secret can't be had.
    Secret(SecretProblem),
}

/// Why a secret can't be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretProblem {
    /// The environment variable isn't set.
    Unset,
    /// There is nothing in it.
    Empty,
    /// The file can't be read.
    Unreadable(io::ErrorKind),
    /// It is a folder, a pipe or a device.
    NotRegular,
    /// Others than its owner have access to the file, whose permission bits these are.
    NotPrivate(u32),
}

/// All mistakes that were found in a configuration; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    file: Option<PathBuf>,
    errors: Vec<ConfigError>,
}

impl ConfigErrors {
    pub(super) fn new(mut errors: Vec<ConfigError>) -> Self {
        errors.sort_by(|a, b| a.position.cmp(&b.position).then_with(|| a.field.cmp(&b.field)));
        Self { file: None, errors }
    }

    /// About the file as a whole.
    pub(super) fn of_file(file: &Path, problem: Problem) -> Self {
        let error = ConfigError { position: Position::FILE, field: String::new(), problem };
        Self { file: Some(file.to_owned()), errors: vec![error] }
    }

    pub(super) fn in_file(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// The mistakes in the order of their places.
    #[must_use]
    pub fn errors(&self) -> &[ConfigError] {
        &self.errors
    }

    /// The file, where the configuration came from one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The machine code: [`Code::LayoutRefused`] where all that is wrong is that no layout obeys the rules, else
    /// [`Code::ConfigInvalid`].
    #[must_use]
    pub fn code(&self) -> Code {
        let is_layout = |error: &ConfigError| matches!(error.problem, Problem::Layout(_));
        if self.errors.iter().all(is_layout) { Code::LayoutRefused } else { Code::ConfigInvalid }
    }

    /// The mistakes as lines, `file:line:column: field: what is wrong; what to do`, as editors read them.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let file = self.file.as_deref().map_or_else(|| "configuration".into(), Path::to_string_lossy);
        self.errors.iter().map(move |error| match error.position {
            Position::FILE => format!("{file}: {error}"),
            Position { line, column } => format!("{file}:{line}:{column}: {error}"),
        })
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.lines().enumerate() {
            write!(f, "{}{line}", if at == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Without the place, which [`ConfigErrors`] adds.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        write!(f, "{}", self.problem)?;
        match self.problem.hint() {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

impl Problem {
    /// What to do about it, where that doesn't go without saying.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unknown(Some(name)) => format!("did you mean {name}?"),
            Self::Missing(example) => format!("write for example {example}"),
            Self::Scheme { similar: Some(scheme), .. } => format!("did you mean {scheme}:?"),
            Self::Unreadable(io::ErrorKind::NotFound) => {
                "make one with `xstore init`, or check the path".into()
            }
            Self::SamePlace { .. } => "every share needs a place of its own".into(),
            Self::Secret(SecretProblem::NotPrivate(_)) => {
                "run `chmod 600` on it, and if anybody may have read it, replace the secret".into()
            }
            Self::Secret(SecretProblem::Unset) => "set it, or name another one".into(),
            Self::Type { expected: expected::SECRET, .. } => {
                "write { env = \"VARIABLE\" } or { file = \"PATH\" }".into()
            }
            Self::Type { expected: expected::DURATION, .. } => InvalidQuantity::Duration.to_string(),
            Self::Type { expected: expected::SIZE, .. } => InvalidQuantity::Size.to_string(),
            Self::Type { expected: expected::RATE, .. } => InvalidQuantity::Rate.to_string(),
            _ => return None,
        };
        Some(hint)
    }
}

/// The words for what is wanted.
pub(super) mod expected {
    pub(in crate::config) const TEXT: &str = "text";
    pub(in crate::config) const INTEGER: &str = "a whole number";
    pub(in crate::config) const NUMBER: &str = "a number";
    pub(in crate::config) const FLAG: &str = "true or false";
    pub(in crate::config) const TABLE: &str = "a table";
    pub(in crate::config) const TABLES: &str = "a list of tables";
    pub(in crate::config) const TEXTS: &str = "a list of texts";
    pub(in crate::config) const DURATION: &str = "a text with a duration";
    pub(in crate::config) const SIZE: &str = "a text with a size";
    pub(in crate::config) const RATE: &str = "a text with a rate";
    pub(in crate::config) const SETTING: &str = "text, a whole number, true or false, or a secret";
    pub(in crate::config) const SECRET: &str = "a secret";
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(kind) => write!(f, "it can't be read: {}", words(*kind)),
            Self::TooLong(limit) => write!(f, "it has more than {limit} bytes"),
            Self::NotText => f.write_str("it is not UTF-8 text"),
            Self::Syntax(words) => f.write_str(words),
            Self::Unknown(_) => f.write_str("there is no such field"),
            Self::Missing(_) => f.write_str("it is missing"),
            Self::Type { expected, actual } => write!(f, "it must be {expected}, not {actual}"),
            Self::Quantity(problem) => problem.fmt(f),
            Self::Value(reason) | Self::Layout(reason) => f.write_str(reason),
            Self::Repeated(line) => write!(f, "line {line} has this already"),
            Self::SamePlace { id, line } => write!(f, "it is the same place as {id} in line {line}"),
            Self::Scheme { scheme, known, .. } => {
                write!(f, "no backend is known for {scheme}:, only for ")?;
                for (at, scheme) in known.iter().enumerate() {
                    write!(f, "{}{scheme}:", if at == 0 { "" } else { ", " })?;
                }
                match FEATURES.iter().find(|(other, _)| other == scheme) {
                    Some((_, feature)) => write!(f, "; this program was built without the feature {feature}"),
                    None => Ok(()),
                }
            }
            Self::Url(reason) => f.write_str(reason),
            Self::Setting(problem) => match problem {
                SettingProblem::Unknown => f.write_str("this kind of backend has no such setting"),
                SettingProblem::Missing => f.write_str("this kind of backend needs it, and it is missing"),
                SettingProblem::Type { expected, actual } => write!(f, "it must be {expected}, not {actual}"),
                SettingProblem::Plain => f.write_str(
                    "it is a secret: write { env = \"VARIABLE\" } or { file = \"PATH\" }, never the secret itself",
                ),
                SettingProblem::Value(reason) => f.write_str(reason),
                _ => f.write_str("it is refused"),
            },
            Self::Secret(problem) => problem.fmt(f),
        }
    }
}

/// Which feature brings which scheme.
const FEATURES: [(&str, &str); 9] = [
    ("file", "fs"),
    ("sqlite", "sqlite"),
    ("s3", "s3"),
    ("azblob", "azure"),
    ("gs", "gcs"),
    ("redis", "redis"),
    ("rediss", "redis"),
    ("redis+unix", "redis"),
    ("opendal", "opendal"),
];

/// What the library calls an entity is always a file here.
fn words(kind: io::ErrorKind) -> String {
    match kind {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        kind => kind.to_string(),
    }
}

impl fmt::Display for SecretProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("the environment variable is not set"),
            Self::Empty => f.write_str("there is nothing in it"),
            Self::Unreadable(kind) => write!(f, "the file with the secret can't be read: {}", words(*kind)),
            Self::NotRegular => f.write_str("the file with the secret is no regular file"),
            Self::NotPrivate(mode) => {
                write!(f, "others can access the file with the secret (mode {mode:04o})")
            }
        }
    }
}
