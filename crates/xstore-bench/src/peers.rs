//! Beside other projects' crates: byte-wise sharing with the same promise, and encryption with erasure coding, whose
//! promise is another one.

mod erasure;
mod shamir;

use crate::bytes::{KIB, MIB, noise, size_name};
use crate::failure::Failure;
use crate::limits::keystream;
use crate::measure::{Case, Series, interleaved};
use crate::report::{Floor, Row, Section};
use crate::scope::Scope;
use crate::xorida;

use self::erasure::Erasure;
use self::shamir::{Blahaj, Vsss};

const K: u8 = 2;
const N: u8 = 3;
const SIZES: [usize; 2] = [64 * KIB, MIB];

/// How many times as fast as the fastest sharing crate a split must be.
const TIMES: f64 = 100.0;
/// Where that is judged.
const JUDGED: usize = MIB;

const SPLIT: &str = "xorida-split";
const COMBINE: &str = "xorida-combine";
const VSSS_SPLIT: &str = "vsss-split";
const BLAHAJ_SPLIT: &str = "blahaj-split";

/// Measures every peer at every size, and judges the floor.
///
/// # Errors
/// Those of the cases.
pub(crate) fn section(scope: &Scope) -> Result<(Section, Vec<Floor>), Failure> {
    let (mut rows, mut floors) = (Vec::new(), Vec::new());
    for size in SIZES {
        let group = group(scope, size)?;
        rows.extend(group.0);
        floors.extend(group.1);
    }
    let section = Section {
        title: "Peers: (2,3), one thread, no tags in any",
        notes: vec![
            "vsss (vsss-rs, GF(256)) and blahaj share byte by byte; like ours they are given their randomness, and",
            "they don't wipe theirs here. `with pads` is ours with the randomness made by AES-256-CTR on the way.",
            "aes-gcm + reed-solomon-simd keeps data from those without the key, not from those with k - 1 shares and",
            "unlimited time; its shares are a k-th as long. It combines without its first data share.",
            "The ratio is the time of the row over that of ours, split or combine: how many times as fast ours is.",
        ],
        rows,
    };
    Ok((section, floors))
}

/// All contestants with one secret.
struct Ring {
    ours: xorida::Workbench,
    vsss: Vsss,
    blahaj: Blahaj,
    erasure: Erasure,
}

impl Ring {
    fn new(size: usize) -> Result<Self, Failure> {
        let secret = noise(size, 1);
        Ok(Self {
            ours: xorida::Workbench::new(K, N, size)?,
            vsss: Vsss::new(K, N, secret.clone()),
            blahaj: Blahaj::new(K, N, secret.clone()),
            erasure: Erasure::new(K, N, secret)?,
        })
    }

    /// That each of them gives the secret back. Leaves shares for those that combine.
    fn check(&mut self) -> Result<(), Failure> {
        self.ours.check()?;
        self.vsss.check()?;
        self.blahaj.check()?;
        self.erasure.check()
    }
}

fn cases(size: usize) -> Vec<Case<Ring>> {
    let id = |name: &str| format!("peers/{K}-{N}/{}/{name}", size_name(size).replace(' ', ""));
    vec![
        Case::new(id(SPLIT), |ring: &mut Ring| ring.ours.split()),
        Case::new(id(COMBINE), |ring: &mut Ring| ring.ours.combine()),
        Case::new(id("xorida-split-with-pads"), |ring: &mut Ring| {
            ring.ours.split_with(|randomness| keystream(&[7; 32], &[0; 16], randomness))
        }),
        Case::new(id(VSSS_SPLIT), |ring: &mut Ring| ring.vsss.split()),
        Case::new(id("vsss-combine"), |ring: &mut Ring| ring.vsss.combine()),
        Case::new(id(BLAHAJ_SPLIT), |ring: &mut Ring| ring.blahaj.split()),
        Case::new(id("blahaj-combine"), |ring: &mut Ring| ring.blahaj.combine()),
        Case::new(id("aes-gcm+reed-solomon-simd-split"), |ring: &mut Ring| ring.erasure.split()),
        Case::new(id("aes-gcm+reed-solomon-simd-combine"), |ring: &mut Ring| ring.erasure.combine()),
    ]
}

fn group(scope: &Scope, size: usize) -> Result<(Vec<Row>, Vec<Floor>), Failure> {
    let mut cases = scope.choose(2, cases(size));
    if cases.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut ring = Ring::new(size)?;
    ring.check()?;
    let series = interleaved(&mut ring, &mut cases, scope.effort(size))?;
    let named = |name: &str| {
        let found = cases.iter().zip(&series).find(|(case, _)| case.id.rsplit('/').next() == Some(name));
        found.map(|(_, series)| series)
    };

    let rows = cases.iter().zip(&series).enumerate().map(|(at, (case, own))| {
        let name = case.id.rsplit('/').next().unwrap_or_default();
        let row = Row::new(
            &case.id,
            name.replace('-', " ").replace("aes gcm+reed solomon simd", "gcm + rs"),
            size,
            size,
            own,
        );
        let ours = if name.contains("split") { SPLIT } else { COMBINE };
        match named(ours) {
            Some(ours) if at > 1 => row.with("times ours", own.over(ours)),
            _ => row,
        }
    });
    let rows = rows.collect();
    let mut floors = Vec::new();
    if let (Some(ours), Some(vsss), Some(blahaj)) = (named(SPLIT), named(VSSS_SPLIT), named(BLAHAJ_SPLIT))
        && size == JUDGED
    {
        let what =
            format!("({K},{N}) split of {}, times as fast as the fastest sharing crate", size_name(size));
        floors.push(Floor::new(what, TIMES, times_fastest(ours, &[vsss, blahaj])));
    }
    Ok((rows, floors))
}

/// How many times as long as ours the fastest of `others` takes, round by round.
fn times_fastest(ours: &Series, others: &[&Series]) -> Vec<f64> {
    let ratios: Vec<Vec<f64>> = others.iter().map(|other| other.over(ours)).collect();
    let rounds = 0..ours.cpu.len();
    rounds.map(|round| ratios.iter().map(|ratios| ratios[round]).fold(f64::INFINITY, f64::min)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_is_found_round_by_round() {
        let series = |cpu: [f64; 2]| Series { cpu: cpu.into(), wall: cpu.into(), calls: 1 };
        let (ours, a, b) = (series([1.0, 2.0]), series([100.0, 900.0]), series([300.0, 400.0]));
        assert_eq!(times_fastest(&ours, &[&a, &b]), [100.0, 200.0]);
    }

    #[test]
    fn every_peer_has_its_rows_beside_ours() {
        let scope = Scope { quick: true, ..Scope::default() };
        let (rows, floors) = group(&scope, KIB).unwrap();
        assert_eq!(rows.len(), 9);
        assert_eq!(rows[8].what, "gcm + rs combine");
        assert!(rows[..2].iter().all(|row| row.ratios.is_empty()));
        assert!(rows[2..].iter().all(|row| row.ratios[0].name == "times ours"));
        assert!(floors.is_empty());
        let one = Scope { filter: Some("1KiB/vsss-split".into()), ..scope };
        assert_eq!(group(&one, KIB).unwrap().0.len(), 3);
    }
}
