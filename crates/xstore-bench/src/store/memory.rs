//! A store in memory beside the bare encoder and decoder: what orchestration costs.

use tokio::runtime::Runtime;
use xstore_core::Store;
use xstore_core::backend::Bytes;
use xstore_core::manifest::Manifest;

use super::rig;
use crate::bytes::{KIB, MIB, noise, room, size_name};
use crate::clock::Whose;
use crate::failure::Failure;
use crate::limits::memcpy;
use crate::measure::{Case, Effort, Series, interleaved};
use crate::part::Workbench;
use crate::report::{Floor, Row, Section};
use crate::scope::Scope;

/// What is measured: k, n and payload bytes.
const CASES: [(u8, u8, usize); 5] =
    [(2, 3, KIB), (2, 3, 64 * KIB), (2, 3, MIB), (2, 3, 64 * MIB), (4, 7, 64 * MIB)];

/// The names of the cases, as they end their ids. The first three are the yardsticks.
const NAMES: [&str; 5] = ["memcpy", ENCODE, DECODE, PUT, GET];
const ENCODE: &str = "encode-recombining";
const DECODE: &str = "decode";
const PUT: &str = "put";
const GET: &str = "get";
const REFERENCES: usize = 3;

/// Measures everything, and judges the floors.
///
/// # Errors
/// Those of the cases.
pub(super) fn section(scope: &Scope) -> Result<(Section, Vec<Floor>), Failure> {
    let (mut rows, mut floors) = (Vec::new(), Vec::new());
    for (k, n, size) in CASES {
        let group = group(scope, k, n, size)?;
        rows.extend(group.0);
        floors.extend(group.1);
    }
    let notes = vec![
        "Put and get over n backends in this process's memory, from bytes and into bytes. CPU time of all threads.",
        "A backend in memory keeps the buffers that it is given: nothing is copied, and a put needs fresh ones.",
        "`of bare` is beside encoding the same payload as one part into buffers that exist, with recombination,",
        "or decoding it; `wall` is the same on the wall, where the store uses several cores and the bare coder one.",
    ];
    Ok((Section::new("Store in memory", notes, rows), floors))
}

/// A store, the bare coder beside it, and what both work on.
struct World {
    bare: Workbench,
    copy: Vec<u8>,
    runtime: Runtime,
    store: Store,
    data: Bytes,
    /// An object that stays.
    kept: Manifest,
    /// Those that the puts of a sample made.
    made: Vec<Manifest>,
}

impl World {
    fn new(k: u8, n: u8, size: usize) -> Result<Self, Failure> {
        let mut bare = Workbench::new(k, n, None, size)?;
        bare.check()?;
        let (runtime, store) = (rig::runtime()?, rig::in_memory(k, n)?);
        let data = Bytes::from(noise(size, 1));
        let kept = runtime.block_on(async { store.put("kept", data.clone()).await })?;
        if runtime.block_on(async { store.get(&kept).await })? != data {
            return Err(Failure::Wrong("the store"));
        }
        Ok(Self { bare, copy: room(size), runtime, store, data, kept, made: Vec::new() })
    }

    fn put(&mut self) -> Result<(), Failure> {
        let put = async { self.store.put("object", self.data.clone()).await };
        self.made.push(self.runtime.block_on(put)?);
        Ok(())
    }

    fn get(&mut self) -> Result<(), Failure> {
        let got = self.runtime.block_on(async { self.store.get(&self.kept).await })?;
        if got.len() == self.data.len() { Ok(()) } else { Err(Failure::Wrong("the store")) }
    }

    /// Deletes what was put.
    fn clear(&mut self) -> Result<(), Failure> {
        for manifest in self.made.drain(..) {
            let deleted = self.runtime.block_on(async { self.store.delete(&manifest).await })?;
            if !deleted.remaining().is_empty() {
                return Err(Failure::Wrong("delete"));
            }
        }
        Ok(())
    }
}

