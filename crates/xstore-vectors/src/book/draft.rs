//! A whole object: its parts, its manifest, and the values under their keys.

use super::crypto::{hmac, sha256};
use super::keys::Derived;
use super::part::{PartBytes, PartDraft, PartNotes};
use super::trailer::{Fields, object_tag};
use super::{BookError, Hook, Numbers, Stage, text};
use crate::Values;
use crate::hex::hex;
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The id of the backend that has share i is this and i.
pub const BACKENDS: &str = "backend-";
/// The namespace on every backend.
pub const NAMESPACE: &str = "xstore-vectors";

/// What to write. All randomness follows from two labels, so that it is the same in every run.
pub struct Draft {
    /// k, n, p, S, t and the part's payload bytes.
    pub numbers: Numbers,
    /// The integrity key that writes.
    pub key: [u8; 32],
    /// Shares that are tagged under another integrity key than [`key`](Self::key).
    pub share_keys: BTreeMap<u8, [u8; 32]>,
    /// The integrity key that signs the manifest, where it isn't [`key`](Self::key).
    pub signing_key: Option<[u8; 32]>,
    /// The payload.
    pub payload: Vec<u8>,
    /// Zero bytes behind the payload of the last part.
    pub fill: usize,
    /// The object's name.
    pub name: String,
    /// `user` in the metadata.
    pub user: BTreeMap<String, String>,
    /// Milliseconds since 1970.
    pub created: i64,
    /// Seconds.
    pub ttl: Option<u64>,
    /// Object id.
    pub object: [u8; 16],
    /// Generation.
    pub generation: u64,
    /// n when the object was written; None: the n that it has.
    pub written_n: Option<u8>,
    /// Sharing ids and seeds follow from it.
    pub label: String,
    /// Salts follow from it.
    pub salts: String,
    /// Changes a step.
    pub hook: Hook,
}

/// What was written.
#[derive(Clone)]
pub struct Drafted {
    /// The manifest's text, signed.
    pub text: String,
    /// The manifest before it was signed.
    pub manifest: Value,
    /// The values under their keys.
    pub values: Values,
    /// The keys of the values, by part and index.
    pub keys: Vec<Vec<String>>,
    /// How the parts came about.
    pub notes: Vec<PartNotes>,
}

impl Draft {
    /// An object of these numbers with this payload, named `object`, of generation 1.
    #[must_use]
    pub fn new(numbers: Numbers, payload: impl Into<Vec<u8>>) -> Self {
        Self {
            numbers,
            key: std::array::from_fn(|i| u8::try_from(i).unwrap_or_default()),
            share_keys: BTreeMap::new(),
            signing_key: None,
            payload: payload.into(),
            fill: 0,
            name: "object".to_owned(),
            user: BTreeMap::new(),
            created: 1_767_225_600_123,
            ttl: None,
            object: *b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff",
            generation: 1,
            written_n: None,
            label: "a".to_owned(),
            salts: "a".to_owned(),
            hook: Box::new(|_, _| {}),
        }
    }

