//! The shape of a vector file, and a reader of it that knows nothing of how it was made.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use xstore_keys::{IntegrityKey, KeyRing};
use xstore_manifest::{Error, Manifest};

use crate::canonical::canonical;
use crate::case::Case;
use crate::sample;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Vector {
    pub(crate) title: String,
    pub(crate) comment: String,
    pub(crate) kind: String,
    /// `ok` or the code of the error.
    pub(crate) expect: String,
    pub(crate) keys: Vec<Key>,
    /// The manifest's text, where it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) manifest: Option<String>,
    /// Its bytes, where it isn't.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) manifest_hex: Option<String>,
    /// The time at which it is read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) now: Option<String>,
    /// The name of the object that the reader wants.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) name: Option<String>,
    /// SHA-256 of the canonical form, for `ok`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub canonical_sha256: Option<String>,
    /// The tag, for `ok`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) hmac: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    pub(crate) key: String,
    pub(crate) state: String,
}

impl Vector {
    /// Everything that an `ok` vector promises is computed without the crate.
    pub(crate) fn of(case: &Case) -> Self {
        let key = |(number, state): &(u8, xstore_keys::KeyState)| Key {
            key: HEXLOWER.encode(&sample::key_bytes(*number)),
            state: state.to_string(),
        };
        let text = String::from_utf8(case.text.clone());
        let promised = case.error.is_none().then(|| {
            let value: serde_json::Value = serde_json::from_slice(&case.text).unwrap();
            let hmac = value["integrity"]["hmac"].as_str().unwrap().to_owned();
            (HEXLOWER.encode(&Sha256::digest(canonical(&value))), hmac)
        });
        let (canonical_sha256, hmac) = promised.unzip();
        Self {
            title: case.title.into(),
            comment: case.comment.into(),
            kind: "manifest".into(),
            expect: case.error.as_ref().map_or("ok", Error::code).into(),
            keys: case.keys.iter().map(key).collect(),
            manifest_hex: text.is_err().then(|| HEXLOWER.encode(&case.text)),
            manifest: text.ok(),
            now: case.now.map(Into::into),
            name: case.name.map(Into::into),
            canonical_sha256,
            hmac,
        }
    }

    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap() + "\n"
    }

    pub(crate) fn from_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap()
    }

    /// Reads the manifest as a careful reader does.
    pub(crate) fn decide(&self) -> Result<Manifest, Error> {
        let mut ring = KeyRing::default();
        for key in &self.keys {
            let bytes: [u8; 32] = HEXLOWER.decode(key.key.as_bytes()).unwrap().try_into().unwrap();
            let key_itself = IntegrityKey::from_bytes(&bytes).unwrap();
            ring.insert(key_itself, key.state.parse().unwrap(), "2026-01-01".parse().unwrap()).unwrap();
        }
        let bytes = match (&self.manifest, &self.manifest_hex) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(hex)) => HEXLOWER.decode(hex.as_bytes()).unwrap(),
            _ => panic!("{}: one of manifest and manifestHex is needed", self.title),
        };
        let manifest = Manifest::from_json(&bytes, &ring)?;
        if let Some(name) = &self.name {
            manifest.require_name(name)?;
        }
        if let Some(now) = &self.now {
            manifest.check_expiry(now.parse().unwrap())?;
        }
        Ok(manifest)
    }

    pub(crate) fn check(&self, file: &str) {
        assert_eq!(self.kind, "manifest", "{file}");
        assert_eq!(file.starts_with("ok-"), self.expect == "ok", "{file}");
        match self.decide() {
            Ok(manifest) => {
                assert_eq!(self.expect, "ok", "{file} is accepted");
                let text = manifest.to_json();
                assert_eq!(self.canonical_sha256, Some(HEXLOWER.encode(&Sha256::digest(&text))), "{file}");
                let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
                assert_eq!(self.hmac.as_deref(), value["integrity"]["hmac"].as_str(), "{file}");
            }
            Err(error) => {
                assert_eq!(self.expect, error.code(), "{file}: {error}");
                assert!(self.canonical_sha256.is_none() && self.hmac.is_none(), "{file}");
            }
        }
    }
}