fn group(scope: &Scope, k: u8, n: u8, size: usize) -> Result<(Vec<Row>, Vec<Floor>), Failure> {
    let id = |name: &str| format!("store/memory/{k}-{n}/{}/{name}", size_name(size).replace(' ', ""));
    let cases = vec![
        Case::new(id(NAMES[0]), |w: &mut World| {
            memcpy(&w.data, &mut w.copy);
            Ok(())
        }),
        Case::new(id(ENCODE), |w: &mut World| w.bare.encode(true)),
        Case::new(id(DECODE), |w: &mut World| w.bare.decode()),
        Case::new(id(PUT), World::put).followed_by(World::clear),
        Case::new(id(GET), World::get),
    ];
    let mut cases = scope.choose(REFERENCES, cases);
    if cases.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut world = World::new(k, n, size)?;
    let effort = Effort { whose: Whose::Process, ..scope.effort(size) };
    let series = interleaved(&mut world, &mut cases, effort)?;

    let (mut rows, mut floors) = (Vec::new(), Vec::new());
    for (case, own) in cases.iter().zip(&series) {
        let name = case.id.rsplit('/').next().unwrap_or_default();
        let mut row = Row::new(&case.id, format!("({k},{n}) {}", name.replace('-', ", ")), size, size, own);
        if let Some(bare) = bare(name, &series) {
            let of_bare = bare.over(own);
            if let Some(least) = floor(name, k, size) {
                let what = format!("({k},{n}) store, {name} of {}, of the bare coder", size_name(size));
                floors.push(Floor::new(what, least, of_bare.clone()));
            }
            row = row
                .with("of bare", of_bare)
                .with("of bare, wall", bare.wall_over(own))
                .with("of memcpy", series[0].over(own));
        }
        rows.push(row);
    }
    Ok((rows, floors))
}

/// What a case is compared with: the coder that does the same without a store.
fn bare<'s>(name: &str, series: &'s [Series]) -> Option<&'s Series> {
    let yardstick = match name {
        PUT => ENCODE,
        GET => DECODE,
        _ => return None,
    };
    series.get(NAMES.iter().position(|name| *name == yardstick)?)
}

/// What must be reached of the bare coder's speed, by CPU time. A small object pays for its manifest and its ticket, a
/// large one for fresh memory. These are about two thirds of what was seen: they tell a step back, not a wish.
fn floor(name: &str, k: u8, size: usize) -> Option<f64> {
    let (put, get) = match (k, size) {
        (2, KIB) => (0.2, 0.25),
        (2, MIB) => (0.6, 0.6),
        (2, size) if size == 64 * KIB => (0.45, 0.45),
        (_, size) if size == 64 * MIB => (0.5, 0.5),
        _ => return None,
    };
    match name {
        PUT => Some(put),
        GET => Some(get),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_has_its_rows_beside_the_coder_s() {
        let scope = Scope { quick: true, ..Scope::default() };
        let (rows, floors) = group(&scope, 2, 3, KIB).unwrap();
        let names: Vec<&str> = rows.iter().map(|row| row.what.as_str()).collect();
        assert_eq!(
            names,
            ["(2,3) memcpy", "(2,3) encode, recombining", "(2,3) decode", "(2,3) put", "(2,3) get"]
        );
        assert_eq!(rows[3].id, "store/memory/2-3/1KiB/put");
        assert!(rows[..REFERENCES].iter().all(|row| row.ratios.is_empty()));
        assert_eq!(
            rows[4].ratios.iter().map(|r| r.name).collect::<Vec<_>>(),
            ["of bare", "of bare, wall", "of memcpy"]
        );
        assert_eq!(floors.len(), 2);

        // The yardsticks stay for what is chosen.
        let one = Scope { filter: Some("memory/2-3/1KiB/get".into()), ..scope };
        let (rows, floors) = group(&one, 2, 3, KIB).unwrap();
        assert_eq!((rows.len(), floors.len()), (REFERENCES + 1, 1));
    }

    #[test]
    fn what_was_put_is_gone_when_its_sample_is_over_and_the_rest_stays() {
        let mut world = World::new(2, 3, 1000).unwrap();
        world.put().unwrap();
        let made = world.made[0].clone();
        world.clear().unwrap();
        assert!(world.made.is_empty());
        assert!(world.runtime.block_on(async { world.store.get(&made).await }).is_err());
        world.get().unwrap();
    }

    #[test]
    fn every_case_has_a_floor_and_yardsticks_have_none() {
        for (k, _, size) in CASES {
            assert!(floor(PUT, k, size).is_some() && floor(GET, k, size).is_some(), "{k} {size}");
            assert!(floor(ENCODE, k, size).is_none());
        }
        assert_eq!(floor(PUT, 2, 1000), None);
    }

    #[test]
    fn a_put_is_compared_with_encoding_and_a_get_with_decoding() {
        let series = |seconds| Series { cpu: vec![seconds], wall: vec![seconds], calls: 1 };
        let all = [series(1.0), series(2.0), series(3.0), series(4.0), series(5.0)];
        assert_eq!(bare(PUT, &all), Some(&all[1]));
        assert_eq!(bare(GET, &all), Some(&all[2]));
        assert_eq!(bare(ENCODE, &all), None);
    }
}
