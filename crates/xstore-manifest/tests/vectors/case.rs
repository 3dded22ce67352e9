//! A vector before it is a file, and ways to make its text.

use serde_json::{Value, json};
use xstore_keys::KeyState;
use xstore_manifest::{Error, Problem};

use crate::canonical::{canonical, seal};
use crate::sample;

/// One case.
#[derive(Clone)]
pub(crate) struct Case {
    /// The file's name without `.json`.
    pub(crate) file: &'static str,
    pub(crate) title: &'static str,
    pub(crate) comment: &'static str,
    pub(crate) keys: Vec<(u8, KeyState)>,
    pub(crate) text: Vec<u8>,
    pub(crate) now: Option<&'static str>,
    pub(crate) name: Option<&'static str>,
    /// What this reader says; nothing where it accepts.
    pub(crate) error: Option<Error>,
}

impl Case {
    pub(crate) fn ok(
        file: &'static str,
        title: &'static str,
        comment: &'static str,
        text: impl Into<Vec<u8>>,
    ) -> Self {
        let keys = vec![(1, KeyState::Current)];
        Self { file, title, comment, keys, text: text.into(), now: None, name: None, error: None }
    }

    pub(crate) fn bad(
        file: &'static str,
        title: &'static str,
        comment: &'static str,
        text: impl Into<Vec<u8>>,
        error: Error,
    ) -> Self {
        Self { error: Some(error), ..Self::ok(file, title, comment, text) }
    }

    pub(crate) fn keys(self, keys: &[(u8, KeyState)]) -> Self {
        Self { keys: keys.to_vec(), ..self }
    }

    pub(crate) fn now(self, now: &'static str) -> Self {
        Self { now: Some(now), ..self }
    }

    pub(crate) fn name(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }
}

pub(crate) fn invalid(at: &str, problem: Problem) -> Error {
    Error::Invalid { at: at.into(), problem }
}

/// The sample, signed with key 1.
pub(crate) fn sample_value() -> Value {
    let ring = sample::ring(1);
    let keys = ring.current().unwrap();
    serde_json::from_slice(&sample::body(keys).sign(keys).unwrap().to_json()).unwrap()
}

/// The sample's canonical text.
pub(crate) fn good() -> String {
    canonical(&sample_value())
}

/// The sample with a change of its content and the right tag for it: a reader without that rule would accept it.
pub(crate) fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut value = sample_value();
    change(&mut value);
    seal(&mut value, sample::ring(1).current().unwrap());
    canonical(&value)
}

/// The sample with a change of its text only: a lax reader sees the signed content in it.
pub(crate) fn edited(from: &str, to: &str) -> String {
    let good = good();
    assert!(good.contains(from), "{from} isn't in {good}");
    good.replacen(from, to, 1)
}

/// A part.
pub(crate) fn part(value: &mut Value, number: usize) -> &mut Value {
    &mut value["parts"][number]
}

/// A share.
pub(crate) fn share(value: &mut Value, number: usize, index: usize) -> &mut Value {
    &mut value["parts"][number]["shares"][index]
}

/// Makes `length` the sum of the parts.
pub(crate) fn fit_length(value: &mut Value) {
    let parts = value["parts"].as_array().unwrap();
    value["length"] = parts.iter().map(|part| part["bytes"].as_u64().unwrap()).sum::<u64>().into();
}

/// Another scheme, with everything else made to fit it.
pub(crate) fn refit(value: &mut Value, k: u64, n: u64, p: u64) {
    let pieces = p - 1;
    (value["threshold"], value["p"]) = (json!({"k": k, "n": n}), json!(p));
    (value["part"], value["segment"]) = (json!(1000), json!(512 / pieces * pieces));
    for number in 0..2 {
        let first = share(value, number, 0).clone();
        let shares = (0..n).map(|index| {
            let mut share = first.clone();
            (share["index"], share["backendId"]) = (json!(index), json!(format!("backend-{index}")));
            share
        });
        let changed = json!({
            "bytes": if number == 0 { 1001_u64.next_multiple_of(pieces) } else { pieces },
            "past": [],
            "sharing": value["parts"][number]["sharing"],
            "shares": shares.collect::<Vec<_>>(),
            "trailer": 600_u64.next_multiple_of(pieces),
        });
        *part(value, number) = changed;
    }
    fit_length(value);
}
