//! Many small objects, put and read again over folders and over databases, beside plain files.

use std::path::PathBuf;

use tokio::runtime::Runtime;
use xstore_core::Store;

use super::objects::{Kept, Objects};
use super::place::Place;
use super::{OnDisk, plain, rig};
use crate::bytes::{KIB, noise, size_name};
use crate::failure::Failure;
use crate::measure::{Case, in_turns};
use crate::part::Workbench;
use crate::report::{Floor, Row, Section, Unit};
use crate::scope::Scope;

const K: u8 = 2;
const N: u8 = 3;
/// Bytes of an object.
const SIZE: usize = KIB;
/// Objects that are put and read in each way; a tenth of it in each round.
const COUNT: usize = 10_000;
const ROUNDS: usize = 10;
/// Objects at a time where there are several.
const AT_ONCE: usize = 32;

/// Measures everything, and judges the floors.
///
/// # Errors
/// Those of the cases.
pub(super) fn section(scope: &Scope) -> Result<(Section, Vec<Floor>), Failure> {
    let (count, rounds) = if scope.quick { (320, 1) } else { (COUNT, ROUNDS) };
    let notes = vec![
        "(2,3), objects of 1 KiB, 10,000 in each way in a full run, a tenth of them in each round: one after the",
        "other or 32 at a time, over three folders and over three database files of one disk. Files: what a put has to",
        "write at least, as plain files as long as a share; the three of an object are written at once, a thread for",
        "each, file and folder are synced. A get reads two of them. All was written shortly before: reads come from",
        "the system's cache. Ratios are of times on the wall, beside plain files with as many objects at a time.",
    ];
    let table = Section::new("Store on disk: small objects", notes, Vec::new()).in_unit(Unit::Objects);
    Ok(OnDisk::into_table(group(scope, count, rounds)?, table))
}

/// A way to keep objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Files,
    Folders,
    Databases,
}

const WAYS: [(Way, &str); 3] =
    [(Way::Files, "files"), (Way::Folders, "folders"), (Way::Databases, "databases")];

/// Cases that are yardsticks: both of the first way.
const REFERENCES: usize = 2;

/// Everything that objects are put into.
struct World {
    runtime: Runtime,
    objects: Objects,
    /// Objects of one round.
    each: usize,
    folders: Store,
    databases: Store,
    plain: Vec<PathBuf>,
    /// What stands in a plain file: as many bytes as in a share.
    value: Vec<u8>,
    /// Values that are there as plain files.
    written: usize,
    in_folders: Kept,
    in_databases: Kept,
}

impl World {
    fn new(place: &Place, count: usize, rounds: usize) -> Result<Self, Failure> {
        let folders = rig::in_folders(K, N, &place.folder("folders")?)?;
        let databases = rig::in_databases(K, N, &place.folder("databases")?)?;
        let plain = (0..N).map(|number| place.folder(&format!("plain-{number}")));
        let mut world = Self {
            runtime: rig::runtime()?,
            objects: Objects::new(SIZE, count),
            each: count / rounds,
            folders,
            databases,
            plain: plain.collect::<Result<_, _>>()?,
            value: noise(Workbench::new(K, N, None, SIZE)?.share_len(), 3),
            written: 0,
            in_folders: Kept::default(),
            in_databases: Kept::default(),
        };
        // Connections, threads, marks.
        for (way, _) in WAYS {
            world.put(way, AT_ONCE)?;
            world.get(way, AT_ONCE)?;
        }
        Ok(world)
    }

    /// Puts the objects of one round.
    fn put(&mut self, way: Way, at_once: usize) -> Result<(), Failure> {
        let (store, kept) = match way {
            Way::Files => {
                let numbers = self.written..self.written + self.each;
                self.written = numbers.end;
                return plain::write_values(&self.plain, &self.value, numbers, at_once);
            }
            Way::Folders => (&self.folders, &mut self.in_folders),
            Way::Databases => (&self.databases, &mut self.in_databases),
        };
        kept.add(self.runtime.block_on(self.objects.put(store, kept.next(self.each), at_once))?);
        Ok(())
    }

    /// Reads as many objects.
    fn get(&mut self, way: Way, at_once: usize) -> Result<(), Failure> {
        let (store, kept) = match way {
            Way::Files => {
                return plain::read_values(&self.plain[..usize::from(K)], 0..self.each, at_once);
            }
            Way::Folders => (&self.folders, &mut self.in_folders),
            Way::Databases => (&self.databases, &mut self.in_databases),
        };
        self.runtime.block_on(self.objects.get(store, kept, self.each, at_once))
    }
}

