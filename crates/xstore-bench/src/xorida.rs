//! The arithmetic alone: split, combine, rebuild.

use std::hint::black_box;

use xorida_core::{CombinePlan, RebuildPlan, Scheme, ShareIndex, SplitPlan, Threshold};

use crate::bytes::{MIB, SIZES, noise, room, size_name};
use crate::failure::Failure;
use crate::limits::memcpy;
use crate::measure::{Case, interleaved};
use crate::report::{Row, Section, as_f64};
use crate::scope::Scope;

/// The thresholds that are measured, k and n.
const THRESHOLDS: [(u8, u8); 4] = [(2, 2), (2, 3), (3, 5), (4, 7)];

/// The largest n of all thresholds in this program.
const MAX_SHARES: usize = 7;

/// The yardsticks, which come first in each group: memcpy of the payload, and of as much as a split and as a
/// combination move.
const REFERENCES: usize = 3;

/// No copy for a yardstick is longer: far beyond all caches, length changes nothing any more.
const LONGEST_COPY: usize = 64 * MIB;

/// Measures every threshold at every size.
///
/// # Errors
/// Those of the cases.
pub(crate) fn section(scope: &Scope) -> Result<Section, Failure> {
    let mut rows = Vec::new();
    for size in SIZES {
        for (k, n) in THRESHOLDS {
            rows.extend(group(scope, k, n, size)?);
        }
    }
    Ok(Section::new(
        "xorida-core: the arithmetic, one thread",
        vec![
            "Payload bytes, into buffers that exist; the randomness is given. Combined are the last k shares;",
            "rebuilt is share 0 from them. `of memcpy` is beside copying the payload once, in the same round;",
            "`per byte moved` beside a copy that reads and writes as many bytes in all, up to 128 MiB.",
        ],
        rows,
    ))
}

fn group(scope: &Scope, k: u8, n: u8, size: usize) -> Result<Vec<Row>, Failure> {
    let id = |name: &str| format!("xorida/{k}-{n}/{}/{name}", size_name(size).replace(' ', ""));
    let mut cases = vec![
        Case::new(id("memcpy"), |w: &mut Workbench| {
            w.memcpy();
            Ok(())
        }),
        Case::new(id("copy-as-split"), |w: &mut Workbench| {
            w.copy(w.moved_by_split());
            Ok(())
        }),
        Case::new(id("copy-as-combine"), |w: &mut Workbench| {
            w.copy(w.moved_by_combine());
            Ok(())
        }),
        Case::new(id("split"), Workbench::split),
        Case::new(id("combine"), Workbench::combine),
    ];
    if n > k {
        cases.push(Case::new(id("rebuild"), Workbench::rebuild));
    }
    let mut cases = scope.choose(REFERENCES, cases);
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let mut workbench = Workbench::new(k, n, size)?;
    workbench.check()?;
    let series = interleaved(&mut workbench, &mut cases, scope.effort(size))?;
    let bytes = workbench.secret.len();
    let row = |at: usize| {
        let name = cases[at].id.rsplit('/').next().unwrap_or_default();
        Row::new(&cases[at].id, format!("({k},{n}) {name}"), size, bytes, &series[at])
    };
    let mut rows = vec![row(0)];
    for at in REFERENCES..cases.len() {
        let row = row(at).with("of memcpy", series[0].over(&series[at]));
        let (copy, moved) = if row.id.ends_with("/split") {
            (&series[1], workbench.moved_by_split())
        } else {
            (&series[2], workbench.moved_by_combine())
        };
        let factor = as_f64(moved) / as_f64(2 * copied(moved));
        rows.push(row.with("per byte moved", copy.over(&series[at]).iter().map(|r| r * factor).collect()));
    }
    Ok(rows)
}

/// A secret, its shares, and room for results: everything that a call needs, so that it allocates nothing.
pub(crate) struct Workbench {
    split: SplitPlan,
    combine: CombinePlan,
    /// Where there are more than k shares.
    rebuild: Option<RebuildPlan>,
    /// The first of the last k shares, from which everything is combined and rebuilt.
    first: usize,
    /// As long as whole blocks allow.
    pub(crate) secret: Vec<u8>,
    randomness: Vec<u8>,
    shares: Vec<Vec<u8>>,
    out: Vec<u8>,
    /// What yardsticks copy, from and to. Grows to what the longest needs.
    copied: [Vec<u8>; 2],
}

impl Workbench {
    /// For a secret of at most `size` bytes.
    ///
    /// # Errors
    /// [`Failure::Xorida`] where there is no such scheme.
    pub(crate) fn new(k: u8, n: u8, size: usize) -> Result<Self, Failure> {
        let scheme = Scheme::new(Threshold::new(k, n)?);
        let block = size / scheme.blocks();
        let size = block * scheme.blocks();
        let last: Vec<ShareIndex> = ShareIndex::all(scheme).skip(usize::from(n - k)).collect();
        let rebuild =
            if n > k { Some(RebuildPlan::new(scheme, &last, ShareIndex::new(0, scheme)?)?) } else { None };
        Ok(Self {
            split: SplitPlan::new(scheme),
            combine: CombinePlan::new(scheme, &last)?,
            rebuild,
            first: usize::from(n - k),
            secret: noise(size, 1),
            randomness: noise(block * scheme.randomness_blocks(), 2),
            shares: (0..n).map(|_| room(size)).collect(),
            out: room(size),
            copied: [Vec::new(), Vec::new()],
        })
    }

    /// Copies the secret: the first yardstick.
    fn memcpy(&mut self) {
        memcpy(&self.secret, &mut self.out);
    }

