//! A bar on a terminal, nothing elsewhere.

use crate::output::Output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

pub(crate) const KNOWN: &str = "{prefix:>9} {bar:32} {bytes}/{total_bytes} {bytes_per_sec} eta {eta} {msg}";
pub(crate) const UNKNOWN: &str = "{prefix:>9} {spinner} {bytes} {bytes_per_sec} {elapsed} {msg}";

/// Starts a bar; `total` is None for a pipe.
pub(crate) fn bar(out: Output, what: &'static str, total: Option<u64>) -> ProgressBar {
    if !out.shows_progress() {
        return ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
    }
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(10));
    let template = if total.is_some() { KNOWN } else { UNKNOWN };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_prefix(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
