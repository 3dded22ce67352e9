//! The objects of a manifest, member by member.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use xstore_keys::KeyId;

use super::context::{Context, Step};
use super::members::members;
use super::values::{Integer, List, Nullable, Text, bytes, word};
use crate::body::{ext_name, ext_value};
use crate::{
    BackendId, Body, Name, ObjectId, Origin, Part, Past, Problem, Share, ShareKey, SharingId, State,
    Threshold, Timestamp, limits,
};

/// Makes a seed that asks for an object and hands it to `read`.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident => $value:ty, $read:ident) => {
        $(#[$doc])*
        pub(super) struct $name<'c>(pub(super) &'c Context);

        impl<'de> DeserializeSeed<'de> for $name<'_> {
            type Value = $value;

            fn deserialize<D: Deserializer<'de>>(self, tokens: D) -> Result<$value, D::Error> {
                self.0.expect("an object");
                tokens.deserialize_map(self)
            }
        }

        impl<'de> Visitor<'de> for $name<'_> {
            type Value = $value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, tokens: A) -> Result<$value, A::Error> {
                $read(self.0, tokens)
            }
        }
    };
}

object!(
    /// The manifest.
    Document => super::Document, document
);
object!(ExtSeed => BTreeMap<String, String>, ext);
object!(IntegritySeed => ([u8; 32], KeyId), integrity);
object!(ThresholdSeed => Threshold, threshold);
object!(PartSeed => Part, part);
object!(PastSeed => Past, past);
object!(ShareSeed => Share, share);

fn document<'de, A: MapAccess<'de>>(context: &Context, tokens: A) -> Result<super::Document, A::Error> {
    const NAMES: &[&str] = &[
        "created",
        "ext",
        "generation",
        "integrity",
        "key",
        "length",
        "object",
        "origin",
        "p",
        "part",
        "parts",
        "revision",
        "segment",
        "state",
        "suite",
        "threshold",
        "ttl",
        "version",
    ];
    let (mut created, mut ext, mut generation, mut integrity) = (None, None, None, None);
    let (mut key, mut length, mut object, mut origin, mut p) = (None, None, None, None, None);
    let (mut part, mut parts, mut revision, mut segment) = (None, None, None, None);
    let (mut state, mut threshold, mut ttl) = (None, None, None);
    let integer = || Integer::new(context, 0..=limits::INTEGER);
    members(context, tokens, NAMES, |name, tokens| {
        match name {
            "created" => created = Some(tokens.next_value_seed(Text(context, str::parse::<Timestamp>))?),
            "ext" => ext = Some(tokens.next_value_seed(ExtSeed(context))?),
            "generation" => generation = Some(tokens.next_value_seed(integer())?),
            "integrity" => integrity = Some(tokens.next_value_seed(IntegritySeed(context))?),
            "key" => key = Some(tokens.next_value_seed(Text(context, Name::new))?),
            "length" => length = Some(tokens.next_value_seed(integer())?),
            "object" => object = Some(ObjectId::from_bytes(tokens.next_value_seed(bytes(context))?)),
            "origin" => {
                origin = Some(tokens.next_value_seed(word(context, Origin::WORDS, Origin::from_word))?);
            }
            "p" => p = Some(tokens.next_value_seed(Integer::new(context, limits::P))?),
            "part" => part = Some(tokens.next_value_seed(Integer::new(context, limits::PART))?),
            "parts" => {
                let list = List { context, count: limits::PARTS, entry: || PartSeed(context) };
                parts = Some(tokens.next_value_seed(list)?);
            }
            "revision" => revision = Some(tokens.next_value_seed(integer())?),
            "segment" => segment = Some(tokens.next_value_seed(Integer::new(context, 1..=limits::SEGMENT))?),
            "state" => state = Some(tokens.next_value_seed(word(context, State::WORDS, State::from_word))?),
            "threshold" => threshold = Some(tokens.next_value_seed(ThresholdSeed(context))?),
            "ttl" => ttl = Some(tokens.next_value_seed(Nullable(context, integer()))?),
            "suite" => {
                let found: u64 = tokens.next_value_seed(integer())?;
                if found != 1 {
                    return Err(context.fail(Problem::Suite { found }));
                }
            }
            // The last name of the list.
            _ => {
                let found: u64 = tokens.next_value_seed(integer())?;
                if found != 1 {
                    return Err(context.fail(Problem::Version { found }));
                }
            }
        }
        Ok(())
    })?;
    let (hmac, key_id) = present(context, integrity)?;
    Ok(super::Document {
        length: present(context, length)?,
        key_id,
        hmac,
        body: Body {
            created: present(context, created)?,
            ext: present(context, ext)?,
            generation: present(context, generation)?,
            key: present(context, key)?,
            object: present(context, object)?,
            origin: present(context, origin)?,
            p: present(context, p)?,
            part: present(context, part)?,
            parts: present(context, parts)?,
            revision: present(context, revision)?,
            segment: present(context, segment)?,
            state: present(context, state)?,
            threshold: present(context, threshold)?,
            ttl: present(context, ttl)?,
        },
    })
}

/// [`members`] has seen to it that every member was there, so this never fails; it has no panic to prove absent.
fn present<T, E: de::Error>(context: &Context, value: Option<T>) -> Result<T, E> {
    value.ok_or_else(|| context.fail(Problem::MissingMember))
}

