//! The manifest that follows from the one before and a ticket.

use super::attempts;
use crate::builder::config;
use crate::code::Code;
use crate::error::{Error, Result};
use crate::store::Inner;
use crate::ticket::{Deeds, Made, Ticket};
use std::collections::{BTreeMap, BTreeSet};
use xstore_keys::Keys;
use xstore_manifest::{Body, Manifest, Part, Past, SharingId, State};

/// Makes the manifest of what a change has done, and keeps in its ticket that there is one before it leaves. Blocks as
/// the journal does.
pub(crate) fn make(inner: &Inner, manifest: &Manifest, ticket: &Ticket) -> Result<Manifest> {
    ticket.complete();
    let deeds = ticket.deeds();
    let keys = keys(inner, &deeds)?;
    let next = apply(manifest, &deeds)?.sign(keys).map_err(Error::from)?;
    match deeds.made {
        None => ticket.make(Made { revision: next.revision, hmac: *next.hmac() }, keys)?,
        Some(made) if made.hmac == *next.hmac() => {}
        Some(_) => return Err(config("the ticket doesn't lead to the manifest that it says was made")),
    }
    Ok(next)
}

/// What a change that was cut short came to.
pub(crate) fn finish(inner: &Inner, manifest: &Manifest, ticket: &Ticket) -> Result<Manifest> {
    let Some(base) = ticket.base() else {
        return Err(config("the ticket is of a put: put again, or sweep it"));
    };
    if manifest.object != ticket.object() {
        return Err(config("the ticket is of another object"));
    }
    ticket.complete();
    let deeds = ticket.deeds();
    if deeds.made.as_ref().is_some_and(|made| made.hmac == *manifest.hmac()) {
        return Ok(manifest.clone());
    }
    if base.hmac != *manifest.hmac() {
        if manifest.revision < base.revision {
            return Err(config(
                "the manifest is older than the one that the change began with: use the one in use",
            ));
        }
        return give_way(inner, manifest, ticket);
    }
    if deeds.sent.is_empty() {
        return Ok(manifest.clone());
    }
    make(inner, manifest, ticket)
}

/// Another change was kept, or others went on from this one: what this one stored counts as far as that manifest names
/// it, and what it sent anywhere is remembered there.
fn give_way(inner: &Inner, manifest: &Manifest, ticket: &Ticket) -> Result<Manifest> {
    let deeds = ticket.deeds();
    let keys = keys(inner, &deeds)?;
    ticket.give_up(keys)?;
    let mut body = manifest.body().clone();
    let known = attempts::of(&body, manifest.key_id());
    for (number, seen) in sent(&body, &deeds).0 {
        if let Some(part) = body.parts.get_mut(number) {
            remember(part, seen);
        }
    }
    if body.parts == manifest.parts {
        return Ok(manifest.clone());
    }
    note(&mut body, known, &deeds);
    body.revision += 1;
    body.sign(inner.keys()?).map_err(|error| match error {
        // Nothing but `past` was touched.
        xstore_manifest::Error::Invalid { .. } => {
            let message = "two changes at once sent one backend two shares of a part: reshare the object";
            Error::new(Code::LayoutRefused, message).with_source(error)
        }
        error => Error::from(error),
    })
}

fn keys<'a>(inner: &'a Inner, deeds: &Deeds) -> Result<&'a Keys> {
    inner
        .ring
        .verifying(&deeds.head.key)
        .map_err(|error| Error::new(Code::KeyUnavailable, "the ticket's key is missing").with_source(error))
}

/// The next manifest's content: what was stored is in its place, and whatever was sent a byte is remembered.
fn apply(manifest: &Manifest, deeds: &Deeds) -> Result<Body> {
    let known = attempts::of(manifest.body(), manifest.key_id());
    let mut body = manifest.body().clone();
    let unknown =
        || config("the ticket is of a reshare, which can't be finished: sweep it and reshare again");
    let (mut past, is_all_known) = sent(&body, deeds);
    if !is_all_known {
        return Err(unknown());
    }
    let places = places(&body);
    let stored = if deeds.is_swept { &[][..] } else { &deeds.stored[..] };
    for stored in stored {
        let number = *places.get(&stored.sharing).ok_or_else(unknown)?;
        for new in &stored.shares {
            let index = usize::from(new.share.index);
            let Some(slot) = body.parts.get_mut(number).and_then(|part| part.shares.get_mut(index)) else {
                return Err(unknown());
            };
            if let Some(old) = slot.replace(new.share.clone()) {
                past.entry(number).or_default().insert(Past { index: old.index, backend: old.backend });
            }
        }
    }
    for (number, seen) in past {
        if let Some(part) = body.parts.get_mut(number) {
            remember(part, seen);
        }
    }
    let is_whole = body.parts.iter().all(|part| part.shares.iter().all(Option::is_some));
    body.state = if is_whole { State::Committed } else { State::Degraded };
    body.revision += 1;
    note(&mut body, known, deeds);
    Ok(body)
}

fn places(body: &Body) -> BTreeMap<SharingId, usize> {
    body.parts.iter().enumerate().map(|(number, part)| (part.sharing, number)).collect()
}

/// What each part's places were sent, and whether all of it was of parts of this manifest.
fn sent(body: &Body, deeds: &Deeds) -> (BTreeMap<usize, BTreeSet<Past>>, bool) {
    let places = places(body);
    let mut past: BTreeMap<usize, BTreeSet<Past>> = BTreeMap::new();
    let mut is_all_known = true;
    for sent in &deeds.sent {
        let Some(number) = places.get(&sent.sharing) else {
            is_all_known = false;
            continue;
        };
        let seen = sent.places.iter();
        let seen = seen.map(|place| Past { index: place.index, backend: place.backend.clone() });
        past.entry(*number).or_default().extend(seen);
    }
    (past, is_all_known)
}

/// Adds the change's attempt to those that are known.
fn note(body: &mut Body, known: Vec<attempts::Attempt>, deeds: &Deeds) {
    if let Some(base) = &deeds.head.base {
        let new = attempts::Attempt { key: deeds.head.key, number: base.attempt };
        attempts::add(&mut body.ext, known, new);
    }
}

/// Adds places that have seen a share of this part and don't hold it.
fn remember(part: &mut Part, seen: BTreeSet<Past>) {
    let mut all: BTreeSet<Past> = part.past.drain(..).chain(seen).collect();
    for share in part.shares.iter().flatten() {
        all.remove(&Past { index: share.index, backend: share.backend.clone() });
    }
    part.past = all.into_iter().collect();
}