    /// The same with a hook.
    #[must_use]
    pub fn hook(self, hook: impl Fn(u32, Stage<'_>) + 'static) -> Self {
        Self { hook: Box::new(hook), ..self }
    }

    /// The sharing id of a part.
    #[must_use]
    pub fn sharing(&self, part: u32) -> [u8; 16] {
        let drawn = draw("sharing", &self.label, part, 0);
        std::array::from_fn(|i| drawn[i])
    }

    /// The seed of a part.
    #[must_use]
    pub fn seed(&self, part: u32) -> [u8; 32] {
        draw("seed", &self.label, part, 0)
    }

    /// The salt of a share.
    #[must_use]
    pub fn salt(&self, part: u32, index: u8) -> [u8; 32] {
        draw("salt", &self.salts, part, index)
    }

    /// The bytes that a writer must draw to write the same: for each part the sharing id, the seed, the salts.
    #[must_use]
    pub fn randomness(&self) -> Vec<u8> {
        let mut drawn = Vec::new();
        for (part, _) in self.cut() {
            drawn.extend(self.sharing(part));
            drawn.extend(self.seed(part));
            drawn.extend((0..self.numbers.n).flat_map(|index| self.salt(part, index)));
        }
        drawn
    }

    /// The metadata of the last part.
    #[must_use]
    pub fn metadata(&self, tag: &[u8; 32]) -> String {
        let parts = self.cut().len();
        let mut value = json!({"length": self.payload.len(), "objectTag": hex(tag), "parts": parts});
        if !self.user.is_empty() {
            value["user"] = json!(self.user);
        }
        text::canonical(&value)
    }

    /// Writes the object.
    ///
    /// # Errors
    /// [`BookError`].
    pub fn write(&self) -> Result<Drafted, BookError> {
        let keys = Derived::of(&self.key);
        let mut tags: Vec<[u8; 32]> = Vec::new();
        let mut entries = Vec::new();
        let mut drafted = Drafted {
            text: String::new(),
            manifest: Value::Null,
            values: Values::new(),
            keys: Vec::new(),
            notes: Vec::new(),
        };
        let mut length = 0;
        let cut = self.cut();
        let count = cut.len();
        for (part, payload) in cut {
            let last = part as usize + 1 == count;
            let mut the_tag = None;
            let fields = |k_pay: &[u8; 32]| {
                let tag = last.then(|| object_tag(k_pay, &tags, self.payload.len() as u64));
                the_tag = tag;
                self.fields(part, payload, tag, &keys)
            };
            let fill = if last { self.fill } else { 0 };
            let mut bytes = self.part(part, keys).write(payload, fill, fields)?;
            bytes.notes.object_tag = the_tag.map(|tag| hex(&tag));
            length += bytes.padded;
            tags.push(bytes.payload_tag);
            let names = self.names(part, &keys);
            entries.push(self.entry(part, &bytes, &names));
            drafted.values.extend(names.iter().cloned().zip(bytes.shares));
            drafted.keys.push(names);
            drafted.notes.push(bytes.notes);
        }
        let numbers = &self.numbers;
        drafted.manifest = json!({
            "created": text::timestamp(self.created),
            "ext": {},
            "generation": self.generation,
            "key": self.name,
            "length": length,
            "object": hex(&self.object),
            "origin": "put",
            "p": numbers.p,
            "part": numbers.part,
            "parts": entries,
            "revision": 1,
            "segment": numbers.segment,
            "state": "committed",
            "suite": 1,
            "threshold": {"k": numbers.k, "n": numbers.n},
            "ttl": self.ttl,
            "version": 1,
        });
        (self.hook)(0, Stage::Manifest(&mut drafted.manifest));
        let signing = self.signing_key.as_ref().map_or(keys, Derived::of);
        drafted.text = text::sign(drafted.manifest.clone(), &signing);
        Ok(drafted)
    }

    /// The payload of each part.
    fn cut(&self) -> Vec<(u32, &[u8])> {
        let part = self.numbers.part as usize;
        if self.payload.is_empty() { vec![(0, &[])] } else { (0..).zip(self.payload.chunks(part)).collect() }
    }

    fn part(&self, number: u32, keys: Derived) -> PartDraft<'_> {
        let share_key = |index| self.share_keys.get(&index).map_or(keys, Derived::of);
        PartDraft {
            numbers: self.numbers,
            number,
            sharing: self.sharing(number),
            seed: self.seed(number),
            salts: (0..self.numbers.n).map(|index| self.salt(number, index)).collect(),
            share_keys: (0..self.numbers.n).map(share_key).collect(),
            keys,
            hook: &self.hook,
        }
    }

    fn fields(&self, part: u32, payload: &[u8], tag: Option<[u8; 32]>, keys: &Derived) -> Fields {
        let (name, metadata) = match tag {
            Some(tag) => (self.name.clone(), self.metadata(&tag)),
            None => (String::new(), String::new()),
        };
        Fields {
            magic: *b"xStoreTr",
            sharing: self.sharing(part),
            object: self.object,
            generation: self.generation,
            part,
            flags: u8::from(tag.is_some()),
            n: self.written_n.unwrap_or(self.numbers.n),
            kind: 0,
            zero: 0,
            payload_key: keys.id,
            length: payload.len() as u64,
            created: self.created,
            ttl: self.ttl.unwrap_or(u64::MAX),
            name_length: None,
            metadata_length: None,
            name: name.into_bytes(),
            metadata: metadata.into_bytes(),
        }
    }

    /// Section 11: the keys of a part's values.
    fn names(&self, part: u32, keys: &Derived) -> Vec<String> {
        let sharing = self.sharing(part);
        let name = |index: u8| {
            let backend = format!("{BACKENDS}{index}");
            let tag = hmac(&keys.name, &[&sharing, &[index], &0_u32.to_le_bytes(), backend.as_bytes()]);
            format!("{NAMESPACE}/m/{}", BASE32_NOPAD.encode(&tag[..20]).to_lowercase())
        };
        (0..self.numbers.n).map(name).collect()
    }

    fn entry(&self, part: u32, bytes: &PartBytes, names: &[String]) -> Value {
        let shares = (0..self.numbers.n).zip(names).zip(&bytes.ends).map(|((index, name), end)| {
            let key = self.share_keys.get(&index).unwrap_or(&self.key);
            json!({
                "backendId": format!("{BACKENDS}{index}"),
                "hmac": hex(end),
                "index": index,
                "key": name,
                "keyId": hex(&Derived::of(key).id),
            })
        });
        json!({
            "bytes": bytes.padded,
            "past": [],
            "sharing": hex(&self.sharing(part)),
            "shares": shares.collect::<Vec<_>>(),
            "trailer": self.numbers.trailer,
        })
    }
}

/// 32 bytes that look random and are the same in every run.
fn draw(what: &str, label: &str, part: u32, index: u8) -> [u8; 32] {
    sha256(&[b"xStore vectors", what.as_bytes(), b":", label.as_bytes(), &part.to_le_bytes(), &[index]])
}
