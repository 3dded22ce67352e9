//! The rules that tie a manifest's values together.

use std::ops::RangeInclusive;

use super::{Body, Part, State};
use crate::error::{Error, Problem};
use crate::{SharingId, limits, name};

/// The primes that a scheme may use.
const PRIMES: [u8; 18] = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67];

pub(super) fn body(body: &Body) -> Result<(), Error> {
    scheme(body)?;
    let pieces = u64::from(body.p) - 1;
    range("generation", body.generation, 1..=limits::INTEGER)?;
    range("revision", body.revision, 1..=limits::INTEGER)?;
    range("ttl", body.ttl.unwrap_or(0), 0..=limits::INTEGER)?;
    range("part", body.part.into(), limits::PART)?;
    range("segment", body.segment.into(), pieces..=limits::SEGMENT)?;
    multiple("segment", body.segment.into(), pieces)?;
    ext(body)?;
    count("parts", body.parts.len(), limits::PARTS)?;
    let mut places = Vec::new();
    for (number, part) in body.parts.iter().enumerate() {
        let last = number + 1 == body.parts.len();
        // The place is spelled out only where something is wrong.
        check_part(body, part, last, &mut places)
            .map_err(|(at, problem)| Error::invalid(format!("parts[{number}].{at}"), problem))?;
    }
    sharings(&body.parts)
}

fn scheme(body: &Body) -> Result<(), Error> {
    let (k, n, p) = (body.threshold.k, body.threshold.n, body.p);
    range("threshold.k", k.into(), limits::K)?;
    range("threshold.n", n.into(), limits::N)?;
    if k > n {
        return Err(Error::invalid("threshold.k", Problem::ThresholdAboveShares { k, n }));
    }
    range("p", p.into(), limits::P)?;
    if !PRIMES.contains(&p) {
        return Err(Error::invalid("p", Problem::NotPrime { p }));
    }
    if p < n {
        return Err(Error::invalid("p", Problem::PrimeBelowShares { p, n }));
    }
    Ok(())
}

fn ext(body: &Body) -> Result<(), Error> {
    count("ext", body.ext.len(), 0..=limits::EXT_ENTRIES as u64)?;
    for (name, value) in &body.ext {
        ext_name(name).map_err(|problem| Error::invalid("ext", problem))?;
        ext_value(value).map_err(|problem| Error::invalid(format!("ext[\"{name}\"]"), problem))?;
    }
    Ok(())
}

/// The name of an entry of `ext`.
pub(crate) fn ext_name(text: &str) -> Result<(), Problem> {
    if limits::EXT_NAME.contains(&text.len()) && text.bytes().all(name::is_label) {
        Ok(())
    } else {
        Err(Problem::ExtName)
    }
}

/// A value in `ext`.
pub(crate) fn ext_value(text: &str) -> Result<(), Problem> {
    if text.len() > limits::EXT_VALUE { Err(Problem::ExtValue { length: text.len() }) } else { Ok(()) }
}

/// A broken rule and its place within a part.
type InPart = (String, Problem);

fn check_part<'a>(
    body: &Body,
    part: &'a Part,
    last: bool,
    places: &mut Vec<Place<'a>>,
) -> Result<(), InPart> {
    lengths(body, part, last)?;
    shares(body, part)?;
    past(part, body.threshold.n)?;
    backends(part, places)
}

fn lengths(body: &Body, part: &Part, last: bool) -> Result<(), InPart> {
    let (p, pieces) = (u64::from(body.p), u64::from(body.p) - 1);
    let full = limits::padded(body.part.into(), p);
    if !last && part.bytes != full {
        return Err(("bytes".into(), Problem::FullPart { bytes: part.bytes, expected: full }));
    }
    in_range(part.bytes, pieces..=full).map_err(|problem| ("bytes".into(), problem))?;
    is_multiple(part.bytes, pieces).map_err(|problem| ("bytes".into(), problem))?;
    let trailer = u64::from(part.trailer);
    let least = limits::digest_room(p) + limits::TRAILER_BASE;
    in_range(trailer, least..=limits::TRAILER).map_err(|problem| ("trailer".into(), problem))?;
    is_multiple(trailer, pieces).map_err(|problem| ("trailer".into(), problem))
}

