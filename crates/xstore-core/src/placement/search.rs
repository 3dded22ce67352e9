//! The search for the best choice of members.

use super::network::Flow;
use super::problem::Problem;

/// What a search comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The places of the members chosen, sorted: of the best choice, or, where the budget was used up, of the best
    /// one that was met until then.
    Found(Vec<usize>),
    /// There is no valid choice.
    Impossible,
    /// The budget is used up, and no valid choice was met.
    GaveUp,
}

/// How many flows may still be computed.
#[derive(Debug)]
pub(super) struct Budget {
    left: u32,
}

impl Budget {
    /// Flows of a whole search that may have to go back. Others are bounded by the number of candidates.
    pub(super) const STEPS: u32 = 3_000;

    pub(super) fn new() -> Self {
        Self { left: Self::STEPS }
    }

    fn spend(&mut self) -> Result<(), OutOfBudget> {
        self.left = self.left.checked_sub(1).ok_or(OutOfBudget)?;
        Ok(())
    }
}

#[derive(Debug)]
struct OutOfBudget;

/// The best choice. Members are taken in their order wherever the others can still be found among those that follow;
/// then decisions are taken back to find a cheaper choice, for as long as there may be one.
pub(super) fn best(problem: &Problem, budget: &mut Budget) -> Outcome {
    let (found, end) = match Search::new(problem, budget) {
        Ok(Some(mut search)) => {
            let end = search.run();
            (search.found, end)
        }
        Ok(None) => (None, Ok(())),
        Err(out) => (None, Err(out)),
    };
    match (found, end) {
        (Some(mut places), _) => {
            places.sort_unstable();
            Outcome::Found(places)
        }
        (None, Ok(())) => Outcome::Impossible,
        (None, Err(OutOfBudget)) => Outcome::GaveUp,
    }
}

/// Whether it is proved that there is no choice.
pub(super) fn is_impossible(problem: &Problem, budget: &mut Budget) -> bool {
    match Search::new(problem, budget) {
        Ok(None) => true,
        Ok(Some(_)) if problem.is_exact => false,
        Ok(Some(mut search)) => {
            // The first one will do.
            search.least = u64::MAX;
            search.run().is_ok() && search.found.is_none()
        }
        Err(OutOfBudget) => false,
    }
}

struct Search<'a> {
    problem: &'a Problem,
    budget: &'a mut Budget,
    /// How many members of each class are taken.
    floor: Vec<u32>,
    /// How many may be: those taken, and, until one is left out, all the others. Since members of a class are alike,
    /// the later ones are left out with it: taking one of them instead would be the worse choice.
    ceiling: Vec<u32>,
    /// The cheapest full flow through each network that agrees with both.
    flows: Vec<Flow>,
    /// What was decided, in the order of the members.
    trail: Vec<Decision>,
    /// What no choice can cost less than.
    least: u64,
    /// What a choice has to cost less than, to be of interest.
    bound: u64,
    /// The best choice that was met.
    found: Option<Vec<usize>>,
}

struct Decision {
    /// Which member, by its place in the order.
    member: usize,
    kind: Kind,
}

enum Kind {
    Taken,
    LeftOut {
        /// The ceiling before.
        ceiling: u32,
    },
}

impl<'a> Search<'a> {
    /// Nothing decided yet; none where the networks already tell that there is no choice.
    fn new(problem: &'a Problem, budget: &'a mut Budget) -> Result<Option<Self>, OutOfBudget> {
        let floor = vec![0; problem.sizes.len()];
        let ceiling = problem.sizes.clone();
        let mut search = Self {
            problem,
            budget,
            floor,
            ceiling,
            flows: Vec::new(),
            trail: Vec::new(),
            least: 0,
            bound: u64::MAX,
            found: None,
        };
        for network in &problem.networks {
            search.spend()?;
            let Some(flow) = network.flow(&search.floor, &search.ceiling) else { return Ok(None) };
            search.least = search.least.max(flow.cost);
            search.flows.push(flow);
        }
        if problem.is_exact {
            // Then there is a choice that costs this, and nothing else is worth a look.
            search.bound = search.least.saturating_add(1);
        }
        Ok(Some(search))
    }