    /// Copies so much that `moved` bytes are read or written, or as much as is copied at most.
    fn copy(&mut self, moved: usize) {
        let length = copied(moved);
        for buffer in &mut self.copied {
            if buffer.len() < length {
                *buffer = room(length);
            }
        }
        let [from, to] = &mut self.copied;
        memcpy(&from[..length], &mut to[..length]);
    }

    /// Bytes that a split has to read and write, each once.
    fn moved_by_split(&self) -> usize {
        self.secret.len() * (1 + self.shares.len()) + self.randomness.len()
    }

    /// Bytes that combining or rebuilding has to read and write, each once.
    fn moved_by_combine(&self) -> usize {
        self.secret.len() * (self.shares.len() - self.first + 1)
    }

    /// Splits the secret into all shares.
    ///
    /// # Errors
    /// [`Failure::Xorida`].
    pub(crate) fn split(&mut self) -> Result<(), Failure> {
        let mut outs = <[&mut [u8]; MAX_SHARES]>::default();
        let n = self.shares.len();
        for (out, share) in outs.iter_mut().zip(&mut self.shares) {
            *out = share;
        }
        let (secret, randomness) = (black_box(&self.secret), black_box(&self.randomness));
        Ok(self.split.split(secret, randomness, black_box(&mut outs[..n]))?)
    }

    /// The same, after `fill` has made the randomness.
    ///
    /// # Errors
    /// [`Failure::Xorida`].
    pub(crate) fn split_with(&mut self, fill: impl FnOnce(&mut [u8])) -> Result<(), Failure> {
        fill(&mut self.randomness);
        self.split()
    }

    /// Combines the secret from the last k shares.
    ///
    /// # Errors
    /// [`Failure::Xorida`].
    pub(crate) fn combine(&mut self) -> Result<(), Failure> {
        let (given, k) = given(&self.shares[self.first..]);
        Ok(self.combine.combine(black_box(&given[..k]), black_box(&mut self.out))?)
    }

    /// Rebuilds the first share from the last k, if there are more than k.
    fn rebuild(&mut self) -> Result<(), Failure> {
        let (given, k) = given(&self.shares[self.first..]);
        match &self.rebuild {
            Some(plan) => Ok(plan.rebuild(black_box(&given[..k]), black_box(&mut self.out))?),
            None => Ok(()),
        }
    }

    /// That what was split combines, and that a share which is rebuilt is the one that was there.
    ///
    /// # Errors
    /// [`Failure::Wrong`] if not.
    pub(crate) fn check(&mut self) -> Result<(), Failure> {
        self.split()?;
        self.check_combined()?;
        self.rebuild()?;
        if self.rebuild.is_some() && self.out != self.shares[0] {
            return Err(Failure::Wrong("rebuild"));
        }
        Ok(())
    }

    fn check_combined(&mut self) -> Result<(), Failure> {
        self.out.fill(0);
        self.combine()?;
        if self.out == self.secret { Ok(()) } else { Err(Failure::Wrong("split or combine")) }
    }
}

/// Bytes that a yardstick copies where `moved` are to be read or written.
fn copied(moved: usize) -> usize {
    (moved / 2).min(LONGEST_COPY)
}

/// A list of shares on the stack, and how many of it count.
fn given(shares: &[Vec<u8>]) -> ([&[u8]; MAX_SHARES], usize) {
    let mut list = <[&[u8]; MAX_SHARES]>::default();
    for (place, share) in list.iter_mut().zip(shares) {
        *place = share;
    }
    (list, shares.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_at_every_threshold() {
        for (k, n) in THRESHOLDS {
            for size in [1 << 10, 1 << 16] {
                Workbench::new(k, n, size).unwrap().check().unwrap();
            }
        }
        assert_eq!(THRESHOLDS.iter().map(|&(_, n)| usize::from(n)).max(), Some(MAX_SHARES));
    }

    #[test]
    fn a_wrong_share_is_noticed() {
        let mut workbench = Workbench::new(2, 3, 1 << 10).unwrap();
        workbench.split().unwrap();
        workbench.check_combined().unwrap();
        workbench.shares[2][5] ^= 1;
        assert!(matches!(workbench.check_combined(), Err(Failure::Wrong("split or combine"))));
    }

    #[test]
    fn moved_is_everything_that_is_read_or_written() {
        // p = 3: two blocks of 512 bytes, as many random ones.
        let mut workbench = Workbench::new(2, 3, 1 << 10).unwrap();
        assert_eq!((workbench.moved_by_split(), workbench.moved_by_combine()), (5 << 10, 3 << 10));
        workbench.copy(workbench.moved_by_split());
        assert_eq!(workbench.copied.each_ref().map(Vec::len), [5 << 9; 2]);
        assert_eq!(copied(1 << 40), LONGEST_COPY);
    }

    #[test]
    fn rows_name_the_threshold_and_compare_with_memcpy() {
        let scope = Scope { quick: true, ..Scope::default() };
        let rows = group(&scope, 2, 2, 1 << 10).unwrap();
        let names: Vec<&str> = rows.iter().map(|row| row.what.as_str()).collect();
        assert_eq!(names, ["(2,2) memcpy", "(2,2) split", "(2,2) combine"]);
        assert_eq!(rows[1].id, "xorida/2-2/1KiB/split");
        assert!(rows[0].ratios.is_empty() && rows[1].ratios[0].name == "of memcpy");
        assert_eq!(rows[1].ratios[1].name, "per byte moved");
        let rows = group(&scope, 3, 5, 1 << 10).unwrap();
        assert_eq!(rows.len(), 4);
        assert_eq!((rows[3].what.as_str(), rows[3].bytes), ("(3,5) rebuild", 1024));
    }
}
