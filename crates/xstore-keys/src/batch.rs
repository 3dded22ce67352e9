//! SHA-256 and HMAC-SHA-256 of many independent messages in one call.
//!
//! Segments and shares are hashed independently of each other, so whole batches reach this module at once.
//! Callers state what is independent; how it is computed is decided here.

use sha2::{Digest, Sha256};

use crate::mac::absorb;
use crate::{MacKey, Tag};

/// Hashes every message with SHA-256; a message is the concatenation of its parts.
///
/// `digests[i]` becomes the digest of `messages[i]`. Messages may differ in length and in number of parts.
///
/// # Panics
/// If there are not as many digests as messages.
pub fn sha256_each(messages: &[&[&[u8]]], digests: &mut [[u8; 32]]) {
    assert_eq!(messages.len(), digests.len(), "one digest per message");
    for (parts, digest) in messages.iter().zip(digests) {
        let mut hash = Sha256::new();
        for part in *parts {
            absorb(&mut hash, part);
        }
        // In place, so that what the buffer holds of a plaintext is wiped when `hash` is dropped.
        Digest::finalize_into_reset(&mut hash, digest.into());
    }
}

/// Computes the HMAC-SHA-256 tag of every job, a key and the parts of a message.
///
/// `tags[i]` becomes the tag of `jobs[i]`, the same as [`MacKey::tag`] gives.
///
/// # Panics
/// If there are not as many tags as jobs.
pub fn hmac_each(jobs: &[(&MacKey, &[&[u8]])], tags: &mut [Tag]) {
    assert_eq!(jobs.len(), tags.len(), "one tag per job");
    for ((key, parts), tag) in jobs.iter().zip(tags) {
        *tag = key.tag(parts);
    }
}
