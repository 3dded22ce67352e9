//! One large file, put and read again over three folders, beside plain copies of it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::slice;
use std::thread;
use std::time::Duration;

use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::runtime::Runtime;
use xstore_core::Store;
use xstore_core::manifest::Manifest;

use super::place::Place;
use super::stream::{Compare, Source};
use super::{OnDisk, plain, rig};
use crate::bytes::{GIB, MIB, size_name};
use crate::failure::Failure;
use crate::measure::{Case, in_turns};
use crate::report::{Floor, Row, Section, Unit};
use crate::scope::Scope;

const K: u8 = 2;
const N: u8 = 3;

/// The names of the cases, as they end their ids. The first four are the yardsticks.
const NAMES: [&str; 7] = [COPIES, COPIES_AT_ONCE, READS, COPY, PUT, GET, RESTORE];
const COPIES: &str = "three-copies";
const COPIES_AT_ONCE: &str = "three-copies-at-once";
const READS: &str = "two-reads";
const COPY: &str = "one-copy";
const PUT: &str = "put";
const GET: &str = "get";
const RESTORE: &str = "get-to-a-file";
const REFERENCES: usize = 4;

/// What passes after large files were removed. The disk may be told that their blocks are free, and a hypervisor is
/// given back their pages, which the next to write then pays for: without the pause, whoever comes at once does not.
const PAUSE: Duration = Duration::from_secs(3);

/// How a put compares.
const THREE: &str = "of three copies";
const THREE_AT_ONCE: &str = "of three at once";

/// Measures everything, and judges the floors.
///
/// # Errors
/// Those of the cases.
pub(super) fn section(scope: &Scope) -> Result<(Section, Vec<Floor>), Failure> {
    let (size, rounds, pause) = if scope.quick { (64 * MIB, 1, Duration::ZERO) } else { (GIB, 3, PAUSE) };
    let notes = vec![
        "(2,3) over three folders of one disk. A copy is made by the system's own means, as cp does, and synced with",
        "its folder; three are made one after the other, or at once by three threads. A put reads the same file and",
        "returns when all shares are synced. The file and the shares were written shortly before: reads come from the",
        "system's cache. Two reads are of as many bytes as a get has to read; to a file, everything is synced as well.",
        "What was written is removed after each call; in a full run three seconds pass before the next one.",
        "Ratios are of times on the wall: above 1, the store is the faster one.",
    ];
    let table = Section::new("Store on disk: one file", notes, Vec::new()).in_unit(Unit::Wall);
    Ok(OnDisk::into_table(group(scope, size, rounds, pause)?, table))
}

/// A store, the file that it stores, and the copies beside.
struct World {
    runtime: Runtime,
    store: Store,
    size: u64,
    source: PathBuf,
    /// Where the copies are made.
    copies: Vec<PathBuf>,
    /// Two of the file that stay, to be read.
    read: Vec<PathBuf>,
    /// What is read from the store.
    restored: PathBuf,
    /// An object that stays.
    kept: Manifest,
    /// What the last put made.
    made: Option<Manifest>,
    /// The folder that holds all this.
    place: PathBuf,
    pause: Duration,
}

impl World {
    fn new(place: &Place, size: usize, pause: Duration) -> Result<Self, Failure> {
        let (runtime, store) = (rig::runtime()?, rig::in_folders(K, N, &place.folder("store")?)?);
        let size = size as u64;
        let source = place.path().join("source");
        let write = || {
            let mut file = fs::File::create_new(&source)?;
            io::copy(&mut Source::new(size), &mut file)?;
            file.sync_all()
        };
        write().map_err(Failure::system("write a file"))?;
        let folders = ["copy-0", "copy-1", "copy-2"].map(|name| place.folder(name));
        let folders = folders.into_iter().collect::<Result<Vec<_>, Failure>>()?;
        let read: Vec<PathBuf> = folders[1..].iter().map(|folder| folder.join("read")).collect();
        plain::copy_at_once(&source, &read)?;
        let kept = runtime.block_on(put(&store, &source))?;
        let mut world = Self {
            runtime,
            store,
            size,
            source,
            copies: folders.iter().map(|folder| folder.join("copy")).collect(),
            read,
            restored: place.path().join("restored"),
            kept,
            made: None,
            place: place.path().to_owned(),
            pause,
        };
        world.check()?;
        Ok(world)
    }

