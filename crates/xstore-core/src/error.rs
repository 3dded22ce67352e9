//! The public error.

use crate::code::{Category, Code};
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use xstore_backend::BackendId;

/// What a store's operation comes to.
pub type Result<T, E = Error> = core::result::Result<T, E>;

type Cause = Arc<dyn StdError + Send + Sync>;

/// Why an operation failed: code, message, what to do, and for a quorum failure every backend with its own code.
///
/// One pointer wide, cheap to clone. Neither message nor causes contain a key, a credential or a byte of a share.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    code: Code,
    message: Cow<'static, str>,
    is_retryable: bool,
    backend: Option<BackendId>,
    share: Option<u8>,
    part: Option<u32>,
    attempts: Vec<Attempt>,
    source: Option<Cause>,
}

/// What one backend contributed to a failure, or what was found wrong with its share.
#[derive(Clone)]
#[non_exhaustive]
pub struct Attempt {
    /// The backend.
    pub backend: BackendId,
    /// The share that it was about.
    pub share: Option<u8>,
    /// The part that it was about.
    pub part: Option<u32>,
    /// What kind of failure.
    pub code: Code,
    cause: Cause,
}

impl Attempt {
    pub(crate) fn new(
        backend: BackendId,
        share: Option<u8>,
        part: Option<u32>,
        code: Code,
        cause: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { backend, share, part, code, cause: cause.into().into() }
    }

    /// What happened.
    #[must_use]
    pub fn cause(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.cause
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.backend)?;
        if let Some(share) = self.share {
            write!(f, " (share {share}")?;
            if let Some(part) = self.part {
                write!(f, ", part {part}")?;
            }
            f.write_str(")")?;
        }
        write!(f, ": {}: {}", self.code, Chain(&*self.cause))
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An error and its causes in one line.
struct Chain<'a>(&'a (dyn StdError + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            write!(f, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner {
            code,
            message: message.into(),
            is_retryable: code.is_usually_retryable(),
            backend: None,
            share: None,
            part: None,
            attempts: Vec::new(),
            source: None,
        }))
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    pub(crate) fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.change(|inner| inner.source = Some(source.into().into()))
    }

    pub(crate) fn with_backend(self, backend: &BackendId) -> Self {
        self.change(|inner| inner.backend = Some(backend.clone()))
    }

    pub(crate) fn with_part(self, part: u32) -> Self {
        self.change(|inner| inner.part = Some(part))
    }

    pub(crate) fn with_attempts(self, attempts: Vec<Attempt>) -> Self {
        self.change(|inner| inner.attempts = attempts)
    }

    /// What a failed put had written couldn't all be removed.
    pub(crate) fn with_leftover(self) -> Self {
        self.change(|inner| {
            inner.message = format!(
                "{} (and not all that had been written could be removed: sweep the ticket later)",
                inner.message
            )
            .into();
        })
    }

    /// The machine code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// Where to look for the cause.
    #[must_use]
    pub fn category(&self) -> Category {
        self.0.code.category()
    }

    /// What to do about it.
    #[must_use]
    pub fn guidance(&self) -> &'static str {
        self.0.code.guidance()
    }

    /// Whether the same call may succeed later without anybody mending anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.is_retryable
    }

    /// The backend, where it is about one.
    #[must_use]
    pub fn backend(&self) -> Option<&BackendId> {
        self.0.backend.as_ref()
    }

    /// The share, where it is about one.
    #[must_use]
    pub fn share(&self) -> Option<u8> {
        self.0.share
    }

    /// The part, where it is about one.
    #[must_use]
    pub fn part(&self) -> Option<u32> {
        self.0.part
    }

    /// What each backend contributed.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        for (at, attempt) in self.0.attempts.iter().enumerate() {
            write!(f, "{}{attempt}", if at == 0 { ": " } else { "; " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("code", &inner.code.as_str())
            .field("message", &inner.message)
            .field("backend", &inner.backend)
            .field("share", &inner.share)
            .field("part", &inner.part)
            .field("attempts", &inner.attempts)
            .field("source", &inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<xstore_manifest::Error> for Error {
    fn from(error: xstore_manifest::Error) -> Self {
        let code = Code::from_word(error.code()).unwrap_or(Code::ManifestInvalid);
        Self::new(code, "the manifest is refused").with_source(error)
    }
}

impl From<xstore_share::DecodeError> for Error {
    fn from(error: xstore_share::DecodeError) -> Self {
        let code = Code::from_word(error.code()).unwrap_or(Code::ReconstructionFailed);
        Self::new(code, "the object can't be put together").with_source(error)
    }
}

impl From<xstore_share::EncodeError> for Error {
    fn from(error: xstore_share::EncodeError) -> Self {
        use xstore_share::EncodeError;
        match error {
            EncodeError::Entropy(error) => random(error),
            EncodeError::Recombine(_) => Self::new(
                Code::ReconstructionFailed,
                "what was computed doesn't recombine; nothing of it was sent",
            )
            .with_source(error),
            error => Self::new(Code::ConfigInvalid, "the part can't be encoded").with_source(error),
        }
    }
}

/// The random source failed.
pub(crate) fn random(error: xstore_keys::EntropyError) -> Error {
    Error::new(Code::SourceFailed, "the system's random source failed").with_source(error)
}
