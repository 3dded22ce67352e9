//! An error as a program prints it: once, with everything that helps.

use std::error::Error as StdError;
use std::fmt;

use xstore_core::{Attempt, Code, Error};

use crate::config::{ConfigErrors, OpenStoreError};

/// Prints an error for people, over several lines without one at the end: its code and what happened, each cause, each
/// backend with its own failure or each mistake of a configuration, and what to do.
///
/// It takes any error, so that a program needs one way to print them all; codes and hints are those of
/// [`Error`](crate::Error), [`OpenStoreError`](crate::config::OpenStoreError) and
/// [`ConfigErrors`](crate::config::ConfigErrors), on the outside or as a cause. Control characters in what is printed,
/// which may come from a name or from a backend's answer, are escaped.
///
/// ```
/// let error = xstore::Store::builder().build().unwrap_err();
/// assert_eq!(
///     xstore::report(&error).to_string(),
///     "CONFIG_INVALID: no threshold is given, for example threshold(2, 3)\n\
///      hint: correct the value that the message names",
/// );
/// ```
#[must_use]
pub fn report<'a>(error: &'a (dyn StdError + 'static)) -> impl fmt::Display + use<'a> {
    Reported(error)
}

struct Reported<'a>(&'a (dyn StdError + 'static));

impl fmt::Display for Reported<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chain = || std::iter::successors(Some(self.0), |error| StdError::source(*error));
        if let Some(code) = chain().find_map(code) {
            write!(f, "{code}: ")?;
        }
        for (at, error) in chain().enumerate() {
            if at > 0 {
                f.write_str("\nbecause: ")?;
            }
            one(f, error)?;
        }
        if let Some(code) = chain().find_map(code) {
            write!(f, "\nhint: {}", code.guidance())?;
        }
        Ok(())
    }
}

/// The code, of an error that has one.
fn code(error: &(dyn StdError + 'static)) -> Option<Code> {
    if let Some(error) = error.downcast_ref::<Error>() {
        Some(error.code())
    } else if let Some(error) = error.downcast_ref::<OpenStoreError>() {
        Some(error.code())
    } else {
        error.downcast_ref::<ConfigErrors>().map(ConfigErrors::code)
    }
}

/// The error without its causes, and a line for each thing that it lists.
fn one(f: &mut fmt::Formatter<'_>, error: &(dyn StdError + 'static)) -> fmt::Result {
    let error: &(dyn StdError + 'static) = match error.downcast_ref() {
        Some(OpenStoreError::Config(errors)) => errors,
        Some(OpenStoreError::Store(error)) => error,
        _ => error,
    };
    let (text, items) = if let Some(error) = error.downcast_ref::<Error>() {
        let items: Vec<_> = error.attempts().iter().map(Attempt::to_string).collect();
        (message(error, &items), items)
    } else if let Some(OpenStoreError::Backends(unopened)) = error.downcast_ref() {
        ("not every backend can be opened".to_owned(), unopened.iter().map(ToString::to_string).collect())
    } else if let Some(errors) = error.downcast_ref::<ConfigErrors>() {
        ("the configuration has mistakes".to_owned(), errors.lines().collect())
    } else {
        (error.to_string(), Vec::new())
    };
    f.write_str(&plain(&text))?;
    items.iter().try_for_each(|item| write!(f, "\n- {}", plain(item)))
}

/// What an error says besides its attempts, which its own `Display` puts behind it.
fn message(error: &Error, attempts: &[String]) -> String {
    let all = error.to_string();
    let listed = format!(": {}", attempts.join("; "));
    match all.strip_suffix(&listed) {
        Some(message) if !attempts.is_empty() => message.to_owned(),
        _ => all,
    }
}

/// Line breaks and other control characters, which could draw over what was printed, become visible.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { plain.extend(c.escape_default()) } else { plain.push(c) }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use xstore_core::Store;
    use xstore_core::backend::memory::MemoryBackend;
    use xstore_core::backend::{BackendId, StorageBackend};
    use xstore_core::keys::{Date, Entropy, IntegrityKey, KeyRing};

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Outer {
        text: &'static str,
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    }

    #[test]
    fn causes_follow_each_once_and_control_characters_are_visible() {
        let inner = Outer { text: "a\nb\u{1b}[2J\u{9b}", source: None };
        let outer = Outer { text: "outer é", source: Some(inner.into()) };
        assert_eq!(report(&outer).to_string(), "outer é\nbecause: a\\nb\\u{1b}[2J\\u{9b}");
    }

    #[test]
    fn a_code_that_is_a_cause_is_found() {
        let inner = Config::from_text("version = 2", "".as_ref()).unwrap_err();
        let line = inner.lines().next().unwrap();
        let outer = Outer { text: "can't start", source: Some(inner.into()) };
        assert_eq!(
            report(&outer).to_string(),
            format!(
                "CONFIG_INVALID: can't start\nbecause: the configuration has mistakes\n- {line}\nhint: {}",
                Code::ConfigInvalid.guidance()
            )
        );
    }

    #[tokio::test]
    async fn every_backend_has_a_line_and_stands_in_no_other() {
        let mut ring = KeyRing::default();
        let date = Date::new(2026, 11, 24).unwrap();
        ring.add(IntegrityKey::generate(&mut Entropy::os()).unwrap(), date).unwrap();
        let backends = ["red", "green", "blue"].map(|id| MemoryBackend::new(BackendId::new(id).unwrap()));
        let mut builder = Store::builder().threshold(2, 3).allow_volatile().keys(ring);
        for backend in &backends {
            builder = builder.backend(backend.clone());
        }
        let store = builder.build().unwrap();
        let manifest = store.put("doc", "bytes").await.unwrap();
        for backend in &backends[..2] {
            backend.clear();
        }
        let error = store.get(&manifest).await.unwrap_err();
        let report = report(&error).to_string();
        let lines: Vec<_> = report.lines().collect();
        let (first, last) = (lines[0], lines[lines.len() - 1]);
        assert!(first.starts_with("INSUFFICIENT_SHARES: ") && !first.contains("SHARE_NOT_FOUND"), "{report}");
        assert_eq!(last, format!("hint: {}", Code::InsufficientShares.guidance()));
        for backend in &backends[..2] {
            let start = format!("- {} (share ", backend.id());
            assert_eq!(lines.iter().filter(|line| line.starts_with(&start)).count(), 1, "{report}");
        }
        assert_eq!(lines.len(), 4, "{report}");
    }
}
