//! One vector against `xorida-core`: split, combine, rebuild.

use xorida_core::{CombinePlan, Error, RebuildPlan, Scheme, ShareIndex, SplitPlan, Threshold};

use crate::vectors::choose::choices;
use crate::vectors::file::Vector;

/// So many choices of k shares are combined at most.
const MOST_CHOICES: usize = 200;

/// What is wrong with one vector. It names the entry and shares, never their bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {entry} ({k}-of-{n}, p {p}): {wrong}")]
pub(crate) struct Mismatch {
    entry: usize,
    k: u8,
    n: u8,
    p: u8,
    wrong: Wrong,
}

/// Which of the three operations disagrees.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Wrong {
    /// The library refuses the numbers or the lengths.
    #[error("refused: {0}")]
    Refused(Error),
    /// A split gives another share.
    #[error("split gives another share {share}")]
    Split {
        /// Its index.
        share: usize,
    },
    /// Shares give another secret.
    #[error("shares {shares:?} combine to another secret")]
    Combine {
        /// Their indexes.
        shares: Vec<usize>,
    },
    /// A share is rebuilt differently.
    #[error("share {share} rebuilt from {sources:?} is another one")]
    Rebuild {
        /// Its index.
        share: usize,
        /// The indexes that it was rebuilt from.
        sources: Vec<usize>,
    },
}

/// Checks that the vector splits, combines and rebuilds as it says.
///
/// # Errors
/// The first [`Mismatch`].
pub(crate) fn check(vector: &Vector) -> Result<(), Mismatch> {
    let &Vector { entry, k, n, p, .. } = vector;
    let run = || {
        let scheme = Scheme::with_prime(Threshold::new(k, n)?, p)?;
        let indexes: Vec<ShareIndex> =
            (0..n).map(|i| ShareIndex::new(i, scheme)).collect::<Result<_, _>>()?;
        check_split(vector, scheme)?;
        check_combine(vector, scheme, &indexes)?;
        check_rebuild(vector, scheme, &indexes)
    };
    run().map_err(|wrong| Mismatch { entry, k, n, p, wrong })
}

fn check_split(vector: &Vector, scheme: Scheme) -> Result<(), Wrong> {
    let mut shares = vec![vec![0; vector.secret.len()]; vector.shares.len()];
    let mut buffers: Vec<&mut [u8]> = shares.iter_mut().map(Vec::as_mut_slice).collect();
    SplitPlan::new(scheme).split(&vector.secret, &vector.randomness, &mut buffers)?;
    let differs = shares.iter().zip(&vector.shares).position(|(got, wanted)| got != wanted);
    differs.map_or(Ok(()), |share| Err(Wrong::Split { share }))
}

fn check_combine(vector: &Vector, scheme: Scheme, indexes: &[ShareIndex]) -> Result<(), Wrong> {
    for chosen in choices(indexes.len(), usize::from(vector.k), MOST_CHOICES) {
        let (sources, shares) = pick(&chosen, vector, indexes);
        let mut secret = vec![0; vector.secret.len()];
        CombinePlan::new(scheme, &sources)?.combine(&shares, &mut secret)?;
        if secret != vector.secret {
            return Err(Wrong::Combine { shares: chosen });
        }
    }
    Ok(())
}

/// With k = n there are no k others to rebuild a share from.
fn check_rebuild(vector: &Vector, scheme: Scheme, indexes: &[ShareIndex]) -> Result<(), Wrong> {
    let (k, n) = (usize::from(vector.k), indexes.len());
    let targets = if k < n { indexes } else { &[] };
    for (share, &target) in targets.iter().enumerate() {
        // The k that follow, round the end: over all targets every share serves as a source.
        let chosen: Vec<usize> = (1..=k).map(|step| (share + step) % n).collect();
        let (sources, shares) = pick(&chosen, vector, indexes);
        let mut rebuilt = vec![0; vector.secret.len()];
        RebuildPlan::new(scheme, &sources, target)?.rebuild(&shares, &mut rebuilt)?;
        if rebuilt != vector.shares[share] {
            return Err(Wrong::Rebuild { share, sources: chosen });
        }
    }
    Ok(())
}

fn pick<'a>(
    chosen: &[usize],
    vector: &'a Vector,
    indexes: &[ShareIndex],
) -> (Vec<ShareIndex>, Vec<&'a [u8]>) {
    chosen.iter().map(|&i| (indexes[i], vector.shares[i].as_slice())).unzip()
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2-of-3 with one byte a block, worked out by hand from the formula of section 3:
    /// share i, piece j = s[(j-i) mod 3] ^ r[j], with s[0] = 0.
    fn vector() -> Vector {
        let (s1, s2, r0, r1) = (0x49, 0x09, 0x28, 0x75);
        Vector {
            entry: 7,
            k: 2,
            n: 3,
            p: 3,
            secret: vec![s1, s2],
            randomness: vec![r0, r1],
            shares: vec![vec![r0, s1 ^ r1], vec![s2 ^ r0, r1], vec![s1 ^ r0, s2 ^ r1]],
        }
    }

    fn wrong(vector: &Vector) -> Option<Wrong> {
        check(vector).err().map(|m| m.wrong)
    }

    #[test]
    fn a_right_vector_passes() {
        assert_eq!(check(&vector()), Ok(()));
    }

    #[test]
    fn each_changed_byte_is_noticed() {
        for share in 0..3 {
            for byte in 0..2 {
                let mut changed = vector();
                changed.shares[share][byte] ^= 0x80;
                assert_eq!(wrong(&changed), Some(Wrong::Split { share }));
            }
        }
        let mut changed = vector();
        changed.secret[1] ^= 1;
        assert!(matches!(wrong(&changed), Some(Wrong::Split { .. })));
        let mut changed = vector();
        changed.randomness[0] ^= 1;
        assert!(matches!(wrong(&changed), Some(Wrong::Split { share: 0 })));
    }

    #[test]
    fn combining_and_rebuilding_are_checked_on_their_own() {
        let scheme = Scheme::with_prime(Threshold::new(2, 3).unwrap(), 3).unwrap();
        let indexes: Vec<ShareIndex> = (0..3).map(|i| ShareIndex::new(i, scheme).unwrap()).collect();
        let mut changed = vector();
        changed.shares[2][1] ^= 1;
        assert_eq!(check_combine(&changed, scheme, &indexes), Err(Wrong::Combine { shares: vec![0, 2] }));
        assert_eq!(
            check_rebuild(&changed, scheme, &indexes),
            Err(Wrong::Rebuild { share: 0, sources: vec![1, 2] })
        );
    }

    #[test]
    fn numbers_that_the_library_refuses_are_reported_with_the_entry() {
        let composite = Vector { p: 4, secret: vec![0; 3], ..vector() };
        let message = check(&composite).unwrap_err().to_string();
        assert!(message.starts_with("entry 7 (2-of-3, p 4): refused: "), "{message}");
        let short = Vector { randomness: vec![1], ..vector() };
        assert!(matches!(wrong(&short), Some(Wrong::Refused(_))));
    }
}
