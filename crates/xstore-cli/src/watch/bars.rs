//! Bars on a terminal: one for the payload, one for each share.

use crate::output::Output;
use crate::progress::{KNOWN, UNKNOWN};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::time::Duration;
use xstore::Event;
use xstore::event::Status;

const SHARE: &str = "{prefix:>9} {bytes:>11} {bytes_per_sec:>13}  {msg}";
/// Bars of shares; more would fill any screen.
const MOST: usize = 20;

/// All bars of a command.
pub(super) struct Bars {
    all: MultiProgress,
    total: ProgressBar,
    shares: BTreeMap<(u8, String), Share>,
    is_shown: bool,
}

struct Share {
    bar: ProgressBar,
    /// Bytes of the parts that are done.
    done: u64,
    retries: u32,
    /// What failed last.
    code: Option<&'static str>,
}

impl Bars {
    pub(super) fn new(out: Output, what: &'static str, total: Option<u64>) -> Self {
        let is_shown = out.shows_progress();
        let target =
            if is_shown { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        let all = MultiProgress::with_draw_target(target);
        let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let total = if is_shown {
            let bar = all.add(bar.with_prefix(what));
            style(&bar, if total.is_some() { KNOWN } else { UNKNOWN });
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        } else {
            ProgressBar::hidden()
        };
        Self { all, total, shares: BTreeMap::new(), is_shown }
    }

    pub(super) fn total(&self) -> ProgressBar {
        self.total.clone()
    }

    pub(super) fn show(&mut self, event: &Event) {
        let (Some(backend), Some(index)) = (&event.backend, event.share_index) else { return };
        if !self.is_shown {
            return;
        }
        let key = (index, backend.to_string());
        if !self.shares.contains_key(&key) {
            if self.shares.len() == MOST {
                return;
            }
            // In the order of the shares, whichever begins first.
            let before = self.shares.range(..&key).next_back();
            let after = before.map_or(&self.total, |(_, share)| &share.bar);
            let bar = self.all.insert_after(after, ProgressBar::no_length());
            style(&bar, SHARE);
            bar.set_prefix(format!("share {index}"));
            self.shares.insert(key.clone(), Share { bar, done: 0, retries: 0, code: None });
        }
        let Some(share) = self.shares.get_mut(&key) else { return };
        match event.status {
            Status::Complete => {
                share.done += event.bytes;
                share.code = None;
            }
            Status::Retrying => share.retries += 1,
            Status::Failed => share.code = event.code,
            _ => share.bar.set_position(share.done + event.bytes),
        }
        if event.status == Status::Complete {
            share.bar.set_position(share.done);
        }
        let mut message = backend.to_string();
        match share.retries {
            0 => {}
            1 => message.push_str(", 1 retry"),
            retries => message.push_str(&format!(", {retries} retries")),
        }
        if let Some(code) = share.code {
            message.push_str(&format!(", {code}"));
        }
        share.bar.set_message(message);
    }

    /// Takes all of them away.
    pub(super) fn clear(&mut self) {
        for share in self.shares.values() {
            share.bar.finish_and_clear();
        }
        self.total.finish_and_clear();
        self.shares.clear();
        let _ = self.all.clear();
    }
}

fn style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
