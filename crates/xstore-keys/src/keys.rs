//! The working keys that one integrity key gives.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::hkdf::{self, Prk};
use crate::{IntegrityKey, KeyId, MacKey};

const ROOT: &[u8] = b"xStore/1/root";
const LABEL: &[u8] = b"xStore/1/";

/// The keys derived from one [`IntegrityKey`], one for each purpose, and its id.
///
/// With Extract and Expand of HKDF-SHA-256 (RFC 5869): `Root = Extract("xStore/1/root", integrity key)`,
/// `K_x = Expand(Root, "xStore/1/" || x, 32)`, and the id is `Expand(Root, "xStore/1/id", 16)`. So nothing
/// that is computed for one purpose means anything for another. Wiped on drop; [`Debug`](fmt::Debug) shows
/// the id only.
pub struct Keys {
    id: KeyId,
    manifest: MacKey,
    name: MacKey,
    secrets: Box<Secrets>,
}

/// On the heap, so that moving [`Keys`] leaves no copies of these behind.
#[derive(Zeroize)]
struct Secrets {
    share: [u8; 32],
    payload: [u8; 32],
    hedge: [u8; 32],
}

impl Keys {
    /// Derives all working keys.
    #[must_use]
    pub fn derive(key: &IntegrityKey) -> Self {
        let root = hkdf::extract(ROOT, key.bytes());
        let mut id = [0; 16];
        root.expand(&[LABEL, b"id"], &mut id);
        let mut secrets = Box::new(Secrets { share: [0; 32], payload: [0; 32], hedge: [0; 32] });
        root.expand(&[LABEL, b"share"], &mut secrets.share);
        root.expand(&[LABEL, b"payload"], &mut secrets.payload);
        root.expand(&[LABEL, b"hedge"], &mut secrets.hedge);
        Self {
            id: KeyId::from_bytes(id),
            manifest: mac_key(&root, b"manifest"),
            name: mac_key(&root, b"name"),
            secrets,
        }
    }

    /// The id that shares and manifests name this key by.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// `K_manifest`: authenticates manifests.
    #[must_use]
    pub fn manifest(&self) -> &MacKey {
        &self.manifest
    }

    /// `K_name`: makes the names under which backends keep shares.
    #[must_use]
    pub fn name(&self) -> &MacKey {
        &self.name
    }

    /// `K_share`: HKDF input from which, with a share's salt, the key of that share is derived.
    #[must_use]
    pub fn share(&self) -> &[u8; 32] {
        &self.secrets.share
    }

    /// `K_payload`: HKDF input from which, with a sharing id, the key of the payload tag is derived.
    #[must_use]
    pub fn payload(&self) -> &[u8; 32] {
        &self.secrets.payload
    }

    /// `K_hedge`: HKDF input that, with fresh bytes from the operating system, seeds the pads.
    #[must_use]
    pub fn hedge(&self) -> &[u8; 32] {
        &self.secrets.hedge
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.secrets.zeroize();
    }
}

impl ZeroizeOnDrop for Keys {}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("id", &self.id).finish_non_exhaustive()
    }
}

fn mac_key(root: &Prk, purpose: &[u8]) -> MacKey {
    let mut bytes = Zeroizing::new([0; 32]);
    root.expand(&[LABEL, purpose], &mut bytes[..]);
    MacKey::new(&bytes[..])
}
