//! `xstore repair`.

use super::change::{self, Change, Run};
use crate::args::{Place, Repair};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::output::Output;
use xstore::manifest::Manifest;
use xstore::{Placing, Progress, Repaired, Store, Ticket};

pub(super) fn run(args: &Repair, out: Output) -> Result<Outcome, Failure> {
    let change = Change {
        configured: &args.configured,
        manifest: &args.manifest,
        is_dry_run: args.dry_run,
        doing: "repairing",
        done: "made again",
        idle: "every share is there and good".to_owned(),
    };
    change::run(&change, args, out)
}

impl Run for Repair {
    async fn run(
        &self,
        store: &Store,
        manifest: &Manifest,
        ticket: Option<&Ticket>,
        progress: Progress,
    ) -> xstore::Result<Repaired> {
        let placing = match self.place {
            Place::SameThenSpare => Placing::SameThenSpare,
            Place::Same => Placing::SameOnly,
            Place::Spare => Placing::SpareOnly,
        };
        let mut repair = store.repair(manifest).placing(placing).progress(progress);
        for wanted in &self.onto {
            repair = repair.onto(&*wanted.from, &*wanted.to);
        }
        for backend in &self.abandon {
            repair = repair.abandon(&**backend);
        }
        match ticket {
            Some(ticket) => repair.ticket(ticket).await,
            None => repair.dry_run().await,
        }
    }
}