/// A kind of case: the name in its id, and what it calls.
type Phase = (&'static str, fn(&mut World, Way, usize) -> Result<(), Failure>);

const PHASES: [Phase; 2] = [("put", World::put), ("get", World::get)];

/// None where nothing of it is wanted.
fn group(scope: &Scope, count: usize, rounds: usize) -> Result<Option<OnDisk>, Failure> {
    let phases = PHASES.map(|(phase, run)| {
        let mut cases = Vec::new();
        for (way, name) in WAYS {
            for at_once in [1, AT_ONCE] {
                let id = format!("store/small/{phase}/{name}-{at_once}");
                cases.push(Case::new(id, move |world: &mut World| run(world, way, at_once)));
            }
        }
        scope.choose(REFERENCES, cases)
    });
    if phases.iter().all(Vec::is_empty) {
        return Ok(None);
    }
    let place = Place::new(scope.dir.as_deref())?;
    let mut world = World::new(&place, count, rounds)?;
    let (mut rows, mut floors) = (Vec::new(), Vec::new());
    // First all is put, then it is read.
    for mut cases in phases {
        let series = in_turns(&mut world, &mut cases, rounds)?;
        for (at, (case, own)) in cases.iter().zip(&series).enumerate() {
            let name = case.id.split('/').skip(2).collect::<Vec<_>>().join(", ");
            let what =
                name.replace("-1", "").replace(&format!("-{AT_ONCE}"), &format!(", {AT_ONCE} at once"));
            let bytes = SIZE * world.each;
            let mut row = Row::new(&case.id, what.clone(), SIZE, bytes, own).of_objects(world.each);
            // The yardsticks come first: one after the other, then several at a time.
            if at >= REFERENCES {
                let yardstick = usize::from(!case.id.ends_with("-1"));
                let ratio = series[yardstick].wall_over(own);
                if let Some(least) = floor(&case.id).filter(|_| place.is_disk()) {
                    let what = format!("({K},{N}) store, {what}, {}, of plain files", size_name(SIZE));
                    floors.push(Floor::new(what, least, ratio.clone()));
                }
                row = row.with("of plain files", ratio);
            }
            rows.push(row);
        }
    }
    drop(world);
    let file_system = place.file_system.clone();
    place.remove()?;
    Ok(Some(OnDisk { file_system, rows, floors }))
}

/// What must be reached of plain files' speed. Reads have none: a file in the cache is read faster than one share is
/// hashed.
fn floor(id: &str) -> Option<f64> {
    match id.rsplit_once('/')? {
        ("store/small/put", "folders-1" | "databases-1") => Some(0.3),
        ("store/small/put", "folders-32") => Some(0.25),
        // A database writes one value after the other, each with a sync of its own, so this is far below.
        ("store/small/put", "databases-32") => Some(0.15),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(dir: &tempfile::TempDir, filter: Option<&str>) -> Scope {
        Scope { dir: Some(dir.path().to_owned()), filter: filter.map(str::to_owned), ..Scope::default() }
    }

    #[test]
    fn all_ways_are_put_and_then_read() {
        let dir = tempfile::tempdir().unwrap();
        let found = group(&scope(&dir, None), 8, 2).unwrap().unwrap();
        let names: Vec<&str> = found.rows.iter().map(|row| row.what.as_str()).collect();
        assert_eq!(names.len(), 12);
        assert_eq!(names[..3], ["put, files", "put, files, 32 at once", "put, folders"]);
        assert_eq!(names[11], "get, databases, 32 at once");
        assert_eq!(found.rows[2].id, "store/small/put/folders-1");
        assert!(found.rows.iter().all(|row| (row.objects, row.rounds) == (4, 2)));
        for (at, row) in found.rows.iter().enumerate() {
            assert_eq!(row.ratios.is_empty(), at % 6 < REFERENCES, "{}", row.id);
        }
        let on_a_disk = !matches!(found.file_system.as_str(), "tmpfs" | "ramfs");
        assert_eq!(found.floors.len(), if on_a_disk { 4 } else { 0 });
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_only_read_was_put_before() {
        let dir = tempfile::tempdir().unwrap();
        let found = group(&scope(&dir, Some("get/databases-1")), 4, 1).unwrap().unwrap();
        let ids: Vec<&str> = found.rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(
            ids,
            ["store/small/get/files-1", "store/small/get/files-32", "store/small/get/databases-1"]
        );
        assert!(group(&scope(&dir, Some("other")), 4, 1).unwrap().is_none());
    }

    #[test]
    fn a_plain_file_is_as_long_as_a_share() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::new(Some(dir.path())).unwrap();
        let world = World::new(&place, 4, 1).unwrap();
        let mut shares = std::fs::read_dir(place.path().join("folders/b1/xstore/m")).unwrap();
        let share = shares.next().unwrap().unwrap().metadata().unwrap();
        assert_eq!(share.len(), world.value.len() as u64);
    }
}
