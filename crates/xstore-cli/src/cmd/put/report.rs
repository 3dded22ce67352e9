//! What a put tells when it is done.

use crate::clock::Stopwatch;
use crate::trouble::Trouble;
use crate::units::{count, human_bytes, human_rate, printable};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use xstore::manifest::{Manifest, State};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    name: String,
    object: String,
    threshold: String,
    bytes: u64,
    parts: usize,
    manifest: PathBuf,
    /// Shares are missing.
    pub(super) degraded: bool,
    shares: Vec<Stored>,
    missing: Vec<Missing>,
    /// What failed on the way, also where another backend took over.
    problems: Vec<Trouble>,
    seconds: f64,
}

/// A share on a backend.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    share: u8,
    backend_id: String,
    /// How many parts of it are there.
    parts: usize,
}

/// A share that isn't anywhere.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Missing {
    share: u8,
    /// In how many parts.
    parts: usize,
}

impl Report {
    pub(super) fn new(
        manifest: &Manifest,
        path: &Path,
        bytes: u64,
        problems: Vec<Trouble>,
        watch: Stopwatch,
    ) -> Self {
        let body = manifest.body();
        let mut stored: BTreeMap<(u8, &str), usize> = BTreeMap::new();
        let mut missing: BTreeMap<u8, usize> = BTreeMap::new();
        for part in &body.parts {
            for (share, index) in part.shares.iter().zip(0..) {
                match share {
                    Some(share) => *stored.entry((index, share.backend.as_str())).or_default() += 1,
                    None => *missing.entry(index).or_default() += 1,
                }
            }
        }
        let stored = stored.into_iter();
        Self {
            name: body.key.as_str().to_owned(),
            object: body.object.to_string(),
            threshold: format!("{}-of-{}", body.threshold.k, body.threshold.n),
            bytes,
            parts: body.parts.len(),
            manifest: path.to_owned(),
            degraded: body.state == State::Degraded,
            shares: stored
                .map(|((share, id), parts)| Stored { share, backend_id: id.to_owned(), parts })
                .collect(),
            missing: missing.into_iter().map(|(share, parts)| Missing { share, parts }).collect(),
            problems,
            seconds: watch.elapsed().as_secs_f64(),
        }
    }

    /// What a degraded object means.
    pub(super) fn warning(&self) -> String {
        let shares: Vec<String> = self.missing.iter().map(|missing| missing.share.to_string()).collect();
        let mut text = format!(
            "stored, but degraded: share{} {} {} missing",
            if shares.len() == 1 { "" } else { "s" },
            shares.join(", "),
            if shares.len() == 1 { "is" } else { "are" }
        );
        for problem in &self.problems {
            text.push_str("\n  ");
            text.push_str(&problem.line());
        }
        text.push_str(
            "\nhelp: see with `xstore status` what is wrong with these backends; once they are back, make what is missing \
             with: xstore repair --manifest ",
        );
        text.push_str(&self.manifest.display().to_string());
        text
    }

    pub(super) fn text(&self) -> String {
        let mut lines = vec![format!(
            "{}: {} in {}, {}, {:.1} s, {}",
            printable(&self.name),
            human_bytes(self.bytes),
            count(self.parts, "part"),
            self.threshold,
            self.seconds,
            human_rate(self.bytes, self.seconds)
        )];
        for Stored { share, backend_id, parts } in &self.shares {
            let of =
                if *parts == self.parts { String::new() } else { format!("  {}", count(*parts, "part")) };
            lines.push(format!("  share {share}  {backend_id}{of}"));
        }
        for Missing { share, parts } in &self.missing {
            let of =
                if *parts == self.parts { String::new() } else { format!(" in {}", count(*parts, "part")) };
            lines.push(format!("  share {share}  missing{of}"));
        }
        lines.push(format!("manifest: {}", self.manifest.display()));
        lines.push(
            "Keep the manifest and the key file apart from the backends; reading needs both.".to_owned(),
        );
        lines.join("\n")
    }
}
