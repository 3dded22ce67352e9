//! Making shares again: one that is lost, or one more than there were.

use crate::Values;
use crate::book::{BACKENDS, NAMESPACE};
use crate::read::{Open, open_share, runs, scheme, shape};
use crate::write::{WriteError, Written};
use xorida_core::ShareIndex;
use xstore_keys::{Entropy, KeyRing, Keys};
use xstore_manifest::{BackendId, Lane, Past, Share, ShareKey, State};
use xstore_share::{EncodeError, ExpectedPart, Rebuilder, TAG_LEN};

/// Makes share `index` of every part again, from the first k others that are good, under `keys`, on a new backend.
/// The former place goes into `past`, and its value is removed.
///
/// # Errors
/// [`WriteError`].
pub fn repair(
    written: &Written,
    index: u8,
    ring: &KeyRing,
    keys: &Keys,
    entropy: &mut Entropy,
) -> Result<Written, WriteError> {
    let mut body = written.manifest.clone().into_body();
    let mut values = written.values.clone();
    let scheme = scheme(&body).ok_or(EncodeError::Plan)?;
    let target = ShareIndex::new(index, scheme).map_err(EncodeError::Sources)?;
    let whole = body.clone();
    for (number, part) in body.parts.iter_mut().enumerate() {
        let shape = shape(&whole, scheme, &whole.parts[number]).ok_or(EncodeError::Plan)?;
        let expected = ExpectedPart { shape, sharing: part.sharing.to_bytes() };
        let good = part.shares.iter().flatten().filter(|share| share.index != index).filter_map(|share| {
            open_share(&expected, share, written.values.get(share.key.as_str())?, ring).ok()
        });
        let sources: Vec<Open<'_>> = good.take(usize::from(scheme.k())).collect();
        let indexes: Vec<ShareIndex> = sources.iter().map(|open| open.verifier.index()).collect();
        let mut rebuilder = Rebuilder::new(expected, &indexes, target, keys, entropy)?;
        let mut bytes = rebuilder.header().to_vec();
        for m in 0..=shape.data_segments() {
            let from = bytes.len();
            bytes.resize(from + shape.place(m).map_or(0, |place| place.stored()), 0);
            rebuilder.run(1, &runs(&sources, &shape, m), &mut bytes[from..]).result?;
        }
        let hmac: [u8; TAG_LEN] = rebuilder.finish()?;
        bytes.extend_from_slice(&hmac);

        let place = &mut part.shares[usize::from(index)];
        let former = place.take();
        // One backend sees one index of a sharing, so a share that moves goes where none was.
        let suffix =
            if former.is_some() { format!("{index}-{}", body.revision + 1) } else { index.to_string() };
        let backend = BackendId::new(&format!("{BACKENDS}{suffix}"))?;
        let key = ShareKey::derive(NAMESPACE, Lane::Manifest, keys, part.sharing, index, 0, &backend)?;
        values.insert(key.as_str().to_owned(), bytes);
        *place = Some(Share { backend, hmac, index, key, key_id: keys.id() });
        if let Some(former) = former {
            values.remove(former.key.as_str());
            part.past.push(Past { index, backend: former.backend });
            part.past.sort();
        }
    }
    body.revision += 1;
    if body.parts.iter().all(|part| part.shares.iter().all(Option::is_some)) {
        body.state = State::Committed;
    }
    Ok(Written { manifest: body.sign(keys)?, values })
}

/// Adds share n to every part, which p must leave room for; the others stay as they are.
///
/// # Errors
/// [`WriteError`].
pub fn expand(
    written: &Written,
    ring: &KeyRing,
    keys: &Keys,
    entropy: &mut Entropy,
) -> Result<Written, WriteError> {
    let index = written.manifest.threshold.n;
    let mut body = written.manifest.clone().into_body();
    body.threshold.n += 1;
    for part in &mut body.parts {
        part.shares.push(None);
    }
    body.state = State::Degraded;
    let wider = Written { manifest: body.sign(keys)?, values: written.values.clone() };
    repair(&wider, index, ring, keys, entropy)
}

/// The values without those of one index, as when its backend is gone.
#[must_use]
pub fn without(written: &Written, index: u8) -> Values {
    let shares = written.manifest.parts.iter().flat_map(|part| part.shares.iter().flatten());
    let gone: Vec<&str> =
        shares.filter(|share| share.index == index).map(|share| share.key.as_str()).collect();
    let kept = written.values.iter().filter(|(key, _)| !gone.contains(&key.as_str()));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}
