//! Signed manifests and those not yet verified.

use std::fmt;
use std::ops::Deref;

use xstore_keys::{KeyId, KeyRing, Keys};

use crate::{Body, Error, Timestamp, canonical, limits, read};

/// An authentic and valid manifest.
///
/// It comes from [`Body::sign`], [`from_json`](Self::from_json) or [`Unverified::verify`] and can't be changed: a
/// change begins with [`into_body`](Self::into_body) and ends with another signature. The body's fields are at hand
/// (`manifest.parts[0].shares`).
///
/// Authentic says that a holder of the integrity key made it. It doesn't say that it is the newest, nor that it is
/// the one you want ([`require_name`](Self::require_name)), nor that it is still in time
/// ([`check_expiry`](Self::check_expiry)).
#[derive(Clone, PartialEq, Eq)]
pub struct Manifest(Signed);

/// What a manifest's text holds.
#[derive(Clone, PartialEq, Eq)]
struct Signed {
    body: Body,
    key_id: KeyId,
    hmac: [u8; 32],
}

impl Manifest {
    /// Reads a manifest and verifies it with the key it names: current and retired keys of the ring verify.
    ///
    /// Time and memory are bounded by the length of the text, whatever it declares: its values take at most about
    /// eight times its bytes (where most shares are null; once where none are), its canonical form once more.
    ///
    /// # Errors
    /// Every variant of [`Error`] but [`OtherObject`](Error::OtherObject) and [`Expired`](Error::Expired).
    pub fn from_json(text: &[u8], keys: &KeyRing) -> Result<Self, Error> {
        Unverified::parse(text)?.verify(keys)
    }

    pub(crate) fn sign(body: Body, keys: &Keys) -> Result<Self, Error> {
        body.validate()?;
        let key_id = keys.id();
        let text = canonical::write(&body, key_id, None);
        // The member that the signature adds: ,"hmac":"" and 64 digits.
        let (length, limit) = (text.len() + 74, limits::text(body.parts.len(), body.entries()));
        if length > limit {
            return Err(Error::TooLong { length, limit });
        }
        let hmac = keys.manifest().tag(&[&text]).into_bytes();
        Ok(Self(Signed { body, key_id, hmac }))
    }

    /// The canonical text (RFC 8785, UTF-8): the same bytes for the same content, always.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        canonical::write(&self.0.body, self.0.key_id, Some(&self.0.hmac))
    }

    /// The content.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.0.body
    }

    /// The content, to make the next revision of.
    #[must_use]
    pub fn into_body(self) -> Body {
        self.0.body
    }

    /// The integrity key that signed it.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.0.key_id
    }

    /// The signature: two manifests with the same one say the same.
    #[must_use]
    pub fn hmac(&self) -> &[u8; 32] {
        &self.0.hmac
    }

    /// Bytes of all parts together, padding and fill included: `length` in the text.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.0.body.length()
    }

    /// Refuses the manifest of another object. One authentic manifest may stand in another's place, so a reader that
    /// knows which object it wants calls this first.
    ///
    /// # Errors
    /// [`Error::OtherObject`].
    pub fn require_name(&self, name: &str) -> Result<(), Error> {
        if self.0.body.key.as_str() == name { Ok(()) } else { Err(Error::OtherObject) }
    }

    /// Refuses an object whose time is over: from `created` + `ttl` on, that moment included.
    ///
    /// # Errors
    /// [`Error::Expired`].
    pub fn check_expiry(&self, now: Timestamp) -> Result<(), Error> {
        // An end after the year 9999 is later than any `now`.
        let end = self.0.body.ttl.and_then(|ttl| self.0.body.created.checked_add_seconds(ttl));
        match end {
            Some(since) if now >= since => Err(Error::Expired { since }),
            _ => Ok(()),
        }
    }
}

impl Deref for Manifest {
    type Target = Body;

    fn deref(&self) -> &Body {
        &self.0.body
    }
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.summary("Manifest", f)
    }
}

/// A manifest that is valid in form and not authenticated. Anyone may have written it: good for showing
/// (`inspect`), and for nothing that acts on it.
#[derive(Clone, PartialEq, Eq)]
pub struct Unverified(Signed);

impl Unverified {
    /// Reads a manifest, with all checks that need no key.
    ///
    /// # Errors
    /// [`Error::TooLong`], [`Error::NotUtf8`], [`Error::ByteOrderMark`], [`Error::Syntax`] or [`Error::Invalid`].
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let read::Document { body, length, key_id, hmac } = read::document(text)?;
        body.validate()?;
        let sum = body.length();
        if length != sum {
            return Err(Error::invalid("length", crate::Problem::Length { found: length, sum }));
        }
        Ok(Self(Signed { body, key_id, hmac }))
    }

    /// The content, unverified.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.0.body
    }

    /// The integrity key that it says signed it.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.0.key_id
    }

    /// Bytes of all parts together, padding and fill included.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.0.body.length()
    }

    /// Checks the signature, in constant time.
    ///
    /// # Errors
    /// [`Error::KeyUnavailable`] or [`Error::NotAuthentic`].
    pub fn verify(self, keys: &KeyRing) -> Result<Manifest, Error> {
        let id = self.0.key_id;
        let keys = keys.verifying(&id).map_err(|source| Error::KeyUnavailable { id, source })?;
        let text = canonical::write(&self.0.body, id, None);
        if keys.manifest().tag(&[&text]).matches(&self.0.hmac) {
            Ok(Manifest(self.0))
        } else {
            Err(Error::NotAuthentic)
        }
    }
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.summary("Unverified", f)
    }
}

impl Signed {
    /// Which manifest it is, in a line: its lists may be long.
    fn summary(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("object", &self.body.object)
            .field("key", &self.body.key)
            .field("generation", &self.body.generation)
            .field("revision", &self.body.revision)
            .field("state", &self.body.state)
            .field("threshold", &self.body.threshold)
            .field("parts", &self.body.parts.len())
            .field("key_id", &format_args!("{}", self.key_id))
            .finish_non_exhaustive()
    }
}