    /// That what is read is what was written.
    fn check(&mut self) -> Result<(), Failure> {
        let mut compare = Compare::new();
        let got =
            self.runtime.block_on(async { self.store.get_to_writer(&self.kept, &mut compare).await })?;
        if got == self.size && compare.taken() == self.size {
            Ok(())
        } else {
            Err(Failure::Wrong("the store"))
        }
    }

    fn put(&mut self) -> Result<(), Failure> {
        self.made = Some(self.runtime.block_on(put(&self.store, &self.source))?);
        Ok(())
    }

    fn forget(&mut self) -> Result<(), Failure> {
        let Some(manifest) = self.made.take() else { return Ok(()) };
        let deleted = self.runtime.block_on(async { self.store.delete(&manifest).await })?;
        if deleted.remaining().is_empty() { self.settle() } else { Err(Failure::Wrong("delete")) }
    }

    fn remove(&self, files: &[PathBuf]) -> Result<(), Failure> {
        for file in files {
            fs::remove_file(file).map_err(Failure::system("remove a file"))?;
        }
        self.settle()
    }

    /// Lets the system finish what follows a removal, so that it is on nobody's account.
    fn settle(&self) -> Result<(), Failure> {
        plain::sync_folder(&self.place).map_err(Failure::system("sync a folder"))?;
        thread::sleep(self.pause);
        Ok(())
    }

    fn get(&mut self) -> Result<(), Failure> {
        let got = async { self.store.get_to_writer(&self.kept, tokio::io::sink()).await };
        if self.runtime.block_on(got)? == self.size { Ok(()) } else { Err(Failure::Wrong("the store")) }
    }

    fn restore(&mut self) -> Result<(), Failure> {
        let fail = || Failure::system("write what was read");
        self.runtime.block_on(async {
            let mut file = File::create_new(&self.restored).await.map_err(fail())?;
            self.store.get_to_writer(&self.kept, &mut file).await?;
            file.flush().await.map_err(fail())?;
            file.sync_all().await.map_err(fail())
        })
    }
}

async fn put(store: &Store, source: &Path) -> Result<Manifest, Failure> {
    let file = File::open(source).await.map_err(Failure::system("read the file"))?;
    Ok(store.put_reader("file", file).await?)
}

/// None where nothing of it is wanted.
fn group(scope: &Scope, size: usize, rounds: usize, pause: Duration) -> Result<Option<OnDisk>, Failure> {
    let id = |name: &str| format!("store/file/{}/{name}", size_name(size).replace(' ', ""));
    let cases = vec![
        Case::new(id(COPIES), |w: &mut World| w.copies.iter().try_for_each(|to| plain::copy(&w.source, to)))
            .followed_by(|w| w.remove(&w.copies)),
        Case::new(id(COPIES_AT_ONCE), |w: &mut World| plain::copy_at_once(&w.source, &w.copies))
            .followed_by(|w| w.remove(&w.copies)),
        Case::new(id(READS), |w: &mut World| w.read.iter().try_for_each(|path| plain::read(path))),
        Case::new(id(COPY), |w: &mut World| plain::copy(&w.source, &w.copies[0]))
            .followed_by(|w| w.remove(&w.copies[..1])),
        Case::new(id(PUT), World::put).followed_by(World::forget),
        Case::new(id(GET), World::get),
        Case::new(id(RESTORE), World::restore).followed_by(|w| w.remove(slice::from_ref(&w.restored))),
    ];
    let mut cases = scope.choose(REFERENCES, cases);
    if cases.is_empty() {
        return Ok(None);
    }
    let place = Place::new(scope.dir.as_deref())?;
    let mut world = World::new(&place, size, pause)?;
    let series = in_turns(&mut world, &mut cases, rounds)?;
    drop(world);

    let (mut rows, mut floors) = (Vec::new(), Vec::new());
    for (case, own) in cases.iter().zip(&series) {
        let name = case.id.rsplit('/').next().unwrap_or_default();
        let mut row = Row::new(&case.id, name.replace('-', " "), size, size, own);
        for (column, yardstick) in yardsticks(name) {
            let Some(yardstick) = position(yardstick).and_then(|at| series.get(at)) else { continue };
            let ratio = yardstick.wall_over(own);
            if let Some(least) = floor(name, column).filter(|_| place.is_disk()) {
                let what = format!("({K},{N}) store, {name} of {}, {column}", size_name(size));
                floors.push(Floor::new(what, least, ratio.clone()));
            }
            row = row.with(column, ratio);
        }
        rows.push(row);
    }
    let file_system = place.file_system.clone();
    place.remove()?;
    Ok(Some(OnDisk { file_system, rows, floors }))
}