fn ext<'de, A: MapAccess<'de>>(
    context: &Context,
    mut tokens: A,
) -> Result<BTreeMap<String, String>, A::Error> {
    let mut entries = BTreeMap::new();
    let name = |text: &str| ext_name(text).map(|()| text.to_owned());
    let value = |text: &str| ext_value(text).map(|()| text.to_owned());
    while let Some(name) = tokens.next_key_seed(Text(context, name))? {
        if entries.len() == limits::EXT_ENTRIES && !entries.contains_key(&name) {
            let problem = Problem::Count { min: 0, max: limits::EXT_ENTRIES as u64 };
            return Err(context.fail(problem));
        }
        let value = context.within(Step::Ext(name.clone()), || {
            if entries.contains_key(&name) {
                return Err(context.fail(Problem::RepeatedMember));
            }
            tokens.next_value_seed(Text(context, value))
        })?;
        entries.insert(name, value);
    }
    Ok(entries)
}

fn integrity<'de, A: MapAccess<'de>>(context: &Context, tokens: A) -> Result<([u8; 32], KeyId), A::Error> {
    let (mut hmac, mut key_id) = (None, None);
    members(context, tokens, &["hmac", "keyId"], |name, tokens| {
        match name {
            "hmac" => hmac = Some(tokens.next_value_seed(bytes(context))?),
            _ => key_id = Some(KeyId::from_bytes(tokens.next_value_seed(bytes(context))?)),
        }
        Ok(())
    })?;
    Ok((present(context, hmac)?, present(context, key_id)?))
}

fn threshold<'de, A: MapAccess<'de>>(context: &Context, tokens: A) -> Result<Threshold, A::Error> {
    let (mut k, mut n) = (None, None);
    members(context, tokens, &["k", "n"], |name, tokens| {
        match name {
            "k" => k = Some(tokens.next_value_seed(Integer::new(context, limits::K))?),
            _ => n = Some(tokens.next_value_seed(Integer::new(context, limits::N))?),
        }
        Ok(())
    })?;
    Ok(Threshold { k: present(context, k)?, n: present(context, n)? })
}

fn part<'de, A: MapAccess<'de>>(context: &Context, tokens: A) -> Result<Part, A::Error> {
    let (mut size, mut past, mut sharing, mut shares, mut trailer) = (None, None, None, None, None);
    members(context, tokens, &["bytes", "past", "sharing", "shares", "trailer"], |name, tokens| {
        match name {
            "bytes" => size = Some(tokens.next_value_seed(Integer::new(context, 0..=limits::INTEGER))?),
            "past" => {
                let list = List { context, count: 0..=limits::INTEGER, entry: || PastSeed(context) };
                past = Some(tokens.next_value_seed(list)?);
            }
            "sharing" => sharing = Some(SharingId::from_bytes(tokens.next_value_seed(bytes(context))?)),
            "shares" => {
                let entry = || Nullable(context, ShareSeed(context));
                let list: Vec<Option<Share>> =
                    tokens.next_value_seed(List { context, count: limits::N, entry })?;
                // A null is short as text and as long as a share in memory: the least k bounds their number early.
                let stored = list.iter().flatten().count();
                if stored < 2 {
                    return Err(context.fail(Problem::TooFewShares { stored, needed: 2 }));
                }
                shares = Some(list);
            }
            _ => trailer = Some(tokens.next_value_seed(Integer::new(context, 1..=limits::TRAILER))?),
        }
        Ok(())
    })?;
    Ok(Part {
        bytes: present(context, size)?,
        past: present(context, past)?,
        sharing: present(context, sharing)?,
        shares: present(context, shares)?,
        trailer: present(context, trailer)?,
    })
}

fn past<'de, A: MapAccess<'de>>(context: &Context, tokens: A) -> Result<Past, A::Error> {
    let (mut backend, mut index) = (None, None);
    members(context, tokens, &["backendId", "index"], |name, tokens| {
        match name {
            "backendId" => backend = Some(tokens.next_value_seed(Text(context, BackendId::new))?),
            _ => index = Some(tokens.next_value_seed(self::index(context))?),
        }
        Ok(())
    })?;
    Ok(Past { index: present(context, index)?, backend: present(context, backend)? })
}

fn share<'de, A: MapAccess<'de>>(context: &Context, tokens: A) -> Result<Share, A::Error> {
    let (mut backend, mut hmac, mut index, mut key, mut key_id) = (None, None, None, None, None);
    members(context, tokens, &["backendId", "hmac", "index", "key", "keyId"], |name, tokens| {
        match name {
            "backendId" => backend = Some(tokens.next_value_seed(Text(context, BackendId::new))?),
            "hmac" => hmac = Some(tokens.next_value_seed(bytes(context))?),
            "index" => index = Some(tokens.next_value_seed(self::index(context))?),
            "key" => key = Some(tokens.next_value_seed(Text(context, ShareKey::new))?),
            _ => key_id = Some(KeyId::from_bytes(tokens.next_value_seed(bytes(context))?)),
        }
        Ok(())
    })?;
    Ok(Share {
        backend: present(context, backend)?,
        hmac: present(context, hmac)?,
        index: present(context, index)?,
        key: present(context, key)?,
        key_id: present(context, key_id)?,
    })
}

/// The index of a share, below the largest n.
fn index(context: &Context) -> Integer<'_, u8> {
    Integer::new(context, 0..=limits::N.end() - 1)
}
