//! A part's shares, whole: written with all their tags and read with all their checks, on one thread.

mod segments;
mod workbench;

use crate::bytes::{KIB, MIB, SIZES, size_name};
use crate::failure::Failure;
use crate::limits::sha256;
use crate::measure::{Case, Series, interleaved};
use crate::report::{Floor, Row, Section, as_f64};
use crate::scope::Scope;

pub(crate) use self::segments::section as segments;
pub(crate) use self::workbench::Workbench;

/// The thresholds that are measured, k and n.
const THRESHOLDS: [(u8, u8); 3] = [(2, 3), (3, 5), (4, 7)];

/// What of the hashing limit must be reached where there is a floor.
const SHARE_OF_LIMIT: f64 = 0.8;

/// A message that stays in the cache, in bytes.
const IN_CACHE: usize = 64 * KIB;

/// The names of the cases, as they end their ids. The first is the yardstick.
const SHA256: &str = "sha256";
const ENCODE: &str = "encode";
const ENCODE_CHECKED: &str = "encode-recombining";
const DECODE: &str = "decode";

/// Measures every threshold at every size, and judges the floors.
///
/// # Errors
/// Those of the cases.
pub(crate) fn section(scope: &Scope) -> Result<(Section, Vec<Floor>), Failure> {
    let (mut rows, mut floors) = (Vec::new(), Vec::new());
    for size in SIZES {
        for (k, n) in THRESHOLDS {
            let group = group(scope, k, n, size)?;
            rows.extend(group.0);
            floors.extend(group.1);
        }
    }
    let section = Section::new(
        "xstore-share: a whole part in memory, one thread",
        vec![
            "Encode: ids, salts and pads drawn, every segment digested, split and tagged, trailer and share ends.",
            "Recombining: besides, every segment is combined again and compared, each share at least once.",
            "Decode: headers, share ends, trailer, every tag and digest of the last k shares, payload and object tag.",
            "The limit is one stream of SHA-256 over a message of the payload's length in the same round, divided by",
            "the bytes that must be hashed per payload byte: n + 1 on encoding, k + 1 on decoding. `in cache` takes",
            "the speed over 64 KiB instead, which memory doesn't slow down.",
        ],
        rows,
    );
    Ok((section, floors))
}

fn group(scope: &Scope, k: u8, n: u8, size: usize) -> Result<(Vec<Row>, Vec<Floor>), Failure> {
    let id = |name: &str| format!("part/{k}-{n}/{}/{name}", size_name(size).replace(' ', ""));
    let cases = vec![
        Case::new(id(SHA256), |w: &mut Workbench| {
            sha256(&w.payload);
            Ok(())
        }),
        Case::new(id("sha256-in-cache"), |w: &mut Workbench| {
            sha256(&w.payload[..w.payload.len().min(IN_CACHE)]);
            Ok(())
        }),
        Case::new(id(ENCODE), |w: &mut Workbench| w.encode(false)),
        Case::new(id(ENCODE_CHECKED), |w: &mut Workbench| w.encode(true)),
        Case::new(id(DECODE), Workbench::decode),
    ];
    let mut cases = scope.choose(2, cases);
    if cases.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut workbench = Workbench::new(k, n, None, size)?;
    workbench.check()?;
    let series = interleaved(&mut workbench, &mut cases, scope.effort(size))?;

    let (mut rows, mut floors) = (Vec::new(), Vec::new());
    for (case, own) in cases.iter().zip(&series) {
        let name = case.id.rsplit('/').next().unwrap_or_default();
        let row = Row::new(&case.id, format!("({k},{n}) {}", name.replace('-', ", ")), size, size, own);
        let Some(hashed) = hashed_per_byte(name, k, n) else {
            if name == SHA256 {
                rows.push(row);
            }
            continue;
        };
        let reached = of_limit(&series[0], own, hashed);
        if has_floor(name, k, size) {
            let what = format!("({k},{n}) {name} of {}, of its hashing limit", size_name(size));
            floors.push(Floor::new(what, SHARE_OF_LIMIT, reached.clone()));
        }
        let in_cache = of_limit(&series[1], own, hashed).into_iter();
        let factor = as_f64(size) / as_f64(size.min(IN_CACHE));
        rows.push(
            row.with("of hashing limit", reached).with("in cache", in_cache.map(|r| r * factor).collect()),
        );
    }
    Ok((rows, floors))
}

/// How much of the speed that hashing alone would allow was reached, round by round.
fn of_limit(sha256: &Series, own: &Series, hashed: u8) -> Vec<f64> {
    sha256.over(own).into_iter().map(|ratio| ratio * f64::from(hashed)).collect()
}

/// Bytes that a case hashes per payload byte; None for the yardstick itself.
fn hashed_per_byte(name: &str, k: u8, n: u8) -> Option<u8> {
    match name {
        ENCODE | ENCODE_CHECKED => Some(n + 1),
        DECODE => Some(k + 1),
        _ => None,
    }
}

/// The floors are for k = 2, where there is least to hash and so most to lose, and for sizes at which the fixed
/// costs of a part don't count.
fn has_floor(name: &str, k: u8, size: usize) -> bool {
    (name == ENCODE || name == DECODE) && k == 2 && size >= MIB
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_compare_with_the_hashing_limit() {
        let scope = Scope { quick: true, ..Scope::default() };
        let (rows, floors) = group(&scope, 2, 3, 1 << 10).unwrap();
        let names: Vec<&str> = rows.iter().map(|row| row.what.as_str()).collect();
        assert_eq!(names, ["(2,3) sha256", "(2,3) encode", "(2,3) encode, recombining", "(2,3) decode"]);
        assert_eq!(rows[2].id, "part/2-3/1KiB/encode-recombining");
        assert!(rows[0].ratios.is_empty() && rows[1..].iter().all(|row| row.ratios.len() == 2));
        assert!(floors.is_empty());
    }

    #[test]
    fn the_limit_counts_every_hashed_byte() {
        assert_eq!(hashed_per_byte(ENCODE, 2, 3), Some(4));
        assert_eq!(hashed_per_byte(DECODE, 2, 3), Some(3));
        assert_eq!(hashed_per_byte(SHA256, 2, 3), None);
        // Hashing takes 1 s, encoding 5 s for four times the bytes: 80 %.
        let sha = Series { cpu: vec![1.0], wall: vec![1.0], calls: 1 };
        let own = Series { cpu: vec![5.0], wall: vec![5.0], calls: 1 };
        assert_eq!(of_limit(&sha, &own, 4), [0.8]);
    }

    #[test]
    fn floors_stand_where_they_are_promised() {
        assert!(has_floor(ENCODE, 2, MIB) && has_floor(ENCODE, 2, 64 * MIB) && has_floor(DECODE, 2, MIB));
        assert!(
            !has_floor(ENCODE_CHECKED, 2, MIB)
                && !has_floor(ENCODE, 3, MIB)
                && !has_floor(DECODE, 2, 1 << 16)
        );
    }
}
