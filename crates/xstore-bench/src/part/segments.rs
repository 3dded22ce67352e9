//! The same part in segments of other lengths: whether the default is a good one.

use xorida_core::{Scheme, Threshold};

use super::workbench::Workbench;
use super::{DECODE, ENCODE, SHA256, hashed_per_byte, of_limit};
use crate::bytes::{KIB, MIB, size_name};
use crate::failure::Failure;
use crate::limits::sha256;
use crate::measure::{Case, interleaved};
use crate::report::{Row, Section};
use crate::scope::Scope;

/// Payload bytes of the part.
const PART: usize = 8 * MIB;
/// The lengths that are tried, about.
const LENGTHS: [usize; 7] = [16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB, 256 * KIB, 512 * KIB, MIB];
const K: u8 = 2;
const N: u8 = 3;

/// Measures every length.
///
/// # Errors
/// Those of the cases.
pub(crate) fn section(scope: &Scope) -> Result<Section, Failure> {
    Ok(Section::new(
        "Segment lengths: (2,3), a part of 8 MiB",
        vec!["The size is that of a segment. All lengths take turns in one group."],
        group(scope, PART)?,
    ))
}

fn group(scope: &Scope, part: usize) -> Result<Vec<Row>, Failure> {
    let mut cases = vec![Case::new(format!("segments/{K}-{N}/{SHA256}"), |all: &mut Vec<Workbench>| {
        all.first().map(|first| sha256(&first.payload));
        Ok(())
    })];
    // What each case is of, in the order of the cases.
    let mut lengths = vec![part];
    for (at, length) in LENGTHS.into_iter().enumerate() {
        let id = |name: &str| format!("segments/{K}-{N}/{}/{name}", size_name(length).replace(' ', ""));
        cases.push(Case::new(id(ENCODE), move |all: &mut Vec<Workbench>| all[at].encode(false)));
        cases.push(Case::new(id(DECODE), move |all: &mut Vec<Workbench>| all[at].decode()));
        lengths.extend([length, length]);
    }
    let known: Vec<String> = cases.iter().map(|case| case.id.clone()).collect();
    let mut cases = scope.choose(1, cases);
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let mut all = LENGTHS
        .iter()
        .map(|&length| Workbench::new(K, N, Some(segment(length)?), part))
        .collect::<Result<Vec<_>, Failure>>()?;
    for workbench in &mut all {
        workbench.check()?;
    }
    let series = interleaved(&mut all, &mut cases, scope.effort(part))?;
    let rows = cases.iter().zip(&series).map(|(case, own)| {
        let at = known.iter().position(|id| *id == case.id).unwrap_or_default();
        let name = case.id.rsplit('/').next().unwrap_or_default();
        let row = Row::new(&case.id, name, lengths[at], part, own);
        match hashed_per_byte(name, K, N) {
            Some(hashed) => row.with("of hashing limit", of_limit(&series[0], own, hashed)),
            None => row,
        }
    });
    Ok(rows.collect())
}

/// The segment length of about `length` bytes whose pieces fill whole cache lines, like the default's.
fn segment(length: usize) -> Result<u32, Failure> {
    let scheme = Scheme::new(Threshold::new(K, N)?);
    let step = 64 * scheme.blocks();
    let digest = 32_usize.next_multiple_of(scheme.blocks());
    let segment = (length + digest) / step * step - digest;
    u32::try_from(segment).map_err(|_| Failure::Wrong("the segment's length"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use xstore_share::Layout;

    #[test]
    fn the_default_is_among_the_lengths() {
        let scheme = Scheme::new(Threshold::new(K, N).unwrap());
        let tried: Vec<u32> = LENGTHS.iter().map(|&length| segment(length).unwrap()).collect();
        assert!(tried.contains(&Layout::default_segment(scheme)), "{tried:?}");
        assert!(tried.iter().all(|s| (s + 32).is_multiple_of(128)));
    }

    #[test]
    fn every_length_has_two_rows_of_its_size() {
        let scope = Scope { quick: true, ..Scope::default() };
        let rows = group(&scope, 40 * KIB).unwrap();
        assert_eq!(rows.len(), 1 + 2 * LENGTHS.len());
        assert_eq!((rows[1].what.as_str(), rows[1].size.as_str()), ("encode", "16 KiB"));
        assert_eq!((rows[14].what.as_str(), rows[14].size.as_str()), ("decode", "1 MiB"));
        let one = Scope { filter: Some("256KiB/decode".into()), ..scope };
        let rows = group(&one, 40 * KIB).unwrap();
        assert_eq!(rows.iter().map(|row| row.size.as_str()).collect::<Vec<_>>(), ["40 KiB", "256 KiB"]);
    }
}
