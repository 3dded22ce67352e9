//! Why a run ends early.

use std::io;

use xstore_keys::{DateError, KeyError, RingError};
use xstore_share::{DecodeError, EncodeError, LayoutError, ShareFault};

/// Anything that keeps a measurement from being one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// Something ran and computed something else than it must. Its speed is then of no interest.
    #[error("{0} computes a wrong result")]
    Wrong(&'static str),
    /// The arithmetic refused its input.
    #[error("splitting, combining or rebuilding failed")]
    Xorida(#[from] xorida_core::Error),
    /// A layout was refused.
    #[error("the layout was refused")]
    Layout(#[from] LayoutError),
    /// A part couldn't be written.
    #[error("encoding failed")]
    Encode(#[from] EncodeError),
    /// A part couldn't be read.
    #[error("decoding failed")]
    Decode(#[from] DecodeError),
    /// A share was refused.
    #[error("a share was refused")]
    Share(#[from] ShareFault),
    /// The key ring of the bench couldn't be made.
    #[error("the key was refused")]
    Key(#[from] KeyError),
    /// The key ring of the bench couldn't be made.
    #[error("the key ring was refused")]
    Ring(#[from] RingError),
    /// The date of the bench's key is none.
    #[error("the key's date was refused")]
    Date(#[from] DateError),
    /// The random source failed.
    #[error("no randomness")]
    Entropy(#[from] xstore_keys::EntropyError),
    /// A store refused or failed.
    #[error("the store failed")]
    Store(#[from] xstore_core::Error),
    /// A backend's name was refused.
    #[error("a backend's name was refused")]
    BackendId(#[from] xstore_core::backend::InvalidBackendId),
    /// A backend couldn't be made.
    #[error("a backend failed")]
    Backend(#[from] xstore_core::backend::Error),
    /// A file, a thread or a process of the bench failed.
    #[error("can't {what}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The process whose memory was to be measured failed.
    #[error("the process whose memory is measured failed: {0}")]
    Child(String),
    /// Another project's crate refused what it was given.
    #[error("{name} failed: {message}")]
    Peer {
        /// The crate.
        name: &'static str,
        /// What it says.
        message: String,
    },
    /// The results couldn't be written out.
    #[error("can't write the results")]
    Output(#[from] io::Error),
    /// The results couldn't be turned into JSON.
    #[error("can't write the results as JSON")]
    Json(#[from] serde_json::Error),
}

impl Failure {
    /// For the errors of the system, which don't say what was tried.
    pub(crate) fn system(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { what, source }
    }

    /// For the errors of other crates, which share no trait.
    pub(crate) fn peer(name: &'static str, message: &impl ToString) -> Self {
        Self::Peer { name, message: message.to_string() }
    }
}
