//! One line per event, with `-v`.

use crate::output::Output;
use crate::units::{human_bytes, human_rate};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use xstore::Event;
use xstore::event::Status;

/// Shares whose beginning is remembered at once.
const OPEN: usize = 4096;

/// What the lines need to know of earlier events.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// When the current attempt on a share began.
    begun: BTreeMap<(u32, u8, String), Duration>,
}

/// An event as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    event: &'static str,
    backend_id: Option<&'a str>,
    share: Option<u8>,
    shares: u8,
    part: Option<u32>,
    status: &'static str,
    bytes: u64,
    total_bytes: Option<u64>,
    elapsed: f64,
    attempt: u32,
    code: Option<&'static str>,
    terminal: bool,
    lagged: u64,
}

impl Lines {
    pub(super) fn tell(&mut self, out: Output, event: &Event) {
        if out.is_verbose() {
            out.line(&json(event), || self.text(event));
        }
    }

    /// `put: red, share 0 of part 3: complete, 8.0 MiB, 45 MB/s, 2 retries`
    fn text(&mut self, event: &Event) -> String {
        let mut line = event.operation.to_string();
        if let (Some(backend), Some(share)) = (&event.backend, event.share_index) {
            line.push_str(&format!(": {backend}, share {share}"));
        }
        if let Some(part) = event.part {
            line.push_str(&format!(" of part {part}"));
        }
        line.push_str(&format!(": {}", event.status));
        if let Some(code) = event.code {
            line.push_str(&format!(" ({code})"));
        }
        let took = self.took(event);
        if event.bytes > 0 {
            line.push_str(&format!(", {}", human_bytes(event.bytes)));
            if let Some(took) = took {
                line.push_str(&format!(", {}", human_rate(event.bytes, took.as_secs_f64())));
            }
        } else if let Some(total) = event.total_bytes.filter(|_| begins(event.status)) {
            line.push_str(&format!(", {}", human_bytes(total)));
        }
        match event.attempt {
            0 | 1 => {}
            2 => line.push_str(", 1 retry"),
            attempt => line.push_str(&format!(", {} retries", attempt - 1)),
        }
        if event.lagged > 0 {
            line.push_str(&format!(" ({} events before this one were left out)", event.lagged));
        }
        line
    }

    /// How long the attempt took that ends with this event.
    fn took(&mut self, event: &Event) -> Option<Duration> {
        let key = (event.part?, event.share_index?, event.backend.as_ref()?.to_string());
        if begins(event.status) {
            if self.begun.len() == OPEN {
                self.begun.pop_first();
            }
            self.begun.entry(key).or_insert(event.elapsed);
            return None;
        }
        match event.status {
            Status::Complete | Status::Failed => {
                self.begun.remove(&key).map(|begun| event.elapsed.saturating_sub(begun))
            }
            Status::Retrying => {
                self.begun.remove(&key);
                None
            }
            _ => None,
        }
    }
}

/// Whether a share's bytes begin to move.
const fn begins(status: Status) -> bool {
    matches!(status, Status::Uploading | Status::Downloading | Status::Deleting)
}

fn json(event: &Event) -> impl Serialize {
    Json {
        event: event.operation.as_str(),
        backend_id: event.backend.as_ref().map(|id| id.as_str()),
        share: event.share_index,
        shares: event.total_shares,
        part: event.part,
        status: event.status.as_str(),
        bytes: event.bytes,
        total_bytes: event.total_bytes,
        elapsed: event.elapsed.as_secs_f64(),
        attempt: event.attempt,
        code: event.code,
        terminal: event.terminal,
        lagged: event.lagged,
    }
}
