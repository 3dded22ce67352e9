//! Deciding vectors by the crates.

use super::{
    FaultNote, ObjectVector, PadsVector, Payload, Says, SharePin, ShareVector, UnverifiedVector, ring,
};
use crate::book::crypto::{aes_256_ctr, expand, extract, hmac};
use crate::book::keys::Derived;
use crate::hex::{hex, unhex};
use crate::read::{Reading, Request, open_share, read};
use xorida_core::{Scheme, Threshold};
use xstore_manifest::{BackendId, Share, ShareKey, Timestamp};
use xstore_share::{ExpectedPart, Layout, ShareFault, unverified};

/// Reads the object of a vector.
pub(super) fn object(vector: &ObjectVector) -> Result<(), String> {
    let ring = ring(&vector.keys)?;
    let values = vector.stored().ok_or("a value isn't hex")?;
    let now: Option<Timestamp> =
        vector.now.as_deref().map(str::parse).transpose().map_err(|_| "now isn't a time")?;
    let request = Request { now, name: vector.name.as_deref(), range: vector.range() };
    let reading = read(vector.manifest.as_bytes(), &values, &ring, &request);
    same("the result", reading.code(), &vector.expect).map_err(|text| {
        reading.result.as_ref().err().map_or(text.clone(), |error| format!("{text}: {error:?}"))
    })?;
    same("the faults", &FaultNote::of(&reading.faults), &vector.faults)?;
    same("the payload", &read_payload(&reading), &vector.payload)
}

fn read_payload(reading: &Reading) -> Option<Payload> {
    reading.payload().ok().map(Payload::of)
}

/// Opens the share of a vector.
pub(super) fn share(vector: &ShareVector) -> Result<(), String> {
    let opened = vector.open()?;
    let code = opened.as_ref().err().map_or("ok", |fault| fault.code());
    same("the result", code, &vector.expect)
        .map_err(|text| opened.as_ref().err().map_or(text.clone(), |fault| format!("{text}: {fault:?}")))
}

impl ShareVector {
    /// What the crates find wrong with the share.
    ///
    /// # Errors
    /// What is wrong with the vector.
    pub fn open(&self) -> Result<Result<(), ShareFault>, String> {
        let ring = ring(&self.keys)?;
        let value = unhex(&self.value).ok_or("the value isn't hex")?;
        let (part, share) = pin(&self.manifest)?;
        Ok(open_share(&part, &share, &value, &ring).map(|_| ()))
    }
}

/// A manifest's word on a share, without the manifest.
fn pin(pin: &SharePin) -> Result<(ExpectedPart, Share), String> {
    let threshold = Threshold::new(pin.k, pin.n).map_err(|error| error.to_string())?;
    let scheme = Scheme::with_prime(threshold, pin.p).map_err(|error| error.to_string())?;
    let layout = Layout::new(scheme, pin.segment, pin.trailer).map_err(|error| error.to_string())?;
    let shape = layout.part(pin.bytes).map_err(|error| error.to_string())?;
    let share = Share {
        backend: BackendId::new("backend").map_err(|error| error.to_string())?,
        hmac: array(&pin.hmac)?,
        index: pin.index,
        key: ShareKey::new(&format!("ns/m/{}", "a".repeat(32))).map_err(|error| error.to_string())?,
        key_id: pin.key_id.parse().map_err(|_| "the key id isn't 32 hex digits")?,
    };
    Ok((ExpectedPart { shape, sharing: array(&pin.sharing)? }, share))
}

/// Reads the shares of a vector without keys.
pub(super) fn unverified(vector: &UnverifiedVector) -> Result<(), String> {
    let values: Option<Vec<Vec<u8>>> = vector.values.iter().map(|value| unhex(value)).collect();
    let values = values.ok_or("a value isn't hex")?;
    let values: Vec<&[u8]> = values.iter().map(|value| &value[..]).collect();
    let opened = unverified::open(&values);
    let code = opened.as_ref().err().map_or("ok", |error| error.code());
    same("the result", code, &vector.expect)?;
    let opened = opened.ok();
    let says = opened.as_ref().map(|part| Says {
        sharing: hex(&part.trailer.sharing),
        object: hex(&part.trailer.object),
        generation: part.trailer.generation,
        part: part.trailer.part,
        name: part.trailer.last.as_ref().map(|last| last.name.clone()),
    });
    same("the trailer", &says, &vector.says)?;
    same("the payload", &opened.map(|part| Payload::of(&part.payload)), &vector.payload)
}

/// Computes the pad of a vector. The encoder's own generator is private to it; that it gives the same is seen by the
/// objects that both write from one seed.
pub(super) fn pads(vector: &PadsVector) -> Result<(), String> {
    let keys = Derived::of(&array(&vector.key)?);
    let sharing: [u8; 16] = array(&vector.sharing)?;
    let seed: [u8; 32] = array(&vector.seed)?;
    let k_obj: [u8; 32] = expand(&extract(&seed, &keys.hedge), &[b"xStore/1/seed", &sharing]);
    let digest: [u8; 32] = array(&vector.digest)?;
    let k_m = hmac(&k_obj, &[&vector.m.to_le_bytes(), &[vector.segment_kind], &digest]);
    same("K_obj", &hex(&k_obj), &vector.k_obj)?;
    same("K_m", &hex(&k_m), &vector.k_m)?;
    same("the pad", &hex(&aes_256_ctr(&k_m, vector.length)), &vector.pad)?;
    same("the result", "ok", &vector.expect)
}

fn array<const N: usize>(text: &str) -> Result<[u8; N], String> {
    unhex(text).and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| format!("not {N} bytes in hex: {text}"))
}

fn same<T: PartialEq + std::fmt::Debug + ?Sized>(what: &str, is: &T, expected: &T) -> Result<(), String> {
    if is == expected { Ok(()) } else { Err(format!("{what} is {is:?}, not {expected:?}")) }
}
