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
use crate::report::{Floor, Peak, Section};
use crate::scope::Scope;

pub(crate) use self::peak::{CHILD, Task};

/// Measures everything, and judges the floors.
///
/// # Errors
/// Those of the cases.
pub(crate) fn sections(scope: &Scope) -> Result<(Vec<Section>, Vec<Peak>, Vec<Floor>), Failure> {
    let (mut sections, mut floors) = (Vec::new(), Vec::new());
    for part in [memory::section, file::section, small::section] {
        let (section, of_section) = part(scope)?;
        sections.push(section);
        floors.extend(of_section);
    }
    let (peaks, of_peaks) = peak::section(scope)?;
    floors.extend(of_peaks);
    Ok((sections, peaks, floors))
}
