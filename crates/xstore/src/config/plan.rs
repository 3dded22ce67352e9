//! From a configuration to a plan.

use xstore_core::backend::{Capability, Registry};
use xstore_core::placement::{Candidate, PlacementError};
use xstore_core::plan::{Need, Plan};

use crate::config::{Backend, Config};

impl Config {
    /// What a backend can do at least, as far as its adapter knows that without opening it.
    #[must_use]
    pub fn capability(&self, backend: &Backend, registry: &Registry) -> Capability {
        registry.capability(&backend.request(self))
    }

    /// The backends in the order of the file, as the placement rules see them while all are in order: volatile ones
    /// come after those that survive a power loss.
    #[must_use]
    pub fn candidates(&self, registry: &Registry) -> Vec<Candidate<'_>> {
        let candidate = |backend| {
            let is_durable = self.capability(backend, registry).durable;
            Candidate { id: backend.id(), labels: backend.labels(), rank: u32::from(!is_durable) }
        };
        self.backends().iter().map(candidate).collect()
    }

    /// The plan of a store with these backends. Asks none of them.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn plan(&self, registry: &Registry) -> Result<Plan, PlacementError> {
        let threshold = self.threshold();
        Plan::new(threshold.k(), threshold.n(), self.placement(), &self.candidates(registry))
    }

    /// What a put needs to be acknowledged.
    #[must_use]
    pub fn need(&self, plan: &Plan, registry: &Registry) -> Need {
        let is_durable = |at: &&usize| self.capability(&self.backends()[**at], registry).durable;
        let durable = plan.layout.iter().filter(is_durable).count();
        let wanted = self.write_quorum().map_or(durable, usize::from);
        let durable = if self.allows_volatile() { wanted.min(durable) } else { wanted };
        Need { durable, total: usize::from(plan.k) }
    }
}
