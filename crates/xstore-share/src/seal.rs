//! The keys of one share, and the writer's side of them: header, segment tags, share end.

use crate::digest::suffix;
use crate::header::{BOUND, HEADER_LEN, bound_fields};
use crate::layout::{Kind, Layout};
use xorida_core::ShareIndex;
use xstore_keys::hkdf::{Prk, extract};
use xstore_keys::{Entropy, EntropyError, Keys, MacKey, MacStream, Tag};
use zeroize::Zeroizing;

/// PRK of a share: nothing about a share can be computed without its salt.
pub(crate) fn share_prk(salt: &[u8; 32], keys: &Keys) -> Prk {
    extract(salt, keys.share())
}

/// The mask over the sharing id.
pub(crate) fn mask(prk: &Prk, id: &[u8; 16]) -> [u8; 16] {
    let mut mask = [0; 16];
    prk.expand(&[b"xStore/1/mask"], &mut mask);
    for (byte, id) in mask.iter_mut().zip(id) {
        *byte ^= id;
    }
    mask
}

/// K_i and the header tag.
pub(crate) fn share_key(prk: &Prk, bound: &[u8; BOUND]) -> (MacKey, [u8; 32]) {
    let mut okm = Zeroizing::new([0; 64]);
    prk.expand(&[&b"xStore/1/share"[..], bound], &mut okm[..]);
    let mut tag = [0; 32];
    tag.copy_from_slice(&okm[32..]);
    (MacKey::new(&okm[..32]), tag)
}

/// The share end, computed from the segment tags in their order.
pub(crate) struct EndMac {
    stream: MacStream,
    count: u64,
}

impl EndMac {
    pub(crate) fn new(key: &MacKey) -> Self {
        Self { stream: key.begin(), count: 0 }
    }

    pub(crate) fn absorb(&mut self, tag: &[u8]) {
        self.stream.update(tag);
        self.count += 1;
    }

    pub(crate) fn finish(mut self) -> Tag {
        self.stream.update(&suffix(self.count, 0, Kind::End));
        self.stream.finish()
    }
}

/// One share being written.
pub(crate) struct ShareSealer {
    header: [u8; HEADER_LEN],
    key: MacKey,
}

impl ShareSealer {
    /// Draws the share's salt and derives its keys.
    pub(crate) fn new(
        layout: &Layout,
        index: ShareIndex,
        sharing: &[u8; 16],
        keys: &Keys,
        entropy: &mut Entropy,
    ) -> Result<Self, EntropyError> {
        let salt: [u8; 32] = entropy.array()?;
        let prk = share_prk(&salt, keys);
        let bound = bound_fields(layout, index.get(), keys.id(), &mask(&prk, sharing));
        let (key, tag) = share_key(&prk, &bound);
        let mut header = [0; HEADER_LEN];
        header[..BOUND].copy_from_slice(&bound);
        header[64..96].copy_from_slice(&salt);
        header[96..].copy_from_slice(&tag);
        Ok(Self { header, key })
    }

    pub(crate) fn header(&self) -> &[u8; HEADER_LEN] {
        &self.header
    }

    pub(crate) fn key(&self) -> &MacKey {
        &self.key
    }
}
