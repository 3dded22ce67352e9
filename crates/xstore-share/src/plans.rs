//! Plans are solved once per set of share indexes and kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use xorida_core::{CombinePlan, Error, Scheme, ShareIndex};

/// Sets of indexes kept at once. Beyond it the cache starts over: a reader that meets more is fighting for its data,
/// and solving again is cheap beside that.
const KEPT: usize = 128;

/// The combine plans of one scheme, shared by all parts and threads of a reader.
#[derive(Debug)]
pub struct Plans {
    scheme: Scheme,
    solved: Mutex<HashMap<Vec<ShareIndex>, Arc<CombinePlan>>>,
}

impl Plans {
    /// No plans yet.
    #[must_use]
    pub fn new(scheme: Scheme) -> Self {
        Self { scheme, solved: Mutex::new(HashMap::new()) }
    }

    /// The scheme whose plans these are.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The plan for exactly these indexes in this order.
    ///
    /// # Errors
    /// Those of [`CombinePlan::new`].
    pub fn combine(&self, indexes: &[ShareIndex]) -> Result<Arc<CombinePlan>, Error> {
        if let Some(plan) = self.solved.lock().unwrap_or_else(PoisonError::into_inner).get(indexes) {
            return Ok(Arc::clone(plan));
        }
        // Solved outside the lock: another thread may solve the same set, and gets the same plan.
        let plan = Arc::new(CombinePlan::new(self.scheme, indexes)?);
        let mut solved = self.solved.lock().unwrap_or_else(PoisonError::into_inner);
        if solved.len() >= KEPT {
            solved.clear();
        }
        solved.insert(indexes.to_vec(), Arc::clone(&plan));
        Ok(plan)
    }
}
