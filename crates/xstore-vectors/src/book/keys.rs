//! Section 4: what an integrity key gives.

use super::crypto::{expand, extract};

/// The keys derived from one integrity key.
#[derive(Clone, Copy)]
pub struct Derived {
    /// `K_manifest`.
    pub manifest: [u8; 32],
    /// `K_share`.
    pub share: [u8; 32],
    /// `K_payload`.
    pub payload: [u8; 32],
    /// `K_name`.
    pub name: [u8; 32],
    /// `K_hedge`.
    pub hedge: [u8; 32],
    /// The key id.
    pub id: [u8; 16],
}

impl Derived {
    /// Derives all of them.
    #[must_use]
    pub fn of(integrity_key: &[u8; 32]) -> Self {
        let root = extract(b"xStore/1/root", integrity_key);
        let key = |purpose: &str| expand(&root, &[b"xStore/1/", purpose.as_bytes()]);
        Self {
            manifest: key("manifest"),
            share: key("share"),
            payload: key("payload"),
            name: key("name"),
            hedge: key("hedge"),
            id: expand(&root, &[b"xStore/1/id"]),
        }
    }
}

/// The keys of one share, section 6.
#[derive(Clone, Copy)]
pub struct OfShare {
    /// PRK.
    pub prk: [u8; 32],
    /// The mask over the sharing id.
    pub mask: [u8; 16],
}

impl OfShare {
    /// From `K_share` and the share's salt.
    #[must_use]
    pub fn of(share: &[u8; 32], salt: &[u8; 32]) -> Self {
        let prk = extract(salt, share);
        Self { prk, mask: expand(&prk, &[b"xStore/1/mask"]) }
    }

    /// `K_i` and the header tag, for bytes 0 to 63 of the header.
    #[must_use]
    pub fn bind(&self, header: &[u8; 64]) -> ([u8; 32], [u8; 32]) {
        let both: [u8; 64] = expand(&self.prk, &[b"xStore/1/share", header]);
        (std::array::from_fn(|i| both[i]), std::array::from_fn(|i| both[32 + i]))
    }
}
