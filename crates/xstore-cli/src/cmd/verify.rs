//! `xstore verify`.

use crate::args::Verify;
use crate::failure::Failure;
use crate::files::read_manifest;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::session::Session;
use crate::trouble::{Trouble, Troubles};
use crate::units::{count, printable};
use crate::watch::Watch;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use xstore::{Depth, Report as Verified, ShareReport};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    name: String,
    object: String,
    threshold: String,
    parts: usize,
    /// `full` or `presence`.
    depth: &'static str,
    /// `whole`, `damaged` or `unreadable`.
    state: &'static str,
    /// How many more shares of any part may be lost; negative where the object can't be read.
    redundancy: i64,
    shares: Vec<Row>,
}

/// One share on one backend, over all parts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    share: u8,
    /// None where it was never stored.
    backend_id: Option<String>,
    removable: bool,
    /// In how many parts it is good.
    good: usize,
    /// In how many it isn't.
    bad: usize,
    problems: Vec<Trouble>,
}

pub(super) fn run(args: &Verify, out: Output) -> Result<Outcome, Failure> {
    let path = &*args.manifest;
    let session = Session::load(&args.configured)?;
    let text = read_manifest(path)?;
    // Nothing is written, so a signal needs no cleaning up; the rest of a share that is being read is.
    let interrupt = Interrupt::at_once();
    let depth = if args.quick { Depth::Presence } else { Depth::Full };
    let report = session.run(&interrupt, async |store| {
        let manifest = store.manifest(&text).map_err(|error| Failure::of_store(&error).about(path))?;
        let mut watch = Watch::new(out, "verifying", None);
        let verified = store.verify(&manifest).depth(depth).progress(watch.progress()).await;
        watch.settled().await;
        let verified = verified.map_err(|error| Failure::of_store(&error).about(path))?;
        let body = manifest.body();
        Ok(Report {
            name: body.key.as_str().to_owned(),
            object: body.object.to_string(),
            threshold: format!("{}-of-{}", body.threshold.k, body.threshold.n),
            parts: verified.parts,
            depth: if args.quick { "presence" } else { "full" },
            state: state(&verified),
            redundancy: verified.redundancy(),
            shares: rows(&verified),
        })
    });
    let report = report.result?;
    out.result(&report, || report.text(path))?;
    Ok(match report.state {
        "whole" => Outcome::Done,
        "damaged" => Outcome::Degraded,
        _ => Outcome::Unreadable,
    })
}

fn state(verified: &Verified) -> &'static str {
    if verified.is_whole() {
        "whole"
    } else if verified.redundancy() >= 0 {
        "damaged"
    } else {
        "unreadable"
    }
}

fn rows(verified: &Verified) -> Vec<Row> {
    let mut rows: BTreeMap<(u8, Option<&str>), Vec<&ShareReport>> = BTreeMap::new();
    for share in &verified.shares {
        rows.entry((share.index, share.backend.as_ref().map(|id| id.as_str()))).or_default().push(share);
    }
    rows.into_iter().map(|((share, id), shares)| Row::new(share, id, &shares)).collect()
}

impl Row {
    fn new(share: u8, id: Option<&str>, shares: &[&ShareReport]) -> Self {
        let good = shares.iter().filter(|share| share.is_good()).count();
        Self {
            share,
            backend_id: id.map(str::to_owned),
            removable: shares.iter().any(|share| share.is_removable),
            good,
            bad: shares.len() - good,
            problems: Troubles::of(shares.iter().filter_map(|share| share.problem.as_ref())),
        }
    }

    fn text(&self, parts: usize) -> String {
        let id = self.backend_id.as_deref().unwrap_or("-");
        let mut line = format!("  share {:<3} {id:<20} ", self.share);
        match (&self.backend_id, self.good, self.bad) {
            (None, _, bad) if bad == parts => line.push_str("never stored"),
            (None, _, bad) => line.push_str(&format!("never stored in {}", count(bad, "part"))),
            (Some(_), good, 0) if good == parts => line.push_str("good"),
            (Some(_), good, 0) => line.push_str(&format!("good in {}", count(good, "part"))),
            (Some(_), _, bad) => {
                line.push_str("BAD");
                if bad < parts {
                    line.push_str(&format!(" in {} of {}", bad, count(parts, "part")));
                }
                if self.removable {
                    line.push_str(" (a removable medium)");
                }
            }
        }
        for problem in &self.problems {
            line.push_str(&format!("\n      {}", problem.code));
            // What is so in all parts needs no list of them.
            if let Some(of) = problem.parts_text().filter(|_| problem.count() < parts) {
                line.push_str(&format!(" in {of}"));
            }
            if let Some(text) = &problem.problem {
                line.push_str(&format!(": {text}"));
            }
        }
        line
    }
}

impl Report {
    fn text(&self, manifest: &Path) -> String {
        let verdict = match self.state {
            "whole" if self.depth == "full" => "every share is there and good".to_owned(),
            "whole" => "every share is there and has its length; their bytes weren't read".to_owned(),
            "damaged" => match self.redundancy {
                0 => "readable, but not one more share may be lost".to_owned(),
                more => {
                    let more = usize::try_from(more).unwrap_or(usize::MAX);
                    format!("readable, but damaged; {} may still be lost", count(more, "share"))
                }
            },
            _ => "NOT READABLE: too few good shares".to_owned(),
        };
        let mut lines = vec![format!(
            "{}: {}, {}: {verdict}",
            printable(&self.name),
            self.threshold,
            count(self.parts, "part")
        )];
        lines.extend(self.shares.iter().map(|row| row.text(self.parts)));
        match self.state {
            "damaged" => lines.push(format!(
                "help: bring back what is away; make what is missing or bad again with: xstore repair --manifest {}",
                manifest.display()
            )),
            "unreadable" => {
                lines.push(
                    "help: bring back any of the named backends; see how each one is with: xstore status"
                        .to_owned(),
                );
            }
            _ => {}
        }
        lines.join("\n")
    }
}
