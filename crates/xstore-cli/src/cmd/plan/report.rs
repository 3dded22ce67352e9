//! The plan as JSON.

use super::Planned;
use super::odds::Fleets;
use crate::units::count;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use xstore::backend::Registry;
use xstore::plan;

/// The largest whole number that every reader of JSON keeps.
const MAX_WHOLE: u128 = (1 << 53) - 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) config: PathBuf,
    pub(super) threshold: String,
    #[serde(skip)]
    pub(super) k: usize,
    #[serde(skip)]
    pub(super) n: usize,
    pub(super) needed: Needed,
    pub(super) backends: Vec<Row>,
    pub(super) power: Vec<Power>,
    pub(super) rules: Vec<Rule>,
    pub(super) costs: Costs,
    pub(super) availability: Option<Availability>,
    pub(super) loss: Option<Loss>,
}

/// What a put needs to be acknowledged.
#[derive(Serialize)]
pub(super) struct Needed {
    pub(super) durable: usize,
    pub(super) total: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    pub(super) backend_id: String,
    url: String,
    pub(super) labels: BTreeMap<String, String>,
    /// `share`, `spare` or `excluded`.
    pub(super) role: &'static str,
    pub(super) share: Option<usize>,
    /// Without it no layout of all shares obeys the rules.
    pub(super) essential: bool,
    pub(super) durable: bool,
    pub(super) create_only: bool,
    pub(super) removable: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Power {
    /// None where the backends themselves are meant.
    pub(super) label: Option<String>,
    pub(super) values: Vec<Value>,
    pub(super) read: Sets,
    pub(super) destroy: Sets,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Value {
    /// None of a backend without the label.
    value: Option<String>,
    backends: Vec<String>,
    pub(super) shares: usize,
    pub(super) most_shares: Option<usize>,
    /// The value, or the backend's name.
    #[serde(skip)]
    pub(super) name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sets {
    /// Shares that it takes.
    pub(super) shares: usize,
    /// How many sets there are; at most 2^53 - 1.
    pub(super) count: u64,
    /// Values of the smallest one.
    pub(super) smallest: Option<usize>,
    pub(super) sets: Vec<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) rule: String,
    pub(super) holds: bool,
    pub(super) slack: Option<usize>,
    /// What breaks it.
    pub(super) problem: Option<String>,
    #[serde(skip)]
    pub(super) room: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Costs {
    pub(super) bytes: u64,
    pub(super) part_bytes: u32,
    pub(super) parts: u64,
    pub(super) segments: u64,
    pub(super) share_bytes: u64,
    pub(super) bytes_each: u64,
    pub(super) bytes_stored: u64,
    pub(super) overhead: Option<f64>,
    pub(super) put: Traffic,
    pub(super) get: Traffic,
    pub(super) verify: Traffic,
    pub(super) delete: Traffic,
    pub(super) rebuild: Traffic,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Traffic {
    pub(super) requests: u64,
    pub(super) requests_each: u64,
    pub(super) backends: u64,
    pub(super) sent: u64,
    pub(super) received: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Availability {
    given: Vec<Given>,
    pub(super) read: Chances,
    pub(super) put: Chances,
    /// None where counting doesn't tell.
    pub(super) put_with_spares: Option<Chances>,
    pub(super) all: Chances,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Loss {
    given: Vec<Given>,
    pub(super) kept: Chances,
}

/// What was said on the command line.
#[derive(Serialize, Clone)]
struct Given {
    whose: String,
    probability: f64,
}

/// How probable something is, where backends fail each by itself, and where some fail together.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Chances {
    pub(super) alone: Chance,
    /// None unless common causes were given.
    pub(super) together: Option<Chance>,
}

#[derive(Serialize, Clone, Copy)]
pub(super) struct Chance {
    pub(super) probability: f64,
    pub(super) failure: f64,
}

impl Report {
    pub(super) fn new(path: &Path, planned: &Planned<'_>, registry: &Registry) -> Self {
        let Planned { config, plan, costs, .. } = planned;
        let need = config.need(plan, registry);
        let id = |at: &usize| config.backends()[*at].id().to_string();
        let row = |(at, backend): (usize, &xstore::config::Backend)| {
            let capability = config.capability(backend, registry);
            let share = plan.layout.iter().position(|member| *member == at);
            Row {
                backend_id: backend.id().to_string(),
                url: backend.url().to_string(),
                labels: backend.labels().iter().map(|(name, value)| (name.into(), value.into())).collect(),
                role: match share {
                    Some(_) => "share",
                    None if plan.spares.contains(&at) => "spare",
                    None => "excluded",
                },
                share,
                essential: plan.essential.contains(&at),
                durable: capability.durable,
                create_only: capability.create_only,
                removable: backend.is_removable(),
            }
        };
        Self {
            config: path.to_owned(),
            threshold: config.threshold().to_string(),
            k: plan.k.into(),
            n: plan.n.into(),
            needed: Needed { durable: need.durable, total: need.total },
            backends: config.backends().iter().enumerate().map(row).collect(),
            power: plan.powers.iter().map(|power| Power::new(power, id)).collect(),
            rules: plan.rules.iter().map(Rule::new).collect(),
            costs: Costs::new(costs, config.settings().part),
            availability: planned.availability.as_ref().map(|fleets| Availability::new(fleets, plan, need)),
            loss: planned.loss.as_ref().map(|fleets| Loss {
                given: given(fleets),
                kept: Chances::new(fleets, |fleet| fleet.at_least(plan.k.into())),
            }),
        }
    }
}

fn given(fleets: &Fleets) -> Vec<Given> {
    let one =
        |(whose, probability): &(String, f64)| Given { whose: whose.clone(), probability: *probability };
    fleets.given.iter().map(one).collect()
}

impl Power {
    fn new(power: &plan::Power, id: impl Fn(&usize) -> String) -> Self {
        let value = |stake: &plan::Stake| {
            let backends: Vec<String> = stake.members.iter().map(&id).collect();
            Value {
                name: stake.value.clone().or_else(|| backends.first().cloned()).unwrap_or_default(),
                value: stake.value.clone(),
                backends,
                shares: stake.shares,
                most_shares: stake.most,
            }
        };
        let values: Vec<Value> = power.stakes.iter().map(value).collect();
        let sets = |coalitions: &plan::Coalitions| Sets {
            shares: coalitions.needed,
            count: u64::try_from(coalitions.count.min(MAX_WHOLE)).unwrap_or(u64::MAX),
            smallest: coalitions.smallest,
            sets: coalitions
                .sets
                .iter()
                .map(|set| set.iter().map(|at| values[*at].name.clone()).collect())
                .collect(),
        };
        let (read, destroy) = (sets(&power.read), sets(&power.destroy));
        Self { label: power.label.clone(), read, destroy, values }
    }
}

impl Rule {
    fn new(judgement: &plan::Judgement) -> Self {
        use xstore::placement::Rule as Kind;
        let more = judgement.slack.unwrap_or(0);
        let room = match (&judgement.rule, &judgement.fullest) {
            (Kind::Spread { .. }, Some((value, shares))) => {
                format!("the fullest, {value}, has {shares} of at most {}", shares + more)
            }
            (Kind::Pin { .. }, _) => format!("{} could have it instead", count(more, "other backend")),
            _ => format!("{} more than are needed", count(more, "backend")),
        };
        Self {
            rule: judgement.rule.to_string(),
            holds: judgement.broken.is_none(),
            slack: judgement.slack,
            problem: judgement.broken.as_ref().map(ToString::to_string),
            room,
        }
    }
}

impl Costs {
    fn new(costs: &plan::Costs, part: u32) -> Self {
        let traffic = |traffic: plan::Traffic| Traffic {
            requests: traffic.requests(),
            requests_each: traffic.requests_each,
            backends: traffic.backends,
            sent: traffic.sent,
            received: traffic.received,
        };
        Self {
            bytes: costs.payload,
            part_bytes: part,
            parts: costs.parts,
            segments: costs.segments,
            share_bytes: costs.share,
            bytes_each: costs.each,
            bytes_stored: costs.stored(),
            overhead: costs.factor(),
            put: traffic(costs.put()),
            get: traffic(costs.get()),
            verify: traffic(costs.verify()),
            delete: traffic(costs.delete()),
            rebuild: traffic(costs.rebuild()),
        }
    }
}

impl Availability {
    fn new(fleets: &Fleets, plan: &plan::Plan, need: plan::Need) -> Self {
        let has_spares = !plan.spares.is_empty();
        let spares = fleets.alone.put_with_spares(need).filter(|_| has_spares);
        Self {
            given: given(fleets),
            read: Chances::new(fleets, |fleet| fleet.at_least(plan.k.into())),
            put: Chances::new(fleets, |fleet| fleet.put(need)),
            put_with_spares: spares.map(|alone| Chances {
                alone: alone.into(),
                together: fleets
                    .together
                    .as_ref()
                    .and_then(|fleet| fleet.put_with_spares(need))
                    .map(Chance::from),
            }),
            all: Chances::new(fleets, |fleet| fleet.at_least(plan.n.into())),
        }
    }
}

impl Chances {
    fn new(fleets: &Fleets, of: impl Fn(&plan::Fleet) -> plan::Chance) -> Self {
        Self {
            alone: of(&fleets.alone).into(),
            together: fleets.together.as_ref().map(|fleet| of(fleet).into()),
        }
    }
}

impl From<plan::Chance> for Chance {
    fn from(chance: plan::Chance) -> Self {
        Self { probability: chance.good, failure: chance.bad }
    }
}
