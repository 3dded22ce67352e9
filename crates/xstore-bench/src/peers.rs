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

/// The names of the cases that others are compared with.
const SPLIT: &str = "xorida-split";
const SPLIT_DRAWN: &str = "xorida-split-drawn";
const COMBINE: &str = "xorida-combine";
/// Those that the floor is about: which way a crate is faster is its compiler's whim, so the better one counts.
const SHARING: [&str; 4] = ["vsss-split", "vsss-split-drawn", "blahaj-split", "blahaj-split-drawn"];

/// Ours, which come first and always run.
const OURS: usize = 3;

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
    let section = Section::new(
        "Peers: (2,3), one thread, no tags in any",
        vec![
            "vsss (vsss-rs, GF(256)) and blahaj share byte by byte, with the same promise, and wipe nothing here.",
            "drawn: the randomness is made on the way, by ours with AES-256-CTR, by theirs with what they come with,",
            "ChaCha12 of the crate rand. Otherwise it is given, to them as to ours.",
            "gcm + rs (aes-gcm, reed-solomon-simd) keeps data from those without the key, not from those with k - 1",
            "shares and unlimited time; its shares are a k-th as long. It needs no randomness but a key, so its split",
            "stands beside ours with the randomness drawn. It combines without its first data share.",
            "The ratio is the time of the row over that of ours for the same: how many times as fast ours is.",
        ],
        rows,
    );
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

    /// That each of them gives the secret back, however it came by its randomness. Leaves shares for those that
    /// combine.
    fn check(&mut self) -> Result<(), Failure> {
        self.ours.check()?;
        self.vsss.check()?;
        self.blahaj.check()?;
        self.erasure.check()
    }
}

/// One line of the table: name, what it is compared with, what runs.
type Contestant = (&'static str, Option<&'static str>, fn(&mut Ring) -> Result<(), Failure>);

const CONTESTANTS: [Contestant; 11] = [
    (SPLIT, None, |ring| ring.ours.split()),
    (SPLIT_DRAWN, None, |ring| ring.ours.split_with(|out| keystream(&[7; 32], &[0; 16], out))),
    (COMBINE, None, |ring| ring.ours.combine()),
    (SHARING[0], Some(SPLIT), |ring| ring.vsss.split()),
    (SHARING[1], Some(SPLIT_DRAWN), |ring| ring.vsss.split_drawing()),
    ("vsss-combine", Some(COMBINE), |ring| ring.vsss.combine()),
    (SHARING[2], Some(SPLIT), |ring| ring.blahaj.split()),
    (SHARING[3], Some(SPLIT_DRAWN), |ring| ring.blahaj.split_drawing()),
    ("blahaj-combine", Some(COMBINE), |ring| ring.blahaj.combine()),
    ("gcm+rs-split", Some(SPLIT_DRAWN), |ring| ring.erasure.split()),
    ("gcm+rs-combine", Some(COMBINE), |ring| ring.erasure.combine()),
];

fn group(scope: &Scope, size: usize) -> Result<(Vec<Row>, Vec<Floor>), Failure> {
    let id = |name: &str| format!("peers/{K}-{N}/{}/{name}", size_name(size).replace(' ', ""));
    let cases = CONTESTANTS.map(|(name, _, run)| Case::new(id(name), run));
    let mut cases = scope.choose(OURS, cases.into());
    if cases.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut ring = Ring::new(size)?;
    ring.check()?;
    let series = interleaved(&mut ring, &mut cases, scope.effort(size))?;
    let measured = |name: &str| {
        let at = cases.iter().position(|case| case.id == id(name));
        at.map(|at| &series[at])
    };

    let mut rows = Vec::new();
    for (name, against, _) in CONTESTANTS {
        let Some(own) = measured(name) else { continue };
        let what = name.replace('-', " ").replace('+', " + ");
        let row = Row::new(&id(name), what, size, size, own);
        rows.push(match against.and_then(measured) {
            Some(ours) => row.with("times ours", own.over(ours)),
            None => row,
        });
    }
    let mut floors = Vec::new();
    if let (Some(ours), Some(others)) =
        (measured(SPLIT), SHARING.map(measured).into_iter().collect::<Option<Vec<_>>>())
    {
        let what =
            format!("({K},{N}) split of {}, times as fast as the fastest sharing crate", size_name(size));
        floors.push(Floor::new(what, TIMES, times_fastest(ours, &others)));
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
        assert_eq!(rows.len(), CONTESTANTS.len());
        assert_eq!(rows[9].what, "gcm + rs split");
        assert!(rows[..OURS].iter().all(|row| row.ratios.is_empty()));
        assert!(rows[OURS..].iter().all(|row| row.ratios[0].name == "times ours"));
        assert_eq!(floors.len(), 1);
        let one = Scope { filter: Some("1KiB/vsss-split".into()), ..scope };
        // Ours, and the two whose ids contain it.
        let (rows, floors) = group(&one, KIB).unwrap();
        assert_eq!(rows.len(), OURS + 2);
        // Half of the peers are no peers to be judged by.
        assert!(floors.is_empty());
    }
}
