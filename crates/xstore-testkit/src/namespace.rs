//! Names that nobody else uses.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use xstore_backend::Prefix;

/// A prefix that no other case has, in this process, in another one, or in an earlier run: servers are shared and
/// keep what was written. Chance is the only source that all of them have in common.
pub(crate) fn fresh() -> Prefix {
    static RUN: LazyLock<u64> = LazyLock::new(|| fastrand::u64(..));
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Prefix::new(&format!("t-{:016x}-{:x}-{count:x}", *RUN, std::process::id())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_and_are_short() {
        let (one, two) = (fresh(), fresh());
        assert!(one != two && one.as_str().starts_with("t-"));
        assert!(one.as_str().len() <= 64);
    }
}
