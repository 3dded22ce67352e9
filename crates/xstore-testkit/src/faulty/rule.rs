//! When a backend does something wrong.

use crate::faulty::Behaviour;
use std::fmt;
use std::sync::Arc;
use xstore_backend::{Key, Operation, Prefix};

type KeyPredicate = Arc<dyn Fn(&Key) -> bool + Send + Sync>;

/// A behaviour, and when it is shown: for which operations, which keys, how likely, from when and how often.
///
/// ```
/// use xstore_backend::Operation;
/// use xstore_testkit::faulty::{Behaviour, Rule};
/// // After the first two gets of keys that end in "0", every third one on average, ten times in all.
/// let rule = Rule::new(Behaviour::Down)
///     .on([Operation::Get])
///     .for_keys(|key| key.as_str().ends_with('0'))
///     .after(2)
///     .with_probability(0.33)
///     .times(10);
/// ```
#[derive(Clone)]
pub struct Rule {
    pub(crate) behaviour: Behaviour,
    operations: Option<Vec<Operation>>,
    keys: Option<KeyPredicate>,
    probability: f64,
    skip: u64,
    times: Option<u64>,
}

impl Rule {
    /// Always, for the operations that the behaviour is [usually](Behaviour) about, and all keys.
    #[must_use]
    pub const fn new(behaviour: Behaviour) -> Self {
        Self { behaviour, operations: None, keys: None, probability: 1.0, skip: 0, times: None }
    }

    /// Only for these operations. Those that the behaviour can't be [about](Behaviour) never show it.
    #[must_use]
    pub fn on(mut self, operations: impl IntoIterator<Item = Operation>) -> Self {
        self.operations = Some(operations.into_iter().collect());
        self
    }

    /// Only for keys that fulfil this. What has no key, a listing or a question for room, then doesn't show it; but
    /// [`Behaviour::NotFound`] leaves out these keys in listings.
    #[must_use]
    pub fn for_keys(mut self, is_meant: impl Fn(&Key) -> bool + Send + Sync + 'static) -> Self {
        self.keys = Some(Arc::new(is_meant));
        self
    }

    /// Only for keys below this prefix.
    #[must_use]
    pub fn below(self, prefix: Prefix) -> Self {
        self.for_keys(move |key| key.is_below(&prefix))
    }

    /// Only for one key.
    #[must_use]
    pub fn for_key(self, key: Key) -> Self {
        self.for_keys(move |other| *other == key)
    }

    /// With this probability, from 0 to 1, decided by the seed for each operation. The decision depends on the
    /// operation, its key, and how often that was asked before; not on what else goes on at the same time.
    #[must_use]
    pub const fn with_probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// Not for the first `operations` of those that it is about.
    #[must_use]
    pub const fn after(mut self, operations: u64) -> Self {
        self.skip = operations;
        self
    }

    /// So many times, and then no more.
    #[must_use]
    pub const fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Whether it is about this operation.
    fn is_about(&self, operation: Operation, key: Option<&Key>) -> bool {
        let is_meant = match &self.operations {
            Some(operations) => operations.contains(&operation),
            None => self.behaviour.usual().contains(&operation),
        };
        let is_key = match (&self.keys, key) {
            (None, _) => true,
            (Some(keys), Some(key)) => keys(key),
            (Some(_), None) => matches!(self.behaviour, Behaviour::NotFound),
        };
        is_meant && is_key && self.behaviour.possible().contains(&operation)
    }

    /// Whether it is about this key.
    pub(crate) fn is_for(&self, key: &Key) -> bool {
        self.keys.as_ref().is_none_or(|keys| keys(key))
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("behaviour", &self.behaviour)
            .field("operations", &self.operations)
            .field("probability", &self.probability)
            .field("skip", &self.skip)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

/// A rule in use, and what it has done so far.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) rule: Rule,
    seen: u64,
    fired: u64,
}

impl Active {
    pub(crate) const fn new(rule: Rule) -> Self {
        Self { rule, seen: 0, fired: 0 }
    }

    /// Whether the rule decides about this operation; `page` says which page of a listing it is for.
    pub(crate) fn fires(&mut self, operation: Operation, key: Option<&Key>, page: usize, draw: Draw) -> bool {
        let is_page = match self.rule.behaviour {
            Behaviour::ListError { page: bad } => page == bad,
            _ => true,
        };
        if !is_page || !self.rule.is_about(operation, key) {
            return false;
        }
        self.seen += 1;
        let is_over = self.rule.times.is_some_and(|times| self.fired >= times);
        if is_over || self.seen <= self.rule.skip || draw.unit() >= self.rule.probability {
            return false;
        }
        self.fired += 1;
        true
    }
}

/// A number that depends on the seed and on what it is for.
#[derive(Clone, Copy)]
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    /// From 0 to 1, 1 not included.
    fn unit(self) -> f64 {
        fastrand::Rng::with_seed(self.0).f64()
    }
}
