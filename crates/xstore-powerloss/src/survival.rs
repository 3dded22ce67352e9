//! What a power loss leaves of the changes that nobody synced.

use fastrand::Rng;

/// Each seed draws one of these for data and one for names, so that the outcomes differ in kind: all names and no
/// data, some of both, data without names.
const CHANCES: [f64; 5] = [0.0, 0.3, 0.5, 0.7, 1.0];

/// How often a page that survives is torn, its sectors being of different ages.
const TORN: f64 = 0.2;

/// What a power loss leaves of the changes that nobody synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Survival {
    /// Nothing: what was not synced never happened. The strictest reading of POSIX.
    Synced,
    /// The bytes and sizes of all files, and no change of a directory.
    Data,
    /// All changes of directories, and no byte of any file: a journal was written ahead of the data.
    Names,
    /// Everything: the system had just written it all by itself.
    Everything,
    /// Some of it, drawn from the seed; the same seed draws the same from the same disk.
    ///
    /// Each page of 4096 bytes, each size, each set of attributes and each change of a directory is drawn by itself,
    /// so writes are reordered and torn. A page may be from any time since its last sync, and now and then its
    /// sectors of 512 bytes are from different times. A change of a directory survives only with the earlier ones of
    /// the same names; for one seed in three, only with all earlier ones, as in the order of a journal.
    Random {
        /// Where the draw begins.
        seed: u64,
    },
}

/// Decides, one change after the other.
pub(crate) enum Fate {
    Fixed { data: bool, names: bool },
    Drawn { random: Rng, data: f64, names: f64 },
}

impl Fate {
    pub(crate) fn new(survival: Survival) -> Self {
        match survival {
            Survival::Synced => Self::Fixed { data: false, names: false },
            Survival::Data => Self::Fixed { data: true, names: false },
            Survival::Names => Self::Fixed { data: false, names: true },
            Survival::Everything => Self::Fixed { data: true, names: true },
            Survival::Random { seed } => {
                let mut random = Rng::with_seed(seed);
                let mut chance = || CHANCES[random.usize(0..CHANCES.len())];
                let (data, names) = (chance(), chance());
                Self::Drawn { random, data, names }
            }
        }
    }

    /// How many of so many versions of one thing, written one after the other, got to the disk.
    pub(crate) fn version(&mut self, versions: usize) -> usize {
        match self {
            Self::Fixed { data, .. } => {
                if *data {
                    versions
                } else {
                    0
                }
            }
            Self::Drawn { random, data, .. } => {
                if versions > 0 && random.f64() < *data {
                    random.usize(1..=versions)
                } else {
                    0
                }
            }
        }
    }

    /// Whether the sectors of the page at hand are drawn one by one.
    pub(crate) fn is_torn(&mut self) -> bool {
        match self {
            Self::Fixed { .. } => false,
            Self::Drawn { random, .. } => random.f64() < TORN,
        }
    }

    /// Which of so many changes of directories, in the order in which they were made, got to the disk.
    pub(crate) fn changes(&mut self, count: usize) -> Vec<bool> {
        match self {
            Self::Fixed { names, .. } => vec![*names; count],
            Self::Drawn { random, names, .. } => {
                let in_order = random.usize(0..3) == 0;
                let kept = random.usize(0..=count);
                let mut keeps = |number| if in_order { number < kept } else { random.f64() < *names };
                (0..count).map(&mut keeps).collect()
            }
        }
    }
}
