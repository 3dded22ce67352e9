//! Writing an object with the encoder.

use crate::Values;
use crate::book::{BACKENDS, NAMESPACE};
use std::collections::BTreeMap;
use std::sync::Arc;
use xorida_core::SplitPlan;
use xstore_keys::{Entropy, Keys};
use xstore_manifest::{
    BackendId, Body, Lane, Manifest, Name, ObjectId, Origin, Part, Problem, Share, ShareKey, SharingId,
    State, Threshold, Timestamp,
};
use xstore_share::{
    EncodeError, EncodeScratch, Encoder, LastPart, Layout, Metadata, ObjectKind, PadSource, PartInfo, Plans,
    TAG_LEN,
};

/// What an object is, apart from its payload.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Scheme, S and t.
    pub layout: Layout,
    /// Payload bytes of every part but the last.
    pub part: u32,
    /// The object's name.
    pub name: String,
    /// The application's own metadata.
    pub user: BTreeMap<String, String>,
    /// When it is written, in milliseconds since 1970.
    pub created: i64,
    /// Time to live in seconds.
    pub ttl: Option<u64>,
    /// The object's id.
    pub object: [u8; 16],
    /// The object's version, from 1.
    pub generation: u64,
    /// Zero bytes behind the payload of the last part, to hide its length.
    pub fill: usize,
    /// Where the pads come from.
    pub pads: PadSource,
}

impl Spec {
    /// An object called `object`, of generation 1, without metadata of its own, time to live and fill.
    #[must_use]
    pub fn new(layout: Layout, part: u32) -> Self {
        Self {
            layout,
            part,
            name: "object".to_owned(),
            user: BTreeMap::new(),
            created: 1_767_225_600_123,
            ttl: None,
            object: *b"an object's id..",
            generation: 1,
            fill: 0,
            pads: PadSource::Seeded,
        }
    }
}

/// An object that was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its manifest.
    pub manifest: Manifest,
    /// Its shares.
    pub values: Values,
}

impl Written {
    /// The key of a share's value, or an empty string where it isn't stored.
    #[must_use]
    pub fn key(&self, part: usize, index: usize) -> &str {
        let share = self.manifest.parts.get(part).and_then(|part| part.shares.get(index)?.as_ref());
        share.map_or("", |share| share.key.as_str())
    }
}

