//! HMAC-SHA-256 (RFC 2104, FIPS 198-1) with the key absorbed once.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::{ZeroizeOnDrop, Zeroizing};

const BLOCK: usize = 64;
const INNER_PAD: u8 = 0x36;
const OUTER_PAD: u8 = 0x5c;

/// A key for HMAC-SHA-256: the two SHA-256 states after the padded key, so that a tag costs no key setup.
///
/// Wiped on drop. [`Debug`](fmt::Debug) shows nothing of it.
// The `hmac` crate would do the same arithmetic, but it leaves the padded key on the stack (only its states
// are wiped) and keeps the states to itself, which hashing many messages in lanes needs.
#[derive(Clone)]
pub struct MacKey {
    inner: Sha256,
    outer: Sha256,
}

impl MacKey {
    /// Absorbs `key`, of any length; one of more than 64 bytes is hashed first, as RFC 2104 says.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK]);
        if key.len() > BLOCK {
            let mut digest = Zeroizing::new([0; 32]);
            finish(&mut Sha256::new_with_prefix(key), &mut digest);
            block[..32].copy_from_slice(&digest[..]);
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        let mut this = Self { inner: Sha256::new(), outer: Sha256::new() };
        block.iter_mut().for_each(|byte| *byte ^= INNER_PAD);
        this.inner.update(&block[..]);
        block.iter_mut().for_each(|byte| *byte ^= INNER_PAD ^ OUTER_PAD);
        this.outer.update(&block[..]);
        this
    }

    /// The tag of the concatenation of `parts`.
    ///
    /// Where the parts begin and end is not part of the message: a format must fix or encode their lengths.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> Tag {
        let mut tag = Tag::default();
        self.tag_into(parts, &mut tag.0);
        tag
    }

    /// Starts a tag over a message that arrives in pieces.
    #[must_use]
    pub fn begin(&self) -> MacStream {
        MacStream { state: self.clone() }
    }

    /// [`tag`](Self::tag) without a copy by value, for outputs that are keys themselves.
    pub(crate) fn tag_into(&self, parts: &[&[u8]], out: &mut [u8; 32]) {
        let mut stream = self.begin();
        for part in parts {
            stream.update(part);
        }
        stream.finish_into(out);
    }
}

impl ZeroizeOnDrop for MacKey {}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(..)")
    }
}

/// A tag in the making, from [`MacKey::begin`]. Wiped on drop.
pub struct MacStream {
    state: MacKey,
}

impl MacStream {
    /// Appends bytes to the message.
    pub fn update(&mut self, bytes: &[u8]) {
        absorb(&mut self.state.inner, bytes);
    }

    /// The tag of everything appended.
    #[must_use]
    pub fn finish(mut self) -> Tag {
        let mut tag = Tag::default();
        self.finish_into(&mut tag.0);
        tag
    }

    pub(crate) fn finish_into(&mut self, out: &mut [u8; 32]) {
        let mut digest = Zeroizing::new([0; 32]);
        finish(&mut self.state.inner, &mut digest);
        self.state.outer.update(&digest[..]);
        finish(&mut self.state.outer, out);
    }
}

impl ZeroizeOnDrop for MacStream {}

impl fmt::Debug for MacStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacStream(..)")
    }
}

/// An HMAC-SHA-256 output of 32 bytes.
///
/// It has no `==`: an early exit would tell an attacker how many leading bytes of a forgery are right. Compare
/// with [`matches`](Self::matches) or [`ConstantTimeEq`]. The default is 32 zero bytes, a blank for
/// [`hmac_each`](crate::hmac_each) to write on.
#[derive(Clone, Copy, Default)]
pub struct Tag([u8; 32]);

impl Tag {
    /// Whether `other` is this tag, in a time that doesn't depend on where they differ.
    #[must_use]
    pub fn matches(&self, other: &[u8; 32]) -> bool {
        self.ct_eq(&Self(*other)).into()
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 32 bytes by value.
    #[must_use]
    pub fn into_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl ConstantTimeEq for Tag {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0[..].ct_eq(&other.0[..])
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag(..)")
    }
}

/// Hashes `bytes`, and keeps memory ahead of the hash.
///
/// Prefetchers stop at the end of a page, and under a hypervisor the walk to the next one is long, so a hash over
/// memory that no cache holds stalls at every page. Reading one byte of the next page while this one is hashed
/// starts both in time.
pub(crate) fn absorb(hash: &mut Sha256, bytes: &[u8]) {
    const PAGE: usize = 4096;
    for (number, page) in bytes.chunks(PAGE).enumerate() {
        if let Some(ahead) = bytes.get((number + 1) * PAGE) {
            std::hint::black_box(*ahead);
        }
        hash.update(page);
    }
}

/// Ends a hash in place: the by-value form would leave an unwiped copy of the state behind.
fn finish(hash: &mut Sha256, out: &mut [u8; 32]) {
    Digest::finalize_into_reset(hash, out.into());
}

// `MacKey` and `MacStream` are wiped because their hash states are. That hangs on cargo features of `sha2`,
// so the build checks it.
const _: () = {
    const fn wiped_on_drop<T: ZeroizeOnDrop>() {}
    wiped_on_drop::<Sha256>();
};