    fn run(&mut self) -> Result<(), OutOfBudget> {
        let mut taken = 0;
        let mut member = 0;
        loop {
            let is_complete = taken == self.problem.shares;
            if is_complete {
                self.note();
                if self.bound <= self.least {
                    return Ok(());
                }
            }
            let goes_on = match self.problem.class_of.get(member) {
                _ if is_complete => false,
                None => false,
                Some(&class) if self.floor[class] == self.ceiling[class] => true,
                Some(_) if self.take(member)? => {
                    taken += 1;
                    true
                }
                Some(_) => self.leave_out(member)?,
            };
            if !goes_on {
                let Some((back, given_back)) = self.go_back()? else { return Ok(()) };
                member = back;
                taken -= given_back;
            }
            member += 1;
        }
    }

    /// Keeps the choice, which is complete and better than the one before.
    fn note(&mut self) {
        let is_taken = |decision: &&Decision| matches!(decision.kind, Kind::Taken);
        let places = self.trail.iter().filter(is_taken).map(|decision| self.problem.order[decision.member]);
        self.found = Some(places.collect());
        // Nothing is left open, so that all flows take the same members.
        self.bound = self.flows.first().map_or(0, |flow| flow.cost);
    }

    fn take(&mut self, member: usize) -> Result<bool, OutOfBudget> {
        let class = self.problem.class_of[member];
        self.floor[class] += 1;
        let is_possible = self.decide(member, Kind::Taken)?;
        if !is_possible {
            self.floor[class] -= 1;
        }
        Ok(is_possible)
    }

    fn leave_out(&mut self, member: usize) -> Result<bool, OutOfBudget> {
        let class = self.problem.class_of[member];
        let ceiling = std::mem::replace(&mut self.ceiling[class], self.floor[class]);
        let is_possible = self.decide(member, Kind::LeftOut { ceiling })?;
        if !is_possible {
            self.ceiling[class] = ceiling;
        }
        Ok(is_possible)
    }

    /// Undoes decisions until a member that was taken can be left out instead. Gives that member, and how many were
    /// given back. The flows needn't be undone: all of them take that member, so that all are computed anew.
    fn go_back(&mut self) -> Result<Option<(usize, u32)>, OutOfBudget> {
        let mut given_back = 0;
        while let Some(decision) = self.trail.pop() {
            let class = self.problem.class_of[decision.member];
            match decision.kind {
                Kind::LeftOut { ceiling } => self.ceiling[class] = ceiling,
                Kind::Taken => {
                    self.floor[class] -= 1;
                    given_back += 1;
                    if self.leave_out(decision.member)? {
                        return Ok(Some((decision.member, given_back)));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Notes a decision if all networks let it through at a price of interest. A flow that agrees with it already
    /// isn't computed again: it was the cheapest of more.
    fn decide(&mut self, member: usize, kind: Kind) -> Result<bool, OutOfBudget> {
        let class = self.problem.class_of[member];
        let mut fresh = Vec::new();
        for (i, network) in self.problem.networks.iter().enumerate() {
            let known = &self.flows[i];
            let cost = if (self.floor[class]..=self.ceiling[class]).contains(&known.taken[class]) {
                known.cost
            } else {
                self.spend()?;
                let Some(flow) = network.flow(&self.floor, &self.ceiling) else { return Ok(false) };
                let cost = flow.cost;
                fresh.push((i, flow));
                cost
            };
            if cost >= self.bound {
                return Ok(false);
            }
        }
        for (i, flow) in fresh {
            self.flows[i] = flow;
        }
        self.trail.push(Decision { member, kind });
        Ok(true)
    }

    fn spend(&mut self) -> Result<(), OutOfBudget> {
        if self.problem.is_exact { Ok(()) } else { self.budget.spend() }
    }
}