/// Why an object wasn't written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// No key was given.
    #[error("there is no key to write with")]
    NoKey,
    /// A part can't be encoded.
    #[error("a part can't be encoded")]
    Encode(#[from] EncodeError),
    /// A value doesn't belong into a manifest.
    #[error("a value doesn't belong into a manifest")]
    Value(#[from] Problem),
    /// The manifest is invalid.
    #[error("the manifest is invalid")]
    Manifest(#[from] xstore_manifest::Error),
    /// A share can't be verified or rebuilt.
    #[error("a share can't be rebuilt")]
    Rebuild(#[from] xstore_share::DecodeError),
}

/// Writes `payload`. Part i is made with key i; the last key serves for all parts beyond and signs the manifest.
///
/// Randomness is drawn in this order, for each part: sharing id, seed (where pads are seeded), one salt per share.
///
/// # Errors
/// [`WriteError`]; nothing of the object is of use then.
pub fn write(
    spec: &Spec,
    payload: &[u8],
    keys: &[&Keys],
    entropy: &mut Entropy,
) -> Result<Written, WriteError> {
    let signing = keys.last().ok_or(WriteError::NoKey)?;
    let scheme = spec.layout.scheme();
    let split = Arc::new(SplitPlan::new(scheme));
    let mut scratch = EncodeScratch::new();
    let mut values = Values::new();
    let mut parts = Vec::new();
    let mut tags: Vec<[u8; 32]> = Vec::new();
    let chunks: Vec<&[u8]> =
        if payload.is_empty() { vec![&[]] } else { payload.chunks(spec.part.max(1) as usize).collect() };
    for (number, chunk) in (0..).zip(&chunks) {
        let keys = keys.get(number as usize).unwrap_or(signing);
        let last = number as usize + 1 == chunks.len();
        let encoder = Encoder::new(spec.layout, Arc::clone(&split), keys, spec.pads, entropy)?;
        let encoder = encoder.recombining(&Plans::new(spec.layout.scheme()))?;
        let metadata = last.then(|| Metadata {
            length: payload.len() as u64,
            object_tag: encoder.payload_key().object_tag(&tags, payload.len() as u64).into_bytes(),
            parts: number + 1,
            user: spec.user.clone(),
        });
        let info = PartInfo {
            object: spec.object,
            generation: spec.generation,
            part: number,
            kind: ObjectKind::Object,
            length: chunk.len() as u64,
            created: spec.created,
            ttl: spec.ttl,
            last: metadata.map(|metadata| LastPart { name: spec.name.clone(), metadata }),
        };
        let mut filled = chunk.to_vec();
        filled.resize(chunk.len() + if last { spec.fill } else { 0 }, 0);
        let sharing = SharingId::from_bytes(encoder.sharing_id());
        let (shares, sealed) = encode(encoder, &filled, info, &mut scratch)?;
        tags.push(sealed.payload_tag.into_bytes());
        let mut entries = Vec::new();
        for ((index, bytes), hmac) in (0..).zip(shares).zip(sealed.ends) {
            let backend = BackendId::new(&format!("{BACKENDS}{index}"))?;
            let key = ShareKey::derive(NAMESPACE, Lane::Manifest, keys, sharing, index, 0, &backend)?;
            values.insert(key.as_str().to_owned(), bytes);
            entries.push(Some(Share { backend, hmac, index, key, key_id: keys.id() }));
        }
        let trailer = spec.layout.trailer();
        parts.push(Part { bytes: sealed.padded, past: Vec::new(), sharing, shares: entries, trailer });
    }
    let body = Body {
        created: Timestamp::from_millis(spec.created)?,
        ext: BTreeMap::new(),
        generation: spec.generation,
        key: Name::new(&spec.name)?,
        object: ObjectId::from_bytes(spec.object),
        origin: Origin::Put,
        p: scheme.p(),
        part: spec.part,
        parts,
        revision: 1,
        segment: spec.layout.segment(),
        state: State::Committed,
        threshold: Threshold { k: scheme.k(), n: scheme.n() },
        ttl: spec.ttl,
    };
    Ok(Written { manifest: body.sign(signing)?, values })
}

/// One part: all full segments in one batch, then the tail, then the trailer.
fn encode(
    mut encoder: Encoder,
    payload: &[u8],
    info: PartInfo,
    scratch: &mut EncodeScratch,
) -> Result<(Vec<Vec<u8>>, xstore_share::SealedPart), EncodeError> {
    let layout = *encoder.layout();
    let mut shares: Vec<Vec<u8>> = (0..usize::from(layout.scheme().n()))
        .filter_map(|index| encoder.header(index))
        .map(|header| header.to_vec())
        .collect();
    let full = payload.len() / layout.segment() as usize;
    let (data, tail) = payload.split_at(full * layout.segment() as usize);
    let batch = encoder.reserve(full)?;
    let sealed = grow(&mut shares, batch.stored(), |outs| batch.seal(data, scratch, outs))?;
    encoder.absorb(&sealed)?;
    let batch = encoder.reserve_last(tail.len())?;
    let sealed = grow(&mut shares, batch.stored(), |outs| batch.seal(tail, scratch, outs))?;
    encoder.absorb(&sealed)?;
    let end = layout.stored_trailer() + TAG_LEN;
    let part = grow(&mut shares, end, |outs| encoder.finish(info, scratch, outs))?;
    Ok((shares, part))
}

/// Hands on `more` new bytes at the end of every share.
fn grow<T>(shares: &mut [Vec<u8>], more: usize, then: impl FnOnce(&mut [&mut [u8]]) -> T) -> T {
    let mut outs: Vec<&mut [u8]> = Vec::with_capacity(shares.len());
    for share in shares {
        let from = share.len();
        share.resize(from + more, 0);
        outs.push(&mut share[from..]);
    }
    then(&mut outs)
}
