//! Data to split, choices of folders, and the members of reports.

use std::collections::BTreeSet;

use serde_json::Value;

/// Bytes that look random and are the same in every run.
pub(crate) fn payload(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// All k-subsets of 0..n, each ascending.
pub(crate) fn subsets(n: usize, k: usize) -> Vec<Vec<usize>> {
    if k == 0 {
        return vec![Vec::new()];
    }
    (k..=n)
        .flat_map(|last| {
            subsets(last - 1, k - 1).into_iter().map(move |mut subset| {
                subset.push(last - 1);
                subset
            })
        })
        .collect()
}

/// The paths of all members, with those of what is in lists.
pub(crate) fn members(value: &Value, path: &str, paths: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let path = format!("{path}.{name}");
                members(value, &path, paths);
                paths.insert(path);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| members(value, path, paths)),
        _ => {}
    }
}
