//! From what was typed to backends that are up by chance.

use super::whose;
use crate::args::{Likelihood, Whose};
use crate::failure::Failure;
use crate::units::printable;
use xstore::backend::Registry;
use xstore::config::Config;
use xstore::plan::{Fleet, Node, Odds, Plan};

/// The backends, each by itself, and with what some of them have in common, where something was said of that.
pub(super) struct Fleets {
    pub(super) alone: Fleet,
    pub(super) together: Option<Fleet>,
    /// What was given, as it was typed: whose, and the probability.
    pub(super) given: Vec<(String, f64)>,
}

impl Fleets {
    /// None where nothing was typed.
    pub(super) fn new(
        option: &str,
        config: &Config,
        registry: &Registry,
        plan: &Plan,
        likelihoods: &[Likelihood],
    ) -> Result<Option<Self>, Failure> {
        if likelihoods.is_empty() {
            return Ok(None);
        }
        let is_loss = option == "--loss";
        // The probability of a loss is that of being down for good.
        let odds = |likelihood: &Likelihood| match is_loss {
            true => likelihood.odds.inverted(),
            false => likelihood.odds,
        };
        refuse(option, config, likelihoods)?;
        let find = |whose: &Whose| likelihoods.iter().find(|likelihood| likelihood.whose == *whose).map(odds);
        let causes: Vec<(&str, &str, Odds)> = likelihoods
            .iter()
            .filter_map(|likelihood| match &likelihood.whose {
                Whose::Value(label, value) => Some((&**label, &**value, odds(likelihood))),
                _ => None,
            })
            .collect();
        let mut alone = Vec::new();
        let mut together = Vec::new();
        for backend in config.backends() {
            let of_backend = |(_, (label, value, _)): &(usize, &(&str, &str, Odds))| {
                backend.labels().value(label) == Some(value)
            };
            let causes: Vec<usize> = causes.iter().enumerate().filter(of_backend).map(|(at, _)| at).collect();
            let own = find(&Whose::Backend(backend.id().to_string())).or_else(|| find(&Whose::All));
            let own = match own {
                Some(own) => own,
                // Then all that is known of it is what it has in common with others.
                None if !causes.is_empty() => Odds::CERTAIN,
                None => {
                    let message = format!("{option}: nothing is said of {}", backend.id());
                    return Err(Failure::usage(message).help(format!(
                        "say it for all, such as {option} {}",
                        if is_loss { "0.01" } else { "0.999" }
                    )));
                }
            };
            let is_durable = config.capability(backend, registry).durable;
            alone.push(Node { own, causes: Vec::new(), is_durable });
            together.push(Node { own, causes, is_durable });
        }
        let candidates = config.candidates(registry);
        let common: Vec<Odds> = causes.iter().map(|(_, _, odds)| *odds).collect();
        let fleet = |nodes, common| {
            Fleet::new(plan, config.placement(), &candidates, nodes, common).map_err(|error| {
                Failure::usage(format!("{option}: too many of LABEL:VALUE=P")).caused_by(error)
            })
        };
        let has_common = !common.is_empty();
        Ok(Some(Self {
            alone: fleet(alone, Vec::new())?,
            together: if has_common { Some(fleet(together, common)?) } else { None },
            given: likelihoods.iter().map(|one| (whose(&one.whose), one.odds.up())).collect(),
        }))
    }
}

/// Refuses what is said of nobody, and what is said twice.
fn refuse(option: &str, config: &Config, likelihoods: &[Likelihood]) -> Result<(), Failure> {
    for (at, likelihood) in likelihoods.iter().enumerate() {
        let name = printable(&whose(&likelihood.whose));
        if likelihoods[..at].iter().any(|other| other.whose == likelihood.whose) {
            return Err(Failure::usage(format!("{option}: {name} is given twice")));
        }
        let is_known = config.backends().iter().any(|backend| match &likelihood.whose {
            Whose::All => true,
            Whose::Backend(id) => backend.id().as_str() == id,
            Whose::Value(label, value) => backend.labels().value(label) == Some(value),
        });
        if !is_known {
            let problem = match likelihood.whose {
                Whose::Backend(_) => format!("{option}: no backend is named {name}"),
                _ => format!("{option}: no backend has the label {name}"),
            };
            let ids: Vec<&str> = config.backends().iter().map(|backend| backend.id().as_str()).collect();
            return Err(Failure::usage(problem).help(format!("the backends are {}", ids.join(", "))));
        }
    }
    Ok(())
}
