//! The fields that there are, by table. What isn't here is refused; what is here is read, which a test makes sure of.

/// Of the document itself.
pub(in crate::config) const ROOT: &[&str] = &[
    "version",
    "threshold",
    "key-file",
    "write-quorum",
    "allow-volatile",
    "ttl",
    "part-size",
    "pad-to",
    "os-randomness",
    "backend",
    "placement",
    "timeouts",
    "retry",
    "hedge",
    "breaker",
    "limits",
];

pub(in crate::config) const BACKEND: &[&str] = &["id", "url", "namespace", "labels", "removable", "settings"];
/// Of a secret among the settings.
pub(in crate::config) const SECRET: &[&str] = &["env", "file"];
pub(in crate::config) const PLACEMENT: &[&str] = &["spread", "only", "never", "pin"];
pub(in crate::config) const PIN: &[&str] = &["index", "label", "value"];
pub(in crate::config) const TIMEOUTS: &[&str] = &["attempt", "min-rate", "share", "grace"];
pub(in crate::config) const RETRY: &[&str] = &["attempts", "initial-delay", "factor", "max-delay"];
pub(in crate::config) const HEDGE: &[&str] = &["initial", "min", "max", "factor"];
pub(in crate::config) const BREAKER: &[&str] = &["threshold", "cool-down", "max-cool-down"];
pub(in crate::config) const LIMITS: &[&str] = &["concurrency", "up", "down"];

/// The tables with times, repetitions and limits.
const TUNING: &[(&str, &[&str])] =
    &[("timeouts", TIMEOUTS), ("retry", RETRY), ("hedge", HEDGE), ("breaker", BREAKER), ("limits", LIMITS)];

/// The fields of one of the tables with times, repetitions and limits.
pub(in crate::config) fn tuning(table: &str) -> Option<&'static [&'static str]> {
    TUNING.iter().find(|(name, _)| *name == table).map(|(_, fields)| *fields)
}

/// All of them.
pub(in crate::config) const ALL: &[&[&str]] =
    &[ROOT, BACKEND, SECRET, PLACEMENT, PIN, TIMEOUTS, RETRY, HEDGE, BREAKER, LIMITS];
