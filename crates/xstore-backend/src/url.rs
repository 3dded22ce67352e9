//! The URL that names a backend in a configuration.

use std::fmt;

/// `scheme:rest`, split and checked as far as all schemes agree; what `rest` means is the adapter's business.
///
/// User names and passwords are refused: a URL gets printed, and secrets come by environment variable or file.
/// So are query parameters: what an adapter needs besides stands in its settings.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BackendUrl {
    text: Box<str>,
    colon: usize,
}

/// Why a text is no [`BackendUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidUrl {
    /// Empty, longer than [`BackendUrl::MAX_LEN`], or with control characters.
    Text,
    /// No scheme: 1 to 32 of the characters `a-z 0-9 + - .` beginning with a letter, and a colon.
    Scheme,
    /// A user name or password.
    Credentials,
}

impl BackendUrl {
    /// Bytes that a URL may have at most.
    pub const MAX_LEN: usize = 4096;

    /// Checks a URL.
    ///
    /// # Errors
    /// [`InvalidUrl`].
    pub fn new(text: &str) -> Result<Self, InvalidUrl> {
        if text.is_empty() || text.len() > Self::MAX_LEN || text.chars().any(char::is_control) {
            return Err(InvalidUrl::Text);
        }
        let colon = text.find(':').ok_or(InvalidUrl::Scheme)?;
        let scheme = &text.as_bytes()[..colon];
        let is_good = scheme.first().is_some_and(u8::is_ascii_lowercase)
            && scheme.len() <= 32
            && scheme.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(b));
        if !is_good {
            return Err(InvalidUrl::Scheme);
        }
        let url = Self { text: text.into(), colon };
        match url.authority() {
            Some(authority) if authority.contains('@') => Err(InvalidUrl::Credentials),
            _ => Ok(url),
        }
    }

    /// What stands before the first colon.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.text[..self.colon]
    }

    /// What stands behind the first colon.
    #[must_use]
    pub fn rest(&self) -> &str {
        &self.text[self.colon + 1..]
    }

    /// Host and port, where `rest` begins with `//`: all up to the next slash, question mark or hash.
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        let after = self.rest().strip_prefix("//")?;
        Some(after.split(['/', '?', '#']).next().unwrap_or(after))
    }

    /// What follows the authority, with its leading slash; all of [`rest`](Self::rest) where there is none.
    #[must_use]
    pub fn path(&self) -> &str {
        match self.authority() {
            Some(authority) => &self.rest()[2 + authority.len()..],
            None => self.rest(),
        }
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for BackendUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for BackendUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a backend's URL has 1 to 4096 bytes and no control characters",
            Self::Scheme => "a backend's URL begins with its kind and a colon, for example file:/mnt/disk",
            Self::Credentials => {
                "a backend's URL has no user name or password: give secrets by environment variable or file"
            }
        })
    }
}

impl std::error::Error for InvalidUrl {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let url = BackendUrl::new("s3://bucket.example:9000/pre/fix").unwrap();
        assert_eq!(
            (url.scheme(), url.authority(), url.path()),
            ("s3", Some("bucket.example:9000"), "/pre/fix")
        );
        let url = BackendUrl::new("file:/mnt/a@b c%20").unwrap();
        assert_eq!((url.scheme(), url.authority(), url.path()), ("file", None, "/mnt/a@b c%20"));
        let url = BackendUrl::new("mem:").unwrap();
        assert_eq!((url.scheme(), url.rest()), ("mem", ""));
        for (bad, why) in [
            ("", InvalidUrl::Text),
            ("file:/a\nb", InvalidUrl::Text),
            (&format!("file:{}", "a".repeat(4096)), InvalidUrl::Text),
            ("/mnt/disk", InvalidUrl::Scheme),
            (":x", InvalidUrl::Scheme),
            ("C:\\data", InvalidUrl::Scheme),
            ("redis://user:secret@host/0", InvalidUrl::Credentials),
            ("redis://user@host", InvalidUrl::Credentials),
        ] {
            assert_eq!(BackendUrl::new(bad), Err(why), "{bad}");
        }
    }
}
