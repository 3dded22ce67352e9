//! `xstore plan`: what a configuration means, before anything is stored. Asks no backend.

mod odds;
mod report;
mod text;

use crate::args::{Plan as Args, Whose};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::session::Session;
use odds::Fleets;
use report::Report;
use xstore::config::Config;
use xstore::plan::{Costs, Plan};

/// A configuration with all that is computed from it.
struct Planned<'a> {
    config: &'a Config,
    plan: Plan,
    costs: Costs,
    availability: Option<Fleets>,
    loss: Option<Fleets>,
}

pub(super) fn run(args: &Args, out: Output) -> Result<Outcome, Failure> {
    let path = &*args.configured.config;
    let session = Session::load(&args.configured)?;
    let config = session.config();
    let registry = xstore::registry();
    config.check(&registry).map_err(|errors| Failure::of_config_file(path, &errors))?;
    config.check_layout(&registry).map_err(|error| Failure::of_store(&error))?;
    let plan = config.plan(&registry).map_err(|error| {
        Failure::new("LAYOUT_REFUSED", "no layout of these backends obeys the placement rules")
            .caused_by(error)
    })?;
    let costs = Costs::new(config.threshold(), config.settings(), args.size)
        .map_err(|error| Failure::new("CONFIG_INVALID", "these settings make no shares").caused_by(error))?;
    let odds = |name, given| Fleets::new(name, config, &registry, &plan, given);
    let availability = odds("--availability", &args.availability)?;
    let loss = odds("--loss", &args.loss)?;
    let planned = Planned { config, plan, costs, availability, loss };
    let report = Report::new(path, &planned, &registry);
    out.result(&report, || text::of(&report))?;
    Ok(Outcome::Done)
}

/// Words for whose a probability is, as they were typed.
fn whose(whose: &Whose) -> String {
    match whose {
        Whose::All => "all backends".to_owned(),
        Whose::Backend(id) => id.clone(),
        Whose::Value(label, value) => format!("{label}:{value}"),
    }
}
