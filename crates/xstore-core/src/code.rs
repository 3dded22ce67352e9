//! The machine codes of failures: stable words, each with a category and what to do.

use std::fmt;
use xstore_backend::ErrorKind;

/// Where the cause of a failure is to be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// A place that stores shares.
    Backend,
    /// One share.
    Share,
    /// The object or its manifest.
    Data,
    /// Configuration, keys, or what the caller handed over.
    Caller,
}

impl Category {
    /// The word for it in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Backend => "backend",
            Self::Share => "share",
            Self::Data => "data",
            Self::Caller => "caller",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident = $text:literal, $category:ident, $retry:literal, $guidance:literal;)+) => {
        /// The machine code of a failure. `docs/errors.md` lists them all.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])+ $name,)+
        }

        impl Code {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word: stable for good.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// Where to look for the cause.
            #[must_use]
            pub const fn category(self) -> Category {
                match self { $(Self::$name => Category::$category,)+ }
            }

            /// Whether the same call may succeed later without anybody mending anything.
            #[must_use]
            pub const fn is_usually_retryable(self) -> bool {
                match self { $(Self::$name => $retry,)+ }
            }

            /// What to do about it.
            #[must_use]
            pub const fn guidance(self) -> &'static str {
                match self { $(Self::$name => $guidance,)+ }
            }
        }
    };
}

codes! {
    /// A backend can't be reached, isn't there, or is broken.
    BackendUnavailable = "BACKEND_UNAVAILABLE", Backend, true,
        "check that the backend runs, is reachable and mounted; `status` shows each one";
    /// A backend is full or over its quota.
    BackendQuotaExceeded = "BACKEND_QUOTA_EXCEEDED", Backend, false,
        "free some space there, raise the quota, or add another backend";
    /// A backend refuses the credentials, or they lack a permission.
    BackendAuthFailed = "BACKEND_AUTH_FAILED", Backend, false,
        "check the backend's credentials and permissions";
    /// Too few backends can be used for a new object.
    InsufficientBackends = "INSUFFICIENT_BACKENDS", Backend, true,
        "bring the named backends back, or add others";
    /// A backend didn't answer in time.
    BackendTimeout = "BACKEND_TIMEOUT", Backend, true,
        "check the backend and the connection, or allow more time";
    /// A share isn't what was stored: changed, cut, swapped, or an older one.
    ShareIntegrityFailed = "SHARE_INTEGRITY_FAILED", Share, false,
        "the object is still readable from good shares; find out who changed this one, and make it again by a repair";
    /// A share isn't where it was stored, on a backend that is in order.
    ShareNotFound = "SHARE_NOT_FOUND", Share, false,
        "the object is still readable from the other shares; find out who removed this one, and make it again by a repair";
    /// Too few shares of an object could be stored.
    ShareUploadFailed = "SHARE_UPLOAD_FAILED", Share, true,
        "mend or replace the named backends, then put again; what had been written was removed";
    /// Fewer than k good shares can be had.
    InsufficientShares = "INSUFFICIENT_SHARES", Share, true,
        "bring back any of the named backends; k good shares give the object back";
    /// A share is of a format or suite that this version doesn't know.
    ShareVersionMismatch = "SHARE_VERSION_MISMATCH", Share, false,
        "read it with a version of xStore that knows the format";
    /// The manifest is damaged, forged or not a manifest.
    ManifestInvalid = "MANIFEST_INVALID", Data, false,
        "use an intact copy of the manifest";
    /// The object's time to live is over.
    ManifestExpired = "MANIFEST_EXPIRED", Data, false,
        "the object's time to live is over; put it again if it is still wanted";
    /// Good shares don't make the object.
    ReconstructionFailed = "RECONSTRUCTION_FAILED", Data, false,
        "the object was written wrongly, or this machine computes wrongly: try another machine, test the memory";
    /// The payload's padding is wrong.
    PaddingInvalid = "PADDING_INVALID", Data, false,
        "the object was written by a faulty program; put it again";
    /// The payload as a whole isn't the one that was put.
    PayloadHmacFailed = "PAYLOAD_HMAC_FAILED", Data, false,
        "the object was written by a faulty program, or parts of several were mixed; put it again";
    /// The configuration, or a value that the caller gave, is wrong.
    ConfigInvalid = "CONFIG_INVALID", Caller, false,
        "correct the value that the message names";
    /// The configured backends can't hold an object as the rules ask.
    LayoutRefused = "LAYOUT_REFUSED", Caller, false,
        "change the backends, their labels or the rules; no rule is bent";
    /// An integrity key is missing or revoked.
    KeyUnavailable = "KEY_UNAVAILABLE", Caller, false,
        "give the key file that the object was written with";
    /// The caller's data, or the system's random source, can't be read.
    SourceFailed = "SOURCE_FAILED", Caller, false,
        "check where the data comes from";
    /// What was read, or a record of what is written, can't be handed on.
    SinkFailed = "SINK_FAILED", Caller, false,
        "check where the data goes to";
    /// The operation was stopped or ran out of the time that it was given.
    Cancelled = "CANCELLED", Caller, true,
        "start it again, with more time if it ran out of it";
}

impl Code {
    /// The code for what a backend answered to a request about a share.
    #[must_use]
    pub const fn of_backend(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::QuotaExceeded | ErrorKind::TooLarge => Self::BackendQuotaExceeded,
            ErrorKind::AuthFailed => Self::BackendAuthFailed,
            ErrorKind::Timeout => Self::BackendTimeout,
            ErrorKind::NotFound => Self::ShareNotFound,
            _ => Self::BackendUnavailable,
        }
    }

    /// The code with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == word)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn words_are_distinct_and_lead_back() {
        let words: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(Code::from_word(code.as_str()), Some(*code));
        }
        assert_eq!(Code::from_word("OK"), None);
    }

    #[test]
    fn no_guidance_lowers_the_threshold() {
        for code in Code::ALL {
            let guidance = code.guidance();
            assert!(!guidance.contains("threshold") && !guidance.contains("lower"), "{code}: {guidance}");
        }
    }

    #[test]
    fn the_leaf_crates_use_known_codes() {
        let known = |word: &str| Code::from_word(word).is_some();
        let manifest = xstore_manifest::Error::OtherObject;
        assert!(known(manifest.code()));
        for fault in [xstore_share::ShareFault::HeaderTag, xstore_share::ShareFault::Segment(1)] {
            assert!(known(fault.code()));
        }
    }
}
