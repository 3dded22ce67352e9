//! Text that is never printed.

use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A credential: shown by nothing, wiped when the last clone is dropped. It has no `Display`, and comparing two is
/// for tests of configurations only: it isn't done in constant time.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Keeps the text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }

    /// The text, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
