//! The store: put and get over backends in memory, in folders and in databases.

mod file;
mod memory;
mod objects;
mod peak;
mod place;
mod plain;
mod rig;
mod small;
mod stream;

use crate::failure::Failure;
use crate::report::{Floor, Peak, Row, Section};
use crate::scope::Scope;

pub(crate) use self::peak::{CHILD, Task};

/// What was found out about the store.
pub(crate) struct Found {
    /// The tables.
    pub(crate) sections: Vec<Section>,
    /// What memory it needs.
    pub(crate) peaks: Vec<Peak>,
    /// What must hold.
    pub(crate) floors: Vec<Floor>,
}

/// The rows of a table that was measured on a disk.
struct OnDisk {
    file_system: String,
    rows: Vec<Row>,
    floors: Vec<Floor>,
}

/// What measures one table.
type Part = (&'static str, fn(&Scope) -> Result<(Section, Vec<Floor>), Failure>);

const PARTS: [Part; 3] = [
    ("a store in memory", memory::section),
    ("a store on disk, one file", file::section),
    ("a store on disk, small objects", small::section),
];

/// Measures everything, and judges the floors. Tells what comes next.
///
/// # Errors
/// Those of the cases.
pub(crate) fn measure(scope: &Scope, progress: impl Fn(&str)) -> Result<Found, Failure> {
    let (mut sections, mut floors) = (Vec::new(), Vec::new());
    for (what, part) in PARTS {
        progress(what);
        let (section, of_section) = part(scope)?;
        sections.push(section);
        floors.extend(of_section);
    }
    progress("a store's memory");
    let (peaks, of_peaks) = peak::section(scope)?;
    floors.extend(of_peaks);
    Ok(Found { sections, peaks, floors })
}

impl OnDisk {
    /// The rows as a table. Without any, it has none.
    fn into_table(found: Option<Self>, table: Section) -> (Section, Vec<Floor>) {
        match found {
            None => (table, Vec::new()),
            Some(found) => (Section { rows: found.rows, ..table }.on(&found.file_system), found.floors),
        }
    }
}
