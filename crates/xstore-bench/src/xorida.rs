//! The arithmetic alone: split, combine, rebuild.

use std::hint::black_box;

use xorida_core::{CombinePlan, RebuildPlan, Scheme, ShareIndex, SplitPlan, Threshold};

use crate::bytes::{SIZES, noise, size_name};
use crate::failure::Failure;
use crate::limits::memcpy;
use crate::measure::{Case, interleaved};
use crate::report::{Row, Section};
use crate::scope::Scope;

/// The thresholds that are measured, k and n.
const THRESHOLDS: [(u8, u8); 4] = [(2, 2), (2, 3), (3, 5), (4, 7)];

/// The largest n of all thresholds in this program.
const MAX_SHARES: usize = 7;

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
    Ok(Section {
        title: "xorida-core: the arithmetic, one thread",
        notes: vec![
            "Payload bytes, into buffers that exist; the randomness is given. Combined are the last k shares;",
            "rebuilt is share 0 from them. The ratio is to copying the payload once, in the same round.",
        ],
        rows,
    })
}

fn group(scope: &Scope, k: u8, n: u8, size: usize) -> Result<Vec<Row>, Failure> {
    let id = |name: &str| format!("xorida/{k}-{n}/{}/{name}", size_name(size).replace(' ', ""));
    let mut cases = vec![
        Case::new(id("memcpy"), |w: &mut Workbench| {
            w.memcpy();
            Ok(())
        }),
        Case::new(id("split"), Workbench::split),
        Case::new(id("combine"), Workbench::combine),
    ];
    if n > k {
        cases.push(Case::new(id("rebuild"), Workbench::rebuild));
    }
    let mut cases = scope.choose(1, cases);
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let mut workbench = Workbench::new(k, n, size)?;
    workbench.check()?;
    let series = interleaved(&mut workbench, &mut cases, scope.effort(size))?;
    let bytes = workbench.secret.len();
    let rows = cases.iter().zip(&series).map(|(case, own)| {
        let name = case.id.rsplit('/').next().unwrap_or_default();
        let row = Row::new(&case.id, format!("({k},{n}) {name}"), size, bytes, own);
        if name == "memcpy" { row } else { row.with("of memcpy", series[0].over(own)) }
    });
    Ok(rows.collect())
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
            shares: (0..n).map(|i| noise(size, 3 + u64::from(i))).collect(),
            out: noise(size, 100),
        })
    }

    /// Copies the secret: the yardstick.
    fn memcpy(&mut self) {
        memcpy(&self.secret, &mut self.out);
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
    fn rows_name_the_threshold_and_compare_with_memcpy() {
        let scope = Scope { quick: true, ..Scope::default() };
        let rows = group(&scope, 2, 2, 1 << 10).unwrap();
        let names: Vec<&str> = rows.iter().map(|row| row.what.as_str()).collect();
        assert_eq!(names, ["(2,2) memcpy", "(2,2) split", "(2,2) combine"]);
        assert_eq!(rows[1].id, "xorida/2-2/1KiB/split");
        assert!(rows[0].ratios.is_empty() && rows[1].ratios[0].name == "of memcpy");
        let rows = group(&scope, 3, 5, 1 << 10).unwrap();
        assert_eq!(rows.len(), 4);
        assert_eq!((rows[3].what.as_str(), rows[3].bytes), ("(3,5) rebuild", 1024));
    }
}