fn shares(body: &Body, part: &Part) -> Result<(), InPart> {
    let n = body.threshold.n;
    if part.shares.len() != usize::from(n) {
        return Err(("shares".into(), Problem::ShareCount { found: part.shares.len(), n }));
    }
    for (place, share) in part.shares.iter().enumerate() {
        match share {
            Some(share) if usize::from(share.index) != place => {
                let problem = Problem::ShareIndex { index: share.index, place };
                return Err((format!("shares[{place}].index"), problem));
            }
            None if body.state == State::Committed => {
                return Err((format!("shares[{place}]"), Problem::NullInCommitted));
            }
            _ => {}
        }
    }
    let stored = part.shares.iter().flatten().count();
    if stored < usize::from(body.threshold.k) {
        return Err(("shares".into(), Problem::TooFewShares { stored, needed: body.threshold.k }));
    }
    Ok(())
}

fn past(part: &Part, n: u8) -> Result<(), InPart> {
    for (place, entry) in part.past.iter().enumerate() {
        in_range(entry.index.into(), 0..=u64::from(n) - 1)
            .map_err(|problem| (format!("past[{place}].index"), problem))?;
        if place > 0 && part.past[place - 1] >= *entry {
            let equal = part.past[place - 1] == *entry;
            let problem = if equal { Problem::PastRepeated } else { Problem::PastOrder };
            return Err((format!("past[{place}]"), problem));
        }
    }
    Ok(())
}

/// A backend of a part with its index. They sort by backend, then by where they stand: `shares` before `past`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a> {
    backend: &'a str,
    past: bool,
    place: usize,
    index: u8,
}

/// Every backend stands with one index only, and an index has one present place. `places` is scratch space: the list
/// of a hostile `past` is long, so the check sorts.
fn backends<'a>(part: &'a Part, places: &mut Vec<Place<'a>>) -> Result<(), InPart> {
    places.clear();
    places.extend(part.shares.iter().flatten().map(|share| Place {
        backend: share.backend.as_str(),
        past: false,
        place: share.index.into(),
        index: share.index,
    }));
    places.extend(part.past.iter().enumerate().map(|(place, entry)| Place {
        backend: entry.backend.as_str(),
        past: true,
        place,
        index: entry.index,
    }));
    places.sort_unstable();
    // Of several, the one that stands first in the part is reported, whatever the names are.
    let offender = places
        .windows(2)
        .filter(|pair| pair[0].backend == pair[1].backend)
        .min_by_key(|pair| (pair[1].past, pair[1].place));
    let Some([first, second]) = offender else { return Ok(()) };
    let other = first.index;
    Err(match (second.past, first.index == second.index) {
        (false, _) => (format!("shares[{}].backendId", second.place), Problem::BackendRepeated { other }),
        // Entries of `past` are known to differ by now, so an equal index is that of a share.
        (true, true) => (format!("past[{}]", second.place), Problem::PastIsPresent),
        (true, false) => (format!("past[{}].backendId", second.place), Problem::BackendTwoIndexes { other }),
    })
}

/// No two parts have one sharing id.
fn sharings(parts: &[Part]) -> Result<(), Error> {
    let mut ids: Vec<(SharingId, usize)> =
        parts.iter().enumerate().map(|(number, part)| (part.sharing, number)).collect();
    ids.sort_unstable();
    let offender = ids.windows(2).filter(|pair| pair[0].0 == pair[1].0).min_by_key(|pair| pair[1].1);
    match offender {
        Some([(_, first), (_, second)]) => Err(Error::invalid(
            format!("parts[{second}].sharing"),
            Problem::RepeatedSharing { first: *first },
        )),
        _ => Ok(()),
    }
}

fn range(at: &str, value: u64, range: RangeInclusive<u64>) -> Result<(), Error> {
    in_range(value, range).map_err(|problem| Error::invalid(at, problem))
}

fn multiple(at: &str, value: u64, of: u64) -> Result<(), Error> {
    is_multiple(value, of).map_err(|problem| Error::invalid(at, problem))
}

fn count(at: &str, count: usize, range: RangeInclusive<u64>) -> Result<(), Error> {
    let (min, max) = range.into_inner();
    if (min..=max).contains(&(count as u64)) {
        Ok(())
    } else {
        Err(Error::invalid(at, Problem::Count { min, max }))
    }
}

/// Whether a value is within its limits.
pub(crate) fn in_range(value: u64, range: RangeInclusive<u64>) -> Result<(), Problem> {
    let (min, max) = range.into_inner();
    if (min..=max).contains(&value) { Ok(()) } else { Err(Problem::OutOfRange { value, min, max }) }
}

fn is_multiple(value: u64, of: u64) -> Result<(), Problem> {
    if value.is_multiple_of(of) { Ok(()) } else { Err(Problem::NotMultiple { value, of }) }
}
