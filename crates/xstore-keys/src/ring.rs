//! The keys that an installation has, and what each may still be used for.

use std::fmt;
use std::str::FromStr;

use crate::{Date, IntegrityKey, KeyId, Keys, key_file};

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Signs new data and verifies. At most one key of a ring is current.
    Current,
    /// Verifies what it once signed.
    Retired,
    /// Verifies nothing: somebody else may know it. There is no way back.
    Revoked,
}

impl KeyState {
    /// The word for it in a key file: `current`, `retired` or `revoked`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text is no state's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the state of a key is one of current, retired and revoked")]
pub struct KeyStateError;

impl FromStr for KeyState {
    type Err = KeyStateError;

    fn from_str(word: &str) -> Result<Self, KeyStateError> {
        [Self::Current, Self::Retired, Self::Revoked]
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or(KeyStateError)
    }
}

/// What a ring tells about one of its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyEntry {
    /// The key's id.
    pub id: KeyId,
    /// What it may be used for.
    pub state: KeyState,
    /// The day on which it got that state.
    pub changed: Date,
}

/// Integrity keys by id, in the order in which they were added, each with its state.
///
/// No operation that fails changes the ring. [`Debug`](fmt::Debug) shows ids, states and dates only.
#[derive(Default)]
pub struct KeyRing {
    held: Vec<Held>,
}

struct Held {
    key: IntegrityKey,
    keys: Keys,
    state: KeyState,
    changed: Date,
}

impl KeyRing {
    /// The most keys that a ring holds: as many as have room in a key file.
    pub const MAX_KEYS: usize = key_file::MAX_BYTES / key_file::LINE;

    /// Adds a key and makes it the current one. A key that was current becomes retired on the same day.
    ///
    /// # Errors
    /// [`RingError::DuplicateKey`] or [`RingError::Full`].
    pub fn add(&mut self, key: IntegrityKey, created: Date) -> Result<KeyId, RingError> {
        let held = self.admit(key, KeyState::Current, created)?;
        if let Some(former) = self.held.iter_mut().find(|held| held.state == KeyState::Current) {
            former.state = KeyState::Retired;
            former.changed = created;
        }
        Ok(self.push(held))
    }

    /// Adds a key in a given state, as a key file does.
    ///
    /// # Errors
    /// [`RingError::DuplicateKey`], [`RingError::Full`], or [`RingError::SecondCurrent`] when the new key
    /// should be current and another one is.
    pub fn insert(&mut self, key: IntegrityKey, state: KeyState, changed: Date) -> Result<KeyId, RingError> {
        let held = self.admit(key, state, changed)?;
        if state == KeyState::Current
            && let Ok(current) = self.current()
        {
            return Err(RingError::SecondCurrent { current: current.id() });
        }
        Ok(self.push(held))
    }

    /// The working keys that sign new data.
    ///
    /// # Errors
    /// [`RingError::NoCurrentKey`].
    pub fn current(&self) -> Result<&Keys, RingError> {
        self.held
            .iter()
            .find(|held| held.state == KeyState::Current)
            .map(|held| &held.keys)
            .ok_or(RingError::NoCurrentKey)
    }

    /// The working keys that verify what the key with this id signed.
    ///
    /// The id must come from a manifest that pins it or from the user, never from the data to be verified.
    ///
    /// # Errors
    /// [`RingError::UnknownKey`] or [`RingError::RevokedKey`]. Neither says anything about the data.
    pub fn verifying(&self, id: &KeyId) -> Result<&Keys, RingError> {
        match self.held.iter().find(|held| held.keys.id() == *id) {
            None => Err(RingError::UnknownKey { id: *id }),
            Some(held) if held.state == KeyState::Revoked => Err(RingError::RevokedKey { id: *id }),
            Some(held) => Ok(&held.keys),
        }
    }

    /// Lets a key verify only. The ring may be left without a current key. A retired key stays as it is.
    ///
    /// # Errors
    /// [`RingError::UnknownKey`], or [`RingError::RevokedKey`]: a revoked key is never trusted again.
    pub fn retire(&mut self, id: &KeyId, changed: Date) -> Result<(), RingError> {
        let held = self.find(id)?;
        match held.state {
            KeyState::Revoked => return Err(RingError::RevokedKey { id: *id }),
            KeyState::Retired => {}
            KeyState::Current => {
                held.state = KeyState::Retired;
                held.changed = changed;
            }
        }
        Ok(())
    }

    /// Stops a key from verifying anything, for good. A revoked key stays as it is.
    ///
    /// # Errors
    /// [`RingError::UnknownKey`].
    pub fn revoke(&mut self, id: &KeyId, changed: Date) -> Result<(), RingError> {
        let held = self.find(id)?;
        if held.state != KeyState::Revoked {
            held.state = KeyState::Revoked;
            held.changed = changed;
        }
        Ok(())
    }

    /// What the ring holds, in the order in which it was added.
    pub fn entries(&self) -> impl Iterator<Item = KeyEntry> {
        self.held.iter().map(Held::entry)
    }

    /// The number of keys in any state.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether there is no key at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The keys themselves, for writing them to a key file.
    pub(crate) fn integrity_keys(&self) -> impl Iterator<Item = (&IntegrityKey, KeyEntry)> {
        self.held.iter().map(|held| (&held.key, held.entry()))
    }

    fn admit(&self, key: IntegrityKey, state: KeyState, changed: Date) -> Result<Held, RingError> {
        let keys = Keys::derive(&key);
        let id = keys.id();
        if self.held.iter().any(|held| held.keys.id() == id) {
            return Err(RingError::DuplicateKey { id });
        }
        if self.held.len() >= Self::MAX_KEYS {
            return Err(RingError::Full { limit: Self::MAX_KEYS });
        }
        Ok(Held { key, keys, state, changed })
    }

    fn push(&mut self, held: Held) -> KeyId {
        let id = held.keys.id();
        self.held.push(held);
        id
    }

    fn find(&mut self, id: &KeyId) -> Result<&mut Held, RingError> {
        self.held.iter_mut().find(|held| held.keys.id() == *id).ok_or(RingError::UnknownKey { id: *id })
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing ")?;
        f.debug_list().entries(self.entries()).finish()
    }
}

impl Held {
    fn entry(&self) -> KeyEntry {
        KeyEntry { id: self.keys.id(), state: self.state, changed: self.changed }
    }
}

/// Why a ring refused an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RingError {
    /// Nothing can be written: no key is current.
    #[error("the key ring has no current key; generate one, or load the right key file")]
    NoCurrentKey,
    /// The ring has no key with this id.
    #[error(
        "key {id} is not in the key ring, so the data can't be verified; that is no sign of damage or \
         tampering: load the key file that was in use when the data was written"
    )]
    UnknownKey {
        /// The id asked for.
        id: KeyId,
    },
    /// The key is there, but must not be trusted.
    #[error(
        "key {id} is revoked, so nothing that it signed is trusted; that is no sign of damage or tampering: \
         only unverified recovery reads what no other key signs"
    )]
    RevokedKey {
        /// The id asked for.
        id: KeyId,
    },
    /// The key is in the ring already, in whatever state.
    #[error("key {id} is in the key ring already; one key has one state")]
    DuplicateKey {
        /// The id of the key.
        id: KeyId,
    },
    /// Another key is the current one.
    #[error("key {current} is the current one already; retire it first")]
    SecondCurrent {
        /// The id of the key that is current.
        current: KeyId,
    },
    /// No room for another key.
    #[error("a key ring holds at most {limit} keys; start a second one")]
    Full {
        /// [`KeyRing::MAX_KEYS`].
        limit: usize,
    },
}