fn position(name: &str) -> Option<usize> {
    NAMES.iter().position(|known| *known == name)
}

/// What a case is compared with, and how that is called.
fn yardsticks(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        PUT => &[(THREE, COPIES), (THREE_AT_ONCE, COPIES_AT_ONCE)],
        GET => &[("of two reads", READS)],
        RESTORE => &[("of one copy", COPY)],
        _ => &[],
    }
}

/// What must be reached of a copy's speed. A put hashes four bytes for each that a copy only moves, so cores decide,
/// and disks differ: these tell a step back, not a wish. Reads have no floor: a copy of what is in the cache takes
/// next to no time.
fn floor(name: &str, column: &str) -> Option<f64> {
    match (name, column) {
        (PUT, THREE) => Some(0.2),
        (PUT, THREE_AT_ONCE) => Some(0.15),
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
    fn copies_come_first_and_the_store_is_compared_with_them() {
        let dir = tempfile::tempdir().unwrap();
        let found = group(&scope(&dir, None), 3 * MIB, 2, Duration::ZERO).unwrap().unwrap();
        let names: Vec<&str> = found.rows.iter().map(|row| row.id.rsplit('/').next().unwrap()).collect();
        assert_eq!(names, NAMES);
        assert!(found.rows[..REFERENCES].iter().all(|row| row.ratios.is_empty()));
        let ratios = |at: usize| found.rows[at].ratios.iter().map(|ratio| ratio.name).collect::<Vec<_>>();
        assert_eq!(ratios(4), [THREE, THREE_AT_ONCE]);
        assert_eq!((ratios(5), ratios(6)), (vec!["of two reads"], vec!["of one copy"]));
        assert!(found.rows.iter().all(|row| row.rounds == 2 && row.calls == 1));
        let on_a_disk = !matches!(found.file_system.as_str(), "tmpfs" | "ramfs");
        assert_eq!(found.floors.len(), if on_a_disk { 2 } else { 0 });
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn nothing_is_written_where_nothing_is_wanted() {
        let dir = tempfile::tempdir().unwrap();
        assert!(group(&scope(&dir, Some("other")), MIB, 1, Duration::ZERO).unwrap().is_none());
    }

    #[test]
    fn another_object_than_was_put_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::new(Some(dir.path())).unwrap();
        let mut world = World::new(&place, 100_000, Duration::ZERO).unwrap();
        world.put().unwrap();
        world.forget().unwrap();
        world.restore().unwrap();
        assert_eq!(fs::read(&world.restored).unwrap(), fs::read(&world.source).unwrap());
        fs::write(&world.source, vec![1; 100_000]).unwrap();
        world.put().unwrap();
        world.kept = world.made.take().unwrap();
        assert!(world.check().is_err());
    }
}
