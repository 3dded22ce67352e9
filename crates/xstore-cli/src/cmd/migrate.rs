//! `xstore migrate`.

use super::change::{self, Change, Run};
use crate::args::Migrate;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::units::printable;
use xstore::manifest::Manifest;
use xstore::{Progress, Repaired, Store, Ticket};

pub(super) fn run(args: &Migrate, out: Output) -> Result<Outcome, Failure> {
    let change = Change {
        configured: &args.configured,
        manifest: &args.manifest,
        is_dry_run: args.dry_run,
        doing: "moving",
        done: "moved",
        idle: format!("no share of it is on {}", printable(&args.from)),
    };
    change::run(&change, args, out)
}

impl Run for Migrate {
    async fn run(
        &self,
        store: &Store,
        manifest: &Manifest,
        ticket: Option<&Ticket>,
        progress: Progress,
    ) -> xstore::Result<Repaired> {
        let migrate = store.migrate(manifest, &*self.from, &*self.to).progress(progress);
        match ticket {
            Some(ticket) => migrate.ticket(ticket).await,
            None => migrate.dry_run().await,
        }
    }
}
