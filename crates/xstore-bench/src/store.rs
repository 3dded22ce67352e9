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

/// Measures everything, and judges the floors.
///
/// # Errors
/// Those of the cases.
pub(crate) fn sections(scope: &Scope) -> Result<Found, Failure> {
    let (mut sections, mut floors) = (Vec::new(), Vec::new());
    for part in [memory::section, file::section, small::section] {
        let (section, of_section) = part(scope)?;
        sections.push(section);
        floors.extend(of_section);
    }
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
